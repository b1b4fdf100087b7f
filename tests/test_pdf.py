from __future__ import annotations

import gc
import io
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ocr_doc.core.errors import (
    DependencyError,
    InputBrokenError,
    InputTooLargeError,
    NoPagesError,
    PasswordError,
    UsageError,
)
from ocr_doc.page_image import PdfRenderer
from ocr_doc.sources import InputOptions, count_pages, read_pages

ENCRYPTED = Path(__file__).parent / "data" / "encrypted.pdf"  # AES-256, user password "secret", owner "owner"

needs_poppler = pytest.mark.skipif(not shutil.which("pdftoppm"), reason="poppler is not installed")
both_renderers = pytest.mark.parametrize("renderer", [pytest.param("poppler", marks=needs_poppler), "pdfium"])


BLACK_CORNER = "0 g 0 0 36 36 re f"


def make_pdf(
    pages: Sequence[str], *, drawing: str = BLACK_CORNER, extra: Sequence[str] = (), catalog: str = ""
) -> bytes:
    """A PDF whose pages have the given entries and show `drawing`, a black square at the lower left.

    Objects 1 to 3 are the catalog, the page list and the drawing; the pages follow, then `extra`.
    """
    kids = " ".join(f"{4 + i} 0 R" for i in range(len(pages)))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        f"<</Length {len(drawing)}>>stream\n{drawing}\nendstream",
        *(f"<</Type/Page/Parent 2 0 R/Contents 3 0 R{page}>>" for page in pages),
        *extra,
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(data)}\n%%EOF"
    return data + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def box(width: int = 144, height: int = 72) -> str:
    return f"/MediaBox[0 0 {width} {height}]"


def black_corner(pixels: np.ndarray) -> tuple[bool, bool]:
    """Whether the first black pixel stands at the top, and at the left."""
    rows, columns = np.nonzero(pixels[:, :, 0] < 100)
    return bool(rows.mean() < pixels.shape[0] / 2), bool(columns.mean() < pixels.shape[1] / 2)


@both_renderers
def test_pages_are_drawn_at_the_resolution_asked_for(renderer: PdfRenderer) -> None:
    data = make_pdf([box(), box(72, 144)])
    pages = list(read_pages(data, InputOptions(dpi=100, pdf_renderer=renderer)))
    assert [(p.number, p.pixels.shape, p.dpi) for p in pages] == [(1, (100, 200, 3), 100.0), (2, (200, 100, 3), 100.0)]
    for page in pages:
        assert page.pixels.dtype == np.uint8
        assert page.pixels.flags.c_contiguous
        assert page.pixels[:45, 60:].min() == 255
        assert page.pixels[-45:, :45].max() == 0
    (page,) = read_pages(make_pdf([box()]), InputOptions(pdf_renderer=renderer))
    assert (page.pixels.shape, page.dpi) == ((200, 400, 3), 200.0)


@both_renderers
def test_rotation_and_crop_box_count(renderer: PdfRenderer) -> None:
    data = make_pdf([box(360, 216) + "/Rotate 90", box(360, 216) + "/CropBox[0 0 72 144]"])
    rotated, cropped = read_pages(data, InputOptions(dpi=72, pdf_renderer=renderer))
    assert rotated.pixels.shape == (360, 216, 3)
    assert black_corner(rotated.pixels) == (True, True)
    assert cropped.pixels.shape == (144, 72, 3)


@both_renderers
def test_colours_are_not_swapped(renderer: PdfRenderer) -> None:
    data = make_pdf([box()], drawing="1 0 0 rg 0 0 36 36 re f")
    (page,) = read_pages(data, InputOptions(dpi=72, pdf_renderer=renderer))
    assert page.pixels[60, 10].tolist() == [255, 0, 0]


@both_renderers
def test_the_fields_of_a_filled_form_are_drawn(renderer: PdfRenderer) -> None:
    look = "0 g 0 0 50 40 re f"
    data = make_pdf(
        [box() + "/Annots[5 0 R]"],
        extra=[
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(total)/V(9.99)/F 4/Rect[80 20 130 60]/P 4 0 R/AP<</N 6 0 R>>>>",
            f"<</Type/XObject/Subtype/Form/BBox[0 0 50 40]/Length {len(look)}>>stream\n{look}\nendstream",
        ],
        catalog="/AcroForm<</Fields[5 0 R]>>",
    )
    (page,) = read_pages(data, InputOptions(dpi=72, pdf_renderer=renderer))
    assert page.pixels[30, 100].tolist() == [0, 0, 0]


@both_renderers
def test_every_kind_of_source_gives_the_same_drawing(renderer: PdfRenderer, tmp_path: Path) -> None:
    data = b"junk before the header\n" + make_pdf([box(), box(72, 144)])
    path = tmp_path / "-r 3 ünder score.pdf"  # reads like an option where a name is passed on carelessly
    path.write_bytes(data)
    options = InputOptions(dpi=50, pdf_renderer=renderer)
    expected = [p.pixels for p in read_pages(path, options)]
    with path.open("rb") as file, tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(data)
        for source in (str(path), data, io.BytesIO(data), file, spooled):
            pages = [p.pixels for p in read_pages(source, options)]  # type: ignore[arg-type]
            assert len(pages) == 2
            assert all((a == b).all() for a, b in zip(pages, expected, strict=True))
        assert not file.closed


@both_renderers
def test_a_name_with_a_dash_in_the_working_folder(
    renderer: PdfRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-scan.pdf").write_bytes(make_pdf([box()]))
    assert len(list(read_pages("-scan.pdf", InputOptions(pdf_renderer=renderer)))) == 1


@both_renderers
def test_page_ranges(renderer: PdfRenderer) -> None:
    data = make_pdf([box(100 + i, 50) for i in range(8)])
    pages = list(read_pages(data, InputOptions(dpi=72, pages="7,1-3", pdf_renderer=renderer)))
    assert [(p.number, p.pixels.shape[1]) for p in pages] == [(1, 100), (2, 101), (3, 102), (7, 106)]
    assert count_pages(data, InputOptions(pages="7,1-3")) == 4
    assert count_pages(data) == 8
    with pytest.raises(NoPagesError, match="pages 9- are outside its 8 pages"):
        list(read_pages(data, InputOptions(pages="9-", pdf_renderer=renderer)))


# Item 16 of the survey: whole documents in memory.


@both_renderers
def test_a_long_document_is_drawn_page_by_page(renderer: PdfRenderer) -> None:
    data = make_pdf([box()] * 500)
    references: list[weakref.ref[np.ndarray]] = []  # type: ignore[type-arg]
    pages = read_pages(data, InputOptions(dpi=20, pdf_renderer=renderer))
    for page in pages:
        references.append(weakref.ref(page.pixels))
        assert sum(reference() is not None for reference in references) <= 2
        if renderer == "poppler" and page.number == 8:  # a process for each page: eight tell as much as 500
            break
    else:
        assert len(references) == 500
    pages.close()  # type: ignore[attr-defined]


def test_memory_does_not_grow_with_the_pages_drawn() -> None:
    """PDFium keeps what it has drawn until the document is closed; measured by how long one stays open."""
    import pypdfium2

    opened: set[int] = set()
    drawn: list[int] = []

    class Watched(pypdfium2.PdfDocument):  # type: ignore[misc]
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            opened.add(id(self))
            drawn.append(0)

        def close(self, *arguments: object, **options: object) -> object:
            opened.discard(id(self))
            return super().close(*arguments, **options)

        def __getitem__(self, index: int) -> object:
            drawn[-1] += 1
            return super().__getitem__(index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pypdfium2, "PdfDocument", Watched)
        for _ in read_pages(make_pdf([box()] * 100), InputOptions(dpi=20, pdf_renderer="pdfium")):
            assert len(opened) == 1
    assert not opened
    assert sum(drawn) == 100
    assert max(drawn) <= 20


@both_renderers
def test_nothing_is_drawn_before_it_is_asked_for(renderer: PdfRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    import ocr_doc.pdf

    draw_page = ocr_doc.pdf._draw_page
    monkeypatch.setattr(ocr_doc.pdf, "_draw_page", lambda d, n, w: drawn.append(n) or draw_page(d, n, w))
    pages = read_pages(make_pdf([box()] * 5), InputOptions(dpi=20, pdf_renderer=renderer))
    assert drawn == []
    next(pages)
    assert drawn == [1]
    next(pages)
    assert drawn == [1, 2]


@both_renderers
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed in /proc")
def test_files_are_closed_and_temporary_ones_removed(
    renderer: PdfRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = tmp_path / "scan.pdf"
    path.write_bytes(make_pdf([box()] * 3))
    options = InputOptions(dpi=20, pdf_renderer=renderer)
    for source in (path, path.read_bytes()):
        pages = read_pages(source, options)
        next(pages)
        pages.close()  # type: ignore[attr-defined]
        list(read_pages(source, options))
    gc.collect()
    opened = {link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert path not in opened
    assert list(temporary.iterdir()) == []


def test_threads_may_draw_at_once() -> None:
    data = make_pdf([box()] * 6)
    shapes: list[list[tuple[int, ...]]] = []

    def work() -> None:
        shapes.append([p.pixels.shape for p in read_pages(data, InputOptions(dpi=40, pdf_renderer="pdfium"))])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shapes == [[(40, 80, 3)] * 6] * 4


# Passwords


@pytest.mark.parametrize("password", ["secret", "owner"])
@pytest.mark.parametrize("renderer", ["auto", pytest.param("poppler", marks=needs_poppler), "pdfium"])
def test_either_password_opens_an_encrypted_pdf(password: str, renderer: PdfRenderer) -> None:
    options = InputOptions(dpi=72, password=password, pdf_renderer=renderer)
    pages = list(read_pages(ENCRYPTED, options))
    assert [p.pixels.shape for p in pages] == [(72, 144, 3), (144, 72, 3)]
    assert pages[0].pixels[:, :70].max() == 0
    assert count_pages(ENCRYPTED, options) == 2


@both_renderers
def test_a_missing_and_a_wrong_password_are_told_apart(renderer: PdfRenderer) -> None:
    with pytest.raises(PasswordError, match=r"encrypted\.pdf: the PDF is encrypted\. .*--password"):
        list(read_pages(ENCRYPTED, InputOptions(pdf_renderer=renderer)))
    for wrong in ("Secret", "", "pässword"):
        with pytest.raises(PasswordError, match=r"encrypted\.pdf: the password is wrong\. .*--password"):
            list(read_pages(ENCRYPTED, InputOptions(password=wrong, pdf_renderer=renderer)))


@needs_poppler
def test_a_password_stays_off_the_command_line_unless_poppler_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    import pdf2image

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("poppler was called with a password")

    monkeypatch.setattr(pdf2image, "convert_from_path", refuse)
    assert len(list(read_pages(ENCRYPTED, InputOptions(dpi=20, password="secret")))) == 2


def test_a_password_for_an_open_pdf_is_ignored() -> None:
    assert len(list(read_pages(make_pdf([box()]), InputOptions(dpi=20, password="secret")))) == 1


# Which renderer


def test_without_poppler_pdfium_draws_and_poppler_cannot_be_forced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    data = make_pdf([box()])
    assert len(list(read_pages(data))) == 1
    with pytest.raises(DependencyError, match=r"poppler is not installed .* Install poppler-utils"):
        list(read_pages(data, InputOptions(pdf_renderer="poppler")))


@needs_poppler
def test_poppler_draws_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import pdf2image

    calls: list[int] = []
    convert = pdf2image.convert_from_path
    monkeypatch.setattr(
        pdf2image, "convert_from_path", lambda *a, **k: calls.append(k["first_page"]) or convert(*a, **k)
    )
    data = make_pdf([box()])
    list(read_pages(data))
    assert calls == [1]
    list(read_pages(data, InputOptions(pdf_renderer="pdfium")))
    assert calls == [1]


def test_options_are_checked_when_they_are_made() -> None:
    for bad in ({"dpi": 0}, {"dpi": -200}, {"max_pixels": 0}, {"pdf_renderer": "mupdf"}, {"pages": "3-1"}):
        with pytest.raises(UsageError):
            InputOptions(**bad)  # type: ignore[arg-type]


# Item 32 of the survey, and damage


@both_renderers
def test_a_page_too_large_to_draw_is_refused_by_its_box(renderer: PdfRenderer) -> None:
    data = make_pdf([box(), box(14400, 14400)])
    pages = read_pages(data, InputOptions(pdf_renderer=renderer))
    assert next(pages).number == 1
    with pytest.raises(
        InputTooLargeError,
        match=r"page 2: 40000 × 40000 pixels \(1,600 megapixels\) .* 178 meg.*--dpi.*--max-megapixels",
    ):
        next(pages)
    small = InputOptions(dpi=20, pdf_renderer=renderer, max_pixels=16_000_000)
    assert [p.pixels.shape for p in read_pages(data, small)] == [(20, 40, 3), (4000, 4000, 3)]


@both_renderers
def test_a_pdf_without_pages(renderer: PdfRenderer) -> None:
    with pytest.raises(NoPagesError, match="<bytes>: the PDF has no pages"):
        list(read_pages(make_pdf([]), InputOptions(pdf_renderer=renderer)))


@both_renderers
def test_a_page_that_is_no_page_is_named_after_the_good_ones(renderer: PdfRenderer) -> None:
    data = make_pdf([box(), box()]).replace(b"4 0 R 5 0 R]", b"4 0 R 9 0 R]")
    pages = read_pages(data, InputOptions(dpi=20, pdf_renderer=renderer))
    assert next(pages).number == 1
    with pytest.raises(InputBrokenError, match="<bytes>, page 2: the page cannot be drawn"):
        next(pages)


@needs_poppler
def test_a_page_that_poppler_does_not_draw_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import pdf2image

    monkeypatch.setattr(pdf2image, "convert_from_path", lambda *_, **__: [])
    with pytest.raises(InputBrokenError, match="page 1: the page cannot be drawn: poppler drew nothing"):
        list(read_pages(make_pdf([box()]), InputOptions(pdf_renderer="poppler")))


def test_no_pages_is_told_even_after_a_wrong_password() -> None:
    with pytest.raises(PasswordError):
        list(read_pages(ENCRYPTED))
    with pytest.raises(NoPagesError):
        list(read_pages(make_pdf([])))


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7", b"%PDF-1.7\n" + b"\0" * 3000, b"%PDF-1.4\n%%EOF", make_pdf([box()])[:60]]
)
def test_a_damaged_pdf_is_told(data: bytes) -> None:
    with pytest.raises(InputBrokenError, match="<bytes>: damaged PDF"):
        list(read_pages(data))
    with pytest.raises(InputBrokenError):
        count_pages(data)
