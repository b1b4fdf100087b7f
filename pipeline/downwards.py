"""Codes that run downwards, one upright letter below the other, as on containers and cylinders.

The detector sees single letters. They are cut out one by one and laid side by side: a row like any other, that patterns
fit as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Quad, as_quad, box_quad, quad_box
from ocr_doc.core.records import Word
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.recognizer.serial import Row
from ocr_doc.words import rounded_quad

LEAST = 3
"""Fewer letters above one another are a chance of the page."""

# A letter is at most so wide, in heights, and where the detector sees several characters in it, so wide.
_WIDE, _WIDE_PARTS = 1.5, 1.3
# One below another stands off by so much to the side; its gap to that one and the ratio of their heights are at most...
_ASIDE, _GAP, _RATIO = 0.35, 1.1, 1.8
# Share of a page's words above which its letters stand above one another.
_MOST = 0.7
# The height of a letter as laid out, pixels, and the room around it, in heights.
_HEIGHT, _ROOM = 40, 0.15


@dataclass(frozen=True, slots=True)
class Stack:
    """Letters above one another.

    Attributes:
        characters: Corners of each on the page, clockwise from the letter's own top left; from top to bottom.
    """

    characters: tuple[Quad, ...]

    @property
    def quad(self) -> Quad:
        """Corners of all together, likewise."""
        corners = np.array(self.characters, dtype=np.float64)
        origin = corners[0, 0]
        along, down = corners[0, 1] - origin, corners[0, 3] - origin
        axes = np.stack([along / max(np.hypot(*along), 1e-6), down / max(np.hypot(*down), 1e-6)])
        inside = (corners.reshape(-1, 2) - origin) @ axes.T
        (x0, y0), (x1, y1) = inside.min(axis=0), inside.max(axis=0)
        return as_quad(origin + np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ axes)


def find_stacks(found: Sequence[DetectedWord]) -> list[tuple[Stack, tuple[int, ...]]]:
    """Single letters that stand above one another.

    Args:
        found: Words of a page, in any order.

    Returns:
        Stacks of at least `LEAST` letters, with the numbers of the words that are in each; no word is in two.
    """
    boxes = [quad_box(word.quad) for word in found]
    single = [i for i, word in enumerate(found) if _is_letter(boxes[i], len(word.characters))]
    single.sort(key=lambda i: boxes[i][1])
    below: dict[int, int] = {}
    followers: set[int] = set()
    for place, i in enumerate(single):
        bottom, height = boxes[i][3], boxes[i][3] - boxes[i][1]
        for k in single[place + 1 :]:
            if boxes[k][1] > bottom + _GAP * _RATIO * height:
                break  # all others are further down still
            if k not in followers and _is_below(boxes[i], boxes[k]):
                below[i] = k
                followers.add(k)
                break
    stacks = []
    for start in single:
        if start in followers:
            continue
        chain = [start]
        while chain[-1] in below:
            chain.append(below[chain[-1]])
        if len(chain) >= LEAST:
            stacks.append((Stack(tuple(box_quad(boxes[i]) for i in chain)), tuple(chain)))
    return stacks


def _is_letter(box: Box, parts: int) -> bool:
    return 0 < box[2] - box[0] <= (_WIDE if parts < 2 else _WIDE_PARTS) * (box[3] - box[1])


def _is_below(upper: Box, lower: Box) -> bool:
    heights = sorted((upper[3] - upper[1], lower[3] - lower[1]))
    aside = abs((upper[0] + upper[2]) - (lower[0] + lower[2])) / 2
    gap = lower[1] - upper[3]
    return (
        heights[1] <= _RATIO * heights[0]
        and aside <= _ASIDE * heights[1]
        and -0.3 * heights[0] <= gap <= _GAP * heights[1]
    )


def runs_downwards(found: Sequence[DetectedWord]) -> bool:
    """Whether nearly all that was found are letters above one another: such a page is upright, however it looks."""
    return sum(len(members) for _, members in find_stacks(found)) > _MOST * len(found)


def laid_out(grey: NDArray[np.uint8], stack: Stack) -> tuple[NDArray[np.uint8], Row]:
    """The letters of a stack side by side.

    Args:
        grey: (H, W) uint8, the page.
        stack: On it.

    Returns:
        A picture (h, w) uint8 and the row in it, a character for each letter of the stack.
    """
    corners = np.array(stack.characters, dtype=np.float64)
    height = max(float(np.median(np.hypot(*(corners[:, 3] - corners[:, 0]).T))), 1.0)
    scale, room = _HEIGHT / height, round(_ROOM * _HEIGHT)
    parts, boxes, x = [], [], 0
    for quad in corners:
        along, down = quad[1] - quad[0], quad[3] - quad[0]
        width = max(2, round(float(np.hypot(*along)) * scale))
        right, below = (side / max(float(np.hypot(*side)), 1e-6) for side in (along, down))
        # All letters get the same height around their middles, so that a dot stays a dot.
        middle = quad.mean(axis=0)
        size = (width + 2 * room, _HEIGHT + 2 * room)
        start = middle - right * size[0] / 2 / scale - below * size[1] / 2 / scale
        source = np.array([start, start + right * size[0] / scale, start + below * size[1] / scale])
        target = np.array([(0, 0), (size[0], 0), (0, size[1])])
        matrix = cv2.getAffineTransform((source - 0.5).astype(np.float32), (target - 0.5).astype(np.float32))
        part = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        parts.append(np.asarray(part, dtype=np.uint8))
        boxes.append((float(x + room), float(room), float(x + room + width), float(room + _HEIGHT)))
        x += size[0]
    quad = box_quad((boxes[0][0], float(room), boxes[-1][2], float(room + _HEIGHT)))
    return np.concatenate(parts, axis=1), Row(quad, tuple(box_quad(box) for box in boxes))


def put_back(word: Word, row: Row, stack: Stack) -> Word:
    """A word that was read in a row laid out, where it stands on the page."""
    middles = np.array([np.mean(np.array(quad)[:, 0]) for quad in row.characters])

    def place(quad: Quad) -> Quad:
        x = float(np.mean(np.array(quad)[:, 0]))
        return rounded_quad(stack.characters[int(np.abs(middles - x).argmin())])

    characters = tuple(replace(c, quad=None if c.quad is None else place(c.quad)) for c in word.characters)
    return replace(word, quad=rounded_quad(stack.quad), characters=characters)
