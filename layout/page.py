"""Words put back into a page: blocks in reading order, rows as cells, tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ocr_doc.core.geometry import as_quad, quad_box, union_box
from ocr_doc.core.records import Block, Cell, Line, RowKind, Table, Word
from ocr_doc.core.records import Row as PageRow
from ocr_doc.layout.blocks import PageText, Part, split_blocks, usual_gap
from ocr_doc.layout.cells import row_cells
from ocr_doc.layout.frame import level
from ocr_doc.layout.furniture import take_furniture
from ocr_doc.layout.joining import join_rows
from ocr_doc.layout.order import Region, Row, as_rows, read_order, text_height
from ocr_doc.layout.ruled import find_grids
from ocr_doc.layout.rules import Pixels, find_rules
from ocr_doc.layout.slope import Floats, lean
from ocr_doc.layout.table_parts import FoundTable, Placed
from ocr_doc.layout.tables import find_tables

# What a row is, and the words of its cells.
_Kind = tuple[RowKind, Sequence[Sequence[int]]]


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page in reading order.

    Attributes:
        blocks: Each word is in exactly one line of one block.
        rows: All lines as cells.
        tables: From the top down, each by the columns that it stands in.
    """

    blocks: tuple[Block, ...] = ()
    rows: tuple[PageRow, ...] = ()
    tables: tuple[Table, ...] = ()


def arrange(words: Sequence[Word]) -> tuple[Block, ...]:
    """The blocks of `lay_out`."""
    return lay_out(words).blocks


def lay_out(words: Sequence[Word], pixels: Pixels | None = None) -> PageLayout:
    """Puts words into reading order.

    Words come in any order and the result does not depend on it. Text that runs another way than most (a quarter or
    half turn) makes blocks of its own, after the others.

    Args:
        words: With quads in pixels of one page.
        pixels: The page, (H, W, 3) uint8 RGB, to look for the printed rules of tables; None to go without.

    Returns:
        The page; empty for no words.
    """
    if not words:
        return PageLayout()
    ordered = sorted(words, key=lambda word: (word.quad, word.text, word.confidence))
    quads = np.array([word.quad for word in ordered], dtype=np.float64)
    skew, turns = lean(quads)
    usual = int(np.bincount(turns, minlength=4).argmax())
    sheet = _Sheet([], [], [])
    for turn in sorted(set(turns.tolist()), key=lambda turn: (turn - usual) % 4):
        members = np.flatnonzero(turns == turn)
        shown = pixels if turn == usual else None
        _lay_out_level(sheet, quads[members], skew + 90.0 * turn, [ordered[i] for i in members], shown, turn != usual)
    return PageLayout(tuple(sheet.blocks), tuple(sheet.rows), tuple(sheet.tables))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page while it is put together."""

    blocks: list[Block]
    rows: list[PageRow]
    tables: list[Table]

    def add_block(self, part: Part, words: Sequence[Word], *, vertical: bool) -> None:
        lines = tuple(Line(tuple(words[i] for i in row.words)) for row in part.rows)
        kind = "vertical" if vertical and part.kind == "paragraph" else part.kind
        self.blocks.append(Block(lines, kind, part.level))

    def add_row(self, spans: Sequence[Sequence[int]], words: Sequence[Word], kind: RowKind = "text") -> None:
        place = len(self.rows)
        cells = tuple(_cell(span, words, place, column) for column, span in enumerate(spans))
        self.rows.append(PageRow(cells, kind))

    def add_table(self, table: FoundTable, words: Sequence[Word], angle: float) -> None:
        if not table.ruled:
            cells = tuple(_cell(each.words, words, each.row, each.first, each.last) for each in table.cells)
        else:
            cells = tuple(_ruled_cell(each, words, angle) for each in table.cells)
        self.tables.append(Table(union_box(cell.box for cell in cells), cells, table.columns, table.ruled))


def _cell(members: Sequence[int], words: Sequence[Word], row: int, first: int, last: int | None = None) -> Cell:
    inside = tuple(words[i] for i in members)
    span = 1 if last is None else last - first + 1
    # The box around all of the corners at once: a page has hundreds of cells of one word or two.
    xs, ys = zip(*(corner for word in inside for corner in word.quad), strict=True)
    return Cell((min(xs), min(ys), max(xs), max(ys)), inside, row, first, 1, span)


def _ruled_cell(cell: Placed, words: Sequence[Word], angle: float) -> Cell:
    """A cell of a table whose rules are known in the frame of text that runs at `angle` degrees."""
    x0, y0, x1, y1 = cell.box or (0.0, 0.0, 0.0, 0.0)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = [(x * cos - y * sin, x * sin + y * cos) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    inside = tuple(words[i] for i in cell.words)
    rows = (cell.row if cell.last_row is None else cell.last_row) - cell.row + 1
    box = quad_box(as_quad(np.round(corners, 1)))
    return Cell(box, inside, cell.row, cell.first, rows, cell.last - cell.first + 1)


def _lay_out_level(
    sheet: _Sheet, quads: Floats, angle: float, words: Sequence[Word], pixels: Pixels | None, vertical: bool
) -> None:
    """Adds text that runs at `angle` degrees to a page."""
    frame = level(quads, angle, words)
    texts = [word.text for word in words]
    grids = [] if pixels is None else find_grids(find_rules(pixels, angle, frame.height), frame.boxes, frame.height)
    joined, gutters = join_rows(frame, grids)
    furniture = take_furniture(as_rows(frame, joined), frame, texts)
    regions = read_order(furniture.rows, gutters)
    height = text_height([row for region in regions for row in region.rows]) or frame.height
    page = PageText(texts, frame, height, usual_gap(regions, height))

    def add(parts: Sequence[Part], kinds: Callable[[Row], _Kind]) -> None:
        for part in parts:
            sheet.add_block(part, words, vertical=vertical)
            for row in part.rows:
                kind, spans = kinds(row)
                sheet.add_row(spans, words, kind)

    def plain(row: Row) -> _Kind:
        return "text", [span.words for span in row_cells(row, frame)]

    add([Part(rows, kind) for kind, rows in furniture.top], plain)
    for region in regions:
        tables = find_tables(region.rows, frame, texts, grids)
        known = _rows_of(region, tables)
        parts = split_blocks(region, page, [(table.start, table.end) for table in tables])
        add(parts, partial(_kind_of, known, plain))
        for table in tables:
            sheet.add_table(table, words, angle)
    add([Part(rows, kind) for kind, rows in furniture.bottom], plain)


def _kind_of(known: Mapping[Row, _Kind], plain: Callable[[Row], _Kind], row: Row) -> _Kind:
    return known[row] if row in known else plain(row)


def _rows_of(region: Region, tables: Sequence[FoundTable]) -> dict[Row, _Kind]:
    """What each row of a table is, and the words of its cells."""
    return {
        region.rows[table.start + place]: (kind, cells)
        for table in tables
        for place, (kind, cells) in enumerate(zip(table.kinds, table.lines, strict=True))
    }
