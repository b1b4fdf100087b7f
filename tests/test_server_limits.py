"""What the service refuses, and that it lives on: bad files, bombs, slow and rude clients, full queues."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from ocr_doc import DetectedWord, OCRPipeline
from ocr_doc.core.errors import DependencyError

Serve = Callable[..., contextlib.AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def http(serve: Serve) -> Iterator[httpx.Client]:
    limits = {"upload_mb": 2, "max_pages": 20, "job_pages": 1000, "upload_seconds": 1, "max_megapixels": 10}
    with serve(**limits) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        yield client


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    chunks = b""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")):
        chunks += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


def pdf(pages: int, width: int = 100, height: int = 100, content: bytes = b"") -> bytes:
    """A PDF of so many pages that share one content stream, which is compressed."""
    packed = zlib.compress(content, 9)
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    page = b"<</Type/Page/Parent 2 0 R/Contents 3 0 R/MediaBox[0 0 %d %d]>>" % (width, height)
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate([*objects, *[page] * pages], 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size, table, size, len(out)
    )  # fmt: skip


NOISE = Image.fromarray(np.random.default_rng(5).integers(0, 256, (40, 60, 3), np.uint8))
ENCRYPTED = "the PDF is encrypted"
BAD: list[tuple[str, bytes, int, str]] = [
    ("empty.png", b"", 400, "the file is empty"),
    ("cut.jpg", encoded(NOISE, "JPEG")[:-900], 422, "damaged JPEG image"),
    ("notes.png", b"Meeting on 3 March\n", 415, "is a text file"),
    ("film.jpg", b"\0\0\0\x18ftypisom" + bytes(20), 415, "is a video"),
    ("photo.jpg", b"\0\0\0\x18ftypheic" + bytes(20), 422, "damaged HEIF image"),
    ("none.pdf", pdf(0), 422, "the PDF has no pages"),
    ("cut.pdf", b"%PDF-1.7\n1 0 obj\n<</Type/Cat", 422, "damaged PDF"),
    ("bomb.png", png_header(100_000, 100_000), 413, r"100000 × 100000 pixels .*limit of 10 megapixels"),
    ("sheet.pdf", pdf(1, 100_000, 100_000), 413, "megapixels"),
    ("book.pdf", pdf(21), 413, "21 pages are more than the limit of 20"),
]


@pytest.mark.parametrize("case", BAD, ids=[case[0] for case in BAD])
def test_bad_files_are_refused_with_the_reason(http: httpx.Client, case: tuple[str, bytes, int, str]) -> None:
    name, data, status, fault = case
    for path, field in (("/api/ocr", "files"), ("/api/batch", "files"), ("/predict", "file")):
        answer = http.post(path, files={field: (name, data)})
        if path != "/api/ocr" and name == "book.pdf":
            continue  # a job may have as many; a word not even two
        if path == "/api/batch" and name in ("cut.jpg", "bomb.png", "sheet.pdf"):
            continue  # told where it is read: opening it does not decode
        assert answer.status_code == status, (path, answer.text)
        error = answer.json()["error"]
        assert re.search(fault, error["message"])
        assert error["message"].startswith(name)
        assert error["remedy"].endswith(".") and "--" not in error["remedy"]
    assert http.get("/api/ready").status_code == 200


@pytest.mark.parametrize("size", [(1, 1), (1, 5000)])
def test_strange_but_sound_pages_are_read(http: httpx.Client, size: tuple[int, int]) -> None:
    answer = http.post("/api/ocr", files={"files": encoded(Image.new("L", size), "PNG")})
    assert answer.status_code == 200 and answer.json()["image_size"] == list(size)


def test_a_job_of_ten_thousand_pages(http: httpx.Client) -> None:
    answer = http.post("/api/batch", files={"files": ("huge.pdf", pdf(10_000))})
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == "huge.pdf: 10000 pages are more than the limit of 1000."
    several = [("files", (f"{number}.pdf", pdf(400))) for number in range(3)]
    assert http.post("/api/batch", files=several).json()["error"]["code"] == "too_many_pages"


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x.png", "a\nb.png", "..", "x" * 300, "/abs.png"])
def test_names_that_are_paths(http: httpx.Client, name: str) -> None:
    body = {"data": "AAAA", "filename": name}
    answers = [http.post("/api/ocr", files={"files": (name, b"x")}), http.post("/api/ocr/base64", json=body)]
    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert "passwd" not in answer.text
    # In forms control characters come as %0A, and a drive with its folders is left out: a name like any other.
    assert answers[0].json()["error"]["code"] in ("bad_filename", "input_unsupported")
    assert answers[1].json()["error"]["code"] in ("bad_filename", "bad_request")


def test_a_large_upload_is_refused_before_it_is_taken(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for _ in range(40):
            yield bytes(100_000)

    told = http.post("/api/ocr", files={"files": ("big.png", bytes(2_100_000))})
    untold = http.post("/api/ocr", content=chunks(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    for answer in (told, untold):
        assert answer.status_code == 413
        assert answer.json()["error"]["message"] == "The request is larger than the limit of 2 MB."
    with socket.create_connection(_place(http)) as line:  # says it sends a lot and waits for leave
        line.sendall(b"POST /api/ocr HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert b" 413 " in line.recv(1000)


def test_a_slow_upload_is_ended(http: httpx.Client) -> None:
    with socket.create_connection(_place(http)) as line:
        line.settimeout(10)
        head = (
            "POST /api/ocr HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: multipart/form-data; boundary=b"
        )
        line.sendall(f"{head}\r\n\r\n--b\r\n".encode())
        assert b" 408 " in line.recv(1000)


def test_wrong_requests_are_told_in_one_form(http: httpx.Client) -> None:
    image = encoded(NOISE, "PNG")
    answers = [
        (422, http.post("/api/ocr")),
        (422, http.post("/api/ocr", files={"files": image}, data={"beam_width": "999"})),
        (422, http.post("/api/ocr", files={"files": image}, data={"no_such": "1"})),
        (400, http.post("/api/ocr", files={"files": image}, data={"pages": "7-3"})),
        (422, http.post("/api/ocr", files={"files": image}, data={"pages": "7"})),
        (400, http.post("/api/ocr", files={"files": image}, params={"format": "gold"})),
        (422, http.post("/api/ocr/base64", content=b"{")),
        (404, http.get("/nothing")),
        (404, http.get("/static/../cli.py")),
        (404, http.get("/api/jobs/abc")),
        (405, http.get("/api/ocr")),
    ]
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == {"error", "request_id"}
        assert set(answer.json()["error"]) == {"code", "message", "remedy"}


def test_pages_elsewhere_may_not_call(http: httpx.Client) -> None:
    image = encoded(NOISE, "PNG")
    elsewhere = http.post("/api/ocr", files={"files": image}, headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    assert "access-control-allow-origin" not in elsewhere.headers
    own = str(http.base_url).rstrip("/")
    assert http.post("/api/ocr", files={"files": image}, headers={"Origin": own}).status_code == 200


def test_allowed_origins_and_the_token(serve: Serve) -> None:
    image = encoded(NOISE, "PNG")
    origin = {"Origin": "https://shop.example"}
    with serve(token="s3cret", origins=("https://shop.example",)) as (url, _), httpx.Client(base_url=url) as http:
        for path in ("/", "/docs", "/openapi.json", "/api/health", "/api/ready"):
            assert http.get(path, headers={"Accept": "application/json"}).status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
            for path in ("/api/stats", "/metrics", "/api/jobs/x"):
                answer = http.get(path, headers=headers)
                assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
            assert http.post("/api/ocr", files={"files": image}, headers=headers).status_code == 401
        answer = http.post("/api/ocr", files={"files": image}, headers={"Authorization": "Bearer s3cret", **origin})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"


class Gate:
    """A detector that waits until it is let go; counts who comes."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.open, self.entered, self.fault = threading.Event(), threading.Semaphore(0), fault

    def detect(self, pixels: np.ndarray) -> list[DetectedWord]:
        if pixels.shape[:2] == (64, 256):
            return []  # the service warms up
        self.entered.release()
        assert self.open.wait(20)
        if self.fault is not None:
            raise self.fault
        return []


def test_a_full_queue_says_when_to_come_again(serve: Serve, ocr: OCRPipeline) -> None:
    gate = Gate()
    pipeline = OCRPipeline(detector=gate, recognizer=ocr._networks.reader(ocr.options))
    image = encoded(NOISE, "PNG")
    with serve(pipeline, queue=2) as (url, service), ThreadPoolExecutor(16) as threads:
        waiting = [threads.submit(httpx.post, f"{url}/api/ocr", files={"files": image}, timeout=30) for _ in range(3)]
        gate.entered.acquire(timeout=10)
        while service.documents.taken < 3:
            time.sleep(0.01)
        refused = list(threads.map(lambda _: httpx.post(f"{url}/api/ocr", files={"files": image}), range(8)))
        assert {answer.status_code for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert refused[0].json()["error"]["code"] == "busy"
        assert service.stats.summary()["queue_length"] == 2
        gate.open.set()
        assert [each.result().status_code for each in waiting] == [200] * 3
        assert httpx.post(f"{url}/api/ocr", files={"files": image}).status_code == 200


def test_work_of_clients_that_left_is_dropped(serve: Serve, ocr: OCRPipeline) -> None:
    gate = Gate()
    pipeline = OCRPipeline(detector=gate, recognizer=ocr._networks.reader(ocr.options))
    file = io.BytesIO()
    NOISE.save(file, "TIFF", save_all=True, append_images=[NOISE] * 50)
    with serve(pipeline) as (url, service):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/api/ocr", files={"files": file.getvalue()}, timeout=0.5)
        time.sleep(0.6)  # it looks four times a second
        gate.open.set()
        latest = time.monotonic() + 10
        while service.documents.taken and time.monotonic() < latest:
            time.sleep(0.01)
        assert service.documents.taken == 0
        assert service.stats.summary()["pages"] == 0, "it went on reading"


def test_what_takes_too_long_is_ended(serve: Serve) -> None:
    """A page whose drawing takes minutes: its decoder is killed, the answer says why, and the next one is read."""
    content = b"q 0 0 100 100 re W n " + b"0 0 m 100 3 7 90 50 100 c 99 1 3 88 0 0 c f " * 1_000_000
    with serve(seconds=1.5, upload_seconds=20) as (url, _), httpx.Client(base_url=url, timeout=30) as http:
        start = time.monotonic()
        answer = http.post("/api/ocr", files={"files": ("slow.pdf", pdf(1, 500, 500, content))})
        assert time.monotonic() - start < 15
        assert answer.status_code == 413, answer.text
        assert answer.json()["error"]["code"] == "too_slow"
        assert http.post("/api/ocr", files={"files": encoded(NOISE, "PNG")}).status_code == 200


def test_faults_of_ours_tell_nothing(serve: Serve, ocr: OCRPipeline) -> None:
    for fault in (RuntimeError("secret /srv/place"), DependencyError("no /srv/place/lib", "Install /srv/it.")):
        gate = Gate(fault)
        gate.open.set()
        pipeline = OCRPipeline(detector=gate, recognizer=ocr._networks.reader(ocr.options))
        with serve(pipeline) as (url, _):
            answer = httpx.post(f"{url}/api/ocr", files={"files": encoded(NOISE, "PNG")})
            assert answer.status_code == 500
            assert "/srv" not in answer.text and "secret" not in answer.text and "Traceback" not in answer.text
            assert httpx.get(f"{url}/api/ready").status_code == 200


def test_a_decoder_that_dies_is_replaced(serve: Serve) -> None:
    with serve() as (url, service):
        image = encoded(NOISE, "PNG")
        assert httpx.post(f"{url}/api/ocr", files={"files": image}).status_code == 200
        for decoder in service.decoders._all:
            decoder._process.kill()
            decoder._process.join()
        for _ in range(len(service.decoders._all)):
            assert httpx.post(f"{url}/api/ocr", files={"files": image}).status_code in (200, 422)
        assert httpx.post(f"{url}/api/ocr", files={"files": image}).status_code == 200


def test_nothing_is_left_behind(serve: Serve, draw_page: Callable[..., np.ndarray]) -> None:
    with serve() as (url, service):
        page = encoded(Image.fromarray(draw_page([("hello", 20, 20)])), "PDF")
        for data in (page, page[:400], b"%PDF-1.4 nothing"):
            httpx.post(f"{url}/api/ocr", files={"files": ("x.pdf", data)})
        assert [path for path in service.folder.rglob("*") if path.is_file()] == []
        job = httpx.post(f"{url}/api/batch", files={"files": ("x.pdf", page)}).json()["job_id"]
        httpx.get(f"{url}/api/jobs/{job}/events", timeout=20)
        assert len([path for path in service.folder.rglob("*") if path.is_file()]) == 1
        httpx.delete(f"{url}/api/jobs/{job}")
        assert [path for path in service.folder.rglob("*") if path.is_file()] == []
    assert not service.folder.exists()


def _place(http: httpx.Client) -> tuple[str, int]:
    parts = urlsplit(str(http.base_url))
    return str(parts.hostname), int(parts.port or 80)


def test_errors_are_json(http: httpx.Client) -> None:
    assert json.loads(http.get("/nothing").content)["error"]["code"] == "not_found"
