"""Capitals that look like small letters, told by the letters about them and by height."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

pytest.importorskip("torch")
pytest.importorskip("fontTools")

from ocr_doc.core.geometry import Box
from ocr_doc.training.labellers import load_aligner, load_recaser
from ocr_doc.training.letter_case import cased_by_height
from ocr_doc.training.page_canvas import PageWord, word_of_edges

WIDTH, FOOT = 20, 50


def drawn(*heights: int, touching: bool = False) -> NDArray[np.uint8]:
    """A letter of each height in a cell of its own, a block of ink; cells of height 0 are empty."""
    crop = np.full((64, WIDTH * len(heights)), 250, np.uint8)
    for n, height in enumerate(heights):
        crop[FOOT - height : FOOT, n * WIDTH + (0 if touching else 3) : (n + 1) * WIDTH - (0 if touching else 3)] = 20
    return crop


def align(crop: NDArray[np.uint8], _: Box, label: str) -> list[PageWord]:
    """Characters in cells of one width."""
    words, place = [], 0
    for word in label.split():
        edges = WIDTH * np.arange(place, place + len(word) + 1, dtype=np.float64)
        words.append(word_of_edges(word, edges, 0.0, float(len(crop))))
        place += len(word) + 1
    return words


@pytest.mark.parametrize(
    ("label", "printed"),
    [
        ("GsT", "GST"), ("(GsT:", "(GST:"), ("KG.BATu,", "KG.BATU,"), ("GST@6%", "GST@6%"),
        ("No:20154-T", "No:20154-T"), ("Co-REG", "Co-REG"), ("McDONALD", "McDONALD"), ("57MMx60", "57MMx60"),
        ("TakeOut", "TakeOut"), ("co", "co"), ("", ""),
    ],
)  # fmt: skip
def test_words_in_capitals_have_no_small_letters(label: str, printed: str) -> None:
    assert cased_by_height(drawn(0, 0, 0), label, lambda *_: None) == printed


def test_a_tall_first_letter_is_a_capital() -> None:
    assert cased_by_height(drawn(30, 20, 30, 20, 20), "sales", align) == "Sales"
    assert cased_by_height(drawn(21, 20, 30, 20, 20), "sales", align) == "sales"
    assert cased_by_height(drawn(21, 20, 30, 20, 20), "Sales", align) == "Sales"  # perhaps its top has faded


def test_each_word_goes_by_its_own_letters() -> None:
    crop = drawn(20, 20, 20, 0, 30, 20, 20)
    assert cased_by_height(crop, "san san", align) == "san San"


def test_letters_that_touch_tell_nothing() -> None:
    assert cased_by_height(drawn(30, 20, 30, 20, 20, touching=True), "sales", align) == "sales"
    assert cased_by_height(drawn(0, 0, 0, 0, 0), "sales", align) == "sales"


def test_other_letters_and_those_without_a_low_one_beside_them_stay() -> None:
    assert cased_by_height(drawn(30, 20, 20), "tan", align) == "tan"
    assert cased_by_height(drawn(30, 30, 30), "shd", align) == "shd"


@settings(deadline=None)
@given(st.text("abcosuXZOM .,'12", max_size=9), st.lists(st.integers(0, 40), min_size=9, max_size=9))
def test_only_small_letters_change_and_only_their_case(text: str, heights: list[int]) -> None:
    result = cased_by_height(drawn(*heights), text, align)
    assert result.casefold() == text.casefold()
    assert all(a == b or (a.islower() and b.isupper() and a in "cosu") for a, b in zip(text, result, strict=True))


@pytest.mark.parametrize(("text", "size"), [("Save all", 30), ("Order now", 30), ("some are", 40)])
def test_the_shipped_recogniser_and_height_give_the_case_of_print(text: str, size: int) -> None:
    sheet = Image.new("L", (12 * size, 2 * size), 255)
    ImageDraw.Draw(sheet).text((20, 12), text, fill=0, font=ImageFont.load_default(size))
    pixels = np.asarray(sheet)
    ink = np.argwhere(pixels < 128)
    (top, left), (bottom, right) = ink.min(axis=0) - 3, ink.max(axis=0) + 4
    crop = np.ascontiguousarray(pixels[top:bottom, left:right])
    assert cased_by_height(crop, text.lower(), load_aligner(None)) == text
    assert load_recaser(None)(crop, text.upper()) == text
    assert load_recaser(None)(crop, "12.50") is None
