"""ocr-doc: documents to words, lines and pages, offline.

    from ocr_doc import OCRPipeline

    ocr = OCRPipeline()
    document = ocr("invoice.pdf")
    document.text
    document.save("invoice.json")

Importing this package loads nothing but itself; each name below is loaded when first used.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocr_doc.api import OCRPipeline
    from ocr_doc.batch import BatchItem
    from ocr_doc.core.errors import OcrDocError
    from ocr_doc.core.field_records import Check, Field, Fields, LineItem
    from ocr_doc.core.records import Alternative, Block, Character, Document, Line, Page, Word, WordReading
    from ocr_doc.detectors.detector import DetectedWord
    from ocr_doc.options import EngineOptions, Options
    from ocr_doc.recognizer.reader import ReadCharacter, Reading

    __version__: str

__all__ = [
    "Alternative",
    "BatchItem",
    "Block",
    "Character",
    "Check",
    "DetectedWord",
    "Document",
    "EngineOptions",
    "Field",
    "Fields",
    "Line",
    "LineItem",
    "OCRPipeline",
    "OcrDocError",
    "Options",
    "Page",
    "ReadCharacter",
    "Reading",
    "Word",
    "WordReading",
    "__version__",
]

# Records come by way of `api`, which makes the writers known to Document.save.
_HOMES = {
    "BatchItem": "ocr_doc.batch",
    "DetectedWord": "ocr_doc.detectors.detector",
    "EngineOptions": "ocr_doc.options",
    "OcrDocError": "ocr_doc.core.errors",
    "Options": "ocr_doc.options",
    "ReadCharacter": "ocr_doc.recognizer.reader",
    "Reading": "ocr_doc.recognizer.reader",
}

# Without a handler of its own a library's warnings reach the user's stderr by logging's last resort.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("ocr-doc")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "ocr_doc.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
