"""Whatever holds a document, to an iterator of pages.

Pages are read one by one as they are asked for, so that a document of any length fits into memory.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_doc.core.errors import InputBrokenError, InputEmptyError, InputMissingError, InputUnsupportedError, UsageError
from ocr_doc.images import (
    count_image_pages,
    count_pillow_pages,
    read_array,
    read_image_file,
    read_pillow_image,
    sniff_image,
)
from ocr_doc.page_image import InputOptions, PageImage, PageImages, PdfRenderer
from ocr_doc.pdf import count_pdf_pages, is_pdf, read_pdf_file

__all__ = [
    "InputOptions",
    "PageImage",
    "PageImages",
    "PdfRenderer",
    "Source",
    "count_pages",
    "read_pages",
    "source_name",
]

Source: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | NDArray[Any] | Image.Image | PageImages
)
STDIN = "-"
_STDIN_NAME = "<stdin>"
_DEFAULTS = InputOptions()
_HEAD = 1024  # bytes that tell every kind of file we read
_FORMATS = "PDF, PNG, JPEG, TIFF, HEIC, WebP, AVIF, JPEG 2000, BMP, GIF or PNM"
# What people hand in by mistake, told by bytes at an offset.
_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "a video"),
    (0, b"PK\x03\x04", "a ZIP archive or Office document"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"AT&TFORM", "a DjVu file"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
)


def read_pages(source: Source, options: InputOptions = _DEFAULTS) -> Iterator[PageImage]:
    """Yields the pages of a document, each decoded or drawn when asked for; nothing is read before the first.

    Args:
        source: One of
            - a path (a str or PathLike), or "-" for standard input;
            - the bytes of a file, or a binary file object: read from its start where it can seek, else from where it
              stands, and left open;
            - an array, shape (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, uint8 in 0..255, bool, uint16, or
              float in [0, 1];
            - a Pillow image; an opened multi-page TIFF or HEIC file gives all its pages;
            - `PageImages`, given on as they are.
        options: How to read it.

    Raises:
        UsageError: If the source is none of these.
        InputMissingError: If the file does not exist, cannot be opened, or is a folder.
        InputEmptyError, InputBrokenError, InputUnsupportedError, InputTooLargeError, PasswordError, NoPagesError,
            DependencyError: As their names say; pages before a damaged page have been yielded.
    """
    if isinstance(source, np.ndarray):
        yield read_array(source, options)
        return
    if isinstance(source, PageImages):
        yield from source.pages
        return
    name = source_name(source)
    if isinstance(source, Image.Image):
        with _frame_kept(source):
            yield from read_pillow_image(source, name, options)
        return
    with _opened(source, name) as (file, path):
        head = _head(file, name)
        if kind := sniff_image(head):
            yield from read_image_file(file, kind, name, options)
        elif is_pdf(head):
            yield from read_pdf_file(file, path, name, options)
        else:
            raise _unsupported(head, name)


def count_pages(source: Source, options: InputOptions = _DEFAULTS) -> int | None:
    """Tells how many pages `read_pages` will yield if none is damaged, without decoding any.

    Returns:
        The number, or None where counting would use the source up (standard input, a pipe, `PageImages`).

    Raises:
        OcrDocError: As `read_pages` does, for whatever shows without decoding.
    """
    if isinstance(source, np.ndarray):
        return len(options.page_range.select(1))
    name = source_name(source)
    if isinstance(source, Image.Image):
        with _frame_kept(source):
            return len(options.page_range.select(count_pillow_pages(source, name)))
    if _readable_once(source):
        return None
    with _opened(source, name) as (file, _):
        head = _head(file, name)
        if kind := sniff_image(head):
            count = count_image_pages(file, kind, name)
        elif is_pdf(head):
            count = count_pdf_pages(file, name, options.password)
        else:
            raise _unsupported(head, name)
    return len(options.page_range.select(count))


def source_name(source: Source) -> str:
    """The path or name of a source for results and messages; "<bytes>" and the like for data without a name."""
    if isinstance(source, np.ndarray):
        return "<array>"
    if isinstance(source, PageImages):
        return source.name
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "<image>"
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(source, str | os.PathLike):
        return _STDIN_NAME if source == STDIN else os.fspath(source)
    name = getattr(source, "name", None)  # a file object of a descriptor has a number for a name
    return name if isinstance(name, str) and name else "<file>"


@contextlib.contextmanager
def _frame_kept(image: Image.Image) -> Iterator[None]:
    """Gives the caller's image back at the frame where it stood."""
    frame = image.tell()
    try:
        yield
    finally:
        if image.tell() != frame:
            image.seek(frame)


@contextlib.contextmanager
def _opened(source: Source, name: str) -> Iterator[tuple[BinaryIO, Path | None]]:
    """Gives a source as a seekable file, with its path where it has one; closes only what it opened."""
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source), None
    elif isinstance(source, str) and source == STDIN:
        yield io.BytesIO(sys.stdin.buffer.read()), None
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        with _open_path(path, name) as file:
            yield (file, path) if file.seekable() else (io.BytesIO(file.read()), None)
    elif hasattr(source, "read"):
        yield _seekable_file(cast(BinaryIO, source), name), None
    else:
        raise UsageError(
            f"{type(source).__name__} is no source of pages.",
            "Pass a path, bytes, a binary file object, a numpy array or a Pillow image.",
        )


def _open_path(path: Path, name: str) -> BinaryIO:
    try:
        if path.is_dir():
            raise InputMissingError(
                f"{name}: is a folder, not a file.", "Read all files of a folder with: ocr-doc FOLDER -o OUT/"
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise InputMissingError(f"{name}: no such file.", "Check the path.") from error
    except PermissionError as error:
        raise InputMissingError(f"{name}: no permission to read it.", "Change its permissions or owner.") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise InputMissingError(f"{name}: cannot be opened: {reason}.", "Check the path and the disk.") from error


def _seekable_file(file: BinaryIO, name: str) -> BinaryIO:
    if isinstance(file, io.TextIOBase):
        raise UsageError(f"{name}: the file object is open as text.", 'Open it with mode "rb".')
    try:
        # PDFium reads by readinto, which not every file-like object has.
        if _can_seek(file) and hasattr(file, "readinto"):
            return file
        if _can_seek(file):
            file.seek(0)
        return io.BytesIO(file.read())
    except (OSError, ValueError, TypeError) as error:  # ValueError: closed; TypeError: read() gave text
        raise InputMissingError(f"{name}: cannot be read: {error}.", "Pass an open binary file object.") from error


def _can_seek(file: object) -> bool:
    return bool(getattr(file, "seekable", lambda: False)())


def _readable_once(source: Source) -> bool:
    if isinstance(source, PageImages):
        return True
    if isinstance(source, bytes | bytearray | memoryview):
        return False
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return source == STDIN or path.is_fifo() or path.is_char_device()
    return hasattr(source, "read") and not _can_seek(source)


def _head(file: BinaryIO, name: str) -> bytes:
    try:
        file.seek(0)
        head = file.read(_HEAD)
    except OSError as error:
        raise InputBrokenError(f"{name}: cannot be read: {error.strerror}.", "Check the disk.") from error
    if not head:
        raise InputEmptyError(f"{name}: the file is empty (0 bytes).", "Scan, export or download it again.")
    return head


def _unsupported(head: bytes, name: str) -> InputUnsupportedError:
    what = next((what for at, magic, what in _STRANGERS if head.startswith(magic, at)), None)
    if what is None:
        what = "a text file" if _is_text(head) else "a file of unknown kind"
    return InputUnsupportedError(f"{name}: is {what}, neither an image nor a PDF.", f"Give {_FORMATS}.")


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", errors="replace")
    strange = sum(not (c.isprintable() or c.isspace()) or c == "\ufffd" for c in text)
    return strange <= len(text) // 100 + 1
