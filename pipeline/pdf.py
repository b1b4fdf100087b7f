"""PDF files to pages: counted and measured by PDFium, drawn by poppler or PDFium.

PDFium comes with the wheel of pypdfium2, so counting and the fallback need nothing else installed. Both libraries
are imported on first use: images need neither.
"""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import (
    DependencyError,
    InputBrokenError,
    InputUnsupportedError,
    NoPagesError,
    OcrDocError,
    PasswordError,
)
from ocr_doc.images import pillow_calls
from ocr_doc.page_image import InputOptions, PageImage, check_size
from ocr_doc.text_layer import TextLayer

if TYPE_CHECKING:
    import pypdfium2

_LOG = logging.getLogger(__name__)

POINTS_PER_INCH = 72
_AGAIN = "Export, scan or download the file again."
# PDFium keeps the compressed data of every page it has drawn until the document is closed; so that a long scan needs no
# more memory than a short one, it is opened anew, which takes milliseconds, after this many pages.
_PAGES_PER_OPENING = 16
# PDFium must not be entered by two threads at once, whatever the documents.
_PDFIUM = threading.RLock()
_Draw = Callable[[int], NDArray[np.uint8]]


def is_pdf(head: bytes) -> bool:
    """Tells a PDF by its first kilobyte; readers allow that much before the header."""
    return b"%PDF-" in head[:1024]


def read_pdf_file(file: BinaryIO, path: Path | None, name: str, options: InputOptions) -> Iterator[PageImage]:
    """Yields the wanted pages of a PDF, each drawn when asked for.

    Args:
        file: Seekable; left open.
        path: Where the same bytes lie on disk, or None; without it poppler draws from a temporary copy.
        name: For messages.
        options: How to read it.

    Raises:
        DependencyError: If poppler is asked for and absent.
        InputBrokenError: If the file or a page is damaged; pages before the damage have been yielded.
        InputTooLargeError: If a page at this resolution is beyond the limit; it has not been drawn.
        InputUnsupportedError: If the encryption is of an unknown kind.
        NoPagesError: If the document has no pages, or none of the wanted.
        PasswordError: If the password is missing or wrong.
    """
    renderer = _choose_renderer(options)
    with _open_document(file, name, options.password) as document:
        numbers = _wanted_numbers(document, name, options)
    with _poppler(file, path, name, options) if renderer == "poppler" else contextlib.nullcontext() as poppler:
        for start in range(0, len(numbers), _PAGES_PER_OPENING):
            with _open_document(file, name, options.password) as document:
                draw = poppler or _pdfium(document, options.draw_dpi)
                for number in numbers[start : start + _PAGES_PER_OPENING]:
                    where = f"{name}, page {number}"
                    check_size(*_drawn_size(document, number, where, options.draw_dpi), where, options)
                    pixels = _draw_page(draw, number, where)
                    layer = _text_layer(document, number, pixels.shape) if options.text_layer else None
                    yield PageImage(number, pixels, float(options.draw_dpi), layer=layer)


def count_pdf_pages(file: BinaryIO, name: str, password: str | None) -> int:
    """Counts the pages of a PDF. Raises as `read_pdf_file`."""
    with _open_document(file, name, password) as document, _PDFIUM:
        return len(document)


def _choose_renderer(options: InputOptions) -> str:
    if options.pdf_renderer == "pdfium":
        return "pdfium"
    # pdf2image asks pdfinfo first, so both programs are needed.
    installed = all(shutil.which(program) for program in ("pdftoppm", "pdfinfo"))
    if options.pdf_renderer == "poppler":
        if not installed:
            raise DependencyError(
                "The PDF renderer poppler is not installed (no pdftoppm on the PATH).",
                "Install poppler-utils, or leave --pdf-renderer out to draw with PDFium.",
            )
        return "poppler"
    # Poppler takes a password only on its command line, where every user of the machine can read it.
    return "poppler" if installed and options.password is None else "pdfium"


@contextlib.contextmanager
def _open_document(file: BinaryIO, name: str, password: str | None) -> Iterator[pypdfium2.PdfDocument]:
    import pypdfium2  # noqa: PLC0415 - tens of milliseconds that images need not pay

    with _PDFIUM:
        file.seek(0)
        try:
            document = pypdfium2.PdfDocument(file, password=password)
            if len(document) == 0:
                document.close()
                raise _no_pages(name)
        except pypdfium2.PdfiumError as error:
            raise _open_error(file, name, password) from error
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()  # without it the fields of a filled-in form stay empty on the drawing
    try:
        yield document
    finally:
        with _PDFIUM:
            document.close()


def _open_error(file: BinaryIO, name: str, password: str | None) -> OcrDocError:
    """Finds out why a PDF did not open.

    pypdfium2 from 5.0 on takes a document of no pages for a failure and gives it the code of some earlier one, so the
    file is opened once more by the bare interface, which tells the two apart.
    """
    from pypdfium2 import raw  # noqa: PLC0415 - see _open_document

    file.seek(0)
    data = file.read()
    secret = None if password is None else password.encode() + b"\0"
    document = raw.FPDF_LoadMemDocument64(data, len(data), secret)
    if document:
        raw.FPDF_CloseDocument(document)
        return _no_pages(name)
    code = raw.FPDF_GetLastError()
    if code == raw.FPDF_ERR_PASSWORD and password is None:
        return PasswordError(f"{name}: the PDF is encrypted.", "Give its password with --password.")
    if code == raw.FPDF_ERR_PASSWORD:
        return PasswordError(f"{name}: the password is wrong.", "Give the right one with --password.")
    if code == raw.FPDF_ERR_SECURITY:
        fault = "the PDF is encrypted in a way that PDFium does not know"
        return InputUnsupportedError(f"{name}: {fault}.", "Save it without encryption.")
    return InputBrokenError(f"{name}: damaged PDF: no document structure in it can be read.", _AGAIN)


def _no_pages(name: str) -> NoPagesError:
    return NoPagesError(f"{name}: the PDF has no pages.", _AGAIN)


def _wanted_numbers(document: pypdfium2.PdfDocument, name: str, options: InputOptions) -> list[int]:
    count = len(document)
    numbers = options.page_range.select(count)
    if not numbers:
        pages = "1 page" if count == 1 else f"{count} pages"
        raise NoPagesError(
            f"{name}: pages {options.page_range} are outside its {pages}.", "Choose other pages with --pages."
        )
    return numbers


def _drawn_size(document: pypdfium2.PdfDocument, number: int, where: str, dpi: int) -> tuple[int, int]:
    """Width and height in pixels that a page will have."""
    import pypdfium2  # noqa: PLC0415 - see _open_document

    try:
        with _PDFIUM:
            width, height = document.get_page_size(number - 1)
    except pypdfium2.PdfiumError as error:
        raise _broken_page(where, error) from error
    scale = dpi / POINTS_PER_INCH
    return math.ceil(width * scale), math.ceil(height * scale)


def _draw_page(draw: _Draw, number: int, where: str) -> NDArray[np.uint8]:
    try:
        return draw(number)
    except (OcrDocError, MemoryError):
        raise
    except Exception as error:  # pdf2image lets out whatever poppler's output breaks
        raise _broken_page(where, error) from error


def _text_layer(document: pypdfium2.PdfDocument, number: int, shape: tuple[int, ...]) -> TextLayer | None:
    """The text layer of a page that has been drawn; None where it has none that can be read."""
    import pypdfium2  # noqa: PLC0415 - see _open_document

    from ocr_doc.pdf_layer import read_layer  # noqa: PLC0415

    height, width = shape[:2]
    try:
        with _PDFIUM:
            with contextlib.closing(document[number - 1]) as page:
                noted = pypdfium2.raw.FPDFPage_GetAnnotCount(page.raw) > 0
                if noted and page.formenv is not None:
                    page.flatten()  # what fields and notes show becomes text of the page, once it is loaded anew
            with contextlib.closing(document[number - 1]) as page:
                layer = read_layer(page, width, height)
    except pypdfium2.PdfiumError as error:
        _LOG.info("page %d: its text layer cannot be read: %s", number, error)
        return None
    return layer if layer.words else None


def _broken_page(where: str, error: Exception) -> InputBrokenError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return InputBrokenError(f"{where}: the page cannot be drawn: {reason}.", _AGAIN)


def _pdfium(document: pypdfium2.PdfDocument, dpi: int) -> _Draw:
    def draw(number: int) -> NDArray[np.uint8]:
        with _PDFIUM, contextlib.closing(document[number - 1]) as page:
            bitmap = page.render(scale=dpi / POINTS_PER_INCH, rev_byteorder=True)  # BGR reversed is RGB
            with contextlib.closing(bitmap):
                pixels = bitmap.to_numpy()
                if pixels.ndim == 2:
                    pixels = pixels[:, :, None].repeat(3, axis=2)
                return np.array(pixels[:, :, :3], order="C")  # a copy: the bitmap's memory goes with it

    return draw


@contextlib.contextmanager
def _poppler(file: BinaryIO, path: Path | None, name: str, options: InputOptions) -> Iterator[_Draw]:
    """Draws one page at a time into a temporary folder, which never holds more than that page and the copy."""
    import tempfile  # noqa: PLC0415 - see _open_document

    import pdf2image  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="ocr-doc-") as folder:
        if path is None:
            path = Path(folder, "document.pdf")
            file.seek(0)
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)

        picture = Path(folder, "page.ppm")
        passwords: dict[str, Any] = (
            {} if options.password is None else {"userpw": options.password, "ownerpw": options.password}
        )

        def draw(number: int) -> NDArray[np.uint8]:
            pdf2image.convert_from_path(
                path.absolute(),  # absolute: a name that starts with a dash would read as an option
                dpi=options.draw_dpi,
                first_page=number,
                last_page=number,
                use_cropbox=True,  # as PDFium does
                output_folder=folder,
                output_file=picture.stem,
                single_file=True,
                paths_only=True,
                **passwords,
            )
            if not picture.exists():
                raise RuntimeError("poppler drew nothing")
            with pillow_calls(f"{name}, page {number}: poppler's drawing is broken"), Image.open(picture) as image:
                pixels = np.asarray(image.convert("RGB"))
            picture.unlink()  # else a page that fails later would be shown as this one
            return pixels

        yield draw
