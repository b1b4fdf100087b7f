"""The page as a grid of characters, as `pdftotext -layout` draws it: what stands below one another does so in the text.

Cells that begin at one place of the page begin in one column of the grid; those that end at one place, as amounts do,
end in one column. A column is pushed to the right where the text left of it needs more room than it has on the page.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ocr_doc.core.records import Document, Page, Word

# Words within this white, in heights of text, are one cell and are parted by a single space.
CELL_GAP = 1.0
# Cells whose ends differ by less than this, in characters, are of one column.
SAME_COLUMN = 1.2
# Lines above and below in which a cell looks for others of its column.
NEAR_LINES = 12
# Words whose middles differ by less than this, in heights, are of one line of the grid.
SAME_LINE = 0.5
# At most so many empty lines for white on the page; a dot of dirt far below the text should not make a thousand.
MAX_EMPTY = 3
# The least room between two cells, in characters: more than a space, so that awk and cut can part them.
ROOM = 2

_NUMBER = re.compile(r"[^\w]*\w{0,4}[^\w]*\d[\d.,' ]*\W*\w{0,3}\W*$")


@dataclass(frozen=True, slots=True)
class _Box:
    """A word in a frame without lean."""

    text: str
    x0: float
    x1: float
    y: float
    h: float


@dataclass(frozen=True, slots=True)
class _Cell:
    """Words of one line that stand close together.

    Attributes:
        text: The words.
        x0, x1: Its ends.
        line: Counts from the top of the page.
        by_end: Whether it stands below others by its end, as amounts do, and not by its beginning.
    """

    text: str
    x0: float
    x1: float
    line: int
    by_end: bool = False

    @property
    def anchor(self) -> float:
        return self.x1 if self.by_end else self.x0


def render_layout(document: Document) -> bytes:
    """The pages as grids of characters in UTF-8, a form feed after each; nothing at all for a document without text."""
    if not any(page.words for page in document):
        return b""
    return "".join(f"{page_grid(page)}\f" for page in document).encode()


def page_grid(page: Page) -> str:
    """A page as lines of characters, each ended by a newline.

    Vertical text comes last, level and a line of the page in a line of its own: in the grid it would be spread over
    lines that have nothing to do with it.
    """
    vertical = [line.text for block in page.blocks if block.kind == "vertical" for line in block.lines]
    words = [w for block in page.blocks if block.kind != "vertical" for line in block.lines for w in line.words]
    drawn = _grid([_level(word, page.skew) for word in words if word.text])
    return "".join(f"{line}\n" for line in [*drawn, *([""] if drawn and vertical else []), *vertical])


def _grid(boxes: Sequence[_Box]) -> list[str]:
    """The lines of the grid."""
    if not boxes:
        return []
    height = statistics.median(box.h for box in boxes)
    character = max(statistics.median((box.x1 - box.x0) / len(box.text) for box in boxes), 1e-3)
    lines = _lines(boxes, height)
    cells = _anchored([_cells(line, number, height) for number, line in enumerate(lines)], character)
    starts = _starts(cells, min(box.x0 for box in boxes), character)
    middles = [statistics.median(box.y for box in line) for line in lines]
    steps = [b - a for a, b in pairwise(middles)]
    # Below the middle: white between paragraphs is no pitch.
    pitch = min(sorted(steps)[len(steps) * 2 // 5], 2.5 * height) if steps else height
    drawn: list[str] = []
    for number, row in enumerate(cells):
        if number:
            drawn += [""] * min(max(round(steps[number - 1] / max(pitch, 1e-3)) - 1, 0), MAX_EMPTY)
        text = ""
        for cell in row:
            text = text.ljust(starts[cell]) + cell.text
        drawn.append(text)
    return drawn


def _level(word: Word, skew: float) -> _Box:
    """A word's place with the page's lean taken out."""
    cos, sin = math.cos(math.radians(skew)), math.sin(math.radians(skew))
    xs = [x * cos + y * sin for x, y in word.quad]
    ys = [y * cos - x * sin for x, y in word.quad]
    return _Box(word.text, min(xs), max(xs), sum(ys) / 4, max(ys) - min(ys))


def _lines(boxes: Sequence[_Box], height: float) -> list[list[_Box]]:
    """Boxes side by side as lines, each left to right, from the top down; none over another of its line."""
    lines: list[list[_Box]] = []
    for box in sorted(boxes, key=lambda each: (each.y, each.x0)):
        for line in reversed(lines[-3:]):
            level = abs(box.y - statistics.fmean(each.y for each in line)) < SAME_LINE * min(height, box.h)
            if level and all(min(box.x1, o.x1) - max(box.x0, o.x0) < 0.5 * height for o in line):
                line.append(box)
                break
        else:
            lines.append([box])
    return [sorted(line, key=lambda box: box.x0) for line in lines]


def _cells(line: Sequence[_Box], number: int, height: float) -> list[_Cell]:
    """The cells of a line."""
    groups: list[list[_Box]] = []
    for box in line:
        if groups and box.x0 - groups[-1][-1].x1 <= CELL_GAP * height:
            groups[-1].append(box)
        else:
            groups.append([box])
    return [_Cell(" ".join(box.text for box in g), g[0].x0, max(box.x1 for box in g), number) for g in groups]


def _anchored(rows: Sequence[Sequence[_Cell]], character: float) -> list[list[_Cell]]:
    """Cells that know whether more of those near them begin where they begin or end where they end."""
    near = SAME_COLUMN * character
    anchored: list[list[_Cell]] = []
    for number, row in enumerate(rows):
        around = [other for line in rows[max(number - NEAR_LINES, 0) : number + NEAR_LINES + 1] for other in line]
        anchored.append([])
        for cell in row:
            begin = sum(abs(other.x0 - cell.x0) < near for other in around)
            end = sum(abs(other.x1 - cell.x1) < near for other in around)
            by_end = end > begin or (end == begin and bool(_NUMBER.match(cell.text)))
            anchored[-1].append(replace(cell, by_end=by_end))
    return anchored


def _starts(cells: Sequence[Sequence[_Cell]], left: float, character: float) -> dict[_Cell, int]:
    """The column of the grid that each cell begins in."""
    before = {cell: row[place - 1] for row in cells for place, cell in enumerate(row) if place}
    starts: dict[_Cell, int] = {}
    # From left to right: a cell's neighbour at its left has its place before it.
    for group in _columns([cell for row in cells for cell in row], character):
        ends_here = group[0].by_end
        column = round((statistics.median(cell.anchor for cell in group) - left) / character)
        for cell in group:
            other = before.get(cell)
            free = starts[other] + len(other.text) + ROOM if other in starts and other is not None else 0
            column = max(column, free + (len(cell.text) if ends_here else 0))
        for cell in group:
            starts[cell] = column - len(cell.text) if ends_here else column
    return starts


def _columns(cells: Sequence[_Cell], character: float) -> list[list[_Cell]]:
    """Cells that begin, or for numbers end, at one place, from left to right."""
    groups: list[list[_Cell]] = []
    latest: dict[bool, list[_Cell]] = {}
    for cell in sorted(cells, key=lambda each: (each.anchor, each.line)):
        group = latest.get(cell.by_end)
        # One cell of each line at most: two of one line cannot stand in one place.
        if (
            group is not None
            and cell.anchor - group[0].anchor < SAME_COLUMN * character
            and all(cell.line != other.line for other in group)
        ):
            group.append(cell)
        else:
            latest[cell.by_end] = [cell]
            groups.append(latest[cell.by_end])
    return groups
