"""Blocks: rows of a region that belong together, and what they are.

Three things end a block: white that is larger than usual, text of another size and, in running text only, the indent of
a paragraph's first line or a last line that stops short. Elsewhere lines stop short as they like: in addresses, verse
and bills.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocr_doc.core.records import BlockKind
from ocr_doc.layout.order import Region, Row

# A block ends at a gap this much larger than the usual gap between lines, in line heights, ...
BLOCK_GAP = 0.6
# ... where at most this counts as usual: two lines far apart are two blocks.
MAX_USUAL_GAP = 2.0
# Lines so many times higher than their neighbours are another block: words' heights differ by less within a text.
OTHER_SIZE = 1.35
# Running text: so many rows of at least so many words, mostly letters, the middle one filling so much of the width.
RUNNING_ROWS = 4
RUNNING_WORDS = 4
RUNNING_LETTERS = 0.75
RUNNING_FILL = 0.85
# A first line stands in by so much, in heights of text; more is a line that is centred or set to the right.
INDENT = 0.8
MAX_INDENT = 5.0
# A last line stops short by so much, in heights of text.
SHORT = 4.0
# Headings are so many times higher than the page's text and have at most so many lines; lowest height of each level.
HEADING_LEVELS = (1.9, 1.5, 1.22)
HEADING_ROWS = 3
# A heading in the text's own size stands apart and fills at most so much of the width.
HEADING_FILL = 0.7
# A footnote's type against that of the page.
FOOTNOTE_SIZE = 0.93

_NUMBERED = re.compile(r"(\d{1,2}(\.\d{1,2})*\.?|[IVXL]{1,5}\.|§+\s?\d*)$")
_NOTE_MARK = re.compile(r"(\d{1,3}|[*†‡§]+|\(\d{1,2}\)|\[\d{1,3}\])[.)]?$|^[*†‡]")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one block; `level` is that of a heading, 1 to 3, else 0."""

    rows: tuple[Row, ...]
    kind: BlockKind = "paragraph"
    level: int = 0


@dataclass(frozen=True, slots=True)
class PageText:
    """What blocks are told by: the words' texts, and the usual height and gap of the page's rows."""

    texts: Sequence[str]
    height: float
    gap: float


def usual_gap(regions: Sequence[Region], height: float) -> float:
    """The usual white between rows that follow one another, at most `MAX_USUAL_GAP` heights."""
    gaps = [gap for region in regions for gap in _gaps(region.rows)]
    return min(median(gaps) if gaps else 0.0, MAX_USUAL_GAP * height)


def split_blocks(region: Region, page: PageText, tables: Sequence[tuple[int, int]] = ()) -> list[Part]:
    """The blocks of a region, each followed by the notes on it.

    Args:
        region: Its rows.
        page: What the page's blocks are told by.
        tables: The rows, from and to, of each table in the region: a block of its own.
    """
    rows = region.rows
    inside = {place for start, end in tables for place in range(start + 1, end)}
    edges = {edge for table in tables for edge in table}
    ends = sorted({*_ends(rows, page), *edges} - inside - {0, len(rows)})
    starts = [0, *ends] if rows else []
    parts: list[Part] = []
    pending = list(region.notes)
    for start, end in zip(starts, [*ends, len(rows)], strict=False):
        parts.append(Part(rows[start:end], "table") if (start, end) in tables else _named(rows, start, end, page))
        parts += [Part(note, "side_note") for place, note in pending if place < end]
        pending = [each for each in pending if each[0] >= end]
    return parts


def is_running(rows: Sequence[Row]) -> bool:
    """Whether rows are running text, whose lines end at the edge and not where they like."""
    if len(rows) < RUNNING_ROWS:
        return False
    left, right = _edges(rows)
    if median(row.x1 - row.x0 for row in rows) < RUNNING_FILL * (right - left):
        return False
    return median(len(row.words) for row in rows) >= RUNNING_WORDS and _lettered(rows) >= RUNNING_LETTERS


def _lettered(rows: Sequence[Row]) -> float:
    """The share of letters among letters and digits."""
    letters = sum(row.letters for row in rows)
    return letters / max(letters + sum(row.digits for row in rows), 1.0)


def _edges(rows: Sequence[Row]) -> tuple[float, float]:
    """The left and right edge of a column: few lines stick out."""
    lefts, rights = sorted(row.x0 for row in rows), sorted(row.x1 for row in rows)
    return lefts[len(rows) // 10], rights[-1 - len(rows) // 10]


def _gaps(rows: Sequence[Row]) -> list[float]:
    return [max(b.y - a.y - (a.h + b.h) / 2, 0.0) for a, b in pairwise(rows)]


def _ends(rows: Sequence[Row], page: PageText) -> list[int]:
    """The places where a new block begins, but for the first."""
    running = is_running(rows)
    left, right = _edges(rows) if rows else (0.0, 0.0)
    ends = []
    for place, gap in enumerate(_gaps(rows), start=1):
        above, row = rows[place - 1], rows[place]
        other = max(above.h, row.h) > OTHER_SIZE * min(above.h, row.h) and min(len(above.words), len(row.words)) > 0
        apart = gap > page.gap + BLOCK_GAP * page.height
        if apart or other or (running and _begins(rows, place, left, right, page.height)):
            ends.append(place)
    return ends


def _begins(rows: Sequence[Row], place: int, left: float, right: float, height: float) -> bool:
    """Whether a paragraph of running text begins at a row: indented, or after a line that stopped short."""
    above, row = rows[place - 1], rows[place]
    inset = row.x0 - left
    # Against its neighbours too: the edges of a page that leans in perspective are no straight lines.
    local = row.x0 - min([above.x0, *(each.x0 for each in rows[place + 1 : place + 2])])
    if INDENT * height < inset < MAX_INDENT * height and INDENT * height < local:
        return True
    return right - above.x1 > SHORT * height and inset < INDENT * height


def _named(rows: Sequence[Row], start: int, end: int, page: PageText) -> Part:
    """A block and what it is."""
    part = tuple(rows[start:end])
    level = _heading_level(rows, start, end, page)
    if level:
        return Part(part, "heading", level)
    small = end == len(rows) and start > 0 and max(row.h for row in part) <= FOOTNOTE_SIZE * page.height
    noted = small and _NOTE_MARK.match(page.texts[part[0].words[0]])
    return Part(part, "footnote" if noted else "paragraph")


def _heading_level(rows: Sequence[Row], start: int, end: int, page: PageText) -> int:
    """1 to 3 for a heading, else 0."""
    part = rows[start:end]
    if len(part) > HEADING_ROWS or _lettered(part) < 0.5:
        return 0
    if sum(row.letters for row in part) < 3:
        return 0
    height = min(row.h for row in part)
    for level, times in enumerate(HEADING_LEVELS, start=1):
        if height >= times * page.height:
            return level
    follows = rows[end : end + RUNNING_ROWS]
    if len(part) > 1 or not is_running(follows):
        return 0
    left, right = _edges(follows)
    words = [page.texts[i] for i in part[0].words]
    if part[0].x1 - part[0].x0 > HEADING_FILL * (right - left) or words[-1][-1:] in tuple(".,;:-"):
        return 0
    marked = bool(_NUMBERED.match(words[0])) and len(words) > 1 and words[1][:1].isupper()
    return 3 if marked or all(word == word.upper() for word in words) else 0
