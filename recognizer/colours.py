"""Print that its colour tells from its ground and not its lightness: red on green, yellow on light blue.

The recogniser sees greys. Where a word hardly shows in them, its crop is taken along the colours in which it differs
most, the first principal axis of its pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray
from ocr_doc.recognizer.crops import rectify, to_grey

# A page is coloured where the channels of so many of its points differ by so much: more than a lamp's or a lens's tint.
_COLOURED = 64
_SHARE = 0.002
_STEP = 4
# Grey levels between paper and ink below which a word's colours are asked; they must give so many times as much, and
# more than the grain of a photo.
_FAINT = 40.0
_CLEARER = 1.5
_GRAIN = 30.0
# Of a crop's pixels so many percent count as the darkest, and as the lightest.
_ENDS = 5.0
# How light a colour is, of red, green and blue (ITU-R BT.601), as `crops.to_grey` has it.
_LIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)


def is_coloured(pixels: NDArray[np.uint8]) -> bool:
    """Whether a page, (H, W, 3) uint8 RGB, has parts in colour."""
    few = pixels[::_STEP, ::_STEP]
    # Channel by channel: numpy is slow along an axis of three.
    red, green, blue = few[..., 0], few[..., 1], few[..., 2]
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread >= _COLOURED).mean() >= _SHARE)


def word_crop(grey: NDArray[np.uint8], colours: NDArray[np.uint8] | None, quad: FloatArray) -> NDArray[np.uint8]:
    """Cuts a word out of a page as the recogniser sees it best.

    Args:
        grey: (H, W) uint8, the page.
        colours: (H, W, 3) uint8 RGB, the same in colour; None where it has none to speak of.
        quad: (4, 2) corners in pixels, as `rectify` takes them.

    Returns:
        (h, w) uint8, what is lighter in colour lighter in it.
    """
    crop = rectify(grey, quad)
    if colours is None or _contrast(crop) >= _FAINT:
        return crop
    return _clearer(crop, rectify(colours, quad))


def legible_grey(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of one word, (h, w, 3) uint8 RGB, in the greys (h, w) that the recogniser sees it best in."""
    grey = to_grey(crop)
    return grey if _contrast(grey) >= _FAINT or not is_coloured(crop) else _clearer(grey, crop)


def _clearer(crop: NDArray[np.uint8], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (h, w), or the same along its colours (h, w, 3) if that is much clearer."""
    along = _along_colours(colours)
    return along if _contrast(along) >= max(_CLEARER * _contrast(crop), _GRAIN) else crop


def _contrast(crop: NDArray[np.uint8]) -> float:
    """Grey levels between the dark and the light parts of a crop."""
    ordered = np.sort(crop, axis=None, kind="stable")  # of bytes by digits, quicker than a search
    end = int(ordered.size * _ENDS / 100)
    return float(ordered[-1 - end]) - float(ordered[end])


def _along_colours(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (h, w, 3) in greys (h, w) that are as far apart as its colours are along their principal axis."""
    points = crop.reshape(-1, 3).astype(np.float32)
    points -= points.mean(axis=0)
    axis = np.linalg.eigh(points.T @ points)[1][:, -1].astype(np.float32)
    greys = points @ (-axis if axis @ _LIGHTNESS < 0 else axis)
    return np.clip(np.round(greys + 128), 0, 255).astype(np.uint8).reshape(crop.shape[:2])
