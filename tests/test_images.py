from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocr_doc.core.errors import (
    DependencyError,
    InputBrokenError,
    NoPagesError,
    OcrDocError,
)
from ocr_doc.images import sniff_image
from ocr_doc.sources import InputOptions, PageImage, count_pages, read_pages

HEIC = Path(__file__).with_name("data") / "three.heic"
# A corner that is not like the others tells all eight orientations apart.
GREY = np.array([[10, 200, 200, 200], [90, 200, 200, 30]], np.uint8).repeat(16, 0).repeat(16, 1)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def only(source: object, options: InputOptions | None = None) -> PageImage:
    (page,) = read_pages(source, options or InputOptions())  # type: ignore[arg-type]
    assert page.number == 1
    assert page.pixels.dtype == np.uint8
    assert page.pixels.flags.c_contiguous
    assert page.pixels.ndim == 3
    assert page.pixels.shape[2] == 3
    return page


def noise(width: int = 40, height: int = 24) -> Image.Image:
    rng = np.random.default_rng(1)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


LOSSY = {"JPEG": {"quality": 95}, "AVIF": {"quality": 100}}


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP", "JPEG", "GIF", "JPEG2000", "AVIF"])
def test_every_format_gives_its_pixels(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else LOSSY.get(kind, {})
    page = only(encoded(Image.fromarray(GREY), kind, **options))
    assert np.abs(page.pixels.astype(int) - GREY[:, :, None]).max() <= (12 if kind in LOSSY else 0)


def test_no_signature_is_taken_from_text() -> None:
    assert sniff_image(b"BMW invoice no. 1234567890") is None
    assert sniff_image(b"P5 is a paper size") == "PPM"  # indistinguishable; Pillow then calls it damaged
    assert sniff_image(b"RIFF....WAVEfmt ") is None
    assert sniff_image(b"") is None


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "RGBA", "CMYK", "YCbCr", "I", "F", "HSV", "La", "RGBa"])
def test_every_mode_of_pillow_becomes_rgb(mode: str) -> None:
    image = Image.fromarray(GREY)
    for step in {"La": ["LA", "La"], "RGBa": ["RGBA", "RGBa"], "HSV": ["RGB", "HSV"], "PA": ["P", "PA"]}.get(
        mode, [mode]
    ):
        image = image.convert(step)
    expected = np.where(GREY > 127, 255, 0) if mode == "1" else GREY
    page = only(image)
    if mode == "1":  # dithered: only the mean holds
        assert set(np.unique(page.pixels)) == {0, 255}
        assert abs(page.pixels.mean() - GREY.mean()) < 5
    else:
        assert np.abs(page.pixels.astype(int) - expected[:, :, None]).max() <= 2


def test_one_bit_tiff_is_black_on_white() -> None:
    image = Image.new("1", (30, 20), 1)
    image.paste(0, (5, 5, 10, 10))
    page = only(encoded(image, "TIFF", compression="group4"))
    assert page.pixels[0, 0].tolist() == [255] * 3
    assert page.pixels[7, 7].tolist() == [0] * 3


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_parts_become_white_paper(mode: str) -> None:
    image = Image.new(mode, (20, 10), 0)
    image.paste(tuple([0] * (len(mode) - 1) + [255]), (0, 0, 10, 10))
    image.putpixel((0, 0), tuple([0] * (len(mode) - 1) + [128]))
    page = only(encoded(image, "PNG"))
    assert page.pixels[5, 5].tolist() == [0] * 3
    assert page.pixels[5, 15].tolist() == [255] * 3
    assert page.pixels[0, 0].tolist() == [127] * 3
    assert page.warnings == ()


def test_transparency_of_palettes_and_colour_keys_is_seen() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 20, 30, 40])
    palette.putpixel((0, 0), 0)
    assert only(encoded(palette, "PNG", transparency=1)).pixels[4, 4].tolist() == [255] * 3
    keyed = Image.new("RGB", (8, 8), "red")
    keyed.putpixel((0, 0), (0, 0, 255))
    pixels = only(encoded(keyed, "PNG", transparency=(255, 0, 0))).pixels
    assert pixels[0, 0].tolist() == [0, 0, 255]
    assert pixels[4, 4].tolist() == [255] * 3


def test_alpha_that_hides_everything_is_ignored_and_told() -> None:
    image = Image.fromarray(GREY).convert("RGBA")
    image.putalpha(0)
    page = only(encoded(image, "PNG"))
    assert (page.pixels == GREY[:, :, None]).all()
    assert "transparen" in page.warnings[0]


@pytest.mark.parametrize(
    ("bits", "kind"), [(8, "PNG"), (10, "TIFF"), (12, "PNG"), (12, "TIFF"), (14, "TIFF"), (16, "PNG"), (16, "TIFF")]
)
def test_deep_grey_keeps_its_brightness_whatever_bits_the_scanner_fills(bits: int, kind: str) -> None:
    full = GREY.copy()
    full[0, 0] = 255
    deep = (full.astype(np.float64) / 255 * (2**bits - 1)).round().astype(np.uint16)
    for source in (encoded(Image.fromarray(deep), kind), deep):
        assert np.abs(only(source).pixels.astype(int) - full[:, :, None]).max() <= 1


def test_big_endian_and_signed_and_float_grey() -> None:
    image = Image.fromarray(GREY.astype(">u2") * 257)
    assert np.abs(only(image).pixels.astype(int) - GREY[:, :, None]).max() <= 1
    stretched = only(Image.fromarray(GREY.astype(np.int32) * 1000 - 5000)).pixels
    assert (stretched.min(), stretched.max()) == (0, 255)
    broken = GREY.astype(np.float32) / 255
    broken[0, 0] = np.nan
    assert np.abs(only(encoded(Image.fromarray(broken), "TIFF")).pixels[1:].astype(int) - GREY[1:, :, None]).max() <= 1


def test_cmyk_jpeg_with_adobe_inversion_is_not_negative() -> None:
    white_and_red = Image.new("RGB", (32, 16), "white")
    white_and_red.paste("red", (16, 0, 32, 16))
    data = encoded(white_and_red.convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data
    pixels = only(data).pixels
    assert pixels[8, 4].min() > 240
    assert pixels[8, 28, 0] > 240
    assert pixels[8, 28, 1:].max() < 20


ORIENTATIONS = {  # EXIF value: how the stored pixels come from the upright ones
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_rotation_is_applied_once(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(ORIENTATIONS[orientation](GREY)))
    options = {"lossless": True} if kind == "WEBP" else LOSSY.get(kind, {})
    page = only(encoded(stored, kind, exif=exif, **options))
    assert page.pixels.shape[:2] == GREY.shape
    assert np.abs(page.pixels.astype(int) - GREY[:, :, None]).max() <= 12


def test_damaged_exif_loses_the_rotation_not_the_page() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = bytearray(encoded(noise(), "JPEG", exif=exif))
    at = jpeg.index(b"Exif\0\0") + 6
    jpeg[at + 8 : at + 10] = b"\xff\xff"  # 65,535 tags where there is one
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        assert only(bytes(jpeg)).pixels.size == noise().width * noise().height * 3
        page = only(encoded(noise(), "PNG", exif=b"not what EXIF looks like"))
    assert (page.pixels == np.asarray(noise())).all()
    assert "EXIF data are damaged" in page.warnings[0]
    assert leaked == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_resolution_comes_from_the_file(kind: str) -> None:
    assert only(encoded(noise(), kind, dpi=(300, 300))).dpi == pytest.approx(300, abs=0.5)
    assert only(encoded(noise(), "PNG")).dpi is None
    assert only(encoded(noise(), "PNG", dpi=(1, 1))).dpi is None


def test_pixels_that_are_not_square_are_told() -> None:
    page = only(encoded(noise(), "TIFF", dpi=(204, 98)))
    assert page.dpi == 204
    assert "not square (204 × 98 dpi)" in page.warnings[0]


# Items 33 and 16 of the survey: later pages lost silently, whole documents in memory.


def tiff(*pages: Image.Image, **options: object) -> bytes:
    return encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], **options)


def shades(count: int) -> list[Image.Image]:
    return [Image.new("L", (20 + i, 30), 10 * i) for i in range(count)]


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
def test_every_page_of_a_tiff_comes_with_its_number(compression: str | None) -> None:
    data = tiff(*shades(5), compression=compression)
    pages = list(read_pages(data))
    assert [p.number for p in pages] == [1, 2, 3, 4, 5]
    assert [p.pixels.shape[1] for p in pages] == [20, 21, 22, 23, 24]
    assert [int(p.pixels[0, 0, 0]) for p in pages] == [0, 10, 20, 30, 40]
    assert count_pages(data) == 5
    assert [p.number for p in read_pages(data, InputOptions(pages="2,4-"))] == [2, 4, 5]
    assert count_pages(data, InputOptions(pages="2,4-")) == 3


def test_pages_of_mixed_kinds_and_turns_come_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    first, second = encoded(noise(), "TIFF", exif=turned), encoded(Image.new("1", (40, 24)), "TIFF")
    # joined by Pillow frame by frame, the way scanners mix text and photo pages
    file = io.BytesIO()
    Image.open(io.BytesIO(first)).save(file, "TIFF", save_all=True, append_images=[Image.open(io.BytesIO(second))])
    shapes = [p.pixels.shape for p in read_pages(file.getvalue())]
    assert shapes[1] == (24, 40, 3)
    assert len(shapes) == 2


def test_thumbnails_inside_a_tiff_are_no_pages() -> None:
    page, thumbnail, last = Image.new("L", (40, 40), 7), Image.new("L", (4, 4)), Image.new("L", (50, 40), 9)
    before, entry, after = tiff(page, thumbnail, last, tiffinfo={254: 0}).partition(b"\xfe\0\4\0\1\0\0\0\0")
    data = before + entry + after.replace(entry, entry[:-1] + b"\1", 1)
    assert len(list(read_pages(before + entry + after))) == 3
    assert [(p.number, p.pixels.shape[1]) for p in read_pages(data)] == [(1, 40), (2, 50)]
    assert count_pages(data) == 2


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_a_cut_tiff_never_loses_pages_silently(compression: str | None) -> None:
    data = tiff(*shades(3), compression=compression)
    for length in range(8, len(data), 7):
        pages = []
        try:
            for page in read_pages(data[:length]):
                pages.append(page.number)
        except InputBrokenError as error:
            assert f"page {len(pages) + 1}" in error.message or not pages
        else:
            assert pages == [1, 2, 3], length


def test_a_broken_later_page_is_named_and_earlier_ones_are_given() -> None:
    data = bytearray(tiff(*[noise()] * 3, compression="tiff_deflate"))
    with Image.open(io.BytesIO(data)) as image:
        image.seek(2)
        (offset, *_) = image.tag_v2[273]
    data[offset : offset + 40] = b"\xff" * 40
    pages = read_pages(bytes(data))
    assert [next(pages).number, next(pages).number] == [1, 2]
    with pytest.raises(InputBrokenError, match="<bytes>, page 3: damaged TIFF"):
        next(pages)
    assert [p.number for p in read_pages(bytes(data), InputOptions(pages="1-2"))] == [1, 2]


def test_a_range_beyond_the_last_page_selects_none() -> None:
    with pytest.raises(NoPagesError, match="pages 4-9 are outside its 3 pages"):
        list(read_pages(tiff(*shades(3)), InputOptions(pages="4-9")))
    with pytest.raises(NoPagesError, match="outside its 1 page"):
        list(read_pages(encoded(noise(), "PNG"), InputOptions(pages="2")))


def test_an_opened_tiff_gives_all_pages_and_stays_at_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    path.write_bytes(tiff(*shades(3)))
    with Image.open(path) as image:
        image.seek(1)
        assert [p.number for p in read_pages(image)] == [1, 2, 3]
        assert count_pages(image) == 3
        assert image.tell() == 1
        image.load()


def test_a_pillow_without_the_codec_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(noise(), "JPEG2000")
    monkeypatch.setattr("PIL.features.check", lambda feature: feature != "jpg_2000")
    with pytest.raises(DependencyError, match="Pillow was built without JPEG2000"):
        only(data)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_read_and_the_rest_told(kind: str) -> None:
    data = encoded(
        Image.new("RGB", (9, 9), "red"), kind, save_all=True, append_images=[Image.new("RGB", (9, 9), "blue")]
    )
    page = only(data)
    assert page.pixels[4, 4, 0] > 200
    assert "animated" in page.warnings[0]


# Damage: an error of ours or the whole page, never half of it.


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF"])
def test_a_cut_file_is_broken_or_whole(kind: str) -> None:
    data = encoded(noise(), kind)
    whole = only(data).pixels
    broken = 0
    for length in range(40, len(data), max(1, len(data) // 60)):
        try:
            page = only(data[:length])
        except InputBrokenError:
            broken += 1
        else:
            assert (page.pixels == whole).all(), length
    assert broken > 40


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF"]), st.data())
def test_flipped_bytes_raise_only_our_errors(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(HEIC.read_bytes() if kind == "HEIF" else encoded(noise(), kind))
    for at in data.draw(st.lists(st.integers(0, min(len(damaged) - 1, 300)), min_size=1, max_size=6)):
        damaged[at] = data.draw(st.integers(0, 255))
    options = InputOptions(max_pixels=1_000_000)
    try:
        for page in read_pages(bytes(damaged), options):
            assert page.pixels.shape[2] == 3
    except OcrDocError as error:
        assert "\n" not in str(error)
