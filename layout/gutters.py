"""Gutters: the white between columns of text, told from the white between a label and its amount.

A bill is full of tall white rectangles: everything between its labels and its amounts. Read as a gutter, one of them
tears each label from its amount. So white alone decides nothing: a gutter needs running text on both sides, or running
text on one and, on the other, notes whose lines go their own way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise
from statistics import median

import numpy as np

from ocr_doc.layout.frame import Frame
from ocr_doc.layout.ruled import Grid
from ocr_doc.layout.sides import (
    BESIDE,
    MIN_LETTERS,
    Chunks,
    Side,
    distance,
    find_side,
    independence,
    measure_chunks,
)
from ocr_doc.layout.whitespace import Rectangle, white_rectangles, white_slabs

# The narrowest gutter, in heights of text; the gaps of justified lines are as wide, but not one below the other.
MIN_WIDTH = 0.9
# The narrowest in line with one that was found.
MIN_TIGHT = 0.5
# The same where words stand far apart, as on a typewriter: so many of the page's narrow spaces.
SPACES = 1.5
# Rectangles that share so much of their heights are judged once.
ALIKE = 0.97
# So many of the tallest rectangles are looked at. A page of 700 words has some 130; words strewn over a page at random
# would have thousands, and each is held against all others.
MAX_WHITE = 2000
# The shortest, in heights of text: two lines.
MIN_HEIGHT = 2.2
# From this height on, in heights of text, white is looked at together with the other white beside it.
RIVAL_HEIGHT = 8.0
# Running text: so many lines, so wide (in heights of text; more where the lines of both sides are aligned, as in a
# list of labels and values), mostly letters, and lines that mostly fill their column.
MIN_LINES = 4
FEW_LINES = 2
MIN_MEASURE = 6.0
MIN_ALIGNED = 10.0
MIN_FILL = 0.7
# A column at least so wide, in heights of text, may have lines that do not fill it (`Side.spoken`).
WIDE_MEASURE = 16.0
# Of the lines of the side with fewer, how many must stand beside no line of the other for the rows to be independent.
INDEPENDENT = 0.3
# Notes stand beside a text of so many lines, are at most so wide against it, and are independent or in so small a type.
NOTED_LINES = 5
NOTED_FILL = 0.8
MAX_NOTE_WIDTH = 0.5
NOTE_SIZE = 0.86
# Small type of so many lines, all but this share of them beside a line of the text, is its labels and no notes.
LABELS, LABELLED = 3, 0.15
# A column ends where the white between two of its lines passes the usual by so many heights, ...
COLUMN_END = 1.1
# ... or where lines are so many times taller: a heading over several columns that does not reach across the gutter.
HEADING = 1.3


@dataclass(frozen=True, slots=True)
class Gutter:
    """White that separates what stands left of it from what stands right of it.

    Attributes:
        x: Its middle.
        top, bottom: What is between these, by its middle, is separated.
        note: Which side holds notes on the other: "left", "right", or "" for columns of equal rank.
    """

    x: float
    top: float
    bottom: float
    note: str = ""


def least_widths(space: float) -> tuple[float, float]:
    """The narrowest gutter, and the narrowest in line with another, in heights of text.

    Args:
        space: A narrow space between words, in heights of text.
    """
    return max(MIN_WIDTH, SPACES * space), max(MIN_TIGHT, SPACES * space * MIN_TIGHT / MIN_WIDTH)


def find_gutters(
    frame: Frame, chunks: Sequence[Sequence[int]], tight: Sequence[Sequence[int]], space: float = 0.0
) -> list[Gutter]:
    """The gutters of a page.

    Args:
        frame: All words.
        chunks: Words less than the first of `least_widths` apart in one line, as lists of word numbers.
        tight: The same for the second.
        space: A narrow space between words, in heights of text.

    Returns:
        Gutters that do not lie over one another, the tallest first.
    """
    height = frame.height
    min_width, min_tight = least_widths(space)
    if len(chunks) < 2 * MIN_LINES - 2:
        return []
    measured = measure_chunks(frame, chunks)
    wide = _wide(measured, height)
    if len(wide) < MIN_LINES:
        return []
    found: list[Gutter] = []
    refused: list[Rectangle] = []
    slabs = white_slabs(frame.boxes, height, min_tight * height, MIN_HEIGHT * height)
    white = _beside_text(white_rectangles(slabs, min_width * height), wide, MIN_LINES)
    for rectangle in white:
        if not _known(rectangle, found) and not _refused(rectangle, refused):
            limits = _limits(rectangle, found)
            sides = _sides(rectangle, measured, height, limits, MIN_LINES)
            judged = _judge(rectangle, sides, height)
            rivals = [] if judged else _rivals(rectangle, white, height)
            if rivals:
                # Two columns seen as one fill no column; so the other white of three columns parts them, if need be.
                judged = _judge(rectangle, _sides(rectangle, measured, height, limits + rivals, MIN_LINES), height)
            if not judged and rectangle.height >= RIVAL_HEIGHT * height:
                judged = _judge(rectangle, sides, height, spoken=True)
            found += judged
            refused += [] if judged else [rectangle]
    if found:
        # In line with a gutter, less is believed: a heading has cut the columns, or long lines have narrowed it.
        measured = measure_chunks(frame, tight)
        near = white_rectangles(slabs, min_tight * height, [each.x for each in found])
        for rectangle in _beside_text(near, _wide(measured, height), FEW_LINES):
            if not _known(rectangle, found):
                sides = _sides(rectangle, measured, height, _limits(rectangle, found), FEW_LINES)
                found += _judge(rectangle, sides, height, few=True)
    return sorted(found, key=lambda each: (each.top - each.bottom, each.x))


def _limits(rectangle: Rectangle, found: Sequence[Gutter]) -> list[float]:
    """The middles of the gutters beside a rectangle."""
    return [each.x for each in found if min(each.bottom, rectangle.y1) > max(each.top, rectangle.y0)]


def _rivals(rectangle: Rectangle, white: Sequence[Rectangle], height: float) -> list[float]:
    """The middles of the other white rectangles that stand beside all of a tall one, as if they were gutters.

    Args:
        rectangle: One of the white ones.
        white: All, the tallest first.
        height: The usual height of text.
    """
    if rectangle.height < RIVAL_HEIGHT * height:
        return []
    slack = (1 - ALIKE) * rectangle.height
    top, bottom = rectangle.y0 + slack, rectangle.y1 - slack
    # The tallest come first: only those at the front are tall enough.
    tall = bisect_right(white, top - bottom, key=lambda each: -each.height)
    return [
        (each.x0 + each.x1) / 2
        for each in white[:tall]
        if each.y0 <= top and each.y1 >= bottom and (each.x1 <= rectangle.x0 or each.x0 >= rectangle.x1)
    ]


def _sides(
    rectangle: Rectangle, chunks: Chunks, height: float, limits: Sequence[float], lines: int
) -> tuple[Side, Side] | None:
    """What stands left and right of a rectangle; None where one of the two tells that nothing parts them.

    Args:
        rectangle: White.
        chunks: Of the page.
        height: The usual height of text.
        limits: The middles of gutters beside the rectangle.
        lines: How many a column has at least.
    """
    # Bills have their amounts at the right, which are neither text nor notes: most white needs no look at the left.
    right = find_side(rectangle, chunks, height, 1, limits)
    if not _may_be_column(right, lines) and not _may_be_notes(right, height):
        return None
    left = find_side(rectangle, chunks, height, -1, limits)
    if not _may_be_column(left, lines) and not _may_be_notes(left, height):
        return None
    return left, right


def beside_grids(gutter: Gutter, grids: Sequence[Grid], height: float) -> list[Gutter]:
    """What of a gutter is left above and below ruled tables: their rows are read across."""
    parts = [gutter]
    for grid in grids:
        x0, y0, x1, y1 = grid.box
        if x0 < gutter.x < x1:
            cut = [(each, (each.top, min(each.bottom, y0)), (max(each.top, y1), each.bottom)) for each in parts]
            parts = [replace(e, top=a, bottom=b) for e, *sides in cut for a, b in sides if b - a > height]
    return parts


def _beside_text(rectangles: Sequence[Rectangle], wide: Sequence[tuple[float, float]], lines: int) -> list[Rectangle]:
    """The rectangles, at most `MAX_WHITE`, with at least so many chunks of what may be running text on one side.

    Args:
        rectangles: The tallest first.
        wide: Of `_wide`.
        lines: How many chunks.
    """
    if not rectangles:
        return []
    x0, y0, x1, y1 = np.fromiter(chain.from_iterable(rectangles), np.float64).reshape(-1, 4).T[:, :, None]
    ends, y = np.array(wide).reshape(-1, 2).T
    beside = (y > y0) & (y < y1)
    at_left = (beside & (ends <= (x0 + x1) / 2)).sum(axis=1)
    enough = np.maximum(at_left, beside.sum(axis=1) - at_left) >= lines
    return [rectangles[place] for place in np.flatnonzero(enough)[:MAX_WHITE].tolist()]


def _refused(rectangle: Rectangle, refused: Sequence[Rectangle]) -> bool:
    """Whether a rectangle parts nearly the same lines at the same place as one that was refused."""
    for other in reversed(refused):
        # The tallest come first: those before this one are too tall to be like it.
        if rectangle.height <= ALIKE * other.height:
            return False
        wider = max(rectangle.x1 - rectangle.x0, other.x1 - other.x0)
        if min(rectangle.x1, other.x1) - max(rectangle.x0, other.x0) >= 0.7 * wider:
            shared = min(rectangle.y1, other.y1) - max(rectangle.y0, other.y0)
            if shared > ALIKE * max(rectangle.height, other.height):
                return True
    return False


def _wide(chunks: Chunks, height: float) -> list[tuple[float, float]]:
    """The right ends and middles of the chunks that may be running text."""
    return [(x1, y) for x0, x1, y, _, _, words, _ in chunks.table if x1 - x0 >= 4.0 * height and words >= 2]


def _known(rectangle: Rectangle, found: Sequence[Gutter]) -> bool:
    """Whether a gutter that was found passes through the rectangle for most of its height."""
    for each in found:
        shared = min(rectangle.y1, each.bottom) - max(rectangle.y0, each.top)
        if rectangle.x0 <= each.x <= rectangle.x1 and shared > 0.5 * rectangle.height:
            return True
    return False


def _judge(
    rectangle: Rectangle, sides: tuple[Side, Side] | None, height: float, *, few: bool = False, spoken: bool = False
) -> list[Gutter]:
    """The gutters in a rectangle, if what stands on its sides says that there are any.

    Args:
        rectangle: White.
        sides: Of `_sides`.
        height: The usual height of text.
        few: Whether few lines are enough, as in line with a gutter.
        spoken: Whether lines of long and short measure, as in a play, are enough.
    """
    if sides is None:
        return []
    left, right = sides
    if _columns(left, right, height, FEW_LINES if few else MIN_LINES, spoken=spoken):
        top, bottom = _extent(rectangle, left, right, height)
        x = (rectangle.x0 + rectangle.x1) / 2
        return [Gutter(x, a, b) for a, b in _without_tables(top, bottom, left, right, height)]
    for notes, text, name in ((left, right, "left"), (right, left, "right")):
        if not few and not spoken and _notes(notes, text, height):
            return [Gutter((rectangle.x0 + rectangle.x1) / 2, notes.y[0] - notes.h[0], notes.y[-1] + notes.h[-1], name)]
    return []


def _without_tables(top: float, bottom: float, left: Side, right: Side, height: float) -> list[tuple[float, float]]:
    """A gutter's reach without the rows, two or more, that hold an amount at the right of a label."""
    rows = []
    for y, letters, digits in zip(right.y, right.letters, right.digits, strict=True):
        if top < y < bottom:
            rows.append((y, digits > letters and distance(left.y, y) < 1.5 * BESIDE * height))
    parts = []
    for amounts, run in groupby(rows, key=lambda row: row[1]):
        ys = [y for y, _ in run]
        if amounts and len(ys) > 1:
            parts.append((top, ys[0] - 0.7 * height))
            top = ys[-1] + 0.7 * height
    return [(a, b) for a, b in [*parts, (top, bottom)] if b - a > height]


def _may_be_column(side: Side, lines: int) -> bool:
    """Whether one side has the lines and the letters of running text."""
    return side.count >= lines and side.lettered >= MIN_LETTERS


def _may_be_notes(side: Side, height: float) -> bool:
    """Whether one side may be notes on the other."""
    return side.count > 0 and side.outermost and side.lettered >= MIN_LETTERS / 2 and side.measure >= 2 * height


def _columns(left: Side, right: Side, height: float, lines: int, *, spoken: bool) -> bool:
    """Whether both sides are running text."""
    sides = (left, right)
    if not all(_may_be_column(side, lines) and len(side.textual) >= 2 for side in sides):
        return False
    independent = independence(left, right, height) >= INDEPENDENT
    for side in sides:
        words = median(side.words)
        if side.measure < (MIN_MEASURE if independent else MIN_ALIGNED) * height or words < (2 if independent else 3):
            return False
        of_speech = spoken and independent and side.measure >= WIDE_MEASURE * height and side.spoken
        if side.fill < MIN_FILL * (0.7 if independent else 1.0) and not of_speech:
            return False
    return True


def _notes(notes: Side, text: Side, height: float) -> bool:
    """Whether one side is notes on the other."""
    if text.count < NOTED_LINES or text.lettered < MIN_LETTERS or not _may_be_notes(notes, height):
        return False
    if text.fill < NOTED_FILL or text.measure < 16.0 * height or notes.measure > MAX_NOTE_WIDTH * text.measure:
        return False
    apart = independence(notes.worded, text, height)
    smaller = notes.count > 1 and median(notes.h) < NOTE_SIZE * median(text.h)
    return apart >= 0.5 or (smaller and not (notes.count >= LABELS and apart <= LABELLED))


def _extent(rectangle: Rectangle, left: Side, right: Side, height: float) -> tuple[float, float]:
    """From where to where columns stand side by side.

    A column may be longer than its neighbour and still be read before it; but what stands apart from the longer one,
    over or under both, is no part of it.
    """
    sides = ((left.y, left.h), (right.y, right.h))
    top = max(left.textual[0], right.textual[0])
    bottom = min(left.textual[-1], right.textual[-1])
    up = _reach([([-each for each in y[::-1]], h[::-1]) for y, h in sides], -top, height, headings=True)
    down = _reach(sides, bottom, height, headings=False)
    return max(rectangle.y0, -up), min(rectangle.y1, down)


def _reach(
    sides: Sequence[tuple[Sequence[float], Sequence[float]]], start: float, height: float, *, headings: bool
) -> float:
    """How far columns reach beyond `start`, up to where both have lines.

    Args:
        sides: The middles, in the direction of the reach, and heights of the lines of each.
        start: Where to begin.
        height: The usual height of text.
        headings: Whether a line of larger type ends a column.
    """
    ends, limit = [start], np.inf
    for y, h in sides:
        step = median(b - a for a, b in pairwise(y)) if len(y) > 1 else height
        usual = median(h)
        last, end = start, start + 0.6 * usual
        for middle, size in zip(y, h, strict=True):
            large = headings and size > HEADING * usual and middle > start + height
            if middle > start and (middle - last > step + COLUMN_END * height or large):
                limit = min(limit, middle - 0.6 * size)
                break
            last, end = max(last, middle), max(end, middle + 0.6 * size)
        ends.append(end)
    return min(max(ends), limit)
