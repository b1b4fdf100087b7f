"""What clients send: the options of a request, in a form or in JSON, and names of files."""

from __future__ import annotations

import re
from typing import Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from ocr_doc.options import Orientation, Quality, Serial
from ocr_doc.server.faults import Refusal
from ocr_doc.text_layer import PdfText

MAX_NAME = 255
_STRANGE = re.compile(r"[\x00-\x1f\x7f/\\]")


class ReadOptions(BaseModel):
    """How documents are read; the same options as the command line's."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    pages: str | None = Field(None, max_length=1000, examples=["1-3,7"])
    """Pages to read, such as 1-3,7; all without it."""
    password: str | None = Field(None, max_length=1000)
    """Opens encrypted PDFs."""
    dpi: int | None = Field(None, ge=1, le=2400)
    """Resolution at which PDF pages are drawn; 200 without it."""
    pdf_text: PdfText = "auto"
    """What of a PDF's own text is used: auto takes what is sound, use all of it, ignore none."""
    orientation: Literal["auto", "0", "90", "180", "270"] = "auto"
    """Degrees clockwise to turn pages by; auto finds out."""
    min_confidence: float = Field(0.0, ge=0, le=1)
    """Leaves out words below this."""
    min_legibility: float = Field(0.4, ge=0, le=1)
    """Leaves out what reads like no text."""
    quality: Quality = "fast"
    """Best looks at doubtful print more than once, which takes half as much time again."""
    beam_width: int = Field(1, ge=1, le=32)
    """Readings kept while a word is decoded; 1 is fastest."""
    vocabulary: bool = True
    """Known words decide where print is in doubt."""
    serial: Serial = "auto"
    """Which words are read character by character, too: those that look like codes, always all, or never any."""
    pattern: str | None = Field(None, max_length=200, examples=["AAAA9999999"])
    """What codes look like: a template, a regular expression, or iso6346, ean, vin, iban, luhn."""
    characters: bool = True
    """A record for each character in the document."""
    fields: bool = True
    """Looks for the fields of a bill."""

    def changes(self) -> dict[str, object]:
        """As `OCRPipeline` takes them."""
        names = tuple(ReadOptions.model_fields)
        values: dict[str, object] = {name: getattr(self, name) for name in names}
        turn: Orientation = "auto"
        if self.orientation != "auto":
            turn = {"0": 0, "90": 90, "180": 180, "270": 270}[self.orientation]  # type: ignore[assignment]
        return values | {"orientation": turn}


class Wanted(BaseModel):
    """What an answer holds beyond the words."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    document: bool = False
    """The whole result, in the schema ocr-doc/1, in the key document."""
    annotate: bool = False
    """Pictures of the pages with the words boxed, as JPEG in base64, in the key annotated."""


class OcrForm(ReadOptions, Wanted):
    """Documents and options as a form."""

    files: list[UploadFile] = Field(min_length=1, max_length=100)
    """One or more PDFs or images."""


class JobForm(ReadOptions):
    """Documents and options of a job as a form."""

    files: list[UploadFile] = Field(min_length=1, max_length=1000)
    """One or more PDFs or images."""
    images: bool = False
    """Keeps pictures of the pages, to be shown beside the result."""


class Base64Body(ReadOptions, Wanted):
    """A document in base64 and options, as JSON."""

    data: str = Field(min_length=1)
    """The file's bytes in base64; a data: URL is fine."""
    filename: str = Field("upload", min_length=1, max_length=MAX_NAME)
    """For messages and the result."""


class WordForm(BaseModel):
    """The image of one word or line."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile


def checked_name(name: str | None) -> str:
    """A file's name as its client gave it.

    Raises:
        Refusal: If it holds folders or control characters, or is too long.
    """
    if not name:
        return "upload"
    if _STRANGE.search(name) or name in (".", "..") or len(name) > MAX_NAME:
        message = "A file's name holds folders or control characters, or is too long."
        raise Refusal(400, "bad_filename", message, f"Send the bare name, of at most {MAX_NAME} characters.")
    return name
