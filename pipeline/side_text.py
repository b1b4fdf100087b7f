"""Text that runs up or down a page beside its level text, such as a small line on a bill's margin.

Detectors learn from level text mostly, and pass over small print on its side. So where ink that no word explains stands
in a narrow strip, made of parts like letters, the strip is turned by a quarter and looked at by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, quad_box
from ocr_doc.detectors.detector import SURELY_TEXT, DetectedWord, WordDetector
from ocr_doc.orientation import View, is_level, moved

# Ink is looked for on a copy of at most so many pixels: what is so many grey levels darker than what is around it.
COPY_PIXELS, AROUND, DEPTH = 1_500_000, 31, 24
# Letters of a strip, in pixels of the copy: so wide across it, and so long along it, where several touch.
ACROSS, ALONG = (2, 20), 80
# So near one another letters are of one strip; it is so wide, so many times longer, of so many parts, and so full.
NEAR = 11
WIDE, LENGTH, PARTS, FULL = (5, 20), 5.0, 4, (0.1, 0.75)
# Columns of a strip, side by side, that have ink all along but for the gaps: rules have fewer.
CORE = 3
# Words that were found have ink up to so many pixels of the copy beyond their boxes.
EDGE = 2
# So much is looked at around a strip, in its widths.
MARGIN = 1.5
# A line has a word of so many characters.
LEAST = 4
# What is so many times higher than wide explains no ink.
NARROW = 2.0


def with_side_text(detector: WordDetector, view: View, words: Sequence[DetectedWord]) -> list[DetectedWord]:
    """The words of a view with those of standing lines that were passed over.

    Args:
        detector: Finds words.
        view: A page or a part of it.
        words: What it found in the view, in the view's own pixels.
    """
    level = [word for word in words if word.confidence >= SURELY_TEXT and _explains(word)]
    strips = find_strips(view.grey, level) if level else []
    # A page that lies on its side is turned as a whole.
    if sum(map(_area, strips)) > sum(_area(quad_box(word.quad)) for word in level):
        return list(words)
    result = list(words)
    for strip in strips:
        line = _look(detector, view, strip)
        if any(len(word.characters) >= LEAST for word in line):
            surely = {id(word) for word in level}
            result = [word for word in result if id(word) in surely or not _is_in(word, strip)] + line
    return result


def find_strips(grey: NDArray[np.uint8], words: Sequence[DetectedWord]) -> list[Box]:
    """Upright strips of ink that look like a line of text on its side.

    Args:
        grey: (H, W) uint8, dark on light.
        words: Those that explain the ink under them.

    Returns:
        Boxes in pixels.
    """
    height, width = grey.shape
    factor = min(1.0, (COPY_PIXELS / grey.size) ** 0.5)
    if factor < 1.0:
        size = max(1, round(width * factor)), max(1, round(height * factor))
        method = cv2.INTER_AREA if factor < 0.5 else cv2.INTER_LINEAR
        grey = np.asarray(cv2.resize(grey, size, interpolation=method), dtype=np.uint8)
    mean = cv2.boxFilter(grey, -1, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE)
    ink = np.asarray(cv2.subtract(mean, grey) > DEPTH, dtype=np.uint8)
    for word in words:
        quad = np.round(np.array(word.quad) * factor).astype(np.int32)
        cv2.fillConvexPoly(ink, quad, 0)
        cv2.polylines(ink, [quad], isClosed=True, color=0, thickness=2 * EDGE + 1)
    return [
        ((x0 + left) / factor, (y0 + top) / factor, (x1 + left) / factor, (y1 + top) / factor)
        for left, top, right, bottom in _parts(ink)
        for x0, y0, x1, y1 in _strips(ink[top:bottom, left:right])
    ]


def _parts(ink: NDArray[np.uint8]) -> Iterator[tuple[int, int, int, int]]:
    """Parts, (x0, y0, x1, y1), of ink (h, w) in which there may be strips: most of a page is left out quickly so."""
    joined = cv2.dilate(ink, np.ones((NEAR, 1), np.uint8))
    length = int(LENGTH * WIDE[0]) + NEAR
    runs = np.asarray(cv2.erode(joined, np.ones((length, CORE), np.uint8)))
    some = np.flatnonzero(runs.any(axis=0))
    if len(some):
        for columns in np.split(some, np.flatnonzero(np.diff(some) > 2 * WIDE[1]) + 1):
            left, right = max(0, int(columns[0]) - WIDE[1]), int(columns[-1]) + WIDE[1] + 1
            rows = np.flatnonzero(runs[:, left:right].any(axis=1))
            yield left, max(0, int(rows[0]) - length), right, int(rows[-1]) + length


def _strips(ink: NDArray[np.uint8]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of strips in ink (h, w)."""
    letters = _letters(ink)
    # Letters and the gaps between them, upwards and downwards.
    joined = cv2.dilate((letters > 0).astype(np.uint8), np.ones((NEAR, 1), np.uint8))
    _, labels, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
    for number, (x, y, w, h, _) in enumerate(found.tolist()):
        length = h - NEAR + 1
        if number == 0 or not (WIDE[0] <= w <= WIDE[1] and length >= LENGTH * w):
            continue
        part = letters[y : y + h, x : x + w][labels[y : y + h, x : x + w] == number]
        full = np.count_nonzero(part) / (w * length)
        if len(np.unique(part)) > PARTS and FULL[0] <= full <= FULL[1]:
            yield x, y + NEAR // 2, x + w, y + h - NEAR // 2


def _letters(ink: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The parts of ink (h, w) that may be letters on their side, numbered; other pixels are 0."""
    _, labels, parts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    across, along = parts[:, cv2.CC_STAT_WIDTH], parts[:, cv2.CC_STAT_HEIGHT]
    wanted = (across >= ACROSS[0]) & (across <= ACROSS[1]) & (along >= ACROSS[0]) & (along <= ALONG)
    wanted[0] = False
    numbers = np.where(wanted, np.arange(len(parts)), 0).astype(np.int32)
    return np.asarray(numbers[labels])


def _look(detector: WordDetector, view: View, strip: Box) -> list[DetectedWord]:
    """What stands in a strip, in pixels of the view."""
    x0, y0, x1, y1 = strip
    margin = MARGIN * (x1 - x0)
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    pixels = view.pixels[top : ceil(y1 + margin), left : ceil(x1 + margin)]
    place = np.array([(1, 0, left), (0, 1, top), (0, 0, 1)], dtype=np.float64)
    part = View(pixels, place).turned(90)
    found = detector.detect_at(part.pixels, detector.options.scale.text_height / (x1 - x0))
    line = [moved(word, part.matrix) for word in found if word.confidence >= SURELY_TEXT]
    return [word for word in line if not is_level(word.quad) and _is_in(word, strip)]


def _explains(word: DetectedWord) -> bool:
    """Whether a word runs along the page: a high and narrow one may be a line on its side, taken for one letter."""
    x0, y0, x1, y1 = quad_box(word.quad)
    return is_level(word.quad) and y1 - y0 < NARROW * (x1 - x0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_in(word: DetectedWord, strip: Box) -> bool:
    """Whether the middle of a word is in a strip."""
    x0, y0, x1, y1 = quad_box(word.quad)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return strip[0] <= x <= strip[2] and strip[1] <= y <= strip[3]
