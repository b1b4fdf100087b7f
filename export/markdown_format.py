"""Markdown: headings, paragraphs, tables; what stands beside the text as quotes and comments."""

from __future__ import annotations

import re

from ocr_doc.core.records import Block, Document, Page, Table
from ocr_doc.export.paragraphs import block_lines

_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
# What makes a heading or a list at a line's beginning: a sign, or the point behind a number.
_START = re.compile(r"^(\d{0,9})([#+.)-])(?=[\s#]|$)")


def render_markdown(document: Document) -> bytes:
    """The document as GitHub's Markdown in UTF-8; nothing at all for a document without text.

    A heading gets as many "#" as its level. Lines that do not run on end in a backslash, Markdown's line break. Side
    notes are quotes. Headers, footers and page numbers are comments, which no viewer shows.
    """
    parts = [part for page in document for part in _page(page)]
    return ("\n\n".join(parts) + "\n").encode() if parts else b""


def _page(page: Page) -> list[str]:
    tables = {word: table for table in page.tables for cell in table.cells for word in cell.words}
    written: list[Table] = []
    parts = []
    for block in page.blocks:
        table = tables.get(block.lines[0].words[0]) if block.kind == "table" else None
        if table is None:
            parts.append(_block(block))
        elif not any(table is each for each in written):
            written.append(table)
            parts.append(_table(table))
    return parts


def _block(block: Block) -> str:
    lines = block_lines(block)
    if block.kind in ("header", "footer", "page_number"):
        # A comment ends at "--" in some readers.
        return f"<!-- {block.kind.replace('_', ' ')}: {' '.join(lines).replace('--', '- -')} -->"
    lines = [_escaped(line) for line in lines]
    if block.kind == "heading":
        return f"{'#' * max(block.level, 1)} {' '.join(lines)}"
    if block.kind == "side_note":
        return "> " + " ".join(lines)
    return "\\\n".join(lines)


def _escaped(text: str) -> str:
    """Text in which Markdown sees no marks."""
    return _START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def _table(table: Table) -> str:
    """A table of GitHub's form: its first row is the head, as there must be one; numbers are set to the right."""
    rows = [[_escaped(text).replace("|", "\\|") for text in row] for row in table.grid]
    rule = ["---" if kind == "text" else "---:" for kind in table.columns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
