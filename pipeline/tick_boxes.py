"""Tick boxes: a square beside a word is no O and no D, and what fills it is a mark.

A recogniser of letters has to call an empty square some letter. So words of one character or two are looked at once
more: a ring of ink with four straight sides that meet in corners, about as high as the text, is a box. Boxes that no
word was found for, since they are no text, are looked for beside the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, box_quad
from ocr_doc.core.records import Character, Word
from ocr_doc.ink import ink_level

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
# More than this is a filled square, which is no box that nothing was found for.
MAX_MARKED = 0.85
# So near to so far from a box's side, in heights, there is at most so much ink; that is so on this many sides at least.
CLEARING, CLEAR, CLEAR_SIDES = (0.2, 0.5), 0.12, 3
# A box that nothing was found for is so high at least and at most, in heights of the page's words; of these there are
# enough to tell; one begins so near behind it, or ends before it, in their heights, at about its level.
LOWEST, HIGHEST, LEAST_WORDS = 0.6, 2.2, 5
NEAR, LEVEL = 2.5, 0.6
# It may be wider than what is taken for a letter; its sides, coarsely looked at, are there in so far.
WIDEST, ROUGHLY = 1.7, 0.7
# Pixels of height that a coarse look needs.
COARSE = 8
# Boxes nearer to each other than this, in their heights, are for letters.
APART = 0.45
# Ink is near a corner within this part of the height.
CORNER = 6
# A word lies on a box from so much of its sides on.
OVER = 0.2
# What is darker than the mean of its surroundings by so many grey levels is ink there.
DARKER = 18
# Specks and letters apart from boxes are not looked at for ever.
MOST = 2000
# Pixels that are looked at around a word, in its heights.
AROUND = 0.35
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


def find_tick_boxes(grey: NDArray[np.uint8], words: Sequence[Word]) -> list[Word]:
    """The tick boxes of a page that no word was found for.

    Args:
        grey: (H, W) uint8.
        words: Found on it, upright; without a few of them nothing says how high a box is.

    Returns:
        The boxes, `EMPTY` or `TICKED`, each beside a word, none over one; boxes in rows for letters are left out.
    """
    if len(words) < LEAST_WORDS:
        return []
    boxes = np.array([word.box for word in words], dtype=np.float64)
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    # Coarse is enough here, and quicker: what looks like a box is looked at again.
    shrink = max(1, min(int(height // COARSE), min(grey.shape) // 4))
    small = cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA) if shrink > 1 else grey
    rings = _rings(np.asarray(small, dtype=np.uint8), height / shrink)
    places = [(x0 * shrink, y0 * shrink, x1 * shrink, y1 * shrink) for x0, y0, x1, y1 in rings]
    places = [place for place in places if _is_beside(place, boxes) and not _is_comb(place, places)]
    return [word for word in (_as_box(grey, place) for place in places) if word is not None]


def _rings(grey: NDArray[np.uint8], height: float) -> list[Box]:
    """Ink that is about as wide as high and as high as text."""
    if height < 5 or min(grey.shape) < 3:
        return []
    around = 2 * round(2 * height) + 1
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, around, DARKER)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, w, h, _ = stats.T
    fits = (h >= LOWEST * height) & (h <= HIGHEST * height) & (w >= MIN_WIDTH * h) & (w <= WIDEST * h)
    fits[0] = False
    chosen = np.flatnonzero(fits)
    found = []
    for k in chosen[_with_corners(ink, stats[chosen])][:MOST]:
        shape = labels[y[k] : y[k] + h[k], x[k] : x[k] + w[k]] == k
        if all(np.count_nonzero(edge) > ROUGHLY * len(edge) for edge in _edges(shape)):
            found.append((float(x[k]), float(y[k]), float(x[k] + w[k]), float(y[k] + h[k])))
    return found


def _edges(shape: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Where there is ink along each side of a shape, one side after the other, since the first tells most."""
    for side in (shape[:, :2], shape[:, -2:]):
        yield np.asarray(side.any(axis=1))
    for side in (shape[:2], shape[-2:]):
        yield np.asarray(side.any(axis=0))


def _with_corners(ink: NDArray[Any], stats: NDArray[Any]) -> NDArray[np.bool_]:
    """Which components have ink near all four corners of their boxes: few letters do, and it is quickly seen."""
    x, y, w, h, _ = stats.T
    near = np.arange(max(2, int(h.max(initial=0)) // CORNER))
    all_four = np.ones(len(stats), dtype=bool)
    for across in (x[:, None] + near, x[:, None] + w[:, None] - 1 - near):
        for down in (y[:, None] + near, y[:, None] + h[:, None] - 1 - near):
            all_four &= ink[down[:, :, None], across[:, None, :]].any(axis=(1, 2))
    return all_four


def _is_beside(place: Box, words: NDArray[np.float64]) -> bool:
    """Whether a place has a word to its left or right, and none on it."""
    left, top, right, bottom = words.T
    level = np.abs((top + bottom) / 2 - (place[1] + place[3]) / 2) < LEVEL * (place[3] - place[1])
    reach = NEAR * (place[3] - place[1])
    near = ((left >= place[2]) & (left <= place[2] + reach)) | ((right <= place[0]) & (right >= place[0] - reach))
    x, y = OVER * (place[2] - place[0]), OVER * (place[3] - place[1])
    over = (left < place[2] - x) & (right > place[0] + x) & (top < place[3] - y) & (bottom > place[1] + y)
    return bool((level & near).any() and not over.any())


def _is_comb(place: Box, places: Sequence[Box]) -> bool:
    """Whether another square stands right beside one."""
    room, middle = APART * (place[3] - place[1]), (place[1] + place[3]) / 2
    gaps = [max(place[0] - other[2], other[0] - place[2]) for other in places if other[1] < middle < other[3]]
    return any(0 <= gap < room for gap in gaps)


def _as_box(grey: NDArray[np.uint8], place: Box) -> Word | None:
    """A place as a word, if a closer look finds a square there that is surely empty or surely marked."""
    square = _find_square(grey, place, WIDEST)
    if square is None or MAX_EMPTY < square.inside < MIN_MARKED or square.inside > MAX_MARKED:
        return None
    if _clear_sides(grey, square.box) < CLEAR_SIDES:
        return None
    text, sure, quad = TICKED if square.inside >= MIN_MARKED else EMPTY, round(square.sides, 4), box_quad(square.box)
    return Word(text, sure, quad, (Character(text, sure, quad),), "shape")


def _clear_sides(grey: NDArray[np.uint8], box: Box) -> int:
    """Beside how many sides of a box there is paper: text stands on one, the ink of a QR code on two of a corner's."""
    side = box[3] - box[1]
    inner, outer = (round(part * side) for part in CLEARING)
    part, left, top = _cut(grey, box, outer + 1)
    level = ink_level(part)
    if level is None:
        return 0
    ink = part < level
    x0, y0, x1, y1 = round(box[0] - left), round(box[1] - top), round(box[2] - left), round(box[3] - top)
    strips = (
        ink[max(0, y0 - outer) : max(0, y0 - inner), x0:x1], ink[y1 + inner : y1 + outer, x0:x1],
        ink[y0:y1, max(0, x0 - outer) : max(0, x0 - inner)], ink[y0:y1, x1 + inner : x1 + outer],
    )  # fmt: skip
    return sum(not strip.size or float(strip.mean()) <= CLEAR for strip in strips)


def _cut(grey: NDArray[np.uint8], box: Box, margin: float) -> tuple[NDArray[np.uint8], int, int]:
    """The page around a box, and where its first column and row are."""
    height, width = grey.shape
    left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    right, bottom = min(width, int(box[2] + margin) + 1), min(height, int(box[3] + margin) + 1)
    return grey[top:bottom, left:right], left, top


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


def _find_square(grey: NDArray[np.uint8], box: Box, widest: float = MAX_WIDTH) -> _Square | None:
    """The square that a word's box holds."""
    part, x0, y0 = _cut(grey, box, AROUND * (box[3] - box[1]))
    level = ink_level(part)
    if level is None:
        return None
    scale = 1
    while scale < 4 and scale * (box[3] - box[1]) < LARGE:
        scale *= 2
    large = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    ink = np.asarray(large < level)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8)
    for k in range(1, count):
        x, y, w, h = (int(v) for v in stats[k, :4])
        tall = h / scale / (box[3] - box[1])
        if not (MIN_HEIGHT < tall < MAX_HEIGHT and MIN_WIDTH < w / h < widest):
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
