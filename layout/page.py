"""Words put back into a page: blocks in reading order, rows as cells, tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TypeVar

import numpy as np

from ocr_doc.core.geometry import Box, as_quad, quad_box, union_box
from ocr_doc.core.records import Block, Cell, Line, RowKind, Table, Word
from ocr_doc.core.records import Row as PageRow
from ocr_doc.layout.blocks import PageText, Part, split_blocks, usual_gap
from ocr_doc.layout.cells import find_cells
from ocr_doc.layout.frame import level
from ocr_doc.layout.furniture import take_furniture
from ocr_doc.layout.joining import join_rows
from ocr_doc.layout.order import Row, as_rows, read_order, text_height
from ocr_doc.layout.ruled import find_grids
from ocr_doc.layout.rules import Pixels, find_rules
from ocr_doc.layout.slope import Floats, lean
from ocr_doc.layout.table_parts import FoundTable, Placed
from ocr_doc.layout.tables import find_tables

_Item = TypeVar("_Item")
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
    quads = _quads(words)
    # Few words begin at the same x, and numbers are compared several times quicker than quads.
    by_start = np.argsort(quads[:, 0, 0], kind="stable")
    ordered, quads = [words[place] for place in by_start.tolist()], quads[by_start]
    if (quads[1:, 0, 0] == quads[:-1, 0, 0]).any():
        ordered.sort(key=lambda word: (word.quad[0][0], word.quad, word.text, word.confidence))
        quads = _quads(ordered)
    skew, turns = lean(quads)
    usual = int(np.bincount(turns, minlength=4).argmax())
    sheet = _Sheet([], [], [])
    for turn in sorted(set(turns.tolist()), key=lambda turn: (turn - usual) % 4):
        members = np.flatnonzero(turns == turn)
        here = quads[members]
        text = _Text([ordered[i] for i in members.tolist()], _boxes(here), skew + 90.0 * turn, turn != usual)
        _lay_out_level(sheet, text, here, pixels if turn == usual else None)
    return PageLayout(tuple(sheet.blocks), tuple(sheet.rows), tuple(sheet.tables))


def _quads(words: Sequence[Word]) -> Floats:
    """The quads of words, (N, 4, 2)."""
    corners = chain.from_iterable([word.quad for word in words])
    return np.fromiter(chain.from_iterable(corners), np.float64, 8 * len(words)).reshape(-1, 4, 2)


def _boxes(quads: Floats) -> list[Box]:
    """The upright boxes around quads, (N, 4, 2)."""
    # Corner by corner: numpy is slow along an axis of four.
    a, b, c, d = quads.transpose(1, 0, 2)
    low, high = np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))
    (x0, y0), (x1, y1) = low.T.tolist(), high.T.tolist()
    return list(zip(x0, y0, x1, y1, strict=True))


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a page that runs one way.

    Attributes:
        words: In a fixed order: all else knows them by their numbers.
        boxes: The upright box around each word, on the page.
        angle: Which way it runs: degrees clockwise.
        vertical: Whether that is another way than most.
    """

    words: Sequence[Word]
    boxes: Sequence[Box]
    angle: float
    vertical: bool


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page while it is put together."""

    blocks: list[Block]
    rows: list[PageRow]
    tables: list[Table]

    def add_block(self, part: Part, text: _Text) -> None:
        lines = tuple([Line(_taken(text.words, row.words)) for row in part.rows])
        kind = "vertical" if text.vertical and part.kind == "paragraph" else part.kind
        self.blocks.append(Block(lines, kind, part.level))

    def add_row(self, spans: Sequence[Sequence[int]], text: _Text, kind: RowKind = "text") -> None:
        place = len(self.rows)
        cells = tuple([_cell(span, text, place, column) for column, span in enumerate(spans)])
        self.rows.append(PageRow(cells, kind))

    def add_table(self, table: FoundTable, text: _Text) -> None:
        if not table.ruled:
            cells = tuple(_cell(each.words, text, each.row, each.first, each.last) for each in table.cells)
        else:
            cells = tuple(_ruled_cell(each, text) for each in table.cells)
        self.tables.append(Table(union_box(cell.box for cell in cells), cells, table.columns, table.ruled))


def _cell(members: Sequence[int], text: _Text, row: int, first: int, last: int | None = None) -> Cell:
    boxes = _taken(text.boxes, members)
    span = 1 if last is None else last - first + 1
    return Cell(boxes[0] if len(boxes) == 1 else union_box(boxes), _taken(text.words, members), row, first, 1, span)


def _taken(items: Sequence[_Item], places: Sequence[int]) -> tuple[_Item, ...]:
    """The items at some places, one at least."""
    if len(places) == 1:
        return (items[places[0]],)
    # Half the time of a comprehension, and each word of a page is taken four times.
    taken: tuple[_Item, ...] = itemgetter(*places)(items)
    return taken


def _ruled_cell(cell: Placed, text: _Text) -> Cell:
    """A cell of a table whose rules are known in the frame in which the text is level."""
    x0, y0, x1, y1 = cell.box or (0.0, 0.0, 0.0, 0.0)
    cos, sin = math.cos(math.radians(text.angle)), math.sin(math.radians(text.angle))
    corners = [(x * cos - y * sin, x * sin + y * cos) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    inside = tuple(text.words[i] for i in cell.words)
    rows = (cell.row if cell.last_row is None else cell.last_row) - cell.row + 1
    box = quad_box(as_quad(np.round(corners, 1)))
    return Cell(box, inside, cell.row, cell.first, rows, cell.last - cell.first + 1)


def _lay_out_level(sheet: _Sheet, text: _Text, quads: Floats, pixels: Pixels | None) -> None:
    """Adds text that runs one way to a page; `quads` are those of its words."""
    frame = level(quads, text.angle, text.words)
    texts = [word.text for word in text.words]
    rules = None if pixels is None else find_rules(pixels, text.angle, frame.height)
    grids = [] if rules is None else find_grids(rules, frame.boxes, frame.height)
    joined, gutters = join_rows(frame, grids)
    rows = as_rows(frame, joined)
    cells = find_cells(rows, frame)
    furniture = take_furniture(rows, texts)
    regions = read_order(furniture.rows, gutters)
    height = text_height([row for region in regions for row in region.rows]) or frame.height
    page = PageText(texts, height, usual_gap(regions, height))
    known: dict[Row, _Kind] = {}

    def add(parts: Sequence[Part]) -> None:
        for part in parts:
            sheet.add_block(part, text)
            for row in part.rows:
                kind, spans = known[row] if row in known else ("text", [span.words for span in cells[row]])
                sheet.add_row(spans, text, kind)

    add([Part(rows, kind) for kind, rows in furniture.top])
    for region in regions:
        tables = find_tables(region.rows, cells, frame, texts, grids)
        for table in tables:
            lines = zip(table.kinds, table.lines, strict=True)
            known.update(zip(region.rows[table.start : table.end], lines, strict=True))
        add(split_blocks(region, page, [(table.start, table.end) for table in tables]))
        for table in tables:
            sheet.add_table(table, text)
    add([Part(rows, kind) for kind, rows in furniture.bottom])
