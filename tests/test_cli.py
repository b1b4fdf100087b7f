from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_doc import OCRPipeline, Options, api, cli
from ocr_doc.core.errors import ExitCode
from ocr_doc.core.records import EngineInfo
from ocr_doc.export import document_from_json
from ocr_doc.options import Device
from ocr_doc.page_image import PdfRenderer

Pixels = NDArray[np.uint8]
Run = Callable[..., SimpleNamespace]


def process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Runs the command line as its own process, with the networks of `--weights`."""
    command = [sys.executable, "-m", "ocr_doc", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, text=True, cwd=sys.prefix, check=False, **streams)


@pytest.fixture
def page(receipt: Pixels, tmp_path: Path) -> Path:
    path = tmp_path / "receipt.png"
    Image.fromarray(receipt).save(path)
    return path


def test_text_to_stdout(run: Run, page: Path, receipt_text: str) -> None:
    done = run(page)
    assert (done.code, done.out, done.err) == (0, receipt_text + "\n", "")


def test_json_file_equals_the_python_result(run: Run, page: Path, ocr: OCRPipeline, tmp_path: Path) -> None:
    done = run(page, "-o", tmp_path / "deep" / "out.json")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert document_from_json((tmp_path / "deep" / "out.json").read_bytes()) == ocr(str(page))


def test_format_where_no_suffix_says_it(run: Run, page: Path, tmp_path: Path, receipt_text: str) -> None:
    assert json.loads(run(page, "-o", "-", "--format", "json").out)["text"] == receipt_text
    assert run(page, "-o", tmp_path / "out.dat", "--format", "text").code == 0
    assert (tmp_path / "out.dat").read_text() == receipt_text + "\n"
    done = run(page, "-o", tmp_path / "out.dat2")
    assert done.code == ExitCode.USAGE
    assert "names no output format" in done.err


def test_standard_input(run: Run, page: Path, monkeypatch: pytest.MonkeyPatch, receipt_text: str) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(page.read_bytes())))
    assert run("-").out == receipt_text + "\n"


ARGUMENTS = [
    ([], {}),
    (["--pages", "2-3"], {"pages": "2-3"}),
    (["--password", "x", "--dpi", "300"], {"password": "x", "dpi": 300}),
    (["--pdf-renderer", "pdfium", "--max-megapixels", "2.5"], {"pdf_renderer": "pdfium", "max_pixels": 2_500_000}),
    (["--min-confidence", "0.5", "--no-characters"], {"min_confidence": 0.5, "characters": False}),
    (["--beam-width", "8", "--batch-size", "3"], {"beam_width": 8, "batch_size": 3}),
]


@pytest.mark.parametrize(("arguments", "options"), ARGUMENTS)
def test_command_line_and_python_build_the_same_options(arguments: list[str], options: dict[str, Any]) -> None:
    engine, reading = cli.options_from(cli.build_parser().parse_args(["page.png", *arguments]))
    assert engine == {}
    assert Options().changed(**reading) == Options(**options)


def test_every_option_of_a_call_is_on_the_command_line() -> None:
    named = {action.dest for action in cli.build_parser()._actions}
    assert {"max_megapixels" if name == "max_pixels" else name for name in Options.__dataclass_fields__} <= named


def test_choices_are_those_of_the_library() -> None:
    choices = {action.dest: action.choices for action in cli.build_parser()._actions}
    assert choices["pdf_renderer"] == get_args(PdfRenderer)
    assert choices["device"] == get_args(Device)


def test_lexicon_file(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeffTotal\n\n Summe \n", encoding="utf-8")
    arguments = cli.build_parser().parse_args(["p", "--lexicon", str(tmp_path / "words.txt"), "--beam-width", "4"])
    assert cli.options_from(arguments)[1]["lexicon"] == ("Total", "Summe")


def test_missing_lexicon(run: Run, page: Path) -> None:
    done = run(page, "--lexicon", "none.txt", "--beam-width", "4")
    assert (done.code, "none.txt: the lexicon cannot be read" in done.err) == (ExitCode.INPUT_MISSING, True)


WRONG = ("--dpi 0", "--dpi many", "--min-confidence 1.1", "--min-confidence nan", "--beam-width -1", "--threads 0")


@pytest.mark.parametrize("arguments", [*WRONG, "--max-megapixels 0", "--device tpu", "--pdf-renderer gs", "--unknown"])
def test_wrong_arguments(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["page.png", *arguments.split()])
    assert left.value.code == ExitCode.USAGE
    assert "ocr-doc: error:" in capsys.readouterr().err


FAULTS: list[tuple[str, bytes | None, ExitCode]] = [
    ("gone.png", None, ExitCode.INPUT_MISSING),
    ("empty.png", b"", ExitCode.INPUT_EMPTY),
    ("text.png", b"I am no picture at all", ExitCode.INPUT_UNSUPPORTED),
    ("cut.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, ExitCode.INPUT_BROKEN),
]


@pytest.mark.parametrize(("name", "content", "code"), FAULTS)
def test_a_fault_is_one_line_and_keeps_earlier_output(
    run: Run, tmp_path: Path, name: str, content: bytes | None, code: ExitCode
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "out.json").write_text("earlier")
    done = run(tmp_path / name, "-o", tmp_path / "out.json")
    assert done.code == code
    assert done.out == ""
    assert re.fullmatch(r"ocr-doc: [^\n]*" + re.escape(name) + r": [^\n]+\. [^\n]+\n", done.err)
    assert (tmp_path / "out.json").read_text() == "earlier"
    assert "Traceback" in run(tmp_path / name, "--debug").err


def test_folder_where_a_file_is_meant(run: Run, tmp_path: Path) -> None:
    for arguments in ([tmp_path], [tmp_path, "-o", tmp_path / "out.json"]):
        done = run(*arguments)
        assert done.code == ExitCode.INPUT_MISSING
        assert "is a folder" in done.err


def test_several_files(run: Run, save_page: Callable[..., Path], tmp_path: Path) -> None:
    one, two = save_page("1.png", "one"), save_page("2.png", "two")
    assert run(one, two).out == "one\ntwo\n"
    assert run(one, two, "-o", tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.json", "2.json"]
    assert run(one, two, "-o", tmp_path / "out.json").code == ExitCode.USAGE
    assert run(one, two, "--format", "json").code == ExitCode.USAGE
    assert run(one, tmp_path / "gone.png", "--quiet").code == ExitCode.SOME_FAILED


def test_an_input_is_never_overwritten(run: Run, page: Path) -> None:
    before = page.read_bytes()
    assert run(page, "-o", page, "--format", "json").code == ExitCode.USAGE
    assert page.read_bytes() == before


def test_warnings_of_pages_are_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: Path) -> None:
    def read_pages(*arguments: object) -> Any:  # noqa: ANN401
        return (replace(image, warnings=("Look out.",)) for image in original(*arguments))

    original = api.read_pages
    monkeypatch.setattr(api, "read_pages", read_pages)
    assert run(page, "-o", tmp_path / "out.json").err == f"ocr-doc: {page}: page 1: Look out.\n"
    assert run(page, "-o", tmp_path / "out.json", "--quiet").err == ""


def test_internal_fault_is_one_line(run: Run, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> None:
        raise ZeroDivisionError("oops\nand more")

    monkeypatch.setattr(OCRPipeline, "_read", faulty)
    done = run(page)
    assert (done.code, done.err.count("\n")) == (ExitCode.INTERNAL, 1)
    assert "ZeroDivisionError: oops and more" in done.err


NOISY = """
import os, sys
from ocr_doc.api import OCRPipeline
from ocr_doc.cli import main
read = OCRPipeline._read
def noisy(*arguments):
    sys.stdout.write("stray from Python\\n")
    os.write(1, b"stray from C\\n")
    return read(*arguments)
OCRPipeline._read = noisy
code = main(sys.argv[1:])
sys.stdout.write("after\\n")
sys.exit(code)
"""


def test_stray_prints_do_not_reach_the_result(page: Path, tiny_weights: Path) -> None:
    command = [sys.executable, "-c", NOISY, str(page), "--weights", str(tiny_weights)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=sys.prefix, check=True)
    assert done.stdout == OCRPipeline("cpu", tiny_weights)(page).text + "\nafter\n"
    assert sorted(done.stderr.splitlines()) == ["stray from C", "stray from Python"]


def test_logging_is_configured_for_us_alone_and_undone(run: Run, page: Path) -> None:
    root, ours = logging.getLogger(), logging.getLogger("ocr_doc")
    before = (list(root.handlers), root.level, list(ours.handlers), ours.level)
    run(page, "--debug")
    assert (list(root.handlers), root.level, list(ours.handlers), ours.level) == before


def test_version_and_help_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ocr_doc.cli import main\n"
        "try: main([sys.argv[1]])\nexcept SystemExit as e: assert e.code == 0\n"
        "assert not {'numpy', 'cv2', 'PIL', 'onnxruntime'}.intersection(sys.modules), 'heavy'"
    )
    for flag, shown in (("--version", r"ocr-doc \d+\.\d+"), ("--help", "exit codes:")):
        done = subprocess.run(
            [sys.executable, "-c", code, flag], capture_output=True, text=True, cwd=sys.prefix, check=True
        )
        assert re.search(shown, done.stdout)


OFFLINE = """
import socket, sys
def refuse(*a, **k): raise SystemExit("network")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
from ocr_doc.cli import main
code = main(sys.argv[1:])
assert not {"torch", "torchvision", "scipy", "matplotlib", "tqdm"}.intersection(sys.modules)
sys.exit(code)
"""


def test_whole_way_with_real_engines_and_no_network(page: Path, tiny_weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [
        sys.executable,
        "-c",
        OFFLINE,
        str(page),
        "-o",
        str(out),
        "--weights",
        str(tiny_weights),
        "--device",
        "cpu",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=sys.prefix, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    document = document_from_json(out.read_bytes())
    assert replace(document.engine, version="") == EngineInfo("", "cpu", "tiny-detector", "tiny-reader")
    assert document.words
    assert {c.text for word in document.words for c in word.characters} <= set("abcdef")


def test_batch_size_and_beam_with_real_engines(page: Path, tiny_weights: Path) -> None:
    with OCRPipeline("cpu", tiny_weights, threads=1) as ocr:
        texts = {ocr(page, batch_size=size).text for size in (1, 2, 64)}
        assert len(texts) == 1 and texts != {""}
        assert ocr(page, beam_width=4, lexicon=["abc"]).words


def test_damaged_weights(page: Path, tiny_weights: Path, tmp_path: Path) -> None:
    for path in tiny_weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "detector.onnx").write_bytes(b"damaged")
    done = process(page, "--weights", tmp_path)
    assert (done.returncode, done.stdout) == (ExitCode.WEIGHTS, "")
    assert re.fullmatch(r"ocr-doc: Weight file detector\.onnx is damaged[^\n]*\n", done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_full_disk_at_standard_output(page: Path, tiny_weights: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(page, "--weights", tiny_weights, stdout=full)
    assert done.returncode == ExitCode.OUTPUT
    assert done.stderr.startswith("ocr-doc: Standard output cannot be written") and done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes that break like this")
def test_closed_pipe_is_quiet(page: Path, tiny_weights: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = process(page, "--weights", tiny_weights, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (ExitCode.OUTPUT, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_leave_no_half_file(tiny_weights: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(tmp_path / "pipe")  # reading it waits for ever: the process is surely in the middle of its work
    command = [sys.executable, "-m", "ocr_doc", str(tmp_path / "pipe"), "-o", f"{out}/", "--weights", str(tiny_weights)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=sys.prefix) as started:
        time.sleep(1.5)
        started.send_signal(number)
        assert started.stderr is not None
        error = started.stderr.read()
        assert started.wait(10) == ExitCode.INTERRUPTED
    assert error == "ocr-doc: interrupted; results written so far are kept.\n"
    assert not list(out.iterdir())
