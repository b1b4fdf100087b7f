"""JSON of schema `ocr-doc/1` (docs/ocr-doc-1.schema.json).

Texts of lines, pages and the document are written for readers in a hurry and ignored when read back: they follow from
the words. Everything else survives the way there and back unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ocr_doc.core.geometry import Box, Quad, as_quad
from ocr_doc.core.records import (
    SCHEMA,
    Alternative,
    Block,
    Cell,
    Character,
    Document,
    EngineInfo,
    Line,
    Page,
    Row,
    Table,
    Word,
    WordReading,
)
from ocr_doc.export.fields_json import fields_from_dict, fields_to_dict, spread_fields

JsonObject = dict[str, Any]
LEVELS = ("pages", "blocks", "lines", "words", "rows", "tables", "cells")


def render_json(document: Document) -> bytes:
    """The document as JSON in UTF-8, one line of the file for each word, with a newline at its end."""
    # A file name that is no UTF-8 holds lone surrogates; "\udcff" is how JSON itself writes one.
    return f"{_spread(to_dict(document))}\n".encode(errors="backslashreplace")


def _spread(value: JsonObject, indent: str = "\n") -> str:
    """JSON that spreads only the lists of LEVELS over lines: readable, and json's fast encoder does the bulk."""
    spread = {key for key in LEVELS if value.get(key) and isinstance(value[key][0], dict)}
    if not spread:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    parts = []
    for key, part in value.items():
        if key in spread:
            items = ("," + inner + " ").join(_spread(item, inner + " ") for item in part)
            parts.append(f"{json.dumps(key)}: [{inner} {items}{inner}]")
        elif key == "fields":
            parts.append(f"{json.dumps(key)}: {spread_fields(part, inner)}")
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
        **({} if document.fields is None else {"fields": fields_to_dict(document.fields, document.pages)}),
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
        pages = tuple(map(_page_from, data["pages"]))
        fields = fields_from_dict(data["fields"], pages) if "fields" in data else None
        return Document(data["source"], pages, EngineInfo(**data["engine"]), fields)
    except (KeyError, TypeError, IndexError) as error:
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
        **_cells(page),
    }


def _cells(page: Page) -> JsonObject:
    """Rows and tables. Their cells name words by number: the place of each in the page's blocks, from 0."""
    numbers: dict[Word, int] = {}
    for number, word in enumerate(page.words):
        numbers.setdefault(word, number)

    def cell(each: Cell) -> JsonObject:
        return {
            "box": _numbers(each.box),
            "words": [numbers[word] for word in each.words if word in numbers],
            "row": int(each.row),
            "column": int(each.column),
            "row_span": int(each.row_span),
            "column_span": int(each.column_span),
        }

    rows = [{"kind": row.kind, "text": row.text, "cells": list(map(cell, row.cells))} for row in page.rows]
    tables = [
        {"box": _numbers(t.box), "ruled": t.ruled, "columns": list(t.columns), "cells": list(map(cell, t.cells))}
        for t in page.tables
    ]
    return {"rows": rows, "tables": tables}


def _block(block: Block) -> JsonObject:
    lines = [_line(line) for line in block.lines]
    return {"kind": block.kind, "level": int(block.level), "box": _numbers(block.box), "lines": lines}


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
        **({"readings": [_reading(reading) for reading in word.readings]} if word.readings else {}),
        **({"notes": list(word.notes)} if word.notes else {}),
    }


def _reading(reading: WordReading) -> JsonObject:
    return {
        "text": reading.text,
        "confidence": float(reading.confidence),
        "source": reading.source,
        **({"pattern": reading.pattern, "cost": float(reading.cost)} if reading.pattern else {}),
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
    blocks = tuple(map(_block_from, data["blocks"]))
    words = [word for block in blocks for line in block.lines for word in line.words]
    return Page(
        number=data["number"],
        width=data["width"],
        height=data["height"],
        blocks=blocks,
        dpi=data["dpi"],
        rotation=data["rotation"],
        skew=data["skew"],
        warnings=tuple(data["warnings"]),
        rows=tuple(
            Row(tuple(_cell_from(cell, words) for cell in row["cells"]), row["kind"]) for row in data.get("rows", ())
        ),
        tables=tuple(_table_from(table, words) for table in data.get("tables", ())),
    )


def _cell_from(data: Mapping[str, Any], words: Sequence[Word]) -> Cell:
    x0, y0, x1, y1 = data["box"]
    place = data["row"], data["column"], data["row_span"], data["column_span"]
    return Cell((x0, y0, x1, y1), tuple(words[number] for number in data["words"]), *place)


def _table_from(data: Mapping[str, Any], words: Sequence[Word]) -> Table:
    x0, y0, x1, y1 = data["box"]
    cells = tuple(_cell_from(cell, words) for cell in data["cells"])
    return Table((x0, y0, x1, y1), cells, tuple(data["columns"]), data["ruled"])


def _block_from(data: Mapping[str, Any]) -> Block:
    lines = tuple(Line(tuple(map(_word_from, line["words"]))) for line in data["lines"])
    return Block(lines, data["kind"], data.get("level", 0))


def _word_from(data: Mapping[str, Any]) -> Word:
    characters = tuple(map(_character_from, data["characters"]))
    readings = tuple(WordReading(**each) for each in data.get("readings", ()))
    notes = tuple(data.get("notes", ()))
    return Word(data["text"], data["confidence"], as_quad(data["quad"]), characters, data["source"], readings, notes)


def _character_from(data: Mapping[str, Any]) -> Character:
    quad = None if data["quad"] is None else as_quad(data["quad"])
    alternatives = tuple(Alternative(each["text"], each["confidence"]) for each in data["alternatives"])
    return Character(data["text"], data["confidence"], quad, alternatives)
