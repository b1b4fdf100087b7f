"""Writes the service's OpenAPI file, from which clients' types are made: `python clients/openapi.py`."""

from __future__ import annotations

import json
from pathlib import Path

from ocr_doc.server.app import create_app

if __name__ == "__main__":
    text = json.dumps(create_app().openapi(), indent=1, ensure_ascii=False)
    Path(__file__).with_name("openapi.json").write_text(text + "\n", encoding="utf-8")
