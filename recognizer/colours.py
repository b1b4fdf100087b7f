"""Print that its colour tells from its ground and not its lightness: red on green, yellow on light blue.

The recogniser sees greys. Where a word hardly shows in them, its crop is taken along the colours in which it differs
most, the first principal axis of its pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray
from ocr_doc.recognizer.crops import dark_and_light, rectify, to_grey

# A page is coloured where the channels of so many of its points differ by so much: more than a lamp's or a lens's tint.
_COLOURED = 64
_SHARE = 0.002
_STEP = 4
# Grey levels between paper and ink below which a word's colours are asked; they must give so many times as much, and
# more than the grain of a photo.
_FAINT = 40.0
_CLEARER = 1.5
_GRAIN = 30.0
# One pixel in so many may be darker (or lighter) than what counts as ink (or paper).
_OUTLIERS = 20
# The luminance of red, green and blue (ITU-R BT.601), as `crops.to_grey` has it.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


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
    """A picture of one word in the greys that the recogniser sees it best in.

    Args:
        crop: (h, w, 3) uint8 RGB, not empty.

    Returns:
        (h, w) uint8.
    """
    grey = to_grey(crop)
    return grey if _contrast(grey) >= _FAINT or not is_coloured(crop) else _clearer(grey, crop)


def _clearer(crop: NDArray[np.uint8], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (h, w), or the same along its colours (h, w, 3) if that is much clearer."""
    along = _along_colours(colours)
    return along if _contrast(along) >= max(_CLEARER * _contrast(crop), _GRAIN) else crop


def _contrast(crop: NDArray[np.uint8]) -> float:
    """Grey levels between the dark and the light parts of a crop."""
    dark, light = dark_and_light(crop, _OUTLIERS)
    return light - dark


def _along_colours(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (h, w, 3) in greys (h, w) that are as far apart as its colours are along their principal axis."""
    points = crop.reshape(-1, 3).astype(np.float32)
    mean, axes = cv2.PCACompute(points, np.empty(0), maxComponents=1)
    along = cv2.PCAProject(points, mean, axes).reshape(crop.shape[:2])
    # An axis points either way; what is lighter is to stay lighter.
    levels = np.round(128 + along * np.copysign(1.0, axes[0] @ _LUMINANCE))
    return np.asarray(np.clip(levels, 0, 255), dtype=np.uint8)
