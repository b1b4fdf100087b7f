"""Fields of bills in six languages, drawn as words with places, without any picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.field_records import Field, Fields
from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Block, Document, Line, Page, Word
from ocr_doc.export import document_from_json, render_json
from ocr_doc.fields.find import find_fields

CHARACTER, HEIGHT, PITCH, AMOUNT_EDGE = 10.0, 20.0, 30.0, 700.0


def word(text: str, x: float, y: float, confidence: float = 0.9) -> Word:
    return Word(text, confidence, box_quad((x, y, x + CHARACTER * len(text), y + HEIGHT)))


def row(text: str, y: float) -> list[Line]:
    """A row's cells, parted by "|": the first flush left, the last flush right, others between; a line each."""
    cells = [cell.split() for cell in text.split("|")]
    widths = [CHARACTER * (sum(map(len, cell)) + len(cell) - 1) for cell in cells]
    lines = []
    for place, cell in enumerate(cells):
        x = place * 160.0 if place < len(cells) - 1 or place == 0 else AMOUNT_EDGE - widths[place]
        words = []
        for part in cell:
            words.append(word(part, x, y))
            x += CHARACTER * (len(part) + 1)
        lines.append(Line(tuple(words)))
    return lines


def bill(text: str, number: int = 1) -> Page:
    """A page with a row for each line of text; every cell is a block of its own, as a layout with columns gives it."""
    rows = [row(line, 20 + PITCH * i) for i, line in enumerate(text.strip().splitlines()) if line.strip()]
    return Page(number, 800, 2000, tuple(Block((line,)) for lines in rows for line in lines))


def found(text: str) -> Fields:
    return find_fields([bill(text)])


def values(fields: Fields) -> dict[str, str | None]:
    names = ("vendor", "date", "invoice_number", "currency", "total", "tax")
    each: list[Field | None] = [getattr(fields, name) for name in names]
    return {name: field and field.value for name, field in zip(names, each, strict=True)}


LANGUAGES = ("english", "german", "french", "spanish", "italian", "malay")
ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, MALAY = (
    Path(__file__).with_name("data").joinpath("bills", f"{language}.txt").read_text("utf-8") for language in LANGUAGES
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, ("HARBOUR LANE GROCERS LTD", "2018-12-25", "HL-20431", "GBP", "10.74", "1.79")),
        (GERMAN, ("Bäckerei Sonnenschein GmbH", "2021-03-03", "RE-2021-0815", "EUR", "1380.30", "90.30")),
        (FRENCH, ("LIBRAIRIE DU PORT SARL", "2020-08-01", "FA-7781", "EUR", "1291.32", "67.32")),
        (SPANISH, ("FERRETERÍA EL MARTILLO S.L.", "2019-01-15", "A-00123", "EUR", "15.25", "2.65")),
        (ITALIAN, ("RISTORANTE DA MARIO SRL", "2022-11-09", "77/2022", "EUR", "17.60", "1.60")),
        (MALAY, ("KEDAI RUNCIT MAJU SDN BHD", "2019-08-17", "R-5521", "MYR", "52.00", None)),
    ],
    ids=LANGUAGES,
)
def test_bills_in_six_languages(text: str, expected: Sequence[str | None]) -> None:
    fields = found(text)
    assert tuple(values(fields).values()) == tuple(expected)
    assert fields.checks, "each of these bills can be checked"
    assert [check.detail for check in fields.checks if not check.holds] == []
    assert [item.unit_price is not None and item.quantity is not None for item in fields.items] == [True] * len(
        fields.items
    )


def test_items_have_their_parts() -> None:
    first, second = found(GERMAN).items
    assert first.description is not None
    assert first.quantity is not None
    assert first.unit_price is not None
    assert [f.value for f in (first.description, first.quantity, first.unit_price, first.amount)] == [
        *("Roggenbrot", "100", "12.50", "1250.00")
    ]
    assert second.amount.value == "40.00"
    [check] = [check for check in found(GERMAN).checks if check.name == "items"]
    assert check.detail == "1250.00 + 40.00 = 1290.00"


def test_a_description_may_stand_in_a_row_of_its_own() -> None:
    text = "CORNER SHOP LTD\nItem | Qty | Amount\nLoaf | 3.40\nMilk\n2 x 1.85 | 3.70\nEggs | 3.25\nTOTAL | 10.35"
    items = found(text).items
    assert [item.description and item.description.value for item in items] == ["Loaf", "Milk", "Eggs"]
    assert [item.quantity and item.quantity.value for item in items] == [None, "2", None]


def test_a_name_is_one_cell_of_its_row() -> None:
    vendor = found("Brenner & Falk | Brenner & Falk Werkzeuge GmbH\nInvoice No: 4711\nTotal | 5.00").vendor
    assert vendor is not None
    assert vendor.value == "Brenner & Falk Werkzeuge GmbH"
    assert vendor.text == vendor.value
    lane = found("Harbour Lane Grocers\n14 Harbour Lane\nhello.example\nTotal | 5.00").vendor
    assert lane is not None
    assert lane.value == "Harbour Lane Grocers"


def test_a_name_goes_on_behind_an_and() -> None:
    vendor = found("HOME TOOLS HARDWARE &\nELECTRICAL\n12 JALAN SETIA\nTotal | 5.00").vendor
    assert vendor is not None
    assert vendor.value == "HOME TOOLS HARDWARE & ELECTRICAL"
    alone = found("HOME TOOLS HARDWARE &\n12 JALAN SETIA\nTotal | 5.00").vendor
    assert alone is not None
    assert "JALAN" not in alone.value


def test_the_label_of_a_name_is_no_part_of_it() -> None:
    vendor = found("Dimiliki: Banh Mi Cafe Sdn Bhd 1110644-W\nNo. 1 Jalan Puteri\nTotal | 5.00").vendor
    assert vendor is not None
    assert vendor.value == "Banh Mi Cafe Sdn Bhd"


def test_taxes_of_several_rates_are_added_where_they_make_the_total() -> None:
    rates = "USt. 7% | 275,00 | 19,25\nUSt. 19% | 198,00 | 37,62\n"
    text = f"Lieferant GmbH\nRechnungssumme Netto (excl. USt.) | 473,00\n{rates}"
    fields = found(text + "Brutto (inkl. USt.) | 529,87")
    assert fields.total is not None
    assert fields.tax is not None
    assert (fields.total.value, fields.tax.value, fields.tax.rule) == ("529.87", "56.87", "arithmetic")
    assert [word.text for word in fields.tax.words] == ["19,25", "37,62"]
    assert any(c.holds and c.detail == "473.00 + 19.25 + 37.62 = 529.87" for c in fields.checks)
    wrong = found(text + "Brutto (inkl. USt.) | 530,87")
    assert wrong.tax is None or wrong.tax.value != "56.87"


def test_a_credit_note_is_below_nothing() -> None:
    text = "Lieferant GmbH\nAbschlag | 19 % VAT (S) | 0,10\nRechnungssumme ohne USt. | -7,67\nSteuerbetrag | -1,12\n"
    total = found(text + "Bruttosumme | -8,79\nZahlbetrag | -8,79").total
    assert total is not None
    assert (total.value, total.label, total.rule) == ("-8.79", "Zahlbetrag", "label")


def test_a_weight_names_no_firm_and_no_place() -> None:
    fields = found("Die Firma\nRechnung\nGross Weight | 308,500 KG\nNet Weight | 300,500 KG\nSumme | 9,00")
    assert fields.vendor is not None
    assert fields.vendor.value == "Die Firma"
    assert fields.address is None


def test_each_field_knows_its_words_and_how_it_was_found() -> None:
    fields = found(ENGLISH)
    assert fields.total is not None
    assert fields.total.text == "£10.74"
    assert (fields.total.rule, fields.total.label, fields.total.page) == ("label", "Total", 1)
    assert fields.vendor is not None
    assert fields.vendor.rule == "name"
    assert fields.date is not None
    assert [w.text for w in fields.date.words] == ["25/12/2018"]
    assert 0 < fields.date.confidence <= 0.9


def test_address_is_the_vendors() -> None:
    address = found(GERMAN).address
    assert address is not None
    assert address.value == "Hauptstraße 12 80331 München"


@pytest.mark.parametrize("sign", ["●", "·", "-", ","])
def test_the_senders_line_over_a_letters_window_is_the_address(sign: str) -> None:
    line = f"Bei Spiel GmbH {sign} Ecke 12 {sign} 12345 Stadthausen".replace(" ,", ",")
    fields = found(
        f"Bei Spiel GmbH\n{line} | 12345 Stadthausen\nTheodor Est\nBahnstr. 42\n88802 Spielkreis\nSumme | 9,00"
    )
    assert fields.address is not None
    assert fields.address.value == "Ecke 12 12345 Stadthausen"
    assert [word.text.strip(",") for word in fields.address.words] == ["Ecke", "12", "12345", "Stadthausen"]


@pytest.mark.parametrize("rest", ["·", " .", "- -", "· 12345 Stadthausen", "12345 Stadthausen"])
def test_a_name_with_little_behind_it_is_no_senders_line(rest: str) -> None:
    head = "Bei Spiel GmbH\nUferstraße 12\n88045 Friedrichshafen"
    address = found(f"{head}\nBei Spiel GmbH {rest}\nSumme | 9,00").address
    assert address is not None
    assert address.value.startswith("Uferstraße 12 88045 Friedrichshafen")


def test_what_stands_beside_an_address_is_no_part_of_it() -> None:
    text = "Lieferant GmbH\nLieferantenstraße 20 | RECHNUNG\n80333 München | Rechnungsnummer 471102\nSumme | 9,00"
    address = found(text).address
    assert address is not None
    assert address.value == "Lieferantenstraße 20 80333 München"


def test_a_firms_row_without_a_town_is_no_senders_line() -> None:
    address = found("Bei Spiel GmbH, seit 1980, Bahnbedarf\nUferstraße 12\n12345 Stadthausen\nSumme | 9,00").address
    assert address is not None
    assert address.value == "Uferstraße 12 12345 Stadthausen"


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("T0TAL | 1O.5O\nCASH | 20.00\nCHANGE | 9.50", "10.50"),  # letters for digits
        ("TOTAL | 60 30\nCASH | 70.30\nCHANGE | 10.00", "60.30"),  # the point was lost
        ("TO TAL | 7.00", "7.00"),  # a word torn apart
        ("TOTAL QTY | 12.00\nSAVINGS | 3.00\nTOTAL | 9.10\nTOTAL GST | 0.52", "9.10"),
        ("TOTAL | 60.31\nROUNDING ADJ | -0.01\nTOTAL ROUNDED | 60.30\nCASH | 100.00\nCHANGE | 39.70", "60.30"),
        (
            "TOTAL | 60.31\nROUNDING | -0.01\nRM | 60.30\nCASH | 100.00\nCHANGE | 39.70",
            "60.30",
        ),  # label of the last lost
        ("TOTAL INCL. GST | 37.10\nCASH | 50.00\nGST SUMMARY | AMT | TAX\nTOTAL | 35.00 | 2.10", "37.10"),
        ("TOTAL\n37.10", "37.10"),  # the amount in the next row
        ("CASH | -100.00\nTOTAL | 89.00\nCHANGE | 11.00", "89.00"),
    ],
)
def test_totals_in_spite_of_slips_and_other_sums(text: str, total: str) -> None:
    field = found(text).total
    assert field is not None
    assert field.value == total


def test_a_misread_total_is_outvoted_by_the_payment() -> None:
    fields = found("TOTAI | 16.00\nTOTAL AMOUNT | 18.00\nCASH | 20.00\nCHANGE | 2.00")
    assert fields.total is not None
    assert fields.total.value == "18.00"


def test_a_sum_that_does_not_come_out_is_told() -> None:
    fields = found(ENGLISH.replace("£9.26", "£9.62"))
    [payment] = [check for check in fields.checks if check.name == "payment"]
    assert not payment.holds
    assert payment.detail == "20.00 - 9.62 = 10.38"


def test_an_ambiguous_date_keeps_its_other_reading() -> None:
    date = found("CORNER SHOP LTD\nDate: 03/04/2018\nTotal | 5.00").date
    assert date is not None
    assert (date.value, date.alternatives) == ("2018-04-03", ("2018-03-04",))
    told = found("CORNER SHOP LTD\nDate: 03/04/2018\nprinted 03/25/2018\nTotal | 5.00").date
    assert told is not None
    assert (told.value, told.alternatives) == ("2018-03-04", ())
    american = found("CORNER SHOP INC\nAUSTIN, TX 78701\nDate: 03/04/2018\nTotal | $5.00").date
    assert american is not None
    assert american.value == "2018-03-04"


def test_due_and_expiry_dates_are_not_the_bills() -> None:
    date = found("CARD EXPIRY: 30/09/20\n01/03/18 19:14\nTOTAL | 4.00").date
    assert date is not None
    assert date.value == "2018-03-01"


def test_the_customer_is_not_the_vendor() -> None:
    text = "INVOICE\nBill to:\nBIG BUYER LTD\n1 High Street\nLondon\nSMALL SELLER LTD\nInvoice No: 4711\nTotal | 5.00"
    vendor = found(text).vendor
    assert vendor is not None
    assert vendor.value == "SMALL SELLER LTD"


def test_what_is_no_bill_has_no_fields() -> None:
    fields = found(
        "Call me Ishmael. Some years ago - never mind how long\nprecisely - having little or no money in my purse"
    )
    assert fields == Fields()
    assert find_fields([]) == Fields()
    assert find_fields([Page(1, 10, 10)]) == Fields()


def test_a_total_alone_is_no_reason_to_name_a_date_or_a_tax() -> None:
    fields = found("Total | 5.00")
    assert (fields.date, fields.tax, fields.invoice_number, fields.items) == (None, None, None, ())


def test_turned_and_leaning_pages_read_alike() -> None:
    page = bill(ENGLISH)
    for degrees in (3.0, 90.0, 180.0):
        angle = math.radians(degrees)

        def turn(point: tuple[float, float], angle: float = angle) -> tuple[float, float]:
            x, y = point
            return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)

        blocks = []
        for block in page.blocks:
            words = [Word(w.text, w.confidence, tuple(map(turn, w.quad))) for w in block.lines[0].words]  # type: ignore[arg-type]
            blocks.append(Block((Line(tuple(words)),)))
        assert values(find_fields([Page(1, 800, 2000, tuple(blocks))])) == values(find_fields([page]))


def test_pages_make_one_bill() -> None:
    head, foot = ENGLISH.split("Subtotal")
    fields = find_fields([bill(head, 1), bill("Subtotal" + foot, 2)])
    assert values(fields) == values(found(ENGLISH))
    assert fields.total is not None
    assert fields.total.page == 2
    assert len(fields.items) == 2


def test_json_there_and_back() -> None:
    page = bill(ENGLISH)
    document = Document("a.png", (page,), fields=find_fields([page]))
    assert document_from_json(render_json(document)) == document
    bare = Document("a.png", (page,))
    assert document_from_json(render_json(bare)).fields is None
    assert b'"fields"' not in render_json(bare)


cells = st.sampled_from(
    [
        "TOTAL",
        "CASH",
        "CHANGE",
        "GST 6%",
        "SDN BHD",
        "(",
        "12/13/14",
        "1.2.3",
        "-",
        "9.99",
        "RM",
        "0.00",
        "１２",
        "O.OO",
        "@",
        "5%",
    ]
)
printed = st.characters(exclude_categories=("Cs", "Cc", "Z"))
texts = st.lists(
    st.lists(cells | st.text(printed, min_size=1, max_size=8), min_size=1, max_size=4).map("|".join), max_size=12
)


@settings(deadline=None, max_examples=60)
@given(texts)
def test_any_words_give_fields_that_hold_together(lines: list[str]) -> None:
    page = bill("\n".join(line for line in lines if all(cell.split() for cell in line.split("|"))))
    fields = find_fields([page])
    there = set(page.words)
    for name in ("vendor", "address", "date", "invoice_number", "currency", "total", "tax"):
        field = getattr(fields, name)
        assert field is None or (
            set(field.words) <= there and field.words and 0 <= field.confidence <= 1 and field.value
        )
    assert fields.total is None or Decimal(fields.total.value) > 0
    document = Document("a", (page,), fields=fields)
    assert document_from_json(render_json(document)) == document
