from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_doc.core.errors import InputMissingError, UsageError
from ocr_doc.sources import InputOptions, PageImage, Source, count_pages, read_pages, source_name

PIXELS = np.random.default_rng(3).integers(0, 256, (12, 20, 3), np.uint8)


def png(pixels: NDArray[np.uint8] = PIXELS) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def tiff(count: int) -> bytes:
    file = io.BytesIO()
    pages = [Image.new("L", (30, 30), number % 256) for number in range(count)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    return file.getvalue()


class Pipe(io.RawIOBase):
    """A file that reads forward only, as a socket does."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._data.readinto(buffer)


class Reader:
    """The least that a file-like object can have."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> bytes:
        data, self._data = self._data, b""
        return data


SOURCES: dict[str, Callable[[Path], object]] = {
    "str": str,
    "path": Path,
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "file": lambda path: path.open("rb"),
    "unbuffered file": lambda path: path.open("rb", buffering=0),
    "bytes file": lambda path: io.BytesIO(path.read_bytes()),
    "pipe": lambda path: Pipe(path.read_bytes()),
    "bare reader": lambda path: Reader(path.read_bytes()),
    "array": lambda path: np.asarray(Image.open(path)),
    "image": Image.open,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_gives_the_same_page(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(png())
    source = SOURCES[kind](path)
    (page,) = read_pages(source)  # type: ignore[arg-type]
    assert isinstance(page, PageImage)
    assert page.number == 1
    assert (page.pixels == PIXELS).all()


def test_a_suffix_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "really a picture.pdf"
    path.write_bytes(png())
    assert len(list(read_pages(path))) == 1


def test_a_callers_file_is_read_from_its_start_and_left_open() -> None:
    file = io.BytesIO(png())
    file.seek(7)
    for _ in range(2):
        assert (next(read_pages(file)).pixels == PIXELS).all()
    assert not file.closed


def test_a_callers_image_stays_usable(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(png())
    with Image.open(path) as image:
        list(read_pages(image))
        assert image.getpixel((0, 0)) == tuple(PIXELS[0, 0])


def test_standard_input_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(tiff(3)))))
    assert count_pages("-") is None
    assert [p.number for p in read_pages("-")] == [1, 2, 3]


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    try:
        os.mkfifo(pipe)
    except (AttributeError, OSError):
        pytest.skip("this system has no named pipes")
    writer = threading.Thread(target=pipe.write_bytes, args=(tiff(2),))
    writer.start()
    assert count_pages(pipe) is None
    assert [p.number for p in read_pages(pipe)] == [1, 2]
    writer.join()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("-", "<stdin>"),
        ("scans/a.png", "scans/a.png"),
        (Path("scans") / "a.png", str(Path("scans") / "a.png")),
        (b"", "<bytes>"),
        (bytearray(), "<bytes>"),
        (io.BytesIO(), "<file>"),
        (np.zeros((1, 1), np.uint8), "<array>"),
        (Image.new("L", (1, 1)), "<image>"),
    ],
)
def test_sources_have_names(source: Source, name: str) -> None:
    assert source_name(source) == name


def test_files_and_opened_images_are_named_by_their_path(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(png())
    with path.open("rb") as file, Image.open(path) as image:
        assert source_name(file) == source_name(image) == str(path)
    with os.fdopen(os.open(path, os.O_RDONLY), "rb") as unnamed:
        assert source_name(unnamed) == "<file>"


def test_pages_are_counted_without_being_decoded(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff(4))
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), file):
            assert count_pages(source) == 4
            assert count_pages(source, InputOptions(pages="3-9")) == 2
    assert count_pages(png()) == 1
    assert count_pages(Image.new("L", (4, 4))) == 1
    assert count_pages(np.zeros((4, 4), np.uint8)) == 1
    assert count_pages(np.zeros((4, 4), np.uint8), InputOptions(pages="2")) == 0
    assert count_pages(Reader(png())) is None  # type: ignore[arg-type]
    with pytest.raises(InputMissingError):
        count_pages(tmp_path / "nothing.png")


@pytest.mark.parametrize("source", [None, 5, 2.5, ["a.png"], {"path": "a.png"}, object()])
def test_what_is_no_source_is_a_usage_error(source: object) -> None:
    for call in (lambda s: list(read_pages(s)), count_pages):
        with pytest.raises(UsageError, match=f"{type(source).__name__} is no source of pages"):
            call(source)  # type: ignore[arg-type]


def test_text_and_closed_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(png())
    with path.open(encoding="latin-1") as text, pytest.raises(UsageError, match='Open it with mode "rb"'):
        list(read_pages(text))  # type: ignore[arg-type]
    with path.open("rb") as file:
        pass
    with pytest.raises(InputMissingError, match="closed file"):
        list(read_pages(file))


# Item 16 of the survey: a long document needs the memory of one page.


class Counted(io.BytesIO):
    """Remembers how far it was read."""

    furthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return data

    def getvalue(self) -> bytes:
        raise AssertionError("the whole file was taken into memory")


def test_nothing_is_read_before_the_first_page_is_asked_for(tmp_path: Path) -> None:
    pages = read_pages(tmp_path / "nothing.png")
    with pytest.raises(InputMissingError):
        next(pages)


def test_pages_of_a_long_tiff_are_read_as_they_are_asked_for() -> None:
    data = tiff(500)
    file = Counted(data)
    pages = read_pages(file)
    next(pages)
    assert file.furthest < len(data) / 4  # Pillow reads in blocks of 64 KiB
    for _ in range(100):
        next(pages)
    assert file.furthest < len(data) / 2
    assert len(list(pages)) == 399


def test_a_range_with_an_end_reads_no_further() -> None:
    data = tiff(500)
    file = Counted(data)
    assert [p.number for p in read_pages(file, InputOptions(pages="2-3,5"))] == [2, 3, 5]
    assert file.furthest < len(data) / 4


def test_memory_does_not_grow_with_the_pages() -> None:
    import tracemalloc

    def peak(count: int) -> int:
        data = tiff(count)
        tracemalloc.start()
        for page in read_pages(data):
            assert page.pixels.nbytes == 2700
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # imports
    assert peak(200) < peak(20) + 60 * 2700


def test_importing_the_sources_is_light() -> None:
    heavy = ["torch", "torchvision", "scipy", "matplotlib", "cv2", "onnxruntime", "pypdfium2", "pdf2image"]
    code = f"import sys, ocr_doc.sources; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
