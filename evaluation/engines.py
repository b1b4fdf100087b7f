"""What reads the samples: ocr-doc and its peers behind one protocol, each in a process of its own.

A process for each engine makes its peak memory its own, and keeps one engine's threads and allocator out of another's
time. Seconds are measured inside that process, around the reading alone.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from ocr_doc.core.errors import OcrDocError, UsageError
from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.stages import ReadWord

NAMES = ("ocr-doc", "tesseract", "rapidocr")


@dataclass(frozen=True, slots=True)
class PageReading:
    """What an engine made of a page: its text in its own reading order, and its words in the same order.

    Attributes:
        fields: What it found the page to say as a bill, by the names of `Sample.fields`; None if it looks for none.
    """

    text: str
    words: tuple[ReadWord, ...]
    fields: tuple[tuple[str, str], ...] | None = None


class Engine(Protocol):
    """Reads pages and crops; lives in a process of its own."""

    @property
    def own_boxes(self) -> bool:
        """Whether words' boxes are the engine's own and not cut out of lines."""

    def read_page(self, image: Path) -> PageReading:
        """Reads an image file that holds one page."""

    def read_crop(self, image: Path) -> ReadWord:
        """Reads an image file that holds one word, without looking for words; the text may hold spaces."""

    def read_boxes(self, image: Path, boxes: Sequence[Box]) -> list[str] | None:
        """What the recogniser alone reads in boxes of a page; None if it cannot be asked for that."""

    def peak_memory(self) -> int:
        """The most memory that it has held so far, in bytes."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine, and how ocr-doc is to be set up; peers take none of it.

    Attributes:
        name: One of `NAMES`.
        setup: Arguments of `OCRPipeline`, such as weights.
        options: Options of each call.
        threads: Threads that the engine may use; None for as many as this process may.
    """

    name: str
    setup: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None


def make_engine(choice: EngineChoice) -> Engine:
    """Loads an engine into this process.

    Raises:
        DependencyError: If it is not installed.
        UsageError: If there is no such engine.
    """
    # Here and not at the top: each engine's own packages are needed in its own process alone.
    if choice.name == "ocr-doc":
        from ocr_doc.evaluation.ours import OcrDoc  # noqa: PLC0415

        return OcrDoc(choice)
    from ocr_doc.evaluation.peers import RapidOcr, Tesseract  # noqa: PLC0415

    if choice.name == "tesseract":
        return Tesseract(choice.threads)
    if choice.name == "rapidocr":
        return RapidOcr(choice.threads)
    raise UsageError(f"There is no engine {choice.name!r}.", f"Choose from {', '.join(NAMES)}.")


@dataclass(frozen=True, slots=True)
class Timed:
    """What a call gave, the seconds that it took, and the engine's peak memory in bytes after it."""

    value: Any
    seconds: float
    peak: int


class Worker:
    """An engine in a process of its own. Use it in a `with` block, which ends the process.

    Args:
        choice: The engine.

    Raises:
        OcrDocError: Whatever the engine raised when it was loaded.
    """

    def __init__(self, choice: EngineChoice) -> None:
        self.name = choice.name
        # Spawned, not forked: a fork would share this process's memory and the threads' locks.
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, choice), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self.own_boxes = bool(self._answer().value)
        except BaseException:
            self.close()
            raise

    def read_page(self, image: Path) -> Timed:
        """`Engine.read_page`, timed. Raises what that raises."""
        return self._call("read_page", image)

    def read_crop(self, image: Path) -> Timed:
        """`Engine.read_crop`, timed. Raises what that raises."""
        return self._call("read_crop", image)

    def read_boxes(self, image: Path, boxes: Sequence[Box]) -> Timed:
        """`Engine.read_boxes`, timed. Raises what that raises."""
        return self._call("read_boxes", image, boxes)

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, *arguments: object) -> Timed:
        self._ours.send((method, arguments))
        return self._answer()

    def _answer(self) -> Timed:
        try:
            answer = self._ours.recv()
        except EOFError:
            self._process.join()
            raise OcrDocError(
                f"{self.name}: its process ended without an answer (exit code {self._process.exitcode}).",
                "Free some memory, or leave this engine out with --engine.",
            ) from None
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, Timed)
        return answer


def _serve(connection: Connection, choice: EngineChoice) -> None:
    """The other process: loads the engine, then answers calls until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this one
    try:
        engine = make_engine(choice)
        connection.send(Timed(engine.own_boxes, 0.0, 0))
    except Exception as error:
        connection.send(_portable(choice.name, error))
        return
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        start = time.perf_counter()
        try:
            value = getattr(engine, method)(*arguments)
            seconds = time.perf_counter() - start
            connection.send(Timed(value, seconds, engine.peak_memory()))
        except Exception as error:
            connection.send(_portable(choice.name, error))


def _portable(name: str, error: Exception) -> OcrDocError:
    """An error that travels between processes; foreign ones may not."""
    if isinstance(error, OcrDocError):
        return error
    return OcrDocError(f"{name} failed: {type(error).__name__}: {error}.", "Leave it out with --engine.")
