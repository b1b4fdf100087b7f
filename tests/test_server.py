"""The service's answers: what each route gives for sound requests."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from ocr_doc import DetectedWord, Document, OCRPipeline
from ocr_doc.core.formats import find_format
from ocr_doc.export import document_from_dict, format_names, render_json
from ocr_doc.server.batching import BatchingEngine

Serve = Callable[..., contextlib.AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def http(serve: Serve) -> Iterator[httpx.Client]:
    with serve() as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        yield client


def encoded(*pages: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    first, *others = map(Image.fromarray, pages)
    first.save(file, kind, **({"save_all": True, "append_images": others} if others else {}))
    return file.getvalue()


@pytest.fixture
def png(receipt: np.ndarray) -> bytes:
    return encoded(receipt)


@pytest.fixture
def tiff(receipt: np.ndarray, draw_page: Callable[..., np.ndarray]) -> bytes:
    return encoded(receipt, draw_page([("next", 20, 20)]), kind="TIFF")


def test_a_page_is_read(http: httpx.Client, png: bytes, receipt_text: str) -> None:
    answer = http.post("/api/ocr", files={"files": ("r.png", png)}, headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["full_text"] == receipt_text
    assert found["filename"] == "r.png"
    assert found["image_size"] == [400, 200]
    assert found["region_count"] == len(found["regions"]) == 6
    assert found["regions"][0]["text"] == "Milk"
    x0, y0, x1, y1 = found["regions"][0]["bbox"]
    assert abs(x0 - 20) < 2 and abs(y0 - 20) < 2 and abs(x1 - 68) < 2 and abs(y1 - 40) < 2
    assert found["inference_ms"] > 0
    assert found["request_id"] == answer.headers["X-Request-ID"] == "mine-1"
    assert "document" not in found and "annotated" not in found


def test_document_and_picture_come_on_request(http: httpx.Client, tiff: bytes) -> None:
    form = {"document": "true", "annotate": "true"}
    found = http.post("/api/ocr", files={"files": ("r.tif", tiff)}, data=form).json()
    assert [page.number for page in document_from_dict(found["document"])] == [1, 2]
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))) for data in found["annotated"]]
    assert [picture.size for picture in pictures] == [(400, 200), (400, 200)]
    blue = np.asarray(pictures[0].convert("RGB")).astype(int)
    assert ((blue[..., 2] - blue[..., 0]) > 60).any(), "no box is drawn"


def test_every_format_is_what_the_pipeline_writes(http: httpx.Client, ocr: OCRPipeline, png: bytes) -> None:
    formats = http.get("/api/formats").json()["formats"]
    assert [each["name"] for each in formats] == list(format_names())
    with contextlib.closing(io.BytesIO(png)) as file:
        file.name = "r.png"  # type: ignore[attr-defined]
        document = ocr(file)
    for each in formats:
        answer = http.post("/api/ocr", params={"format": each["name"]}, files={"files": ("r.png", png)})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(each["media_type"])
        expected = _rendered(each["name"], document, ocr, png)
        assert answer.content == expected, each["name"]


def _rendered(name: str, document: Document, ocr: OCRPipeline, png: bytes) -> bytes:
    chosen = find_format(name)
    if not chosen.fields:
        file = io.BytesIO(png)
        file.name = "r.png"  # type: ignore[attr-defined]
        document = ocr(file, fields=False)
    return chosen.render(document)


def test_accept_names_a_format(http: httpx.Client, png: bytes, receipt_text: str) -> None:
    def post(accept: str) -> httpx.Response:
        return http.post("/api/ocr", files={"files": ("r.png", png)}, headers={"Accept": accept})

    assert post("text/plain").text.rstrip("\n") == receipt_text
    assert post("text/markdown;q=0.5, image/webp").headers["content-type"].startswith("text/markdown")
    assert post("application/vnd.ocr-doc+json").json()["schema"] == "ocr-doc/1"
    assert "regions" in post("application/json").json()
    assert post("image/webp").status_code == 406


def test_several_files_and_one_bad(http: httpx.Client, png: bytes) -> None:
    files = [("files", ("a.png", png)), ("files", ("b.png", b"text")), ("files", ("c.png", png))]
    a, b, c = http.post("/api/ocr", files=files).json()["results"]
    assert a["full_text"] == c["full_text"] != ""
    assert b["filename"] == "b.png" and b["error"]["code"] == "input_unsupported"
    assert http.post("/api/ocr", params={"format": "text"}, files=files).status_code == 400


def test_options_are_options_of_this_request(http: httpx.Client, png: bytes, tiff: bytes) -> None:
    sure = http.post("/api/ocr", files={"files": png}, data={"min_confidence": "0.5"}).json()
    assert "??" not in sure["full_text"]
    assert "??" in http.post("/api/ocr", files={"files": png}).json()["full_text"]
    assert http.post("/api/ocr", files={"files": png}, data={"pattern": "A("}).status_code == 400
    second = http.post("/api/ocr", files={"files": tiff}, data={"pages": "2"}).json()
    assert second["full_text"] == "next" and second["pages"][0]["number"] == 2


def test_base64(http: httpx.Client, png: bytes, receipt_text: str) -> None:
    data = base64.b64encode(png).decode()
    for text in (data, f"data:image/png;base64,{data}"):
        answer = http.post("/api/ocr/base64", json={"data": text, "filename": "x.png"}).json()
        assert (answer["filename"], answer["full_text"]) == ("x.png", receipt_text)
    assert http.post("/api/ocr/base64", json={"data": "§§§"}).json()["error"]["code"] == "no_base64"


def test_one_word(http: httpx.Client, draw_page: Callable[..., np.ndarray]) -> None:
    image = encoded(draw_page([("hello", 5, 5)], width=80, height=30))
    answer = http.post("/predict", files={"file": ("w.png", image)}).json()
    assert (answer["filename"], answer["prediction"]) == ("w.png", "hello")


def test_a_job(http: httpx.Client, tiff: bytes, png: bytes) -> None:
    files = [("files", ("a.tif", tiff)), ("files", ("b.png", b"")), ("files", ("c.png", png))]
    answer = http.post("/api/batch", files=files, data={"images": "true"})
    assert answer.status_code == 202
    address = answer.headers["Location"]
    with http.stream("GET", f"{address}/events") as stream:
        text = "".join(stream.iter_text())
    events = re.findall(r"id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n", text)
    assert [int(number) for number, _, _ in events] == list(range(1, len(events) + 1))
    told = [(kind, json.loads(data)) for _, kind, data in events]
    assert [data["page"] for kind, data in told if kind == "page"] == [1, 2, 1]
    assert {data["file"]: data["state"] for kind, data in told if kind == "file"} == {0: "done", 1: "failed", 2: "done"}
    assert told[-1] == ("end", {"state": "done"})
    again = http.get(f"{address}/events", headers={"Last-Event-ID": str(len(events) - 1)}).text
    assert re.findall(r"event: (\w+)", again) == ["end"]
    job = http.get(address).json()
    assert (job["state"], job["pages"], job["pages_done"]) == ("done", 3, 3)
    assert job["files"][1]["error"]["code"] == "input_empty"
    assert http.get(f"{address}/files/0", params={"format": "text"}).text.endswith("next\n")
    assert document_from_dict(http.get(f"{address}/files/0").json()).source == "a.tif"
    assert Image.open(io.BytesIO(http.get(f"{address}/files/0/pages/2").content)).size == (400, 200)
    assert http.get(f"{address}/files/1").status_code == 404
    assert http.get(f"{address}/files/0/pages/3").status_code == 404
    assert http.delete(address).status_code == 204
    assert http.get(address).status_code == 404


def test_a_corrected_document_is_written_anew(http: httpx.Client, png: bytes) -> None:
    document = http.post("/api/ocr", params={"format": "json"}, files={"files": ("r.png", png)}).json()
    word = document["pages"][0]["blocks"][0]["lines"][0]["words"][0]
    word.update(text="Cream", characters=[])
    assert http.post("/api/export", params={"format": "text"}, json=document).text.startswith("Cream 1.20")
    assert http.post("/api/export", json={"schema": "ocr-doc/1"}).status_code == 422
    word["characters"] = [{"text": "x", "confidence": 1, "quad": None, "alternatives": []}]
    assert http.post("/api/export", json=document).status_code == 422


def test_home_health_ready_stats_metrics(http: httpx.Client, png: bytes) -> None:
    assert http.get("/", headers={"Accept": "application/json"}).json()["status"] == "ok"
    page = http.get("/", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html") and "<!doctype html>" in page.text.lower()
    assert http.get("/api/health").json()["status"] == http.get("/api/ready").json()["status"] == "ok"
    before = http.get("/api/stats").json()
    http.post("/api/ocr", files={"files": png})
    after = http.get("/api/stats").json()
    assert after["documents"] == before["documents"] + 1
    assert after["characters"] == before["characters"] + len("Milk1.20Tea3.45TOTAL??")
    assert 0 < after["p50_ms"] <= after["p95_ms"]
    metrics = http.get("/metrics").text
    assert f"ocr_doc_characters_total {after['characters']:.1f}" in metrics
    assert 'ocr_doc_requests_total{route="/api/ocr",status="200"}' in metrics


def test_the_page_asks_nothing_from_elsewhere(http: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = http.get(path, headers={"Accept": "text/html"})
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)
        for name in re.findall(r"""(?:src|href)=["']?(/static/[^"' >]+)""", page.text):
            part = http.get(name)
            assert part.status_code == 200
            assert not re.search(r"""(import|fetch|url)\s*\(?\s*["'(]https?:""", part.text)


def test_answers_are_those_of_the_pipeline(serve: Serve) -> None:
    """With the real networks, batched across clients: byte for byte what the command line writes."""
    sample = Path(__file__).parents[1] / "samples" / "serial_plate.jpg"
    data = sample.read_bytes()
    with OCRPipeline(threads=1) as plain:
        file = io.BytesIO(data)
        file.name = "plate.jpg"  # type: ignore[attr-defined]
        expected = render_json(plain(file))
    with (
        serve(OCRPipeline(threads=1, wrap_engine=BatchingEngine), workers=3) as (url, _),
        ThreadPoolExecutor(3) as threads,
    ):

        def read(_: int) -> bytes:
            return httpx.post(
                f"{url}/api/ocr", params={"format": "json"}, files={"files": ("plate.jpg", data)}, timeout=60
            ).content

        assert list(threads.map(read, range(4))) == [expected] * 4


def test_a_stop_finishes_what_it_has(serve: Serve, ocr: OCRPipeline, png: bytes, receipt_text: str) -> None:
    detector = ocr._networks.detector(ocr.options)

    class Slow:
        def detect(self, pixels: np.ndarray) -> Sequence[DetectedWord]:
            time.sleep(1.0)
            return detector.detect(pixels)

    pipeline = OCRPipeline(detector=Slow(), recognizer=ocr._networks.reader(ocr.options))
    with ThreadPoolExecutor(1) as threads, serve(pipeline) as (url, service):
        answer = threads.submit(httpx.post, f"{url}/api/ocr", files={"files": png}, timeout=30)
        while not service.documents.taken:
            time.sleep(0.01)
    assert answer.result().json()["full_text"] == receipt_text
