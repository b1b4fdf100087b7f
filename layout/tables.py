"""Tables without rules: rows that follow one another and whose cells stand below one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocr_doc.layout.amounts import number
from ocr_doc.layout.cells import Cells, Span, columns_of, find_columns
from ocr_doc.layout.frame import Frame
from ocr_doc.layout.order import Row
from ocr_doc.layout.ruled import Grid
from ocr_doc.layout.ruled_tables import ruled_tables
from ocr_doc.layout.table_parts import MIN_NUMBERS, FoundTable, Placed, cell_text, column_kinds, row_kinds

# A table has so many rows of several cells; two do where they have three cells or more.
MIN_ROWS = 3
# It ends at white of so many heights of text, or after so many rows of a single cell.
MAX_GAP = 2.6
MAX_SINGLE = 2
# Of a column's cells, how many must begin or end at one place (within so many heights), or hold numbers.
MIN_ALIGNED = 0.6
ALIGNED = 0.6


@dataclass
class _Run:
    """Rows that may be a table, while they are gathered."""

    start: int
    rows: list[list[Span]] = field(default_factory=list)


def find_tables(
    rows: Sequence[Row], cells: Cells, frame: Frame, texts: Sequence[str], grids: Sequence[Grid] = ()
) -> list[FoundTable]:
    """The tables among rows that follow one another, from the top down.

    Args:
        rows: Of one region.
        cells: Of these rows.
        frame: Of all words.
        texts: Of all words.
        grids: The ruled tables of the page. Those with words elsewhere than in these rows are left out.
    """
    ruled = ruled_tables(rows, cells, frame, texts, grids)
    tables = list(ruled)
    ends = [(table.start, table.end) for table in ruled]
    for start, end in zip([0, *(end for _, end in ends)], [*(start for start, _ in ends), len(rows)], strict=True):
        spans = [cells[row] for row in rows[start:end]]
        for run in _runs(rows[start:end], spans, frame.height):
            run.start += start
            table = _table(run, frame, texts)
            if table is not None:
                tables.append(table)
    return sorted(tables, key=lambda table: table.start)


def _runs(rows: Sequence[Row], spans: Sequence[list[Span]], height: float) -> list[_Run]:
    """Rows between large white, with few single cells between those of several."""
    runs: list[_Run] = []
    current: _Run | None = None
    single = 0
    for place, (row, cells) in enumerate(zip(rows, spans, strict=True)):
        if current is not None and place and row.y - rows[place - 1].y > (1 + MAX_GAP) * height:
            current = None
        single = single + 1 if len(cells) == 1 else 0
        if single > MAX_SINGLE:
            current = None
        if current is None and len(cells) > 1:
            current = _Run(place)
            runs.append(current)
        if current is not None:
            current.rows.append(cells)
    for run in runs:
        while len(run.rows[-1]) == 1:
            run.rows.pop()
    return runs


def _table(run: _Run, frame: Frame, texts: Sequence[str]) -> FoundTable | None:
    """The table that a run of rows is, if it is one."""
    parts = find_columns(run.rows)
    several = [row for row in run.rows if len(row) > 1]
    if not parts or len(several) < (MIN_ROWS if len(parts) == 1 else 2):
        return None
    left, right = min(row[0].x0 for row in run.rows), max(row[-1].x1 for row in run.rows)
    placed: list[Placed] = []
    stands: list[list[Span]] = [[] for _ in range(len(parts) + 1)]
    for number_of_row, row in enumerate(run.rows):
        for span in row:
            first, last = columns_of(span, parts, left, right)
            before = placed[-1] if placed and placed[-1].row == number_of_row else None
            if before is not None and before.last >= first:
                # Two cells of one column: it was not parted there, so they are one.
                placed[-1] = Placed(before.words + span.words, number_of_row, before.first, max(before.last, last))
                continue
            placed.append(Placed(span.words, number_of_row, first, last))
            if first == last and len(row) > 1:
                stands[first].append(span)
    if not all(_is_column(column, frame.height, texts) for column in stands[1:]):
        return None
    columns = column_kinds(placed, len(parts) + 1, texts)
    kinds = row_kinds(placed, len(run.rows), columns, texts)
    lines = [tuple(cell.words for cell in placed if cell.row == place) for place in range(len(run.rows))]
    return FoundTable(run.start, run.start + len(run.rows), tuple(placed), columns, kinds, tuple(lines))


def _is_column(spans: Sequence[Span], height: float, texts: Sequence[str]) -> bool:
    """Whether cells are a column: of numbers, or aligned at their left or right end."""
    if len(spans) < 2:
        return False
    numbers = sum(number(cell_text(span.words, texts)) is not None for span in spans)
    if numbers >= MIN_NUMBERS * len(spans):
        return True
    for ends in ([span.x0 for span in spans], [span.x1 for span in spans]):
        best = max(sum(abs(end - other) < ALIGNED * height for other in ends) for end in ends)
        if best >= MIN_ALIGNED * len(spans):
            return True
    return False
