"""Photos as phones save them: HEIC files, upright and each a page."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ocr_doc.core.errors import DependencyError, InputBrokenError
from ocr_doc.images import sniff_image
from ocr_doc.sources import InputOptions, count_pages, read_pages

# Pillow reads HEIC by a plugin that does not write it, so two files were made by another that does (pillow-heif 1.8).
HEIC = Path(__file__).with_name("data")


def test_a_photo_of_a_phone_comes_upright() -> None:
    [page] = read_pages(HEIC / "turned.heic")
    assert page.pixels.shape == (64, 96, 3)
    assert np.abs(page.pixels[15, 20].astype(int) - (200, 30, 30)).max() <= 4
    assert np.abs(page.pixels[40, 50].astype(int) - 230).max() <= 4
    assert page.warnings == ()


def test_every_photo_of_a_heic_file_is_a_page() -> None:
    path = HEIC / "three.heic"
    pages = list(read_pages(path))
    assert [(p.number, *p.pixels.shape[:2]) for p in pages] == [(1, 64, 96), (2, 64, 96), (3, 48, 64)]
    assert [int(p.pixels[-1, -1, 0]) for p in pages] == pytest.approx([230, 160, 90], abs=2)
    assert count_pages(path) == 3
    assert [p.number for p in read_pages(path, InputOptions(pages="3"))] == [3]


def test_a_cut_heic_file_names_the_page_that_is_lost() -> None:
    data = (HEIC / "three.heic").read_bytes()
    for length in range(12, len(data)):
        given: list[int] = []
        with pytest.raises(InputBrokenError, match="damaged HEIF image") as caught:
            for page in read_pages(data[:length]):
                given.append(page.number)
        assert f"page {len(given) + 1}" in caught.value.message or not given
        assert "0x" not in caught.value.message


def test_what_decodes_phone_photos_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(DependencyError, match="HEIF images need the package pi-heif") as caught:
        list(read_pages(HEIC / "turned.heic"))
    assert "pip install --upgrade pi-heif" in caught.value.remedy


def test_brands_tell_hevc_from_av1() -> None:
    assert sniff_image(b"\0\0\0\x18ftypheic" + bytes(20)) == "HEIF"
    assert sniff_image(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic") == "HEIF"
    assert sniff_image(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif") == "AVIF"
    assert sniff_image(b"\0\0\0\x18ftypisom" + bytes(20)) is None  # a video
