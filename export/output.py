"""Where a document goes: a file, or a stream of bytes such as standard output."""

from __future__ import annotations

import os
from typing import Protocol

from ocr_doc.core.formats import find_format
from ocr_doc.core.records import Document


class ByteStream(Protocol):
    """Anything that takes bytes: an open binary file, a buffer, `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Takes all of the bytes."""

    def flush(self) -> object:
        """Passes on what was taken."""


def write_document(
    document: Document,
    target: str | os.PathLike[str] | ByteStream,
    format: str | None = None,  # noqa: A002
) -> None:
    """Writes a document.

    Args:
        document: What to write.
        target: A path, written whole or not at all, or a stream of bytes.
        format: "json" or "text"; None takes what a path's suffix means.

    Raises:
        UsageError: If the format is unknown, or a stream is given without one.
        OutputError: If the file cannot be written.
    """
    if isinstance(target, (str, os.PathLike)):
        document.save(target, format)
        return
    target.write(find_format(format).render(document))
    target.flush()
