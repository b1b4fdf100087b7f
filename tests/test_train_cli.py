"""`ocr-doc-train`: from an empty folder to weights that read, and what it says when something is wrong."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("fontTools")
pytest.importorskip("wordfreq")
pytest.importorskip("faker")
pytest.importorskip("matplotlib")
pytest.importorskip("onnx")

import torch

from ocr_doc.core.errors import ExitCode, UsageError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNNConfig, build_crnn
from ocr_doc.recognizer.reader import WordReader
from ocr_doc.training import detector_cli, quantise, recognizer_cli, recognizer_data, text
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ocr_doc.training.cli import main
from ocr_doc.training.run_cli import sources_and_shares
from ocr_doc.weights.engines import open_engine
from ocr_doc.weights.manifest import load_manifest

Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Little text, small networks and few crops to validate on; nothing else differs from a real run."""
    monkeypatch.setattr(text, "FURTHER_LANGUAGES", {})
    monkeypatch.setattr(text, "LANGUAGES", {"en": 1})
    monkeypatch.setattr(text, "LOCALES", ("en_US",))
    monkeypatch.setattr(text, "WORDS_PER_LANGUAGE", 300)
    monkeypatch.setattr(text, "POOL", 20)
    monkeypatch.setattr(recognizer_data, "POOL", 32)
    few = partial(recognizer_cli.RecognizerTraining, validation_crops=8)
    monkeypatch.setattr(recognizer_cli, "RecognizerTraining", few)
    shape = partial(CRNNConfig, channels=(4, 6, 8, 8, 12), hidden=12)
    monkeypatch.setattr(recognizer_cli, "CRNNConfig", shape)
    monkeypatch.setattr(detector_cli, "DetectorTraining", partial(detector_cli.DetectorTraining, validation_pages=1))
    handlers = list(logging.getLogger("ocr_doc").handlers)
    yield
    assert logging.getLogger("ocr_doc").handlers == handlers


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command line; gives exit code and standard error. Options of a short run on this folder's fonts: none."""
    (tmp_path / "no-fonts").mkdir()

    def run(*arguments: object) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        streams = capsys.readouterr()
        assert streams.out == ""
        return code, streams.err

    return run


def _short(tmp_path: Path, steps: int) -> list[object]:
    return ["--steps", steps, "--workers", 0, "--threads", 1, "--device", "cpu", "--fonts", tmp_path / "no-fonts"]


def test_from_nothing_to_weights_that_read(run: Run, tmp_path: Path) -> None:
    folder, weights = tmp_path / "run", tmp_path / "weights"
    short = [*_short(tmp_path, 3), "--area", 640]
    code, told = run("recognizer", folder, *short)
    assert code == 0
    assert "no fonts found" in told
    assert "synthetic_cer" in told
    names = {"recognizer.safetensors", "best.safetensors", "state.safetensors", "metrics.jsonl", "curves.png"}
    assert {p.name for p in folder.iterdir()} == names

    # A second run must not take the first one's place by mistake.
    code, told = run("recognizer", folder, *short)
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)
    assert "--resume" in told
    assert run("recognizer", folder, *[5 if a == 3 else a for a in short], "--resume")[0] == 0
    assert load_checkpoint(folder / "recognizer.safetensors").notes["step"] == 5

    (tmp_path / "recipe.json").write_text('{"data": "synthetic"}')
    code, _ = run("export", folder / "best.safetensors", weights, "tiny", "--recipe", tmp_path / "recipe.json")
    assert code == 0
    manifest = load_manifest(weights)
    entry = manifest.entry("recognizer", "tiny")
    assert entry.recipe["data"] == "synthetic"
    reader = WordReader(open_engine(manifest, entry, "cpu", build=build_crnn), Alphabet(entry.alphabet or ""))
    readings = reader.read([np.full((30, 90), 200, np.uint8), np.zeros((20, 300), np.uint8)])
    assert len(readings) == 2

    # It is too narrow for integers, of which it is told once it was looked at.
    quantise = ["--quantise", "--fonts", tmp_path / "no-fonts"]
    code, told = run("export", folder / "best.safetensors", tmp_path / "integers", "tiny", *quantise)
    assert (code, "no layer that integers make quicker" in told) == (ExitCode.WEIGHTS, True)
    assert not (tmp_path / "integers").exists()

    # Fine-tuning on own words starts from the exported weights.
    cv2.imwrite(str(tmp_path / "a.png"), np.full((32, 60), 99, np.uint8))
    (tmp_path / "own.tsv").write_text("a.png\tabc\n")
    own = ["--words", f"{tmp_path / 'own.tsv'}=0.5", "--from", weights / "tiny.safetensors"]
    assert run("recognizer", tmp_path / "tuned", *_short(tmp_path, 2), "--area", 640, *own)[0] == 0
    tuned = load_checkpoint(tmp_path / "tuned" / "recognizer.safetensors")
    assert tuned.config["channels"] == [4, 6, 8, 8, 12]

    # Another network behind the same convolutions.
    own += ["--reshape", "--sequence", "attention", "--hidden", 8]
    code, told = run("recognizer", tmp_path / "other", *_short(tmp_path, 1), "--area", 640, *own)
    assert code == 0
    assert "tensors are those of" in told
    other = load_checkpoint(tmp_path / "other" / "start.safetensors")
    first = load_checkpoint(weights / "tiny.safetensors")
    assert other.config["sequence"] == "attention"
    same = [name for name, values in other.tensors.items() if name in first.tensors]
    assert any(name.startswith("features.") for name in same)
    assert all((other.tensors[name] == first.tensors[name]).all() for name in same if name.startswith("features."))
    code, told = run("recognizer", tmp_path / "none", *_short(tmp_path, 1), "--reshape")
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)


def test_a_detector_is_trained_and_exported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("_SEEN", 6), ("_CHECKED", 2)):
        monkeypatch.setattr(quantise, name, count)
    code, told = run("detector", tmp_path / "run", *_short(tmp_path, 1), "--batch", 1, "--side", 64)
    assert code == 0
    assert "f1" in told
    weights = tmp_path / "run" / "detector.safetensors"
    assert run("export", weights, tmp_path / "w", "eye")[0] == 0
    assert load_manifest(tmp_path / "w").entry("detector", "eye").file("int8") is None
    assert run("export", weights, tmp_path / "w", "eye", "--quantise", "--fonts", tmp_path / "no-fonts")[0] == 0
    floats, integers = ((tmp_path / "w" / name).stat().st_size for name in ("eye.onnx", "eye.int8.onnx"))
    assert integers < floats / 2
    for option in ("--pages", "--words"):
        code, told = run("export", weights, tmp_path / "w", "eye", option, tmp_path / "pages.jsonl")
        assert (code, told.count("\n")) == (ExitCode.USAGE, 1)
    entry = load_manifest(tmp_path / "w").entry("detector", "eye")
    assert entry.config["architecture"] == "craft-light"
    assert [file.format for file in entry.files] == ["onnx", "int8", "safetensors"]


def test_the_mean_of_two_trainings(run: Run, tmp_path: Path) -> None:
    config = {"architecture": "a"}
    for name, value in (("one", 1.0), ("two", 3.0)):
        tensors = {"w": torch.full((2, 2), value), "count": torch.tensor(int(value))}
        save_checkpoint(tmp_path / name, Checkpoint(tensors, config, {"step": int(value)}))
    save_checkpoint(tmp_path / "other", Checkpoint({"w": torch.zeros(3)}, {"architecture": "b"}))
    code, _ = run("average", tmp_path / "one", tmp_path / "two", tmp_path / "mean", "--share", 0.25)
    assert code == 0
    mean = load_checkpoint(tmp_path / "mean")
    assert mean.tensors["w"].tolist() == [[1.5, 1.5], [1.5, 1.5]]
    assert (int(mean.tensors["count"]), mean.config, mean.notes) == (3, config, {"step": 3})
    save_checkpoint(tmp_path / "later", Checkpoint(mean.tensors, {**config, "new": 2}))
    assert run("average", tmp_path / "one", tmp_path / "later", tmp_path / "both")[0] == 0
    assert load_checkpoint(tmp_path / "both").config == {**config, "new": 2}
    save_checkpoint(tmp_path / "larger", Checkpoint({**mean.tensors, "w": torch.zeros(3)}, config))
    for other in ("other", "larger"):
        code, told = run("average", tmp_path / "one", tmp_path / other, tmp_path / "none")
        assert (code, told.count("\n")) == (ExitCode.WEIGHTS, 1)
    code, told = run("average", tmp_path / "one", tmp_path / "two", tmp_path / "none", "--share", 2)
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)
    assert not (tmp_path / "none").exists()


def test_a_detector_learns_from_labelled_pages(run: Run, tmp_path: Path) -> None:
    sheet = Image.new("L", (420, 140), 255)
    for y, line in ((12, "Total amount: 12.50"), (80, "Thank you for coming")):
        ImageDraw.Draw(sheet).text((20, y), line, fill=0, font=ImageFont.load_default(26))
    sheet.save(tmp_path / "p.png")
    boxes = [[18, 12, 380, 48], [18, 80, 380, 116]]
    texts = ["TOTAL AMOUNT: 12.50", "some other text altogether"]
    lines = [{"box": box, "text": text} for box, text in zip(boxes, texts, strict=True)]
    (tmp_path / "pages.jsonl").write_text(json.dumps({"image": "p.png", "lines": lines}))
    code, told = run("pages", tmp_path / "pages.jsonl", tmp_path / "set")
    assert code == 0
    assert "1 pages with 3 words written, 1 places unknown" in told
    listed = tmp_path / "set.jsonl"
    (tmp_path / "own.jsonl").write_text(
        json.dumps({"image": "p.png", "text": "Total amount: 12.50\nThank you for coming"})
    )
    code, told = run("pages", tmp_path / "own.jsonl", tmp_path / "text", "--transcripts")
    assert (code, "1 pages with 7 words" in told) == (0, True)

    options = [*_short(tmp_path, 1), "--batch", 1, "--side", 64, "--pages", f"{listed}=0.5", "--validation", listed]
    code, told = run("detector", tmp_path / "run", *options)
    assert code == 0
    assert "real_f1" in told
    (tmp_path / "only.json").write_text('["q.png"]')
    code, told = run("pages", tmp_path / "pages.jsonl", tmp_path / "none", "--only", tmp_path / "only.json")
    assert (code, told.count("\n")) == (ExitCode.INPUT_BROKEN, 1)
    code, told = run("detector", tmp_path / "other", *_short(tmp_path, 1), "--pages", tmp_path / "none.jsonl")
    assert code == ExitCode.INPUT_BROKEN


def test_lines_become_a_list(run: Run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.full((60, 200), 220, np.uint8))
    page = {"image": "p.png", "lines": [{"box": [5, 5, 150, 30], "text": "TOTAL 5"}]}
    (tmp_path / "pages.jsonl").write_text(json.dumps(page))
    code, told = run("lines", tmp_path / "pages.jsonl", tmp_path / "cut")
    assert code == 0
    assert "1 lines written" in told
    assert (tmp_path / "cut.tsv").read_text() == "000000.png\tTOTAL 5\n"
    (tmp_path / "without.json").write_text('["p.png"]')
    code, told = run("lines", tmp_path / "pages.jsonl", tmp_path / "none", "--without", tmp_path / "without.json")
    assert code == ExitCode.INPUT_BROKEN
    assert "no line" in told
    (tmp_path / "without.json").write_text('"p.png"')
    code, _ = run("lines", tmp_path / "pages.jsonl", tmp_path / "none", "--without", tmp_path / "without.json")
    assert code == ExitCode.INPUT_BROKEN


@pytest.mark.parametrize(
    ("source", "path", "share"),
    [("words.tsv", "words.tsv", 0.2), ("words.tsv=0.5", "words.tsv", 0.5), ("a=b/words=1", "a=b/words", 1.0)],
)
def test_a_source_of_words_has_a_share(source: str, path: str, share: float) -> None:
    assert sources_and_shares("--words", [source]) == ((Path(path), share),)


@pytest.mark.parametrize("source", ["w=0", "w=1.1", "w=-1", "w=half", "w=nan", "w=", "=0.5"])
def test_shares_that_are_none_are_refused(source: str) -> None:
    with pytest.raises(UsageError, match="share"):
        sources_and_shares("--words", [source])


@pytest.mark.parametrize(
    "arguments",
    [["--words", "a=0.6", "--words", "b=0.6"], ["--minutes", "0"], ["--steps", "-1"], ["--rate", "0"], ["--area", "9"],
     ["--signs", "2"], ["--codes", "-1"], ["--workers", "-1"], ["--device", "abacus"]],
)  # fmt: skip
def test_options_that_make_no_sense_are_named(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    code, told = run("recognizer", tmp_path / "run", *arguments)
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)
    assert told.startswith("ocr-doc-train: ")
    assert not (tmp_path / "run").exists()


def test_data_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ["recognizer", tmp_path / "run", "--words", tmp_path / "none.tsv"],
        ["recognizer", tmp_path / "run", "--from", tmp_path / "none.safetensors"],
        ["export", tmp_path / "none.safetensors", tmp_path / "w", "x"],
        ["lines", tmp_path / "none.jsonl", tmp_path / "w"],
    ):
        fonts = ["--fonts", tmp_path / "no-fonts"] if arguments[0] == "recognizer" else []
        code, told = run(*arguments, *fonts)
        assert code == ExitCode.INPUT_MISSING
        assert "none." in told.splitlines()[-1]
    code, told = run("detector", tmp_path / "run", "--side", 100)
    assert (code, told.count("\n")) == (ExitCode.USAGE, 1)


@pytest.mark.parametrize("arguments", [[], ["sing"], ["recognizer"], ["recognizer", "a", "--precision", "fp8"]])
def test_what_is_no_command_line_is_argparse_s(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == ExitCode.USAGE
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("place", [0, 1, 4])
def test_debug_shows_the_traceback_wherever_it_stands(tmp_path: Path, place: int) -> None:
    arguments = ["export", str(tmp_path / "none"), str(tmp_path), "x"]
    arguments.insert(place, "--debug")
    with pytest.raises(Exception, match="none"):
        main(arguments)


def test_missing_packages_are_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("wordfreq", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    code, told = run("recognizer", tmp_path / "run")
    assert (code, told.count("\n")) == (ExitCode.DEPENDENCY, 1)
    assert "matplotlib, wordfreq" in told
    assert "ocr-doc[train]" in told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    def interrupted(*_: object) -> None:
        os.kill(os.getpid(), number)
        time.sleep(10)

    monkeypatch.setattr(recognizer_cli, "train_recognizer", interrupted)
    code, told = run("recognizer", "never-made")
    assert code == ExitCode.INTERRUPTED
    assert "--resume" in told
