"""What tables are made of, and what their columns and rows hold.

What a column holds is told by its cells: numbers or words, cents or none, and whether quantity times unit price makes
the amount. What a row is follows from that: an item has an amount, a total adds amounts up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ocr_doc.core.geometry import Box
from ocr_doc.core.records import ColumnKind, RowKind
from ocr_doc.layout.amounts import has_cents, number

# Of a column's cells, how many must be numbers for a column of numbers.
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
    """A cell in its table: words, row, first and last column.

    Of a ruled table also its last row, where that is another, and its rules, in the frame in which text is level.
    """

    words: tuple[int, ...]
    row: int
    first: int
    last: int
    last_row: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table among the rows of a region.

    Attributes:
        start, end: Its rows of words, the last one not included.
        cells: Row by row, from left to right.
        columns: What each column holds.
        kinds: What each row of words is.
        lines: The words of each row of words, cell by cell. A row of a ruled table may hold several of them.
        ruled: Whether printed rules tell its cells.
    """

    start: int
    end: int
    cells: tuple[Placed, ...]
    columns: tuple[ColumnKind, ...]
    kinds: tuple[RowKind, ...]
    lines: tuple[tuple[tuple[int, ...], ...], ...]
    ruled: bool = False


def cell_text(words: Sequence[int], texts: Sequence[str]) -> str:
    """Words of a cell, by number, as text."""
    return " ".join(texts[i] for i in words)


def column_kinds(placed: Sequence[Placed], count: int, texts: Sequence[str]) -> tuple[ColumnKind, ...]:
    """What each column holds."""
    values: list[dict[int, float]] = [{} for _ in range(count)]
    cents, filled = [0] * count, [0] * count
    for cell in placed:
        if cell.first == cell.last:
            text = cell_text(cell.words, texts)
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


def row_kinds(
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
        label = cell_text(cells[0].words, texts) if cells else ""
        found = [number(cell_text(cell.words, texts)) for cell in cells if cell.first <= amounts[0] <= cell.last]
        amount = next((value for value in found if value is not None), None)
        if amount is not None:
            adds_up = len(items) > 1 and abs(sum(items) - amount) <= CENT
            total = total or adds_up or bool(_TOTAL.match(label))
            kinds[row] = "total" if total else "item"
            items.append(amount)
        elif len(cells) > 1 and not items and all(number(cell_text(cell.words, texts)) is None for cell in cells):
            kinds[row] = "header"
        elif len(cells) == 1 and items and not total:
            kinds[row] = "continuation"
    return tuple(kinds)
