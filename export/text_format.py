"""Plain text: lines as they stand, a blank line between blocks, a form feed between pages."""

from __future__ import annotations

from ocr_doc.core.records import Document


def render_text(document: Document) -> bytes:
    """The document's text in UTF-8 with a newline at its end; nothing at all for a document without text."""
    text = document.text
    return f"{text}\n".encode() if text else b""
