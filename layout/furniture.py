"""Headers, footers and page numbers: what a page carries beside its text.

One page is looked at, so nothing is known of what repeats. A first or last row is furniture only beside running text,
and where it holds a page number or stands apart in smaller type. Bills have none: their first row is a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_doc.core.records import BlockKind
from ocr_doc.layout.order import Row, text_height

# Running text on the page: so many rows of so many words, mostly letters.
TEXT_ROWS = 6
TEXT_WORDS = 5
TEXT_LETTERS = 0.8
# The white that parts furniture from the text, in heights of text.
APART = 0.9
# Smaller type against that of the page.
SMALLER = 0.93
# A row of furniture leaves white: at most so much of the width is words.
MAX_FILL = 0.8

_NUMBER = re.compile(r"[\[(|—–\-·.~]*(\d{1,4}|[ivxlc]{1,7}|[IVXLC]{1,7})[\])|—–\-·.~]*$")
_PAGE_OF = re.compile(r"\W*(?:(?:page|seite|p[aá]gina?|pag\.?|halaman|muka surat|p\.|s\.)\s*)?"
                      r"(\d{1,4})\s*(?:(?:of|von|sur|de|di|dari|/)\s*\d{1,4})?\W*$", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Furniture:
    """Rows of the page's edge by what they are, and the rows that are left."""

    top: tuple[tuple[BlockKind, tuple[Row, ...]], ...]
    bottom: tuple[tuple[BlockKind, tuple[Row, ...]], ...]
    rows: list[Row]


def take_furniture(rows: Sequence[Row], texts: Sequence[str]) -> Furniture:
    """Sets headers, footers and page numbers apart from the text.

    Args:
        rows: All rows of a page.
        texts: The words' texts.
    """
    left = sorted(rows, key=lambda row: (row.y, row.x0))
    top: list[tuple[BlockKind, tuple[Row, ...]]] = []
    bottom: list[tuple[BlockKind, tuple[Row, ...]]] = []
    body = [row for row in left if _is_text(row)]
    if len(body) < TEXT_ROWS:
        return Furniture((), (), left)
    height = text_height(body)
    width = max(row.x1 for row in left) - min(row.x0 for row in left)
    for at_top, found in ((True, top), (False, bottom)):
        edge = left[0] if at_top else left[-1]
        line = [row for row in left if abs(row.y - edge.y) < 0.6 * height]
        rest = [row for row in left if abs(row.y - edge.y) >= 0.6 * height]
        if not rest:
            continue
        next_row = rest[0] if at_top else rest[-1]
        apart = abs(next_row.y - edge.y) - (next_row.h + edge.h) / 2
        kind = _kind(line, texts, height, width, apart, at_top=at_top)
        if kind is not None:
            found.append((kind, tuple(line)))
            left = rest
    return Furniture(tuple(top), tuple(bottom), left)


def _is_text(row: Row) -> bool:
    return len(row.words) >= TEXT_WORDS and row.letters >= TEXT_LETTERS * (row.letters + row.digits)


def _kind(
    line: Sequence[Row], texts: Sequence[str], height: float, width: float, apart: float, *, at_top: bool
) -> BlockKind | None:
    """What the first or last row of a page is, where it is not its text."""
    words = [texts[i] for row in line for i in row.words]
    covered = sum(row.x1 - row.x0 for row in line)
    if _PAGE_OF.match(" ".join(words)) or (len(words) <= 3 and _is_number("".join(words))):
        return "page_number"
    if covered > MAX_FILL * width or max(row.h for row in line) > 1.2 * height:
        return None
    numbered = len(words) > 1 and (_is_number(words[0]) or _is_number(words[-1]))
    if numbered and apart > 0.3 * height:
        return "header" if at_top else "footer"
    small = max(row.h for row in line) <= SMALLER * height
    if small and apart > APART * height:
        return "header" if at_top else "footer"
    return None


def _is_number(text: str) -> bool:
    return bool(_NUMBER.match(text))
