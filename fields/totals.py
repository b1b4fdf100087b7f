"""Which of the labelled amounts is the total, and which the tax: by label, place and arithmetic.

No label decides alone. Each amount collects points for its label and for each sum of the page that it takes part in
(paid less change, subtotal and tax, the total before rounding and the adjustment), so that a misread label or digit is
outvoted by what the rest of the page says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from ocr_doc.core.field_records import Check, Field, FieldRule
from ocr_doc.fields.amounts import Number, written
from ocr_doc.fields.entries import MAX_ROUNDING, Entry, Role
from ocr_doc.fields.rows import Row

# How far each label is to be believed to name what was to be paid.
LABEL_TRUST = {
    Role.FINAL: 1.1,
    Role.INCLUSIVE: 0.85,
    Role.TOTAL: 0.85,
    Role.SUBTOTAL: 0.45,
    Role.EXCLUSIVE: 0.35,
    Role.PAID: 0.3,
    Role.COUNT: 0.1,
    Role.SUMMARY: 0.1,
}
# Points for sums that an amount takes part in.
PAYMENT_POINTS, PAID_POINTS, PARTS_POINTS, ROUNDED_POINTS, AGAIN_POINTS = 0.35, 0.1, 0.15, 0.2, 0.05
# Fewer points than this name no total.
LEAST_POINTS = 0.3
# Rates of tax on one bill, at most.
MAX_RATES = 5


@dataclass(frozen=True, slots=True)
class Totals:
    """Total and tax, with the sums that were worked out again."""

    total: Field | None
    tax: Field | None
    checks: tuple[Check, ...]
    row: int | None = None


def find_totals(rows: Sequence[Row], entries: Sequence[Entry]) -> Totals:
    """Finds total and tax among the amounts of a document.

    Args:
        rows: Of the document.
        entries: Its amounts, from `labelled_amounts`.
    """
    if credit := _credit(entries):
        return Totals(_field(rows, credit, "label", min(LABEL_TRUST[credit.role], 1.0)), None, (), credit.row)
    best = _best_total(entries)
    if best is None:
        return Totals(None, None, ())
    entry, points, rule = best
    total = _field(rows, entry, rule, min(points, 1.0))
    value = entry.number.value
    tax, tax_check = _tax(rows, entries, value)
    checks = [check for check in (_payment(entries, value), _rounding(entries, value), tax_check) if check is not None]
    return Totals(total, tax, tuple(checks), entry.row)


def _credit(entries: Sequence[Entry]) -> Entry | None:
    """What a credit note gives back: its last sum to be paid, if all of them are below nothing."""
    sums = [e for e in entries if e.first and e.number.value and e.role in (Role.FINAL, Role.INCLUSIVE, Role.TOTAL)]
    if not sums or any(e.number.value > 0 for e in sums):
        return None
    return max(sums, key=lambda e: (e.role is Role.FINAL, e.row))


def word_confidence(words: Iterable[object]) -> float:
    """How surely words were read: the least sure one's confidence."""
    return min((float(getattr(word, "confidence")) for word in words), default=1.0)  # noqa: B009


def _field(rows: Sequence[Row], entry: Entry, rule: FieldRule, trust: float) -> Field:
    confidence = trust * entry.number.trust * word_confidence(entry.words)
    return Field(written(entry.number.value), rows[entry.row].page, entry.words, confidence, rule, entry.label)


def _best_total(entries: Sequence[Entry]) -> tuple[Entry, float, FieldRule] | None:
    """The amount with the most points, its points, and whether its label or the sums decided."""
    scored = []
    for entry in entries:
        if entry.number.value <= 0 or entry.role in (Role.CHANGE, Role.ROUNDING, Role.DISCOUNT, Role.TAX, Role.SERVICE):
            continue
        label = LABEL_TRUST.get(entry.role, 0.0) * (1.0 if entry.first else 0.3) * entry.number.trust
        support = _support(entry, entries)
        scored.append((label + support, entry.row, label, entry))
    if not scored:
        return None
    points, _, label, entry = max(scored, key=lambda each: each[:2])
    if points < LEAST_POINTS:
        return None
    entry = _rounded(entry, entries)
    # The same amount may stand there more than once: what its best label says, is said of it.
    same = [each for each in scored if each[3].number.value == entry.number.value]
    _, _, label, entry = max(same, key=lambda each: (each[2], each[0]))
    return entry, points, "label" if label >= LEAST_POINTS else "arithmetic"


def _rounded(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """The amount after rounding, where one below a total and its adjustment is what both make; else the total."""
    value = entry.number.value
    rounding = next((e for e in entries if e.role is Role.ROUNDING and e.row >= entry.row and e.number.value), None)
    if rounding is None or _is_round(value) or entry.role is Role.FINAL:
        return entry
    outcomes = [value + rounding.number.value, value - rounding.number.value]
    later = [e for e in entries if e.row > rounding.row and e.number.value in outcomes and _is_round(e.number.value)]
    return min(later, key=lambda e: (outcomes.index(e.number.value), e.row)) if later else entry


def _support(entry: Entry, entries: Sequence[Entry]) -> float:
    """Points for the sums of the page that an amount takes part in."""
    value, support = entry.number.value, 0.0
    paid, change = _values(entries, Role.PAID), _values(entries, Role.CHANGE)
    if any(p - c == value for p in paid for c in change):
        support += PAYMENT_POINTS
    elif entry.role is not Role.PAID and value in paid:
        support += PAID_POINTS
    before = _values(entries, Role.SUBTOTAL, Role.EXCLUSIVE)
    taxes, services = _values(entries, Role.TAX), [Decimal(0), *_values(entries, Role.SERVICE)]
    if any(b + t + s == value for b in before for t in taxes if t for s in services):
        support += PARTS_POINTS
    for rounding in _values(entries, Role.ROUNDING):
        # A rounding of nothing tells nothing, and its sign is easily lost.
        if rounding and abs(rounding) <= MAX_ROUNDING:
            bases = _values(entries, Role.TOTAL, Role.INCLUSIVE, Role.FINAL, Role.SUBTOTAL)
            if any(abs(base - value) == abs(rounding) for base in bases) and _is_round(value):
                support += ROUNDED_POINTS
                break
    again = sum(other is not entry and other.number.value == value and other.first for other in entries)
    return support + AGAIN_POINTS * min(again, 2)


def _is_round(value: Decimal) -> bool:
    """Whether an amount can be the outcome of rounding: whole units of five cents."""
    return value % MAX_ROUNDING == 0


def _values(entries: Sequence[Entry], *roles: Role) -> list[Decimal]:
    # Money given is printed as less than nothing by some tills.
    given = (Role.PAID, Role.CHANGE)
    values = [
        e.number.value if e.role not in given else abs(e.number.value) for e in entries if e.role in roles and e.first
    ]
    return list(dict.fromkeys(values))


def _payment(entries: Sequence[Entry], total: Decimal) -> Check | None:
    pairs = [(p, c) for p in _values(entries, Role.PAID) for c in _values(entries, Role.CHANGE) if p >= c]
    if not pairs:
        return None
    paid, change = min(pairs, key=lambda pair: abs(pair[0] - pair[1] - total))
    detail = f"{written(paid)} - {written(change)} = {written(paid - change)}"
    return Check("payment", paid - change == total, detail)


def _rounding(entries: Sequence[Entry], total: Decimal) -> Check | None:
    adjustments = [value for value in _values(entries, Role.ROUNDING) if abs(value) <= MAX_ROUNDING]
    bases = _values(entries, Role.TOTAL, Role.INCLUSIVE, Role.FINAL, Role.SUBTOTAL)
    if not adjustments or not bases:
        return None
    adjustment = adjustments[0]
    # The adjustment's sign is easily lost; the total itself is a base only of an adjustment of nothing.
    base = min(bases, key=lambda value: (abs(abs(value - total) - abs(adjustment)), value == total))
    signed = abs(adjustment) if base <= total else -abs(adjustment)
    detail = f"{written(base)} {'+' if signed >= 0 else '-'} {written(abs(signed))} = {written(base + signed)}"
    return Check("rounding", base + signed == total, detail)


def _tax(rows: Sequence[Row], entries: Sequence[Entry], total: Decimal) -> tuple[Field | None, Check | None]:
    """The tax: the labelled amount that makes up the total with another one; else the first labelled one."""
    candidates = [e for e in entries if e.role is Role.TAX and 0 <= e.number.value < total]
    columns = [e for e in entries if e.role is Role.SUMMARY and not e.first and 0 <= e.number.value < total]
    before = {e.number.value for e in entries if e.role in (Role.SUBTOTAL, Role.EXCLUSIVE, Role.SUMMARY)}
    before |= {e.number.value for e in entries if e.role in (Role.COUNT, Role.TOTAL) and e.number.value < total}
    slack = max((abs(v) for v in _values(entries, Role.ROUNDING) if abs(v) <= MAX_ROUNDING), default=Decimal(0))
    for entry in (*candidates, *columns):
        value = entry.number.value
        fitting = [b for b in before if value and abs(b + value - total) <= slack]
        if fitting:
            base = min(fitting, key=lambda b: abs(b + value - total))
            detail = f"{written(base)} + {written(value)} = {written(base + value)}"
            return _field(rows, entry, "label", 0.95), Check("tax", holds=True, detail=detail)
    if several := _several_rates(entries, total):
        base, parts = several
        value, words = sum((e.number.value for e in parts), Decimal(0)), tuple(word for e in parts for word in e.words)
        confidence = 0.95 * min(e.number.trust for e in parts) * word_confidence(words)
        field = Field(written(value), rows[parts[0].row].page, words, confidence, "arithmetic", parts[0].label)
        detail = " + ".join(written(each) for each in (base, *(e.number.value for e in parts)))
        return field, Check("tax", holds=True, detail=f"{detail} = {written(total)}")
    if not candidates:
        return None, None
    entry = max(candidates, key=lambda e: (e.number.value > 0, -e.row))
    return _field(rows, entry, "label", 0.7), _failed_tax(entries, entry.number, total)


def _several_rates(entries: Sequence[Entry], total: Decimal) -> tuple[Decimal, tuple[Entry, ...]] | None:
    """What a total is without taxes of several rates, and these: one amount of each row with a tax."""
    rates: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.role is Role.TAX and 0 < entry.number.value < total:
            rates.setdefault(entry.row, []).append(entry)
    if not 2 <= len(rates) <= MAX_RATES:
        return None
    for base in _values(entries, Role.EXCLUSIVE, Role.SUBTOTAL):
        for parts in product(*rates.values()):
            if base + sum(entry.number.value for entry in parts) == total:
                return base, parts
    return None


def _failed_tax(entries: Sequence[Entry], tax: Number, total: Decimal) -> Check | None:
    before, others = _values(entries, Role.EXCLUSIVE), _values(entries, Role.SERVICE, Role.DISCOUNT, Role.TAX)
    # With several rates, charges or discounts in between, the page does not say that the two make the total.
    if len(before) != 1 or others != [tax.value] or not tax.value:
        return None
    [base] = before
    detail = f"{written(base)} + {written(tax.value)} = {written(base + tax.value)}, not {written(total)}"
    return Check("tax", base + tax.value == total, detail)
