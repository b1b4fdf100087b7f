"""Text height, and the scale at which the detector should see a page.

The detector is trained for text about 20 pixels high, while pages come at 75 to 600 dots an inch. The height of a
page's text is measured on a small copy first; no network runs for that.
"""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_COPY_PIXELS = 1_500_000


@dataclass(frozen=True, slots=True)
class ScaleOptions:
    """How the scale is chosen.

    Attributes:
        text_height: Pixels of text height that the detector should see.
        most_pixels: Its input has at most about so many pixels, which bounds time and memory.
        most_enlargement: Pages are enlarged by at most this.
        tolerance: The page is looked at once more where the words found are this many times higher or lower than
            `text_height`.
        copy_pixels: Size of the small copy that the height is measured on.
    """

    text_height: float = 20.0
    most_pixels: int = 2_000_000
    most_enlargement: float = 3.0
    tolerance: float = 1.6
    copy_pixels: int = _COPY_PIXELS


_LEAST_MARKS = 8
"""Fewer marks than this say nothing of a page."""

_BLUR = 1.2
"""Standard deviation, in points of the small copy, of the blur that takes the paper's grain off."""

_LEAST_DEPTH = 10
"""Grey levels by which the faintest print differs from its paper."""


def estimate_text_height(pixels: NDArray[np.uint8], copy_pixels: int = _COPY_PIXELS) -> float | None:
    """Height of the page's commonest text in pixels, from the heights of the marks on it.

    Args:
        pixels: (H, W, 3) or (H, W) uint8.
        copy_pixels: The marks are looked for on a copy of at most so many pixels.

    Returns:
        Pixels of the page, about the height of its words; None where no text shows.
    """
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    if min(height, width) < 4:
        return None
    factor = min(1.0, (copy_pixels / (height * width)) ** 0.5)
    if factor < 1.0:
        size = max(1, round(width * factor)), max(1, round(height * factor))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    # The window is wide enough for text of a tenth of the copy's width and narrow enough for uneven light.
    window = min(91, max(15, (min(grey.shape[:2]) // 16) | 1))
    grey = cv2.GaussianBlur(grey, (0, 0), _BLUR)
    mean = cv2.boxFilter(grey, -1, (window, window), borderType=cv2.BORDER_REPLICATE)
    depths = cv2.subtract(mean, grey), cv2.subtract(grey, mean)
    with ThreadPoolExecutor(1, "ocr-doc-marks") as other:  # OpenCV counts components on one core
        of_light = other.submit(_mark_heights, depths[1])
        dark, light = _mark_heights(depths[0]), of_light.result()
    # Letters are many and alike; the paper around dark letters makes few light marks, and the other way round.
    marks = dark if np.sqrt(dark).sum() >= np.sqrt(light).sum() else light
    mode = _mode(marks)
    return None if mode is None else mode / factor


def _mark_heights(depth: cv2.typing.MatLike) -> NDArray[np.float64]:
    """Heights of the marks that could be letters or words, one for each mark.

    Args:
        depth: (H, W) uint8, how far each point stands out from what is around it.
    """
    # Ink is what stands out about half as far as the strongest strokes do: paper grain stays below, faint print above.
    # Where that level is low it does not matter how low; one count for each guess is faster than a whole histogram.
    levels = range(2 * _LEAST_DEPTH, 256)
    strongest = levels[
        bisect_left(levels, 0.98 * depth.size, hi=255 - levels[0], key=lambda level: _up_to(depth, level))
    ]
    _, ink = cv2.threshold(depth, max(_LEAST_DEPTH, strongest // 2), 1, cv2.THRESH_BINARY)
    # One point of growth on each side joins what noise and dot-matrix print have broken.
    stats = _components(np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)), dtype=np.uint8))
    _, _, w, h, area = stats[1:].astype(np.float64).T if len(stats) > 1 else np.zeros((5, 0))
    fill = area / np.maximum(1.0, w * h)
    h = h - 2.0
    letter = (h >= 4) & (w >= 4) & (h <= 0.3 * max(depth.shape[:2])) & (w > 0.2 * h) & (w < 15.0 * h)
    return np.asarray(h[letter & (fill > 0.12)])


def _components(ink: NDArray[np.uint8]) -> cv2.typing.MatLike:
    """OpenCV's statistics of the components of a mask (H, W) of 0 and 1, the background first."""
    # What matters is how large components are; around them a page is often empty.
    x, y, w, h = cv2.boundingRect(ink)
    if not w:
        return np.zeros((1, 5), dtype=np.int32)
    part = ink[y : y + h, x : x + w]
    # Labels of 16 bits take half the time. There are never more than runs in pairs of rows, where labels begin.
    pairs = part[: h // 2 * 2 : 2] | part[1::2]
    runs = np.count_nonzero(pairs[:, 1:] > pairs[:, :-1]) + 2 * h
    kind = cv2.CV_16U if runs + w < 2**16 else cv2.CV_32S
    return cv2.connectedComponentsWithStats(part, connectivity=8, ltype=kind)[2]


def _up_to(depth: cv2.typing.MatLike, level: int) -> int:
    """How many points stand out by no more than a level."""
    return int(depth.size - cv2.countNonZero(cv2.threshold(depth, level, 1, cv2.THRESH_BINARY)[1]))


def _mode(heights: NDArray[np.float64]) -> float | None:
    """The commonest height; marks count by their height's root: specks are many, and boxes of a form few but high."""
    if len(heights) < _LEAST_MARKS:
        return None
    steps = np.log2(heights) * 4.0
    counts = np.bincount(np.round(steps).astype(np.int64), weights=np.sqrt(heights), minlength=3)
    smooth = np.convolve(counts, (0.5, 1.0, 1.0, 1.0, 0.5), mode="same")
    near = np.abs(steps - int(np.argmax(smooth))) <= 2.5
    # Lower-case letters are lower than their words: the upper part of the mode is the words' height.
    return float(np.percentile(heights[near], 70))


def bounded_scale(scale: float, height: int, width: int, options: ScaleOptions) -> float:
    """The nearest scale that keeps to the options' bounds for a page of this size."""
    by_pixels = (options.most_pixels / max(1, height * width)) ** 0.5
    return float(min(scale, options.most_enlargement, by_pixels))


def choose_scale(pixels: NDArray[np.uint8], options: ScaleOptions) -> float:
    """The scale for a first look at a page: by its text height where that shows, else as it is.

    Args:
        pixels: (H, W, 3) uint8.
        options: How.

    Returns:
        Factor from page to detector input, above 0.
    """
    height, width = pixels.shape[:2]
    found = estimate_text_height(pixels, options.copy_pixels)
    return bounded_scale(options.text_height / found if found else 1.0, height, width, options)


def corrected_scale(
    heights: NDArray[np.float64], scale: float, size: tuple[int, int], options: ScaleOptions
) -> float | None:
    """A better scale for a second look, or None where the first was good enough.

    Args:
        heights: Of the words found, pixels of the page.
        scale: Of the first look.
        size: Height and width of the page.
        options: How.
    """
    if len(heights) < 3:
        return None
    off = float(np.median(heights)) * scale / options.text_height
    if 1.0 / options.tolerance <= off <= options.tolerance:
        return None
    better = bounded_scale(scale / off, *size, options)
    # A bound may leave no room for change.
    return better if max(better / scale, scale / better) > 1.2 else None
