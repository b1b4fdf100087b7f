"""Documents decoded in processes of their own, which can be ended.

The decoders of images and PDFs are C code that reads whatever strangers send. A thread in there cannot be stopped, and
a fault in there ends the process; so each document is opened in a child, which gives its pages one by one and is killed
when its time is over, when its client is gone, or when it takes too much memory. The networks stay in one process.
"""

from __future__ import annotations

import contextlib
import io
import logging
import multiprocessing
import os
import queue
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, OcrDocError
from ocr_doc.page_image import InputOptions, PageImage
from ocr_doc.server.faults import Refusal, too_many_pages
from ocr_doc.server.work import Ticket
from ocr_doc.sources import count_pages, read_pages

_LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.1
_START_SECONDS = 120.0
# A page as pixels, its copies while it is converted, and what Python and its libraries map.
_BYTES_PER_PIXEL, _BYTES_BEYOND = 24, 2**29
_NO_PIXELS = np.empty((0, 0, 3), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Upload:
    """A document as received.

    Attributes:
        name: Its name, without folders; for messages and results.
        data: Its bytes.
    """

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Order:
    """What a child is asked for: pages of a document; with `only_count` their number alone."""

    upload: Upload
    options: InputOptions
    max_pages: int
    only_count: bool


class DecoderPool:
    """Children that decode, each one document at a time.

    Args:
        count: How many.
        max_pixels: Of the largest page; bounds a child's memory.
        folder: For temporary files; they are removed even after a child that was killed.
    """

    def __init__(self, count: int, max_pixels: int, folder: Path) -> None:
        memory = _BYTES_BEYOND + _BYTES_PER_PIXEL * max_pixels
        self._free: queue.LifoQueue[_Decoder] = queue.LifoQueue()
        self._all = [_Decoder(folder / f"decoder-{number}", memory) for number in range(count)]
        self._closed = False
        for decoder in reversed(self._all):
            self._free.put(decoder)

    def start(self) -> None:
        """Starts the children, so that the first request need not wait for one."""
        for decoder in self._all:
            decoder.start()

    def wait(self) -> None:
        """Waits until all children work.

        Raises:
            RuntimeError: If one does not start.
            Refusal: If they take minutes.
        """
        ticket = Ticket(_START_SECONDS)
        ticket.begin()
        for decoder in self._all:
            decoder.wait(ticket)

    def close(self) -> None:
        """Ends the children."""
        self._closed = True
        for decoder in self._all:
            decoder.end()

    def count(self, upload: Upload, options: InputOptions, max_pages: int, ticket: Ticket) -> int:
        """The number of pages that `pages` would give, without decoding any. Raises as `pages`."""
        with self._taken(ticket) as decoder:
            return decoder.order(_Order(upload, options, max_pages, only_count=True), ticket)

    @contextlib.contextmanager
    def pages(
        self, upload: Upload, options: InputOptions, max_pages: int, ticket: Ticket
    ) -> Iterator[tuple[int, Iterator[PageImage]]]:
        """The number of a document's pages, and the pages as they are asked for.

        Raises:
            OcrDocError: If the document cannot be read.
            Refusal: If it has more than `max_pages` pages, or the ticket's time is over.
            Gone: If nobody waits for it any more.
        """
        with self._taken(ticket) as decoder:
            count = decoder.order(_Order(upload, options, max_pages, only_count=False), ticket)
            try:
                yield count, decoder.pages(ticket)
            finally:
                decoder.finish()

    @contextlib.contextmanager
    def _taken(self, ticket: Ticket) -> Iterator[_Decoder]:
        while True:
            ticket.check()
            with contextlib.suppress(queue.Empty):
                decoder = self._free.get(timeout=_POLL_SECONDS)
                break
        try:
            yield decoder
        finally:
            if decoder.alive:
                self._free.put(decoder)
            else:  # a new child takes a while to start, which the next document need not wait for
                threading.Thread(target=self._revive, args=(decoder,), daemon=True).start()

    def _revive(self, decoder: _Decoder) -> None:
        ticket = Ticket(_START_SECONDS)
        ticket.begin()
        try:
            if not self._closed:
                decoder.wait(ticket)
        except (RuntimeError, Refusal, OSError) as error:
            _LOG.error("a decoder does not start: %s", error)  # whoever takes it hears it, too
        finally:
            if self._closed:
                decoder.end()
            self._free.put(decoder)


class _Decoder:
    """One child and the line to it. Used by one thread at a time."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder, self._memory = folder, memory
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None
        self._start = threading.Lock()
        self._greeted = False  # whether the child has said that it works
        self._open = False  # whether the child may be asked for pages
        self._name = ""

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._line is not None and self._process is not None and self._process.is_alive()

    def start(self) -> Connection:
        """Starts the child unless it runs; gives the line to it."""
        with self._start:
            if self._line is not None and self.alive:
                return self._line
            self.end()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._greeted = False
            context = multiprocessing.get_context("spawn")  # a fork would copy our threads' locks in any state
            self._line, far = context.Pipe()
            arguments = (far, str(self._folder), self._memory)
            self._process = context.Process(target=_decode, args=arguments, name="decoder", daemon=True)
            self._process.start()
            far.close()
            return self._line

    def end(self) -> None:
        """Kills the child, with the programs that it runs, and removes its files."""
        process, self._process = self._process, None
        if process is not None and process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # The child leads a group of its own, if it lived long enough; pdftoppm is in it, too.
                if hasattr(os, "killpg") and os.getpgid(process.pid) == process.pid:
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.join()
        if self._line is not None:
            self._line.close()
            self._line = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait(self, ticket: Ticket) -> None:
        """Waits until the child has said that it works; see `DecoderPool.wait`."""
        if self._greeted:
            return
        self.start()
        try:
            self._greeted = self._received(ticket, "") is True
        except InputBrokenError as error:
            raise RuntimeError("the processes that decode do not start") from error

    def order(self, order: _Order, ticket: Ticket) -> int:
        """Hands the child a document; gives the number of its pages. Raises as `DecoderPool.pages`."""
        self._name = order.upload.name
        line = self.start()
        try:
            line.send(order)
        except OSError as error:  # the child died before it took all of it
            greeted = self._greeted
            self.end()
            if not greeted:
                raise RuntimeError("the processes that decode do not start") from error
            raise _died(self._name) from error
        self.wait(ticket)
        count = self._received(ticket, self._name)
        assert isinstance(count, int)
        self._open = not order.only_count
        return count

    def pages(self, ticket: Ticket) -> Iterator[PageImage]:
        """The pages of the document that was handed over last."""
        line = self._line
        while self._open and line is not None:
            line.send(True)
            page = self._received(ticket, self._name)
            if page is None:
                self._open = False
                return
            assert isinstance(page, tuple)
            image, shape = page
            pixels = np.empty(shape, dtype=np.uint8)
            line.recv_bytes_into(pixels.data.cast("B"))
            yield replace(image, pixels=pixels)

    def finish(self) -> None:
        """Tells the child that no more pages are wanted of this document."""
        if self._open and self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(False)
        self._open = False

    def _received(self, ticket: Ticket, name: str) -> object:
        """What the child says next, as long as the ticket allows."""
        line = self._line
        assert line is not None
        try:
            while not line.poll(_POLL_SECONDS):
                ticket.check()
            answer = line.recv()
        except (EOFError, OSError) as error:
            self._open = False
            self.end()
            raise _died(name) from error
        except BaseException:
            self._open = False
            self.end()  # in the middle of C code, as a rule: there is no other way to stop it
            raise
        if isinstance(answer, Exception):
            self._open = False  # the child has told all and waits for the next document
            raise answer
        return answer


def _died(name: str) -> InputBrokenError:
    where = f"{name}: " if name else ""
    return InputBrokenError(f"{where}decoding it failed: it is damaged or needs too much memory.", "Export it again.")


def _decode(line: Connection, folder: str, memory: int) -> None:
    """The child: takes documents and gives their pages until the line ends."""
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the service ends this child
    tempfile.tempdir = folder
    _limit_memory(memory)
    with contextlib.suppress(EOFError, OSError):
        line.send(True)
        while True:
            order = line.recv()
            assert isinstance(order, _Order)
            try:
                _answer(line, order)
            except (OcrDocError, Refusal) as error:
                line.send(_without_path(error, folder, order.upload.name))
            except MemoryError:
                line.send(_died(order.upload.name))
            except (EOFError, OSError):
                raise
            except Exception as error:  # a fault of a decoder is a fault of its input, here
                _LOG.warning("a document could not be decoded: %s: %s", type(error).__name__, error)
                line.send(_died(order.upload.name))


def _answer(line: Connection, order: _Order) -> None:
    upload = order.upload
    source = _Named(upload)
    count = count_pages(source, order.options) or 0
    if count > order.max_pages:
        raise too_many_pages(upload.name, count, order.max_pages)
    line.send(count)
    if order.only_count:
        return
    pages = read_pages(source, order.options)
    while line.recv():
        image = next(pages, None)
        if image is None:
            line.send(None)
            return
        line.send((replace(image, pixels=_NO_PIXELS), image.pixels.shape))
        line.send_bytes(_raw(image.pixels))


class _Named(io.BytesIO):
    """A document in memory with its name."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload.data)
        self.name = upload.name


def _raw(pixels: NDArray[np.uint8]) -> memoryview:
    return np.ascontiguousarray(pixels).data.cast("B")


def _limit_memory(memory: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _without_path(error: OcrDocError | Refusal, folder: str, name: str) -> OcrDocError | Refusal:
    """The same error, its message without the place of a temporary file: poppler tells the path it was given."""
    if folder not in error.message:
        return error
    if isinstance(error, OcrDocError):
        return type(error)(f"{name}: the page cannot be drawn.", error.remedy)
    return error


__all__ = ["DecoderPool", "Upload"]
