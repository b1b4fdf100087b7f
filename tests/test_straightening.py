"""Photographs put straight: lines that run together, letters that lean on them, and a whole page with the networks."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.api import OCRPipeline
from ocr_doc.core.geometry import as_quads, box_quad, transform_quads
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.orientation import View
from ocr_doc.straightening import LEVEL, Pose, find_lines, find_slant, straightened, straightening

WIDTH, HEIGHT = 900, 1200
SAMPLES = Path(__file__).parents[1] / "samples"

poses = st.builds(Pose, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(-25, 25))


def placed(pose: Pose) -> list[DetectedWord]:
    """Words all over a page, straight on paper and seen in a pose."""
    boxes = [(x, y, x + 90.0, y + 24.0) for y in range(60, HEIGHT - 60, 110) for x in range(60, WIDTH - 120, 150)]
    back = np.linalg.inv(straightening(pose, WIDTH, HEIGHT))
    straight = np.array([box_quad(box) for box in boxes]) - (WIDTH / 2, HEIGHT / 2)
    return [DetectedWord(quad, 0.9, (quad,) * 6) for quad in as_quads(transform_quads(straight, back))]


@given(poses)
def test_text_in_a_pose_is_level_and_upright_once_it_is_put_straight(pose: Pose) -> None:
    matrix = straightening(pose, WIDTH, HEIGHT)
    middle, radius = np.array([WIDTH, HEIGHT]) / 2, math.hypot(WIDTH, HEIGHT) / 2
    for x, y in [(0.0, 0.0), (0.5, 0.2), (-0.4, -0.5)]:
        lean = math.radians(float(pose.leans(np.array([(x, y)]))[0]))
        at = middle + np.array([x, y]) * radius
        a, b = transform_quads(np.stack([at, at + np.array([math.cos(lean), math.sin(lean)])]), matrix)
        if abs(pose.meeting) < 0.3:  # beyond that lines behind the page are not drawn out any further
            assert math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) == pytest.approx(0, abs=0.05)
    lean, slant = math.atan(pose.rise), math.radians(pose.slant)
    up = np.array([math.sin(lean + slant), -math.cos(lean + slant)])
    a, b = transform_quads(np.array([middle, middle + up]), matrix)
    assert math.degrees(math.atan2(b[0] - a[0], a[1] - b[1])) == pytest.approx(0, abs=0.1)


@given(poses)
def test_no_pose_blows_a_page_up_beyond_measure(pose: Pose) -> None:
    matrix = straightening(pose, WIDTH, HEIGHT)
    corners = transform_quads(np.array(box_quad((0, 0, WIDTH, HEIGHT))), matrix)
    assert np.isfinite(corners).all()
    assert np.ptp(corners, axis=0).max() < 6 * math.hypot(WIDTH, HEIGHT)


@given(st.floats(-0.3, 0.3), st.floats(-0.25, 0.25))
def test_the_baselines_tell_where_lines_meet(rise: float, meeting: float) -> None:
    found = find_lines(placed(Pose(rise, meeting)), WIDTH, HEIGHT)
    assert math.degrees(math.atan(found.rise)) == pytest.approx(math.degrees(math.atan(rise)), abs=1.6)
    assert found.meeting == pytest.approx(meeting, abs=0.06)


def test_level_text_stays_as_it_is() -> None:
    view = View(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), np.eye(3))
    assert straightened(view, placed(LEVEL)) is None
    assert straightened(view, placed(Pose(math.tan(math.radians(2))))) is None
    assert straightened(view, []) is None
    assert straightened(view, placed(Pose(math.tan(math.radians(8))))) is not None


@pytest.mark.parametrize("slant", [-20, -8, 0, 8, 20])
def test_letters_that_lean_are_seen_to(slant: int) -> None:
    page = Image.new("L", (WIDTH, HEIGHT), 240)
    found = []
    for n, text in enumerate(["Mineral water", "HANDLING FEE", "Total 1,234.50", "Thank you"]):
        ImageDraw.Draw(page).text((300, 200 + 150 * n), text, fill=30, font=ImageFont.load_default(40))
        quad = box_quad((300.0, 205.0 + 150 * n, 620.0, 245.0 + 150 * n))
        found.append(DetectedWord(quad, 0.9, (quad,) * len(text)))
    t = math.tan(math.radians(slant))
    grey = np.asarray(page)
    for word in found:
        middle = (word.quad[0][1] + word.quad[2][1]) / 2
        sheared = cv2.warpAffine(grey, np.array([(1, -t, t * middle), (0, 1, 0)]), (WIDTH, HEIGHT), borderValue=240)
        top, foot = int(middle - 60), int(middle + 60)
        grey = np.concatenate([grey[:top], sheared[top:foot], grey[foot:]])
    assert find_slant(grey, found, LEVEL) == pytest.approx(slant, abs=3)


def test_words_without_letters_lean_nowhere() -> None:
    blank = np.full((HEIGHT, WIDTH), 255, np.uint8)
    rule = DetectedWord(box_quad((0.0, 600.0, WIDTH, 601.0)), 0.9, ())
    assert find_slant(blank, [*placed(Pose(0.2)), rule], Pose(0.2)) == 0
    assert find_slant(blank, [rule], LEVEL) == 0


def test_a_photograph_from_the_side_is_put_straight_and_read(real: OCRPipeline) -> None:
    with Image.open(SAMPLES / "receipt.png") as image:
        receipt = np.asarray(image.convert("RGB"))[:560]
    straight = {word.text: word.quad for word in real(receipt).pages[0].words}
    h, w = receipt.shape[:2]
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
    askew = np.array([(40, 280), (w, 20), (w + 20, h - 20), (10, h + 20)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, askew)
    seen = cv2.warpPerspective(receipt, matrix, (w + 60, h + 60), borderValue=(120, 110, 100))
    found = {word.text: word.quad for word in real(seen).pages[0].words}
    both = found.keys() & straight.keys()
    assert len(both) > 0.9 * len(straight)
    # Places are those on the page as given.
    back = transform_quads(np.array([found[text] for text in both]), np.linalg.inv(matrix))
    off = np.abs(back.mean(axis=1) - np.array([straight[text] for text in both]).mean(axis=1)).max(axis=1)
    assert np.median(off) < 3
