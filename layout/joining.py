"""Rows: words of one text line together, near pairs before far ones, none across a gutter.

Words are joined into rows pair by pair, the surest pair first: two words that overlap across the text once the slope
between them is taken out, near before far. A pair joins its two rows only where no two of their words would stand over
one another. Words that touch settle where the gutters are; near pairs settle what a row is; then the slope is measured
again on whole rows, and only then are the far pairs tried: the amount at the right edge finds the label at the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc.layout.frame import Frame
from ocr_doc.layout.gutters import Gutter, beside_grids, find_gutters, least_widths
from ocr_doc.layout.ruled import Grid
from ocr_doc.layout.slope import STRIP, Floats, Nearness

# Of the lower word's height, how much two words of one row must share.
MIN_OVERLAP = 0.5
# Beside a word so many times taller, text is not its row: a logo stands beside several lines.
MAX_HEIGHT_RATIO = 3.0
# Of the narrower word's width, how much two words of one row may share along it.
MAX_STACKING = 0.5
# Words nearer than this, in heights, are near pairs; beyond, the slope's error decides between rows.
NEAR_GAP = 4.0
# Wider white between neighbours, in heights, is no space between words.
MAX_SPACE = 2.0
# Within this gap, in heights, words that share nothing across the text are surely of two rows.
SURE_GAP = 15.0
# What distance costs, against an alignment in [0, 1].
GAP_COST = 0.1
# Where the slopes of rows change no word's place by more than this, in heights, those of the words are kept.
SLOPE_MATTERS = 0.05
# Words whose pairs are looked at at once: bounds the memory of a page with thousands of words.
CHUNK = 512
# A drop capital: one or two characters so many times higher than the text, with two lines or more close at its right.
DROP_HEIGHT = 1.8
DROP_GAP = 1.5


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of words that may share a row, the surest first.

    Attributes:
        first, second: (P,) word numbers.
        gaps: (P,) between the words, in heights.
        clashes: For each word the set, as bits, of the words that its row must not hold.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    gaps: Floats
    clashes: list[int]

    def clashes_with(self, others: Sequence[int]) -> list[int]:
        """The clashes of each word, and others."""
        return [one | other for one, other in zip(self.clashes, others, strict=True)]


class _Rows:
    """Rows while pairs of words are joined. Each is known by its first word; sets of words are bits of a number."""

    def __init__(self, clashes: Sequence[int]) -> None:
        """Each word is a row of its own; `clashes` are the words that its row must not hold."""
        self._row_of = list(range(len(clashes)))
        self._members = [[word] for word in self._row_of]
        self._bits = [1 << word for word in self._row_of]
        self._clashes = list(clashes)

    def words(self) -> list[list[int]]:
        """The words of each row."""
        return [list(row) for row in self._members if row]

    def heed(self, clashes: Sequence[int]) -> None:
        """Heeds these clashes of words from now on, and no others."""
        for name, row in enumerate(self._members):
            self._clashes[name] = 0
            for word in row:
                self._clashes[name] |= clashes[word]

    def join(self, pairs: _Pairs, max_gap: float) -> None:
        """Joins rows along pairs, the surest first, where no two words of a joined row would clash."""
        row_of, members, bits, clashes = self._row_of, self._members, self._bits, self._clashes
        # Most pairs are of one row already: arrays tell that more quickly.
        names = np.array(row_of)
        near = (pairs.gaps <= max_gap) & (names[pairs.first] != names[pairs.second])
        for a, b in zip(pairs.first[near].tolist(), pairs.second[near].tolist(), strict=True):
            one, other = row_of[a], row_of[b]
            if one == other or clashes[one] & bits[other]:
                continue
            if len(members[one]) < len(members[other]):
                one, other = other, one
            for word in members[other]:
                row_of[word] = one
            members[one] += members[other]
            members[other] = []
            bits[one] |= bits[other]
            clashes[one] |= clashes[other]


def join_rows(frame: Frame, grids: Sequence[Grid] = ()) -> tuple[list[list[int]], list[Gutter]]:
    """Rows of a page, and the gutters that part them.

    Args:
        frame: Its words.
        grids: Its ruled tables: no gutter parts one of them, and no row goes from one of their rows to another.

    Returns:
        Rows as lists of word numbers, left to right, each word in one row; gutters, the tallest first.
    """
    nearness = Nearness(frame.centres, frame.height)
    slopes = nearness.smooth(frame.slopes, frame.widths)
    apart = _surely_apart(frame)
    pairs = _pairs(frame, slopes, apart, NEAR_GAP)
    drops = _drop_capitals(frame)
    space = _narrow_space(frame, pairs)
    min_width, min_tight = least_widths(space)
    chunks = _Rows(pairs.clashes)
    chunks.join(pairs, min_tight)
    tight = chunks.words()
    chunks.join(pairs, min_width)
    gutters = find_gutters(frame, chunks.words(), tight, space)
    gutters = [part for gutter in gutters for part in beside_grids(gutter, grids, frame.height)]
    parted = [one | other for one, other in zip(_parted(frame, gutters, drops), _in_rows(frame, grids), strict=True)]
    joined = _Rows(pairs.clashes_with(parted))
    joined.join(pairs, NEAR_GAP)
    measured = nearness.smooth(*_measured_slopes(frame, joined.words()))
    if np.abs(measured - slopes).max() * np.ptp(frame.centres[:, 0]) > SLOPE_MATTERS * frame.height:
        slopes = measured
    pairs = _pairs(frame, slopes, apart, np.inf)
    joined.heed(pairs.clashes_with(parted))
    joined.join(pairs, np.inf)
    rows = _with_drops(frame, joined.words(), drops)
    rank = np.empty(len(slopes), dtype=np.int64)
    rank[np.lexsort((frame.centres[:, 1], frame.boxes[:, 0]))] = np.arange(len(slopes))
    leftmost_first = rank.tolist().__getitem__
    return [sorted(row, key=leftmost_first) for row in rows], gutters


def _narrow_space(frame: Frame, pairs: _Pairs) -> float:
    """A narrow space between words of the page, in heights: that which a quarter of them is below; 0 for none."""
    x = frame.centres[:, 0]
    nearest = np.full(len(x), np.inf, dtype=pairs.gaps.dtype)
    left = np.where(x[pairs.first] < x[pairs.second], pairs.first, pairs.second)
    np.minimum.at(nearest, left, pairs.gaps)
    spaces = np.sort(nearest[nearest < MAX_SPACE])
    return float(spaces[len(spaces) // 4]) if len(spaces) else 0.0


def _measured_slopes(frame: Frame, rows: list[list[int]]) -> tuple[Floats, Floats]:
    """Each word's slope, measured from its left to its right neighbour in the row, where it has any.

    Returns:
        Slopes and the length that each was measured on, (N,) each.
    """
    x = frame.centres[:, 0].tolist()
    left, right = list(range(len(x))), list(range(len(x)))
    for row in rows:
        for one, other in pairwise(sorted(row, key=x.__getitem__)):
            left[other], right[one] = one, other
    dx, dy = (frame.centres[right] - frame.centres[left]).T
    longer = dx > frame.widths
    slopes = np.where(longer, np.clip(dy / np.where(longer, dx, 1.0), -1.0, 1.0), frame.slopes)
    return slopes, np.where(longer, dx, frame.widths)


def _surely_apart(frame: Frame) -> NDArray[np.uint8]:
    """For each word the set, as packed bits, of the words so near along the text that they cannot share a row.

    They can where they overlap across the text: `_pairs` looks at those that may.
    """
    x = frame.centres[:, 0].astype(np.float32)
    half, h = (0.5 * frame.widths).astype(np.float32), frame.heights.astype(np.float32)
    apart = np.empty((len(x), len(x)), dtype=bool)
    # Each pair once: the one is as far from the other.
    for start in range(0, len(x), STRIP):
        stop = start + STRIP
        between = np.abs(x[start:stop, None] - x[start:]) - (half[start:stop, None] + half[start:])
        part = between < SURE_GAP * np.minimum(h[start:stop, None], h[start:])
        apart[start:stop, start:] = part
        apart[start:, start:stop] = part.T
    return np.packbits(apart, axis=1, bitorder="little")


def _pairs(frame: Frame, slopes: Floats, apart: NDArray[np.uint8], max_gap: float) -> _Pairs:
    """Compares each word with those near it across the text.

    Args:
        frame: All words.
        slopes: (N,) of the text around each.
        apart: Of `_surely_apart`.
        max_gap: Of the pairs, in heights.
    """
    # From the top down; single precision, as hundredths of a pixel decide nothing here, and it halves the work.
    downwards = np.argsort(frame.centres[:, 1], kind="stable")
    columns = (*frame.centres.T, 0.5 * frame.widths, frame.heights, 0.5 * slopes)
    measures = np.array([column[downwards] for column in columns], dtype=np.float32)
    # No slope makes words overlap that are farther apart than this across the text (and a little, for rounding).
    most = 0.5 * frame.heights.max() + np.ptp(frame.centres[:, 0]) * np.abs(slopes).max()
    reach = 1.001 * (0.5 * frame.heights[downwards] + most)
    middles = frame.centres[downwards, 1]
    below = np.searchsorted(middles, middles + reach, "right") - np.arange(1, len(middles) + 1)
    together = np.eye(len(middles), dtype=bool)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]] = []
    for start in range(0, len(middles), CHUNK):
        counts = below[start : start + CHUNK]
        words = np.arange(start, start + len(counts))
        # Each word with as many of those that follow it as may overlap it.
        one, before = np.repeat(words, counts), np.repeat(np.cumsum(counts) - counts, counts)
        other = one + 1 + np.arange(len(one)) - before
        (x0, y0, w0, h0, slope0), (x1, y1, w1, h1, slope1) = measures.take(one, axis=1), measures.take(other, axis=1)
        dx = x1 - x0
        # The mean of both slopes: the same seen from either word, and right for a line that bends evenly.
        dy = np.abs(y1 - y0 - dx * (slope0 + slope1))
        shared = (0.5 * h0 + 0.5 * h1) - dy
        between = np.abs(dx) - (w0 + w1)
        free = (shared > 0) & (between >= -2 * MAX_STACKING * np.minimum(w0, w1))
        first, second = downwards[one[free]], downwards[other[free]]
        together[first, second] = together[second, first] = True
        low, tall = np.minimum(h0, h1)[free], np.maximum(h0, h1)[free]
        gaps = np.maximum(between[free], 0) / low
        likely = (shared[free] >= MIN_OVERLAP * low) & (tall <= MAX_HEIGHT_RATIO * low) & (gaps <= max_gap)
        gaps = gaps[likely]
        alignment = 1 - 2 * dy[free][likely] / (low + tall)[likely]
        first, second = np.minimum(first, second)[likely], np.maximum(first, second)[likely]
        found.append((first, second, gaps, alignment - GAP_COST * np.log1p(gaps)))
    first, second, gap, score = (np.concatenate(part) for part in zip(*found, strict=True))
    # By the words first, which is quick, and so that it decides between equal scores.
    order = np.argsort(first * len(middles) + second)
    order = order[np.argsort(-score[order], kind="stable")]
    clashes = apart & ~np.packbits(together, axis=1, bitorder="little")
    bits = [int.from_bytes(row.tobytes(), "little") for row in clashes]
    return _Pairs(first[order], second[order], gap[order], bits)


def _parted(frame: Frame, gutters: Sequence[Gutter], drops: dict[int, list[int]]) -> list[int]:
    """For each word the set, as bits, of the words that a gutter parts it from; of all words for a drop capital."""
    parted = [0] * len(frame.widths)
    x, y = frame.centres.T
    for gutter in gutters:
        beside = (y > gutter.top) & (y < gutter.bottom)
        sides = [np.flatnonzero(beside & side).tolist() for side in (x < gutter.x, x >= gutter.x)]
        for one, other in (sides, sides[::-1]):
            bits = sum(1 << word for word in other)
            for word in one:
                parted[word] |= bits
    everything = (1 << len(parted)) - 1
    for drop in drops:
        parted = [bits | 1 << drop for bits in parted]
        parted[drop] = everything ^ 1 << drop
    return parted


def _in_rows(frame: Frame, grids: Sequence[Grid]) -> list[int]:
    """For each word the set, as bits, of the words of its ruled table that stand in no row of its cell."""
    parted = [0] * len(frame.widths)
    for grid in grids:
        rows = max(cell.last_row for cell in grid.cells) + 1
        above, below = [0] * (rows + 1), [0] * (rows + 1)
        for word, place in grid.words.items():
            for row in range(grid.cells[place].last_row + 1, rows + 1):
                above[row] |= 1 << word
            for row in range(grid.cells[place].row):
                below[row] |= 1 << word
        for word, place in grid.words.items():
            parted[word] |= above[grid.cells[place].row] | below[grid.cells[place].last_row]
    return parted


def _drop_capitals(frame: Frame) -> dict[int, list[int]]:
    """Drop capitals, and for each the words close at its right."""
    found = {}
    boxes = frame.boxes
    few = (frame.letters >= 1) & (frame.letters + frame.digits <= 2)
    for drop in np.flatnonzero(few & (frame.heights >= DROP_HEIGHT * frame.height)).tolist():
        gap = boxes[:, 0] - boxes[drop, 2]
        inside = (frame.centres[:, 1] > boxes[drop, 1]) & (frame.centres[:, 1] < boxes[drop, 3])
        inside &= (np.abs(gap) <= DROP_GAP * frame.height) & (frame.heights < frame.heights[drop] / 1.5)
        beside = np.flatnonzero(inside)
        if len(beside) > 1 and np.ptp(frame.centres[beside, 1]) > 0.8 * frame.height:
            found[drop] = sorted(beside.tolist(), key=lambda i: frame.centres[i, 1])
    return found


def _with_drops(frame: Frame, rows: list[list[int]], drops: dict[int, list[int]]) -> list[list[int]]:
    """Puts each drop capital into the uppermost row beside it."""
    for drop, beside in drops.items():
        rows = [row for row in rows if row != [drop]]
        next(row for row in rows if beside[0] in row).append(drop)
    return rows
