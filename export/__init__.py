"""Writers: a document as JSON or text, in a file or a stream.

Importing this makes the formats known to `Document.save`.
"""

from __future__ import annotations

from ocr_doc.core.formats import Format, find_format, format_names, register_format
from ocr_doc.export.json_format import document_from_dict, document_from_json, render_json, to_dict
from ocr_doc.export.output import write_document
from ocr_doc.export.text_format import render_text

JSON = register_format(Format("json", (".json",), render_json))
TEXT = register_format(Format("text", (".txt", ".text"), render_text))

__all__ = [
    "JSON",
    "TEXT",
    "Format",
    "document_from_dict",
    "document_from_json",
    "find_format",
    "format_names",
    "render_json",
    "render_text",
    "to_dict",
    "write_document",
]
