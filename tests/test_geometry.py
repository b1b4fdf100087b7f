"""Boxes and quads: what lies in both, and parts of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.geometry import Box, as_quads, box_overlap, box_quad, quad_box, quad_longer, quad_part

places = st.integers(0, 50).map(float)
sizes = st.integers(1, 30).map(float)
boxes = st.tuples(places, places, sizes, sizes).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))


@given(boxes, boxes)
def test_overlap_is_a_share_of_the_smaller_box_and_the_same_both_ways(one: Box, other: Box) -> None:
    share = box_overlap(one, other)
    assert 0.0 <= share <= 1.0
    assert share == box_overlap(other, one)
    assert box_overlap(one, one) == 1.0
    inside = other[0] >= one[0] and other[1] >= one[1] and other[2] <= one[2] and other[3] <= one[3]
    assert not inside or share == 1.0


def test_half_of_a_box_in_a_larger_one() -> None:
    assert box_overlap((0, 0, 10, 10), (8, 0, 12, 5)) == pytest.approx(0.5)
    assert box_overlap((0, 0, 10, 10), (10, 0, 12, 5)) == 0.0


@given(boxes, st.floats(0, 1), st.floats(0, 1))
def test_a_part_of_a_quad_lies_along_it(box: Box, one: float, other: float) -> None:
    start, end = sorted((one, other))
    part = quad_box(quad_part(box_quad(box), start, end))
    width = box[2] - box[0]
    assert part == pytest.approx((box[0] + start * width, box[1], box[0] + end * width, box[3]))


@given(boxes, st.floats(0, 3), st.floats(0, 3))
def test_a_longer_quad_has_so_many_heights_more_at_its_ends(box: Box, before: float, behind: float) -> None:
    height = box[3] - box[1]
    longer = quad_box(quad_longer(box_quad(box), before, behind))
    assert longer == pytest.approx((box[0] - before * height, box[1], box[2] + behind * height, box[3]))


@given(st.lists(boxes, max_size=5))
def test_many_quads_are_made_as_one_by_one(several: list[Box]) -> None:
    quads = [box_quad(box) for box in several]
    assert as_quads(np.array(quads, dtype=np.float64).reshape(-1, 4, 2)) == quads
    with pytest.raises(ValueError, match="four"):
        as_quads(np.zeros((2, 3, 2)))
