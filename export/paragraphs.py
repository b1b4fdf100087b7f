"""Paragraphs as running text: their lines joined, words that were split at a line's end put together.

Only running text is joined. The lines of an address, a bill or a verse stay apart: they end where their writer wants.
"""

from __future__ import annotations

import statistics

from ocr_doc.core.records import Block, Document

# Running text: lines of so many words, all but the last filling so much of the block's width.
MIN_WORDS = 4
MIN_FILL = 0.75
# What splits a word at a line's end: the hyphens, the soft hyphen, and the sign that OCR reads it as in old print.
HYPHENS = "-\u2010\u00ad\u00ac"


def is_flowing(block: Block) -> bool:
    """Whether the lines of a block go on from one to the next."""
    if block.kind in ("heading", "footnote", "side_note"):
        return True
    if block.kind == "table" or len(block.lines) < 2:
        return False
    first, second = block.lines[0].text, block.lines[1].text
    # Of two lines alone, the widths say little: an invoice's number over its date looks like a sentence.
    if len(block.lines) == 2 and not (second[:1].islower() or first[-1:] in (*HYPHENS, ",")):
        return False
    x0, _, x1, _ = block.box
    widths = [line.box[2] - line.box[0] for line in block.lines[:-1]]
    words = statistics.median(len(line.words) for line in block.lines[:-1])
    return words >= MIN_WORDS and statistics.median(widths) >= MIN_FILL * (x1 - x0)


def block_lines(block: Block, *, keep_hyphens: bool = False) -> list[str]:
    """The text of a block: one line for running text, else its lines as they stand.

    Args:
        block: Any.
        keep_hyphens: Whether a hyphen at a line's end stays. It may belong to the word, as in "well-known"; without a
            dictionary that cannot be told.
    """
    lines = [line.text for line in block.lines]
    if not is_flowing(block):
        return lines
    text = lines[0]
    for line in lines[1:]:
        text = _joined(text, line, keep_hyphens=keep_hyphens)
    return [text]


def render_paragraphs(document: Document) -> bytes:
    """Text with each paragraph on one line and words put together, UTF-8; see `ocr_doc.export.text_format`."""
    return _render(document, keep_hyphens=False)


def render_paragraphs_hyphens(document: Document) -> bytes:
    """The same with the hyphens at the ends of lines kept."""
    return _render(document, keep_hyphens=True)


def _render(document: Document, *, keep_hyphens: bool) -> bytes:
    pages = (
        "\n\n".join("\n".join(block_lines(block, keep_hyphens=keep_hyphens)) for block in page.blocks)
        for page in document
    )
    text = "\n\f".join(pages)
    return f"{text}\n".encode() if text else b""


def _joined(text: str, line: str, *, keep_hyphens: bool) -> str:
    """Two lines as one."""
    split = len(text) > 1 and text[-1] in HYPHENS and text[-2].isalpha() and line[:1].islower()
    if not split:
        return f"{text} {line}"
    return text + line if keep_hyphens else text[:-1] + line
