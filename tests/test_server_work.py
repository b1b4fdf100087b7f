"""The parts of the service below HTTP: batching, queues, decoders, formats, settings; and the live camera's socket."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ocr_doc import OCRPipeline, cli
from ocr_doc.core.errors import UsageError
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.page_image import InputOptions
from ocr_doc.server import cli as serve_cli
from ocr_doc.server.batching import BatchingEngine
from ocr_doc.server.decoding import DecoderPool, Upload
from ocr_doc.server.faults import Refusal
from ocr_doc.server.formats import choose_format
from ocr_doc.server.requests import ReadOptions
from ocr_doc.server.settings import Settings
from ocr_doc.server.work import Desk, Gone, Ticket

Serve = Callable[..., contextlib.AbstractContextManager[Any]]


class Adder:
    """An engine that adds one, waits while its gate is shut, and refuses negative numbers."""

    device, name = "cpu", "adder"

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.running = self.most = 0
        self.open = threading.Event()
        self.open.set()

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.running += 1
        self.most = max(self.most, self.running)
        assert self.open.wait(10)
        self.running -= 1
        if (batch < 0).any():
            raise ValueError("negative")
        self.sizes.append(len(batch))
        return np.asarray(batch + 1)

    def close(self) -> None:
        """Nothing to free."""


def calls(engine: BatchingEngine, inner: Adder, batches: Sequence[np.ndarray]) -> list[Any]:
    """What each of several threads gets whose calls come while the first one runs; exceptions as such."""
    results: list[Any] = [None] * len(batches)

    def call(index: int) -> None:
        try:
            results[index] = engine(batches[index])
        except Exception as error:
            results[index] = error

    inner.open.clear()
    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(batches))]
    for number, thread in enumerate(threads):
        thread.start()
        while engine.calls <= number:
            time.sleep(0.001)
    inner.open.set()
    for thread in threads:
        thread.join(10)
    return results


def full(value: float, count: int = 2, width: int = 8) -> np.ndarray:
    return np.full((count, 1, 4, width), value, dtype=np.float32)


def test_calls_that_wait_run_as_one_and_each_gets_its_own() -> None:
    inner = Adder()
    engine = BatchingEngine(inner)
    batches = [full(0), full(1), full(2, width=16), full(3, count=1), full(4, width=16)]
    for batch, result in zip(batches, calls(engine, inner, batches), strict=True):
        assert np.array_equal(result, batch + 1)
    assert sorted(inner.sizes) == [2, 3, 4]  # the first alone, those of one shape, those of the other
    assert engine.runs == 3 and engine.calls == 5


def test_batches_stay_within_their_size() -> None:
    inner = Adder()
    engine = BatchingEngine(inner, size=3)
    calls(engine, inner, [full(0)] * 4)
    assert inner.sizes == [2, 2, 2, 2]
    large = full(0, count=1, width=2**17)
    inner.sizes.clear()
    calls(engine, inner, [large] * 3)
    assert inner.sizes == [1, 1, 1], "whole pages share no batch on the CPU"


def test_two_lanes_run_two_batches_at_once() -> None:
    inner = Adder()
    engine = BatchingEngine(inner, lanes=2)
    batches = [full(0), full(1, width=16), full(2), full(3, width=16), full(4)]
    for batch, result in zip(batches, calls(engine, inner, batches), strict=True):
        assert np.array_equal(result, batch + 1)
    assert inner.most == 2, "while both lanes are taken the others wait"
    assert engine.runs == 4 and engine.calls == 5


def test_a_bad_call_fails_alone() -> None:
    inner = Adder()
    first, good, bad = calls(BatchingEngine(inner), inner, [full(0), full(1), full(-5)])
    assert np.array_equal(first, full(1)) and np.array_equal(good, full(2))
    assert isinstance(bad, ValueError)


def test_nobody_waits_for_company_alone() -> None:
    engine = BatchingEngine(Adder(), delay=5.0)
    start = time.monotonic()
    engine(full(0))
    engine(full(0))
    assert time.monotonic() - start < 2.0


async def _here() -> bool:
    return False


def test_a_desk_takes_what_fits_and_ends_what_is_late() -> None:
    async def story() -> None:
        desk = Desk(1, 1, wait_seconds=0.3)
        gate = threading.Event()

        def wait(ticket: Ticket) -> str:
            while not gate.wait(0.01):
                ticket.check()
            return "done"

        first = asyncio.create_task(desk.do(wait, 30, _here))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(desk.do(wait, 30, _here))
        await asyncio.sleep(0.05)
        assert (desk.taken, desk.waiting) == (2, 1)
        with pytest.raises(Refusal) as full_desk:
            await desk.do(wait, 30, _here)
        assert full_desk.value.status == 503 and full_desk.value.retry_after is not None
        with pytest.raises(Refusal) as no_turn:
            await second
        assert no_turn.value.code == "busy"
        gate.set()
        assert await first == "done"
        gate.clear()
        with pytest.raises(Refusal) as late:
            await desk.do(wait, 0.2, _here)
        assert late.value.code == "too_slow"

        async def left() -> bool:
            return True

        with pytest.raises(Gone):
            await desk.do(wait, 30, left)
        await desk.close(5)
        assert desk.taken == 0
        with pytest.raises(Refusal) as closed:
            desk.check_room()
        assert closed.value.code == "stopping"

    asyncio.run(story())


def test_decoders_give_pages_as_they_are_asked_for(tmp_path: Path) -> None:
    pages = [np.full((30, 40 + number, 3), number, dtype=np.uint8) for number in range(5)]
    file = io.BytesIO()
    first, *others = map(Image.fromarray, pages)
    first.save(file, "TIFF", save_all=True, append_images=others)
    upload, options = Upload("five.tif", file.getvalue()), InputOptions()
    pool = DecoderPool(1, 10_000, tmp_path)
    ticket = Ticket(60)
    try:
        assert pool.count(upload, options, 10, ticket) == 5
        with pool.pages(upload, options, 10, ticket) as (count, images):
            assert count == 5
            assert np.array_equal(next(images).pixels, pages[0])  # and no more of them
        with pool.pages(upload, InputOptions(pages="2-3"), 10, ticket) as (count, images):
            assert [image.number for image in images] == [2, 3] and count == 2
        with pool.pages(upload, options, 10, ticket):
            pass  # not even one
        with pool.pages(upload, options, 10, ticket) as (_, images):
            for image, page in zip(images, pages, strict=True):
                assert np.array_equal(image.pixels, page)
        with pytest.raises(Refusal, match="5 pages are more than the limit of 4"):
            pool.count(upload, options, 4, ticket)
        ticket.drop()
        with pytest.raises(Gone), pool.pages(upload, options, 10, ticket):
            pass
    finally:
        pool.close()


def test_children_that_do_not_start_are_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: b"/bin/false")
    pool = DecoderPool(1, 10_000, tmp_path)
    with contextlib.closing(pool), pytest.raises(RuntimeError, match="do not start"):
        pool.wait()
    with contextlib.closing(pool), pytest.raises(RuntimeError, match="do not start"):
        pool.count(Upload("a.png", b""), InputOptions(), 1, Ticket(30))


def test_formats_are_chosen_by_name_then_by_header() -> None:
    def name(*given: str | None) -> str | None:
        chosen = choose_format(*given)
        return chosen and chosen.name

    assert name("markdown", "application/json") == "markdown"
    assert name(None, None) is None
    assert name(None, "text/html;q=0.1, text/plain;q=0.9") == "text"
    assert name(None, "application/json;q=0.2, text/markdown") == "markdown"
    assert name(None, "text/plain;q=0, */*") is None
    assert name(None, "text/plain;q=nonsense, */*") is None
    with pytest.raises(Refusal):
        choose_format(None, "video/mp4")


def test_settings_that_make_no_sense(tmp_path: Path) -> None:
    for name, value in (
        ("workers", 0),
        ("queue", -1),
        ("seconds", 0),
        ("token", " "),
        ("device", "tpu"),
        ("threads", 0),
    ):
        with pytest.raises(UsageError):
            Settings(**{name: value})
    parse = serve_cli.build_parser().parse_args
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    found = serve_cli.settings_from(parse(["--max-pages", "7", "--origin", "https://a", "--token-file", str(secret)]))
    assert (found.max_pages, found.origins, found.token) == (7, ("https://a",), "s3cret")
    assert serve_cli.settings_from(parse([])) == Settings()
    assert serve_cli.main(["--token-file", str(tmp_path / "none")]) == 3
    assert serve_cli.main(["--seconds", "0"]) == 2


def test_the_service_takes_the_options_of_the_command_line() -> None:
    own = {
        "output",
        "format",
        "max_megapixels",
        "lexicon",
        "batch_size",
        "pdf_renderer",
        "device",
        "threads",
        "weights",
    }
    own |= {"debug", "quiet", "version", "help", "inputs"}
    known = {action.dest for action in cli.build_parser()._actions} - own
    assert set(ReadOptions.model_fields) <= known
    assert {"pages", "password", "dpi", "pdf_text", "orientation"} <= set(ReadOptions.model_fields)


def test_the_newest_frame_wins(serve: Serve, ocr: OCRPipeline, draw_page: Callable[..., np.ndarray]) -> None:
    detector, gate, entered = ocr._networks.detector(ocr.options), threading.Event(), threading.Event()

    class Gate:
        def detect(self, pixels: np.ndarray) -> Sequence[DetectedWord]:
            if len(pixels) == 200:
                entered.set()
                assert gate.wait(20)
            return detector.detect(pixels)

    def frame(text: str) -> bytes:
        file = io.BytesIO()
        Image.fromarray(draw_page([(text, 20, 20)])).save(file, "PNG")
        return file.getvalue()

    pipeline = OCRPipeline(detector=Gate(), recognizer=ocr._networks.reader(ocr.options))
    with serve(pipeline) as (url, service), _live(url) as socket:
        socket.send(json.dumps({}))
        socket.send(frame("one"))
        assert entered.wait(10)
        for text in ("two", "three", "four"):
            socket.send(frame(text))
        while service.stats.summary()["live_cameras"] != 1:
            time.sleep(0.01)
        time.sleep(0.3)
        gate.set()
        answers = [json.loads(socket.recv(10)) for _ in range(2)]
        assert [answer["frame"] for answer in answers] == [1, 4]
        assert [word["text"] for word in answers[1]["words"]] == ["four"]
        assert (answers[1]["width"], answers[1]["height"]) == (400, 200)
        assert len(answers[1]["words"][0]["quad"]) == 4
        socket.send(b"no picture")
        assert json.loads(socket.recv(10))["error"]["code"] == "input_unsupported"


def test_live_cameras_are_let_in_by_token_place_and_room(serve: Serve) -> None:
    with serve(token="s3cret", live=1) as (url, _):
        for hello, origin, code in (
            ({}, None, 1008),
            ({"token": "wrong"}, None, 1008),
            ({"token": "s3cret"}, "https://evil.example", 1008),
            ([], None, 1008),
        ):
            with _live(url, origin) as socket, pytest.raises(ConnectionClosed) as closed:
                socket.send(json.dumps(hello))
                socket.recv(10)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == code
        with _live(url) as first, _live(url) as second:
            first.send(json.dumps({"token": "s3cret"}))
            first.send(b"x")
            assert "error" in json.loads(first.recv(10))
            second.send(json.dumps({"token": "s3cret"}))
            with pytest.raises(ConnectionClosed) as busy:
                second.recv(10)
            assert busy.value.rcvd is not None and busy.value.rcvd.code == 1013


def _live(url: str, origin: str | None = None) -> ClientConnection:
    address = f"{url.replace('http', 'ws', 1)}/api/live"
    return connect(address, additional_headers={} if origin is None else {"Origin": origin}, proxy=None)
