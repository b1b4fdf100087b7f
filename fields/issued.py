"""When a bill was written and under which number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ocr_doc.core.field_records import Field, FieldRule
from ocr_doc.fields.dates import FoundDate, dates_in, day_month_order
from ocr_doc.fields.labels import Label, find_labels
from ocr_doc.fields.phrases import Kind
from ocr_doc.fields.rows import Row
from ocr_doc.fields.totals import word_confidence

# How far a date is to be believed to be the bill's: beside its label, beside a time of day, anywhere, beside the
# label of another date.
LABELLED, BESIDE_TIME, ALONE, OF_OTHERS = 0.95, 0.85, 0.7, 0.2
_TIME = re.compile(r"\d{1,2} ?[:.] ?\d{2}(?: ?[:.] ?\d{2})?(?: ?[AP]M)?|\d{1,2} ?Uhr|\d{1,2}h\d{2}", re.IGNORECASE)
# An American page: a state and its ZIP code.
_ZIP = re.compile(r"\b[A-Z]{2},? \d{5}(?:-\d{4})?\b")
# A number has a digit, and may have letters, strokes and points between.
_CODE = re.compile(r"[:#\s.]*([A-Z0-9][A-Z0-9/_.\\-]*\d[A-Z0-9/_.\\-]*)", re.IGNORECASE)
_PHONE = re.compile(r"^0\d{1,3}-\d{6,}$")
MIN_CODE = 2


def find_date(rows: Sequence[Row], currency: str = "") -> Field | None:
    """The bill's date as ISO 8601; the reading with day and month exchanged is its alternative."""
    texts = [row.text for row in rows]
    order = day_month_order(texts)
    american = currency == "USD" and any(_ZIP.search(text) for text in texts)
    month_first = order == "mdy" or (order is None and american)
    best: tuple[float, Field] | None = None
    for row in rows:
        labels = find_labels(row.text)
        wanted = any(Kind.DATE in label.kinds for label in labels)
        for found in dates_in(row.text, month_first, compact=wanted):
            trust, rule, label = _date_trust(row, found, labels)
            words = row.words_in(found.start, found.end)
            other = (found.other.isoformat(),) if found.other is not None and order is None else ()
            confidence = trust * found.trust * word_confidence(words) * (0.8 if other else 1.0)
            field = Field(found.value.isoformat(), row.page, words, confidence, rule, label, other)
            # How surely it was read does not make it more of a date: the label and the first place decide.
            if best is None or trust * found.trust > best[0] + 1e-9:
                best = trust * found.trust, field
    return best[1] if best else None


def _date_trust(row: Row, found: FoundDate, labels: Sequence[Label]) -> tuple[float, FieldRule, str]:
    before = [label for label in labels if label.end <= found.start and label.kinds & {Kind.DATE, Kind.OTHER_DATE}]
    if before:
        label = before[-1]
        text = row.text[label.start : label.end]
        if Kind.OTHER_DATE in label.kinds:
            return OF_OTHERS, "format", ""
        return LABELLED, "label", text
    rest = row.text[: found.start] + " " + row.text[found.end :]
    return (BESIDE_TIME if _TIME.search(rest) else ALONE), "format", ""


def find_number(rows: Sequence[Row]) -> Field | None:
    """The bill's number: the first code behind a label that asks for one, the fuller labels first."""
    best: tuple[float, Field] | None = None
    for index, row in enumerate(rows):
        labels = find_labels(row.text)
        for place, label in enumerate(labels):
            if Kind.NUMBER not in label.kinds:
                continue
            end = next((other.start for other in labels[place + 1 :] if other.kinds != {Kind.TITLE}), len(row.text))
            name = row.text[label.start : label.end]
            # "Invoice No" asks for a number; "Invoice" alone may be the page's title.
            trust = 0.9 if Kind.TITLE not in label.kinds else 0.6
            found = _code(row, label.end, end, trust, name) or _code_below(rows, index, label, trust - 0.15, name)
            if found is not None and (best is None or trust > best[0]):
                best = trust, found
    return best[1] if best else None


def _code(row: Row, start: int, end: int, trust: float, label: str) -> Field | None:
    """The code right behind a label, passing over words such as "No" that belong to the label."""
    text = row.text[:end]
    skipped = re.compile(r"[\s:#.,(°º]*(?:(?:no|nr|num|number|id|n|numero|nummer|°|º)\b[\s:#.°º]*)*", re.IGNORECASE)
    gap = skipped.match(text, start)
    match = _CODE.match(text, gap.end() if gap else start)
    if match is None or not _is_code(match.group(1)):
        return None
    first, last = match.span(1)
    words = row.words_in(first, last)
    return Field(match.group(1).rstrip(".-/"), row.page, words, trust * word_confidence(words), "label", label)


def _code_below(rows: Sequence[Row], index: int, label: Label, trust: float, name: str) -> Field | None:
    """The code in the next row that stands under its label: heads of columns over their values."""
    if index + 1 >= len(rows) or rows[index].page != rows[index + 1].page:
        return None
    row, below = rows[index], rows[index + 1]
    x0, _, x1, bottom = row.box_in(label.start, label.end)
    if below.box[1] - bottom > 1.5 * row.height:
        return None
    for start, end in below.cells():
        left, _, right, _ = below.box_in(start, end)
        if left < x1 and right > x0 and not find_labels(below.text, start, end):
            return _code(below, start, end, trust, name)
    return None


def _is_code(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return (
        digits >= MIN_CODE and not dates_in(text) and not _PHONE.match(text) and not re.fullmatch(r"\d+[.,]\d\d", text)
    )
