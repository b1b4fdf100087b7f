"""What the readers of sources take and give: options and page images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputTooLargeError, UsageError
from ocr_doc.page_range import PageRange
from ocr_doc.text_layer import TextLayer

PdfRenderer = Literal["auto", "poppler", "pdfium"]

# Ten-point type is 28 pixels high at this resolution: enough to read, and a page stays below 4 megapixels.
DEFAULT_DPI = 200
# The size at which Pillow, too, refuses an image: an A0 sheet at 300 dpi (139 megapixels) still passes.
DEFAULT_MAX_PIXELS = 178_000_000


@dataclass(frozen=True, slots=True)
class InputOptions:
    """How sources are read.

    Attributes:
        dpi: Resolution at which PDF pages are drawn, at least 1; None for 200.
        pages: Wanted pages as in `1-3,7`; None for all. Pages keep the order of the document.
        password: Opens encrypted PDFs.
        pdf_renderer: What draws PDF pages; `auto` takes poppler where it is installed, else PDFium.
        max_pixels: Largest page in pixels, at least 1; larger ones are refused before they are decoded or drawn.
        text_layer: Whether PDF pages bring their own text along.

    Raises:
        UsageError: If a value is out of its range or `pages` is no page range.
    """

    dpi: int | None = None
    pages: str | None = None
    password: str | None = None
    pdf_renderer: PdfRenderer = "auto"
    max_pixels: int = DEFAULT_MAX_PIXELS
    text_layer: bool = False

    def __post_init__(self) -> None:
        if self.dpi is not None and self.dpi < 1:
            raise UsageError(f"A resolution of {self.dpi} dpi draws nothing.", "Give --dpi a number like 200.")
        if self.max_pixels < 1:
            raise UsageError("The page size limit leaves no pixel.", "Give --max-megapixels a number above 0.")
        if self.pdf_renderer not in get_args(PdfRenderer):
            known = ", ".join(get_args(PdfRenderer))
            raise UsageError(f"No PDF renderer is called {self.pdf_renderer!r}.", f"Choose one of {known}.")
        _ = self.page_range  # a bad range is told before any file is opened

    @property
    def page_range(self) -> PageRange:
        """The wanted pages."""
        return PageRange() if self.pages is None else PageRange.parse(self.pages)

    @property
    def draw_dpi(self) -> int:
        """The resolution at which PDF pages are drawn."""
        return DEFAULT_DPI if self.dpi is None else self.dpi


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels.

    Attributes:
        number: Its number in the file, from 1.
        pixels: Shape (H, W, 3) uint8 RGB, C-contiguous, upright as the file says (EXIF rotation applied). Treat it as
            read-only: it can be the caller's own array.
        dpi: Resolution that the file states or that a PDF was drawn at; None where unknown.
        warnings: What the user should know of this page, a sentence each.
        layer: The page's own text, in its pixels, where a PDF has some and it is asked for.
    """

    number: int
    pixels: NDArray[np.uint8]
    dpi: float | None = None
    warnings: tuple[str, ...] = ()
    layer: TextLayer | None = None


@dataclass(frozen=True, slots=True)
class PageImages:
    """Pages that something else reads: a source whose decoding runs elsewhere, such as in a process of its own.

    Attributes:
        name: Of the document, for results and messages.
        pages: In the document's order, taken one by one; what it raises goes to whoever reads the source. How the
            source is decoded (`InputOptions`) was settled where it was opened.
    """

    name: str
    pages: Iterable[PageImage]


def check_size(width: float, height: float, where: str, options: InputOptions) -> None:
    """Refuses a page size, in pixels, that is empty or beyond the limit; call it before decoding or drawing.

    Args:
        width: Pixels across.
        height: Pixels down.
        where: The file and page, for the message.
        options: Its limit counts.

    Raises:
        InputBrokenError: If the page has no pixels.
        InputTooLargeError: If it has more than `options.max_pixels`.
    """
    if not (width > 0 and height > 0):
        raise InputBrokenError(f"{where}: the page has no size ({width:g} × {height:g}).", "Export the file again.")
    if width * height > options.max_pixels:
        raise InputTooLargeError(
            f"{where}: {width:.0f} × {height:.0f} pixels ({width * height / 1e6:,.0f} megapixels)"
            f" is more than the limit of {options.max_pixels / 1e6:g} megapixels.",
            "Make the page smaller (PDF: lower --dpi), or raise --max-megapixels if you trust the file.",
        )
