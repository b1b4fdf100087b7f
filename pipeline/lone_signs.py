"""Lone signs between words: the ":" between a label and its value, a dash, a "1" by itself.

A sign that stands alone has little of what a detector of words goes by, and many are passed over. But they stand on the
line of the words beside them, in white: what is in the gap between two words of a row, by itself and of a sign's shape,
is shown to the recogniser, which says what it is or that it is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, as_quad, box_overlap, quad_box
from ocr_doc.detectors.detector import SURELY_TEXT, DetectedWord
from ocr_doc.recognizer.crops import MARGIN_ALONG, rectify

Floats = NDArray[np.float64]

# Gaps looked at, in heights of the text: narrower ones are read with the words beside them, wider ones part columns.
MIN_GAP, MAX_GAP = 0.8, 24.0
# Two words of a row: so much higher is one than the other at most, and so far off one another's line, in heights.
MAX_RATIO = 1.8
MAX_OFFSET, STRAYING = 0.3, 0.03
# At the ends of a row signs are looked for so far off, in heights, beside words at least so wide.
REACH, MIN_WIDTH = 4.0, 1.5
# Left alone at both ends of a gap, in heights: what is there belongs to the words.
END = 0.28
# Ink is nearer to the words' ink than to the paper by this share of the way, and so many grey levels from the paper.
INK = 0.4
MIN_CONTRAST = 40
# A page is dark where half of it is below this grey level.
DARK = 100
# Columns of ink nearer than this are one sign; a gap with more signs than this holds something else.
PARTED = 0.2
MOST = 2
# Shapes of signs, in heights: a colon's dots, how far both reach, a dash, and what is as high as a letter.
DOT, COLON = (0.06, 0.35), (0.3, 0.85)
DASH, DASH_HEIGHT, DASH_OFFSET = (0.2, 1.5), 0.25, 0.15
# Dots in place of a card's number: so many on the line, so large, and so far apart at most.
DOTS, DOTS_SIZE, DOTS_APART = (3, 8), (0.06, 0.5), 0.6
GLYPH = (0.5, 0.9)
# How sure such a sign counts as text: less than what the detector finds, enough to be read with its neighbours.
CONFIDENCE = 0.68
# Words that are compared with all others at a time; bounds memory.
CHUNK = 256


def with_lone_signs(grey: NDArray[np.uint8], words: Sequence[DetectedWord]) -> list[DetectedWord]:
    """The words of a page with the signs between words of a row that were not found, or not surely.

    Args:
        grey: (H, W) uint8.
        words: Those that were found.

    Returns:
        The words and the signs; what was found where a sign is, and is no surer, gives way to it.
    """
    sure = [word for word in words if word.confidence >= SURELY_TEXT]
    if len(sure) < 2:
        return list(words)
    if _is_dark(grey):
        grey = np.asarray(255 - grey, dtype=np.uint8)
    quads = np.array([word.quad for word in sure], dtype=np.float64)
    middles = quads.mean(axis=1)
    signs: list[DetectedWord] = []
    boxes: list[Box] = []
    for first, second in _gaps(quads):
        for sign in _signs(grey, first, second):
            # Wide gaps are looked at from both ends as well; and a lone "a" that was found may be too low for its row.
            if not _touches(box := quad_box(sign.quad), boxes) and not _holds(box, middles):
                signs.append(sign)
                boxes.append(box)
    kept = [word for word in words if word.confidence >= SURELY_TEXT or not _touches(quad_box(word.quad), boxes)]
    return kept + signs


def _is_dark(grey: NDArray[np.uint8]) -> bool:
    """Whether a page is light print on dark, as on a screen at night."""
    return _median(grey[::16, ::16]) < DARK


def _touches(box: Box, others: Sequence[Box]) -> bool:
    return any(box_overlap(box, other) > 0 for other in others)


def _holds(box: Box, points: Floats) -> bool:
    """Whether any of the points (N, 2) lies in a box."""
    return bool(((points >= box[:2]) & (points <= box[2:])).all(axis=1).any())


def _gaps(quads: Floats) -> Iterator[tuple[Floats, Floats]]:
    """What to look between: quads of two words of a row, or of one at a row's end and of nothing, some way off."""
    starts, ends = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    heights = np.maximum(np.hypot(*(quads[:, 3] - quads[:, 0]).T), 1e-3)
    widths = np.hypot(*(ends - starts).T)
    along = (ends - starts) / np.maximum(widths, 1e-3)[:, None]
    for begin in range(0, len(quads), CHUNK):
        part = slice(begin, begin + CHUNK)
        numbers = np.arange(begin, min(begin + CHUNK, len(quads)))
        ratio = heights[part, None] / heights
        alike = (ratio <= MAX_RATIO) & (ratio >= 1 / MAX_RATIO)
        ahead, row = _apart(ends[part], starts, along[part], heights[part])
        row[np.arange(len(numbers)), numbers] = False
        distances = np.where(row & alike & (ahead > -0.5), ahead, np.inf)
        nearest = distances.argmin(axis=1)
        gaps = distances[np.arange(len(numbers)), nearest]
        for k in np.flatnonzero((gaps >= MIN_GAP) & (gaps <= MAX_GAP)).tolist():
            yield quads[begin + k], quads[int(nearest[k])]
        behind, row_behind = _apart(starts[part], ends, -along[part], heights[part])
        row_behind[np.arange(len(numbers)), numbers] = False
        wide = widths[part] >= MIN_WIDTH * heights[part]
        last = wide & ~(row & (ahead > -0.5) & (ahead < 2 * REACH)).any(axis=1)
        first = wide & ~(row_behind & (behind > -0.5) & (behind < 2 * REACH)).any(axis=1)
        for k in numbers[last].tolist():
            yield quads[k], quads[k] + along[k] * (widths[k] + REACH * heights[k])
        for k in numbers[first].tolist():
            yield quads[k] - along[k] * (widths[k] + REACH * heights[k]), quads[k]


def _apart(points: Floats, others: Floats, along: Floats, heights: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """How far points (N, 2) lie before others (M, 2) along directions (N, 2), in heights (N,); which share a row."""
    offset = others[None] - points[:, None]
    cosine, sine = along[:, None, 0], along[:, None, 1]
    ahead = (offset[..., 0] * cosine + offset[..., 1] * sine) / heights[:, None]
    aside = np.abs(offset[..., 1] * cosine - offset[..., 0] * sine) / heights[:, None]
    # Far words may stray further: their row leans a little otherwise than the word itself.
    return ahead, aside <= MAX_OFFSET + STRAYING * np.abs(ahead)


def _signs(grey: NDArray[np.uint8], first: Floats, second: Floats) -> Iterator[DetectedWord]:
    """The signs between two quads (4, 2)."""
    # By hand: a page has a hundred gaps, most of them blank, and numpy takes ten times as long for two points.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = first.tolist()
    (ex, ey), _, _, (hx, hy) = second.tolist()
    height = (hypot(dx - ax, dy - ay) + hypot(hx - ex, hy - ey)) / 2
    x0, y0, x1, y1 = (bx + cx) / 2, (by + cy) / 2, (ex + hx) / 2, (ey + hy) / 2
    length = hypot(x1 - x0, y1 - y0)
    if length <= 2 * END * height or _is_blank(grey, (x0, y0, x1, y1), height):
        return
    begin, along = (x0, y0), ((x1 - x0) / length, (y1 - y0) / length)
    across = -along[1] * height / 2, along[0] * height / 2

    def part(start: float, stop: float) -> Floats:
        """Corners (4, 2) of the part of the gap between two distances from its beginning."""
        left, top = begin[0] + along[0] * start, begin[1] + along[1] * start
        right, bottom = begin[0] + along[0] * stop, begin[1] + along[1] * stop
        x, y = across
        return np.array([(left - x, top - y), (right - x, bottom - y), (right + x, bottom + y), (left + x, top + y)])

    strip = rectify(grey, part(END * height, length - END * height))
    paper = _median(strip[:: max(1, strip.shape[0] // 8)])
    if paper - float(strip.min()) < MIN_CONTRAST:
        return
    # At the end of a row one of the two is blank paper, which is lighter.
    ink = min(_darkest(grey, first), _darkest(grey, second))
    if paper - ink < MIN_CONTRAST:
        return
    mask = strip < paper + INK * (ink - paper)
    # The strip begins and ends so far from the words.
    end = (END - MARGIN_ALONG) * height
    step = (length - 2 * end) / mask.shape[1]
    for start, stop in _shapes(mask, height):
        quad = as_quad(part(end + step * start, end + step * stop))
        yield DetectedWord(quad, CONFIDENCE, (quad,))


def _is_blank(grey: NDArray[np.uint8], line: Box, height: float) -> bool:
    """Whether there is no ink for sure around the line from one point to another, so many pixels high."""
    x0, y0, x1, y1 = line
    top, bottom = int(min(y0, y1) - height / 2), int(max(y0, y1) + height / 2) + 1
    left, right = int(min(x0, x1) + END * height), int(max(x0, x1) - END * height) + 1
    part = grey[max(top, 0) : max(bottom, 0) : 2, max(left, 0) : max(right, 0)]
    return not part.size or int(part.max()) - int(part.min()) < MIN_CONTRAST


def _darkest(grey: NDArray[np.uint8], quad: Floats) -> float:
    """The grey level of a word's ink."""
    x0, y0, x1, y1 = (int(edge) for edge in quad_box(as_quad(quad)))
    part = grey[max(y0, 0) : y1 + 1 : 2, max(x0, 0) : x1 + 1 : 2]
    # Of bytes the stable sort is by digits, faster than the search for one place among them.
    return float(np.sort(part, axis=None, kind="stable")[part.size // 20]) if part.size else 255.0


def _median(levels: NDArray[np.uint8]) -> float:
    ordered = np.sort(levels, axis=None, kind="stable")
    return (float(ordered[(ordered.size - 1) // 2]) + float(ordered[ordered.size // 2])) / 2


def _shapes(mask: NDArray[np.bool_], height: float) -> list[tuple[int, int]]:
    """Columns, half open, of what may be signs in the ink (h, w) of a gap."""
    inked = np.flatnonzero(mask.any(axis=0))
    if not len(inked):
        return []
    if inked[0] == 0 or inked[-1] == mask.shape[1] - 1:
        return []
    dots = _runs(inked, 1)
    if DOTS[0] <= len(dots) <= DOTS[1] and _are_dots(mask, dots, height):
        return [(dots[0][0], dots[-1][1])]
    runs = _runs(inked, PARTED * height)
    return [(x0, x1) for x0, x1 in runs if _is_sign(mask[:, x0:x1], height)] if len(runs) <= MOST else []


def _runs(inked: NDArray[np.intp], gap: float) -> list[tuple[int, int]]:
    """Columns of ink, half open, in runs that are further apart than a gap."""
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(inked, np.flatnonzero(np.diff(inked) > gap) + 1)]


def _are_dots(mask: NDArray[np.bool_], runs: Sequence[tuple[int, int]], height: float) -> bool:
    """Whether runs of ink are alike, as wide as high, side by side on the line."""
    if max(b[0] - a[1] for a, b in pairwise(runs)) > DOTS_APART * height:
        return False
    sizes: list[int] = []
    for start, stop in runs:
        rows = np.flatnonzero(mask[:, start:stop].any(axis=1))
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        if abs((top + bottom) / 2 / len(mask) - 0.5) > DASH_OFFSET:
            return False
        sizes += [stop - start, bottom - top]
    # Small ones are a pixel larger or smaller as they fall on the pixels.
    alike = max(sizes) <= 1.4 * min(sizes) + 1
    return alike and DOTS_SIZE[0] * height <= min(sizes) and max(sizes) <= DOTS_SIZE[1] * height


def _is_sign(mask: NDArray[np.bool_], height: float) -> bool:
    """Whether ink (h, w), its columns cut to it, has the shape of a sign on the line."""
    rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    if top == 0 or bottom == len(mask):
        return False
    width, tall, middle = mask.shape[1] / height, (bottom - top) / height, (top + bottom) / 2 / len(mask)
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    if len(parts) == 2 and DOT[0] <= width <= DOT[1] and COLON[0] <= tall <= COLON[1]:
        return all(DOT[0] <= len(part) / height <= DOT[1] for part in parts)
    dash = DASH[0] <= width <= DASH[1] and tall <= DASH_HEIGHT and abs(middle - 0.5) <= DASH_OFFSET
    return dash or (len(parts) == 1 and GLYPH[0] <= tall and width <= GLYPH[1])
