"""Specks read as middle dots, told from dots that part words or begin the items of a list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc import Word
from ocr_doc.core.geometry import box_quad
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.options import Options
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.specks import without_specks
from ocr_doc.words import read_words


def word(text: str, x0: float, y0: float, x1: float, y1: float) -> Word:
    return Word(text, 0.9, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def dot(x: float, y: float = 16, text: str = "·") -> Word:
    return word(text, x, y, x + 4, y + 4)


TEL, FAX = word("Tel", 10, 10, 50, 28), word("Fax", 70, 10, 110, 28)


def texts(*words: Word) -> str:
    return " ".join(each.text for each in without_specks(words))


def test_a_dot_between_two_words_stays() -> None:
    assert texts(TEL, dot(58), FAX) == "Tel · Fax"
    assert texts(dot(58), FAX, TEL) == "· Fax Tel"


@pytest.mark.parametrize("speck", [dot(120), dot(2), dot(58, 60), dot(300), dot(58, 2)])
def test_a_dot_at_an_end_or_off_the_row_goes(speck: Word) -> None:
    assert texts(TEL, FAX, speck) == "Tel Fax"


def test_far_words_are_not_parted_by_a_dot() -> None:
    assert texts(TEL, dot(100), word("5.00", 160, 10, 200, 28)) == "Tel 5.00"


def test_dots_below_one_another_begin_the_items_of_a_list() -> None:
    items = [word("milk", 20, 10, 60, 28), word("eggs", 20, 40, 60, 58)]
    assert texts(dot(8), items[0], dot(8.5, 46), items[1]) == "· milk · eggs"
    assert texts(dot(8), *items) == "milk eggs"
    assert texts(dot(8, text="•"), *items) == "• milk eggs"
    assert texts(dot(8, text="•"), items[1]) == "eggs"


def test_other_words_stay() -> None:
    assert texts(word("····", 10, 10, 60, 28), word(".", 80, 20, 84, 24)) == "···· ."
    assert without_specks([]) == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("·•a"), st.integers(0, 99), st.integers(0, 99), st.integers(1, 30)), max_size=9)
)
def test_only_dots_go_and_the_order_stays(drawn: list[tuple[str, int, int, int]]) -> None:
    words = [word(text, x, y, x + size, y + size) for text, x, y, size in drawn]
    left = without_specks(words)
    assert [each for each in words if each in left or each.text == "a"] == [each for each in words if each in left]
    assert [each.text for each in left if each.text == "a"] == ["a"] * sum(text == "a" for text, *_ in drawn)


def test_asked_to_keep_everything_specks_stay() -> None:
    found = [DetectedWord(box_quad((120, 16, 124, 20)), 0.9, ())]
    readings = [Reading("·", 0.9, (ReadCharacter("·", 0.9, 0.0, 1.0),), (0.9,))]
    assert [each.text for each in read_words(found, readings, Options(min_legibility=0))] == ["·"]
    assert read_words(found, readings, Options()) == []
