"""Crops: from a word's quad on a page to the image that the recogniser sees.

Every crop is padded to its own bucket's width, whatever crops share its batch, so that a batch never changes a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, FloatArray, quad_box, quad_size

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
    # By hand: a page has a hundred words and more, and numpy takes ten times as long for four points.
    a, b, c, d = ((x, y) for x, y in np.asarray(quad, dtype=np.float64).tolist())
    width, height = quad_size((a, b, c, d))
    twice = 2 * max(width, 1e-6)
    along = (b[0] + c[0] - a[0] - d[0]) / twice, (b[1] + c[1] - a[1] - d[1]) / twice
    twice = 2 * max(height, 1e-6)
    across = (c[0] + d[0] - a[0] - b[0]) / twice, (c[1] + d[1] - a[1] - b[1]) / twice
    ex, ey = (part * height * MARGIN_ALONG for part in along)
    fx, fy = (part * height * MARGIN_ACROSS for part in across)
    grown = (
        (a[0] + (-ex - fx), a[1] + (-ey - fy)), (b[0] + (ex - fx), b[1] + (ey - fy)),
        (c[0] + (ex + fx), c[1] + (ey + fy)), (d[0] + (-ex + fx), d[1] + (-ey + fy)),
    )  # fmt: skip
    # A quad without area, or one whose sides cross, has no direction of its own: its box is cut out.
    broken = abs(along[0] * across[1] - along[1] * across[0]) < 0.1
    if broken or (abs(along[1]) < 0.01 and abs(across[0]) < 0.01 and along[0] > 0):
        return _upright(page, quad_box(grown))
    w, h = (max(1, round(side)) for side in quad_size(grown))
    target = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32)
    # Corners are pixel edges, warpPerspective counts pixel centres: half a pixel apart.
    matrix = cv2.getPerspectiveTransform((np.array(grown) - 0.5).astype(np.float32), target - 0.5)
    crop = cv2.warpPerspective(page, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


def _upright(page: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """A box cut out as it is: no resampling where none is needed."""
    height, width = page.shape[:2]
    x0, y0, x1, y1 = (floor(edge + 0.5) for edge in box)
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
    border = np.sort(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]), kind="stable")
    middle = len(border) // 2  # there is an even number of them
    pixels = np.empty((HEIGHT, padded), dtype=np.float32)
    cv2.LUT(grey, shades, pixels[:, :width])
    pixels[:, width:] = (shades[border[middle - 1]] + shades[border[middle]]) / 2
    return NormalCrop(pixels, width)


def _shades(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What each of the 256 greys becomes, so that the crop's own darkest and lightest parts are at 0 and 1.

    Faint print reads like black print then.
    """
    low, high = dark_and_light(grey, OUTLIERS)
    span = max(high - low, MIN_CONTRAST)
    low = min(low, (low + high - span) / 2)
    shades = (_GREYS - low) / span
    return np.asarray(np.minimum(np.maximum(shades, 0.0, out=shades), 1.0, out=shades))


def dark_and_light(grey: NDArray[np.uint8], outliers: int) -> tuple[float, float]:
    """The darkest and the lightest level of a crop, (h, w) uint8, but for one pixel in so many at either end."""
    # Of bytes the stable sort is by digits, faster than the search for two places among them.
    ordered = np.sort(grey, axis=None, kind="stable")
    tail = grey.size // outliers
    return float(ordered[tail]), float(ordered[-1 - tail])
