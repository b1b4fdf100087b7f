"""Upper or lower case of letters that look alike in both, by how tall they stand beside the others of their word.

A reader that takes "Cash" for "cash" makes labels that teach the next one to. Height does not ask a reader: a small s
is as tall as the a beside it, a capital S as the h.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Quad, quad_box
from ocr_doc.training.alignment import ink_of
from ocr_doc.training.page_canvas import PageWord
from ocr_doc.training.text import ALIKE

Align = Callable[[NDArray[np.uint8], Box, str], "list[PageWord] | None"]
"""Finds the words of a labelled line, as `LineAligner` does."""

_LETTERS = re.compile(r"(?:(?!x\d)[^\W\d_])+")
# In either case; a p and a y, alike too, reach below the line.
_EITHER = ALIKE | frozenset(map(str.upper, ALIKE))
# Small letters of another shape than their capitals, as tall as a small letter of `ALIKE` is.
_LOW = frozenset("aemnr")
# A first letter so much taller than the low ones is a capital. One that is less tall may be one that ink or paper cut:
# no capital is made small.
_CAPITAL = 1.22
# Capitals of another shape than their small letters that show a word to be in capitals: one alone may begin it.
_ENOUGH = 2
# Parts of a letter that faded or were printed in dots are so far apart at most, in heights of the crop.
_GAP = 0.09


def cased_by_height(crop: NDArray[np.uint8], text: str, align: Align) -> str:
    """The text with capitals for small c, o, s, u, v, w, x and z, where the letters about them show that they are.

    A word in capitals has no small letters, and a first letter much taller than the small ones behind it is a capital.

    Args:
        crop: (h, w) uint8 grey, one line.
        text: What it says, the case of other letters being right.
        align: Finds the words and characters.

    Returns:
        The text; what stands beside no letter to go by stays as it is.
    """
    words, ink = align(crop, (0.0, 0.0, float(crop.shape[1]), float(crop.shape[0])), text), ink_of(crop)
    parts = [_evened(part) for part in text.split(" ")]
    if words is None or ink is None:
        return " ".join(parts)
    boxes = _strokes(ink)
    places = iter(range(len(parts)))
    for word in words:
        place = next((n for n in places if parts[n].casefold() == word.text.casefold()), None)
        if place is None:
            break
        parts[place] = _begun(parts[place], _heights(boxes, word.characters))
    return " ".join(parts)


def _evened(word: str) -> str:
    """Runs of letters with capitals for those of `ALIKE`, where two others or more show that they are in capitals.

    An x before a number is what counts it, not a letter of a word.
    """
    return _LETTERS.sub(lambda run: run[0].upper() if _is_in_capitals(run[0]) else run[0], word)


def _is_in_capitals(run: str) -> bool:
    sure = [c for c in run if c not in _EITHER]
    return len(sure) >= _ENOUGH and all(c.isupper() for c in sure) and not run.startswith("Mc")


def _begun(word: str, heights: Sequence[float]) -> str:
    """A word with a capital for its first letter, if that is of `ALIKE`, stands before small ones and is tall."""
    first = next((n for n, c in enumerate(word) if c.isalnum()), None)
    if first is None or word[first] not in _EITHER or not word[first + 1 : first + 2].islower():
        return word
    low = [tall for c, tall in zip(word[first + 1 :], heights[first + 1 :], strict=True) if c in _LOW and tall]
    if not low or not heights[first]:
        return word
    capital = heights[first] >= _CAPITAL * float(np.median(low))
    return word[:first] + word[first].upper() + word[first + 1 :] if capital else word


def _strokes(ink: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Boxes (N, 4) of connected ink, x0, y0, x1, y1, what is close above one another as one."""
    rows = 2 * round(_GAP * len(ink) / 2) + 1
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((rows, 1), np.uint8))
    stats = cv2.connectedComponentsWithStats(closed, connectivity=8)[2][1:]
    return np.column_stack([stats[:, :2], stats[:, :2] + stats[:, 2:4]]).astype(np.int32)


def _heights(boxes: NDArray[np.int32], characters: Iterable[Quad]) -> list[float]:
    """Height of each character's ink, pixels; 0 where there is none, or it is another character's as well."""
    spans = [quad_box(quad) for quad in characters]
    middles = np.array([(left + right) / 2 for left, _, right, _ in spans])
    within = (boxes[:, :1] <= middles) & (middles < boxes[:, 2:3])
    alone = within & (within.sum(axis=1, keepdims=True) == 1)
    tall = np.where(alone, boxes[:, 3:] - boxes[:, 1:2], 0)
    return [float(height) for height in tall.max(axis=0, initial=0)]
