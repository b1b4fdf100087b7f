"""Letters with marks, digits read as letters, and dollars read as S."""

from __future__ import annotations

import pytest

from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Character, Word
from ocr_doc.digits import read_digits
from ocr_doc.dollars import read_dollars
from ocr_doc.marks import without_marks


def word(text: str, confidence: float = 0.99, x: float = 0.0, y: float = 0.0) -> Word:
    quad = box_quad((x, y, x + 10 * len(text), y + 20))
    return Word(text, confidence, quad, tuple(Character(c, confidence, None) for c in text))


def plain(count: int) -> list[Word]:
    return [word("plain")] * count


def texts(words: list[Word]) -> list[str]:
    assert all("".join(c.text for c in each.characters) == each.text for each in words)
    return [each.text for each in words]


def test_marks_in_doubt_go_where_a_page_has_none() -> None:
    doubtful = ["Štate:", "priće", "characterıst-", "Grøvely"]
    read = without_marks([*plain(40), *(word(text, 0.6) for text in doubtful)])
    assert texts(read)[40:] == ["State:", "price", "characterist-", "Grovely"]


def test_a_sure_mark_stays() -> None:
    assert texts(without_marks([*plain(40), word("Argüelles"), word("smokérs", 0.5)]))[40:] == ["Argüelles", "smokers"]


def test_what_has_no_plain_letter_stays() -> None:
    assert texts(without_marks([*plain(40), word("Maß", 0.5), word("5€", 0.5)]))[40:] == ["Maß", "5€"]


def test_pages_with_marks_keep_all_of_them() -> None:
    page = [*plain(40), word("été"), word("déjà"), word("où", 0.5)]
    assert without_marks(page) == page


def test_many_marks_in_doubt_are_marks() -> None:
    page = [*plain(40), *(word(text, 0.7) for text in ["på", "få", "år", "både", "må", "så", "når"])]
    assert without_marks(page) == page
    assert texts(without_marks(page[:-3]))[40:] == ["pa", "fa", "ar", "bade"], "so few may be dirt"


def test_a_few_words_do_not_tell() -> None:
    page = [*plain(10), word("Müller", 0.5)]
    assert without_marks(page) == page


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("l9,00", "19,00"), ("2l4", "214"), ("l:", "1:"), ("(l", "(1"), ("(l)", "(1)"), ("l0%", "10%"),
        ("-l.50", "-1.50"), ("l/2", "1/2"), ("$l00", "$100"), ("llmg", "11mg"), ("l5ml", "15ml"),
        ("$2o.00", "$20.00"), ("l,2", "1,2"), ("1.oO", "1.00"), ("42,OO", "42,00"),
        *((text, text) for text in ("5l", "1,5l", "l", "l'eau", "lot", "lo.", "l.", "lll", "B2l", "ml", "500ml")),
        *((text, text) for text in ("-l-", "all:", "oo.oo", "O8", "Oslo")),
    ],
)  # fmt: skip
def test_letters_of_a_number_are_digits(read: str, meant: str) -> None:
    assert texts(read_digits([word(read)])) == [meant]


def test_a_lone_s_before_an_amount_is_a_dollar_where_there_are_dollars() -> None:
    page = [word("$4.00"), word("S", 0.8, 100, 50), word("12.50", 0.9, 120, 50), word("S", 0.8, 100, 100)]
    assert texts(read_dollars(page)) == ["$4.00", "$", "12.50", "S"]
    assert texts(read_dollars([*page, word("$"), word("$5")]))[3] == "$", "more dollars than doubtful ones"
    assert texts(read_dollars(page[1:])) == ["S", "12.50", "S"], "no dollars on the page"


def test_a_sure_s_stays() -> None:
    page = [word("$4.00"), word("S", 0.99, 100, 50), word("12.50", 0.9, 120, 50)]
    assert read_dollars(page) == page
