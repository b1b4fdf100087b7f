"""Rows of a page as text in which every character knows its word.

Works on the words' geometry alone, so it serves any order of lines: what stands side by side is one row here, even
where the page's own layout keeps columns apart, because a bill's amounts stand beside their labels.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_doc.core.geometry import Box, union_box
from ocr_doc.core.records import Line, Page, Word

# A gap wider than this, in text heights, separates cells: a space is about a third of the height.
CELL_GAP = 1.2
# Of the lower one's height, how much two lines of one row share.
SHARED = 0.5
# What stands between two words in a row's text.
NEAR, FAR = " ", "\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page.

    Attributes:
        page: The page's number.
        words: Left to right.
        text: The words, with a space between near ones and a tab between cells.
        starts: Where each word starts in `text`.
        boxes: Of each word, upright in the frame in which the page's text is level.
    """

    page: int
    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]
    boxes: tuple[Box, ...]

    @property
    def box(self) -> Box:
        """Around all words, in the level frame."""
        return union_box(self.boxes)

    @property
    def height(self) -> float:
        """Median height of the words, in pixels."""
        heights = sorted(box[3] - box[1] for box in self.boxes)
        return heights[len(heights) // 2]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Which words, from and to, the characters from `start` to `end` belong to."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_right(self.starts, max(end - 1, start)), first + 1)
        return first, last

    def words_in(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that the characters from `start` to `end` belong to."""
        first, last = self.span(start, end)
        return self.words[first:last]

    def box_in(self, start: int, end: int) -> Box:
        """The box around the words of the characters from `start` to `end`."""
        first, last = self.span(start, end)
        return union_box(self.boxes[first:last])

    def cells(self) -> list[tuple[int, int]]:
        """Start and end in `text` of each cell."""
        found, start = [], 0
        for part in self.text.split(FAR):
            found.append((start, start + len(part)))
            start += len(part) + 1
        return found


@dataclass(slots=True)
class _Strip:
    """Words side by side while rows are put together; left to right."""

    words: list[tuple[Box, Word]]
    box: Box


def page_rows(page: Page) -> list[Row]:
    """The rows of a page, top to bottom; lines that stand side by side are one row."""
    lines = [line for line in page.lines if line.words]
    if not lines:
        return []
    angle = _angle(lines)
    cos, sin = math.cos(angle), math.sin(angle)
    strips = [_strip(line, cos, sin) for line in lines]
    strips.sort(key=lambda strip: (strip.box[1] + strip.box[3], strip.box[0]))
    rows: list[_Strip] = []
    for strip in strips:
        # Only rows that reach as far down can share it, and those are the last few.
        beside = next((row for row in reversed(rows[-8:]) if _side_by_side(row, strip)), None)
        if beside is None:
            rows.append(strip)
        else:
            beside.words = sorted(beside.words + strip.words, key=lambda each: each[0][0])
            beside.box = union_box((beside.box, strip.box))
    rows.sort(key=lambda row: row.box[1] + row.box[3])
    return [_row(page.number, row.words) for row in rows]


def _angle(lines: Sequence[Line]) -> float:
    """The direction of most text, in radians; long words count for more."""
    x = y = 0.0
    for line in lines:
        for word in line.words:
            a, b, c, d = word.quad
            x += b[0] - a[0] + c[0] - d[0]
            y += b[1] - a[1] + c[1] - d[1]
    return math.atan2(y, x)


def _strip(line: Line, cos: float, sin: float) -> _Strip:
    words = [(_level(word, cos, sin), word) for word in line.words]
    words.sort(key=lambda each: each[0][0])
    return _Strip(words, union_box(box for box, _ in words))


def _level(word: Word, cos: float, sin: float) -> Box:
    """The word's box in the frame where text is level: its middle, with its own width and height around it."""
    a, b, c, d = word.quad
    x, y = (a[0] + b[0] + c[0] + d[0]) / 4, (a[1] + b[1] + c[1] + d[1]) / 4
    x, y = x * cos + y * sin, y * cos - x * sin
    half_w = max(math.dist(a, b), math.dist(d, c)) / 2
    half_h = max(math.dist(a, d), math.dist(b, c)) / 2
    return x - half_w, y - half_h, x + half_w, y + half_h


def _side_by_side(row: _Strip, strip: _Strip) -> bool:
    """Whether the strip stands in the row's own height, and nothing of one above something of the other."""
    x0, y0, x1, y1 = strip.box
    if row.box[1] >= y1 or row.box[3] <= y0:
        return False
    left = [box for box, _ in row.words if box[2] <= x0 + (box[3] - box[1]) / 2]
    right = [box for box, _ in row.words if box[0] >= x1 - (box[3] - box[1]) / 2]
    if len(left) + len(right) < len(row.words):
        return False
    pairs = ([(left[-1], strip.words[0][0])] if left else []) + ([(strip.words[-1][0], right[0])] if right else [])
    return all(_shared(one, other) >= SHARED for one, other in pairs)


def _shared(one: Box, other: Box) -> float:
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    return overlap / max(min(one[3] - one[1], other[3] - other[1]), 1e-6)


def _row(number: int, placed: Sequence[tuple[Box, Word]]) -> Row:
    heights = sorted(box[3] - box[1] for box, _ in placed)
    gap = CELL_GAP * heights[len(heights) // 2]
    text, starts, right = "", [], math.inf
    for box, word in placed:
        if text:
            text += FAR if box[0] - right > gap else NEAR
        starts.append(len(text))
        # A word's own white space, which no reader of ours writes, would pass for the end of a cell.
        text += " ".join(word.text.split())
        right = box[2]
    return Row(number, tuple(word for _, word in placed), text, tuple(starts), tuple(box for box, _ in placed))
