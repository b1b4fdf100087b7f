"""Codes that are broken over two lines, as on containers and tyres: `CSQU` above `305438 3`.

Nothing but a pattern says that two rows are one code. So a row that fits none is laid beside the one below it: one row
like any other, of which the pattern says whether it is a code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, as_quad, box_quad, quad_angle, quad_box, quad_size
from ocr_doc.core.records import Word
from ocr_doc.recognizer.serial import Row
from ocr_doc.words import rounded_quad

Floats = NDArray[np.float64]

# Heights of both rows differ by this factor at most, their directions by so many degrees; the gap between them is at
# most so many heights, and so much of the shorter row lies above or below the other one.
_RATIO, _TURN, _GAP, _SHARED = 1.5, 8.0, 1.0, 0.5
# A row longer than this, in heights, is a line of text.
_LONGEST = 20.0
# The height of a row as laid out, pixels; the room above and below it and between both, in heights.
_HEIGHT, _ROOM, _BETWEEN = 40, 0.3, 0.5


@dataclass(frozen=True, slots=True)
class Laid:
    """Two rows side by side.

    Attributes:
        pixels: (h, w) uint8.
        row: The one row that both are in it.
        border: Column of the picture at which the second begins.
        back: (3, 3) of each, from the picture to the page.
    """

    pixels: NDArray[np.uint8]
    row: Row
    border: float
    back: tuple[Floats, Floats]


def find_pairs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Numbers of rows of which the second may go on where the first ends, one below the other; nearest first.

    Args:
        rows: Of one page, in any order.

    Returns:
        At most one row below each.
    """
    boxes = np.array([quad_box(row.quad) for row in rows], dtype=np.float64).reshape(-1, 4)
    heights = np.array([quad_size(row.quad)[1] for row in rows])
    widths = np.array([quad_size(row.quad)[0] for row in rows])
    angles = np.array([quad_angle(row.quad) for row in rows])
    pairs = []
    for i, (x0, _, x1, bottom) in enumerate(boxes):
        gaps = boxes[:, 1] - bottom
        larger, lesser = np.maximum(heights, heights[i]), np.minimum(heights, heights[i])
        shared = np.minimum(boxes[:, 2], x1) - np.maximum(boxes[:, 0], x0)
        fits = (gaps >= -0.3 * lesser) & (gaps <= _GAP * larger) & (larger <= _RATIO * lesser)
        fits &= (shared >= _SHARED * np.minimum(boxes[:, 2] - boxes[:, 0], x1 - x0)) & (np.arange(len(rows)) != i)
        fits &= (np.abs(angles - angles[i]) <= _TURN) & (np.maximum(widths, widths[i]) <= _LONGEST * lesser)
        if fits.any():
            below = int(np.where(fits, gaps, np.inf).argmin())
            pairs.append((float(gaps[below]), i, below))
    return [(i, below) for _, i, below in sorted(pairs)]


def lay_beside(grey: NDArray[np.uint8], upper: Row, lower: Row) -> Laid:
    """Two rows of a page (H, W) uint8 as one row of a picture."""
    parts, backs, characters, x = [], [], [], 0
    for row in (upper, lower):
        width, height = (max(side, 1.0) for side in quad_size(row.quad))
        inner, room, gap = max(2, round(width * _HEIGHT / height)), round(_ROOM * _HEIGHT), round(_BETWEEN * _HEIGHT)
        size = (inner + gap, _HEIGHT + 2 * room)
        left, right, top, bottom = gap / 2, gap / 2 + inner, room, room + _HEIGHT
        target = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(np.array(row.quad, dtype=np.float32), target), np.float64)
        part = cv2.warpPerspective(grey, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        parts.append(np.asarray(part, dtype=np.uint8))
        shift = np.asarray(np.array([(1.0, 0, x), (0, 1, 0), (0, 0, 1)]) @ matrix, dtype=np.float64)
        characters += [_mapped(quad, shift) for quad in row.characters]
        backs.append(np.asarray(np.linalg.inv(shift), dtype=np.float64))
        x += size[0]
    gap = round(_BETWEEN * _HEIGHT)
    whole = box_quad((gap / 2, float(room), x - gap / 2, float(room + _HEIGHT)))
    pixels = np.concatenate(parts, axis=1)
    return Laid(pixels, Row(whole, tuple(characters)), float(parts[0].shape[1]), (backs[0], backs[1]))


def over_both(word: Word, laid: Laid) -> bool:
    """Whether a word read in a picture has characters of both rows."""
    middles = [sum(x for x, _ in c.quad) / 4 for c in word.characters if c.quad is not None]
    return bool(middles) and min(middles) < laid.border < max(middles)


def put_back(word: Word, laid: Laid, upper: Row, lower: Row) -> Word:
    """A word read in a picture, where it stands on the page: its quad is the box around both rows."""

    def place(quad: Quad) -> Quad:
        second = sum(x for x, _ in quad) / 4 >= laid.border
        return rounded_quad(_mapped(quad, laid.back[second]))

    characters = tuple(replace(c, quad=None if c.quad is None else place(c.quad)) for c in word.characters)
    (a, b, c, d), (e, f, g, h) = quad_box(upper.quad), quad_box(lower.quad)
    around = box_quad((min(a, e), min(b, f), max(c, g), max(d, h)))
    return replace(word, quad=rounded_quad(around), characters=characters)


def _mapped(quad: Quad, matrix: Floats) -> Quad:
    points = cv2.perspectiveTransform(np.array([quad], dtype=np.float64), matrix)
    return as_quad(np.asarray(points[0], dtype=np.float64))
