"""Print that its colour alone tells from its ground: found, cut out legibly, and read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.core.geometry import box_quad
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.detectors.regions import ink_regions
from ocr_doc.recognizer.colours import is_coloured, legible_grey, word_crop
from ocr_doc.recognizer.crops import rectify, to_grey
from ocr_doc.show_through import without_show_through

Colour = tuple[int, int, int]
LIGHTNESS = np.array([0.299, 0.587, 0.114])
RED, GREEN = (214, 40, 60), (40, 132, 50)  # as light as one another
QUAD = np.array(box_quad((20, 20, 180, 60)))

colours = st.tuples(*[st.integers(0, 255)] * 3)


def _mask(height: int = 80, width: int = 200) -> NDArray[np.bool_]:
    """Strokes in the box of `QUAD`."""
    mask = np.zeros((height, width), bool)
    for x in range(24, 176, 12):
        mask[24:56, x : x + 4] = True
    return mask


def _page(ink: Colour, ground: Colour) -> NDArray[np.uint8]:
    return np.where(_mask()[..., None], np.array(ink, np.uint8), np.array(ground, np.uint8))


def _card(lines: list[str], ink: Colour, ground: Colour) -> NDArray[np.uint8]:
    """A page with lines of 32 pixels."""
    card = Image.new("RGB", (620, 60 + 80 * len(lines)), ground)
    for number, line in enumerate(lines):
        font = ImageFont.load_default(size=32)
        ImageDraw.Draw(card).text((40, 50 + 80 * number), line, fill=ink, font=font)
    return np.asarray(card)


@settings(max_examples=60, deadline=None)
@given(colours, colours)
def test_ink_stands_out_whatever_the_two_colours(ink: Colour, ground: Colour) -> None:
    apart = np.subtract(ink, ground)
    assume(np.linalg.norm(apart) >= 70)
    page = _page(ink, ground)
    crop = word_crop(to_grey(page), page, QUAD).astype(float)
    mask = rectify(_mask().astype(np.uint8), QUAD).astype(bool)
    step = crop[mask].mean() - crop[~mask].mean()
    assert abs(step) > 35
    if abs(apart @ LIGHTNESS) > 3:
        assert (step > 0) == (apart @ LIGHTNESS > 0)  # what is lighter stays lighter


def test_print_that_shows_in_greys_is_left_as_it_is() -> None:
    page = _page((0, 0, 0), (250, 220, 40))
    assert is_coloured(page)
    assert (word_crop(to_grey(page), page, QUAD) == rectify(to_grey(page), QUAD)).all()
    empty = np.full((80, 200, 3), (250, 220, 40), np.uint8)
    assert (word_crop(to_grey(empty), empty, QUAD) == rectify(to_grey(empty), QUAD)).all()


def test_a_picture_of_one_word_is_seen_the_same_way() -> None:
    page = _page(RED, GREEN)
    assert np.ptp(to_grey(page)) < 10
    assert np.ptp(legible_grey(page)) > 100
    black = _page((0, 0, 0), GREEN)
    assert (legible_grey(black) == to_grey(black)).all()


def test_grain_in_colour_is_no_print() -> None:
    noise = np.random.default_rng(1).normal(128, 7, (80, 200, 3)).astype(np.uint8)
    assert (word_crop(to_grey(noise), noise, QUAD) == rectify(to_grey(noise), QUAD)).all()


def test_a_page_is_coloured_by_its_print_and_not_by_a_tint() -> None:
    page = np.full((400, 400, 3), (250, 240, 222), np.uint8)
    page[50:60, 50:90] = 20
    assert not is_coloured(page)
    page[100:120, 50:90] = RED
    assert is_coloured(page)
    assert not is_coloured(page[:1, :1])


def test_colour_alone_is_ink_to_look_at() -> None:
    page = np.full((640, 640, 3), GREEN, np.uint8)
    assert ink_regions(page) == []
    page[300:320, 100:220][_mask()[24:44, 24:144]] = RED
    [(left, top, right, bottom)] = ink_regions(page)
    assert left <= 100 and top <= 300 and right >= 220 and bottom >= 320


def test_colour_alone_does_not_show_through() -> None:
    page = np.full((80, 420, 3), GREEN, np.uint8)
    page[:, :200][_mask()] = RED
    page[:, 200:400][_mask()] = 0
    word = DetectedWord(box_quad((20, 20, 180, 60)), 0.9, ())
    dark = DetectedWord(box_quad((220, 20, 380, 60)), 0.9, ())
    assert list(without_show_through(to_grey(page), [word, dark])) == [dark]
    assert list(without_show_through(page, [word, dark])) == [word, dark]


@pytest.mark.parametrize(
    ("ink", "ground"), [(RED, GREEN), ((235, 205, 60), (180, 210, 255)), ((90, 90, 255), (255, 40, 60))]
)
def test_what_colour_alone_tells_apart_is_read(ink: Colour, ground: Colour) -> None:
    lines = ["Receipt number 4711", "Total amount 28.50"]
    with OCRPipeline(fields=False) as ocr:
        [page] = ocr(_card(lines, ink, ground)).pages
    assert page.text.splitlines() == lines
    assert min(word.confidence for word in page.words) > 0.5
