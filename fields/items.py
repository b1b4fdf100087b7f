"""Line items: the rows between a bill's head and its sums, with quantity, unit price and amount.

Amounts of items stand in one column, flush right. Quantity and unit price are only taken where they make the amount,
so no number of an article passes for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ocr_doc.core.field_records import Check, Field, LineItem
from ocr_doc.fields.amounts import MONEY_DECIMALS, Number, numbers_in, written
from ocr_doc.fields.entries import Entry, Role, heads_columns
from ocr_doc.fields.labels import find_labels
from ocr_doc.fields.rows import Row
from ocr_doc.fields.totals import word_confidence

# How far the right edges of one column's amounts may differ, in text heights.
COLUMN_SLACK = 2.5
# Letters that make a text a description.
MIN_LETTERS = 3
# What quantity times price may differ from the amount by: both are rounded.
CENT = Decimal("0.01")
# How far items are to be believed: where they add up to a sum of the page, and where not.
ADDED_UP, NOT_ADDED_UP = 0.9, 0.5
_SUMS = (
    Role.FINAL,
    Role.INCLUSIVE,
    Role.TOTAL,
    Role.SUBTOTAL,
    Role.EXCLUSIVE,
    Role.TAX,
    Role.ROUNDING,
    Role.PAID,
    Role.CHANGE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of items: its amount, and quantity and price with the row they stand in."""

    row: int
    amount: Number
    factors: tuple[int, Number, Number] | None = None


@dataclass(frozen=True, slots=True)
class _Texts:
    """Where text without an amount stands: above the first item, below the last. So it does for all of them."""

    above: bool
    below: bool


def find_items(rows: Sequence[Row], entries: Sequence[Entry], sign: str) -> tuple[tuple[LineItem, ...], Check | None]:
    """The items of a bill, and whether they add up to one of its sums.

    Args:
        rows: Of the document.
        entries: Its amounts, from `labelled_amounts`.
        sign: The decimal sign of the page.
    """
    start, end = _area(rows, entries)
    lines = _lines(rows, entries, sign, start, end)
    if not lines:
        return (), None
    check = _check(lines, entries)
    trust = ADDED_UP if check is not None and check.holds else NOT_ADDED_UP
    texts = _Texts(
        above=any(_has_text(rows[i].text) for i in range(start, lines[0].row)),
        below=any(_has_text(rows[i].text) for i in range(lines[-1].row + 1, end)),
    )
    items = [_item(rows, lines, place, (start, end), trust, texts) for place in range(len(lines))]
    return tuple(items), check


def _area(rows: Sequence[Row], entries: Sequence[Entry]) -> tuple[int, int]:
    """The rows between the heads of the columns, or the first amount, and the first sum."""
    sums = [e.row for e in entries if e.role in _SUMS or (e.role is Role.COUNT and _begins_with_count(rows[e.row]))]
    heads = [i for i, row in enumerate(rows) if heads_columns(find_labels(row.text))]
    plain = [e.row for e in entries if e.role in (Role.NONE, Role.COUNT, Role.DISCOUNT)]
    for head in heads:
        end = next((row for row in sums if row > head), len(rows))
        if any(head < row < end for row in plain):
            return head + 1, end
    if not sums or not plain or plain[0] >= sums[-1]:
        return 0, 0
    end = next((row for row in sums if row > plain[0]), len(rows))
    return _text_start(rows, plain[0]), end


def _begins_with_count(row: Row) -> bool:
    labels = find_labels(row.text)
    return bool(labels) and labels[0].start <= 2


def _text_start(rows: Sequence[Row], first: int) -> int:
    """Where a description above the first amount begins: one row up, if that is no row of the head."""
    if first == 0 or find_labels(rows[first - 1].text) or not _has_text(rows[first - 1].text):
        return first
    return first - 1


def _lines(rows: Sequence[Row], entries: Sequence[Entry], sign: str, start: int, end: int) -> list[_Line]:
    """The rows whose last amount stands in the column of amounts."""
    last: dict[int, Entry] = {}
    for entry in entries:
        if start <= entry.row < end and entry.role in (Role.NONE, Role.COUNT, Role.DISCOUNT) and entry.number.decimals:
            last[entry.row] = entry
    rights = {i: rows[i].box_in(e.number.start, e.number.end)[2] for i, e in last.items()}
    if not rights:
        return []
    edge = sorted(rights.values())[len(rights) // 2]
    kept = [i for i in sorted(last) if abs(rights[i] - edge) <= COLUMN_SLACK * rows[i].height]
    lines = []
    for place, i in enumerate(kept):
        until = kept[place + 1] if place + 1 < len(kept) else end
        since = kept[place - 1] + 1 if place else start
        amount = last[i].number
        if amount.value == 0 and last[i].role is Role.DISCOUNT:
            continue
        lines.append(_Line(i, amount, _factors(rows, i, amount, sign, range(since, until))))
    return lines


def _factors(rows: Sequence[Row], i: int, amount: Number, sign: str, near: range) -> tuple[int, Number, Number] | None:
    """Quantity and unit price that make the amount: in its own row, else in one that has no amount of its own."""
    for row in (i, *(j for j in (i + 1, i - 1) if j in near)):
        numbers = [n for n in numbers_in(rows[row].text, sign) if n.value > 0 and (row != i or n.start < amount.start)]
        pairs = [(q, p) for q in numbers for p in numbers if q is not p and _makes(q, p, amount)]
        if pairs:
            # The price is the one with cents; a whole number before it is how many.
            quantity, price = min(
                pairs, key=lambda pair: (pair[1].decimals < MONEY_DECIMALS, pair[0].value % 1 != 0, pair[0].start)
            )
            return row, quantity, price
    return None


def _makes(quantity: Number, price: Number, amount: Number) -> bool:
    if price.decimals < MONEY_DECIMALS and quantity.decimals < MONEY_DECIMALS:
        return False
    return abs(quantity.value * price.value - amount.value) < CENT


def _item(
    rows: Sequence[Row], lines: Sequence[_Line], place: int, area: tuple[int, int], trust: float, texts: _Texts
) -> LineItem:
    line = lines[place]
    amount = _field(rows, line.row, line.amount, trust)
    quantity = price = None
    cut = line.amount.start
    if line.factors is not None:
        row, first, second = line.factors
        quantity, price = _field(rows, row, first, trust), _field(rows, row, second, trust)
        if row == line.row:
            cut = min(cut, first.start, second.start)
    since = lines[place - 1].row + 1 if place else area[0]
    until = lines[place + 1].row if place + 1 < len(lines) else area[1]
    used = {line.factors[0]} if line.factors is not None else set()
    description = _description(rows, line.row, cut, trust)
    others = range(line.row + 1, until) if texts.below and not texts.above else range(since, line.row)
    if texts.above or description is None:
        beside = [i for i in others if i not in used and _has_text(rows[i].text)]
        description = _description(rows, beside[0], len(rows[beside[0]].text), trust) if beside else description
    return LineItem(amount, description, quantity, price)


def _description(rows: Sequence[Row], i: int, end: int, trust: float) -> Field | None:
    text = rows[i].text[:end]
    if not _has_text(text):
        return None
    words = rows[i].words_in(0, len(text.rstrip()))
    return Field(" ".join(text.split()), rows[i].page, words, trust * word_confidence(words), "position")


def _has_text(text: str) -> bool:
    return sum(c.isalpha() for c in text) >= MIN_LETTERS


def _field(rows: Sequence[Row], row: int, number: Number, trust: float) -> Field:
    words = rows[row].words_in(number.start, number.end)
    value = written(number.value) if number.decimals == MONEY_DECIMALS else format(number.value.normalize(), "f")
    return Field(value, rows[row].page, words, trust * number.trust * word_confidence(words), "position")


def _check(lines: Sequence[_Line], entries: Sequence[Entry]) -> Check | None:
    """Whether the items add up to one of the sums."""
    sums = [e.number.value for e in entries if e.role in (*_SUMS[:5], Role.COUNT) and e.first]
    if not sums:
        return None
    added = sum((line.amount.value for line in lines), Decimal(0))
    nearest = min(sums, key=lambda value: abs(value - added))
    terms = " + ".join(written(line.amount.value) for line in lines).replace("+ -", "- ")
    detail = f"{terms} = {written(added)}" + ("" if added == nearest else f", not {written(nearest)}")
    return Check("items", added == nearest, detail)
