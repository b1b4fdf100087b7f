"""Photographs put straight: how lines of text run, how letters lean on them, and the projection that undoes both.

Lines that are parallel on paper run towards one point in a photograph, their vanishing point (Hartley and Zisserman,
Multiple View Geometry, 2004, 8.6). The baselines of the words tell it. What is left is a shear: letters that lean on
their line. It is found as that of handwriting is (Vinciarelli and Luettin 2001): sheared back by the right angle, the
edges of strokes stand in the same columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad, quad_angle, quad_size, transform_quads
from ocr_doc.core.medians import weighted_median
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.orientation import View, long_words
from ocr_doc.recognizer.crops import HEIGHT, normalise, rectify

Floats = NDArray[np.float64]

# From so many degrees on, at the tenth of the words that leans most, a page is put straight before it is read; words
# that lean less are read as well as level ones.
LEANING = 3.0
# Beyond this, in degrees, it is no lean.
MOST_LEANING = 40.0
# Words that lean otherwise than half of them by more than this, in degrees, are not of the text that is put straight...
_STRAYS = 15.0
# ...and more than half of it runs as was found, to so many degrees; otherwise nothing was found.
_AGREEING = 3.0
# A word's baseline is off by about this, in degrees, and one that is off by more counts for less.
_OFF = 1.5
# Lines whose leans differ by less than this, in degrees, or are of fewer words, are parallel: the rest is chance.
_PARALLEL, _LEAST_WORDS = 3.0, 8
# Letters are looked at of so many words, the longest that are at most so many times as long as high...
_LOOKED_AT, _LONGEST = 40, 20.0
# ...and lean by less than so many degrees, tried in such steps; less is none.
_MOST_SLANT, _SLANT_STEP, _LEAST_SLANT = 40, 2, 3.0
# How much smaller the far end of a page may be than its middle: what lies behind it is blown up beyond all measure.
_FARTHEST = 0.6
# So many times as large a view may become, and no side longer than OpenCV can.
_LARGEST, _LONGEST_SIDE = 3.0, 2**15 - 2


@dataclass(frozen=True, slots=True)
class Pose:
    """How the text of a view lies. Places are relative to the view's middle, in halves of its diagonal.

    Attributes:
        rise: Tangent of the angle, clockwise, at which lines run through the middle.
        meeting: 1 over how far to the right of the middle lines meet; 0 where they are parallel.
        slant: Degrees by which letters lean forward on their lines.
    """

    rise: float
    meeting: float = 0.0
    slant: float = 0.0

    def leans(self, places: Floats) -> Floats:
        """Degrees clockwise at which lines run, (N,), at places (N, 2)."""
        x, y = places.T
        return np.asarray(np.degrees(np.arctan2(self.rise - self.meeting * y, 1 - self.meeting * x)))


LEVEL = Pose(0.0)


def straightened(view: View, found: Sequence[DetectedWord]) -> View | None:
    """A view in which the text of another one is level and upright; None where it is so already, or nothing tells.

    Args:
        view: The other one.
        found: Its words.
    """
    height, width = view.pixels.shape[:2]
    lines = find_lines(found, width, height)
    if lines == LEVEL or np.percentile(np.abs(lines.leans(_places(found, width, height))), 90) < LEANING:
        return None
    pose = replace(lines, slant=find_slant(view.grey, found, lines))
    matrix = straightening(pose, width, height)
    w, h = np.ptp(transform_quads(np.array(box_quad((0, 0, width, height))), matrix), axis=0).tolist()
    too_large = w * h > _LARGEST * width * height or max(w, h, width, height) > _LONGEST_SIDE
    return None if too_large else view.through(matrix)


def find_lines(found: Sequence[DetectedWord], width: int, height: int) -> Pose:
    """How the lines of a view of a width and height run, by the baselines of its long words; level where few agree."""
    sample = long_words(found)
    angles = np.array([quad_angle(word.quad) for word in sample])
    near = np.abs(angles) < MOST_LEANING
    if near.sum() < 3:
        return LEVEL
    sample, angles = [word for word, is_near in zip(sample, near, strict=True) if is_near], angles[near]
    places = _places(sample, width, height)
    weights = np.array([quad_size(word.quad)[0] for word in sample]) ** 2
    middle = weighted_median(angles, weights)
    pose = Pose(float(np.tan(np.radians(middle))))
    if len(sample) >= _LEAST_WORDS:
        meeting = _fitted(places, angles, np.where(np.abs(angles - middle) < _STRAYS, weights, 0.0))
        if np.ptp(np.percentile(meeting.leans(places), (5, 95))) >= _PARALLEL:
            pose = meeting
    agreeing = weights[np.abs(pose.leans(places) - angles) < _AGREEING].sum()
    return pose if agreeing > 0.5 * weights.sum() else LEVEL


def _places(found: Sequence[DetectedWord], width: int, height: int) -> Floats:
    """The middles of words, (N, 2), relative to their view's."""
    return _relative(np.array([word.quad for word in found]).mean(axis=1), width, height)


def _relative(points: Floats, width: int, height: int) -> Floats:
    return np.asarray((points - (width / 2, height / 2)) / (np.hypot(width, height) / 2))


def _fitted(places: Floats, angles: Floats, weights: Floats) -> Pose:
    """The pose that comes nearest to lines of angles, in degrees, at places: least squares, outliers counted less."""
    c, s = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    # A line at (x, y) that runs along (c, s) passes the point (1, rise) / meeting where c (rise - meeting y) is
    # s (1 - meeting x).
    unknown = np.stack([c, places[:, 0] * s - places[:, 1] * c], axis=1)
    # Few words in one place say nothing of where lines meet.
    doubt = np.diag([0.0, 1e-3 * weights.sum()])
    solution, counted = np.zeros(2), weights
    for _ in range(5):
        weighted = counted[:, None] * unknown
        solution = np.linalg.solve(unknown.T @ weighted + doubt, weighted.T @ s)
        off = np.degrees(unknown @ solution - s)
        counted = weights / (1 + (off / _OFF) ** 2)
    return Pose(float(solution[0]), float(solution[1]))


def find_slant(grey: NDArray[np.uint8], found: Sequence[DetectedWord], lines: Pose) -> float:
    """How letters lean on their lines.

    Args:
        grey: The view, (h, w) uint8.
        found: Its words.
        lines: How its lines run.

    Returns:
        Degrees forward; 0 for less than 3 and where no letters tell.
    """
    sizes = [quad_size(word.quad) for word in found]
    words = [word for word, (width, height) in zip(found, sizes, strict=True) if width <= _LONGEST * height]
    longest = sorted(words, key=lambda word: (-len(word.characters), word.quad))[:_LOOKED_AT]
    if not longest:
        return 0.0
    strip = np.hstack([_edges(rectify(grey, quad)) for quad in _along(longest, lines, grey.shape[1], grey.shape[0])])
    tries = range(-_MOST_SLANT, _MOST_SLANT + 1, _SLANT_STEP)
    scores = [_stroke_energy(strip, slant) for slant in tries]
    best = scores.index(max(scores))
    if not 0 < best < len(tries) - 1:
        return 0.0
    # The vertex of the parabola through three of them.
    before, top, after = scores[best - 1 : best + 2]
    slant = tries[best] + _SLANT_STEP / 2 * (before - after) / (before - 2 * top + after)
    return slant if abs(slant) >= _LEAST_SLANT else 0.0


def _along(words: Sequence[DetectedWord], lines: Pose, width: int, height: int) -> Floats:
    """The words' rectangles, (N, 4, 2), turned to run as the lines do: a leaning word's own quad may be askew."""
    middles = np.array([word.quad for word in words]).mean(axis=1)
    angles = np.radians(lines.leans(_relative(middles, width, height)))
    sizes = np.array([quad_size(word.quad) for word in words])
    along = np.stack([np.cos(angles), np.sin(angles)], axis=1) * sizes[:, :1] / 2
    across = np.stack([-np.sin(angles), np.cos(angles)], axis=1) * sizes[:, 1:] / 2
    return np.stack([middles - along - across, middles + along - across, middles + along + across,
                     middles - along + across], axis=1)  # fmt: skip


def _edges(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How steeply a crop, at the recogniser's height, grows light to the right; nothing at its edges."""
    normal = normalise(crop)
    edges = cv2.Sobel(normal.pixels[:, : normal.width], cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REPLICATE)
    edges[:2] = edges[-2:] = 0
    # Room for its neighbours to be sheared beside it.
    return np.pad(np.asarray(edges, dtype=np.float32), ((0, 0), (0, HEIGHT)))


def _stroke_energy(edges: NDArray[np.float32], slant: float) -> float:
    """How much the edges (HEIGHT, W) of a strip of words stand in columns, once they are sheared back by degrees."""
    t = np.tan(np.radians(slant))
    matrix = np.array([(1, -t, t * (HEIGHT - 1) / 2), (0, 1, 0)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    columns = cv2.warpAffine(edges, matrix, edges.shape[::-1], flags=flags).sum(axis=0)
    return float(columns @ columns)


def straightening(pose: Pose, width: int, height: int) -> Floats:
    """The projection (3, 3) of a view of a width and height that puts text of a pose straight, as large as it was."""
    c, s = np.array([1.0, pose.rise]) / np.hypot(1.0, pose.rise)
    t = np.tan(np.radians(pose.slant))
    down = np.array([-t * c - s, c - t * s]) / np.hypot(1.0, t)
    # The line at infinity of the paper goes through where lines meet; letters stand side by side, and meet nowhere.
    horizon = np.cross((1.0, pose.rise, pose.meeting), (*down, 0.0))
    horizon /= horizon[2]
    radius = np.hypot(width, height) / 2
    nearest = float((_relative(np.array(box_quad((0, 0, width, height))), width, height) @ horizon[:2]).min())
    horizon[:2] *= min(1.0, (1 - _FARTHEST) / max(-nearest, 1e-9))
    projected = np.array([(1, 0, 0), (0, 1, 0), horizon])
    upright = np.eye(3)
    upright[:2, :2] = np.linalg.inv(np.array([(c, down[0]), (s, down[1])]))
    place = np.array([(1 / radius, 0, -width / 2 / radius), (0, 1 / radius, -height / 2 / radius), (0, 0, 1)])
    return np.asarray(np.diag([radius, radius, 1.0]) @ upright @ projected @ place)
