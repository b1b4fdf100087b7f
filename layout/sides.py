"""The lines on one side of white: what a gutter is told by."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, pairwise
from statistics import median
from typing import TypeAlias

import numpy as np

from ocr_doc.layout.frame import Frame
from ocr_doc.layout.slope import Floats
from ocr_doc.layout.whitespace import Rectangle

# Running text is mostly letters.
MIN_LETTERS = 0.75
# A line of at least so much of the column's width is text for certain if it is words.
TEXTUAL_WIDTH = 0.5
# Lines need not fill a column where so many of them, and such a share, can only be text: a play's speeches between its
# names.
SPOKEN_LINES = 5
MIN_SPOKEN = 1 / 3
# Two lines stand beside one another when their middles differ by less than this, in heights, or in steps from line to
# line of at most so many heights: where lines are far apart, fewer stand beside one another by chance.
BESIDE = 0.22
BESIDE_STEP = 0.18
MAX_STEP = 2.5
# Fewer letters are no note of their own.
NOTE_LETTERS = 3
# White within a line that its words are taken together over, in heights of text.
WITHIN_LINE = 1.6


# Words of one line that stand together: x0, x1, y, h, letters, words, digits: their ends, middle and height, and how
# many of each they hold. A plain tuple, as a page has hundreds.
Chunk: TypeAlias = "tuple[float, float, float, float, float, float, float]"


@dataclass(frozen=True, slots=True)
class Chunks:
    """The chunks of a page, and how each side of white meets them.

    Attributes:
        table: In the order of the page's lists of words.
        leftwards: By their right ends, the rightmost first.
        rightwards: By their left ends, the leftmost first.
        ends, starts: The ends of these: the right ones with their signs turned, and the left ones.
    """

    table: list[Chunk]
    leftwards: list[Chunk]
    rightwards: list[Chunk]
    ends: list[float]
    starts: list[float]


@dataclass(frozen=True)
class Side:
    """The lines on one side of a rectangle, each up to the next white, from the top down.

    Few lines make a side, and a page has hundreds of sides: plain numbers are several times quicker than arrays.
    """

    x0: Sequence[float]
    x1: Sequence[float]
    y: Sequence[float]
    h: Sequence[float]
    words: Sequence[float]
    letters: Sequence[float]
    digits: Sequence[float]
    outermost: bool

    @property
    def count(self) -> int:
        """How many lines."""
        return len(self.y)

    @cached_property
    def widths(self) -> list[float]:
        """Of its lines, the narrowest first."""
        return sorted(x1 - x0 for x0, x1 in zip(self.x0, self.x1, strict=True))

    @property
    def measure(self) -> float:
        """The width of the column: that of its longer lines."""
        return self.widths[-1 - self.count // 10] if self.y else 0.0

    @cached_property
    def lettered(self) -> float:
        """The share of letters among letters and digits."""
        letters = sum(self.letters)
        return letters / max(letters + sum(self.digits), 1.0)

    @cached_property
    def textual(self) -> list[float]:
        """The middles of lines that can only be running text: not short, no numbers."""
        least = TEXTUAL_WIDTH * self.measure
        lines = zip(self.x0, self.x1, self.y, self.words, self.letters, self.digits, strict=True)
        return [
            y
            for x0, x1, y, words, letters, digits in lines
            if x1 - x0 >= least and words >= 2 and letters >= MIN_LETTERS * (letters + digits)
        ]

    @property
    def spoken(self) -> bool:
        """Whether many of its lines can only be running text."""
        return len(self.textual) >= max(SPOKEN_LINES, MIN_SPOKEN * self.count)

    @property
    def worded(self) -> Side:
        """Its lines of some letters, where there are any: no signs, and no strokes of a pen read as signs."""
        kept = [letters >= NOTE_LETTERS for letters in self.letters]
        if all(kept) or not any(kept):
            return self
        columns = (self.x0, self.x1, self.y, self.h, self.words, self.letters, self.digits)
        x0, x1, y, h, words, letters, digits = (list(compress(column, kept)) for column in columns)
        return Side(x0, x1, y, h, words, letters, digits, self.outermost)

    @property
    def fill(self) -> float:
        """How much of the column its lines cover, the middle one."""
        return median(self.widths) / max(self.measure, 1e-6) if self.y else 0.0


def measure_chunks(frame: Frame, chunks: Sequence[Sequence[int]]) -> Chunks:
    """Measures chunks, given as lists of word numbers."""
    boxes = frame.boxes
    counts = np.fromiter(map(len, chunks), np.int64, len(chunks))
    members = np.fromiter(chain.from_iterable(chunks), np.int64)
    starts = np.cumsum(counts) - counts

    def total(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[members], starts))

    x0 = np.minimum.reduceat(boxes[members, 0], starts)
    x1 = np.maximum.reduceat(boxes[members, 2], starts)
    y, h = total(frame.centres[:, 1]) / counts, total(frame.heights) / counts
    columns = (x0, x1, y, h, total(frame.letters), counts.astype(np.float64), total(frame.digits))
    table: list[Chunk] = list(zip(*(column.tolist() for column in columns), strict=True))
    by_end, by_start = np.argsort(-x1, kind="stable"), np.argsort(x0, kind="stable")
    leftwards, rightwards = [table[i] for i in by_end.tolist()], [table[i] for i in by_start.tolist()]
    return Chunks(table, leftwards, rightwards, (-x1[by_end]).tolist(), x0[by_start].tolist())


def find_side(rectangle: Rectangle, chunks: Chunks, height: float, side: int, limits: Sequence[float]) -> Side:
    """The lines left (-1) or right (1) of a rectangle.

    Args:
        rectangle: White.
        chunks: Of the page.
        height: The usual height of text.
        side: -1 or 1.
        limits: The middles of gutters beside the rectangle: what is beyond the next one does not count.
    """
    centre = (rectangle.x0 + rectangle.x1) / 2
    top, bottom = rectangle.y0, rectangle.y1
    # The nearest first: from there on outwards.
    if side < 0:
        beyond = chunks.leftwards[bisect_left(chunks.ends, -centre) :]
    else:
        beyond = chunks.rightwards[bisect_left(chunks.starts, centre) :]
    # Of most chunks the middle alone is looked at.
    here = [each for each in beyond if top < each[2] < bottom]
    near = [x for x in limits if (x - centre) * side > 0]
    limit = min(near, key=lambda x: abs(x - centre)) if near else math.inf * side
    lines: list[list[float]] = []  # from the top down
    places: list[float] = []
    outermost = not near
    within = WITHIN_LINE * height
    for x0, x1, y, h, letters, words, digits in here:
        if (x0 + x1 - 2 * limit) * side >= 0:
            continue
        at = nearest = bisect_left(places, y)
        if at and (at == len(places) or y - places[at - 1] <= places[at] - y):
            nearest = at - 1
        line = lines[nearest] if lines else None
        if line is None or abs(line[2] - y) > 0.5 * (h if h < line[3] else line[3]):
            lines.insert(at, [x0, x1, y, h, words, letters, digits])
            places.insert(at, y)
        elif (line[0] - x1 if side < 0 else x0 - line[1]) <= within:
            # Plain comparisons: this is done for most chunks of a page, again and again.
            line[0], line[1] = (line[0] if line[0] < x0 else x0), (line[1] if line[1] > x1 else x1)
            line[3] = line[3] if line[3] > h else h
            line[4] += words
            line[5] += letters
            line[6] += digits
        else:
            outermost = False
    columns: Iterable[tuple[float, ...]] = zip(*lines, strict=True) if lines else [()] * 7
    x0s, x1s, ys, hs, of_words, of_letters, of_digits = columns
    return Side(x0s, x1s, ys, hs, of_words, of_letters, of_digits, outermost)


def independence(one: Side, other: Side, height: float) -> float:
    """The share of lines, of the side with fewer, that stand beside no line of the other."""
    few, many = (one.y, other.y) if one.count <= other.count else (other.y, one.y)
    step = min(median(b - a for a, b in pairwise(many)), MAX_STEP * height) if len(many) > 1 else 0.0
    beside = max(BESIDE * height, BESIDE_STEP * step)
    return sum(distance(many, y) > beside for y in few) / len(few)


def distance(ordered: Sequence[float], value: float) -> float:
    """How far the nearest of some numbers, one at least, is from a value; they rise."""
    at = bisect_left(ordered, value)
    return min(abs(value - each) for each in ordered[max(at - 1, 0) : at + 1])
