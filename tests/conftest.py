"""Shared fixtures: pages that carry their text in plain sight, and a detector and a reader that see it.

A word is drawn as a row of bars, one for each character, CELL pixels wide and as grey as the character's code. So the
fakes really look at pixels, need no state, and work on files and across processes.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from PIL import Image

from ocr_doc import cli
from ocr_doc.api import OCRPipeline
from ocr_doc.core.geometry import box_quad
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.weights.manifest import Entry, write_entry

if TYPE_CHECKING:
    from ocr_doc.server.service import Service

CELL, HEIGHT, PAPER = 12, 20, 255
INK_BELOW = 150

Pixels = NDArray[np.uint8]


def draw(words: Iterable[tuple[str, int, int]], width: int = 400, height: int = 200) -> Pixels:
    """A page (H, W, 3) with words (text, left, top) on it; texts of ASCII."""
    page = np.full((height, width, 3), PAPER, dtype=np.uint8)
    for text, x, y in words:
        for i, character in enumerate(text):
            page[y : y + HEIGHT, x + i * CELL : x + (i + 1) * CELL] = ord(character)
    return page


class BarDetector:
    """Finds bars; gives the characters' quads only if asked to."""

    def __init__(self, with_characters: bool = False) -> None:
        self.with_characters = with_characters

    def detect(self, pixels: Pixels) -> list[DetectedWord]:
        ink = (pixels[..., 0] < INK_BELOW).astype(np.uint8)
        boxes = cv2.connectedComponentsWithStats(ink)[2][1:, :4].tolist()
        return [
            DetectedWord(
                box_quad((x, y, x + w, y + h)),
                0.9,
                tuple(box_quad((c, y, c + CELL, y + h)) for c in range(x, x + w, CELL) if self.with_characters),
            )
            for x, y, w, h in boxes
        ]


class BarReader:
    """Reads bars. A word of "?" signs is read with a confidence of 0.2, any other with 0.95."""

    def read(self, crops: Sequence[Pixels], expected: Sequence[int] | None = None) -> list[Reading]:
        return [self._read(crop) for crop in crops]

    def _read(self, crop: Pixels) -> Reading:
        assert crop.ndim == 2, "crops are grey"
        row = crop[len(crop) // 2]
        ink = np.flatnonzero(row < INK_BELOW)
        if len(ink) < CELL // 2:
            return Reading("", 0.0)
        starts = range(int(ink[0]), int(ink[-1]) + 1 - CELL // 2, CELL)
        width = len(row)
        characters = tuple(
            ReadCharacter(chr(int(row[s + CELL // 2])), 0.97, s / width, min(1.0, (s + CELL) / width)) for s in starts
        )
        text = "".join(c.text for c in characters)
        return Reading(text, 0.2 if set(text) == {"?"} else 0.95, characters)


RECEIPT = (
    ("Milk", 20, 20),
    ("1.20", 300, 22),
    ("Tea", 20, 50),
    ("3.45", 300, 51),
    ("TOTAL", 20, 140),
    ("??", 300, 140),
)
RECEIPT_TEXT = "Milk 1.20\nTea 3.45\n\nTOTAL ??"


@pytest.fixture
def receipt() -> Pixels:
    return draw(RECEIPT)


@pytest.fixture
def receipt_text() -> str:
    return RECEIPT_TEXT


@pytest.fixture
def draw_page() -> Callable[..., Pixels]:
    return draw


@pytest.fixture
def save_page(tmp_path: Path) -> Callable[..., Path]:
    """Draws a page with one word into a file below the test's folder."""

    def save(name: str, text: str = "hello") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"quality": 100, "subsampling": 0} if path.suffix == ".jpg" else {}
        Image.fromarray(draw([(text, 20, 20)])).save(path, **options)
        return path

    return save


@pytest.fixture(scope="session")
def real() -> Iterator[OCRPipeline]:
    """A pipeline with the networks that ship."""
    with OCRPipeline() as pipeline:
        yield pipeline


@pytest.fixture
def ocr() -> OCRPipeline:
    return OCRPipeline(detector=BarDetector(), recognizer=BarReader())


@pytest.fixture
def make_ocr() -> Callable[..., OCRPipeline]:
    """A pipeline of fakes with the caller's own options, or with the caller's own detector."""

    def make(with_characters: bool = False, **options: object) -> OCRPipeline:
        return OCRPipeline(**{"detector": BarDetector(with_characters), "recognizer": BarReader(), **options})

    return make


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], make_ocr: Callable[..., OCRPipeline]
) -> Callable[..., SimpleNamespace]:
    """Runs the command line in this process, with fakes for the networks."""

    def with_fakes(arguments: argparse.Namespace, _chosen: object) -> OCRPipeline:
        return make_ocr(**cli.options_from(arguments)[1])

    monkeypatch.setattr(cli, "make_pipeline", with_fakes)

    def call(*arguments: object) -> SimpleNamespace:
        code = cli.main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return call


@contextlib.contextmanager
def _served(pipeline: OCRPipeline | None, **settings: object) -> Iterator[tuple[str, Service]]:
    """The service on a free port of this machine, in a thread, and stopped in the end."""
    import uvicorn

    from ocr_doc.server.app import create_app
    from ocr_doc.server.settings import Settings

    _raise_loopback()
    app = create_app(Settings(**{"workers": 1, "threads": 1, **settings}), pipeline)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        service = app.state.service
        assert service.warm.wait(60) and service.failure is None
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", service
    finally:
        service.stopping.set()
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive() and not service.folder.exists()


def _raise_loopback() -> None:
    """Raises the loopback device: in a network namespace of its own, as CI makes one, it is down."""
    import fcntl

    with socket.socket() as probe, contextlib.suppress(OSError):
        request = fcntl.ioctl(probe, 0x8913, struct.pack("16sh14x", b"lo", 0))  # SIOCGIFFLAGS
        flags = struct.unpack("16sh14x", request)[1]
        if not flags & 1:  # IFF_UP
            fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))  # SIOCSIFFLAGS


@pytest.fixture(scope="session")
def serve() -> Callable[..., contextlib.AbstractContextManager[tuple[str, Service]]]:
    """Serves a pipeline; without one the fakes' own. Gives the address and the service."""

    def serving(
        pipeline: OCRPipeline | None = None, **settings: object
    ) -> contextlib.AbstractContextManager[tuple[str, Service]]:
        return _served(pipeline or OCRPipeline(detector=BarDetector(), recognizer=BarReader()), **settings)

    return serving


TINY_ALPHABET = "abcdef"


def _model(nodes: Sequence[NodeProto], constants: dict[str, NDArray[np.generic]]) -> ModelProto:
    make = helper.make_tensor_value_info
    values = [make("x", TensorProto.FLOAT, ["n", "c", "h", "w"]), make("y", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", values[:1], values[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights that really run: a detector that calls dark places text, a reader that guesses letters."""
    folder = tmp_path_factory.mktemp("tiny-weights")
    darkness = np.stack([np.full((3, 2, 2), -1 / 12), np.zeros((3, 2, 2))]).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"], strides=[2, 2])]
    model = _model(nodes, {"w": darkness, "b": np.array([1, 0], np.float32)})
    (folder / "detector.onnx").write_bytes(model.SerializeToString())
    columns = np.random.default_rng(1).normal(size=(len(TINY_ALPHABET) + 1, 1, 32, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["map"], strides=[4, 4]),
        helper.make_node("Squeeze", ["map", "axis"], ["steps"]),
        helper.make_node("Transpose", ["steps"], ["scores"], perm=[0, 2, 1]),
        helper.make_node("LogSoftmax", ["scores"], ["y"], axis=2),
    ]
    model = _model(nodes, {"w": columns, "axis": np.array([2], np.int64)})
    (folder / "recognizer.onnx").write_bytes(model.SerializeToString())
    write_entry(folder, Entry("tiny-detector", "detector", ()), ["detector.onnx"])
    write_entry(folder, Entry("tiny-reader", "recognizer", (), alphabet=TINY_ALPHABET), ["recognizer.onnx"])
    return folder
