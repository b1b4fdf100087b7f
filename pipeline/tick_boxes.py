"""Tick boxes: a square beside a word is no O and no D, and what fills it is a mark.

A recogniser of letters has to call an empty square some letter. So words of one character or two are looked at once
more: a ring of ink with four straight sides that meet in corners, about as high as the text, is a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, box_quad
from ocr_doc.core.records import Character, Word

EMPTY, TICKED = "☐", "☑"
# What a box and a marked one are read as: nothing that begins otherwise or is longer is looked at, since forms have
# boxes for letters and digits, too.
LONGEST = 2
SQUARES = frozenset("O0oDdQUu[]□")
MARKS = frozenset("xXvV✓K")
# A box's height to that of the word that was found, and its width to its height.
MIN_HEIGHT, MAX_HEIGHT = 0.5, 1.5
MIN_WIDTH, MAX_WIDTH = 0.75, 1.35
# So much of each side is ink, within so much of the height from the edge ...
MIN_SIDE, SIDE = 0.82, 0.16
# ... and there is ink as near to each corner, in heights along both sides together: a ring's is 0.29 away.
MAX_CORNER = 0.2
# Of the area inside, so much is ink at most where a box is empty, and at least where it is marked.
MAX_EMPTY, MIN_MARKED = 0.04, 0.12
INSIDE = 0.25
# Pixels that are looked at around a word, in its heights; and grey levels between paper and ink, at least.
AROUND = 0.35
MIN_CONTRAST = 60
# Small boxes are drawn larger first: their lines are a pixel wide.
LARGE = 48


@dataclass(frozen=True, slots=True)
class _Square:
    """A square of ink: where it is on the page, how much of its sides is there, how much of its inside is ink."""

    box: Box
    sides: float
    inside: float


def read_tick_boxes(grey: NDArray[np.uint8], words: Sequence[Word]) -> list[Word]:
    """The words of a page, with tick boxes that were taken for letters as `EMPTY` and `TICKED`.

    Args:
        grey: (H, W) uint8.
        words: Found on it.

    Returns:
        As many, in the same order; a box's confidence is the part of its sides that is there, its source "shape".
    """
    return [_boxed(grey, word) if _may_be_box(word) else word for word in words]


def _may_be_box(word: Word) -> bool:
    return len(word.text) <= LONGEST and word.source != "pdf" and word.text[0] in SQUARES | MARKS


def _boxed(grey: NDArray[np.uint8], word: Word) -> Word:
    square = _find_square(grey, word.box)
    if square is None:
        return word
    if square.inside <= MAX_EMPTY and len(word.text) == 1:
        text = EMPTY
    elif square.inside >= MIN_MARKED and word.text[0] in MARKS:
        text = TICKED
    else:
        return word
    quad, sure = box_quad(square.box), round(square.sides, 4)
    characters = (Character(text, sure, quad),) if word.characters else ()
    return replace(word, text=text, confidence=sure, quad=quad, characters=characters, source="shape", readings=())


def _find_square(grey: NDArray[np.uint8], box: Box) -> _Square | None:
    """The square that a word's box holds."""
    height, width = grey.shape
    margin = AROUND * (box[3] - box[1])
    x0, y0 = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    x1, y1 = min(width, int(box[2] + margin) + 1), min(height, int(box[3] + margin) + 1)
    part = grey[y0:y1, x0:x1]
    if not part.size:
        return None
    low, high = (float(level) for level in np.percentile(part, (2, 90)))
    if high - low < MIN_CONTRAST:
        return None
    scale = 1
    while scale < 4 and scale * (box[3] - box[1]) < LARGE:
        scale *= 2
    large = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    ink = np.asarray(large < (low + high) / 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8)
    for k in range(1, count):
        x, y, w, h = (int(v) for v in stats[k, :4])
        tall = h / scale / (box[3] - box[1])
        if not (MIN_HEIGHT < tall < MAX_HEIGHT and MIN_WIDTH < w / h < MAX_WIDTH):
            continue
        sides = _sides(labels[y : y + h, x : x + w] == k)
        if sides:
            inner = round(INSIDE * h)
            inside = float(ink[y + inner : y + h - inner, x + inner : x + w - inner].mean())
            place = (x0 + x / scale, y0 + y / scale, x0 + (x + w) / scale, y0 + (y + h) / scale)
            return _Square(place, sides, inside)
    return None


def _sides(shape: NDArray[np.bool_]) -> float:
    """How much of a shape's four sides is there; 0 where it is no square."""
    height = len(shape)
    depth = max(2, round(SIDE * height))
    least = 1.0
    for turn in range(4):
        turned = np.rot90(shape, turn)
        rows, columns = np.nonzero(turned[: height // 3, : height // 3])
        if not len(rows) or (rows + columns).min() > MAX_CORNER * height:
            return 0.0
        least = min(least, float(turned[:depth].any(axis=0).mean()))
    return least if least >= MIN_SIDE else 0.0
