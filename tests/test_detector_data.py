"""The detector's targets and crops."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.detectors.gaussian import SPREAD
from ocr_doc.training import detector_data
from ocr_doc.training.detector_data import (
    CropOptions,
    affinity_quads,
    crop_stream,
    crops_of_page,
    draw_gaussians,
    draw_maps,
    page_text_height,
)


@dataclass(frozen=True)
class _Word:
    quad: NDArray[np.float32]
    characters: NDArray[np.float32]


@dataclass(frozen=True)
class _Page:
    image: NDArray[np.uint8]
    words: tuple[_Word, ...]
    unknown: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


def _page(rng: np.random.Generator) -> _Page:
    """White paper with words of black boxes, each box a character."""
    image = np.full((500, 420, 3), 255, np.uint8)
    words = []
    for y in range(30, 470, 40):
        x = 20
        while x < 300:
            count = int(rng.integers(1, 6))
            boxes = [(x + 16 * k, y, x + 16 * k + 14, y + 20) for k in range(count)]
            for x0, y0, x1, y1 in boxes:
                image[y0:y1, x0:x1] = 0
            quads = np.array([[[a, b], [c, b], [c, d], [a, d]] for a, b, c, d in boxes], np.float32)
            words.append(_Word(np.stack([quads[0, 0], quads[-1, 1], quads[-1, 2], quads[0, 3]]), quads))
            x += 16 * count + 14
    return _Page(image, tuple(words))


def _empty(rng: np.random.Generator) -> _Page:
    return _Page(rng.integers(0, 255, (90, 700, 3)).astype(np.uint8), ())


def _box(x: float, y: float, w: float, h: float) -> NDArray[np.float64]:
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], dtype=np.float64)


@settings(max_examples=50, deadline=None)
@given(st.floats(5, 40), st.floats(5, 40), st.floats(4, 20), st.floats(4, 20), st.floats(-180, 180))
def test_a_gaussian_is_that_of_its_quad(x: float, y: float, width: float, height: float, angle: float) -> None:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    quad = (_box(-width / 2, -height / 2, width, height) @ np.array([[c, s], [-s, c]])) + (x, y)
    target = np.zeros((48, 48), np.float32)
    draw_gaussians(target, quad[None])
    i, j = np.mgrid[:48, :48]
    dx, dy = j + 0.5 - x, i + 0.5 - y
    u, v = (dx * c + dy * s) / (width / 2), (dy * c - dx * s) / (height / 2)
    expected = np.exp(-0.5 * SPREAD**2 * (u**2 + v**2))
    near = np.maximum(abs(u), abs(v)) <= 1.5
    assert target[near] == pytest.approx(expected[near], abs=0.03)
    assert target[~near].max(initial=0) < 0.05


def test_tiny_and_broken_quads_draw_what_can_be_seen() -> None:
    target = np.zeros((20, 20), np.float32)
    draw_gaussians(target, np.array([_box(5, 5, 0.5, 0.5), np.full((4, 2), 12.0)]))
    assert target[4:7, 4:7].max() > 0.59
    assert target[11:13, 11:13].max() > 0.59
    draw_gaussians(target, _box(-50, -50, 5, 5)[None])
    assert np.isfinite(target).all()


def test_affinity_lies_between_neighbours_of_one_word_only() -> None:
    characters = np.stack([_box(0, 0, 10, 20), _box(10, 0, 10, 20), _box(40, 0, 10, 20), _box(50, 0, 10, 20)])
    quads = affinity_quads(characters, np.array([0, 0, 1, 1]))
    # From middle to middle, and two thirds of the height: the centres of the upper and lower triangles.
    assert quads[0] == pytest.approx(_box(5, 20 / 6, 10, 40 / 3))
    assert quads[:, :, 0].mean(axis=1).tolist() == pytest.approx([10.0, 50.0])
    assert affinity_quads(characters[:1]).shape == (0, 4, 2)
    maps = draw_maps(characters, np.array([0, 0, 1, 1]), 32, 64)
    assert maps.shape == (2, 16, 32)
    assert maps[1, 5, 5] > 0.8
    assert maps[1, 5, 15] < 0.01


def test_touching_characters_are_parted_by_a_valley() -> None:
    maps = draw_maps(np.stack([_box(10, 10, 16, 24), _box(26, 10, 16, 24)]), np.array([0, 0]), 64, 64)
    row = maps[0, 11]
    assert row[9] > 0.9
    assert row[13] < 0.3
    assert row[17] > 0.9


def test_text_height_is_the_median_of_the_words() -> None:
    page = _page(np.random.default_rng(0))
    assert page_text_height(page.words) == 20.0
    assert page_text_height(()) == 0.0


@pytest.mark.parametrize("turned", [0.0, 1.0])
def test_targets_lie_on_the_ink(turned: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the region map peaks the crop is black, whatever the scale, place and turn."""
    monkeypatch.setattr(detector_data, "_DYED", 0.0)
    options = CropOptions(side=128, slight_turn=turned, any_turn=0.0, word_share=1.0)
    rng = np.random.default_rng(3)
    hits = []
    for crop in list(crops_of_page(_page(rng), rng, options)):
        assert crop.pixels.shape == (128, 128, 3)
        assert crop.maps.shape == (2, 64, 64)
        grey = crop.pixels.mean(axis=2)[::2, ::2]
        peak, paper = crop.maps[0] > 0.9, crop.maps[0] < 0.01
        if peak.sum() > 20 and paper.sum() > 20:
            hits.append(abs(np.median(grey[peak]) - np.median(grey[paper])) > 60)
    assert len(hits) >= 4
    assert np.mean(hits) > 0.9


def test_some_crops_have_ink_and_paper_of_two_colours_as_light_as_one_another() -> None:
    options = CropOptions(side=128, slight_turn=0.0, any_turn=0.0, word_share=1.0)
    rng = np.random.default_rng(7)
    alike = coloured = 0
    for _ in range(60):
        for crop in crops_of_page(_page(rng), rng, options):
            points = crop.pixels[::2, ::2].astype(float)
            ink, paper = (np.median(points[part], axis=0) for part in (crop.maps[0] > 0.9, crop.maps[0] < 0.01))
            coloured += bool(np.ptp(ink) > 60 or np.ptp(paper) > 60)
            alike += bool(np.linalg.norm(ink - paper) > 60 and abs((ink - paper) @ (0.299, 0.587, 0.114)) < 20)
    assert 480 * 0.08 < coloured < 480 * 0.2
    assert alike > 3


def test_text_gets_the_heights_asked_for() -> None:
    options = CropOptions(side=256, text_height=(12.0, 13.0), slight_turn=0.0, any_turn=0.0)
    rng = np.random.default_rng(1)
    crop = next(iter(crops_of_page(_page(rng), rng, options)))
    columns = (crop.maps[0] > np.exp(-0.5 * SPREAD**2)).any(axis=1)
    runs = np.diff(np.flatnonzero(np.diff(columns.astype(int), prepend=0, append=0)))[::2]
    assert 5 <= np.median(runs) <= 8  # half of 12 to 13 pixels, to a point


def test_pages_without_text_teach_emptiness() -> None:
    rng = np.random.default_rng(2)
    crops = list(crops_of_page(_empty(rng), rng, CropOptions(side=96, crops_per_page=3)))
    assert len(crops) == 3
    assert all(crop.maps.max() == 0.0 for crop in crops)


def test_a_stream_repeats_with_its_seed() -> None:
    def first(seed: int) -> list[NDArray[np.uint8]]:
        stream = crop_stream(_page, np.random.default_rng(seed), CropOptions(side=64), buffer=8)
        return [next(stream).pixels for _ in range(12)]

    assert all((a == b).all() for a, b in zip(first(5), first(5), strict=True))
    assert any((a != b).any() for a, b in zip(first(5), first(6), strict=True))
