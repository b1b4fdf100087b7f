"""What users really hand in by mistake: an error of the right class that names file, fault and remedy on one line."""

from __future__ import annotations

import io
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr_doc.core.errors import (
    ExitCode,
    InputBrokenError,
    InputEmptyError,
    InputMissingError,
    InputTooLargeError,
    InputUnsupportedError,
    OcrDocError,
)
from ocr_doc.sources import InputOptions, PageImage, count_pages, read_pages


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def noise(width: int = 60, height: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8))


def only(source: bytes | Path) -> PageImage:
    (page,) = read_pages(source)
    return page


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing: what a decompression bomb looks like from outside."""
    chunks = b""
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ):
        chunks += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


def bmp_header(width: int, height: int) -> bytes:
    return (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(50)
    )


def gif_header(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes(6) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def tiff_header(width: int, height: int) -> bytes:
    tags = ((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, height))
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + directory + bytes(4)


CASES: list[tuple[str, bytes, type[OcrDocError], str]] = [
    ("empty.png", b"", InputEmptyError, r"the file is empty \(0 bytes\)"),
    ("empty.pdf", b"", InputEmptyError, r"the file is empty \(0 bytes\)"),
    ("cut.jpg", encoded(noise(), "JPEG")[:-900], InputBrokenError, "damaged JPEG image: .*truncated"),
    ("cut.png", encoded(noise(), "PNG")[:-900], InputBrokenError, "damaged PNG image: .*truncated"),
    ("cut.tif", encoded(noise(), "TIFF")[:-900], InputBrokenError, "damaged TIFF image"),
    ("cut.webp", encoded(noise(), "WEBP")[:-900], InputBrokenError, "damaged WEBP image"),
    ("cut.pdf", b"%PDF-1.7\n1 0 obj\n<</Type/Cat", InputBrokenError, "damaged PDF"),
    ("notes.png", "Besprechung am 3. März\nGrüße\n".encode(), InputUnsupportedError, "is a text file"),
    ("bmw.bmp", b"BMW service invoice, 12 May 2021, total 83.20", InputUnsupportedError, "is a text file"),
    ("page.html.pdf", b"<!DOCTYPE html><html>", InputUnsupportedError, "is a text file"),
    ("photo.jpg", b"\0\0\0\x18ftypheic" + bytes(20), InputBrokenError, "damaged HEIF image: its header cannot be read"),
    ("film.jpg", b"\0\0\0\x18ftypisom" + bytes(20), InputUnsupportedError, "is a video"),
    ("letter.docx", b"PK\x03\x04" + bytes(40), InputUnsupportedError, "is a ZIP archive or Office document"),
    ("old.png", bytes(range(128, 256)) * 4, InputUnsupportedError, "is a file of unknown kind"),
    ("bomb.png", png_header(100_000, 100_000), InputTooLargeError, r"100000 × 100000 pixels \(10,000 megapixels\)"),
    ("bomb.bmp", bmp_header(100_000, 100_000), InputTooLargeError, "100000 × 100000 pixels"),
    ("bomb.tif", tiff_header(100_000, 100_000), InputTooLargeError, "100000 × 100000 pixels"),
    ("bomb.gif", gif_header(65_000, 65_000), InputTooLargeError, "65000 × 65000 pixels"),
    ("bomb.pgm", b"P5 100000 100000 255\n", InputTooLargeError, "100000 × 100000 pixels"),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_one_line_names_file_fault_and_remedy(
    case: tuple[str, bytes, type[OcrDocError], str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, data, error, fault = case
    path = tmp_path / file
    path.write_bytes(data)
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        with pytest.raises(error) as caught:
            only(path)
    assert caught.match(fault)
    assert caught.value.message.startswith(str(path))
    assert caught.value.remedy.endswith(".")
    assert "\n" not in str(caught.value)
    assert leaked == []
    assert capfd.readouterr().err == ""


def test_the_size_limit_is_named_and_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(100_000, 100_000))
    with pytest.raises(InputTooLargeError, match=r"limit of 178 megapixels\. .*--max-megapixels"):
        only(path)
    with pytest.raises(InputTooLargeError, match=r"limit of 0\.002 megapixels"):
        list(read_pages(encoded(noise(), "PNG"), InputOptions(max_pixels=2000)))
    assert len(list(read_pages(encoded(noise(), "PNG"), InputOptions(max_pixels=2400)))) == 1


def test_the_limit_may_be_beyond_pillows_own() -> None:
    wide = Image.new("1", (20_000, 100), 1)
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = 1000
    try:
        (page,) = read_pages(encoded(wide, "PNG"))
        assert page.pixels.shape == (100, 20_000, 3)
        with pytest.raises(InputTooLargeError):
            only(png_header(100_000, 100_000))
        assert Image.MAX_IMAGE_PIXELS == 1000  # given back, after success and after failure
    finally:
        Image.MAX_IMAGE_PIXELS = before


def test_threads_give_pillows_limit_back() -> None:
    before = Image.MAX_IMAGE_PIXELS
    data = encoded(noise(), "PNG")
    threads = [threading.Thread(target=lambda: [only(data) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_later_page_beyond_the_limit_is_named() -> None:
    file = io.BytesIO()
    noise().save(file, "TIFF", save_all=True, append_images=[noise(61, 40)])
    pages = read_pages(file.getvalue(), InputOptions(max_pixels=2400))
    assert next(pages).number == 1
    with pytest.raises(InputTooLargeError, match="<bytes>, page 2: 61 × 40 pixels"):
        next(pages)


def test_a_folder_says_how_to_read_it(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match=r"is a folder, not a file\. .*ocr-doc FOLDER -o OUT/"):
        list(read_pages(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no such scan.png"
    with pytest.raises(InputMissingError) as caught:
        only(path)
    assert str(caught.value) == f"{path}: no such file. Check the path."
    assert caught.value.exit_code == ExitCode.INPUT_MISSING
    with pytest.raises(InputMissingError):
        list(read_pages("a\0b.png"))
    with pytest.raises(InputMissingError):
        list(read_pages(tmp_path / ("long" * 500)))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(noise(), "PNG"))
    path.chmod(0)
    with pytest.raises(InputMissingError, match="no permission to read it"):
        only(path)


def test_permission_is_told_whoever_runs_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputMissingError, match=r"secret\.png: no permission to read it\."):
        only(tmp_path / "secret.png")


# Item 31 of the survey: strange but sound pages are normal.


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
@pytest.mark.parametrize("shade", [0, 255])
def test_tiny_thin_black_and_blank_pages_are_pages(size: tuple[int, int], shade: int) -> None:
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        page = only(encoded(Image.new("L", size, shade), kind))
        assert page.pixels.shape == (size[1], size[0], 3)
        assert (page.pixels == shade).all()
        assert page.warnings == ()


def test_deep_and_floating_black_pages_stay_black() -> None:
    for array in (np.zeros((8, 8), np.uint16), np.zeros((8, 8), np.float32), np.zeros((8, 8), np.bool_)):
        (page,) = read_pages(array)
        assert page.pixels.max() == 0
    assert only(encoded(Image.new("I;16", (8, 8)), "PNG")).pixels.max() == 0


def test_an_image_without_pixels_is_broken() -> None:
    with pytest.raises(InputBrokenError, match="no size"):
        list(read_pages(Image.new("RGB", (0, 5))))


def test_counting_meets_the_same_errors(tmp_path: Path) -> None:
    for name, data, error in (("a.png", b"", InputEmptyError), ("b.png", b"text", InputUnsupportedError)):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(error):
            count_pages(path)
