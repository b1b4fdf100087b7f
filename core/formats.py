"""The output formats there are: a register that `ocr_doc.export` fills, so that a `Document` can save itself.

Records know nothing of writers; this is the only thing that both know.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ocr_doc.core.errors import UsageError

if TYPE_CHECKING:
    from ocr_doc.core.records import Document


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a document.

    Attributes:
        name: What `--format` calls it.
        suffixes: The file suffixes that mean it, with dot, lower case; files of a folder run get the first.
        render: Turns a document into the bytes of a file.
        fields: Whether it writes a bill's fields; the command line looks for them only then.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Document], bytes]
    fields: bool = False


_formats: dict[str, Format] = {}


def register_format(added: Format) -> Format:
    """Makes a format known by its name and suffixes, in place of an earlier one of that name."""
    _formats[added.name] = added
    return added


def format_names() -> tuple[str, ...]:
    """The names of all formats, in the order they were registered."""
    return tuple(_formats)


def find_format(name: str | None, path: str | os.PathLike[str] | None = None) -> Format:
    """The format of that name or, without a name, the one that the path's suffix means.

    Raises:
        UsageError: If there is no such format.
    """
    known = ", ".join(f"{each.name} ({' '.join(each.suffixes)})" for each in _formats.values())
    remedy = f"Known formats: {known or 'none; import ocr_doc.export'}."
    if name is not None:
        if name not in _formats:
            raise UsageError(f"{name!r} is no output format.", remedy)
        return _formats[name]
    suffix = PurePath(path or "").suffix.lower()
    for each in _formats.values():
        if suffix in each.suffixes:
            return each
    raise UsageError(f"{os.fspath(path or '')}: its suffix names no output format.", remedy)
