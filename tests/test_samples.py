"""The sample documents that are shipped, their truth, and the script that draws them."""

from __future__ import annotations

import importlib
import json
import re
import types
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageSequence

from ocr_doc.training.faces import default_face

SAMPLES = Path(__file__).parents[1] / "samples"
TRUTH = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))


def pages_of(name: str) -> list[np.ndarray]:
    path = SAMPLES / name
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        return [np.asarray(page.render(scale=150 / 72).to_pil().convert("L")) for page in document]
    with Image.open(path) as image:
        return [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(image)]


def test_the_samples_of_the_readme_are_there_and_small() -> None:
    assert {"receipt.png", "invoice.pdf", "letter_de.png", "notice.tiff", "serial_plate.jpg"} <= set(TRUTH)
    assert sum(f.stat().st_size for f in SAMPLES.iterdir() if f.is_file()) <= 5_000_000
    assert {name: len(TRUTH[name]) for name in ("invoice.pdf", "notice.tiff")} == {"invoice.pdf": 2, "notice.tiff": 2}


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_words_stand_where_the_truth_says(name: str) -> None:
    pages = pages_of(name)
    assert len(pages) == len(TRUTH[name])
    for pixels, page in zip(pages, TRUTH[name], strict=True):
        # A PDF engine rounds the page's size in points up.
        assert abs(pixels.shape[0] - page["height"]) <= 1
        assert abs(pixels.shape[1] - page["width"]) <= 1
        for word in page["words"]:
            quad = np.array(word["quad"])
            x0, y0 = np.floor(quad.min(0)).astype(int)
            x1, y1 = np.ceil(quad.max(0)).astype(int)
            assert x0 >= 0 and y0 >= 0 and x1 <= page["width"] and y1 <= page["height"], word
            assert np.ptp(pixels[y0:y1, x0:x1].astype(int)) > 60, word


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_text_and_words_of_the_truth_agree(name: str) -> None:
    text = (SAMPLES / name).with_suffix(".txt").read_text(encoding="utf-8")
    pages = text.split("\f")
    assert len(pages) == len(TRUTH[name])
    for written, page in zip(pages, TRUTH[name], strict=True):
        assert Counter(written.split()) == Counter(word["text"] for word in page["words"])


def test_the_receipt_adds_up() -> None:
    text = (SAMPLES / "receipt.txt").read_text(encoding="utf-8")
    items, rest = text.split("TOTAL GBP ")
    total, cash, change = (Decimal(v) for v in re.findall(r"\d+\.\d\d", rest)[:3])
    ends = re.findall(r"(\d+\.\d\d)$", items, flags=re.MULTILINE)
    assert sum(map(Decimal, ends)) == total == cash - change
    taxed = re.findall(r"^[AZ] \d+% (\S+) (\S+)$", rest, flags=re.MULTILINE)
    assert total == sum(Decimal(net) + Decimal(tax) for net, tax in taxed)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.syspath_prepend(str(SAMPLES))
    return importlib.import_module("make")


def test_the_script_draws_the_receipt_with_any_face(make: types.ModuleType, tmp_path: Path) -> None:
    from sheet import Faces

    (page,) = make.receipt(Faces([default_face()]))
    assert Counter(page.text.split()) == Counter(w.text for w in page.words)
    make.save([page], tmp_path / "receipt.png")
    assert (tmp_path / "receipt.txt").read_text(encoding="utf-8") == (SAMPLES / "receipt.txt").read_text(
        encoding="utf-8"
    )
    with Image.open(tmp_path / "receipt.png") as image:
        assert image.size == (640, 1620)


def test_a_face_that_lacks_a_character_is_refused(make: types.ModuleType) -> None:
    from sheet import Faces

    with pytest.raises(ValueError, match="cannot draw"):
        make.letter(Faces([default_face()]), "letter_de", "none", 20, 0.0)
