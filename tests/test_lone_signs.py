"""Signs in the gaps of rows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.lone_signs import with_lone_signs

TOP, HEIGHT = 40, 20


def found(left: float, right: float, top: float = TOP, confidence: float = 0.9) -> DetectedWord:
    quad = box_quad((left, top, right, top + HEIGHT))
    return DetectedWord(quad, confidence, (quad,))


def row() -> tuple[NDArray[np.uint8], list[DetectedWord]]:
    """Two words of upright strokes with ten heights of white between them."""
    grey = np.full((100, 400), 225, dtype=np.uint8)
    words = [found(20, 100), found(300, 380)]
    for word in words:
        x0, y0, x1, y1 = (int(v) for v in quad_box(word.quad))
        for x in range(x0, x1, 9):
            grey[y0:y1, x : x + 4] = 30
    return grey, words


def drawn(grey: NDArray[np.uint8], *boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    for x0, y0, x1, y1 in boxes:
        cv2.rectangle(grey, (x0, y0), (x1 - 1, y1 - 1), 40, -1)
    return grey


@pytest.mark.parametrize(
    ("ink", "place"),
    [
        (((150, 46, 153, 49), (150, 55, 153, 58)), (150, 153)),  # a colon
        (((180, 49, 190, 51),), (180, 190)),  # a dash
        (((180, 49, 206, 51),), (180, 206)),  # a long one
        (tuple((x, 48, x + 4, 52) for x in (150, 158, 166, 174)), (150, 178)),  # what hides a card's number
        (((200, 42, 204, 58),), (200, 204)),  # a 1
    ],
)
def test_a_sign_between_words_is_found(ink: tuple[tuple[int, int, int, int], ...], place: tuple[int, int]) -> None:
    grey, words = row()
    result = with_lone_signs(drawn(grey, *ink), words)
    assert result[:2] == words
    [sign] = result[2:]
    x0, y0, x1, y1 = quad_box(sign.quad)
    assert (x0, x1) == pytest.approx(place, abs=1.0)
    assert (y0, y1) == pytest.approx((TOP, TOP + HEIGHT), abs=0.5)


@pytest.mark.parametrize(
    "ink",
    [
        (),
        ((150, 50, 152, 52),),  # a speck
        ((150, 30, 152, 70),),  # a rule that goes on above and below
        ((118, 49, 282, 51),),  # a rule between the words
        tuple((x, 49, x + 8, 51) for x in range(130, 280, 16)),  # a dashed one
        tuple((x, 56, x + 2, 58) for x in range(150, 180, 6)),  # leader dots, on the base line
        ((150, 48, 154, 52), (158, 46, 168, 54), (174, 48, 178, 52)),  # dots of several sizes
        ((150, 42, 190, 58),),  # something as wide as a word, which the detector would have found
        ((150, 41, 153, 44), (150, 49, 153, 51), (150, 56, 153, 59)),  # three dots
    ],
)
def test_other_ink_is_no_sign(ink: tuple[tuple[int, int, int, int], ...]) -> None:
    grey, words = row()
    assert with_lone_signs(drawn(grey, *ink), words) == words


def test_signs_of_a_dark_page_are_light() -> None:
    grey, words = row()
    dark = np.asarray(255 - drawn(grey, (180, 49, 190, 51)), dtype=np.uint8)
    assert len(with_lone_signs(dark, words)) == 3


def test_signs_stand_at_the_ends_of_rows_too() -> None:
    grey, _ = row()
    moved = [found(120, 200), found(210, 290)]
    grey[:] = 225
    for x in (*range(120, 200, 9), *range(210, 290, 9)):
        grey[TOP : TOP + HEIGHT, x : x + 4] = 30
    drawn(grey, (80, 42, 84, 58), (320, 49, 331, 51), (30, 42, 34, 58), (390, 42, 394, 58))
    signs = with_lone_signs(grey, moved)[2:]
    # What is farther off than that belongs to something else.
    assert sorted(quad_box(sign.quad)[0] for sign in signs) == pytest.approx([80, 320], abs=1.0)


def test_a_page_that_leans_has_signs_on_its_own_line() -> None:
    grey, words = row()
    drawn(grey, (150, 46, 153, 49), (150, 55, 153, 58))
    turn = cv2.getRotationMatrix2D((200, 50), 3.0, 1.0)
    turned = np.asarray(cv2.warpAffine(grey, turn, (400, 100), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)
    quads = [np.array(word.quad) @ turn[:, :2].T + turn[:, 2] for word in words]
    leaning = [DetectedWord(tuple(map(tuple, quad.tolist())), 0.9, ()) for quad in quads]
    [sign] = with_lone_signs(turned, leaning)[2:]
    assert np.mean(sign.quad, axis=0) == pytest.approx(turn @ (151.5, 50, 1), abs=1.5)


def test_what_was_not_surely_found_gives_way() -> None:
    grey, words = row()
    drawn(grey, (150, 46, 153, 49), (150, 55, 153, 58))
    dot, away = found(149, 154, TOP, 0.45), found(200, 205, 80, 0.45)
    result = with_lone_signs(grey, [*words, dot, away])
    assert dot not in result
    assert away in result
    assert len(result) == 4
    sure = found(149, 154, TOP, 0.8)
    assert with_lone_signs(grey, [*words, sure]) == [*words, sure]


def test_a_low_word_that_was_found_is_no_sign_as_well() -> None:
    grey, words = row()
    drawn(grey, (150, 47, 158, 58))
    assert len(with_lone_signs(grey, words)) == 3
    quad = box_quad((150, 47, 158, 58))
    letter = DetectedWord(quad, 0.9, (quad,))
    assert with_lone_signs(grey, [*words, letter]) == [*words, letter]


def test_few_words_and_words_beyond_the_page() -> None:
    grey, words = row()
    assert with_lone_signs(grey, []) == []
    assert with_lone_signs(grey, words[:1]) == words[:1]
    outside = [found(-500, -400), found(900, 1000)]
    assert with_lone_signs(grey, outside) == outside
