"""Decimal signs: doubtful ones follow the page's, sure ones and other numbers stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.recognizer.decimals import agree_on_decimals
from ocr_doc.recognizer.reader import ReadCharacter, Reading

SURE, DOUBTFUL = 0.99, 0.6


def read(text: str, doubtful: str = "") -> Reading:
    """A reading; signs of `doubtful` are not sure."""
    characters = tuple(ReadCharacter(c, DOUBTFUL if c in doubtful else SURE, 0.0, 1.0) for c in text)
    return Reading(text, 0.7, characters, (0.7,))


def texts(*readings: Reading) -> list[str]:
    return [reading.text for reading in agree_on_decimals(readings)]


POINTS = (read("1.20"), read("RM 13.53ZR"), read("7.00"))
COMMAS = (read("1,20"), read("13,53 €"), read("7,00"))


@pytest.mark.parametrize("doubtful", ["40,00", "14,99SR", "total 9,90", "-3,50*"])
def test_a_doubtful_comma_among_points_is_a_point(doubtful: str) -> None:
    assert texts(*POINTS, read(doubtful, ","))[-1] == doubtful.replace(",", ".")


def test_a_doubtful_point_among_commas_is_a_comma() -> None:
    assert texts(*COMMAS, read("40.00", "."))[-1] == "40,00"


def test_a_sure_sign_stays() -> None:
    assert texts(*POINTS, read("55,57"))[-1] == "55,57"


@pytest.mark.parametrize("text", ["05,12,2016", "12,05,18", "1,204", "3,5", "7,125", "a,40", "40,", "1.204,75"])
def test_what_is_no_such_amount_stays(text: str) -> None:
    assert texts(*POINTS, read(text, ","))[-1] == text


def test_a_page_with_both_signs_stays() -> None:
    assert texts(*POINTS, *COMMAS, read("40,00", ","))[-1] == "40,00"


def test_too_few_sure_signs_are_no_custom() -> None:
    assert texts(read("1.20"), read("2.20"), read("3.20", "."), read("40,00", ","))[-1] == "40,00"


def test_confidences_and_spans_stay_those_of_the_image() -> None:
    before = read("two of 40,00", ",")
    after = agree_on_decimals([*POINTS, before])[-1]
    assert after.text == "two of 40.00"
    assert (after.confidence, after.word_confidences) == (before.confidence, before.word_confidences)
    assert [(c.confidence, c.start, c.end) for c in after.characters] == [
        (c.confidence, c.start, c.end) for c in before.characters
    ]


@given(st.lists(st.tuples(st.text(".,0123456789 aR", max_size=12), st.sampled_from(["", ".", ",", ".,"])), max_size=12))
def test_only_signs_change_and_doing_it_again_changes_nothing(words: list[tuple[str, str]]) -> None:
    before = [read(text, doubtful) for text, doubtful in words]
    after = agree_on_decimals(before)
    for old, new, (_, doubtful) in zip(before, after, words, strict=True):
        assert len(old.text) == len(new.text)
        changed = [(a, b) for a, b in zip(old.text, new.text, strict=True) if a != b]
        assert all(a in doubtful and {a, b} == {".", ","} for a, b in changed)
        assert new.text == "".join(c.text for c in new.characters)
        assert (old is new) == (not changed)
    assert [r.text for r in agree_on_decimals(after)] == [r.text for r in after]
