"""JSON of schema `ocr-doc/1` (docs/ocr-doc-1.schema.json).

Texts of lines, pages and the document are written for readers in a hurry and ignored when read back: they follow from
the words. Everything else survives the way there and back unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ocr_doc.core.geometry import Box, Quad, as_quad
from ocr_doc.core.records import SCHEMA, Alternative, Block, Character, Document, EngineInfo, Line, Page, Word

JsonObject = dict[str, Any]
LEVELS = ("pages", "blocks", "lines", "words")


def render_json(document: Document) -> bytes:
    """The document as JSON in UTF-8, one line of the file for each word, with a newline at its end."""
    # A file name that is no UTF-8 holds lone surrogates; "\udcff" is how JSON itself writes one.
    return f"{_spread(to_dict(document))}\n".encode(errors="backslashreplace")


def _spread(value: JsonObject, indent: str = "\n") -> str:
    """JSON that spreads only the lists of LEVELS over lines: readable, and json's fast encoder does the bulk."""
    if not any(level in value for level in LEVELS):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    parts = []
    for key, part in value.items():
        if key in LEVELS and part:
            items = ("," + inner + " ").join(_spread(item, inner + " ") for item in part)
            parts.append(f"{json.dumps(key)}: [{inner} {items}{inner}]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(part, ensure_ascii=False, allow_nan=False)}")
    return "{" + inner + ("," + inner).join(parts) + indent + "}"


def to_dict(document: Document) -> JsonObject:
    """The document as plain dictionaries, lists, strings, ints and floats, whatever number types its records hold."""
    engine = document.engine
    return {
        "schema": SCHEMA,
        "source": document.source,
        "text": document.text,
        "engine": {
            "version": engine.version,
            "device": engine.device,
            "detector": engine.detector,
            "recognizer": engine.recognizer,
        },
        "pages": [_page(page) for page in document.pages],
    }


def document_from_json(data: str | bytes) -> Document:
    """Reads back what `render_json` wrote.

    Raises:
        ValueError: If it is no JSON of this schema.
    """
    return document_from_dict(json.loads(data))


def document_from_dict(data: Mapping[str, Any]) -> Document:
    """Rebuilds a document from `to_dict`'s form.

    Raises:
        ValueError: If the schema is another, or a part is missing or of the wrong kind.
    """
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != SCHEMA:
        raise ValueError(f"schema is {schema!r}, not {SCHEMA!r}")
    try:
        return Document(data["source"], tuple(map(_page_from, data["pages"])), EngineInfo(**data["engine"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a document of schema {SCHEMA!r}: {error!r}") from error


def _page(page: Page) -> JsonObject:
    return {
        "number": int(page.number),
        "width": int(page.width),
        "height": int(page.height),
        "dpi": None if page.dpi is None else float(page.dpi),
        "rotation": int(page.rotation),
        "skew": float(page.skew),
        "text": page.text,
        "warnings": list(page.warnings),
        "blocks": [_block(block) for block in page.blocks],
    }


def _block(block: Block) -> JsonObject:
    return {"kind": block.kind, "box": _numbers(block.box), "lines": [_line(line) for line in block.lines]}


def _line(line: Line) -> JsonObject:
    return {"text": line.text, "box": _numbers(line.box), "words": [_word(word) for word in line.words]}


def _word(word: Word) -> JsonObject:
    return {
        "text": word.text,
        "confidence": float(word.confidence),
        "quad": _corners(word.quad),
        "box": _numbers(word.box),
        "source": word.source,
        "characters": [_character(character) for character in word.characters],
    }


def _character(character: Character) -> JsonObject:
    return {
        "text": character.text,
        "confidence": float(character.confidence),
        "quad": None if character.quad is None else _corners(character.quad),
        "alternatives": [{"text": a.text, "confidence": float(a.confidence)} for a in character.alternatives],
    }


def _numbers(box: Box) -> list[float]:
    return [float(value) for value in box]


def _corners(quad: Quad) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in quad]


def _page_from(data: Mapping[str, Any]) -> Page:
    return Page(
        number=data["number"],
        width=data["width"],
        height=data["height"],
        blocks=tuple(map(_block_from, data["blocks"])),
        dpi=data["dpi"],
        rotation=data["rotation"],
        skew=data["skew"],
        warnings=tuple(data["warnings"]),
    )


def _block_from(data: Mapping[str, Any]) -> Block:
    return Block(tuple(Line(tuple(map(_word_from, line["words"]))) for line in data["lines"]), data["kind"])


def _word_from(data: Mapping[str, Any]) -> Word:
    characters = tuple(map(_character_from, data["characters"]))
    return Word(data["text"], data["confidence"], as_quad(data["quad"]), characters, data["source"])


def _character_from(data: Mapping[str, Any]) -> Character:
    quad = None if data["quad"] is None else as_quad(data["quad"])
    alternatives = tuple(Alternative(each["text"], each["confidence"]) for each in data["alternatives"])
    return Character(data["text"], data["confidence"], quad, alternatives)
