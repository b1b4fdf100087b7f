"""Text height on a small copy, and the scale that follows from it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.detectors.scale import ScaleOptions, bounded_scale, choose_scale, corrected_scale, estimate_text_height


def _page(
    *,
    height: int | None = None,
    width: int = 800,
    lines: int = 14,
    text_height: int = 20,
    ink: int = 0,
    paper: int = 255,
    noise: float = 0.0,
) -> NDArray[np.uint8]:
    """Lines of printed capitals, `text_height` pixels high."""
    gap = round(text_height * 1.9)
    image = np.full((height or gap * (lines + 1), width, 3), paper, np.uint8)
    thickness = max(1, round(text_height / 9))
    # Capitals of this face are about 21 pixels high at scale 1.
    for k in range(lines):
        cv2.putText(
            image, "TOTAL 12 ITEM HOME ABLE TEXT"[k % 5 :], (10, gap * (k + 1)), cv2.FONT_HERSHEY_SIMPLEX,
            text_height / 21.5, (ink,) * 3, thickness, cv2.LINE_AA,
        )  # fmt: skip
    grain = np.random.default_rng(0).normal(0, noise, image.shape[:2])[..., None] if noise else 0.0
    return np.clip(image + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("text_height", [10, 16, 24, 40, 80])
@pytest.mark.parametrize("colours", [(0, 255), (255, 0), (110, 170)])
def test_the_height_is_found(text_height: float, colours: tuple[int, int]) -> None:
    ink, paper = colours
    page = _page(width=40 * text_height, text_height=text_height, ink=ink, paper=paper)
    assert estimate_text_height(page) == pytest.approx(text_height, rel=0.35)


def test_large_pages_are_measured_on_a_copy() -> None:
    page = _page(height=4200, width=3000, lines=30, text_height=60)
    assert estimate_text_height(page, 500_000) == pytest.approx(60, rel=0.35)


def test_grain_does_not_hide_the_text() -> None:
    assert estimate_text_height(_page(text_height=24, noise=18.0)) == pytest.approx(24, rel=0.35)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 3), (300, 300)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_pages_without_text_have_no_height(shape: tuple[int, ...], value: float) -> None:
    page = np.full((*shape, 3), value, np.uint8)
    assert estimate_text_height(page) is None
    assert 0 < choose_scale(page, ScaleOptions()) <= 1.0


def test_text_is_brought_to_the_height_that_the_detector_knows() -> None:
    for text_height in (12, 50):
        page = _page(width=40 * text_height, text_height=text_height)
        assert choose_scale(page, ScaleOptions()) == pytest.approx(20 / text_height, rel=0.4)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.001, 1000), st.integers(1, 20_000), st.integers(1, 20_000))
def test_the_scale_keeps_to_its_bounds(scale: float, height: float, width: float) -> None:
    options = ScaleOptions()
    bounded = bounded_scale(scale, height, width, options)
    assert 0 < bounded <= min(scale, options.most_enlargement)
    assert bounded**2 * height * width <= options.most_pixels * 1.001


def test_a_second_look_is_taken_only_when_it_pays() -> None:
    options = ScaleOptions()
    size = (1000, 800)
    assert corrected_scale(np.full(10, 20.0), 1.0, size, options) is None
    assert corrected_scale(np.full(10, 30.0), 1.0, size, options) is None
    assert corrected_scale(np.full(10, 60.0), 1.0, size, options) == pytest.approx(1 / 3)
    assert corrected_scale(np.full(10, 8.0), 1.0, size, options) == pytest.approx(1.581, rel=0.01)  # by the pixels
    assert corrected_scale(np.full(2, 60.0), 1.0, size, options) is None
    assert corrected_scale(np.array([]), 1.0, size, options) is None
    # At the bound already: no second look at the same scale.
    assert corrected_scale(np.full(10, 4.0), options.most_enlargement, (50, 50), options) is None


def test_the_boxes_of_a_form_do_not_outweigh_its_letters() -> None:
    page = np.full((1000, 700), 255, dtype=np.uint8)
    for y in range(20, 980, 120):  # frames, whose paper makes few marks but high ones
        for x in range(20, 600, 160):
            cv2.rectangle(page, (x, y), (x + 154, y + 110), 0, 3)
            for line in range(3):
                cv2.putText(page, "a no 12 b 34 c", (x + 10, y + 30 + 28 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1)
    found = estimate_text_height(page)
    assert found is not None
    assert 5 <= found <= 20
