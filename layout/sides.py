"""The lines on one side of white: what a gutter is told by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Side:
    """The lines on one side of a rectangle, each up to the next white; (L,) each, from the top down."""

    x0: Floats
    x1: Floats
    y: Floats
    h: Floats
    words: Floats
    letters: Floats
    digits: Floats
    outermost: bool

    @property
    def count(self) -> int:
        """How many lines."""
        return len(self.y)

    @property
    def measure(self) -> float:
        """The width of the column: that of its longer lines."""
        return float(np.sort(self.x1 - self.x0)[-1 - self.count // 10]) if self.count else 0.0

    @property
    def lettered(self) -> float:
        """The share of letters among letters and digits."""
        return float(self.letters.sum() / max((self.letters + self.digits).sum(), 1.0))

    @property
    def textual(self) -> Floats:
        """The middles of lines that can only be running text: not short, no numbers."""
        long = (self.x1 - self.x0 >= TEXTUAL_WIDTH * self.measure) & (self.words >= 2)
        return self.y[long & (self.letters >= MIN_LETTERS * (self.letters + self.digits))]

    @property
    def spoken(self) -> bool:
        """Whether many of its lines can only be running text."""
        return len(self.textual) >= max(SPOKEN_LINES, MIN_SPOKEN * self.count)

    @property
    def worded(self) -> Side:
        """Its lines of some letters, where there are any: no signs, and no strokes of a pen read as signs."""
        kept = self.letters >= NOTE_LETTERS
        if kept.all() or not kept.any():
            return self
        x0, x1, y, h = self.x0[kept], self.x1[kept], self.y[kept], self.h[kept]
        return Side(x0, x1, y, h, self.words[kept], self.letters[kept], self.digits[kept], self.outermost)

    @property
    def fill(self) -> float:
        """How much of the column its lines cover, the middle one."""
        return float(np.median(self.x1 - self.x0)) / max(self.measure, 1e-6) if self.count else 0.0


def chunk_table(frame: Frame, chunks: Sequence[Sequence[int]]) -> Floats:
    """(C, 8): x0, x1, y, height, letters, words, digits of each chunk and its own number."""
    boxes = frame.boxes
    owner = np.repeat(np.arange(len(chunks)), [len(chunk) for chunk in chunks])
    words = np.array([i for chunk in chunks for i in chunk])
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(chunks)))
    members = words[order]
    counts = np.bincount(owner, minlength=len(chunks)).astype(np.float64)

    def total(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[members], starts))

    x0 = np.minimum.reduceat(boxes[members, 0], starts)
    x1 = np.maximum.reduceat(boxes[members, 2], starts)
    y, h = total(frame.centres[:, 1]) / counts, total(frame.heights) / counts
    return np.stack([x0, x1, y, h, total(frame.letters), counts, total(frame.digits), np.arange(len(chunks))], axis=1)


def find_side(rectangle: Rectangle, table: Floats, height: float, side: int, limits: Sequence[float]) -> Side:
    """The lines left (-1) or right (1) of a rectangle.

    Args:
        rectangle: White.
        table: Of `chunk_table`.
        height: The usual height of text.
        side: -1 or 1.
        limits: The middles of gutters beside the rectangle: what is beyond the next one does not count.
    """
    middle = (rectangle.x0 + rectangle.x1) / 2
    here = table[(table[:, 2] > rectangle.y0) & (table[:, 2] < rectangle.y1)]
    here = here[here[:, 1] <= middle] if side < 0 else here[here[:, 0] >= middle]
    near = [x for x in limits if (x - middle) * side > 0]
    if near:
        limit = min(near, key=lambda x: abs(x - middle))
        here = here[(here[:, 0] + here[:, 1] - 2 * limit) * side < 0]
    inner = -here[:, 1] if side < 0 else here[:, 0]
    lines: list[list[float]] = []  # from the top down
    places: list[float] = []
    outermost = not near
    for x0, x1, y, h, letters, words, digits, _ in here[np.argsort(inner, kind="stable")].tolist():
        at = nearest = bisect_left(places, y)
        if at and (at == len(places) or y - places[at - 1] <= places[at] - y):
            nearest = at - 1
        line = lines[nearest] if lines else None
        if line is None or abs(line[2] - y) > 0.5 * min(h, line[3]):
            lines.insert(at, [x0, x1, y, h, letters, words, digits])
            places.insert(at, y)
        elif (line[0] - x1 if side < 0 else x0 - line[1]) <= WITHIN_LINE * height:
            line[0], line[1] = min(line[0], x0), max(line[1], x1)
            line[3] = max(line[3], h)
            line[4:7] = line[4] + letters, line[5] + words, line[6] + digits
        else:
            outermost = False
    rows = np.array(lines, dtype=np.float64).reshape(-1, 7)
    x0s, x1s, ys, hs, letters, words, digits = rows.T
    return Side(x0s, x1s, ys, hs, words, letters, digits, outermost)


def independence(one: Side, other: Side, height: float) -> float:
    """The share of lines, of the side with fewer, that stand beside no line of the other."""
    few, many = (one, other) if one.count <= other.count else (other, one)
    step = min(float(np.median(np.diff(many.y))), MAX_STEP * height) if many.count > 1 else 0.0
    off = np.abs(few.y[:, None] - many.y).min(axis=1)
    return float((off > max(BESIDE * height, BESIDE_STEP * step)).mean())
