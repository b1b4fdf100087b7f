"""Codes that run downwards, one letter below the other."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.core.records import Character, Word
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.downwards import find_stacks, laid_out, put_back, runs_downwards


def letter(x: float, y: float, width: float = 30, height: float = 40) -> DetectedWord:
    quad = box_quad((x, y, x + width, y + height))
    return DetectedWord(quad, 0.9, (quad,))


def column(count: int, x: float = 100, pitch: float = 60) -> list[DetectedWord]:
    return [letter(x, 20 + pitch * i) for i in range(count)]


@given(st.permutations(range(6)))
def test_letters_above_one_another_are_found_in_any_order(order: list[int]) -> None:
    found = [column(6)[i] for i in order]
    [(stack, members)] = find_stacks(found)
    assert [order[i] for i in members] == list(range(6))
    assert quad_box(stack.quad) == (100, 20, 130, 360)


def test_a_letter_is_in_one_column_at_most() -> None:
    """Two letters stand above one, each near enough to be of its column."""
    found = [letter(90, 20), letter(110, 20), *(letter(100, 80 + 60 * i) for i in range(3))]
    stacks = find_stacks(found)
    members = [i for _, group in stacks for i in group]
    assert len(members) == len(set(members))
    assert {2, 3, 4} <= set(members)


def test_ten_thousand_specks_take_no_minutes() -> None:
    rng = np.random.default_rng(0)
    found = [letter(*at, 3, 4) for at in rng.uniform(0, 4000, (10_000, 2))]
    start = time.process_time()
    find_stacks(found)
    assert time.process_time() - start < 10


def test_what_is_no_column_of_letters_is_left_alone() -> None:
    assert find_stacks([]) == []
    assert find_stacks(column(2)) == []
    assert find_stacks(column(5, pitch=120)) == []  # too far apart
    assert find_stacks([letter(60.0 * i, 20) for i in range(5)]) == []  # side by side
    assert find_stacks([letter(40.0 * i, 20 + 50 * i) for i in range(5)]) == []  # stairs
    assert find_stacks([letter(100, 20 + 60 * i, width=90) for i in range(5)]) == []  # words
    assert [len(members) for _, members in find_stacks([*column(4), *column(3, x=200)])] == [4, 3]


def test_a_page_of_one_column_is_upright() -> None:
    assert runs_downwards(column(5))
    words = [letter(300, 100 * i, width=200) for i in range(4)]
    assert not runs_downwards([*column(5), *words])
    assert not runs_downwards([])


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 8), st.floats(20, 60))
def test_letters_are_laid_side_by_side_and_put_back(count: int, height: float) -> None:
    """Each letter is a grey of its own; the row has them from left to right."""
    grey = np.full((1000, 200), 255, np.uint8)
    found = [letter(80, 20 + 1.5 * height * i, 0.7 * height, height) for i in range(count)]
    for i, word in enumerate(found):
        x0, y0, x1, y1 = (round(v) for v in quad_box(word.quad))
        grey[y0:y1, x0:x1] = 20 * i
    [(stack, _)] = find_stacks(found)
    pixels, row = laid_out(grey, stack)
    boxes = [quad_box(quad) for quad in row.characters]
    middles = [int(pixels[round((y0 + y1) / 2), round((x0 + x1) / 2)]) for x0, y0, x1, y1 in boxes]
    assert middles == [20 * i for i in range(count)]
    read = Word("A" * count, 0.9, row.quad, tuple(Character("A", 0.9, quad) for quad in row.characters))
    word = put_back(read, row, stack)
    assert quad_box(word.quad) == pytest.approx(quad_box(stack.quad), abs=0.1)
    for character, own in zip(word.characters, found, strict=True):
        assert character.quad is not None
        assert quad_box(character.quad) == pytest.approx(quad_box(own.quad), abs=0.1)


def drawn(text: str, size: int, pitch: int) -> NDArray[np.uint8]:
    font = ImageFont.load_default(size)
    sheet = Image.new("RGB", (300, len(text) * pitch + 80), "white")
    for i, symbol in enumerate(text):
        x = 150 - font.getlength(symbol) / 2
        ImageDraw.Draw(sheet).text((x, 40 + i * pitch), symbol, fill="black", font=font)
    return np.asarray(sheet)


@pytest.mark.parametrize("pattern", [None, "AAA9999"])
def test_the_shipped_weights_read_a_code_downwards(pattern: str | None) -> None:
    with OCRPipeline(serial="always", pattern=pattern) as ocr:
        page = ocr(drawn("MKU3947", 40, 48)).pages[0]
    [word] = [word for line in page.lines for word in line.words]
    assert word.text == "MKU3947"
    assert word.source == "characters"
    tops = [quad_box(c.quad)[1] for c in word.characters if c.quad is not None]
    assert len(tops) == 7
    assert tops == sorted(tops)
    x0, y0, x1, y1 = word.box
    assert (y1 - y0) > 6 * (x1 - x0)
    assert page.rotation == 0
