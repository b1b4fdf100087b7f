"""Codes that are broken over two lines."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.core.geometry import Box, box_quad, quad_box
from ocr_doc.core.records import Character, Word
from ocr_doc.recognizer.serial import Row
from ocr_doc.two_lines import find_pairs, lay_beside, over_both, put_back


def row(x0: float, y0: float, x1: float, y1: float) -> Row:
    return Row(box_quad((x0, y0, x1, y1)), (box_quad((x0, y0, x0 + 20, y1)), box_quad((x1 - 20, y0, x1, y1))))


def test_a_row_goes_on_in_the_one_below() -> None:
    rows = [row(10, 100, 200, 140), row(12, 40, 150, 80), row(10, 300, 200, 340)]
    assert find_pairs(rows) == [(1, 0)]


@pytest.mark.parametrize(
    "other",
    [(10, 90, 30, 102), (300, 90, 400, 130), (10, 200, 150, 240), (10, 90, 1000, 130), (10, 42, 150, 82)],
    ids=["small", "beside", "far", "long", "over"],
)
def test_what_is_no_second_line(other: Box) -> None:
    assert find_pairs([row(10, 40, 150, 80), row(*other)]) == []
    assert find_pairs([]) == []


def test_rows_laid_side_by_side_go_back_to_their_places() -> None:
    grey = np.full((200, 300), 255, np.uint8)
    upper, lower = row(30, 40, 130, 80), row(34, 100, 114, 132)
    grey[40:80, 30:50] = 0
    laid = lay_beside(grey, upper, lower)
    first, _, third, _ = laid.row.characters
    x0, y0, x1, y1 = (round(v) for v in quad_box(first))
    assert laid.pixels[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2].max() == 0
    assert quad_box(third)[0] > laid.border
    characters = tuple(Character("A", 0.9, quad) for quad in laid.row.characters)
    word = Word("AAAA", 0.8, laid.row.quad, characters, "characters")
    assert over_both(word, laid)
    assert not over_both(Word("AA", 0.8, laid.row.quad, characters[:2]), laid)
    back = put_back(word, laid, upper, lower)
    assert quad_box(back.quad) == (30, 40, 130, 132)
    for got, want in zip(back.characters, (*upper.characters, *lower.characters), strict=True):
        assert got.quad is not None
        assert quad_box(got.quad) == pytest.approx(quad_box(want), abs=0.5)


def test_a_container_number_on_two_lines_is_one_code() -> None:
    """By the shipped weights: neither line alone is a container's number, both together are, check digit and all."""
    image = Image.new("RGB", (560, 300), (40, 70, 110))
    draw = ImageDraw.Draw(image)
    for text, y in (("CSQU", 60), ("3054383", 150)):
        draw.text((90, y), text, fill=(235, 235, 235), font=ImageFont.load_default(64))
    with OCRPipeline(serial="always", pattern="iso6346", characters=True) as ocr:
        words = ocr(np.asarray(image)).pages[0].words
    [code] = [word for word in words if word.text == "CSQU3054383"]
    assert len(code.characters) == 11
    assert any("two lines" in note for note in code.notes)
    tops = [quad_box(c.quad)[1] for c in code.characters if c.quad is not None]
    assert max(tops[:4]) < min(tops[4:])
