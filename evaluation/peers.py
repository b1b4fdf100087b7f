"""The peers: Tesseract by its program, RapidOCR by its Python package, each with its own defaults."""

from __future__ import annotations

import csv
import logging
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ocr_doc.core.errors import DependencyError, OcrDocError
from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.boxes import parts_of, rows_of
from ocr_doc.evaluation.engines import PageReading
from ocr_doc.evaluation.ours import peak_memory
from ocr_doc.evaluation.stages import ReadWord

_TEXT_COLUMNS = 12


class Tesseract:
    """The program `tesseract` with the language that it takes by itself (English).

    Args:
        threads: Threads that it may use; None for as many as the machine has.

    Raises:
        DependencyError: If it is not installed.
    """

    own_boxes = True

    def __init__(self, threads: int | None = None) -> None:
        found = shutil.which("tesseract")
        if found is None:
            raise DependencyError(
                "tesseract: no such program.", "Install Tesseract (Debian: tesseract-ocr), or leave it out."
            )
        self._program = found
        self._environment = dict(os.environ)
        if threads is not None:
            self._environment["OMP_THREAD_LIMIT"] = str(threads)

    def read_page(self, image: Path) -> PageReading:
        """See `Engine`. One run writes both the text and the words, so that they are of the same reading."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            self._run(image, str(out), "--psm", "3", "txt", "tsv")
            text = out.with_suffix(".txt").read_text(encoding="utf-8")
            table = out.with_suffix(".tsv").read_text(encoding="utf-8")
        return PageReading(text, tuple(_tesseract_words(table)))

    def read_crop(self, image: Path) -> ReadWord:
        """See `Engine`."""
        return ReadWord(self._run(image, "stdout", "--psm", "8").strip())

    def read_boxes(self, image: Path, boxes: Sequence[Box]) -> list[str] | None:
        """Not asked: a process for each word would take minutes a page."""
        return None

    def peak_memory(self) -> int:
        """The largest of its runs."""
        return peak_memory(resource.RUSAGE_CHILDREN)

    def _run(self, image: Path, *arguments: str) -> str:
        command = [self._program, str(image), *arguments]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", env=self._environment, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise OcrDocError(f"{image}: tesseract failed: {reason}.", "Leave Tesseract out with --engine.")
        return done.stdout


def _tesseract_words(table: str) -> list[ReadWord]:
    words = []
    for row in csv.reader(table.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) == _TEXT_COLUMNS and row[11].strip():
            x, y, w, h = (float(value) for value in row[6:10])
            confidence = min(max(float(row[10]) / 100, 0.0), 1.0)
            words += [ReadWord(text, box, confidence) for text, box in parts_of((x, y, x + w, y + h), row[11])]
    return words


class RapidOcr:
    """The package `rapidocr` on ONNX Runtime, with the networks that it brings.

    It finds lines: its words are cut out of them by their share of the characters, good enough to say which truth
    words a word belongs to, but not to measure detection.

    Args:
        threads: Threads that it may use; None for as many as it takes.

    Raises:
        DependencyError: If it is not installed.
    """

    own_boxes = False

    def __init__(self, threads: int | None = None) -> None:
        missing = [name for name in ("rapidocr", "onnxruntime") if find_spec(name) is None]
        if missing:
            raise DependencyError(
                f"rapidocr: package not installed: {', '.join(missing)}.",
                "Install it with: pip install rapidocr onnxruntime, or leave it out.",
            )
        from rapidocr import RapidOCR  # noqa: PLC0415 - a peer, seldom installed

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        options: dict[str, Any] = {"Global.log_level": "error"}
        if threads is not None:
            options["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
        self._read: Any = RapidOCR(params=options)

    def read_page(self, image: Path) -> PageReading:
        """See `Engine`."""
        result: Any = self._read(str(image))
        if not result.txts:
            return PageReading("", ())
        boxes: list[Box] = [_around(quad) for quad in result.boxes]
        rows = rows_of(boxes)
        text = "\n".join(" ".join(result.txts[i] for i in row) for row in rows)
        words = tuple(
            ReadWord(part, box, float(result.scores[i]))
            for row in rows
            for i in row
            for part, box in parts_of(boxes[i], result.txts[i])
        )
        return PageReading(text, words)

    def read_crop(self, image: Path) -> ReadWord:
        """See `Engine`."""
        result: Any = self._read(str(image), use_det=False, use_cls=False, use_rec=True)
        return ReadWord(result.txts[0], None, float(result.scores[0])) if result.txts else ReadWord("")

    def read_boxes(self, image: Path, boxes: Sequence[Box]) -> list[str] | None:
        """Not asked: its recogniser is made for lines."""
        return None

    def peak_memory(self) -> int:
        """See `Engine`."""
        return peak_memory()


def _around(quad: Sequence[Sequence[float]]) -> Box:
    xs, ys = [float(point[0]) for point in quad], [float(point[1]) for point in quad]
    return min(xs), min(ys), max(xs), max(ys)
