"""Cells: the words of a row that stand together, and the columns that cells of several rows make."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from ocr_doc.layout.frame import Frame
from ocr_doc.layout.order import Row

# White that parts two cells of a row, in heights of its text; words of one phrase are nearer.
CELL_GAP = 1.25
# Of the rows with several cells, how many may reach over the white between two columns, ...
MAX_CROSSING = 0.15
# ... and how many at least must stand in a column.
MIN_COVER = 0.25
# A cell stands in a column that it shares so much of its width with, or of the column's.
IN_COLUMN = 0.3


class Span(NamedTuple):
    """Words of one cell, left to right, and its ends."""

    words: tuple[int, ...]
    x0: float
    x1: float


# The cells of each row, left to right.
Cells: TypeAlias = "dict[Row, list[Span]]"


def find_cells(rows: Sequence[Row], frame: Frame) -> Cells:
    """The cells of rows."""
    starts, ends = frame.boxes[:, 0].tolist(), frame.boxes[:, 2].tolist()
    return {row: _cells(row, starts, ends) for row in rows}


def _cells(row: Row, starts: Sequence[float], ends: Sequence[float]) -> list[Span]:
    """The cells of a row; `starts` and `ends` are those of all words."""
    reach = CELL_GAP * row.h
    words = row.words
    spans: list[Span] = []
    first, start, end = 0, starts[words[0]], ends[words[0]]
    for place, word in enumerate(words):
        x0, x1 = starts[word], ends[word]
        if x0 - end > reach:
            spans.append(Span(words[first:place], start, end))
            first, start, end = place, x0, x1
        # Plain comparisons: a page has hundreds of words.
        start, end = (start if start < x0 else x0), (end if end > x1 else x1)
    return [*spans, Span(words[first:], start, end)]


def find_columns(rows: Sequence[Sequence[Span]]) -> list[float]:
    """Where the columns of a table part.

    Args:
        rows: The cells of each row.

    Returns:
        The middles of the white between two columns, left to right; empty for a single column.
    """
    several = [row for row in rows if len(row) > 1]
    if not several:
        return []
    events = sorted(
        [(span.x0, 1) for row in several for span in row] + [(span.x1, -1) for row in several for span in row]
    )
    crossing = int(MAX_CROSSING * len(several))
    standing = max(MIN_COVER * len(several), min(2, len(several)))
    parts: list[float] = []
    cover, covered, valley = 0, False, None
    for x, step in events:
        cover += step
        if cover <= crossing and valley is None:
            valley = x
        elif cover >= standing and step > 0:
            if covered and valley is not None:
                parts.append((valley + x) / 2)
            covered, valley = True, None
        elif cover > crossing and step > 0 and not covered:
            valley = None
    return parts


def columns_of(span: Span, parts: Sequence[float], left: float, right: float) -> tuple[int, int]:
    """The first and last column that a cell stands in.

    Args:
        span: The cell.
        parts: Where columns part.
        left: The table's left edge.
        right: Its right edge.
    """
    edges = [left, *parts, right]
    width = max(span.x1 - span.x0, 1e-6)
    inside = []
    for column, (a, b) in enumerate(pairwise(edges)):
        shared = min(b, span.x1) - max(a, span.x0)
        if shared > IN_COLUMN * min(width, b - a):
            inside.append(column)
    if not inside:
        middle = (span.x0 + span.x1) / 2
        inside = [sum(middle > part for part in parts)]
    return inside[0], inside[-1]
