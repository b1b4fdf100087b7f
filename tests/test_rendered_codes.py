"""Rendered codes: faces in which look-alikes cannot be told apart are left out; the pictures say what the list says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from ocr_doc.evaluation.rendered_codes import LOOKS, PAIRS, difference, main, rendered_codes, telling_fonts


@pytest.fixture
def font(tmp_path: Path) -> Path:
    """The face that Pillow carries, as a file."""
    carried = ImageFont.load_default(20)
    assert isinstance(carried, ImageFont.FreeTypeFont)
    (tmp_path / "carried.ttf").write_bytes(carried.font_bytes)
    return tmp_path / "carried.ttf"


def test_a_character_does_not_differ_from_itself(font: Path) -> None:
    assert difference(font, "OO") == 0.0
    assert 0.3 < difference(font, "AO") <= 2.0
    assert difference(font, "Il") < difference(font, "IW")


def test_fonts_that_tell_nothing_apart_are_left_out(
    font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    least = min(difference(font, pair) for pair in PAIRS)
    monkeypatch.setattr("ocr_doc.evaluation.rendered_codes.LEAST", least + 0.01)
    assert telling_fonts([font]) == []
    with pytest.raises(SystemExit):
        main([str(tmp_path / "codes"), "--fonts", str(font)])
    assert f"{font}: draws look-alikes too much alike" in capsys.readouterr().err
    monkeypatch.setattr("ocr_doc.evaluation.rendered_codes.LEAST", least)
    assert telling_fonts([font]) == [font]


def test_codes_in_all_looks(font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = list(rendered_codes([font], 12, seed=5))
    assert [code.look for code in codes] == [*LOOKS, *list(LOOKS)[:2]]
    assert all(6 <= len(code.text) <= 10 and code.pixels.dtype == np.uint8 for code in codes)
    assert all(np.ptp(code.pixels) > 30 for code in codes)
    monkeypatch.setattr("ocr_doc.evaluation.rendered_codes.LEAST", 0.0)
    assert main([str(tmp_path / "codes"), "--fonts", str(font), "--count", "12", "--seed", "5"]) == 0
    lines = (tmp_path / "codes.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[1:] for line in lines] == [[code.text, code.look] for code in codes]
    first = np.asarray(Image.open(tmp_path / "codes" / "00000.png"))
    np.testing.assert_array_equal(first, codes[0].pixels)
