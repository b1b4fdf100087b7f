"""Ruled tables: cells between printed rules, with the rows and columns that they span.

Rules that meet make a grid. Where the rule between two places of the grid is missing, they are one cell. A table may
lack its outer rules: its other rules end where they would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box
from ocr_doc.layout.rules import Rules
from ocr_doc.layout.slope import Floats

# Rules whose ends come this near, in heights of text, meet.
MEETING = 0.7
# Rules nearer than this, in heights of text, are a double rule: no text stands between them.
APART = 0.75
# Of the side of a cell, how much a rule must cover to part it from its neighbour.
COVERED = 0.6
# A table has so many cells with words; fewer are a frame, or a box to fill in.
MIN_CELLS = 4
# More rules than this are a drawing.
MAX_RULES = 400


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of a grid: its first and last row and column, and its rules."""

    row: int
    column: int
    last_row: int
    last_column: int
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table in the frame in which text is level.

    Attributes:
        box: Around all of its cells.
        cells: Row by row; none lies over another.
        columns: How many columns.
        words: For each of its words, by number, the place in `cells` of the cell that it stands in.
    """

    box: Box
    cells: tuple[GridCell, ...]
    columns: int
    words: dict[int, int]


def find_grids(rules: Rules, boxes: Floats, height: float) -> list[Grid]:
    """The ruled tables of a page, from the top down.

    Args:
        rules: Of the page.
        boxes: (N, 4) x0, y0, x1, y1 of its words, in the same frame.
        height: The usual height of text.
    """
    if not len(rules.across) or not len(rules.down) or len(rules.across) + len(rules.down) > MAX_RULES:
        return []
    near = MEETING * height
    grids = []
    for across, down in _groups(rules, near):
        grid = _grid(rules.across[across], rules.down[down], boxes, height)
        if grid is not None:
            grids.append(grid)
    # A table within a cell of another is that cell's text.
    outer = [one for one in grids if not any(_inside(one.box, other.box) for other in grids if other is not one)]
    return sorted(outer, key=lambda grid: (grid.box[1], grid.box[0]))


def _groups(rules: Rules, near: float) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rules that meet, directly or by way of others: the numbers of level and of upright ones."""
    y, x0, x1 = (each[:, None] for each in rules.across.T)
    x, y0, y1 = rules.down.T
    meet = (x >= x0 - near) & (x <= x1 + near) & (y >= y0 - near) & (y <= y1 + near)
    unseen = set(range(len(rules.across)))
    groups = []
    while unseen:
        across = np.zeros(len(rules.across), dtype=bool)
        across[unseen.pop()] = True
        while True:
            down = meet[across].any(axis=0)
            grown = meet[:, down].any(axis=1) | across
            if (grown == across).all():
                break
            across = grown
        unseen -= set(np.flatnonzero(across).tolist())
        if down.any():
            groups.append((np.flatnonzero(across), np.flatnonzero(down)))
    return groups


def _grid(across: Floats, down: Floats, boxes: Floats, height: float) -> Grid | None:
    """The table that rules make, if they make one."""
    ys = _places([*across[:, 0], down[:, 1].min(), down[:, 2].max()], APART * height)
    xs = _places([*down[:, 0], across[:, 1].min(), across[:, 2].max()], APART * height)
    if len(ys) < 2 or len(xs) < 3:
        return None
    owner, cells = _cells(_sides(across, ys, xs), _sides(down, xs, ys), xs, ys)
    words = _words(owner, xs, ys, boxes)
    filled = [cells[place] for place in set(words.values())]
    several = len({cell.column for cell in filled}) > 1 and len({cell.row for cell in filled}) > 1
    if len(filled) < MIN_CELLS or not several:
        return None
    return Grid((xs[0], ys[0], xs[-1], ys[-1]), cells, len(xs) - 1, words)


def _places(values: Iterable[float], apart: float) -> list[float]:
    """Values, those that come near to one another as one."""
    groups: list[list[float]] = []
    for value in sorted(map(float, values)):
        if groups and value - groups[-1][-1] < apart:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _sides(rules: Floats, places: Sequence[float], along: Sequence[float]) -> NDArray[np.bool_]:
    """Which sides of the grid's cells are ruled.

    Args:
        rules: (R, 3) place, start and end of each.
        places: Where the grid has lines of this direction.
        along: Where it has lines of the other one.

    Returns:
        (len(places), len(along) - 1).
    """
    starts, ends = np.array(along[:-1]), np.array(along[1:])
    covered = np.zeros((len(places), len(starts)))
    nearest = np.abs(rules[:, :1] - np.array(places)).argmin(axis=1)
    for (_, start, end), line in zip(rules, nearest, strict=True):
        # Pieces of one line do not lie over one another; a double rule may, which does no harm.
        covered[line] += np.maximum(np.minimum(end, ends) - np.maximum(start, starts), 0.0)
    return np.asarray(covered >= COVERED * (ends - starts))


def _cells(
    level: NDArray[np.bool_], upright: NDArray[np.bool_], xs: Sequence[float], ys: Sequence[float]
) -> tuple[NDArray[np.int64], tuple[GridCell, ...]]:
    """The cells of a grid: places without a rule between them are one, as far as that makes a rectangle.

    Returns:
        For each row and column of the grid the number of its cell, and the cells.
    """
    rows, columns = len(ys) - 1, len(xs) - 1
    owner = -np.ones((rows, columns), dtype=np.int64)
    cells: list[GridCell] = []
    for row in range(rows):
        for column in range(columns):
            if owner[row, column] >= 0:
                continue
            last, bottom = column, row
            while last + 1 < columns and owner[row, last + 1] < 0 and not upright[last + 1, row]:
                last += 1
            while bottom + 1 < rows and _goes_on(owner, level, upright, bottom + 1, column, last):
                bottom += 1
            owner[row : bottom + 1, column : last + 1] = len(cells)
            cells.append(GridCell(row, column, bottom, last, (xs[column], ys[row], xs[last + 1], ys[bottom + 1])))
    return owner, tuple(cells)


def _goes_on(
    owner: NDArray[np.int64], level: NDArray[np.bool_], upright: NDArray[np.bool_], row: int, first: int, last: int
) -> bool:
    """Whether a cell from column `first` to `last` goes on in a row: no rule above it there, none within."""
    if (owner[row, first : last + 1] >= 0).any() or level[row, first : last + 1].any():
        return False
    if upright[first + 1 : last + 1, row].any():
        return False
    to_left = first > 0 and owner[row, first - 1] < 0 and not upright[first, row]
    to_right = last + 2 < len(upright) and not upright[last + 1, row]
    return not to_left and not to_right


def _words(owner: NDArray[np.int64], xs: Sequence[float], ys: Sequence[float], boxes: Floats) -> dict[int, int]:
    """The words that stand in cells, and in which."""
    column = np.searchsorted(xs, (boxes[:, 0] + boxes[:, 2]) / 2) - 1
    row = np.searchsorted(ys, (boxes[:, 1] + boxes[:, 3]) / 2) - 1
    inside = (column >= 0) & (column < len(xs) - 1) & (row >= 0) & (row < len(ys) - 1)
    return {int(word): int(owner[row[word], column[word]]) for word in np.flatnonzero(inside)}


def _inside(one: Box, other: Box) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]
