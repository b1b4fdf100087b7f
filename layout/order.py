"""Reading order: columns one after the other, what reaches over them in its place, notes beside what they annotate.

A gutter says that what stands left of it comes before what stands right of it; everything else goes from the top down.
The tallest gutter is served first: what is above it, its left side, its right side, what is below it; then the same
within each of these. That is a topological order of both relations (Breuel 2003, "High Performance Document Layout
Analysis"), found without a graph, and it exists whatever the gutters are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.medians import weighted_median
from ocr_doc.layout.frame import Frame
from ocr_doc.layout.gutters import Gutter
from ocr_doc.layout.slope import Floats

# Notes of one gutter are two notes where the white between them passes this, in heights of their text.
NOTE_GAP = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of words; each word is in one row, so rows are told apart as objects, which makes them quick keys.

    Attributes:
        words: Word numbers, left to right.
        x0, x1: Its ends.
        y: Its middle.
        h: The height of its text: that of its higher words, as many a word has no tall letters.
        letters, digits: How many its words have.
    """

    words: tuple[int, ...]
    x0: float
    x1: float
    y: float
    h: float
    letters: float
    digits: float


@dataclass(frozen=True, slots=True)
class Region:
    """Rows of one column, or of the whole width of a page between columns; from the top down.

    Attributes:
        notes: Notes on these rows: each with the place, in `rows`, of the row that it stands beside.
    """

    rows: tuple[Row, ...]
    notes: tuple[tuple[int, tuple[Row, ...]], ...] = ()


def as_rows(frame: Frame, rows: Sequence[Sequence[int]]) -> list[Row]:
    """Measures rows of words, each left to right."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    members = np.fromiter(chain.from_iterable(rows), np.int64)
    starts, owners = np.cumsum(counts) - counts, np.repeat(np.arange(len(rows)), counts)

    def ranked(values: Floats, ranks: NDArray[np.int64]) -> Floats:
        """Of each row the value of a rank, counted from its lowest."""
        of_words = values[members]
        return np.asarray(of_words[np.lexsort((of_words, owners))][starts + ranks])

    columns = (
        np.minimum.reduceat(frame.boxes[members, 0], starts),
        np.maximum.reduceat(frame.boxes[members, 2], starts),
        ranked(frame.centres[:, 1], counts // 2),
        ranked(frame.heights, counts * 3 // 4),
        np.add.reduceat(frame.letters[members], starts),
        np.add.reduceat(frame.digits[members], starts),
    )
    return list(map(Row, map(tuple, rows), *(column.tolist() for column in columns)))


def read_order(rows: Sequence[Row], gutters: Sequence[Gutter]) -> list[Region]:
    """Rows in reading order.

    Args:
        rows: In any order; none reaches across a gutter.
        gutters: The tallest first.

    Returns:
        Regions that hold each row once. Rows of a region follow one another from the top down.
    """
    ordered = sorted(rows, key=lambda row: (row.y, row.x0, row.words))
    notes: list[Row] = []
    for gutter in gutters:
        if gutter.note:
            at_left = gutter.note == "left"
            taken = [row for row in ordered if _beside(row, gutter) and _is_left(row, gutter) == at_left]
            notes += taken
            ordered = [row for row in ordered if row not in taken]
    regions = [Region(tuple(part)) for part in _cut(ordered, [each for each in gutters if not each.note])]
    for note in _grouped(notes):
        regions = _annotated(regions, note)
    return regions


def _beside(row: Row, gutter: Gutter) -> bool:
    return gutter.top < row.y < gutter.bottom


def _is_left(row: Row, gutter: Gutter) -> bool:
    return row.x0 + row.x1 < 2 * gutter.x


def _cut(rows: list[Row], gutters: Sequence[Gutter]) -> list[list[Row]]:
    """Parts of rows in reading order."""
    for number, gutter in enumerate(gutters):
        beside = [row for row in rows if _beside(row, gutter)]
        left = [row for row in beside if _is_left(row, gutter)]
        if left and len(left) < len(beside):
            right = [row for row in beside if not _is_left(row, gutter)]
            above = [row for row in rows if row.y <= gutter.top]
            below = [row for row in rows if row.y >= gutter.bottom]
            others = [*gutters[:number], *gutters[number + 1 :]]
            return [part for each in (above, left, right, below) for part in _cut(each, others)]
    return [rows] if rows else []


def _grouped(notes: Sequence[Row]) -> list[list[Row]]:
    """Rows of notes, together where they follow one another."""
    groups: list[list[Row]] = []
    for row in sorted(notes, key=lambda row: (row.y, row.x0)):
        for group in groups:
            last = group[-1]
            if row.y - last.y < (1 + NOTE_GAP) * last.h and min(row.x1, last.x1) > max(row.x0, last.x0):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def _annotated(regions: list[Region], note: list[Row]) -> list[Region]:
    """Regions with a note put to the nearest row beside its first line."""
    first = note[0]

    def distance(place: tuple[int, int]) -> float:
        row = regions[place[0]].rows[place[1]]
        return abs(row.y - first.y) + max(row.x0 - first.x1, first.x0 - row.x1, 0.0)

    places = [(i, j) for i, region in enumerate(regions) for j in range(len(region.rows))]
    if not places:
        return [*regions, Region(tuple(note))]
    i, j = min(places, key=distance)
    regions = list(regions)
    regions[i] = replace(regions[i], notes=(*regions[i].notes, (j, tuple(note))))
    return regions


def text_height(rows: Sequence[Row]) -> float:
    """The usual height of text, long rows counting for more; 0 for no rows."""
    if not rows:
        return 0.0
    heights, lengths = np.array([row.h for row in rows]), np.array([row.x1 - row.x0 for row in rows])
    return weighted_median(heights, lengths)
