"""The records of a bill's fields: what `Document.fields` holds.

Values are text in one written form whatever the page looks like: dates as ISO 8601, amounts with a point and without
thousands separators, currencies as ISO 4217. A field that was not found is None and never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ocr_doc.core.records import Word

FieldRule = Literal["label", "arithmetic", "name", "position", "format", "sign"]
CheckName = Literal["items", "tax", "rounding", "payment"]
FIELD_NAMES = ("vendor", "address", "date", "invoice_number", "currency", "total", "tax")
ITEM_NAMES = ("description", "quantity", "unit_price", "amount")


@dataclass(frozen=True, slots=True)
class Field:
    """One value that was found.

    Attributes:
        value: In its written form; see the module.
        page: The number of the page that it stands on.
        words: The words that it was read from, in reading order; a word may hold more than the value.
        confidence: In [0, 1]: how far the rule is to be trusted, times how surely its words were read.
        rule: How it was found: by a label beside it, by arithmetic with other amounts, by a word that only names of
            its kind have ("name", such as GmbH), by its place on the page, by its form alone, or by a currency's sign.
        label: The label as it stands on the page; empty without one.
        alternatives: Other values that the same words may mean, such as a date with day and month exchanged.
    """

    value: str
    page: int
    words: tuple[Word, ...]
    confidence: float
    rule: FieldRule
    label: str = ""
    alternatives: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words as read, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class LineItem:
    """One thing that was bought; parts that the page does not show are None."""

    amount: Field
    description: Field | None = None
    quantity: Field | None = None
    unit_price: Field | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A sum on the page that was worked out again.

    Attributes:
        name: "items" (the items add up), "tax" (what is before tax and the tax make the total), "rounding" (the total
            before rounding and the adjustment make the total), "payment" (paid less change is the total).
        holds: Whether it comes out, to the cent. A check whose numbers are not all on the page is not made.
        detail: The calculation, such as "15.50 + 15.50 = 31.00".
    """

    name: CheckName
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What a bill says, as far as it was found.

    Attributes:
        vendor: Who wrote the bill.
        address: The vendor's.
        date: ISO 8601, such as 2018-12-25.
        invoice_number: Number of the invoice, receipt or document.
        currency: ISO 4217, such as EUR.
        total: What was to be paid, after tax and rounding.
        tax: The tax in it.
        items: In the order of the page.
        checks: The sums that could be worked out again.
    """

    vendor: Field | None = None
    address: Field | None = None
    date: Field | None = None
    invoice_number: Field | None = None
    currency: Field | None = None
    total: Field | None = None
    tax: Field | None = None
    items: tuple[LineItem, ...] = ()
    checks: tuple[Check, ...] = ()
