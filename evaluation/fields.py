"""Fields of bills, found against labelled: exact matches after both are brought into one form.

Names and addresses are compared by letters and digits alone, in upper case; totals by value; dates as days. A labelled
date whose order its figures do not tell has the day first, as SROIE's labels have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from ocr_doc.core.field_records import Fields
from ocr_doc.evaluation.texts import Rate
from ocr_doc.fields.dates import dates_in

FIELDS = ("company", "date", "total", "address")


def found_fields(fields: Fields | None) -> tuple[tuple[str, str], ...] | None:
    """A document's fields by the names of labelled sets; None where none were looked for."""
    if fields is None:
        return None
    found = {"company": fields.vendor, "date": fields.date, "total": fields.total, "address": fields.address}
    return tuple((name, field.value) for name, field in found.items() if field is not None)


def field_matches(truth: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> dict[str, Rate]:
    """Whether each labelled field was found as labelled, as "field_total" and so on; only labelled ones count."""
    values = dict(found)
    return {
        f"field_{name}": Rate(int(name in values and normal(name, values[name]) == normal(name, value)), 1)
        for name, value in truth
        if name in FIELDS
    }


def normal(name: str, value: str) -> str:
    """A field's value in the form that is compared."""
    if name == "date":
        dates = dates_in(value, compact=True)
        return dates[0].value.isoformat() if dates else value
    if name == "total":
        digits = re.sub(r"[^\d.-]", "", value.replace(",", ""))
        return f"{Decimal(digits):.2f}" if re.fullmatch(r"-?\d+(\.\d+)?", digits) else value
    return "".join(c for c in unicodedata.normalize("NFC", value.upper()) if c.isalnum())
