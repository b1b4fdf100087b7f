"""Ruled tables with their words: what stands between which rules, and in which row of words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ocr_doc.layout.amounts import number
from ocr_doc.layout.cells import Cells, Span
from ocr_doc.layout.frame import Frame
from ocr_doc.layout.order import Row
from ocr_doc.layout.ruled import Grid, GridCell
from ocr_doc.layout.table_parts import FoundTable, Placed, cell_text, column_kinds, row_kinds

# Where no rules part the items of a table, a column of numbers does, one to each; so many columns that have numbers in
# the same rows of words, or so many numbers in one column, are no chance.
SAME_COLUMNS, SAME_NUMBERS = 2, 3

# The words of a cell in one row of words; no cell for words beside the table.
_Piece: TypeAlias = "tuple[GridCell | None, list[int]]"
# The words of each cell by row of words.
_Pieces: TypeAlias = "dict[GridCell, dict[int, list[int]]]"


def ruled_tables(
    rows: Sequence[Row], cells: Cells, frame: Frame, texts: Sequence[str], grids: Sequence[Grid]
) -> list[FoundTable]:
    """The ruled tables among the rows of a region, from the top down; those with words elsewhere are left out."""
    row_of = {word: place for place, row in enumerate(rows) for word in row.words} if grids else {}
    tables: list[FoundTable] = []
    for grid in grids:
        places = {row_of.get(word, -1) for word in grid.words}
        start, end = min(places), max(places) + 1
        # Side by side, two tables have the same rows: the second is left to be read as text beside the first.
        if start >= 0 and (not tables or start >= tables[-1].end):
            tables.append(_table(start, [_pieces(cells[row], grid) for row in rows[start:end]], grid, frame, texts))
    return tables


def _pieces(spans: Sequence[Span], grid: Grid) -> list[_Piece]:
    """A row of words, by its cells, cut at the rules, left to right."""
    pieces: list[_Piece] = []
    for span in spans:
        for word in span.words:
            cell = grid.cells[grid.words[word]] if word in grid.words else None
            if pieces and pieces[-1][0] == cell and (cell is not None or word != span.words[0]):
                pieces[-1][1].append(word)
            else:
                pieces.append((cell, [word]))
    return pieces


def _table(start: int, lines: Sequence[Sequence[_Piece]], grid: Grid, frame: Frame, texts: Sequence[str]) -> FoundTable:
    """The table that a grid is, whose rows of words begin at `start`."""
    placed = [
        Placed(tuple(words), place, cell.column, cell.last_column)
        for place, line in enumerate(lines)
        for cell, words in line
        if cell is not None
    ]
    columns = column_kinds(placed, grid.columns, texts)
    kinds = row_kinds(placed, len(lines), columns, texts)
    cells = _cells(lines, grid, frame, texts)
    inside = tuple(tuple(tuple(words) for _, words in line) for line in lines)
    return FoundTable(start, start + len(lines), cells, columns, kinds, inside, ruled=True)


def _cells(lines: Sequence[Sequence[_Piece]], grid: Grid, frame: Frame, texts: Sequence[str]) -> tuple[Placed, ...]:
    """The cells of a table, those without words too; rows that hold several items come apart."""
    pieces: _Pieces = defaultdict(dict)
    for place, line in enumerate(lines):
        for cell, words in line:
            if cell is not None:
                pieces[cell].setdefault(place, []).extend(words)
    spanned = {row for cell in grid.cells if cell.last_row > cell.row for row in range(cell.row, cell.last_row + 1)}
    found: list[Placed] = []
    place = 0
    for row in range(max(cell.last_row for cell in grid.cells) + 1):
        here = [cell for cell in grid.cells if cell.row == row]
        items = [] if row in spanned else _items([pieces[cell] for cell in here], texts)
        if items:
            found += _parted(place, here, items, pieces, frame)
        else:
            # No row that a cell spans comes apart, so its last row is as far below its first as in the grid.
            found += [_whole(place, cell, pieces) for cell in here]
        place += max(len(items), 1)
    return tuple(found)


def _whole(row: int, cell: GridCell, pieces: _Pieces) -> Placed:
    """A cell as its rules have it."""
    words = tuple(word for part in pieces[cell].values() for word in part)
    return Placed(words, row, cell.column, cell.last_column, row + cell.last_row - cell.row, cell.box)


def _parted(
    row: int, cells: Sequence[GridCell], items: Sequence[Sequence[int]], pieces: _Pieces, frame: Frame
) -> Iterator[Placed]:
    """The cells of each item that one row of a grid holds."""
    edges = _edges(cells[0], items, pieces, frame)
    for number_of_item, (places, top, bottom) in enumerate(zip(items, edges[:-1], edges[1:], strict=True)):
        for cell in cells:
            words = tuple(word for place in places for word in pieces[cell].get(place, ()))
            box = cell.box[0], top, cell.box[2], bottom
            yield Placed(words, row + number_of_item, cell.column, cell.last_column, box=box)


def _items(cells: Sequence[dict[int, list[int]]], texts: Sequence[str]) -> list[list[int]]:
    """The rows of words of each item in one row of a table; empty where it is one item.

    Args:
        cells: The words of each cell, by row of words.
        texts: Of all words.
    """
    numbered = [tuple(p for p, words in c.items() if number(cell_text(words, texts)) is not None) for c in cells]
    whole = [places for places, cell in zip(numbered, cells, strict=True) if len(places) == len(cell) > 1]
    if not whole:
        return []
    best = max(whole, key=lambda places: (whole.count(places), len(places)))
    if whole.count(best) < SAME_COLUMNS and len(best) < SAME_NUMBERS:
        return []
    items: list[list[int]] = []
    for place in sorted({place for cell in cells for place in cell}):
        if not items or (place in best and place > best[0]):
            items.append([])
        items[-1].append(place)
    return items


def _edges(cell: GridCell, parts: Sequence[Sequence[int]], pieces: _Pieces, frame: Frame) -> list[float]:
    """Where the items of a row begin and end: between the words of two of them."""
    of_row = [found for other, found in pieces.items() if other.row == cell.row]
    words = [[word for found in of_row for place in part for word in found.get(place, ())] for part in parts]
    tops = [float(frame.boxes[each, 1].min()) for each in words[1:]]
    bottoms = [float(frame.boxes[each, 3].max()) for each in words[:-1]]
    between = [(bottom + top) / 2 for bottom, top in zip(bottoms, tops, strict=True)]
    return [cell.box[1], *between, cell.box[3]]
