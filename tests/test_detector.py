"""The detector around its network: scale, padding, coordinates, bad input. The network is one that can be foretold."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.geometry import quad_box
from ocr_doc.detectors.detector import DetectorOptions, ScoreEngine, WordDetector
from ocr_doc.detectors.scale import ScaleOptions
from ocr_doc.training.detector_data import draw_maps
from ocr_doc.training.detector_validation import matched_quads

Maps = NDArray[np.float32]


class _Seer:
    """Takes each dark box for a character and draws the maps that a perfect network would."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, batch: Maps, /) -> Maps:
        self.shapes.append(batch.shape)
        assert batch.dtype == np.float32
        assert 0.0 <= batch.min() <= batch.max() <= 1.0
        return np.stack([self._maps(image) for image in batch])

    def _maps(self, image: Maps) -> Maps:
        height, width = image.shape[1:]
        _, _, stats, _ = cv2.connectedComponentsWithStats((image.mean(axis=0) < 0.5).astype(np.uint8))
        boxes = [tuple(map(int, s[:4])) for s in stats[1:] if s[4] > 2]
        boxes.sort(key=lambda b: (round((b[1] + b[3] / 2) / max(1, b[3])), b[0]))
        numbers, number = [], 0
        for before, box in zip([None, *boxes], boxes, strict=False):
            joined = before and abs(before[1] - box[1]) < 3 and box[0] - before[0] - before[2] < 0.3 * box[3]
            number += not joined
            numbers.append(number)
        quads = np.array([[[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h in boxes], dtype=float)
        return draw_maps(quads.reshape(-1, 4, 2), np.array(numbers, dtype=int), height, width)


class _Noise:
    def __call__(self, batch: Maps, /) -> Maps:
        n, _, h, w = batch.shape
        return np.random.default_rng(0).random((n, 2, h // 2, w // 2)).astype(np.float32)


class _Blind:
    def __call__(self, batch: Maps, /) -> Maps:
        n, _, h, w = batch.shape
        return np.zeros((n, 2, h // 2, w // 2), np.float32)


def _page(
    height: int, size: tuple[int, int] = (12, 30), seed: int = 0
) -> tuple[NDArray[np.uint8], list[NDArray[np.float64]]]:
    """A page of words of black boxes `height` pixels high; returns it with the words' quads."""
    rng = np.random.default_rng(seed)
    rows, columns = size
    image = np.full((rows * 2 * height + height, columns * height, 3), 255, np.uint8)
    words = []
    for row in range(rows):
        y, x = height + 2 * height * row, height
        while x < image.shape[1] - 6 * height:
            count = int(rng.integers(1, 7))
            step, ink = round(0.75 * height), round(0.6 * height)
            for k in range(count):
                image[y : y + height, x + k * step : x + k * step + ink] = 0
            end = x + (count - 1) * step + ink
            words.append(np.array([[x, y], [end, y], [end, y + height], [x, y + height]], dtype=float))
            x = end + round(0.8 * height)
    return image, words


@pytest.mark.parametrize("height", [12, 20, 47, 120])
def test_words_come_back_in_page_pixels_whatever_their_size(height: int) -> None:
    image, truth = _page(height, size=(8, 24))
    found = [np.array(w.quad) for w in WordDetector(_Seer()).detect(image)]
    assert len(found) == len(truth)
    assert matched_quads(found, truth, 0.7) == len(truth)


def test_the_network_sees_text_at_its_height_and_whole_blocks() -> None:
    seer = _Seer()
    WordDetector(seer).detect(_page(60)[0])
    assert all(n == 1 and c == 3 and h % 32 == 0 and w % 32 == 0 for n, c, h, w in seer.shapes)
    assert seer.shapes[0][3] == pytest.approx(30 * 60 * 20 / 60, rel=0.4)


def test_a_wrong_first_scale_is_put_right_once() -> None:
    """A page of one huge word's worth of boxes: too few marks to measure, so that the first look is at scale 1."""
    image = np.full((500, 1200, 3), 255, np.uint8)
    truth = []
    for k in range(4):
        image[150:330, 60 + 290 * k : 60 + 290 * k + 160] = 0
        truth.append(np.array([[60, 150], [220, 150], [220, 330], [60, 330]]) + np.array([290.0 * k, 0.0]))
    seer = _Seer()
    found = [np.array(w.quad) for w in WordDetector(seer).detect(image)]
    assert len(seer.shapes) == 2
    assert seer.shapes[1][3] < seer.shapes[0][3] / 4
    assert matched_quads(found, truth, 0.7) == 4


def test_characters_lie_in_their_word() -> None:
    image, _ = _page(24, size=(3, 30))
    for word in WordDetector(_Seer()).detect(image):
        x0, y0, x1, y1 = quad_box(word.quad)
        for box in map(quad_box, word.characters):
            assert x0 - 0.01 <= box[0] < box[2] <= x1 + 0.01
            assert y0 - 0.01 <= box[1] < box[3] <= y1 + 0.01
        assert [quad_box(c)[0] for c in word.characters] == sorted(quad_box(c)[0] for c in word.characters)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (33, 31), (400, 300)])
@pytest.mark.parametrize("engine", [_Blind(), _Noise(), _Seer()])
@pytest.mark.parametrize("value", [0, 255])
def test_tiny_and_empty_images_do_no_harm(shape: tuple[int, ...], engine: ScoreEngine, value: float) -> None:
    height, width = shape
    for word in WordDetector(engine).detect(np.full((height, width, 3), value, np.uint8)):
        assert all(0 <= x <= width and 0 <= y <= height for x, y in word.quad)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 1000))
def test_any_small_image_passes(height: float, width: float, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for engine in (_Noise(), _Seer()):
        for word in WordDetector(engine).detect(image):
            assert np.isfinite(word.quad).all()


def test_noise_takes_no_minutes() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3)).astype(np.uint8)
    start = time.process_time()
    WordDetector(_Noise()).detect(image)
    assert time.process_time() - start < 20


def test_pages_are_bounded_in_pixels() -> None:
    seer = _Seer()
    options = DetectorOptions(scale=ScaleOptions(most_pixels=200_000))
    WordDetector(seer, options).detect(np.full((3000, 2000, 3), 255, np.uint8))
    assert all(h * w < 300_000 for _, _, h, w in seer.shapes)


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels are"):
        WordDetector(_Blind()).detect(np.zeros(shape, np.uint8))
