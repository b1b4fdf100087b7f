"""Print of the other side told from a page's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.show_through import without_show_through

WIDTH, HEIGHT = 80, 20


def page(inks: Sequence[int], paper: int = 230) -> tuple[NDArray[np.uint8], list[DetectedWord]]:
    """Words of upright strokes one below the other, so many grey levels darker (lighter, below 0) than their paper."""
    grey = np.full((2 * HEIGHT * len(inks) + HEIGHT, WIDTH + 40), paper, dtype=np.uint8)
    words = []
    for place, ink in enumerate(inks):
        top = HEIGHT + 2 * HEIGHT * place
        for x in range(20, 20 + WIDTH, 10):
            grey[top : top + HEIGHT, x : x + 3] = paper - ink
        words.append(DetectedWord(box_quad((20, top, 20 + WIDTH, top + HEIGHT)), 0.9, ()))
    return grey, words


def kept(inks: Sequence[int], paper: int = 230) -> list[int]:
    grey, words = page(inks, paper)
    left = list(without_show_through(grey, words))
    return [place for place, word in enumerate(words) if word in left]


def test_pale_print_beside_dark_print_is_of_the_other_side() -> None:
    assert kept([150, 14, 140, 12, 20, 155, 160]) == [0, 2, 5, 6]


@pytest.mark.parametrize("inks", [[14] * 6, [150] * 6, [30, 28, 25, 29]])
def test_a_page_of_one_ink_keeps_its_words(inks: list[int]) -> None:
    assert kept(inks) == list(range(len(inks)))


def test_ink_that_fades_is_kept() -> None:
    fading = [150, 120, 100, 80, 60, 50, 40, 30, 20, 15]
    assert kept(fading) == list(range(len(fading)))


def test_a_dark_logo_over_pale_print_takes_no_word() -> None:
    inks = [200, *[14] * 9]
    assert kept(inks) == list(range(len(inks)))


def test_light_grey_print_is_no_show_through() -> None:
    assert kept([220, 220, 50, 220, 50], 255) == list(range(5))


def test_white_print_on_black_counts_as_ink() -> None:
    grey, words = page([150, 150, 150, 12])
    negative = (255 - grey).astype(np.uint8)
    assert list(without_show_through(negative, words)) == words[:3]


def test_boxes_that_are_all_ink_and_words_off_the_page_are_kept() -> None:
    grey, words = page([150, 150, 150])
    grey[0:15, 30:60] = 20
    solid = DetectedWord(box_quad((30, 0, 60, 15)), 0.9, ())
    outside = DetectedWord(box_quad((500, 500, 510, 505)), 0.9, ())
    left = list(without_show_through(grey, [*words, solid]))
    assert left == [*words, solid]
    assert set(words) <= set(without_show_through(grey, [*words, outside]))


@given(st.lists(st.integers(-25, 230), min_size=1, max_size=12))
def test_what_is_kept_is_in_order_and_holds_all_ink(inks: list[int]) -> None:
    places = kept(inks)
    assert places == sorted(places)
    assert {place for place, ink in enumerate(inks) if abs(ink) > 40} <= set(places)
