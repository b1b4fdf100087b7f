"""Tall white rectangles between words: where a page may have gutters.

After T. M. Breuel, "Two Geometric Algorithms for Layout Analysis" (DAS 2002): the maximal rectangles that hold no word.
Breuel finds the largest ones by branch and bound. A gutter is tall and words are short, so here a sweep down the page
finds all tall ones at once: a rectangle lives on for as long as white holds it. The page is swept in slabs, as high as
the lowest rectangle that counts, one a band below the other: what is white within one line only never comes up. That is
exact up to a band's height and takes a millisecond where the heap takes tens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
# The white of a slab, and the rectangles within it, each with the slab that it begins in.
_Alive: TypeAlias = "tuple[Interval, dict[Interval, int]]"


class Rectangle(NamedTuple):
    """An upright rectangle in pixels of a frame."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        """In pixels."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Slabs:
    """The white of a page, slab by slab; a slab begins at each band.

    Attributes:
        top: Of the first, in pixels.
        band: The height of a band in pixels.
        bands: How many of them a slab has.
        numbers: (S,) the slabs whose words are not those of the slab before, by number, and the one after the last.
        gaps: (G, 3) their white: place in `numbers`, left and right end; from the top down and from left to right.
    """

    top: float
    band: float
    bands: int
    numbers: NDArray[np.int64]
    gaps: Floats


def white_slabs(boxes: Floats, height: float, min_width: float, min_height: float) -> Slabs:
    """Looks for white between the leftmost and the rightmost word of a page.

    Args:
        boxes: (N, 4) x0, y0, x1, y1 of words, N at least 1.
        height: The usual height of text in pixels.
        min_width: Of white, in pixels.
        min_height: Of white, in pixels: a slab is so high.
    """
    x0, y0, x1, y1 = boxes.T
    left, top, right, bottom = float(x0.min()), float(y0.min()), float(x1.max()), float(y1.max())
    band = max(BAND * height, (bottom - top) / MAX_BANDS, 1e-6)
    bands = max(math.ceil(min_height / band), 1)
    count = max(int((bottom - top) / band) + 2 - bands, 0)
    spare, narrow = np.minimum(SHRINK * height, (y1 - y0) / 4), np.minimum(SHRINK * height, (x1 - x0) / 4)
    # The slabs that a word stands in: the first of them ends with the word's first band.
    first = np.maximum(((y0 + spare - top) / band).astype(np.int64) - (bands - 1), 0)
    last = ((y1 - spare - top) / band).astype(np.int64)
    # On a grid, so that the ragged ends of lines make few rectangles and slabs are often alike.
    grid = GRID * height
    starts = np.round((x0 + narrow - left) / grid).astype(np.int64)
    ends = np.round((x1 - narrow - left) / grid).astype(np.int64)
    order = np.argsort(starts, kind="stable")
    first, last, starts, ends = first[order], last[order], starts[order], ends[order]
    changes = np.zeros(last.max() + 2, dtype=bool)
    changes[first] = changes[last + 1] = True
    numbers = np.flatnonzero(changes[:count])
    # The page's right edge ends white as a word does that stands in all slabs.
    edges, ends = np.append(starts * grid + left, right), np.append(ends, 0)
    begins = np.append(np.searchsorted(numbers, first), 0)
    words, slabs = _in_slabs(begins, np.append(np.searchsorted(numbers, last, "right"), len(numbers)))
    # How far the words before each cover the slab: a running maximum that begins anew where the next slab does.
    base = slabs * (ends.max() + 1)
    covered = np.zeros(len(words), dtype=np.int64)
    covered[1:] = np.maximum(np.maximum.accumulate(ends[words] + base)[:-1] - base[1:], 0)
    a, b = covered * grid + left, edges[words]
    wide = np.flatnonzero(b - a >= min_width)
    gaps = np.stack([slabs[wide], a[wide], b[wide]], axis=1)
    return Slabs(top, band, bands, np.append(numbers, count), gaps)


def _in_slabs(begins: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each word once for each slab that it stands in: few of all words stand in one slab.

    Args:
        begins: (N,) the place of the first slab of each word.
        ends: (N,) that after the last.

    Returns:
        Words and the places of slabs; slab by slab, words in their order.
    """
    counts = ends - begins
    words = np.repeat(np.arange(len(counts)), counts)
    slabs = np.arange(len(words)) - np.repeat(np.cumsum(counts) - counts - begins, counts)
    # As short integers, for there are hardly more than `MAX_BANDS`: they are sorted several times quicker.
    by_slab = np.argsort(slabs.astype(np.int16), kind="stable")
    return words[by_slab], slabs[by_slab]


def white_rectangles(slabs: Slabs, min_width: float, through: Sequence[float] | None = None) -> list[Rectangle]:
    """All maximal white rectangles that are at least as high as a slab, the tallest first.

    Args:
        slabs: Of the page.
        min_width: Of a rectangle, in pixels; at least that of the slabs' white.
        through: Only rectangles that one of these x passes through; None for all.
    """
    x0, x1 = slabs.gaps[:, 1], slabs.gaps[:, 2]
    kept = x1 - x0 >= min_width
    if through is not None:
        kept &= ((x0[:, None] < through) & (x1[:, None] > through)).any(axis=1)
    intervals = list(zip(x0[kept].tolist(), x1[kept].tolist(), strict=True))
    # Gaps are in the order of their slabs: where those of each begin, and where the last one's end.
    bounds = np.searchsorted(slabs.gaps[kept, 0], np.arange(len(slabs.numbers) + 1)).tolist()
    found: list[Rectangle] = []
    alive: list[_Alive] = []
    previous: list[Interval] = []
    for number, (start, end) in zip(slabs.numbers.tolist(), pairwise(bounds), strict=True):
        white = intervals[start:end]
        # A line of text is as high as several bands.
        if white == previous:
            continue
        previous = white
        alive, ended = _narrowed(alive, white, number, min_width)
        bottom = slabs.top + (number + slabs.bands - 1) * slabs.band
        found += [Rectangle(a, slabs.top + since * slabs.band, b, bottom) for (a, b), since in ended]
    if through is not None:
        found = [each for each in found if any(each.x0 < x < each.x1 for x in through)]
    return sorted(found, key=lambda each: (-each.height, each.y0, each.x0))


def _narrowed(
    alive: Sequence[_Alive], white: Sequence[Interval], number: int, min_width: float
) -> tuple[list[_Alive], list[tuple[Interval, int]]]:
    """What of the rectangles that are alive a slab's white leaves.

    Args:
        alive: By the white of the slab before, from left to right.
        white: Of the slab, from left to right.
        number: Of the slab.
        min_width: In pixels.

    Returns:
        The same for the slab, and the rectangles that end above it.
    """
    following: list[dict[Interval, int]] = [{} for _ in white]
    cut = [False] * len(white)
    ended: list[tuple[Interval, int]] = []
    first = 0
    for (left, right), rectangles in alive:
        while first < len(white) and white[first][1] <= left:
            first += 1
        if first < len(white) and white[first][0] <= left and right <= white[first][1]:
            # All that was white still is: nothing to compare, which is so wherever a line of text ends. Nobody asks for
            # the slab before again, so its rectangles need no copy.
            following[first] = following[first] | rectangles if following[first] else rectangles
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
