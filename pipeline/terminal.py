"""The command line's streams: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import BinaryIO, Protocol


class Progress(Protocol):
    """Counts finished documents."""

    def update(self, n: int = 1) -> object:
        """So many more are finished."""

    def write(self, text: str) -> None:
        """A line that must not run into the bar."""


class Quiet:
    """Progress that shows nothing; its lines go to standard error."""

    def update(self, n: int = 1) -> None:
        """See `Progress`."""

    def write(self, text: str) -> None:
        """See `Progress`."""
        sys.stderr.write(f"{text}\n")


class _Bar:
    """A bar on standard error, in ASCII: other characters crash or clutter some terminals."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - only terminals pay for it

        self.bar = tqdm(total=total, unit="file", ascii=True, file=sys.stderr, dynamic_ncols=True)

    def update(self, n: int = 1) -> None:
        self.bar.update(n)

    def write(self, text: str) -> None:
        self.bar.write(text, file=sys.stderr)


@contextlib.contextmanager
def progress(total: int, wanted: bool) -> Iterator[Progress]:
    """A bar with the time left where somebody watches: standard error is a terminal and the bar is wanted."""
    if not wanted or not sys.stderr.isatty():
        yield Quiet()
        return
    bar = _Bar(total)
    try:
        yield bar
    finally:
        bar.bar.close()


@contextlib.contextmanager
def guarded_stdout() -> Iterator[BinaryIO]:
    """Standard output for results alone: whatever else is printed meanwhile, by C code too, goes to standard error."""
    stdout = sys.stdout
    stdout.flush()
    try:
        number, other = stdout.fileno(), sys.stderr.fileno()
    except (AttributeError, io.UnsupportedOperation):  # no real files: a notebook's, or a test's
        with contextlib.redirect_stdout(sys.stderr):
            yield stdout.buffer
        return
    stream = os.fdopen(os.dup(number), "wb")
    os.dup2(other, number)
    try:
        yield stream
        stream.flush()
    finally:
        stdout.flush()
        os.dup2(stream.fileno(), number)
        # What could not be written has been told by the flush; closing would only tell it again.
        with contextlib.suppress(OSError):
            stream.close()


@contextlib.contextmanager
def log_to_stderr(level: int) -> Iterator[None]:
    """Shows ocr-doc's own log on standard error; other libraries' logs and the root logger stay as they are."""
    logger = logging.getLogger("ocr_doc")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("ocr-doc: %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Makes SIGTERM unwind like Ctrl-C, so that no temporary file is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
