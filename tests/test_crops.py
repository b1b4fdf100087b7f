"""Crops: cut out, put upright, scaled and padded, whatever the quad and the picture are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.geometry import transform_quads
from ocr_doc.recognizer.crops import (
    HEIGHT,
    MIN_CONTRAST,
    PIXELS_PER_CHARACTER,
    WIDTH_STEP,
    normalise,
    rectify,
)

Pixels = NDArray[np.uint8]


def _box(x: float, y: float, w: float, h: float) -> NDArray[np.float64]:
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], dtype=np.float64)


def _page(side: int = 240) -> Pixels:
    """A word on paper that has a slope, so that every place differs from the others."""
    page = np.full((side, side), 235, np.uint8)
    cv2.putText(page, "Fg 47", (side // 2 - 62, side // 2 + 12), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 20, 3)
    return np.asarray(cv2.GaussianBlur(page, (0, 0), 1.2), np.uint8)


PAGE = _page()
WORD = _box(60, 103, 112, 34)


def _alike(a: Pixels, b: Pixels) -> float:
    """Correlation of two crops, the second brought to the size of the first."""
    b = np.asarray(cv2.resize(b, a.shape[1::-1]), np.uint8)
    return float(np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1])


@settings(max_examples=25, deadline=None)
@given(st.floats(20, 80), st.floats(60, 130), st.floats(30, 110), st.floats(12, 40))
def test_an_upright_word_is_cut_as_a_turned_one_would_be(x: float, y: float, w: float, h: float) -> None:
    rows, columns = np.mgrid[:240, :240]
    smooth = (120 + 60 * np.sin(rows / 17) + 50 * np.cos(columns / 23)).astype(np.uint8)
    quad = _box(x, y, w, h)
    # Leaning by a hair more than what still counts as upright: cut by warping.
    leaning = quad + np.array([[0, 0], [0, 0.0101 * w], [0, 0.0101 * w], [0, 0]])
    upright, warped = rectify(smooth, quad), rectify(smooth, leaning)
    assert np.abs(np.array(upright.shape) - warped.shape).max() <= 1
    height, width = np.minimum(upright.shape, warped.shape)
    difference = upright[:height, :width].astype(int) - warped[:height, :width]
    assert np.abs(difference).mean() < 5


@settings(max_examples=30, deadline=None)
@given(st.floats(-180, 180), st.floats(0.7, 1.5))
def test_a_turned_word_comes_out_upright(angle: float, scale: float) -> None:
    matrix = cv2.getRotationMatrix2D((120, 120), angle, scale)
    matrix[:, 2] += 80  # room for what turns out of the page
    turned = np.asarray(cv2.warpAffine(PAGE, matrix, (400, 400), borderValue=235), np.uint8)
    # Corners are pixel edges, warpAffine maps pixel centres.
    quad = transform_quads(WORD[None] - 0.5, np.asarray(matrix))[0] + 0.5
    assert _alike(rectify(PAGE, WORD), rectify(turned, quad)) > 0.93


def test_a_word_upside_down_is_not_cut_as_it_lies() -> None:
    half_turn = np.ascontiguousarray(PAGE[::-1, ::-1])
    quad = 240 - WORD
    assert _alike(rectify(PAGE, WORD), rectify(half_turn, quad)) > 0.98


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    st.tuples(st.floats(0, 50), st.floats(0, 50)),
    st.floats(-180, 180),
    st.booleans(),
)
def test_any_quad_on_any_page_gives_a_crop(
    size: tuple[int, int], place: tuple[float, float], sides: tuple[float, float], angle: float, colour: bool
) -> None:
    """Beyond the page its edge goes on, so that a page of one grey gives crops of that grey."""
    page = np.full((*size, 3) if colour else size, 77, np.uint8)
    turn = cv2.getRotationMatrix2D((0, 0), angle, 1.0)
    crop = rectify(page, transform_quads(_box(*place, *sides)[None], np.asarray(turn))[0])
    assert min(crop.shape[:2]) >= 1
    assert crop.shape[2:] == page.shape[2:]
    assert crop.dtype == np.uint8
    assert (crop == 77).all()


def test_a_crop_at_the_edge_repeats_it() -> None:
    page = np.zeros((30, 30), np.uint8)
    page[:, 0] = 200
    crop = rectify(page, _box(-20, 5, 25, 20))
    assert (crop[:, :20] == 200).all()
    assert crop[:, -1].max() == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 300), st.integers(0, 40), st.integers(0, 10**6), st.sampled_from([0, 1, 3]))
def test_a_normal_crop_has_a_bucket_s_width(height: int, width: int, expected: int, seed: int, channels: int) -> None:
    shape = (height, width, channels) if channels else (height, width)
    crop = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    normal = normalise(crop, expected)
    assert normal.pixels.shape[0] == HEIGHT
    assert normal.pixels.shape[1] % WIDTH_STEP == 0
    assert normal.width < normal.pixels.shape[1] <= normal.width + WIDTH_STEP
    assert normal.pixels.dtype == np.float32
    assert 0.0 <= normal.pixels.min() <= normal.pixels.max() <= 1.0
    assert normal.width >= expected * PIXELS_PER_CHARACTER
    padding = normal.pixels[:, normal.width :]
    assert (padding == padding[0, 0]).all()


def test_a_crop_is_stretched_only_for_more_characters_than_fit() -> None:
    crop = np.full((32, 100), 9, np.uint8)
    assert normalise(crop).width == normalise(crop, 10).width == 100
    assert normalise(crop, 11).width == 110


@pytest.mark.parametrize("grey", [0, 1, 128, 200, 255])
def test_a_flat_crop_stays_flat(grey: int) -> None:
    pixels = normalise(np.full((20, 70), grey, np.uint8)).pixels
    assert np.isfinite(pixels).all()
    assert np.ptp(pixels) == 0


def test_noise_is_not_blown_up_and_faint_print_is() -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(148, 153, (32, 200)).astype(np.uint8)
    assert np.ptp(normalise(noise).pixels) <= 4 / MIN_CONTRAST + 1e-6
    faint = np.full((32, 200), 160, np.uint8)
    faint[10:22, 20:180:4] = 120
    assert normalise(faint).pixels.min() == 0.0
    assert normalise(faint).pixels.max() == 1.0


def test_a_speck_does_not_pale_the_print() -> None:
    print_ = np.full((32, 200), 180, np.uint8)
    print_[8:24, 20:180:5] = 100
    speck = print_.copy()
    speck[2, 190:195] = 0
    clean, dirty = normalise(print_).pixels, normalise(speck).pixels
    assert np.abs(clean - dirty)[:, :180].max() < 0.01


def test_padding_is_the_paper_s_grey() -> None:
    word = np.full((32, 90), 230, np.uint8)
    word[8:24, 10:80:5] = 30
    normal = normalise(word)
    assert normal.pixels[0, -1] == normal.pixels[0, 0]
