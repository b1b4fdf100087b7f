"""`ocr-doc-evaluate`: sets, runs, reports and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr_doc.core.errors import ExitCode
from ocr_doc.evaluation.cli import main
from ocr_doc.evaluation.engines import EngineChoice, PageReading
from ocr_doc.evaluation.ours import OcrDoc
from ocr_doc.evaluation.peers import _tesseract_words
from ocr_doc.evaluation.sets import Choice, read_names, read_set
from ocr_doc.evaluation.stages import ReadWord


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A set of two pages with boxed words, one with boxed lines, one with text alone."""
    rows = [
        {"image": "a.png", "split": "dev", "words": [{"box": [20, 20, 70, 40], "text": "hello"}]},
        {
            "image": "b.png",
            "words": [{"box": [99, 18, 150, 40], "text": "there"}, {"box": [1, 20, 9, 40], "text": "o k"}],
        },
        {"image": "c.png", "split": "train", "lines": [{"box": [0, 0, 90, 20], "text": "two words"}]},
        {"image": "d.png", "split": "train", "text": "one\ntwo"},
    ]
    for row in rows:
        Image.fromarray(np.full((80, 300, 3), 255, np.uint8)).save(tmp_path / str(row["image"]))
    path = tmp_path / "pages.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_json_lines(pages: Path) -> None:
    labelled = read_set(pages)
    by_name = {sample.name: sample for sample in labelled.samples}
    assert by_name["b.png"].text == "o k there"
    assert [word.text for word in by_name["b.png"].words] == ["o", "k", "there"]
    assert by_name["c.png"].lines[0].box == (0, 0, 90, 20)
    assert by_name["d.png"].text == "one\ntwo"
    assert not labelled.has_word_boxes
    assert {sample.name for sample in read_set(pages, Choice("dev")).samples} == {"a.png", "b.png"}
    assert read_set(pages, Choice("dev")).has_word_boxes
    assert read_set(pages, Choice(only={"c.png"})).samples == (by_name["c.png"],)
    assert len(read_set(pages, Choice(count=2)).samples) == 2
    assert read_set(pages, Choice(seed=3)).samples == read_set(pages, Choice(seed=3)).samples


def test_lists_of_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('["x.png", "y.png"]')
    (tmp_path / "b").write_text("x.png\ny.png\n")
    assert read_names(tmp_path / "a") == read_names(tmp_path / "b") == {"x.png", "y.png"}


def test_crops_and_folders(tmp_path: Path, save_page: Callable[..., Path]) -> None:
    save_page("crops/1.png")
    (tmp_path / "crops.tsv").write_text("1.png\tHello there\n")
    crops = read_set(tmp_path / "crops.tsv")
    assert (crops.kind, crops.samples[0].text) == ("crops", "Hello there")
    (tmp_path / "crops" / "1.txt").write_text("first\fsecond\f")
    folder = read_set(tmp_path / "crops")
    assert {(sample.page, sample.text) for sample in folder.samples} == {(1, "first"), (2, "second")}


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("gone.jsonl", None, ExitCode.INPUT_MISSING, "no such set"),
        ("empty.jsonl", "", ExitCode.INPUT_EMPTY, "no labelled image"),
        ("text.jsonl", "hello\n", ExitCode.INPUT_BROKEN, "line 1"),
        ("box.jsonl", '{"image": "a.png", "words": [{"box": [1, 2], "text": "a"}]}', ExitCode.INPUT_BROKEN, "line 1"),
        ("list.jsonl", "[1, 2]", ExitCode.INPUT_BROKEN, "line 1"),
        ("image.jsonl", '{"image": "a.png", "text": "a"}', ExitCode.INPUT_MISSING, "a.png"),
        ("tab.tsv", "a.png hello", ExitCode.INPUT_BROKEN, "no tab"),
    ],
)
def test_bad_sets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | None, code: int, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert main([str(tmp_path / name), "--engine", "ocr-doc"]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert name in err
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--split", "gone"], "no split 'gone'"),
        (["-o", "report.pdf"], "names no report"),
        (["--option", "beam_width"], "has no value"),
        (["--option", "beam_width=0"], "keeps none"),
        (["--option", "color=red"], "no option 'color'"),
    ],
)
def test_bad_options(pages: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    rows = [json.loads(row) for row in pages.read_text().splitlines()]
    pages.write_text(json.dumps(rows[0]))
    assert main([str(pages), "--engine", "ocr-doc", *arguments]) == ExitCode.USAGE
    assert words in capsys.readouterr().err


def test_missing_peer_is_one_line(
    pages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main([str(pages), "--engine", "tesseract"]) == ExitCode.DEPENDENCY
    err = capsys.readouterr().err
    assert err.startswith("ocr-doc-evaluate: tesseract: no such program.")
    assert err.count("\n") == 1


def test_reports_of_a_real_run(
    pages: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    base = [str(pages), "--engine", "ocr-doc", "--weights", str(tiny_weights), "--option", "beam_width=2"]
    assert main([*base, "-o", str(tmp_path / "out.html")]) == ExitCode.SOME_FAILED
    shown = capsys.readouterr()
    assert "not found" in shown.out
    assert "a.png: " in shown.err
    page = (tmp_path / "out.html").read_text()
    assert "words" in page
    assert "http" not in page, "the page needs nothing from elsewhere"
    assert main([*base, "--split", "train", "-o", str(tmp_path / "out.json")]) == ExitCode.OK
    content = json.loads((tmp_path / "out.json").read_text())
    [engine] = content["engines"]
    assert sorted(content["samples"]) == ["b.png", "c.png", "d.png"], "one without a split always counts"
    assert engine["metrics"]["words"]["truth"] == 7
    assert sum(engine["stages"].values()) == engine["metrics"]["words"]["truth"]
    assert engine["peak_memory_bytes"] > 1e7


def test_ours_reads_pages_crops_and_boxes(save_page: Callable[..., Path], ocr: object) -> None:
    image = save_page("a.png", "hello")
    engine = OcrDoc(EngineChoice("ocr-doc"), ocr)  # type: ignore[arg-type]
    page = engine.read_page(image)
    assert page == PageReading("hello", (ReadWord("hello", (20, 20, 80, 40), 0.95),), ())
    crop = image.with_name("crop.png")
    Image.open(image).crop((18, 20, 84, 40)).save(crop)
    assert engine.read_crop(crop).text == "hello"
    assert engine.read_boxes(image, [(20, 20, 80, 40), (200, 50, 250, 70)]) == ["hello", ""]


def test_tesseract_table() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    rows = '4\t1\t1\t1\t1\t0\t0\t0\t50\t10\t-1\t\n5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t96.5\t"A\n'
    assert _tesseract_words(head + rows) == [ReadWord('"A', (10, 20, 40, 32), 0.965)]
