"""Tables without rules: rows that follow one another and whose cells stand below one another.

What a column holds is told by its cells: numbers or words, cents or none, and whether quantity times unit price makes
the amount. What a row is follows from that: an item has an amount, a total adds amounts up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ocr_doc.core.records import ColumnKind, RowKind
from ocr_doc.layout.amounts import has_cents, number
from ocr_doc.layout.cells import Span, columns_of, find_columns, row_cells
from ocr_doc.layout.frame import Frame
from ocr_doc.layout.order import Row

# A table has so many rows of several cells; two do where they have three cells or more.
MIN_ROWS = 3
# It ends at white of so many heights of text, or after so many rows of a single cell.
MAX_GAP = 2.6
MAX_SINGLE = 2
# Of a column's cells, how many must begin or end at one place (within so many heights), or hold numbers.
MIN_ALIGNED = 0.6
ALIGNED = 0.6
MIN_NUMBERS = 0.6
# Of the rows with three numbers, how many must multiply for columns to be quantity, price and amount.
MIN_PRODUCTS = 0.6
CENT = 0.011

_TOTAL = re.compile(
    r"\W*(sub|grand|net|gross|zwischen)?[\s-]*"
    r"(total|totaal|totale|totaux|summe|gesamt\w*|endbetrag|zu zahlen|amount due|balance|somme|montant|importe|suma|"
    r"importo|somma|jumlah|rounding|round|tax|vat|gst|mwst|ust|tva|iva|ppn|cash|change|visa|bar|rückgeld)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell in its table: words, row, first and last column."""

    words: tuple[int, ...]
    row: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table among the rows of a region.

    Attributes:
        start, end: Its rows, the last one not included.
        cells: Row by row, from left to right.
        columns: What each column holds.
        kinds: What each row is.
    """

    start: int
    end: int
    cells: tuple[Placed, ...]
    columns: tuple[ColumnKind, ...]
    kinds: tuple[RowKind, ...]


@dataclass
class _Run:
    """Rows that may be a table, while they are gathered."""

    start: int
    rows: list[list[Span]] = field(default_factory=list)


def find_tables(rows: Sequence[Row], frame: Frame, texts: Sequence[str]) -> list[FoundTable]:
    """The tables among rows that follow one another, from the top down."""
    spans = [row_cells(row, frame) for row in rows]
    tables = []
    for run in _runs(rows, spans, frame.height):
        table = _table(run, frame, texts)
        if table is not None:
            tables.append(table)
    return tables


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
    columns = _column_kinds(placed, len(parts) + 1, texts)
    kinds = _row_kinds(placed, len(run.rows), columns, texts)
    return FoundTable(run.start, run.start + len(run.rows), tuple(placed), columns, kinds)


def _is_column(spans: Sequence[Span], height: float, texts: Sequence[str]) -> bool:
    """Whether cells are a column: of numbers, or aligned at their left or right end."""
    if len(spans) < 2:
        return False
    numbers = sum(number(_text(span.words, texts)) is not None for span in spans)
    if numbers >= MIN_NUMBERS * len(spans):
        return True
    for ends in ([span.x0 for span in spans], [span.x1 for span in spans]):
        best = max(sum(abs(end - other) < ALIGNED * height for other in ends) for end in ends)
        if best >= MIN_ALIGNED * len(spans):
            return True
    return False


def _text(words: Sequence[int], texts: Sequence[str]) -> str:
    return " ".join(texts[i] for i in words)


def _column_kinds(placed: Sequence[Placed], count: int, texts: Sequence[str]) -> tuple[ColumnKind, ...]:
    """What each column holds."""
    values: list[dict[int, float]] = [{} for _ in range(count)]
    cents, filled = [0] * count, [0] * count
    for cell in placed:
        if cell.first == cell.last:
            text = _text(cell.words, texts)
            value = number(text)
            filled[cell.first] += 1
            cents[cell.first] += has_cents(text)
            if value is not None:
                values[cell.first][cell.row] = value
    kinds: list[ColumnKind] = ["text"] * count
    numeric = [c for c in range(count) if len(values[c]) >= max(MIN_NUMBERS * filled[c], 1)]
    for column in numeric:
        kinds[column] = "number"
    money = [c for c in numeric if cents[c] >= 0.5 * filled[c]]
    if money:
        kinds[money[-1]] = "amount"
    best = (0, 0.0)
    for quantity, price, amount in combinations(numeric, 3):
        shared = values[quantity].keys() & values[price].keys() & values[amount].keys()
        products = {row: (values[quantity][row] * values[price][row], values[amount][row]) for row in shared}
        fit = [row for row, (product, paid) in products.items() if paid and abs(product - paid) <= CENT]
        if fit and len(fit) >= MIN_PRODUCTS * len(shared) and (len(fit), amount) > best:
            best = (len(fit), amount)
            swapped = cents[quantity] > cents[price]
            kinds = ["number" if kind in ("quantity", "unit_price", "amount") else kind for kind in kinds]
            kinds[price if swapped else quantity] = "quantity"
            kinds[quantity if swapped else price] = "unit_price"
            kinds[amount] = "amount"
    return tuple(kinds)


def _row_kinds(
    placed: Sequence[Placed], count: int, columns: Sequence[ColumnKind], texts: Sequence[str]
) -> tuple[RowKind, ...]:
    """What each row is."""
    amounts = [column for column, kind in enumerate(columns) if kind == "amount"]
    kinds: list[RowKind] = ["text"] * count
    if not amounts:
        return tuple(kinds)
    items: list[float] = []
    total = False
    for row in range(count):
        cells = [cell for cell in placed if cell.row == row]
        label = _text(cells[0].words, texts) if cells else ""
        found = [number(_text(cell.words, texts)) for cell in cells if cell.first <= amounts[0] <= cell.last]
        amount = next((value for value in found if value is not None), None)
        if amount is not None:
            adds_up = len(items) > 1 and abs(sum(items) - amount) <= CENT
            total = total or adds_up or bool(_TOTAL.match(label))
            kinds[row] = "total" if total else "item"
            items.append(amount)
        elif len(cells) > 1 and not items and all(number(_text(cell.words, texts)) is None for cell in cells):
            kinds[row] = "header"
        elif len(cells) == 1 and items and not total:
            kinds[row] = "continuation"
    return tuple(kinds)
