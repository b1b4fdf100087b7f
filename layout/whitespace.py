"""Tall white rectangles between words: where a page may have gutters.

After T. M. Breuel, "Two Geometric Algorithms for Layout Analysis" (DAS 2002): the maximal rectangles that hold no word.
Breuel finds the largest ones by branch and bound. A gutter is tall and words are short, so here a sweep down the page
finds all tall ones at once: each band of the page has a few white gaps, and a rectangle lives on for as long as a gap
holds it. That is exact up to a band's height and takes a millisecond where the heap takes tens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ocr_doc.layout.slope import Floats

# Height of a band in heights of text: fine enough that lines set tight still have their own bands.
BAND = 1 / 3
# Boxes are a little larger than their ink; so much of the text height is given back to the white at each side.
SHRINK = 0.15
# What words cover is rounded to so much of the text height.
GRID = 0.1
# More bands than this are a page of nearly nothing but white: coarser ones do.
MAX_BANDS = 2000

Interval: TypeAlias = "tuple[float, float]"
# The white of a band, and the rectangles within it, each with the band that it begins in.
_Alive: TypeAlias = "tuple[Interval, dict[Interval, int]]"


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An upright rectangle in pixels of a frame."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        """In pixels."""
        return self.y1 - self.y0


def white_rectangles(boxes: Floats, height: float, min_width: float, min_height: float) -> list[Rectangle]:
    """All maximal white rectangles that are at least so wide and high and lie between the leftmost and rightmost word.

    Args:
        boxes: (N, 4) x0, y0, x1, y1 of words, N at least 1.
        height: The usual height of text in pixels.
        min_width: In pixels.
        min_height: In pixels.

    Returns:
        Rectangles, from the top down.
    """
    left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    band = max(BAND * height, (bottom - top) / MAX_BANDS, 1e-6)
    gaps = _gaps(boxes, float(top), band, int((bottom - top) / band) + 1, SHRINK * height, GRID * height)
    found: list[Rectangle] = []
    whole = (float(left), float(right))
    alive: list[_Alive] = []
    before: list[Interval] | None = None
    previous: list[Interval] | None = None
    for number, covered in enumerate([*gaps, None]):
        # A line of text is as high as several bands.
        if covered == before:
            continue
        before = covered
        white = [] if covered is None else _between(covered, whole, min_width)
        if white == previous:
            continue
        previous = white
        alive, ended = _narrowed(alive, white, number, min_width)
        for (a, b), since in ended:
            if (number - since) * band >= min_height:
                found.append(Rectangle(a, float(top) + since * band, b, float(top) + number * band))
    return sorted(found, key=lambda each: (each.y0, each.x0, each.y1, each.x1))


def _narrowed(
    alive: Sequence[_Alive], white: Sequence[Interval], number: int, min_width: float
) -> tuple[list[_Alive], list[tuple[Interval, int]]]:
    """What of the rectangles that are alive a band's white leaves.

    Args:
        alive: By the white of the band before, from left to right.
        white: Of the band, from left to right.
        number: Of the band.
        min_width: In pixels.

    Returns:
        The same for the band, and the rectangles that end above it.
    """
    following: list[dict[Interval, int]] = [{} for _ in white]
    cut = [False] * len(white)
    ended: list[tuple[Interval, int]] = []
    first = 0
    for (left, right), rectangles in alive:
        while first < len(white) and white[first][1] <= left:
            first += 1
        if first < len(white) and white[first][0] <= left and right <= white[first][1]:
            # All that was white still is: nothing to compare, which is so wherever a line of text ends.
            following[first].update(rectangles)
            continue
        for (a, b), since in rectangles.items():
            lives = False
            for place in range(first, len(white)):
                x0, x1 = white[place]
                if x0 >= b:
                    break
                # Plain comparisons: this is the innermost loop of all layout.
                low, high = (a if a > x0 else x0), (b if b < x1 else x1)
                if high - low >= min_width:
                    cut[place] = True
                    here = following[place]
                    if here.get((low, high), number) >= since:
                        here[low, high] = since
                    lives |= low == a and high == b
            if not lives:
                ended.append(((a, b), since))
    for place, interval in enumerate(white):
        following[place].setdefault(interval, number)
        if cut[place]:
            following[place] = _maximal(following[place])
    return list(zip(white, following, strict=True)), ended


def _gaps(boxes: Floats, top: float, band: float, count: int, shrink: float, grid: float) -> list[list[Interval]]:
    """For each band what its words cover, from left to right."""
    covered: list[list[Interval]] = [[] for _ in range(count)]
    ordered = boxes[np.argsort(boxes[:, 0], kind="stable")]
    left = float(ordered[0, 0])
    spare = np.minimum(shrink, (ordered[:, 3] - ordered[:, 1]) / 4)
    first = ((ordered[:, 1] + spare - top) / band).astype(np.int64)
    last = ((ordered[:, 3] - spare - top) / band).astype(np.int64)
    narrow = np.minimum(shrink, (ordered[:, 2] - ordered[:, 0]) / 4)
    # On a grid, so that the ragged ends of lines make few rectangles and bands are often alike.
    x0s = (np.round((ordered[:, 0] + narrow - left) / grid) * grid + left).tolist()
    x1s = (np.round((ordered[:, 2] - narrow - left) / grid) * grid + left).tolist()
    for x0, x1, a, b in zip(x0s, x1s, first.tolist(), last.tolist(), strict=True):
        for number in range(max(a, 0), min(b, count - 1) + 1):
            covered[number].append((x0, x1))
    return covered


def _between(covered: Sequence[Interval], whole: Interval, min_width: float) -> list[Interval]:
    """The white between what is covered."""
    white = []
    at = whole[0]
    for x0, x1 in covered:
        if x0 - at >= min_width:
            white.append((at, x0))
        at = max(at, x1)
    if whole[1] - at >= min_width:
        white.append((at, whole[1]))
    return white


def _maximal(alive: dict[Interval, int]) -> dict[Interval, int]:
    """Drops rectangles that another one, as tall or taller, holds."""
    if len(alive) < 2:
        return alive
    # From left to right, wide ones first: only what came before can hold what comes.
    kept: dict[Interval, int] = {}
    for (x0, x1), since in sorted(alive.items(), key=_left_and_wide):
        for (_, b), other in kept.items():
            if b >= x1 and other <= since:
                break
        else:
            kept[x0, x1] = since
    return kept


def _left_and_wide(item: tuple[Interval, int]) -> tuple[float, float]:
    return item[0][0], -item[0][1]
