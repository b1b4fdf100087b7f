"""Words that stand beside one another, joined into phrases that are read at once.

The recogniser tells a space from the gap inside a word better than the detector does, since it sees letters and not
only distances; and letters are read better with their neighbours beside them. So neighbours are read together and the
words are what the reading parts with spaces (`ocr_doc.words`).

Sizes are relative to the height of the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import atan, atan2, cos, hypot, sin

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, as_quad
from ocr_doc.detectors.detector import SURELY_TEXT, DetectedWord

Floats = NDArray[np.float64]

# Wider gaps part columns; within one, a space is told from a gap by reading.
MAX_GAP = 0.8
# Boxes of neighbours overlap by so much at most.
MAX_OVERLAP = 0.3
# A phrase is at most so many times as long as high: the recogniser has seen few longer crops.
MAX_ASPECT = 14.0
# Of the lower word's height, how much lies beside the higher one...
MIN_SHARED = 0.6
# ...which is at most so many times as high, unless the lower one is a sign such as "-" or ".".
MAX_RATIO = 1.8
SIGN_CHARACTERS = 2
# Neighbours run in the same direction, to so many radians.
MAX_TURN = 0.14
# Lower words than so many times the highest one are signs at its foot or top, whose middles are not the line's.
LOWER = 0.5
# A phrase that rises by less than this over its length is cut out upright: no resampling where none is needed.
LEVEL = 0.12
# Words compared with all others at a time; bounds memory on pages of thousands of words.
CHUNK = 256


def join_phrases(found: Sequence[DetectedWord]) -> list[DetectedWord]:
    """Joins neighbours of one line.

    Args:
        found: Words of one page, in any order.

    Returns:
        Phrases as if they had been found so: a quad around the words, their characters in reading order. Each word is
        in exactly one.
    """
    if len(found) < 2:
        return list(found)
    frame = _Frame(found)
    nexts = frame.right_neighbours()
    starts = sorted(set(range(len(found))) - set(nexts.values()))
    return [
        phrase_of([found[i] for i in part])
        for start in starts
        for part in frame.split(_chain(start, nexts))
    ]  # fmt: skip


def _chain(start: int, nexts: dict[int, int]) -> list[int]:
    chain = [start]
    while chain[-1] in nexts:
        chain.append(nexts[chain[-1]])
    return chain


class _Frame:
    """Where words stand, as boxes along their own directions."""

    def __init__(self, found: Sequence[DetectedWord]) -> None:
        quads = np.array([word.quad for word in found], dtype=np.float64)
        along = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
        across = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
        self.centres: Floats = quads.mean(axis=1)
        self.widths: Floats = np.maximum(np.hypot(*along.T), 1e-3)
        self.heights: Floats = np.maximum(np.hypot(*across.T), 1e-3)
        self.directions: Floats = along / self.widths[:, None]
        # A smudge beside a word would be read into it.
        self.sure: NDArray[np.bool_] = np.array([word.confidence >= SURELY_TEXT for word in found])
        self.signs: NDArray[np.bool_] = np.array([len(word.characters) <= SIGN_CHARACTERS for word in found])

    def right_neighbours(self) -> dict[int, int]:
        """For each word that has one its nearest neighbour to the right, where it is that one's nearest to the left."""
        count = len(self.widths)
        nearest_right, nearest_left = np.full(count, -1), np.full(count, -1)
        least = np.full(count, np.inf)
        for start in range(0, count, CHUNK):
            gaps = self._gaps(slice(start, start + CHUNK))
            best = gaps.argmin(axis=1)
            found = np.isfinite(gaps[np.arange(len(gaps)), best])
            nearest_right[start : start + CHUNK] = np.where(found, best, -1)
            rows = gaps.argmin(axis=0)
            closer = gaps[rows, np.arange(count)] < least
            least = np.where(closer, gaps[rows, np.arange(count)], least)
            nearest_left = np.where(closer, rows + start, nearest_left)
        left = nearest_left.tolist()
        return {i: other for i, other in enumerate(nearest_right.tolist()) if other >= 0 and left[other] == i}

    def _gaps(self, part: slice) -> Floats:
        """Gaps (n, N) in pixels from words of a part to each word that may follow them in a line; inf to all others."""
        heights, widths, directions = self.heights, self.widths, self.directions
        x, y = self.centres.T
        dx, dy = x - x[part, None], y - y[part, None]
        cosine, sine = directions[part, :1], directions[part, 1:]
        ahead = dx * cosine + dy * sine
        aside = np.abs(dy * cosine - dx * sine)
        # Of all pairs a few stand close ahead of one another and in one line by the highest of all words; only these
        # are looked at in earnest.
        highest, widest = heights.max(), widths.max()
        near = (ahead > 0) & (ahead <= 1.01 * (widest + MAX_GAP * highest)) & (aside < highest)
        first, second = np.nonzero(near & self.sure[part, None] & self.sure)
        ahead, aside = ahead[first, second], aside[first, second]
        one = first + (part.start or 0)
        h, w = heights[one], widths[one]
        low, high = np.minimum(h, heights[second]), np.maximum(h, heights[second])
        gaps = ahead - (w + widths[second]) / 2
        shared = np.minimum(low, (h + heights[second]) / 2 - aside)
        lower_is_sign = np.where(h < heights[second], self.signs[one], self.signs[second])
        (ax, ay), (bx, by) = directions[one].T, directions[second].T
        fits = (gaps <= MAX_GAP * high) & (gaps >= -MAX_OVERLAP * low) & (shared >= MIN_SHARED * low)
        fits &= ((high <= MAX_RATIO * low) | lower_is_sign) & (np.abs(ax * by - ay * bx) <= MAX_TURN)
        fits &= ax * bx + ay * by > 0
        found = np.full(dx.shape, np.inf)
        found[first[fits], second[fits]] = gaps[fits]
        return found

    def split(self, chain: list[int]) -> Iterator[list[int]]:
        """A line of words cut at its widest gaps until no part is too long."""
        if len(chain) == 1:
            yield chain
            return
        centres, widths = self.centres[chain], self.widths[chain]
        length = float(np.hypot(*(centres[-1] - centres[0]))) + float(widths[0] + widths[-1]) / 2
        if length <= MAX_ASPECT * float(self.heights[chain].max()):
            yield chain
            return
        gaps = np.hypot(*(centres[1:] - centres[:-1]).T) - (widths[1:] + widths[:-1]) / 2
        cut = int(gaps.argmax()) + 1
        yield from self.split(chain[:cut])
        yield from self.split(chain[cut:])


def phrase_of(words: Sequence[DetectedWord]) -> DetectedWord:
    """Words of a line, in their order, as one."""
    if len(words) == 1:
        return words[0]
    quads = [word.quad for word in words]
    confidence = sum(word.confidence for word in words) / len(words)
    characters = tuple(quad for word in words for quad in word.characters)
    return DetectedWord(_level_around(quads) or _around(np.array(quads, dtype=np.float64)), confidence, characters)


def _level_around(quads: Sequence[Quad]) -> Quad | None:
    """What `_around` makes of a line that is surely level, as nearly all are; None for others.

    By hand: a page has dozens of lines of a few words each, and as arrays they take ten times as long.
    """
    xs, ys = [x for quad in quads for x, _ in quad], [y for quad in quads for _, y in quad]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    heights = [hypot(cx + dx - ax - bx, cy + dy - ay - by) / 2 for (ax, ay), (bx, by), (cx, cy), (dx, dy) in quads]
    height = max(heights)
    along_x = along_y = 0.0
    # Of the words' middles, long words first, from the corner: mean places, squares and products.
    total = x = y = xx = xy = yy = 0.0
    for ((ax, ay), (bx, by), (cx, cy), (dx, dy)), own in zip(quads, heights, strict=True):
        u, v = bx + cx - ax - dx, by + cy - ay - dy
        along_x, along_y = along_x + u, along_y + v
        if own < LOWER * height:
            continue
        width, mx, my = hypot(u, v), (ax + bx + cx + dx) / 4 - left, (ay + by + cy + dy) / 4 - top
        total, x, y = total + width, x + width * mx, y + width * my
        xx, xy, yy = xx + width * mx * mx, xy + width * mx * my, yy + width * my * my
    length = hypot(along_x, along_y)
    if not length or not total:
        return None
    xx, xy, yy = xx - x * x / total, xy - x * y / total, yy - y * y / total
    cosine, sine = along_x / length, along_y / length
    spread = cosine * cosine * xx + 2 * cosine * sine * xy + sine * sine * yy
    shared = (cosine * cosine - sine * sine) * xy + cosine * sine * (yy - xx)
    angle = atan2(sine, cosine) + (atan(shared / spread) if spread > 0 else 0.0)
    slope = abs(sin(angle))
    # Where it is a near thing, the arrays decide.
    if slope * (right - left + slope * (bottom - top)) < 0.99 * LEVEL * height and cos(angle) > 0.5:
        return (left, top), (right, top), (right, bottom), (left, bottom)
    return None


def _around(quads: Floats) -> Quad:
    """The quad around the quads (N, 4, 2) of a line's words, along the line through their middles."""
    a, b, c, d = quads.transpose(1, 0, 2)
    along = (b + c - a - d) / 2
    widths = np.hypot(*along.T)
    mean_x, mean_y = np.add.reduce(along)
    # In the words' mean direction; then turned by the slope of the line through their middles, long words first.
    angle = np.arctan2(mean_y, mean_x)
    heights = np.hypot(*((c + d - a - b) / 2).T)
    telling = heights >= LOWER * heights.max()
    middles = ((np.add.reduce(quads, axis=1) / 4) @ _basis(angle))[telling]
    widths = np.maximum(widths[telling], 1e-6)
    u, v = (middles - widths @ middles / np.add.reduce(widths)).T
    weighted = widths * u
    spread = float(np.add.reduce(weighted * u))
    slope = float(np.add.reduce(weighted * v)) / spread if spread > 0 else 0.0
    turned = _basis(angle + np.arctan(slope))
    points = quads.reshape(-1, 2)
    if abs(turned[1, 0]) * np.ptp(points @ turned[:, 0]) < LEVEL * heights.max() and turned[0, 0] > 0:
        turned = np.eye(2)
    points = points @ turned
    (left, top), (right, bottom) = np.minimum.reduce(points), np.maximum.reduce(points)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return as_quad(corners @ turned.T)


def _basis(angle: float) -> Floats:
    """Columns: unit vectors along and across a direction; `points @ basis` are positions along and across it."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
