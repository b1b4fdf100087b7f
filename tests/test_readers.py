"""Readers of labelled crops: both forms, and what is wrong with them said in one line."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.readers import LabelledCrop, read_crops, read_grey, read_rows

ALPHABET = Alphabet()


def _image(path: Path, grey: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(path.suffix, np.full((12, 30, 3), grey, np.uint8))[1]
    path.write_bytes(data.tobytes())
    return path


def _list(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_list_names_images_beside_it_in_its_folder_or_anywhere(tmp_path: Path) -> None:
    _image(tmp_path / "beside.png", 1)
    _image(tmp_path / "words" / "within.png", 2)
    far = _image(tmp_path / "far" / "away ü.png", 3)
    source = _list(tmp_path / "words.tsv", "beside.png\tone", "within.png\ttwo", "", f"{far}\tthree tabs\tand")
    crops = read_crops(source, ALPHABET)
    assert [crop.text for crop in crops] == ["one", "two", "three tabs and"]
    assert [int(crop.load()[0, 0]) for crop in crops] == [1, 2, 3]
    assert crops[0].load().shape == (12, 30)


def test_windows_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.tsv").write_bytes("\ufeffa.png\tRückgeld\r\nb.png\tx\u2028y\r\n".encode())
    crops = read_crops(tmp_path / "w.tsv", ALPHABET)
    assert [(Path(crop.path).name, crop.text) for crop in crops] == [("a.png", "Rückgeld"), ("b.png", "x y")]


def test_mjsynth_s_texts_are_in_the_names(tmp_path: Path) -> None:
    _image(tmp_path / "2425" / "1" / "115_Lube_45484.jpg", 40)
    rows = ("./2425/1/115_Lube_45484.jpg 45484", "./2425/1/114_Spencerian_73323.jpg 73323", "./odd.jpg 1")
    _list(tmp_path / "annotation_train.txt", *rows)
    crops = read_crops(tmp_path, ALPHABET)
    assert [crop.text for crop in crops] == ["Lube", "Spencerian"]
    assert abs(int(crops[0].load()[0, 0]) - 40) < 3


def test_texts_are_brought_to_the_alphabet_s_form_or_left_out_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = _list(tmp_path / "w.tsv", "a.png\t12\u00a0€ ﬁn", "b.png\tпривет", "c.png\t ", "d.png\tcafe\u0301")
    with caplog.at_level(logging.WARNING):
        crops = read_crops(source, ALPHABET)
    assert [crop.text for crop in crops] == ["12 € fin", "café"]
    [warning] = caplog.messages
    assert "2 texts left out" in warning
    assert "п" in warning


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"a.png one\n", "line 1 has no tab"), (b"", "no crop"), (b"a.png\t\n", "no crop"), (b"a\t\xff\xfe", "UTF-8")],
)
def test_lists_that_are_none_are_named(tmp_path: Path, data: bytes, fault: str) -> None:
    (tmp_path / "w.tsv").write_bytes(data)
    with pytest.raises(InputBrokenError, match=fault) as caught:
        read_crops(tmp_path / "w.tsv", ALPHABET)
    assert "w.tsv" in caught.value.message
    assert "\n" not in str(caught.value)


def test_missing_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match=r"none\.tsv"):
        read_crops(tmp_path / "none.tsv", ALPHABET)
    with pytest.raises(InputMissingError, match=r"annotation_train\.txt"):
        read_crops(tmp_path, ALPHABET)
    with pytest.raises(InputMissingError):
        read_rows(tmp_path)


def test_images_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no image")
    whole = _image(tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:20])
    for name in ("empty", "text", "cut"):
        with pytest.raises(InputBrokenError, match=name):
            read_grey(tmp_path / f"{name}.png")
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(InputMissingError, match=path.name):
            LabelledCrop(str(path), "x").load()
