"""Rows: words of one text line together, near pairs before far ones, none across a gutter.

Words are joined into rows pair by pair, the surest pair first: two words that overlap across the text once the slope
between them is taken out, near before far. A pair joins its two rows only where no two of their words would stand over
one another. Words that touch settle where the gutters are; near pairs settle what a row is; then the slope is measured
again on whole rows, and only then are the far pairs tried: the amount at the right edge finds the label at the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

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


# For each word a set of words, as packed bits.
_Sets: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of words that may share a row, the surest first.

    Attributes:
        first, second: (P,) word numbers.
        gaps: (P,) between the words, in heights.
        clashes: For each word the set of the words that its row must not hold; whether that holds words of its own
            row does not matter.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    gaps: Floats
    clashes: _Sets


class _Rows:
    """Rows while pairs of words are joined. Each is known by its first word; sets of words are bits of a number."""

    def __init__(self, clashes: Sequence[int]) -> None:
        """Each word is a row of its own; `clashes` are the words that its row must not hold, as bits."""
        self._row_of = list(range(len(clashes)))
        self._members = [[word] for word in self._row_of]
        self._bits = [1 << word for word in self._row_of]
        self._clashes = list(clashes)

    def names(self) -> NDArray[np.int64]:
        """Of each word the name of its row."""
        return np.array(self._row_of)

    def words(self) -> list[list[int]]:
        """The words of each row."""
        return [list(row) for row in self._members if row]

    def heed(self, clashes: _Sets) -> None:
        """Heeds these clashes of words from now on, and no others."""
        names = [name for name, row in enumerate(self._members) if row]
        rows = [self._members[name] for name in names]
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        words = np.fromiter(chain.from_iterable(rows), np.int64)
        of_rows = np.bitwise_or.reduceat(clashes[words], np.cumsum(counts) - counts, axis=0)
        for name, bits in zip(names, _as_bits(of_rows), strict=True):
            self._clashes[name] = bits

    def join(self, pairs: _Pairs, max_gap: float, min_gap: float = -1.0) -> None:
        """Joins rows along pairs, the surest first, where no two words of a joined row would clash.

        Args:
            pairs: Of words.
            max_gap: Of the pairs that count.
            min_gap: The pairs that count are wider; those up to here were joined before, where they could be.
        """
        row_of, members, bits, clashes = self._row_of, self._members, self._bits, self._clashes
        near = (pairs.gaps <= max_gap) & (pairs.gaps > min_gap)
        for a, b in zip(pairs.first[near].tolist(), pairs.second[near].tolist(), strict=True):
            one, other = row_of[a], row_of[b]
            if one == other or clashes[one] & bits[other]:
                continue
            if len(members[one]) < len(members[other]):
                one, other = other, one
            moved = members[other]
            for word in moved:
                row_of[word] = one
            members[one] += moved
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
    downwards = np.argsort(frame.centres[:, 1], kind="stable")
    pairs = _pairs(frame, slopes, downwards, apart, NEAR_GAP)
    drops = _drop_capitals(frame)
    space = _narrow_space(frame, pairs)
    min_width, min_tight = least_widths(space)
    clashes = _as_bits(pairs.clashes)
    chunks = _Rows(clashes)
    chunks.join(pairs, min_tight)
    tight = chunks.words()
    chunks.join(pairs, min_width, min_tight)
    gutters = find_gutters(frame, chunks.words(), tight, space)
    gutters = [part for gutter in gutters for part in beside_grids(gutter, grids, frame.height)]
    parted = _parted(frame, gutters, drops) | _in_rows(frame, grids)
    joined = _Rows(_as_bits(pairs.clashes | parted) if parted.any() else clashes)
    joined.join(pairs, NEAR_GAP)
    measured = nearness.smooth(*_measured_slopes(frame, joined.names()))
    if np.abs(measured - slopes).max() * _spread(frame) > SLOPE_MATTERS * frame.height:
        slopes = measured
    pairs = _pairs(frame, slopes, downwards, apart, np.inf, joined.names())
    joined.heed(pairs.clashes | parted)
    joined.join(pairs, np.inf)
    rows = _with_drops(frame, joined.words(), drops)
    rank = np.empty(len(slopes), dtype=np.int64)
    rank[np.lexsort((frame.centres[:, 1], frame.boxes[:, 0]))] = np.arange(len(slopes))
    leftmost_first = rank.tolist().__getitem__
    return [sorted(row, key=leftmost_first) for row in rows], gutters


def _spread(frame: Frame) -> float:
    """How far apart words are along the text."""
    x = frame.centres[:, 0]
    return float(x.max() - x.min())


def _narrow_space(frame: Frame, pairs: _Pairs) -> float:
    """A narrow space between words of the page, in heights: that which a quarter of them is below; 0 for none."""
    x = frame.centres[:, 0]
    nearest = np.full(len(x), np.inf, dtype=pairs.gaps.dtype)
    left = np.where(x[pairs.first] < x[pairs.second], pairs.first, pairs.second)
    np.minimum.at(nearest, left, pairs.gaps)
    spaces = np.sort(nearest[nearest < MAX_SPACE])
    return float(spaces[len(spaces) // 4]) if len(spaces) else 0.0


def _measured_slopes(frame: Frame, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Each word's slope, measured from its left to its right neighbour in the row, where it has any.

    Args:
        frame: All words.
        rows: (N,) the row of each.

    Returns:
        Slopes and the length that each was measured on, (N,) each.
    """
    order = np.lexsort((frame.centres[:, 0], rows))
    together = np.flatnonzero(rows[order[:-1]] == rows[order[1:]])
    one, other = order[together], order[together + 1]
    left, right = np.arange(len(rows)), np.arange(len(rows))
    left[other], right[one] = one, other
    dx, dy = (frame.centres[right] - frame.centres[left]).T
    longer = dx > frame.widths
    slopes = np.where(longer, np.clip(dy / np.where(longer, dx, 1.0), -1.0, 1.0), frame.slopes)
    return slopes, np.where(longer, dx, frame.widths)


def _as_bits(sets: _Sets) -> list[int]:
    """Sets of words as numbers."""
    # As strings of bytes at once: to take them one by one costs three times as much.
    packed = np.ascontiguousarray(sets).view(f"V{sets.shape[1]}").ravel().tolist()
    return [int.from_bytes(each, "little") for each in packed]


def _surely_apart(frame: Frame) -> _Sets:
    """For each word the set of the words so near along the text that they cannot share a row.

    They can where they overlap across the text: `_pairs` looks at those that may.
    """
    x = frame.centres[:, 0].astype(np.float32)
    half, reach = (0.5 * frame.widths).astype(np.float32), np.float32(SURE_GAP) * frame.heights.astype(np.float32)
    apart = np.empty((len(x), len(x)), dtype=bool)
    # Each pair once: the one is as far from the other.
    for start in range(0, len(x), STRIP):
        stop = start + STRIP
        # In place, as this is much of the work of a page.
        between = x[start:stop, None] - x[start:]
        np.abs(between, out=between)
        both = half[start:stop, None] + half[start:]
        between -= both
        part = between < np.minimum(reach[start:stop, None], reach[start:], out=both)
        apart[start:stop, start:] = part
        apart[start:, start:stop] = part.T
    return np.packbits(apart, axis=1, bitorder="little")


def _pairs(
    frame: Frame,
    slopes: Floats,
    downwards: NDArray[np.int64],
    apart: _Sets,
    max_gap: float,
    rows: NDArray[np.int64] | None = None,
) -> _Pairs:
    """Compares each word with those near it across the text.

    Args:
        frame: All words.
        slopes: (N,) of the text around each.
        downwards: (N,) the words from the top down.
        apart: Of `_surely_apart`.
        max_gap: Of the pairs, in heights.
        rows: (N,) the row that each word is in already: only words of different rows are compared.
    """
    # Single precision, as hundredths of a pixel decide nothing here, and it halves the work.
    columns = (*frame.centres.T, 0.5 * frame.widths, 0.5 * frame.heights, 0.5 * slopes)
    measures = np.array([column[downwards] for column in columns], dtype=np.float32)
    names = None if rows is None else rows[downwards]
    below = _below(frame, slopes, downwards)
    together = np.zeros((len(downwards), len(downwards)), dtype=bool)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]] = []
    for start in range(0, len(downwards), CHUNK):
        one, other = _followed(start, below[start : start + CHUNK], names)
        (x0, y0, w0, h0, slope0), (x1, y1, w1, h1, slope1) = measures.take(one, axis=1), measures.take(other, axis=1)
        dx = x1 - x0
        # The mean of both slopes: the same seen from either word, and right for a line that bends evenly.
        dy = np.abs(y1 - y0 - dx * (slope0 + slope1))
        shared = (h0 + h1) - dy
        between = np.abs(dx) - (w0 + w1)
        free = np.flatnonzero((shared > 0) & (between >= -2 * MAX_STACKING * np.minimum(w0, w1)))
        first, second = downwards[one.take(free)], downwards[other.take(free)]
        together[first, second] = together[second, first] = True
        dy, shared, between, h0, h1 = (each.take(free) for each in (dy, shared, between, h0, h1))
        low, tall = 2 * np.minimum(h0, h1), 2 * np.maximum(h0, h1)
        gaps = np.maximum(between, 0) / low
        likely = (shared >= MIN_OVERLAP * low) & (tall <= MAX_HEIGHT_RATIO * low) & (gaps <= max_gap)
        likely = np.flatnonzero(likely)
        gaps = gaps.take(likely)
        alignment = 1 - 2 * dy.take(likely) / (low + tall).take(likely)
        first, second = np.minimum(first, second).take(likely), np.maximum(first, second).take(likely)
        found.append((first, second, gaps, alignment - GAP_COST * np.log1p(gaps)))
    first, second, gap, score = (np.concatenate(part) for part in zip(*found, strict=True))
    # By the words first, which is quick, and so that it decides between equal scores.
    order = np.argsort(first * len(downwards) + second)
    order = order[np.argsort(-score[order], kind="stable")]
    clashes = apart & ~np.packbits(together, axis=1, bitorder="little")
    return _Pairs(first[order], second[order], gap[order], clashes)


def _followed(
    start: int, counts: NDArray[np.int64], names: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each word from one on with as many of those that follow it as may overlap it, those of its own row left out."""
    words = np.arange(start, start + len(counts))
    one = np.repeat(words, counts)
    other = np.arange(1, len(one) + 1) + np.repeat(words - np.cumsum(counts) + counts, counts)
    if names is None:
        return one, other
    kept = np.flatnonzero(names.take(one) != names.take(other))
    return one.take(kept), other.take(kept)


def _below(frame: Frame, slopes: Floats, downwards: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each word, from the top down, how many of those that follow may overlap it across the text."""
    # No slope makes words overlap that are farther apart than this across the text (and a little, for rounding).
    most = 0.5 * frame.heights.max() + _spread(frame) * np.abs(slopes).max()
    reach = 1.001 * (0.5 * frame.heights[downwards] + most)
    middles = frame.centres[downwards, 1]
    return np.asarray(np.searchsorted(middles, middles + reach, "right") - np.arange(1, len(middles) + 1))


def _parted(frame: Frame, gutters: Sequence[Gutter], drops: dict[int, list[int]]) -> _Sets:
    """For each word the set of the words that a gutter parts it from; of all words for a drop capital."""
    count = len(frame.widths)
    parted = np.zeros((count, -(-count // 8)), dtype=np.uint8)
    x, y = frame.centres.T
    for gutter in gutters:
        beside = (y > gutter.top) & (y < gutter.bottom)
        left, right = beside & (x < gutter.x), beside & (x >= gutter.x)
        parted[left] |= np.packbits(right, bitorder="little")
        parted[right] |= np.packbits(left, bitorder="little")
    for drop in drops:
        parted[:, drop // 8] |= 1 << drop % 8
        parted[drop] = 255
    return parted


def _in_rows(frame: Frame, grids: Sequence[Grid]) -> _Sets:
    """For each word the set of the words of its ruled table that stand in no row of its cell."""
    count = len(frame.widths)
    parted = np.zeros((count, -(-count // 8)), dtype=np.uint8)
    for grid in grids:
        words = np.array(list(grid.words), dtype=np.int64)
        cells = [grid.cells[place] for place in grid.words.values()]
        first, last = np.array([cell.row for cell in cells]), np.array([cell.last_row for cell in cells])
        for word, cell in zip(grid.words, cells, strict=True):
            others = np.zeros(count, dtype=bool)
            others[words[(last < cell.row) | (first > cell.last_row)]] = True
            parted[word] |= np.packbits(others, bitorder="little")
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
