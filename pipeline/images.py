"""Image files, arrays and Pillow images to pages."""

from __future__ import annotations

import importlib
import itertools
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError, features

from ocr_doc.core.errors import (
    DependencyError,
    InputBrokenError,
    InputEmptyError,
    InputUnsupportedError,
    NoPagesError,
    OcrDocError,
    UsageError,
)
from ocr_doc.page_image import InputOptions, PageImage, check_size

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)
# Brands of ISO/IEC 23008-12 (HEIF): pictures coded by HEVC, as phones save them. What says only that it is a HEIF may
# hold AV1 instead, as its other brands tell.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
# Only the plugin of the format at hand is loaded: all of Pillow's cost start-up time and accept far more formats.
_PLUGINS = {
    "PNG": "PIL.PngImagePlugin",
    "JPEG": "PIL.JpegImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "HEIF": "pi_heif",
}
# What Pillow can be built without, by its names for them.
_FEATURES = {"WEBP": "webp", "JPEG2000": "jpg_2000", "AVIF": "avif"}
# Formats whose further images are pages; those of the others are an animation's.
_PAGED = {"TIFF", "HEIF"}
_ORIENTATION = 0x0112
_SUBFILE_TYPE = 254
_NO_PAGE = 0b101  # bits of the TIFF subfile type: a smaller copy of another page, a transparency mask
_FULL_SCALES = (0xFF, 0x3FF, 0xFFF, 0x3FFF, 0xFFFF)  # of 8, 10, 12, 14 and 16 bits
_AGAIN = "Scan, export or download the file again."
_PILLOW = threading.RLock()


def sniff_image(head: bytes) -> str | None:
    """Names the image format (as Pillow does) of a file by its first 32 bytes; None if it is none we read."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _sniff_heif({head[8:12], *(head[n : n + 4] for n in range(16, 32, 4))}, head[8:12])
    # Two letters are a weak signature ("BMW invoice"): bitmaps also have a small header length at byte 14.
    if head[:2] == b"BM" and head[15:18] == b"\0\0\0":
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n#" and len(head) > 2:
        return "PPM"
    return None


def _sniff_heif(brands: set[bytes], main: bytes) -> str | None:
    if main in _AVIF_BRANDS or (main in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return "AVIF"
    return "HEIF" if main in _HEIF_BRANDS else None


def read_image_file(file: BinaryIO, kind: str, name: str, options: InputOptions) -> Iterator[PageImage]:
    """Yields the pages of an image file: one, or all of a multi-page TIFF or of a HEIC file with several photos.

    Args:
        file: Seekable, read from its start; left open.
        kind: As `sniff_image` gives it.
        name: For messages.
        options: How to read it.

    Raises:
        InputBrokenError: If the file is damaged; pages before the damage have been yielded.
        InputTooLargeError: If a page is beyond the limit; nothing of it has been decoded.
        NoPagesError: If the page range selects no page.
        DependencyError: If what decodes this format is not installed.
    """
    yield from read_pillow_image(_open_image(file, kind, name), name, options)


def count_image_pages(file: BinaryIO, kind: str, name: str) -> int:
    """Counts the pages of an image file without decoding them.

    Raises:
        InputBrokenError: If the file is damaged.
        DependencyError: If what decodes this format is not installed.
    """
    return count_pillow_pages(_open_image(file, kind, name), name)


def count_pillow_pages(image: Image.Image, name: str) -> int:
    """Counts the pages of a Pillow image. Raises as `count_image_pages`."""
    return sum(1 for _ in _frames(image, name))


def _open_image(file: BinaryIO, kind: str, name: str) -> Image.Image:
    _load_plugin(kind, name)
    fault = f"{name}: damaged {kind} image"
    with pillow_calls(fault) as notes:
        image = Image.open(file, formats=(kind,))
        if kind == "TIFF":
            _check_directory(notes, fault)
        return image


def _load_plugin(kind: str, name: str) -> None:
    try:
        plugin = importlib.import_module(_PLUGINS[kind])
    except ImportError as error:
        package = "pi-heif" if kind == "HEIF" else "pillow"
        remedy = f"Install it anew (pip install --upgrade {package}), or save the image as JPEG."
        raise DependencyError(f"{name}: {kind} images need the package {package}: {error}.", remedy) from error
    if kind == "HEIF":
        plugin.register_heif_opener()  # into Pillow, once or again
    elif kind in _FEATURES and not features.check(_FEATURES[kind]):
        raise DependencyError(
            f"{name}: the installed Pillow was built without {kind}.",
            "Install it from PyPI (pip install --force-reinstall pillow), or save the image as PNG.",
        )


def read_pillow_image(image: Image.Image, name: str, options: InputOptions) -> Iterator[PageImage]:
    """Yields the pages of a Pillow image: one, or all of an opened TIFF or HEIC file. Raises as `read_image_file`."""
    wanted, count, given = options.page_range, 0, False
    for number in _frames(image, name, wanted.last):
        count = number
        if number in wanted:
            given = True
            yield _decode(image, number, _where(image, name, number), options)
    if not given:
        pages = "1 page" if count == 1 else f"{count} pages"
        raise NoPagesError(f"{name}: pages {wanted} are outside its {pages}.", "Choose other pages with --pages.")


def _where(image: Image.Image, name: str, number: int) -> str:
    paged = image.format == "TIFF" or (image.format == "HEIF" and getattr(image, "n_frames", 1) > 1)
    return f"{name}, page {number}" if paged else name


def _frames(image: Image.Image, name: str, last: int | None = None) -> Iterator[int]:
    """Moves the image from page to page and yields each number, from 1 to `last`, nothing decoded."""
    number = 0
    for frame in itertools.count():
        if (number and image.format not in _PAGED) or number == last:
            return
        fault = f"{_where(image, name, number + 1)}: damaged {image.format} image"
        with pillow_calls(fault) as notes:
            try:
                if frame != image.tell():
                    image.seek(frame)
            except EOFError:
                return
            if image.format == "TIFF":
                _check_directory(notes, fault)
            subfile_type = getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)
        if frame == 0 or not subfile_type & _NO_PAGE:
            number += 1
            yield number


def _check_directory(notes: list[warnings.WarningMessage], fault: str) -> None:
    """Raises where Pillow only warns: when a TIFF page's directory is cut, the pages after it cannot be found."""
    for note in notes:
        if str(note.message).startswith(("Corrupt EXIF data", "Truncated File Read")):
            raise InputBrokenError(f"{fault}: its directory is cut off.", _AGAIN)


@contextmanager
def pillow_calls(fault: str) -> Iterator[list[warnings.WarningMessage]]:
    """Runs Pillow with our size limit instead of its own, and turns its errors into ours. Yields its warnings.

    Pillow's limit and Python's warning filters belong to the whole process; the lock keeps two threads from restoring
    them in the wrong order.

    Raises:
        InputBrokenError: For whatever Pillow raises, which for damaged files can be almost any exception.
    """
    with _PILLOW, warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield notes
        except (OcrDocError, MemoryError):
            raise
        except UnidentifiedImageError as error:
            raise InputBrokenError(f"{fault}: its header cannot be read.", _AGAIN) from error
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputBrokenError(f"{fault}: {reason}.", _AGAIN) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _decode(image: Image.Image, number: int, where: str, options: InputOptions) -> PageImage:
    check_size(*image.size, where, options)
    notes: list[str] = []
    with pillow_calls(f"{where}: damaged {image.format or 'Pillow'} image") as raised:
        if image.format not in {*_PAGED, "MPO"} and getattr(image, "is_animated", False):
            notes.append("The image is animated; only its first frame was read.")
        dpi = _resolution(image, notes)
        image.load()
        check_size(*image.size, where, options)  # a GIF frame can be larger than the canvas in its header
        pixels = _to_rgb(_upright(image, notes), where, notes)
        notes += [" ".join(str(w.message).split()) for w in raised if issubclass(w.category, UserWarning)]
    return PageImage(number, pixels, dpi, tuple(dict.fromkeys(notes)))


def _resolution(image: Image.Image, notes: list[str]) -> float | None:
    """The resolution that the file states, the larger where it differs by direction; None if absent or absurd."""
    try:
        x, y = (float(value) for value in image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not (math.isfinite(x) and math.isfinite(y) and min(x, y) >= 10 and max(x, y) <= 10_000):
        return None  # files without a real resolution say 0 or 1
    if max(x, y) > 1.1 * min(x, y):
        notes.append(f"The pixels are not square ({x:g} × {y:g} dpi).")
    return max(x, y)


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    """Applies the EXIF orientation, all eight of them."""
    try:
        turned = image.getexif().get(_ORIENTATION, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # Damaged EXIF data raise anything, and are no reason to lose the page.
        notes.append("The EXIF data are damaged; a rotation in them was not applied.")
        return image


def _to_rgb(image: Image.Image, where: str, notes: list[str]) -> NDArray[np.uint8]:
    """Any mode of Pillow to pixels (H, W, 3) uint8; what is transparent becomes white paper."""
    if image.mode.startswith("I") or image.mode == "F":
        return _grey_to_rgb(_scale_depth(np.asarray(image)))
    try:
        if image.has_transparency_data:
            image = _on_white(image, notes)
        return np.asarray(image.convert("RGB"))
    except ValueError as error:
        message = f"{where}: colour mode {image.mode} cannot be converted to RGB."
        raise InputUnsupportedError(message, "Save the image as RGB or grey.") from error


def _on_white(image: Image.Image, notes: list[str]) -> Image.Image:
    colour = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
    alpha = colour.getchannel("A")
    if alpha.getextrema() == (0, 0):
        # Some programs write the channel without filling it: nobody means an invisible page.
        notes.append("The image is fully transparent; its transparency was ignored.")
        return colour.convert("RGB")
    paper = Image.new("RGB", colour.size, "white")
    paper.paste(colour, mask=alpha)
    return paper


def _scale_depth(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Deep grey values, any shape, to 0..255.

    Files do not say how many of 16 bits a scanner fills, and 10 to 14 bits shown as 16 are black. So the full scale is
    the smallest of the usual ones that holds the brightest pixel; values beyond all of them, below zero or floating
    point beyond 1 are stretched from their least to their greatest.
    """
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0) if values.dtype.kind == "f" else values
    low, high = float(values.min()), float(values.max())
    if low >= 0 and values.dtype.kind == "f" and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= _FULL_SCALES[-1]:
        low, high = 0.0, float(next(scale for scale in _FULL_SCALES if high <= scale))
    scaled = (values.astype(np.float32) - low) * (255.0 / max(high - low, 1e-12))
    return np.asarray(np.rint(scaled).clip(0, 255).astype(np.uint8))


def _grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(np.repeat(grey[:, :, None], 3, axis=2))


def read_array(array: NDArray[Any], options: InputOptions) -> PageImage:
    """Turns an array into page 1.

    Args:
        array: Shape (H, W), (H, W, 1) grey, (H, W, 3) RGB or (H, W, 4) RGBA on white. uint8; bool with True as
            white; uint16 of 8 to 16 bits, told by the brightest value; or float in [0, 1]. RGB, not OpenCV's BGR.
            A C-contiguous uint8 RGB array is taken without a copy.
        options: Its page range and size limit count.

    Raises:
        InputEmptyError: If it has no pixels.
        InputTooLargeError: If it has more than the limit.
        NoPagesError: If the page range excludes page 1.
        UsageError: If shape, type or values are none of these.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise UsageError(
            f"<array>: shape {array.shape} is no page.", "Pass (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA."
        )
    if array.size == 0:
        raise InputEmptyError(f"<array>: shape {array.shape} has no pixels.", "Pass an array that holds a page.")
    height, width = array.shape[:2]
    check_size(width, height, "<array>", options)
    if 1 not in options.page_range:
        raise NoPagesError(f"<array>: pages {options.page_range} are outside its 1 page.", "Leave the page range out.")
    pixels = _array_to_uint8(array)
    notes: list[str] = []
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = _grey_to_rgb(pixels.reshape(height, width))
    elif pixels.shape[2] == 4:
        pixels = np.asarray(_on_white(Image.fromarray(np.ascontiguousarray(pixels)), notes))
    return PageImage(1, np.ascontiguousarray(pixels), None, tuple(notes))


def _array_to_uint8(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return np.asarray(array.astype(np.uint8) * np.uint8(255))
    if array.dtype == np.uint16:
        return _scale_depth(array)
    if array.dtype.kind == "f" and bool(((array >= 0) & (array <= 1)).all()):
        return _scale_depth(array)
    fault = "has values outside [0, 1]" if array.dtype.kind == "f" else "is no pixel type"
    raise UsageError(f"<array>: type {array.dtype} {fault}.", "Pass uint8 in 0..255, uint16, bool, or float in [0, 1].")
