"""The fields of a bill in JSON of schema `ocr-doc/1`: values, with the words they were read from by number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ocr_doc.core.field_records import FIELD_NAMES, ITEM_NAMES, Check, Field, Fields, LineItem
from ocr_doc.core.geometry import union_box
from ocr_doc.core.records import Page, Word

JsonObject = dict[str, Any]


def fields_to_dict(fields: Fields, pages: Sequence[Page]) -> JsonObject:
    """Fields as plain dictionaries; what was not found is absent.

    Words are told by number: the place of each in the blocks of its page, from 0.

    Args:
        fields: Found on `pages`.
        pages: Of the document.
    """
    numbers = {page.number: _numbers(page) for page in pages}

    def one(field: Field) -> JsonObject:
        places = numbers.get(field.page, {})
        return {
            "value": field.value,
            "text": field.text,
            "page": int(field.page),
            "box": [float(value) for value in union_box(word.box for word in field.words)] if field.words else None,
            "words": [places[word] for word in field.words if word in places],
            "confidence": float(field.confidence),
            "rule": field.rule,
            "label": field.label,
            "alternatives": list(field.alternatives),
        }

    def some(record: Fields | LineItem, names: Sequence[str]) -> JsonObject:
        return {name: one(getattr(record, name)) for name in names if getattr(record, name) is not None}

    return {
        **some(fields, FIELD_NAMES),
        "items": [some(item, ITEM_NAMES) for item in fields.items],
        "checks": [{"name": c.name, "holds": bool(c.holds), "detail": c.detail} for c in fields.checks],
    }


def fields_from_dict(data: Mapping[str, Any], pages: Sequence[Page]) -> Fields:
    """Rebuilds fields from `fields_to_dict`'s form.

    Raises:
        KeyError, TypeError: If a part is missing or of the wrong kind, or a word is not there.
    """
    words = {page.number: dict(enumerate(page.words)) for page in pages}

    def one(part: Mapping[str, Any]) -> Field:
        chosen = tuple(words[part["page"]][number] for number in part["words"])
        alternatives = tuple(part["alternatives"])
        return Field(part["value"], part["page"], chosen, part["confidence"], part["rule"], part["label"], alternatives)

    def some(part: Mapping[str, Any], names: Sequence[str]) -> dict[str, Field]:
        return {name: one(part[name]) for name in names if name in part}

    return Fields(
        **some(data, FIELD_NAMES),
        items=tuple(LineItem(**some(item, ITEM_NAMES)) for item in data["items"]),
        checks=tuple(Check(check["name"], check["holds"], check["detail"]) for check in data["checks"]),
    )


def spread_fields(fields: Mapping[str, Any], indent: str) -> str:
    """JSON with one line for each field and each item.

    Args:
        fields: From `fields_to_dict`.
        indent: A line break and the white space before the object's own closing bracket.
    """
    inner = indent + " "
    parts = []
    for name, part in fields.items():
        if isinstance(part, list) and part:
            lines = f",{inner} ".join(json.dumps(each, ensure_ascii=False, allow_nan=False) for each in part)
            parts.append(f"{json.dumps(name)}: [{inner} {lines}{inner}]")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False, allow_nan=False)}")
    return "{" + inner + f",{inner}".join(parts) + indent + "}"


def _numbers(page: Page) -> dict[Word, int]:
    numbers: dict[Word, int] = {}
    for number, word in enumerate(page.words):
        numbers.setdefault(word, number)
    return numbers
