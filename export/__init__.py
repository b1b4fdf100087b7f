"""Writers: a document as JSON, text, a grid of characters or Markdown, in a file or a stream.

Importing this makes the formats known to `Document.save`.
"""

from __future__ import annotations

from ocr_doc.core.formats import Format, find_format, format_names, register_format
from ocr_doc.export.json_format import document_from_dict, document_from_json, render_json, to_dict
from ocr_doc.export.layout_format import render_layout
from ocr_doc.export.markdown_format import render_markdown
from ocr_doc.export.output import write_document
from ocr_doc.export.paragraphs import render_paragraphs, render_paragraphs_hyphens
from ocr_doc.export.text_format import render_text

JSON = register_format(Format("json", (".json",), render_json, fields=True))
TEXT = register_format(Format("text", (".txt", ".text"), render_text))
LAYOUT = register_format(Format("layout", (".txt",), render_layout))
MARKDOWN = register_format(Format("markdown", (".md", ".markdown"), render_markdown))
PARAGRAPHS = register_format(Format("paragraphs", (".txt",), render_paragraphs))
PARAGRAPHS_HYPHENS = register_format(Format("paragraphs-hyphens", (".txt",), render_paragraphs_hyphens))

__all__ = [
    "JSON",
    "LAYOUT",
    "MARKDOWN",
    "PARAGRAPHS",
    "PARAGRAPHS_HYPHENS",
    "TEXT",
    "Format",
    "document_from_dict",
    "document_from_json",
    "find_format",
    "format_names",
    "render_json",
    "render_layout",
    "render_markdown",
    "render_paragraphs",
    "render_paragraphs_hyphens",
    "render_text",
    "to_dict",
    "write_document",
]
