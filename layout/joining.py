"""Rows: words of one text line together, near pairs before far ones, none across a gutter.

Words are joined into rows pair by pair, the surest pair first: two words that overlap across the text once the slope
between them is taken out, near before far. A pair joins its two rows only where no two of their words would stand over
one another. Words that touch settle where the gutters are; near pairs settle what a row is; then the slope is measured
again on whole rows, and only then are the far pairs tried: the amount at the right edge finds the label at the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.layout.frame import Frame
from ocr_doc.layout.gutters import Gutter, beside_grids, find_gutters, least_widths
from ocr_doc.layout.ruled import Grid
from ocr_doc.layout.slope import CHUNK, Floats, smooth_slopes

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
# Where the slopes of rows change no word's place by more than this, in heights, near pairs need no second look.
SLOPE_MATTERS = 0.05
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


def join_rows(frame: Frame, grids: Sequence[Grid] = ()) -> tuple[list[list[int]], list[Gutter]]:
    """Rows of a page, and the gutters that part them.

    Args:
        frame: Its words.
        grids: Its ruled tables: no gutter parts one of them, and no row goes from one of their rows to another.

    Returns:
        Rows as lists of word numbers, left to right, each word in one row; gutters, the tallest first.
    """
    slopes = smooth_slopes(frame.centres, frame.slopes, frame.widths, frame.height)
    pairs = _pairs(frame, slopes)
    drops = _drop_capitals(frame)
    single = [[word] for word in range(len(slopes))]
    space = _narrow_space(frame, pairs)
    min_width, min_tight = least_widths(space)
    tight = _merge(single, pairs, min_tight)
    gutters = find_gutters(frame, _merge(tight, pairs, min_width), tight, space)
    gutters = [part for gutter in gutters for part in beside_grids(gutter, grids, frame.height)]
    parted = [one | other for one, other in zip(_parted(frame, gutters, drops), _in_rows(frame, grids), strict=True)]
    rows = _merge(single, _with_clashes(pairs, parted), NEAR_GAP)
    own, lengths = _measured_slopes(frame, rows)
    measured = smooth_slopes(frame.centres, own, lengths, frame.height)
    if np.abs(measured - slopes).max() * np.ptp(frame.centres[:, 0]) > SLOPE_MATTERS * frame.height:
        pairs = _pairs(frame, measured)
    rows = _merge(rows, _with_clashes(pairs, parted), np.inf)
    rows = _with_drops(frame, rows, drops)
    left = frame.centres[:, 0] - frame.widths / 2
    return [sorted(row, key=lambda i: (left[i], frame.centres[i, 1], i)) for row in rows], gutters


def _narrow_space(frame: Frame, pairs: _Pairs) -> float:
    """A narrow space between words of the page, in heights: that which a quarter of them is below; 0 for none."""
    x = frame.centres[:, 0]
    nearest = np.full(len(x), np.inf)
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
    left, right = np.arange(len(x)), np.arange(len(x))
    for row in rows:
        inner = sorted(row, key=x.__getitem__)
        left[inner[1:]], right[inner[:-1]] = inner[:-1], inner[1:]
    dx, dy = (frame.centres[right] - frame.centres[left]).T
    longer = dx > frame.widths
    slopes = np.where(longer, np.clip(dy / np.where(longer, dx, 1.0), -1.0, 1.0), frame.slopes)
    return slopes, np.where(longer, dx, frame.widths)


def _pairs(frame: Frame, slopes: Floats) -> _Pairs:
    """Compares all words with all, a chunk at a time."""
    # Single precision: hundredths of a pixel decide nothing here, and it halves the work.
    x, y = frame.centres.T.astype(np.float32)
    w, h, slope = (part.astype(np.float32) for part in (frame.widths, frame.heights, slopes))
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]] = []
    clashes: list[int] = []
    for start in range(0, len(x), CHUNK):
        here = slice(start, start + CHUNK)
        dx = x[here, None] - x
        # The mean of both slopes: the same seen from either word, and right for a line that bends evenly.
        dy = np.abs(y[here, None] - y - dx * (0.5 * slope[here, None] + 0.5 * slope))
        low = np.minimum(h[here, None], h)
        shared = (0.5 * h[here, None] + 0.5 * h) - dy
        between = np.abs(dx) - (0.5 * w[here, None] + 0.5 * w)
        clashing = between < -MAX_STACKING * np.minimum(w[here, None], w)
        clashing |= (shared <= 0) & (between < SURE_GAP * low)
        np.fill_diagonal(clashing[:, start:], False)
        clashes += [int.from_bytes(row.tobytes(), "little") for row in np.packbits(clashing, axis=1, bitorder="little")]
        tall = np.maximum(h[here, None], h)
        likely = ~clashing & (shared >= MIN_OVERLAP * low) & (tall <= MAX_HEIGHT_RATIO * low)
        first, second = np.nonzero(likely)
        once = second > first + start
        first, second = first[once], second[once]
        gaps = np.maximum(between[first, second], 0) / low[first, second]
        first += start
        alignment = 1 - 2 * dy[first - start, second] / (h[first] + h[second])
        found.append((first, second, gaps, alignment - GAP_COST * np.log1p(gaps)))
    first, second, gap, score = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((second, first, -score))
    return _Pairs(first[order], second[order], gap[order], clashes)


def _merge(rows: list[list[int]], pairs: _Pairs, max_gap: float) -> list[list[int]]:
    """Joins rows along pairs, the surest first, where no two words of a joined row would clash."""
    row_of = [0] * len(pairs.clashes)
    members: list[list[int]] = []
    bits: list[int] = []
    clashes: list[int] = []
    for name, row in enumerate(rows):
        inside = outside = 0
        for word in row:
            row_of[word] = name
            inside |= 1 << word
            outside |= pairs.clashes[word]
        members.append(list(row))
        bits.append(inside)
        clashes.append(outside)
    near = pairs.gaps <= max_gap
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
    return [row for row in members if row]


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


def _with_clashes(pairs: _Pairs, clashes: list[int]) -> _Pairs:
    """Pairs that heed further clashes."""
    return replace(pairs, clashes=[one | other for one, other in zip(pairs.clashes, clashes, strict=True)])


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
