"""Of what several looks find in one place, what counts is many characters that the recogniser is sure of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import numpy as np

from ocr_doc.codes import find_codes
from ocr_doc.core.geometry import Box, box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.finds import Judge, Judges, Longer, Overheard
from ocr_doc.recognizer.overheard import Ends
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


def _judges(
    count: Judge = _counted,
    certainty: Judge = _sure,
    longer: Longer = list,
    overheard: Overheard = lambda _ends, rows: rows,
) -> Judges:
    return Judges(count, certainty, longer, overheard)


def _right_grown(right: Box, to: float, width: float) -> Callable[[Sequence[Row]], list[Row]]:
    """Another character at the right end of the row in a box."""

    def longer(rows: Sequence[Row]) -> list[Row]:
        return [_with_last(row, right, to, width) if quad_box(row.quad) == right else row for row in rows]

    return longer


def _with_last(row: Row, box: Box, to: float, width: float) -> Row:
    quad = box_quad((box[0], box[1], to, box[3]))
    return Row(quad, (*row.characters, box_quad((to - width, box[1], to, box[3]))))


def test_a_name_in_the_gap_of_a_codes_row_leaves_the_row_in_its_place() -> None:
    code: Box = (30, 40, 290, 118)
    row = _word(code, (30, 60), (65, 95), (100, 110), (190, 220), (225, 255), (260, 290))
    name: Box = (113, 42, 187, 50)
    assert _boxes([row, _even(name, 12)], _judges()) == {code, name}


def test_small_print_that_reaches_into_a_codes_row_from_below_leaves_the_row_in_its_place() -> None:
    code, below = (120.0, 32.0, 270.0, 113.0), (35.0, 106.0, 218.0, 118.0)
    assert _boxes([_even(code, 4), _even(below, 21)], _judges()) == {code, below}
    # What lies well within the row is of its text: one of the two counts.
    foot = (120.0, 92.0, 270.0, 113.0)
    assert _boxes([_even(code, 4), _even(foot, 9)], _judges()) == {foot}


def test_two_finds_of_one_text_are_one_and_the_recogniser_says_which() -> None:
    right: Box = (30, 40, 290, 118)
    cut: Box = (24, 30, 300, 120)
    found = [_even(right, 6), _even(cut, 7)]
    assert _boxes(found, _judges()) == {cut}
    assert _boxes(found, _judges(certainty=_told({right: 0.99}, 0.7))) == {right}


def test_parts_of_a_row_are_joined_where_the_recogniser_is_hardly_less_sure() -> None:
    left, right = (30.0, 40.0, 130.0, 80.0), (140.0, 40.0, 240.0, 80.0)
    both: Box = (30, 40, 240, 80)
    found = [_even(left, 3), _even(right, 3)]
    # What counts the characters sees nothing in both together, so that the parts are left to be joined.
    count = _told({left: 2.7, right: 2.7}, 0.0)
    assert _boxes(found, _judges(count)) == {both}
    assert _boxes(found, _judges(count, _told({both: 0.8}, 0.99))) == {left, right}


def test_a_row_grows_where_the_recogniser_is_hardly_less_sure_of_it() -> None:
    short: Box = (30, 40, 130, 80)
    grown: Box = (30, 40, 165, 80)
    longer = _right_grown(short, 165, 30)
    assert _boxes([_even(short, 3)], _judges(longer=longer)) == {grown}
    assert _boxes([_even(short, 3)], _judges(certainty=_told({grown: 0.8}, 0.99), longer=longer)) == {short}


def test_a_row_grows_by_what_is_overheard_where_its_ends_are_free() -> None:
    left, near, below = (30.0, 20.0, 130.0, 60.0), (150.0, 20.0, 250.0, 60.0), (30.0, 90.0, 130.0, 130.0)
    asked: list[dict[Box, Ends]] = []

    def overheard(ends: Sequence[Ends], rows: Sequence[Row]) -> Sequence[Row]:
        boxes = [quad_box(row.quad) for row in rows]
        asked.append({box: end for box, end in zip(boxes, ends, strict=True) if any(end)})
        return _right_grown(below, 165, 30)(rows)

    certainty = _told({(30.0, 20.0, 250.0, 60.0): 0.1}, 0.99)
    found = [_even(left, 3), _even(near, 3), _even(below, 3)]
    boxes = _boxes(found, _judges(certainty=certainty, overheard=overheard))
    longer = (30.0, 90.0, 165.0, 130.0)
    first = {left: (True, False), near: (False, True), below: (True, True)}
    # What has grown may go on; the others have been asked.
    assert asked == [first, {longer: (True, True)}, {}]
    assert boxes == {left, near, longer}


def test_two_finds_of_which_each_has_an_end_of_the_row_are_united() -> None:
    left, right, whole = (20.0, 40.0, 152.0, 80.0), (119.0, 42.0, 251.0, 82.0), (20.0, 40.0, 251.0, 82.0)
    found = [_even(left, 4), _even(right, 4)]
    [row] = find_codes(_detector(found), PAGE, found, _judges())
    assert quad_box(row.quad) == whole
    # The character that both have is in it once.
    assert len(row.characters) == 7
    assert _boxes(found, _judges(certainty=_told({whole: 0.5}, 0.99))) == {left, right}


def test_a_row_that_grows_over_another_one_is_united_with_it() -> None:
    left, right, both = (20.0, 40.0, 119.0, 80.0), (160.0, 40.0, 270.0, 80.0), (20.0, 40.0, 270.0, 80.0)
    found = [_even(left, 3), _even(right, 3)]
    longer = _right_grown(left, 196, 36)
    [row] = find_codes(_detector(found), PAGE, found, _judges(longer=longer))
    assert quad_box(row.quad) == both
    assert len(row.characters) == 6


def test_where_a_row_loses_against_a_part_of_it_its_other_part_counts_too() -> None:
    row: Box = (20, 40, 300, 80)
    left, right = (20.0, 40.0, 100.0, 80.0), (180.0, 40.0, 300.0, 80.0)
    whole = _word(row, (20, 60), (60, 100), (180, 210), (210, 240), (240, 270), (270, 300))
    found = [whole, _even(left, 2), _even(right, 4)]
    assert _boxes(found, _judges(certainty=_told({row: 0.6}, 0.99))) == {left, right}
