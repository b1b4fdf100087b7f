"""Lines of labelled pages as crops, and labels that get the case that was printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.recognizer.alphabet import DEFAULT_SYMBOLS, Alphabet
from ocr_doc.training.lines import LabelledLine, read_lines, recased, write_lines
from ocr_doc.training.readers import read_crops

WORDS = st.text(DEFAULT_SYMBOLS, max_size=24)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_only_the_case_of_a_label_changes(label: str, reading: str) -> None:
    result = recased(label, reading)
    assert result is None or result.casefold() == label.casefold()


@settings(deadline=None)
@given(st.text(DEFAULT_SYMBOLS.replace("ß", "").replace("İ", ""), min_size=1, max_size=24))
def test_a_perfect_reading_restores_the_print(text: str) -> None:
    if len(text.upper()) == len(text.casefold()) == len(text) and text.upper().casefold() == text.casefold():
        assert recased(text.upper(), text) == text


@pytest.mark.parametrize(
    ("label", "reading", "result"),
    [
        ("TOTAL DUE", "Total Due", "Total Due"),
        ("TOTAL DUE", "Tctal Due", "Total Due"),
        ("TOTAL DUE 5.00", "TOTAL DUE 5.00", "TOTAL DUE 5.00"),
        ("MILK", "Miik", "Milk"),
        ("MILK 1L", "Wilk 1L", "Milk 1L"),
        ("NET 5 KG", "NEI 5 kg", "NET 5 kg"),
        ("A4-PAPER", "a4-poper", "a4-paper"),
        ("CASH", "12.50", None),
        ("CASH", "", None),
        ("STRASSE", "Straße", None),
    ],
)
def test_letters_that_were_missed_follow_those_beside_them(label: str, reading: str, result: str | None) -> None:
    assert recased(label, reading) == result


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Two pages of stripes: the grey of a line is ten times its number."""
    folder = tmp_path / "set" / "images"
    folder.mkdir(parents=True)
    rows = []
    for page, split in ((0, "train"), (1, "test")):
        pixels = np.full((100, 200), 250, np.uint8)
        lines = []
        for k in range(1, 4):
            pixels[30 * k - 20 : 30 * k] = 10 * k + page
            lines.append({"box": [10, 30 * k - 20, 190.5, 30 * k], "text": f" LINE\t{k} "})
        lines += [{"box": [10, 10, 50, 30], "text": "  "}, {"box": [300, 10, 350, 30], "text": "off the page"}]
        lines += [{"box": [-90, -90, -50, -60], "text": "far off"}, {"box": [50, 30, 10, 10], "text": "turned"}]
        cv2.imwrite(str(folder / f"{page}.png"), pixels)
        rows.append(json.dumps({"image": f"images/{page}.png", "split": split, "lines": lines}))
    source = tmp_path / "set" / "pages.jsonl"
    source.write_text("\n".join(rows) + "\n\n", encoding="utf-8")
    return source


def test_lines_are_cut_with_a_little_around_them(pages: Path) -> None:
    lines = list(read_lines(pages))
    assert [line.text for line in lines] == ["LINE 1", "LINE 2", "LINE 3"] * 2
    first = lines[0].pixels
    assert first.shape == (24, 185)  # 20 high with 2.4 on each side, cut at whole pixels
    assert (first[4:-4] == 10).all()
    assert first[0].min() == 250


def test_pages_are_chosen_by_split_and_by_name(pages: Path) -> None:
    assert [line.pixels[10, 10] for line in read_lines(pages, "test")] == [11, 21, 31]
    assert [line.pixels[10, 10] for line in read_lines(pages, without={"images/1.png"})] == [10, 20, 30]
    assert list(read_lines(pages, "train", {"images/0.png"})) == []


def test_what_is_written_can_be_trained_on(pages: Path, tmp_path: Path) -> None:
    def recase(crop: NDArray[np.uint8], label: str) -> str | None:
        return label.capitalize() if crop[10, 10] // 10 == 2 else None

    assert write_lines(read_lines(pages), tmp_path / "out.v1", recase) == (2, 4)
    crops = read_crops(tmp_path / "out.v1.tsv", Alphabet())
    assert [crop.text for crop in crops] == ["Line 2"] * 2
    assert [crop.load()[10, 10] for crop in crops] == [20, 21]
    assert write_lines(read_lines(pages, "train"), tmp_path / "plain") == (3, 0)
    assert read_crops(tmp_path / "plain.tsv", Alphabet())[0].text == "LINE 1"


def test_a_break_leaves_no_list(tmp_path: Path) -> None:
    def broken() -> Iterator[LabelledLine]:
        yield LabelledLine(np.zeros((9, 9), np.uint8), "a")
        raise InputBrokenError("a page is damaged.", "Replace it.")

    with pytest.raises(InputBrokenError):
        write_lines(broken(), tmp_path / "out")
    assert not (tmp_path / "out.tsv").exists()


@pytest.mark.parametrize(
    "row",
    ["no json", "[1, 2]", '{"lines": []}', '{"image": "a.png", "lines": [{"text": "x"}]}',
     '{"image": "a.png", "lines": [{"box": [1, 2, 3], "text": "x"}]}',
     '{"image": "a.png", "lines": [{"box": [1, 2, 3, NaN], "text": "x"}]}',
     '{"image": "a.png", "lines": [{"box": [1, 2, 3, "y"], "text": "x"}]}'],
)  # fmt: skip
def test_rows_that_are_no_pages_are_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "pages.jsonl").write_text(f"\n{row}\n")
    with pytest.raises(InputBrokenError, match="line 2"):
        list(read_lines(tmp_path / "pages.jsonl"))


def test_missing_pages_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match=r"pages\.jsonl"):
        list(read_lines(tmp_path / "pages.jsonl"))
    (tmp_path / "pages.jsonl").write_text('{"image": "gone.png", "lines": []}')
    with pytest.raises(InputMissingError, match=r"gone\.png"):
        list(read_lines(tmp_path / "pages.jsonl"))
