"""A minus that all but touches its number."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr_doc import OCRPipeline
from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.minus_signs import numbers_below_nothing
from ocr_doc.recognizer.reader import ReadCharacter, Reading

Pixels = NDArray[np.uint8]

# Left, top, right, bottom of a number's box, and of a dash close before it.
NUMBER, DASH = (100, 40, 160, 60), (88, 49, 97, 51)


def found(*box: float) -> DetectedWord:
    quad = box_quad((box[0], box[1], box[2], box[3]))
    return DetectedWord(quad, 0.9, (quad,))


def page(*inks: tuple[int, int, int, int]) -> Pixels:
    """Upright strokes where the number is, and bars."""
    grey = np.full((100, 300), 235, np.uint8)
    for x in range(NUMBER[0], NUMBER[2], 9):
        grey[NUMBER[1] + 1 : NUMBER[3] - 1, x : x + 4] = 30
    for x0, y0, x1, y1 in inks:
        cv2.rectangle(grey, (x0, y0), (x1 - 1, y1 - 1), 40, -1)
    return grey


@pytest.mark.parametrize("text", ["4", "4,85", "1.204,85", "3'100.00", "12.50 A"])
def test_the_number_is_made_longer(text: str) -> None:
    word = found(*NUMBER)
    longer = numbers_below_nothing(page(DASH), [found(200, 40, 250, 60), word], ["Total", text])
    assert list(longer) == [1]
    assert quad_box(longer[1].quad) == pytest.approx((88, 40, 160, 60), abs=1)
    assert len(longer[1].characters) == 2
    assert quad_box(longer[1].characters[0]) == pytest.approx((88, 40, 100, 60), abs=1)


@pytest.mark.parametrize(
    "inks",
    [
        (),
        ((88, 56, 97, 58),),  # low: the end of a rule, a full stop
        ((88, 41, 97, 43),),  # high
        ((88, 45, 97, 55),),  # thick: a square
        ((95, 49, 97, 51),),  # a dot
        ((60, 49, 97, 51),),  # a rule
        ((70, 49, 79, 51),),  # far off
        ((88, 49, 97, 51), (82, 42, 85, 58)),  # a hyphen between two parts of a code
        ((88, 46, 97, 48), (88, 52, 97, 54)),  # an equals sign
        ((88, 49, 97, 51), (91, 42, 93, 58)),  # a plus
    ],
)
def test_no_dash(inks: tuple[tuple[int, int, int, int], ...]) -> None:
    assert not numbers_below_nothing(page(*inks), [found(*NUMBER)], ["4,85"])


@pytest.mark.parametrize("text", ["", "Item", "A4", "-4,85", "4x"])
def test_only_before_numbers(text: str) -> None:
    assert not numbers_below_nothing(page(DASH), [found(*NUMBER)], [text])


def test_what_stands_there_already_is_left_alone() -> None:
    sign = found(87, 46, 98, 54)
    for text, longer in (("-", []), ("", [0])):
        assert list(numbers_below_nothing(page(DASH), [found(*NUMBER), sign], ["4,85", text])) == longer


@pytest.mark.parametrize("box", [(0, 0, 40, 20), (5, 40, 60, 60), (290, 90, 340, 120), (100, 40, 100, 40)])
def test_at_the_edge_of_the_page(box: tuple[int, int, int, int]) -> None:
    assert numbers_below_nothing(page(DASH), [found(*box)], ["4,85"]) == {}


class _Finds:
    def detect(self, _pixels: Pixels) -> list[DetectedWord]:
        return [found(*NUMBER), found(180, 40, 240, 60)]


class _Reads:
    """Reads wide crops with a minus, if it sees one."""

    def __init__(self, sees: str) -> None:
        self.sees = sees

    def read(self, crops: list[Pixels], expected: object = None) -> list[Reading]:
        texts = [f"{self.sees}4,85" if crop.shape[1] > 3.5 * crop.shape[0] else "4,85" for crop in crops]
        return [Reading(text, 0.9, _characters(text)) for text in texts]


def _characters(text: str) -> tuple[ReadCharacter, ...]:
    return tuple(ReadCharacter(c, 0.9, i / len(text), (i + 1) / len(text)) for i, c in enumerate(text))


@pytest.mark.parametrize(("sees", "kept"), [("-", True), ("–", True), ("", False), ("1", False)])
def test_the_minus_is_read_with_its_number(sees: str, kept: bool) -> None:
    image = Image.fromarray(page(DASH))
    ImageDraw.Draw(image).rectangle((180, 41, 239, 58), fill=30)
    with OCRPipeline(detector=_Finds(), recognizer=_Reads(sees), orientation=0, serial="never") as ocr:
        words = ocr(image).words
    assert {word.text for word in words} == ({f"{sees}4,85", "4,85"} if kept else {"4,85"})
    assert len(words) == 2
    assert min(word.box[0] for word in words) == pytest.approx(88 if kept else 100, abs=1.5)
