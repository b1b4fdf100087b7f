"""Of what several looks find in one place, what counts is many characters that the recogniser is sure of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import numpy as np

from ocr_doc.codes import Judge, Judges, find_codes
from ocr_doc.core.geometry import Box, box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.recognizer.serial import Row

PAGE = np.zeros((150, 320, 3), np.uint8)


def _word(box: Box, *cells: tuple[float, float]) -> DetectedWord:
    """A word of characters as high as its box, between the columns given."""
    return DetectedWord(box_quad(box), 0.9, tuple(box_quad((a, box[1], b, box[3])) for a, b in cells))


def _even(box: Box, count: int) -> DetectedWord:
    edges = np.linspace(box[0], box[2], count + 1).tolist()
    return _word(box, *pairwise(edges))


def _detector(found: Sequence[DetectedWord]) -> WordDetector:
    """One that finds the same in every look."""
    options = SimpleNamespace(scale=SimpleNamespace(text_height=20.0))
    return cast(WordDetector, SimpleNamespace(options=options, detect_at=lambda _pixels, _scale: list(found)))


def _told(values: dict[Box, float], other: float) -> Judge:
    return lambda rows: [_value(row, values, other) for row in rows]


def _value(row: Row, values: dict[Box, float], other: float) -> float:
    return values.get(quad_box(row.quad), other)


def _boxes(found: Sequence[DetectedWord], judges: Judges) -> set[Box]:
    return {quad_box(word.quad) for word in find_codes(_detector(found), PAGE, found, judges)}


def _counted(rows: Sequence[Row]) -> list[float]:
    return [0.9 * len(row.characters) for row in rows]


def _sure(rows: Sequence[Row]) -> list[float]:
    return [0.99] * len(rows)


def test_a_name_in_the_gap_of_a_codes_row_leaves_the_row_in_its_place() -> None:
    code: Box = (30, 40, 290, 118)
    row = _word(code, (30, 60), (65, 95), (100, 110), (190, 220), (225, 255), (260, 290))
    name: Box = (113, 42, 187, 50)
    assert _boxes([row, _even(name, 12)], Judges(_counted, _sure)) == {code, name}


def test_two_finds_of_one_text_are_one_and_the_recogniser_says_which() -> None:
    right: Box = (30, 40, 290, 118)
    cut: Box = (24, 30, 300, 120)
    found = [_even(right, 6), _even(cut, 7)]
    assert _boxes(found, Judges(_counted, _sure)) == {cut}
    assert _boxes(found, Judges(_counted, _told({right: 0.99}, 0.7))) == {right}


def test_parts_of_a_row_are_joined_where_the_recogniser_is_hardly_less_sure() -> None:
    left, right = (30.0, 40.0, 130.0, 80.0), (140.0, 40.0, 240.0, 80.0)
    both: Box = (30, 40, 240, 80)
    found = [_even(left, 3), _even(right, 3)]
    # What counts the characters sees nothing in both together, so that the parts are left to be joined.
    count = _told({left: 2.7, right: 2.7}, 0.0)
    assert _boxes(found, Judges(count, _sure)) == {both}
    assert _boxes(found, Judges(count, _told({both: 0.8}, 0.99))) == {left, right}
