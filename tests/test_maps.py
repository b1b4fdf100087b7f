"""Score maps to words: what targets draw, decoding must find."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.geometry import as_quad, as_quads, quad_angle, quad_size
from ocr_doc.detectors.gaussian import SPREAD, visible_share
from ocr_doc.detectors.maps import MapOptions, MapWord, decode_maps
from ocr_doc.training.detector_data import draw_maps
from ocr_doc.training.detector_validation import matched_quads, quad_iou

Array = NDArray[np.float32] | NDArray[np.float64]


def _word(x: float, y: float, widths: list[float], height: float, angle: float = 0.0) -> Array:
    """Quads (N, 4, 2) of a word's characters, its top left at (x, y), turned by `angle` degrees round that corner."""
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    boxes = np.array([[[a, 0], [b, 0], [b, height], [a, height]] for a, b in pairwise(edges)])
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return boxes @ np.array([[c, s], [-s, c]]) + (x, y)


def _whole(characters: Array) -> Array:
    return np.stack([characters[0, 0], characters[-1, 1], characters[-1, 2], characters[0, 3]])


def _maps(words: list[Array], height: int, width: int) -> NDArray[np.float32]:
    numbers = np.repeat(np.arange(len(words)), [len(w) for w in words])
    return draw_maps(np.concatenate(words), numbers, height, width)


def _decoded(words: list[Array], height: int = 256, width: int = 384) -> tuple[list[MapWord], list[Array]]:
    """Decoded words with quads in pixels of the image."""
    found = decode_maps(_maps(words, height, width))
    return found, [w.quad * 2 for w in found]


def test_visible_share_is_where_the_gaussian_crosses() -> None:
    for threshold in (0.25, 0.35, 0.6):
        edge = visible_share(threshold)
        assert np.exp(-0.5 * (SPREAD * edge) ** 2) == pytest.approx(threshold)
    with pytest.raises(ValueError, match="inside"):
        visible_share(1.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(7, 24), min_size=1, max_size=9),
    st.floats(12, 40),
    st.floats(20, 60),
    st.floats(20, 60),
)
def test_an_upright_word_comes_back(widths: list[float], height: float, x: float, y: float) -> None:
    truth = _word(x, y, widths, height)
    found, quads = _decoded([truth])
    assert len(found) == 1
    assert quad_iou(quads[0], _whole(truth)) >= 0.8
    assert found[0].confidence > 0.7


@settings(max_examples=40, deadline=None)
@given(st.floats(-50, 50), st.integers(5, 9), st.floats(14, 24))
def test_a_turned_word_comes_back_with_its_direction(angle: float, count: int, height: float) -> None:
    truth = _word(130, 128, [height * 0.6] * count, height, angle)
    found, quads = _decoded([truth], 384, 384)
    assert len(found) == 1
    assert quad_iou(quads[0], _whole(truth)) >= 0.7
    assert abs(quad_angle(quads[0]) - angle) < 6.0
    assert len(found[0].characters) == count


def test_text_that_climbs_is_read_upwards() -> None:
    truth = _word(100, 200, [12.0] * 8, 18, angle=-90)
    found, quads = _decoded([truth])
    assert len(found) == 1
    assert quad_angle(quads[0]) == pytest.approx(-90, abs=3)
    assert quad_iou(quads[0], _whole(truth)) >= 0.75


def test_a_single_tall_character_stays_upright() -> None:
    truth = _word(60, 60, [6.0], 30)
    _, quads = _decoded([truth])
    width, height = quad_size(quads[0])
    assert quad_angle(quads[0]) == 0.0
    assert height > 2 * width


@pytest.mark.parametrize(("width", "height"), [(3, 3), (4, 20), (4, 12), (2, 18), (10, 3)])
def test_small_words_are_kept(width: float, height: float) -> None:
    """A full stop, a one, a colon, an I and a dash beside a word of usual size."""
    truth = [_word(40, 100, [12.0] * 5, 20), _word(150, 100, [width], height)]
    found, _ = _decoded(truth)
    assert len(found) == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(16, 32), st.integers(0, 10_000))
def test_neighbouring_words_stay_apart(first: int, second: int, height: float, seed: int) -> None:
    """A space of a third of the height parts words; a line gap of a fifth parts lines."""
    rng = np.random.default_rng(seed)
    a = _word(30, 60, rng.uniform(0.4, 0.7, first) * height, height)
    b = _word(_whole(a)[1, 0] + height / 3, 60, rng.uniform(0.4, 0.7, second) * height, height)
    c = _word(30, 60 + 1.2 * height, rng.uniform(0.4, 0.7, first) * height, height)
    found, quads = _decoded([a, b, c], 320, 640)
    assert len(found) == 3
    assert matched_quads(quads, [_whole(a), _whole(b), _whole(c)], 0.75) == 3


def test_characters_come_in_reading_order_and_in_place() -> None:
    truth = _word(40, 60, [10, 14, 12, 16, 10], 22)
    found, _ = _decoded([truth])
    characters = [c * 2 for c in found[0].characters]
    assert len(characters) == 5
    assert all(quad_iou(c, t) > 0.6 for c, t in zip(characters, truth, strict=True))


def test_words_part_where_affinity_falls() -> None:
    """Region alone bridges a blurred gap; without affinity there it parts words, with it it does not."""
    one = _word(40, 60, [14.0] * 6, 22)
    maps = _maps([one], 128, 256)
    maps[0] = np.maximum(maps[0], 0.45 * (maps[0] > 0.05))
    joined = decode_maps(maps)
    middle = round((40 + 3 * 14) / 2)
    maps[1, :, middle - 3 : middle + 4] = 0.0
    parted = decode_maps(maps)
    assert [len(w.characters) for w in joined] == [6]
    assert sorted(len(w.characters) for w in parted) == [3, 3]


def test_confidence_follows_the_scores() -> None:
    maps = _maps([_word(40, 60, [14.0] * 4, 22)], 128, 256)
    sure, unsure = decode_maps(maps)[0], decode_maps(maps * 0.7)[0]
    assert sure.confidence > 0.9
    assert unsure.confidence == pytest.approx(0.7 * sure.confidence, abs=0.02)
    assert decode_maps(maps * 0.35) == []


def test_short_words_take_the_page_s_lean() -> None:
    words = [_word(40, 40 + 40 * k, [12.0] * 12, 20, angle=5) for k in range(5)]
    short = _word(260, 120, [12.0, 12.0], 20, angle=5)
    _, quads = _decoded([*words, short], 320, 400)
    best = max(quads, key=lambda q: quad_iou(q, _whole(short)))
    assert quad_angle(best) == pytest.approx(5, abs=1.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40), st.floats(0.2, 1.0))
def test_any_maps_give_finite_quads(seed: int, height: float, width: float, strength: float) -> None:
    maps = (np.random.default_rng(seed).random((2, height, width)) * strength).astype(np.float32)
    for word in decode_maps(maps):
        assert np.isfinite(word.quad).all()
        assert 0.0 <= word.confidence <= 1.0
        assert len(word.characters) >= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_constant_maps(value: float) -> None:
    maps = np.full((2, 64, 64), value, np.float32)
    assert len(decode_maps(maps)) == int(value)


def test_the_number_of_words_is_bounded() -> None:
    noise = np.random.default_rng(0).random((2, 300, 300)).astype(np.float32)
    noise[1] = 0.0
    assert len(decode_maps(noise, MapOptions(region=0.8, peak=0.81, most_words=100))) <= 200


def test_cost_does_not_grow_as_components_times_pixels() -> None:
    """The original draws a full-page mask per component: an empty margin would then make every word dearer.

    Here the same 400 words on a page of sixteen times the area must cost far less than sixteen times as much: it is
    three to four times as much, for what looks at each pixel.
    """
    words = [_word(10 + 60 * i, 10 + 30 * j, [10.0] * 3, 18) for i in range(20) for j in range(20)]
    small = _maps(words, 640, 1280)
    large = np.zeros((2, 1280, 2560), np.float32)
    large[:, :320, :640] = small

    def cost(maps: NDArray[np.float32]) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            assert len(decode_maps(maps)) == 400
            times.append(time.process_time() - start)
        return min(times)

    assert cost(large) < 8.0 * cost(small)


def test_quads_of_many_are_those_of_each() -> None:
    corners = np.random.default_rng(1).normal(0, 50, (7, 4, 2))
    assert as_quads(corners) == [as_quad(each) for each in corners]
    assert as_quads(np.zeros((0, 4, 2))) == []
    for wrong in (corners[:, :3], corners[0], np.full((1, 4, 2), np.nan)):
        with pytest.raises(ValueError, match="four finite corners"):
            as_quads(wrong)


def _touching(upper: Array, lower: Array, others: list[Array], x: float) -> NDArray[np.float32]:
    """Maps of words of which the first two touch: a descender of the upper one reaches into the lower one at `x`."""
    maps = _maps([upper, lower, *others], 256, 384)
    top, bottom = (int(word[:, :, 1].mean() / 2) for word in (upper, lower))
    column = int(x / 2)
    bridge = maps[0, top:bottom, column - 2 : column + 3]
    np.maximum(bridge, 0.4, out=bridge)
    return maps


@pytest.mark.parametrize("angle", [0.0, 3.0, -4.0])
@pytest.mark.parametrize("pitch", [1.05, 1.2, 1.4])
def test_lines_that_touch_are_parted(pitch: float, angle: float) -> None:
    height = 20.0
    others = [_word(40, 150 + 30 * n, [11.0] * 14, height, angle) for n in range(3)]
    upper = _word(60, 50, [11.0] * 10, height, angle)
    lower = _word(40, 50 + pitch * height, [11.0] * 7, height, angle)
    found = [w.quad * 2 for w in decode_maps(_touching(upper, lower, others, 90))]
    assert len(found) == 5
    for truth in (upper, lower):
        assert max(quad_iou(quad, _whole(truth)) for quad in found) >= 0.6


def test_a_large_title_is_not_parted() -> None:
    title = _word(30, 20, [30.0] * 8, 60.0)
    small = [_word(30, 110 + 30 * n, [9.0] * 20, 16.0) for n in range(4)]
    found, quads = _decoded([title, *small])
    assert len(found) == 5
    assert max(quad_iou(quad, _whole(title)) for quad in quads) >= 0.8


def test_letters_above_one_another_stay_one_word() -> None:
    upwards = _word(340, 200, [12.0] * 9, 24.0, -90.0)
    level = [_word(30, 40 + 40 * n, [9.0] * 20, 24.0) for n in range(4)]
    found, _ = _decoded([upwards, *level])
    assert len(found) == 5
