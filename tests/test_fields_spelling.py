"""Common words of firms' names, misread and set right."""

from __future__ import annotations

import pytest

from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Page, Word
from ocr_doc.fields.find import find_fields
from ocr_doc.fields.spelling import accents_usual, find_form, mended
from ocr_doc.layout.page import lay_out


def words(text: str, confidence: float) -> list[Word]:
    return [Word(part, confidence, ((0, 0), (9, 0), (9, 9), (0, 9))) for part in text.split()]


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("SKCA HARDMARE & TIMBER", "SKCA HARDWARE & TIMBER"),
        ("Verbena Confectiunery", "Verbena Confectionery"),
        ("CHECKERS HYPÉRMARKET", "CHECKERS HYPERMARKET"),
        ("FUYÍ MART", "FUYI MART"),
        ("INDAH GIFT 8 HOME", "INDAH GIFT & HOME"),
        ("ACME TELECOMMUMICATI0NS", "ACME TELECOMMUMICATI0NS"),  # a digit is no misread letter here
        ("ACME TELECOMMUMICATIANS", "ACME TELECOMMUNICATIONS"),
        ("HERO DISTRIBUTORS", "HERO DISTRIBUTORS"),
        ("MPH BOOKSTORE", "MPH BOOKSTORE"),
        ("KWIK SHOP 8", "KWIK SHOP 8"),
    ],
)
def test_words_that_many_names_have(read: str, meant: str) -> None:
    assert mended(read, words(read, 0.6), accents=False) == meant


def test_what_was_read_surely_stands() -> None:
    assert mended("POINT 8 HARDMARE", words("POINT 8 HARDMARE", 0.99), accents=False) == "POINT 8 HARDMARE"


def test_accents_stay_where_they_are_usual() -> None:
    assert mended("CAFÉ RENÉ", words("CAFÉ RENÉ", 0.5), accents=True) == "CAFÉ RENÉ"
    assert accents_usual(["Café René", "à la carte, s'il vous plaît"])
    assert not accents_usual(["Harbour Lane Grocers FUYÍ", "thank you and come again " * 20])


@pytest.mark.parametrize(
    "text", ["ACME SDN EMD", "Acme sgn Bhd", "ACME (M) SLN! BHD", "ACME SDN. BHI", "ACME SD N BHI", "ACME SDNBHO"]
)
def test_a_misread_form_is_known(text: str) -> None:
    start, end = find_form(text) or (0, 0)
    assert text[:start].strip() in ("ACME", "Acme", "ACME (M)")
    assert end == len(text)


@pytest.mark.parametrize("text", ["SUN AND SEA", "12 345", "BIN MD", "KEDAI KOPI", "TEL NO", "", "THE BAND", "SANDHU"])
def test_what_is_no_form(text: str) -> None:
    assert find_form(text) is None


def test_a_vendor_is_spelled_right_and_its_words_stay_as_read() -> None:
    placed = []
    for row, line in enumerate(("ANEKA HARDMARE SDN EMD", "12 Jalan Satu", "TOTAL 5.00")):
        for column, text in enumerate(line.split()):
            x, y = 110.0 * column, 40.0 * row
            placed.append(Word(text, 0.7, ((x, y), (x + 100, y), (x + 100, y + 20), (x, y + 20))))
    vendor = find_fields([Page(1, 600, 200, lay_out(placed).blocks)]).vendor
    assert vendor is not None
    assert vendor.value == "ANEKA HARDWARE SDN BHD"
    assert [word.text for word in vendor.words] == ["ANEKA", "HARDMARE", "SDN", "EMD"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("99 CORNER MART S/D (519537-X)", "99 CORNER MART S/B"),
        ("99 CORNER MART 5/B", "99 CORNER MART S/B"),
        ("ONE SEAFOOD RESTAURANT SDN", "ONE SEAFOOD RESTAURANT SDN BHD"),
        ("CORNER MART S/DAY", "CORNER MART S/DAY"),
    ],
)
def test_a_form_of_which_a_part_was_misread_or_not_read_is_whole(line: str, name: str) -> None:
    texts = [line, "No. 12, JALAN MAJU", "81100 JOHOR BAHRU", "DATE: 12/03/2018", "TOTAL RM 12.00"]
    placed = [
        Word(part, 0.9, box_quad((x, 30.0 * y, x + 9.0 * len(part), 30.0 * y + 20)))
        for y, text in enumerate(texts)
        for x, part in _placed(text)
    ]
    vendor = find_fields([Page(1, 600, 200, lay_out(placed).blocks)]).vendor
    assert vendor is not None
    assert vendor.value == name


def _placed(text: str) -> list[tuple[float, str]]:
    """The parts of a text and where each begins."""
    places, x = [], 0.0
    for part in text.split():
        places.append((x, part))
        x += 9.0 * len(part) + 6.0
    return places
