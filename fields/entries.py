"""Labelled amounts: which amount stands beside which label, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from ocr_doc.core.records import Word
from ocr_doc.fields.amounts import Number, numbers_in, torn_amount
from ocr_doc.fields.dates import dates_in
from ocr_doc.fields.labels import Label, find_labels
from ocr_doc.fields.phrases import Kind
from ocr_doc.fields.rows import Row

# Adjustments up to this much are roundings.
MAX_ROUNDING = Decimal("0.05")
# A tax is less than this part of the largest sum with a label.
MAX_TAX = Decimal("0.35")
# "Total included GST" may mean the total or the tax: below this part of the largest sum it is the tax.
MAX_INCLUDED_TAX = Decimal("0.22")
# A label and an amount in neighbouring rows belong together up to this distance of the rows, in text heights.
NEXT_ROW = 2.2


class Role(Enum):
    """What an amount is, by its label."""

    FINAL = "to be paid, after all"
    INCLUSIVE = "total with tax"
    TOTAL = "total"
    SUBTOTAL = "before tax, service or discount"
    EXCLUSIVE = "total without tax"
    TAX = "tax"
    ROUNDING = "rounding"
    PAID = "paid"
    CHANGE = "change"
    DISCOUNT = "discount"
    SERVICE = "service charge"
    COUNT = "beside a number of things"
    SUMMARY = "in the table of taxes"
    NONE = "no label"


# What a kind of label makes of an amount whatever else is said, and what it makes of one that is no total.
_SURE = (
    (Kind.SUMMARY, Role.SUMMARY),
    (Kind.CHANGE, Role.CHANGE),
    (Kind.DISCOUNT, Role.DISCOUNT),
    (Kind.ROUNDING, Role.ROUNDING),
)
_WEAKER = (
    (Kind.SUBTOTAL, Role.SUBTOTAL),
    (Kind.COUNT, Role.COUNT),
    (Kind.SERVICE, Role.SERVICE),
    (Kind.TAX, Role.TAX),
    (Kind.PAID, Role.PAID),
)
_SUM_KINDS = {Kind.TOTAL, Kind.INCLUSIVE}
# Labels that are so sure to have an amount that figures without a decimal sign are taken for one.
_PROMISING = (Role.FINAL, Role.TOTAL, Role.INCLUSIVE, Role.EXCLUSIVE, Role.SUBTOTAL, Role.PAID, Role.CHANGE)


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount and what its label says of it.

    Attributes:
        row: Number of the row, from 0.
        role: What it is.
        number: The amount.
        words: Those of the amount.
        label: As it stands on the page.
        first: Whether it is the first amount beside its label; a later one may belong to another column.
    """

    row: int
    role: Role
    number: Number
    words: tuple[Word, ...]
    label: str = ""
    first: bool = True


def labelled_amounts(rows: Sequence[Row], sign: str) -> list[Entry]:
    """All amounts of money of a document, top to bottom, each with its label's meaning."""
    found: list[Entry] = []
    orphans: list[tuple[int, Role, str]] = []
    summary = False
    for index, row in enumerate(rows):
        labels = find_labels(row.text)
        numbers = [number for number in numbers_in(row.text, sign) if number.is_money]
        entries, orphan = _row_entries(index, row, labels, numbers)
        kinds = [kind for label in labels for kind in label.kinds]
        if Kind.SUMMARY in kinds and not any(entry.role is Role.FINAL for entry in entries):
            summary = True
        elif any(entry.role in (Role.FINAL, Role.PAID, Role.CHANGE, Role.ROUNDING) for entry in entries):
            summary = False
        if summary:
            entries = [_in_summary(entry) for entry in entries]
        found += entries
        if orphan is not None and not summary:
            orphans.append((index, *orphan))
    return _plausible(_with_neighbours(rows, found, orphans))


def role_of(labels: Sequence[Label]) -> Role:
    """What an amount with these labels before it is."""
    if not labels:
        return Role.NONE
    sets = [label.kinds for label in labels]
    kinds: set[Kind] = set().union(*sets)
    if Kind.FINAL in kinds:
        return Role.EXCLUSIVE if Kind.EXCLUSIVE in kinds else Role.FINAL  # "Rechnungssumme netto"
    surely = next((role for kind, role in _SURE if kind in kinds), None)
    if surely is not None:
        return surely
    if Kind.TOTAL in kinds:
        return _total_role(sets, kinds)
    if Kind.AMOUNT in kinds and kinds & {Kind.INCLUSIVE, Kind.EXCLUSIVE}:
        return Role.INCLUSIVE if Kind.INCLUSIVE in kinds else Role.EXCLUSIVE
    return next((role for kind, role in _WEAKER if kind in kinds), Role.NONE)


def _total_role(sets: Sequence[frozenset[Kind]], kinds: set[Kind]) -> Role:
    """What a total is a total of."""
    if kinds & {Kind.EXCLUSIVE, Kind.SUBTOTAL}:
        return Role.EXCLUSIVE
    total = next(i for i, each in enumerate(sets) if Kind.TOTAL in each)
    tax = next((i for i, each in enumerate(sets) if Kind.TAX in each), None)
    if Kind.INCLUSIVE in kinds and (tax is None or total < tax):
        return Role.INCLUSIVE
    if tax is not None:  # "GST included in total", "Tax total", "Total GST"
        return Role.TAX
    return Role.SERVICE if Kind.SERVICE in kinds else Role.TOTAL


def _row_entries(
    index: int, row: Row, labels: Sequence[Label], numbers: Sequence[Number]
) -> tuple[list[Entry], tuple[Role, str] | None]:
    """The amounts of a row; and, where labels at its end have no amount, what they ask for."""
    found: list[Entry] = []
    start, role, text = 0, Role.NONE, ""
    for number in numbers:
        here = [label for label in labels if start <= label.start < number.start]
        first = bool(here) or not found
        if here:
            role, text = role_of(here), row.text[here[0].start : here[-1].end].replace("\t", " ")
            if role is Role.ROUNDING and abs(number.value) > MAX_ROUNDING:
                role = Role.FINAL  # what came of the rounding
        start = number.end
        found.append(Entry(index, role, number, row.words_in(number.start, number.end), text, first))
    rest = [label for label in labels if label.start >= start]
    role = role_of(rest)
    if not rest or role in (Role.NONE, Role.COUNT, Role.SUMMARY) or heads_columns(labels):
        return found, None
    letters = [sum(c.isalpha() for c in row.text[label.start : label.end]) for label in rest]
    if 2 * sum(letters) < sum(c.isalpha() for c in row.text[start:]):
        return found, None  # a word in a text, such as the card in "Privilege card of the house"
    torn = None
    if role in _PROMISING and not dates_in(row.text):
        torn = torn_amount(row.text, rest[-1].end, len(row.text))
    text = row.text[rest[0].start : rest[-1].end].replace("\t", " ")
    if torn is not None:
        found.append(Entry(index, role, torn, row.words_in(torn.start, torn.end), text))
        return found, None
    return found, (role, text)


def heads_columns(labels: Sequence[Label]) -> bool:
    """Whether the labels are the heads of columns: two or more kinds of them."""
    heads = {Kind.DESCRIPTION, Kind.PRICE, Kind.COUNT, Kind.AMOUNT}
    return len({kind for label in labels for kind in label.kinds & heads}) >= 2


def _in_summary(entry: Entry) -> Entry:
    if entry.role in (Role.FINAL, Role.PAID, Role.CHANGE, Role.ROUNDING):
        return entry
    return replace(entry, role=Role.SUMMARY)


def _plausible(entries: Sequence[Entry]) -> list[Entry]:
    """Mends labels by their amounts: a tax that is most of the total is a sum whose label was misread, and so on."""
    largest = _largest_sum(entries)
    mended: list[Entry] = []
    for place, each in enumerate(entries):
        value = each.number.value
        beside = entries[place + 1].number.value if place + 1 < len(entries) else None
        in_row = place + 1 < len(entries) and entries[place + 1].row == each.row
        if each.role is Role.TAX and each.first and in_row and beside is not None and 0 <= beside < value:
            # "GST 6% 89.00 5.04": what is taxed, then the tax.
            mended.append(replace(each, role=Role.SUMMARY))
        elif each.role is Role.TAX and not each.first and mended and mended[-1].row == each.row:
            mended.append(replace(each, first=mended[-1].role is Role.SUMMARY))
        elif each.role is Role.TAX and value > MAX_TAX * largest and (largest or _kinds(each.label) & _SUM_KINDS):
            mended.append(replace(each, role=Role.SUBTOTAL))
        elif each.role is Role.INCLUSIVE and value < MAX_INCLUDED_TAX * largest and Kind.TAX in _kinds(each.label):
            mended.append(replace(each, role=Role.TAX))  # "Total included GST"
        else:
            mended.append(each)
    return mended


def _largest_sum(entries: Sequence[Entry]) -> Decimal:
    """The largest amount that is labelled as a sum, or that was paid, less the change."""
    sums = (Role.FINAL, Role.TOTAL, Role.INCLUSIVE, Role.SUBTOTAL, Role.EXCLUSIVE)
    values = [each.number.value for each in entries if each.role in sums]
    paid = [abs(each.number.value) for each in entries if each.role is Role.PAID]
    change = [abs(each.number.value) for each in entries if each.role is Role.CHANGE]
    if paid and change:
        values.append(max(paid) - max(change))
    return max(values, default=Decimal(0))


def _kinds(text: str) -> set[Kind]:
    return {kind for label in find_labels(text) for kind in label.kinds}


def _with_neighbours(
    rows: Sequence[Row], entries: Sequence[Entry], orphans: Sequence[tuple[int, Role, str]]
) -> list[Entry]:
    """Gives amounts that stand alone in their row to a label without amount in the row beside it."""
    found = list(entries)
    for index, role, text in orphans:
        for other in (index + 1, index - 1):
            alone = [i for i, each in enumerate(found) if each.row == other and each.role is Role.NONE and each.first]
            if not alone or not 0 <= other < len(rows) or rows[other].page != rows[index].page:
                continue
            place = found[alone[0]]
            bare = place.number.start == 0 or not any(c.isalpha() for c in rows[other].text[: place.number.start])
            gap = abs(rows[other].box[1] + rows[other].box[3] - rows[index].box[1] - rows[index].box[3]) / 2
            if bare and gap <= NEXT_ROW * rows[index].height:
                found[alone[0]] = Entry(place.row, role, place.number, place.words, text)
                break
    return found
