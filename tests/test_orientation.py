"""Which way up a page is and how it leans: the geometry of views, the vote, and whole pages with the real networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.api import OCRPipeline
from ocr_doc.cli import main
from ocr_doc.core.errors import UsageError
from ocr_doc.core.geometry import box_quad, quad_angle, transform_quads
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.orientation import SAMPLE, Look, View, find_turn, sureness, text_turn
from ocr_doc.recognizer.reader import Reading
from ocr_doc.straightening import LEVEL, Pose, find_lines, straightening

SAMPLES = Path(__file__).parents[1] / "samples"


def numbered(width: int = 5, height: int = 3) -> np.ndarray:
    """A page whose pixels are all different."""
    return np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)


def levelled(view: View, lean: float) -> View:
    """A view turned back by degrees."""
    height, width = view.pixels.shape[:2]
    return view.through(straightening(Pose(math.tan(math.radians(lean))), width, height))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_view_knows_where_each_pixel_was(degrees: int) -> None:
    page = numbered()
    view = View(page, np.eye(3)).turned(degrees)
    assert (view.pixels == np.rot90(page, -degrees // 90)).all()
    for y, x in np.ndindex(view.pixels.shape[:2]):
        px, py = transform_quads(np.array([x + 0.5, y + 0.5]), view.matrix)
        assert (view.pixels[y, x] == page[int(py), int(px)]).all()
        assert (px % 1, py % 1) == (0.5, 0.5), "exact"


@given(st.floats(-45, 45), st.integers(20, 90), st.integers(20, 90), st.sampled_from([0, 90, 180, 270]))
def test_a_levelled_view_shows_the_whole_page(lean: float, width: int, height: int, degrees: int) -> None:
    view = levelled(View(np.zeros((height, width, 3), np.uint8), np.eye(3)).turned(degrees), lean)
    corners = transform_quads(np.array(box_quad((0, 0, width, height))), np.linalg.inv(view.matrix))
    h, w = view.pixels.shape[:2]
    assert (corners > -1e-6).all() and (corners < (w + 1e-6, h + 1e-6)).all()
    angle = quad_angle(transform_quads(np.array(box_quad((0, 0, 1, 1))), view.matrix))
    assert (angle - lean + degrees + 180) % 360 == pytest.approx(180, abs=1e-6)


def test_a_levelled_view_shows_what_stands_there() -> None:
    page = np.full((100, 200, 3), 255, np.uint8)
    cv2.circle(page, (150, 30), 6, (0, 0, 0), -1)
    view = levelled(View(page, np.eye(3)), 10)
    rows, columns = np.nonzero(view.pixels[:, :, 0] < 128)
    spot = transform_quads(np.array([columns.mean() + 0.5, rows.mean() + 0.5]), view.matrix)
    assert spot == pytest.approx((150.5, 30.5), abs=0.25)


# The vote


def words(count: int, width: float, height: float, characters: int = 5) -> list[DetectedWord]:
    quads = [box_quad((10.0, 30.0 * i, 10.0 + width, 30.0 * i + height)) for i in range(count)]
    return [DetectedWord(quad, 0.9, (quad,) * characters) for quad in quads]


def vote(
    found: Sequence[DetectedWord], upright: int, others: Sequence[DetectedWord] = ()
) -> tuple[int, float, int, int]:
    """Turn and confidence for a page that is upright at a turn, and how often was detected and how much read."""
    asked: list[int] = []
    looks: list[View] = []
    page = View(numbered(), np.eye(3))

    def says(turn: int) -> Reading:
        return Reading("agreed", 0.9 if turn == upright else 0.05)

    def detect(view: View) -> Sequence[DetectedWord]:
        looks.append(view)
        return others

    def read(sample: Sequence[tuple[View, DetectedWord]]) -> list[Reading]:
        asked.append(len(sample))
        axis = {page.pixels.shape: 0, (5, 3, 3): 90}
        return [says(axis[v.pixels.shape] + 180 * (abs(quad_angle(word.quad)) > 90)) for v, word in sample]

    turn = find_turn(Look(page, found, found, [says(0)] * len(found)), detect, read)
    return turn.degrees, turn.confidence, len(looks), sum(asked)


def test_an_upright_page_costs_nothing() -> None:
    assert vote(words(30, 50, 10), 0) == (0, 1.0, 0, 0)


def test_a_page_upside_down_costs_a_sample() -> None:
    degrees, confidence, looks, read = vote(words(30, 50, 10), 180)
    assert (degrees, looks, read) == (180, 0, SAMPLE)
    assert 0.8 < confidence < 1


@pytest.mark.parametrize("upright", [90, 270])
@pytest.mark.parametrize("pieces", [words(40, 8, 10, 1), words(12, 50, 10)], ids=["receipt_pages", "false words"])
def test_a_page_on_its_side_costs_another_look(upright: int, pieces: list[DetectedWord]) -> None:
    degrees, confidence, looks, read = vote(pieces, upright, words(30, 50, 10))
    assert (degrees, looks) == (upright, 1)
    assert confidence > 0.8
    assert read <= 3 * SAMPLE


@pytest.mark.parametrize("upright", [90, 270])
def test_text_found_standing_and_read_well_still_stands(upright: int) -> None:
    standing = [
        DetectedWord((d, a, b, c), 0.9, word.characters)  # the box of 10 by 50, read from the bottom up
        for word in words(30, 10, 50)
        for a, b, c, d in [word.quad]
    ]
    page, read = View(numbered(), np.eye(3)), []

    def says(sample: Sequence[tuple[View, DetectedWord]]) -> list[Reading]:
        read.extend(sample)
        good = [90 if view.pixels.shape == (5, 3, 3) else 0 for view, _ in sample]
        good = [axis + 180 * (abs(quad_angle(word.quad)) > 90) for axis, (_, word) in zip(good, sample, strict=True)]
        return [Reading("agreed", 0.9 if turn == upright else 0.05) for turn in good]

    look = Look(page, standing, standing, [Reading("agreed", 0.9)] * 30)
    turn = find_turn(look, lambda view: words(30, 50, 10), says)
    assert turn.degrees == upright
    assert read


def test_a_page_that_is_read_badly_every_way_stays_as_it_is() -> None:
    degrees, confidence, _, _ = vote(words(30, 50, 10), 45, words(30, 50, 10))
    assert degrees == 0
    assert confidence == pytest.approx(0.5)


def test_a_single_word_turns_no_page() -> None:
    assert vote(words(3, 8, 10, 1), 90, words(1, 50, 10))[0] == 0


def test_a_page_without_words_is_upright() -> None:
    assert vote([], 0) == (0, 1.0, 0, 0)


def test_sureness_does_not_depend_on_length() -> None:
    assert sureness(Reading("a" * 6, 0.5)) == 0.5
    assert sureness(Reading("a" * 12, 0.25)) == pytest.approx(0.5)
    assert sureness(Reading("", 0.0)) == 0.0


@given(st.floats(-15, 15), st.integers(3, 20))
def test_the_lean_is_that_of_most_words(lean: float, count: int) -> None:
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    turn = np.array([(c, -s, 0), (s, c, 0)])
    straight = words(count, 60, 10)
    leaning = [
        DetectedWord(tuple(map(tuple, transform_quads(np.array(w.quad), turn))), 0.9, w.characters)  # type: ignore[arg-type]
        for w in straight
    ]
    pose = find_lines([*leaning, *words(1, 70, 10), *words(5, 6, 10, 1)], 400, 640)
    assert math.degrees(math.atan(pose.rise)) == pytest.approx(lean, abs=0.01)
    assert pose.meeting == 0


def test_words_that_agree_on_no_lean_have_none() -> None:
    assert find_lines(words(2, 60, 10), 400, 640) == LEVEL


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_turn_of_a_text_layer(turn: int) -> None:
    view = View(numbered(), np.eye(3)).turned(turn)
    quads = [tuple(map(tuple, transform_quads(np.array(box_quad((0, 0, 2, 1))), view.matrix)))]
    assert text_turn((quad, 5) for quad in quads) == turn  # type: ignore[misc]


# Options


def test_a_turn_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="Pages cannot be turned by 45 degrees"):
        OCRPipeline(orientation=45)
    with pytest.raises(SystemExit):
        main(["x.png", "--orientation", "45"])


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_pages_are_turned_as_told(
    degrees: int, make_ocr: Callable[..., OCRPipeline], receipt: np.ndarray, receipt_text: str
) -> None:
    [page] = make_ocr(orientation=degrees)(np.ascontiguousarray(np.rot90(receipt, degrees // 90)))
    assert (page.text, page.rotation) == (receipt_text, degrees)
    assert page.skew == pytest.approx(0, abs=1e-6)
    assert (page.width, page.height) == (receipt.shape[1::-1] if degrees == 180 else receipt.shape[:2])


# Whole pages


@pytest.fixture(scope="module")
def receipt_page() -> np.ndarray:
    with Image.open(SAMPLES / "receipt.png") as image:
        return np.asarray(image.convert("RGB"))[:560]


def test_a_page_turned_by_quarters_reads_the_same(real: OCRPipeline, receipt_page: np.ndarray) -> None:
    [upright] = real(receipt_page)
    assert upright.rotation == 0 and len(upright.words) > 30
    height, width = receipt_page.shape[:2]
    for degrees in (90, 180, 270):
        [page] = real(np.ascontiguousarray(np.rot90(receipt_page, degrees // 90)))  # counter-clockwise
        assert (page.rotation, page.text) == (degrees, upright.text)
        back = View(np.zeros((height, width, 3), np.uint8), np.eye(3)).turned(-degrees % 360).matrix
        for word, other in zip(page.words, upright.words, strict=True):
            assert transform_quads(np.array(word.quad), back) == pytest.approx(np.array(other.quad), abs=0.02)


def test_a_leaning_page_is_levelled(real: OCRPipeline, receipt_page: np.ndarray) -> None:
    [level] = real(receipt_page)
    expected = set(level.text.split())
    leaning = levelled(View(receipt_page, np.eye(3)), -12)
    [page] = real(leaning.pixels)
    assert page.skew == pytest.approx(level.skew + 12, abs=1)
    assert page.rotation == 0
    found = set(page.text.split())
    assert len(expected & found) > 0.8 * len(expected)


@pytest.mark.parametrize("turn", [90, 270])
def test_a_number_on_the_margin_is_read_the_way_it_runs(real: OCRPipeline, receipt_page: np.ndarray, turn: int) -> None:
    """Upside down it has letters and digits too: 87682908 is 806289L8."""
    strip = Image.new("L", (190, 44), 255)
    ImageDraw.Draw(strip).text((12, 4), "87682908", fill=0, font=ImageFont.load_default(32))
    margin = np.full((receipt_page.shape[0], 80, 3), 255, np.uint8)
    standing = np.rot90(np.asarray(strip), -turn // 90)
    margin[200 : 200 + standing.shape[0], 18 : 18 + standing.shape[1]] = standing[:, :, None]
    page = real(np.concatenate([receipt_page, margin], axis=1)).pages[0]
    [word] = [word for word in page.words if word.box[0] > receipt_page.shape[1]]
    assert word.text == "87682908"
    assert quad_angle(word.quad) % 360 == pytest.approx(turn, abs=5)
    assert page.rotation == 0
