"""Tick boxes told from letters."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Character, Word
from ocr_doc.tick_boxes import EMPTY, TICKED, read_tick_boxes

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
