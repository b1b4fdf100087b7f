"""Parts of a page with ink, and what is not looked at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.detectors.detector import WordDetector
from ocr_doc.detectors.regions import CELL, Region, ink_regions

HEIGHT, WIDTH = 20 * CELL, 16 * CELL


def _paper(shade: int = 255) -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), shade, np.uint8)


def _write(page: NDArray[np.uint8], x: int, y: int, ink: int = 0, text: str = "TOTAL") -> None:
    cv2.putText(page, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (ink,) * 3, 2, cv2.LINE_AA)


def _inside(regions: list[Region], x: int, y: int) -> bool:
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in regions)


@pytest.mark.parametrize("ink, paper", [(0, 255), (225, 245), (255, 20)])
def test_text_is_looked_at_and_empty_paper_is_not(ink: int, paper: int) -> None:
    page = _paper(paper)
    _write(page, 100, 100, ink)
    regions = ink_regions(page)
    assert all(_inside(regions, x, y) for x in (95, 180) for y in (80, 105))
    assert not _inside(regions, 400, 500)


def test_specks_are_not_looked_at() -> None:
    page = _paper()
    for y, x in np.random.default_rng(0).integers(0, 30, (80, 2)) + [(k // 8 * 50, k % 8 * 50) for k in range(80)]:
        page[y : y + 3, x : x + 3] = 60
    assert ink_regions(page) == []


def test_a_lone_digit_is_looked_at() -> None:
    page = _paper()
    _write(page, 300, 400, text="1")
    assert _inside(ink_regions(page), 306, 392)


def test_an_empty_page_has_no_regions_and_a_full_one_is_one() -> None:
    page = _paper()
    assert ink_regions(page) == []
    for y in range(30, HEIGHT, 40):
        _write(page, 5, y, text="TOTAL 12.50 TOTAL 12.50 TOTAL 12.50")
    assert ink_regions(page) == [(0, 0, WIDTH, HEIGHT)]


def test_noisy_paper_is_looked_at() -> None:
    noisy = np.random.default_rng(0).normal(200, 25, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
    assert ink_regions(noisy) == [(0, 0, WIDTH, HEIGHT)]


@given(st.lists(st.tuples(st.integers(0, WIDTH - 20), st.integers(20, HEIGHT - 1)), max_size=6))
@settings(max_examples=40, deadline=None)
def test_regions_hold_all_text_and_share_nothing(places: list[tuple[int, int]]) -> None:
    page = _paper()
    for x, y in places:
        page[y - 20 : y, x : x + 20] = 30
    regions = ink_regions(page)
    seen = np.zeros((HEIGHT, WIDTH), np.int64)
    for left, top, right, bottom in regions:
        assert left % CELL == top % CELL == right % CELL == bottom % CELL == 0
        seen[top:bottom, left:right] += 1
    assert seen.max() <= 1
    assert seen[page[..., 0] < 255].all()


def test_the_network_sees_the_regions_alone() -> None:
    page = _paper()
    _write(page, 100, 100)
    asked: list[tuple[int, ...]] = []

    def engine(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(pixels.shape)
        return np.ones((1, 2, pixels.shape[2] // 2, pixels.shape[3] // 2), np.float32)

    maps, _ = WordDetector(engine).scores(page, 1.0)
    ((left, top, right, bottom),) = ink_regions(page)
    assert asked == [(1, 3, bottom - top, right - left)]
    assert maps.sum() == 2 * (bottom - top) * (right - left) / 4
    assert maps[:, top // 2 : bottom // 2, left // 2 : right // 2].all()
