"""Small text on a page's margins, running up or down."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.core.geometry import Box, box_quad, quad_angle, quad_box
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.orientation import View
from ocr_doc.side_text import find_strips, with_side_text

# Where parts like letters stand one above the other, 12 wide.
STRIP = (30, 120, 42, 312)


def found(box: Box, confidence: float = 0.9, characters: int = 5) -> DetectedWord:
    return DetectedWord(box_quad(box), confidence, (box_quad(box),) * characters)


def page(step: int = 8, long: int = 6, left: int = STRIP[0], right: int = STRIP[2]) -> NDArray[np.uint8]:
    """Parts so long, one in so many pixels, on a page of 400 by 600."""
    grey = np.full((600, 400), 240, np.uint8)
    for y in range(STRIP[1], STRIP[3], step):
        grey[y : y + long, left:right] = 40
        grey[y + 2 : y + 4, left + 3 : right - 3] = 240  # hollow, as letters are
    return grey


LEVEL = [found((x, y, x + 240, y + 30)) for x, y in ((100.0, 90.0), (100.0, 210.0), (100.0, 330.0))]


class Detector:
    """Finds the same in every part of a page that it is shown."""

    def __init__(self, words: Sequence[DetectedWord]) -> None:
        self.options = SimpleNamespace(scale=SimpleNamespace(text_height=20.0))
        self.words = words
        self.seen: list[tuple[tuple[int, ...], float]] = []

    def detect_at(self, pixels: NDArray[np.uint8], scale: float) -> list[DetectedWord]:
        self.seen.append((pixels.shape[:2], scale))
        return list(self.words)


def looked(detector: Detector, words: Sequence[DetectedWord]) -> list[DetectedWord]:
    view = View(np.repeat(page()[:, :, None], 3, axis=2), np.eye(3))
    return with_side_text(cast(WordDetector, detector), view, words)


def test_parts_like_letters_above_one_another_are_a_strip() -> None:
    [strip] = find_strips(page(), LEVEL)
    assert strip == pytest.approx(STRIP, abs=3)


def test_a_strip_of_a_large_page_is_found_on_its_copy() -> None:
    large = np.kron(page(), np.ones((2, 2), np.uint8))
    large = np.concatenate([large, np.full_like(large, 240), np.full_like(large, 240)], axis=1)
    [strip] = find_strips(large, [])
    assert strip == pytest.approx([2 * edge for edge in STRIP], abs=6)


@pytest.mark.parametrize(
    "grey",
    [
        page(step=40),  # far from one another
        page(step=6),  # a rule
        page(right=STRIP[0] + 3),  # a thin one
        page(left=100, right=300),  # lines of text
        page()[:180],  # three or four letters
        np.full((600, 400), 240, np.uint8),
    ],
)
def test_other_ink_is_none(grey: NDArray[np.uint8]) -> None:
    assert find_strips(grey, []) == []


def test_what_words_explain_is_none() -> None:
    assert find_strips(page(), [found((28.0, y, 44.0, y + 10)) for y in range(115, 315, 8)]) == []


def test_a_strip_is_looked_at_turned_and_its_line_takes_the_place_of_scraps() -> None:
    detector = Detector([found((100, 18, 200, 30)), found((10, 60, 100, 70)), found((20, 18, 60, 30), 0.5)])
    scrap, tall = found((30.0, 150.0, 42.0, 170.0), 0.5), found((29.0, 200.0, 43.0, 300.0), 0.9, 1)
    result = looked(detector, [*LEVEL, scrap, tall])
    [((height, width), scale)] = detector.seen
    assert width > 190
    assert height < 50
    assert scale == pytest.approx(20 / 12, abs=0.3)
    assert result[:3] == LEVEL
    [word] = result[3:]
    assert quad_angle(word.quad) == pytest.approx(-90)
    x0, y0, x1, y1 = quad_box(word.quad)
    assert (x1 - x0, y1 - y0) == (12, 100)
    assert STRIP[0] - 2 <= x0 < x1 <= STRIP[2] + 2
    assert STRIP[1] < y0 < y1 < STRIP[3]


@pytest.mark.parametrize("line", [[], [found((100, 18, 200, 30), 0.5)], [found((100, 18, 110, 30), 0.9, 1)]])
def test_where_no_line_is_found_what_was_found_stays(line: list[DetectedWord]) -> None:
    words = [*LEVEL, found((30.0, 150.0, 42.0, 170.0), 0.5)]
    detector = Detector(line)
    assert looked(detector, words) == words
    assert len(detector.seen) == 1


def test_a_page_that_stands_itself_is_turned_as_a_whole() -> None:
    words = [found((100, 20, 140, 30)), found((30.0, 150.0, 42.0, 170.0), 0.5)]
    for few in (words, words[1:], []):
        detector = Detector([])
        assert looked(detector, few) == few
        assert detector.seen == []


@pytest.mark.parametrize("turn", [90, 270])
@pytest.mark.parametrize("size", [12, 16])
def test_print_on_its_side_is_read(real: OCRPipeline, turn: int, size: int) -> None:
    text = "Registered in England No. 4711820"
    image = Image.new("RGB", (900, 1100), "white")
    draw = ImageDraw.Draw(image)
    for k in range(16):
        line = f"Line {k} of a letter, 20{k:02}, and its amount 1{k}.50"
        draw.text((160, 80 + 60 * k), line, "black", ImageFont.load_default(28))
    strip = Image.new("RGB", (600, 30), "white")
    ImageDraw.Draw(strip).text((6, 4), text, "black", ImageFont.load_default(size))
    image.paste(strip.rotate(-turn, expand=True), (40, 200))
    read = real(image).pages[0]
    assert text in read.text
    assert read.rotation == 0
    assert "Line 9 of a letter, 2009, and its amount 19.50" in read.text
