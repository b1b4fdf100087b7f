"""Tall white rectangles between words: where a page may have gutters.

After T. M. Breuel, "Two Geometric Algorithms for Layout Analysis" (DAS 2002): the maximal rectangles that hold no word.
Breuel finds the largest ones by branch and bound. A gutter is tall and words are short, so here a sweep down the page
finds all tall ones at once: each band of the page has a few white gaps, and a rectangle lives on for as long as a gap
holds it. That is exact up to a band's height and takes a millisecond where the heap takes tens.
"""

from __future__ import annotations

from dataclasses import dataclass

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

Interval = tuple[float, float]


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
    alive: dict[Interval, int] = {}
    whole = (float(left), float(right))
    previous: list[Interval] | None = None
    for number, starts in enumerate([*gaps, None]):
        white = [] if starts is None else _between(starts, whole, min_width)
        if white == previous:
            continue
        previous = white
        following: dict[Interval, int] = {}
        for x0, x1 in white:
            following[x0, x1] = number
        for (a, b), since in alive.items():
            lives = False
            for x0, x1 in white:
                low, high = max(a, x0), min(b, x1)
                if high - low >= min_width:
                    following[low, high] = min(since, following.get((low, high), number))
                    lives |= (low, high) == (a, b)
            if not lives and (number - since) * band >= min_height:
                found.append(Rectangle(a, float(top) + since * band, b, float(top) + number * band))
        alive = _maximal(following)
    return sorted(found, key=lambda each: (each.y0, each.x0, each.y1, each.x1))


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


def _between(covered: list[Interval], whole: Interval, min_width: float) -> list[Interval]:
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
    ordered = sorted(alive.items(), key=lambda item: (item[0][0], -item[0][1]))
    kept: list[tuple[Interval, int]] = []
    for (x0, x1), since in ordered:
        if not any(b >= x1 and other <= since for (_, b), other in kept):
            kept.append(((x0, x1), since))
    return dict(kept)
