"""Words that stand beside one another, joined into phrases that are read at once.

The recogniser tells a space from the gap inside a word better than the detector does, since it sees letters and not
only distances; and letters are read better with their neighbours beside them. So neighbours are read together and the
words are what the reading parts with spaces (`ocr_doc.words`).

Sizes are relative to the height of the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
        _phrase([found[i] for i in part])
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
        mutual = (i for i in range(count) if nearest_right[i] >= 0 and nearest_left[nearest_right[i]] == i)
        return {i: int(nearest_right[i]) for i in mutual}

    def _gaps(self, part: slice) -> Floats:
        """Gaps (n, N) in pixels from words of a part to each word that may follow them in a line; inf to all others."""
        direction = self.directions[part]
        offset = self.centres[None] - self.centres[part, None]
        ahead = (offset * direction[:, None]).sum(-1)
        aside = np.abs(offset[..., 1] * direction[:, None, 0] - offset[..., 0] * direction[:, None, 1])
        heights, widths = self.heights, self.widths
        low, high = np.minimum(heights[part, None], heights), np.maximum(heights[part, None], heights)
        gaps = ahead - (widths[part, None] + widths) / 2
        shared = np.minimum(low, (heights[part, None] + heights) / 2 - aside)
        lower_is_sign = np.where(heights[part, None] < heights, self.signs[part, None], self.signs)
        turn = np.abs(direction[:, None, 0] * self.directions[:, 1] - direction[:, None, 1] * self.directions[:, 0])
        same_way = direction @ self.directions.T > 0
        fits = (gaps <= MAX_GAP * high) & (gaps >= -MAX_OVERLAP * low) & (ahead > 0) & (shared >= MIN_SHARED * low)
        fits &= self.sure[part, None] & self.sure
        fits &= ((high <= MAX_RATIO * low) | lower_is_sign) & (turn <= MAX_TURN) & same_way
        return np.where(fits, gaps, np.inf)

    def split(self, chain: list[int]) -> Iterator[list[int]]:
        """A line of words cut at its widest gaps until no part is too long."""
        length = float(np.hypot(*(self.centres[chain[-1]] - self.centres[chain[0]])))
        length += float(self.widths[chain[0]] + self.widths[chain[-1]]) / 2
        if len(chain) == 1 or length <= MAX_ASPECT * float(self.heights[chain].max()):
            yield chain
            return
        steps = np.hypot(*(self.centres[chain[1:]] - self.centres[chain[:-1]]).T)
        gaps = steps - (self.widths[chain[1:]] + self.widths[chain[:-1]]) / 2
        cut = int(gaps.argmax()) + 1
        yield from self.split(chain[:cut])
        yield from self.split(chain[cut:])


def _phrase(words: list[DetectedWord]) -> DetectedWord:
    """Words of a line as one."""
    if len(words) == 1:
        return words[0]
    quads = np.array([word.quad for word in words], dtype=np.float64)
    confidence = sum(word.confidence for word in words) / len(words)
    characters = tuple(quad for word in words for quad in word.characters)
    return DetectedWord(_around(quads), confidence, characters)


def _around(quads: Floats) -> Quad:
    """The quad around the quads (N, 4, 2) of a line's words, along the line through their middles."""
    along = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    widths = np.hypot(*along.T)
    mean = along.sum(axis=0)
    # In the words' mean direction; then turned by the slope of the line through their middles, long words first.
    basis = _basis(float(np.arctan2(mean[1], mean[0])))
    middles = quads.mean(axis=1) @ basis
    u, v = (middles - widths @ middles / widths.sum()).T
    spread = float((widths * u * u).sum())
    slope = float((widths * u * v).sum()) / spread if spread > 0 else 0.0
    turned = _basis(float(np.arctan2(mean[1], mean[0]) + np.arctan(slope)))
    heights = np.hypot(*((quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2).T)
    if abs(turned[1, 0]) * np.ptp(quads.reshape(-1, 2) @ turned[:, 0]) < LEVEL * heights.max() and turned[0, 0] > 0:
        turned = np.eye(2)
    points = quads.reshape(-1, 2) @ turned
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return as_quad(corners @ turned.T)


def _basis(angle: float) -> Floats:
    """Columns: unit vectors along and across a direction; `points @ basis` are positions along and across it."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
