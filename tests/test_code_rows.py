"""Rows and characters of codes, cut out of labelled photos with the weights that ship."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.core.errors import ExitCode
from ocr_doc.core.geometry import quad_part
from ocr_doc.recognizer.serial import Row
from ocr_doc.training.characters_real import WordCutter
from ocr_doc.training.cli import main
from ocr_doc.training.labellers import EVERY_SIGN, load_cutter, load_reader
from ocr_doc.training.readers import read_crops

CODES = ("KX4417B", "7HRT52", "PA 3069")


def _photos(folder: Path) -> Path:
    """A list of photos: a code somewhere on a plate under small print, a blank one, and a file that is no picture."""
    folder.mkdir()
    rows = []
    for number, code in enumerate(CODES):
        plate = Image.new("L", (420, 170), 200)
        draw = ImageDraw.Draw(plate)
        draw.text((150, 14), "MADE IN NORWAY", fill=60, font=ImageFont.load_default(16))
        draw.text((50 + 30 * number, 64), code, fill=30, font=ImageFont.load_default(56))
        plate.save(folder / f"{number}.png")
        rows.append(f"{number}.png\t{code}\n")
    Image.new("L", (420, 170), 200).save(folder / "blank.png")
    (folder / "broken.png").write_bytes(b"no picture")
    rows += ["blank.png\tZW1180\n", "broken.png\tZW1181\n"]
    listed = folder.with_suffix(".tsv")
    listed.write_text("".join(rows), encoding="utf-8")
    return listed


def test_rows_show_the_code_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    photos, rows = _photos(tmp_path / "photos"), tmp_path / "rows"
    with caplog.at_level(logging.INFO, "ocr_doc"):
        assert main(["rows", str(photos), str(rows)]) == 0
    listed = [line.split("\t") for line in rows.with_suffix(".tsv").read_text(encoding="utf-8").splitlines()]
    assert [code for _, code in listed] == list(CODES)
    read = load_reader(None)
    for name, code in listed:
        pixels = np.asarray(Image.open(rows / name))
        assert pixels.shape[0] < 80  # the small print is not in it
        assert read(pixels).replace(" ", "") == code.replace(" ", "")
    assert "broken.png" in caplog.text
    assert "3 rows written, 2 photos left out" in caplog.text


def test_characters_are_those_of_the_label(tmp_path: Path) -> None:
    groups = load_cutter(None).cut(read_crops(_photos(tmp_path / "photos"), EVERY_SIGN))
    assert ["".join(crop.text for crop in group.crops) for group in groups] == ["KX4417B", "7HRT52", "PA3069"]


def test_a_letter_beyond_a_row_that_was_cut_short_is_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the detector misses the first letter of a plate."""
    found = WordCutter._rows

    def cut_short(self: WordCutter, grey: NDArray[np.uint8], length: int) -> list[Row]:
        return [Row(quad_part(row.quad, 1 / 7, 1.0)) for row in found(self, grey, length)[1:]]

    monkeypatch.setattr(WordCutter, "_rows", cut_short)
    [row, *_] = load_cutter(None).rows(read_crops(_photos(tmp_path / "photos"), EVERY_SIGN))
    assert load_reader(None)(row.pixels) == "KX4417B"


def test_a_list_that_nothing_fits_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = _photos(tmp_path / "photos")
    photos.write_text("blank.png\tZW1180\n", encoding="utf-8")
    assert main(["rows", str(photos), str(tmp_path / "rows")]) == ExitCode.INPUT_BROKEN
    assert "no label fits what its photo shows" in capsys.readouterr().err
