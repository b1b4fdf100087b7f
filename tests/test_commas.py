"""Commas whose tails the word's crop cuts off."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.commas import is_same_number, numbers_cut_below
from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.recognizer.reader import ReadCharacter, Reading

# The box of a number of five characters: its third, the sign, is from 140 to 160, but for the crop's margin.
BOX = (100.0, 40.0, 200.0, 60.0)
SIGN = (148, 56, 152)


def found(box: tuple[float, float, float, float]) -> DetectedWord:
    quad = box_quad(box)
    return DetectedWord(quad, 0.9, (quad,))


def reading(text: str) -> Reading:
    count = len(text)
    return Reading(text, 0.9, tuple(ReadCharacter(c, 0.9, i / count, (i + 1) / count) for i, c in enumerate(text)))


def page(*inks: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Upright strokes where figures are, and what else is given."""
    grey = np.full((100, 300), 235, np.uint8)
    for x in (102, 110, 122, 130, 165, 172, 185, 192):
        grey[41:59, x : x + 4] = 30
    for x0, y0, x1, y1 in inks:
        grey[y0:y1, x0:x1] = 40
    return grey


def tail(length: int) -> tuple[int, int, int, int]:
    """A sign that ends so many pixels below the box."""
    return SIGN[0], SIGN[1], SIGN[2], 60 + length


@pytest.mark.parametrize("text", ["12.50", "12,50", "9,.50"])
def test_a_number_whose_sign_runs_out_of_its_crop_is_made_deeper(text: str) -> None:
    words = [found((10, 40, 60, 60)), found(BOX)]
    deeper = numbers_cut_below(page(tail(4)), words, [reading("Total"), reading(text)])
    assert list(deeper) == [1]
    left, top, right, bottom = quad_box(deeper[1].quad)
    assert (left, top, right) == BOX[:3]
    assert 62.5 <= bottom <= 66  # and the crop's margin


@pytest.mark.parametrize(
    ("text", "inks"),
    [
        ("12.50", ()),
        ("12.50", (tail(0),)),  # a point, or a comma that is all there
        ("12.50", (tail(30),)),  # joined to what stands below
        ("12.50", ((104, 56, 108, 64),)),  # beside the sign
        ("1250.", (tail(4),)),
        ("ab.cd", (tail(4),)),
        ("1.2.3", (tail(4),)),  # a date, a version
        ("1,2.3", (tail(4),)),  # which sign is which is plain
    ],
)
def test_other_words_stay(text: str, inks: tuple[tuple[int, int, int, int], ...]) -> None:
    assert numbers_cut_below(page(*inks), [found(BOX)], [reading(text)]) == {}


def test_a_leaning_number_is_looked_at_along_its_line() -> None:
    turn = cv2.getRotationMatrix2D((150, 50), 12, 1.0)
    grey = np.asarray(cv2.warpAffine(page(tail(4)), turn, (300, 100), borderValue=235), dtype=np.uint8)
    corners = np.array(box_quad(BOX)) @ turn[:, :2].T + turn[:, 2]
    word = DetectedWord(tuple(map(tuple, corners.tolist())), 0.9, ())
    assert list(numbers_cut_below(grey, [word], [reading("12.50")])) == [0]
    level = np.asarray(cv2.warpAffine(page(), turn, (300, 100), borderValue=235), dtype=np.uint8)
    assert numbers_cut_below(level, [word], [reading("12.50")]) == {}


@pytest.mark.parametrize(
    ("text", "deeper", "same"),
    [
        ("12.50", "12,50", True),
        ("9,.90 A", "9,90 A", True),
        ("12.50", "12.50", False),
        ("12.50", "12,.50", False),
        ("12.50", "72,50", False),
        ("12.50", "1250", False),
        ("No. 12.50", "No, 12,50", False),
    ],
)
def test_only_signs_of_numbers_may_change(text: str, deeper: str, same: bool) -> None:
    assert is_same_number(text, deeper) is same


class _Finds:
    """Finds one word in the same place on every page."""

    def __init__(self, word: DetectedWord) -> None:
        self._word = word

    def detect(self, _: NDArray[np.uint8]) -> list[DetectedWord]:
        return [self._word]


@pytest.mark.parametrize("text", ["37,62", "37.62"])
def test_the_shipped_recogniser_tells_them_apart(text: str) -> None:
    image = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(image).text((60, 60), text, "black", ImageFont.load_default(24), anchor="ls")
    rows, columns = np.nonzero(np.array(image.convert("L")) < 128)
    # Down to the base line, as detectors see it: the comma's tail is below.
    word = found((float(columns.min()), float(rows.min()), columns.max() + 1.0, 60.0))
    with OCRPipeline(detector=_Finds(word), orientation=0, serial="never") as ocr:
        assert [word.text for word in ocr(image).words] == [text]
