"""Tick boxes told from letters."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Character, Word
from ocr_doc.tick_boxes import EMPTY, TICKED, find_tick_boxes, read_tick_boxes

Grey = NDArray[np.uint8]


def paper() -> Grey:
    return np.full((120, 200), 235, dtype=np.uint8)


def word(text: str, size: int, confidence: float = 0.7) -> Word:
    quad = box_quad((40, 40, 40 + size, 40 + size))
    return Word(text, confidence, quad, tuple(Character(c, confidence, quad) for c in text))


@pytest.mark.parametrize("size", [10, 16, 30, 60])
@pytest.mark.parametrize("text", ["O", "D", "0"])
def test_an_empty_square_is_a_box(size: int, text: str) -> None:
    grey = paper()
    cv2.rectangle(grey, (40, 40), (39 + size, 39 + size), 20, max(1, size // 12))
    [found] = read_tick_boxes(grey, [word(text, size)])
    assert (found.text, found.source) == (EMPTY, "shape")
    assert found.confidence > 0.95
    assert found.box == pytest.approx((40, 40, 40 + size, 40 + size), abs=1 + size / 12)
    assert "".join(c.text for c in found.characters) == EMPTY


@pytest.mark.parametrize("size", [16, 30, 60])
def test_a_square_with_a_cross_is_ticked(size: int) -> None:
    grey = paper()
    thick = max(1, size // 12)
    cv2.rectangle(grey, (40, 40), (39 + size, 39 + size), 20, thick)
    for start, end in (((43, 43), (36 + size, 36 + size)), ((43, 36 + size), (36 + size, 43))):
        cv2.line(grey, start, end, 20, thick)
    assert read_tick_boxes(grey, [word("X", size)])[0].text == TICKED


def test_rings_and_letters_are_no_boxes() -> None:
    for draw in (
        lambda grey: cv2.circle(grey, (52, 52), 12, 20, 2),
        lambda grey: cv2.ellipse(grey, (48, 52), (8, 12), 0, 0, 360, 20, 3),
        lambda grey: cv2.putText(grey, "O", (40, 64), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 20, 2),
        lambda grey: cv2.putText(grey, "D", (40, 64), cv2.FONT_HERSHEY_DUPLEX, 1.0, 20, 2),
        lambda grey: cv2.putText(grey, "B", (40, 64), cv2.FONT_HERSHEY_DUPLEX, 1.0, 20, 2),
    ):
        grey = paper()
        draw(grey)
        found = word("O", 24)
        assert read_tick_boxes(grey, [found]) == [found]


def test_a_digit_in_its_box_stays_a_digit() -> None:
    grey = paper()
    cv2.rectangle(grey, (36, 36), (68, 68), 20, 1)
    cv2.putText(grey, "5", (42, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 20, 2)
    found = word("5", 24)
    assert read_tick_boxes(grey, [found]) == [found]


def test_words_words_of_a_text_layer_and_blank_paper_stay() -> None:
    grey = paper()
    cv2.rectangle(grey, (40, 40), (69, 69), 20, 2)
    layer = Word("O", 1.0, word("O", 30).quad, source="pdf")
    assert read_tick_boxes(grey, [word("Old", 30), layer]) == [word("Old", 30), layer]
    assert read_tick_boxes(paper(), [word("O", 30)]) == [word("O", 30)]
    outside = Word("O", 0.5, box_quad((300, 300, 310, 310)))
    assert read_tick_boxes(grey, [outside]) == [outside]


def form(size: int) -> tuple[Grey, list[Word]]:
    """Lines of black words, and the words, as high as `size`; beside each the place of a box is free."""
    grey = np.full((14 * size, 30 * size), 235, dtype=np.uint8)
    words = []
    for row in range(6):
        x, y = 4 * size, (2 * row + 1) * size
        cv2.rectangle(grey, (x, y + size // 3), (x + 5 * size, y + size), 20, -1)
        words.append(Word("words", 0.9, box_quad((x, y, x + 5 * size, y + size))))
    return grey, words


def square(grey: Grey, x: float, y: float, size: int, width: float = 1.0, *, ticked: bool = False) -> None:
    left, top, right, bottom = round(x), round(y), round(x + width * size) - 1, round(y) + size - 1
    thick = max(1, size // 12)
    cv2.rectangle(grey, (left, top), (right, bottom), 20, thick)
    if ticked:
        cv2.line(grey, (left, top), (right, bottom), 20, thick)
        cv2.line(grey, (left, bottom), (right, top), 20, thick)


@pytest.mark.parametrize("size", [12, 20, 33, 60])
def test_boxes_that_no_word_was_found_for_are_found_beside_words(size: int) -> None:
    grey, words = form(size)
    square(grey, 2 * size, size, size)
    square(grey, 1.5 * size, 3 * size, size, width=1.5)
    square(grey, 10 * size, 5 * size, size, ticked=True)
    found = find_tick_boxes(grey, words)
    assert sorted((round(word.box[1] / size), word.text, word.source) for word in found) == [
        (1, EMPTY, "shape"), (3, EMPTY, "shape"), (5, TICKED, "shape"),
    ]  # fmt: skip
    assert found[0].box == pytest.approx((2 * size, size, 3 * size, 2 * size), abs=1 + size / 10)


def test_squares_that_are_no_tick_boxes_are_left_out() -> None:
    size = 20
    grey, words = form(size)
    for k in range(4):  # for letters
        square(grey, (10 + 1.1 * k) * size, size, size)
    square(grey, 20 * size, 3 * size, size)  # beside nothing
    square(grey, 2 * size, 5 * size, size, width=2.5)  # a field
    cv2.circle(grey, (round(2.5 * size), round(7.5 * size)), size // 2, 20, 2)  # a ring
    square(grey, 2 * size, 9 * size, size)
    words.append(Word("D", 0.9, box_quad((2 * size, 9 * size, 3 * size, 10 * size))))  # found, and read
    square(grey, 2 * size, 11 * size, size)
    grey[11 * size + 8 : 11 * size + 12, 2 * size + 8 : 2 * size + 10] = 20  # neither empty nor marked
    assert find_tick_boxes(grey, words) == []


@pytest.mark.parametrize("module", [2, 3, 5])
def test_the_corners_of_a_qr_code_are_no_tick_boxes(module: int) -> None:
    size = 16
    grey, words = form(size)
    code = cv2.QRCodeEncoder.create().encode("https://example.org/invoice/4711")
    code = cv2.resize(code, None, fx=module, fy=module, interpolation=cv2.INTER_NEAREST)
    height, width = code.shape
    grey = np.hstack([grey, np.full((len(grey), width), 235, np.uint8)])
    grey[4 : 4 + height, 10 * size : 10 * size + width] = code[: len(grey) - 4]
    assert find_tick_boxes(grey, words) == []


def test_a_filled_square_is_no_tick_box() -> None:
    grey, words = form(20)
    grey[20:40, 40:60] = 20
    assert find_tick_boxes(grey, words) == []


def test_too_few_words_do_not_tell_how_high_a_box_is() -> None:
    grey, words = form(20)
    square(grey, 40, 20, 20)
    assert find_tick_boxes(grey, words)
    assert find_tick_boxes(grey, words[:4]) == []


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 300), st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_no_page_makes_the_search_fail(seed: int, height: float, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 2, shape, dtype=np.uint8) * np.uint8(255)
    words = [Word("a", 0.9, box_quad((x, x, x + height, x + height))) for x in range(6)]
    for word_found in find_tick_boxes(grey, words):
        assert word_found.text in (EMPTY, TICKED)
