"""Crops: from a word's quad on a page to the image that the recogniser sees.

Every crop is padded to its own bucket's width, whatever crops share its batch, so that a batch never changes a text.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray, quad_size

HEIGHT = 32
# Widths are multiples of this: few shapes for the engine, little padding. Also a multiple of the network's stride.
WIDTH_STEP = 32
# The network reads one time step per 4 pixels; a character should get at least two, and one more for a double's blank.
PIXELS_PER_CHARACTER = 10
# One pixel in so many may be darker (or lighter) than what counts as the darkest: specks and noise.
OUTLIERS = 200
# Grey levels between the darkest and the lightest part below which a crop counts as flat: noise is not blown up.
MIN_CONTRAST = 24.0
# Room around a word relative to its height: ascenders, commas and the slant of a badly placed quad.
MARGIN_ACROSS = 0.07
MARGIN_ALONG = 0.14
_GREYS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class NormalCrop:
    """A crop as the network sees it.

    Attributes:
        pixels: (HEIGHT, W) float32 in [0, 1], W a multiple of WIDTH_STEP.
        width: How many of the W columns hold the crop; the rest is padding on the right.
    """

    pixels: NDArray[np.float32]
    width: int


def to_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luminance, (H, W) uint8, of an (H, W), (H, W, 1) or (H, W, 3) RGB image."""
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def rectify(page: NDArray[np.uint8], quad: FloatArray) -> NDArray[np.uint8]:
    """Cuts a word out of a page and puts it upright, with a margin.

    Args:
        page: (H, W) or (H, W, 3) uint8.
        quad: (4, 2) corners in pixels, clockwise from the text's own top left.

    Returns:
        The crop, (h, w) or (h, w, 3) uint8, at least 1 × 1; pixels beyond the page repeat its edge.
    """
    corners = np.asarray(quad, dtype=np.float64)
    width, height = quad_size(corners)
    along = (corners[1] + corners[2] - corners[0] - corners[3]) / (2 * max(width, 1e-6))
    across = (corners[2] + corners[3] - corners[0] - corners[1]) / (2 * max(height, 1e-6))
    dx, dy = along * height * MARGIN_ALONG, across * height * MARGIN_ACROSS
    grown = corners + np.stack([-dx - dy, dx - dy, dx + dy, -dx + dy])
    w, h = (max(1, round(side)) for side in quad_size(grown))
    # A quad without area, or one whose sides cross, has no direction of its own: its box is cut out.
    broken = abs(along[0] * across[1] - along[1] * across[0]) < 0.1
    if broken or (abs(along[1]) < 0.01 and abs(across[0]) < 0.01 and along[0] > 0):
        return _upright(page, grown)
    target = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32)
    # Corners are pixel edges, warpPerspective counts pixel centres: half a pixel apart.
    matrix = cv2.getPerspectiveTransform((grown - 0.5).astype(np.float32), target - 0.5)
    crop = cv2.warpPerspective(page, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


def _upright(page: NDArray[np.uint8], quad: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The quad's box cut out as it is: no resampling where none is needed."""
    height, width = page.shape[:2]
    x0, y0 = np.floor(quad.min(axis=0) + 0.5).astype(int)
    x1, y1 = np.floor(quad.max(axis=0) + 0.5).astype(int)
    if 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height:
        return np.ascontiguousarray(page[y0:y1, x0:x1])
    columns = np.clip(np.arange(x0, max(x1, x0 + 1)), 0, width - 1)
    rows = np.clip(np.arange(y0, max(y1, y0 + 1)), 0, height - 1)
    return np.ascontiguousarray(page[rows[:, None], columns])


def normalise(crop: NDArray[np.uint8], characters: int = 0) -> NormalCrop:
    """Scales a crop to the network's height and pads it to its bucket's width.

    Args:
        crop: (h, w) or (h, w, 3) uint8, not empty.
        characters: How many characters are expected, 0 where unknown: a crop too narrow for them is stretched, so
            that CTC has more time steps than characters and doubles.

    Returns:
        The crop, (HEIGHT, W) float32 in [0, 1].
    """
    grey = to_grey(crop)
    h, w = grey.shape
    width = max(8, round(w * HEIGHT / h), characters * PIXELS_PER_CHARACTER)
    padded = -(-(width + 1) // WIDTH_STEP) * WIDTH_STEP
    shrink = h > HEIGHT
    scaled = cv2.resize(grey, (width, HEIGHT), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
    grey = np.asarray(scaled, dtype=np.uint8)
    shades = _shades(grey)
    # The padding is paper: the border's median grey, which is neither ink nor an edge in nearly every crop.
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    middle = len(border) // 2  # there is an even number of them
    paper = shades[np.partition(border, (middle - 1, middle))[middle - 1 : middle + 1]].mean()
    pixels = np.full((HEIGHT, padded), paper, dtype=np.float32)
    pixels[:, :width] = cv2.LUT(grey, shades)
    return NormalCrop(pixels, width)


def _shades(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What each of the 256 greys becomes, so that the crop's own darkest and lightest parts are at 0 and 1.

    Faint print reads like black print then.
    """
    counts = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    tail = grey.size // OUTLIERS
    low, high = (float(k) for k in np.searchsorted(counts, (tail, grey.size - 1 - tail), side="right"))
    span = max(high - low, MIN_CONTRAST)
    low = min(low, (low + high - span) / 2)
    return np.asarray(np.clip((_GREYS - low) / span, 0.0, 1.0), dtype=np.float32)
