"""`find_fields`: the fields of a bill, from the words of its pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ocr_doc.core.field_records import Field, Fields
from ocr_doc.core.records import Page, Word
from ocr_doc.fields.amounts import CURRENCIES, decimal_sign, numbers_in
from ocr_doc.fields.entries import labelled_amounts
from ocr_doc.fields.issued import find_date, find_number
from ocr_doc.fields.items import find_items
from ocr_doc.fields.rows import Row, page_rows
from ocr_doc.fields.totals import find_totals, word_confidence
from ocr_doc.fields.vendor import find_vendor

# How far a currency without an amount is to be believed. Only such signs are looked for as hardly mean anything else.
LONE_SIGN = 0.7
_SIGN = re.compile(r"(?<!\w)(?:RM|MYR|EUR|USD|GBP|CHF|SGD|[€£])(?!\w)")


def find_fields(pages: Iterable[Page]) -> Fields:
    """Finds the fields of a bill.

    All pages are taken as one bill. What is not there, or not surely enough, is absent from the result; a page that is
    no bill has at most a date and a name.

    Args:
        pages: As read, with blocks.
    """
    rows = [row for page in pages for row in page_rows(page)]
    if not rows:
        return Fields()
    sign = decimal_sign(row.text for row in rows)
    entries = labelled_amounts(rows, sign)
    totals = find_totals(rows, entries)
    items, added_up = find_items(rows, entries, sign) if totals.total is not None else ((), None)
    currency = _currency(rows, sign)
    number = find_number(rows)
    vendor, address = find_vendor(rows, is_bill=totals.total is not None)
    return Fields(
        vendor=vendor,
        address=address,
        date=find_date(rows, currency.value if currency else ""),
        invoice_number=number,
        currency=currency,
        total=totals.total,
        tax=totals.tax,
        items=items,
        checks=(*totals.checks, *([added_up] if added_up is not None else [])),
    )


def _currency(rows: Sequence[Row], sign: str) -> Field | None:
    """The currency whose sign stands beside most amounts."""
    votes: Counter[str] = Counter()
    first: dict[str, tuple[int, tuple[Word, ...]]] = {}
    for row in rows:
        for number in numbers_in(row.text, sign):
            if number.currency:
                votes[number.currency] += 1
                first.setdefault(number.currency, (row.page, row.words_in(number.start, number.end)))
    if not votes:
        return _lone_currency(rows)
    [(code, count)] = votes.most_common(1)
    page, words = first[code]
    trust = 0.95 * count / votes.total()
    return Field(code, page, words, trust * word_confidence(words), "sign")


def _lone_currency(rows: Sequence[Row]) -> Field | None:
    """The one currency that stands alone, as in the head of a column; None where there are several."""
    alone = [
        (CURRENCIES[match.group()], row, match.span())
        for row in rows
        for match in _SIGN.finditer(row.text)
        if match.group() in CURRENCIES
    ]
    if not alone or len({code for code, _, _ in alone}) > 1:
        return None
    code, row, (start, end) = alone[0]
    words = row.words_in(start, end)
    return Field(code, row.page, words, LONE_SIGN * word_confidence(words), "sign")
