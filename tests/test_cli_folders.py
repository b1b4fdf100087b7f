"""Folders on the command line: where results go, what goes on after a fault, and where a run is taken up again."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ocr_doc import OCRPipeline
from ocr_doc.core.errors import ExitCode

Run = Callable[..., SimpleNamespace]


def test_folder_run(run: Run, save_page: Callable[..., Path], tmp_path: Path) -> None:
    save_page("scans/a.png", "first")
    save_page("scans/a.jpg", "second")
    save_page("scans/deep/b.png", "third")
    (tmp_path / "scans" / "bad.png").write_text("nothing to see here")
    (tmp_path / "scans" / "notes.md").write_text("notes")
    done = run(tmp_path / "scans", "-o", tmp_path / "out", "--format", "text")
    assert done.code == ExitCode.SOME_FAILED
    assert done.out == ""
    error, summary = done.err.splitlines()
    assert re.match(r"ocr-doc: .*bad\.png: is a text file", error)
    assert summary == "ocr-doc: 3 read, 1 failed, 1 skipped (no PDF or image)."
    out = tmp_path / "out"
    written = {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
    assert written["a.png.txt"] == "first\n"
    assert written["deep/b.txt"] == "third\n"
    assert set(written) == {"a.png.txt", "a.jpg.txt", "deep/b.txt"}


def test_folder_run_goes_on_where_a_result_cannot_be_written(
    run: Run, save_page: Callable[..., Path], tmp_path: Path
) -> None:
    save_page("scans/a.png")
    save_page("scans/b.png")
    (tmp_path / "out" / "a.json").mkdir(parents=True)
    done = run(tmp_path / "scans", "-o", tmp_path / "out", "--quiet")
    assert done.code == ExitCode.SOME_FAILED
    assert done.err.count("\n") == 1 and "a.json: is a folder" in done.err
    assert (tmp_path / "out" / "b.json").exists()


def test_a_run_goes_on_where_it_was_left(run: Run, save_page: Callable[..., Path], tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    first = save_page("scans/a.png", "first")
    assert run(first, "-o", f"{out}/", "--resume").code == 0
    (out / "a.json").write_text("kept")
    again = run(first, "-o", f"{out}/", "--resume")
    assert (again.code, again.err) == (0, "ocr-doc: 0 read, 0 failed, 1 done before.\n")
    save_page("scans/b.png", "second")
    assert run(scans, "-o", out, "--resume").err == "ocr-doc: 1 read, 0 failed, 1 done before.\n"
    assert (out / "a.json").read_text() == "kept"
    assert (out / "b.json").exists()
    for arguments in ([first, "--resume"], [first, "-o", tmp_path / "a.txt", "--resume"]):
        refused = run(*arguments)
        assert refused.code == ExitCode.USAGE
        assert refused.err.startswith("ocr-doc: --resume: ")


def test_one_file_into_a_folder_keeps_its_code(run: Run, save_page: Callable[..., Path], tmp_path: Path) -> None:
    assert run(save_page("1.png"), "-o", f"{tmp_path}/out/").code == 0
    assert (tmp_path / "out" / "1.json").exists()
    assert run(tmp_path / "gone.png", "-o", f"{tmp_path}/out/").code == ExitCode.INPUT_MISSING


def test_progress_bar_on_a_terminal_only(
    run: Run, save_page: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_page("scans/a.png")
    assert "%|" not in run(tmp_path / "scans", "-o", tmp_path / "out").err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    shown = run(tmp_path / "scans", "-o", tmp_path / "out").err
    assert "1/1" in shown
    assert shown.isascii()
    assert "1/1" not in run(tmp_path / "scans", "-o", tmp_path / "out", "--quiet").err


def test_interruption_keeps_what_was_written(
    run: Run, save_page: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_page("scans/a.png")
    save_page("scans/b.png")
    read = OCRPipeline._read

    def interrupted(self: OCRPipeline, source: Path, *rest: Any) -> Any:  # noqa: ANN401
        if source.name == "b.png":
            raise KeyboardInterrupt
        return read(self, source, *rest)

    monkeypatch.setattr(OCRPipeline, "_read", interrupted)
    done = run(tmp_path / "scans", "-o", tmp_path / "out")
    assert done.code == ExitCode.INTERRUPTED
    assert done.err.splitlines() == ["ocr-doc: interrupted; results written so far are kept."]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.json"]
