"""Photographs of a set's pages: the same texts, the page still readable, nothing else of the set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.evaluation.photographs import CHANGES, LONG_SIDE, main, photograph
from ocr_doc.evaluation.sets import read_set


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    page = Image.new("RGB", (420, 560), "white")
    draw = ImageDraw.Draw(page)
    for n, text in enumerate(("GREEN GROCER", "Apples 3.20", "Bread 2.75", "TOTAL 5.95")):
        draw.text((60, 80 + 90 * n), text, fill="black", font=ImageFont.load_default(36))
    page.save(tmp_path / "a.png")
    lines = [{"image": "a.png", "split": "dev", "text": "GREEN GROCER"}, {"image": "a.png", "text": "other"}]
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_photographed_page_is_one_that_can_be_read(labelled: Path) -> None:
    page = np.asarray(Image.open(labelled.with_name("a.png")))
    seen = photograph(np.random.default_rng(3), page)
    assert seen.shape == (round(1.25 * LONG_SIDE), round(1.35 * LONG_SIDE * 420 / 560), 3)
    assert np.median(seen[:20, :20]) < 180, "the table, not the page"
    with OCRPipeline(threads=1) as ocr:
        words = ocr(seen).text.split()
    assert {"GREEN", "GROCER", "Apples", "Bread", "TOTAL", "5.95"} <= set(words)


def test_chosen_changes_alone_are_made(labelled: Path) -> None:
    page = np.asarray(Image.open(labelled.with_name("a.png")))
    straight = photograph(np.random.default_rng(3), page, ())
    rows, columns = straight.shape[:2]
    inside = straight[rows // 8 : -rows // 8, columns // 6 : -columns // 6]
    assert np.median(inside) == 255, "as white as the page"
    for change in CHANGES:
        other = photograph(np.random.default_rng(3), page, (change,))
        assert not np.array_equal(other, straight), change


def test_a_photographed_set_has_the_texts_of_the_set(labelled: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    for folder in (first, again):
        assert main([str(labelled), str(folder), "--split", "dev"]) == 0
    assert {sample.text for sample in read_set(tmp_path / "first.jsonl").samples} == {"GREEN GROCER", "other"}
    names = ["0000.jpg", "0001.jpg"]
    assert sorted(path.name for path in first.iterdir()) == names
    assert [(first / n).read_bytes() for n in names] == [(again / n).read_bytes() for n in names]
    assert (first / names[0]).read_bytes() != (first / names[1]).read_bytes(), "each page lies otherwise"
    assert main([str(labelled), str(tmp_path / "one"), "--count", "1"]) == 0
    assert len(read_set(tmp_path / "one.jsonl").samples) == 1
    names = tmp_path / "names.json"
    names.write_text(json.dumps(["b.png"]))
    assert main([str(labelled), str(tmp_path / "none"), "--only", str(names)]) != 0
    names.write_text(json.dumps(["a.png"]))
    assert main([str(labelled), str(tmp_path / "only"), "--only", str(names)]) == 0
    assert len(read_set(tmp_path / "only.jsonl").samples) == 2


def test_a_set_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jsonl"), str(tmp_path / "photos")]) != 0
    assert "no such set" in capsys.readouterr().err
    assert not (tmp_path / "photos").exists()
