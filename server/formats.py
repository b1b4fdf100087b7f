"""In which form a result is answered: by ?format=, or by the Accept header."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable

from ocr_doc.core.formats import Format
from ocr_doc.export import find_format, format_names
from ocr_doc.server.faults import Refusal

# Our own JSON beside the short answer of /api/ocr, which application/json means there.
DOCUMENT_TYPE = "application/vnd.ocr-doc+json"
_TEXT = "text/plain"
_OWN = {
    ".json": "application/json",
    ".txt": _TEXT,
    ".md": "text/markdown",
    ".hocr": "text/html",
    ".tsv": "text/tab-separated-values",
}


def all_formats() -> Iterable[Format]:
    """Every format that can be written."""
    return map(find_format, format_names())


def media_type(chosen: Format) -> str:
    """A format's media type, by its first suffix."""
    suffix = chosen.suffixes[0]
    return _OWN.get(suffix) or mimetypes.guess_type(f"a{suffix}")[0] or "application/octet-stream"


def content_type(chosen: Format) -> str:
    """The Content-Type header of a format."""
    kind = media_type(chosen)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def choose_format(name: str | None, accept: str | None) -> Format | None:
    """The format that a client wants; None for the answer of the route itself.

    Args:
        name: The parameter format, which counts before the header.
        accept: The Accept header.

    Raises:
        Refusal: If there is no such format.
    """
    if name is not None:
        if name not in format_names():
            known = ", ".join(format_names())
            raise Refusal(400, "no_format", f"{name[:40]!r} is no output format.", f"Give one of {known}.")
        return find_format(name)
    wanted = _ranges(accept or "*/*")
    if not wanted:
        return None
    for kind in wanted:
        if kind in ("*/*", "application/*", "application/json"):
            return None
        if kind == DOCUMENT_TYPE:
            return find_format("json")
        for each in all_formats():
            if media_type(each) == kind or (kind == "text/*" and media_type(each) == _TEXT):
                return each
    known = ", ".join(dict.fromkeys(map(media_type, all_formats())))
    raise Refusal(406, "not_acceptable", "No result can be had in an accepted form.", f"Accept one of {known}.")


def _ranges(accept: str) -> list[str]:
    """The media ranges of a header, the most wanted first; those of no weight left out."""
    weighted = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if kind and weight > 0:
            weighted.append((weight, kind))
    return [kind for _, kind in sorted(weighted, key=lambda pair: -pair[0])]
