"""Lines to be filled in are no signs of the words beside them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.blanks import without_blanks
from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Character, Word

# A word of five letters, 20 pixels high, on the base line 60.
LEFT, RIGHT, TOP, FOOT = 60, 130, 40, 60


def _page(*bars: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Letters as upright strokes with feet, and black bars (left, top, right, bottom)."""
    page = np.full((100, 260), 245, np.uint8)
    for x in range(LEFT, RIGHT, 14):
        page[TOP:FOOT, x + 4 : x + 7] = 10
        page[FOOT - 2 : FOOT, x + 1 : x + 10] = 10
    for left, top, right, bottom in bars:
        page[top:bottom, left:right] = 10
    return page


def _word(text: str, right: int = RIGHT) -> Word:
    quads = [box_quad((x, TOP, x + 10, FOOT)) for x in np.linspace(LEFT, right - 10, len(text)).tolist()]
    characters = tuple(Character(c, 0.9, quad) for c, quad in zip(text, quads, strict=True))
    return Word(text, 0.8, box_quad((LEFT, TOP, right, FOOT)), characters)


def _read(page: NDArray[np.uint8], text: str, right: int = RIGHT) -> str:
    [word] = without_blanks(page, [_word(text, right)])
    assert "".join(c.text for c in word.characters) == word.text
    return word.text


@pytest.mark.parametrize("text", ["Name.", "Name_", "Name,", "Name._"])
def test_a_rule_behind_a_word_is_no_sign_of_it(text: str) -> None:
    assert _read(_page((RIGHT, 58, 220, 60)), text) == "Name"
    assert _read(_page((RIGHT - 3, 57, 200, 59), (190, 58, 250, 60)), text) == "Name"


def test_a_rule_before_a_word_is_no_sign_of_it() -> None:
    assert _read(_page((10, 58, LEFT, 60)), "_Name") == "Name"
    assert _read(_page((10, 58, LEFT, 60)), "Name.") == "Name."


@pytest.mark.parametrize(
    "bars",
    [
        (),
        ((RIGHT, 57, RIGHT + 3, 60),),  # a full stop
        ((RIGHT - 3, 57, RIGHT, 60), (RIGHT + 8, 58, 220, 60)),  # a full stop, then the line
        ((LEFT, 61, 220, 62),),  # an underline
        ((RIGHT, 50, 220, 62),),  # a bar
        ((RIGHT, 40, 220, 42),),  # a rule above
        ((RIGHT, 58, RIGHT + 9, 60),),  # a hyphen at the foot
    ],
)
def test_signs_stay_where_no_rule_begins(bars: tuple[tuple[int, int, int, int], ...]) -> None:
    assert _read(_page(*bars), "Name.") == "Name."


def test_words_of_signs_alone_and_of_a_text_layer_stay() -> None:
    page = _page((RIGHT, 58, 220, 60))
    assert _read(page, "__") == "__"
    layer = Word("Name.", 1.0, box_quad((LEFT, TOP, RIGHT, FOOT)), (), "pdf")
    assert without_blanks(page, [layer]) == [layer]


@given(
    st.tuples(*(st.floats(-50, 300),) * 4),
    st.sampled_from(["a.", "_a", ".", "ab_", "-1-"]),
    st.sampled_from([0, 120, 255]),
)
def test_no_place_makes_it_fail(box: tuple[float, float, float, float], text: str, level: int) -> None:
    left, top, right, bottom = box
    quad = box_quad((min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
    [word] = without_blanks(np.full((100, 100), level, np.uint8), [Word(text, 0.5, quad)])
    assert word.text == text
