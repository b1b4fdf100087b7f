"""The Python client against the running service, and the OpenAPI file that other clients are made from."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocr_doc import OCRPipeline
from ocr_doc.server.app import create_app
from ocr_doc.server.client import AsyncClient, Client, Job, ServiceError

Serve = Callable[..., contextlib.AbstractContextManager[Any]]
SavePage = Callable[..., Path]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def address(serve: Serve) -> Iterator[str]:
    with serve(token="s3cret") as (url, _):
        yield url


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, "s3cret") as made:
        yield made


def word(page: Path) -> tuple[str, bytes]:
    """The line of a page that holds its word."""
    file = io.BytesIO()
    Image.open(page).crop((0, 10, 400, 50)).save(file, "PNG")
    return page.name, file.getvalue()


def test_documents_come_as_the_pipelines_own(client: Client, save_page: SavePage, ocr: OCRPipeline) -> None:
    path = save_page("hello.png")
    document = client.read(path)
    assert document.pages == ocr(path).pages
    assert document.source == "hello.png"
    assert client.read(("given.png", path.read_bytes()), min_confidence=0.99).text == ""
    assert client.write(path, "text") == b"hello\n"
    assert client.read_word(word(path)).text == "hello"
    assert "json" in client.formats()
    assert client.stats()["documents"] >= 4


def test_a_job(client: Client, save_page: SavePage, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"text")
    job = client.start([save_page("a.png", "one"), bad, save_page("b.png", "two")])
    events = list(client.events(job.id))
    assert events[-1].kind == "end"
    assert [event.data["file"] for event in events if event.kind == "page"] == [0, 2]
    done = client.wait(job.id)
    assert [file.state for file in done.files] == ["done", "failed", "done"]
    assert "neither an image nor a PDF" in str(done.files[1].error)
    assert client.result(job.id, 2).text == "two"
    client.remove(job.id)
    with pytest.raises(ServiceError, match="no such job") as caught:
        client.job(job.id)
    assert caught.value.status == 404


def test_the_same_with_asyncio(address: str, save_page: SavePage) -> None:
    paths = [save_page(f"{name}.png", name) for name in ("one", "two", "six")]

    async def all_at_once() -> tuple[list[str], Job, str]:
        async with AsyncClient(address, "s3cret") as client:
            texts = await asyncio.gather(*[client.read(path) for path in paths])
            job = await client.start(paths)
            done = await client.wait(job.id)
            text = (await client.result(job.id, 1)).text
            await client.remove(job.id)
            assert await client.write(paths[0], "text") == b"one\n"
            assert (await client.read_word(word(paths[0]))).text == "one"
            assert "json" in await client.formats()
            assert (await client.stats())["pages"] > 0
            return [document.text for document in texts], done, text

    texts, done, text = asyncio.run(all_at_once())
    assert texts == ["one", "two", "six"] and done.state == "done" and text == "two"


def test_errors_say_what_is_wrong(address: str, client: Client) -> None:
    with pytest.raises(ServiceError, match="is a text file") as caught:
        client.read(("a.png", b"text"))
    assert (caught.value.status, caught.value.code) == (415, "input_unsupported")
    with Client(address, "wrong") as stranger, pytest.raises(ServiceError, match="token"):
        stranger.stats()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Client(nobody) as lonely, pytest.raises(ServiceError, match="cannot be reached"):
        lonely.stats()


def test_a_busy_service_is_asked_again(serve: Serve, save_page: SavePage) -> None:
    path = save_page("hello.png")
    with serve(queue=0) as (url, service), Client(url) as client:
        service.documents._taken += 1  # somebody has the only place
        threading.Timer(0.5, lambda: setattr(service.documents, "_taken", 0)).start()
        assert client.read(path).text == "hello"
        assert service.stats.summary()["answers"]["5xx"] >= 1
        with Client(url, tries=1) as hasty:
            service.documents._taken += 1
            with pytest.raises(ServiceError) as caught:
                hasty.read(path)
            assert caught.value.retry_after is not None
            service.documents._taken = 0


def test_the_client_needs_nothing_of_the_service() -> None:
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('fastapi', 'uvicorn', 'starlette', 'pydantic', 'prometheus_client')))\n"
        "import ocr_doc, ocr_doc.cli, ocr_doc.api, ocr_doc.server.client\n"
        "from ocr_doc.server.cli import build_parser, main\n"
        "build_parser().parse_args([])\n"
        "sys.exit(main([]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 12, ran.stderr
    assert "pip install 'ocr-doc[server]'" in ran.stderr


def test_the_openapi_file_is_that_of_the_service() -> None:
    """Drawn anew by: python clients/openapi.py"""
    kept = json.loads((ROOT / "clients" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(create_app().openapi()))


def test_no_generated_request_is_a_fault(serve: Serve) -> None:
    """All routes, with requests made up from the OpenAPI file by schemathesis."""
    command = shutil.which("schemathesis", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    if command is None:
        pytest.skip("schemathesis is not installed")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    options = ["--max-examples", "6", "--phases", "examples,fuzzing", "--checks", checks, "--seed", "1", "--no-color"]
    with serve() as (url, _):
        ran = subprocess.run(
            [command, "run", f"{url}/openapi.json", *options], capture_output=True, text=True, check=False
        )
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert "16 selected / 16 total" in ran.stdout


def test_javascript_client(serve: Serve, save_page: SavePage) -> None:
    """The TypeScript package's own tests, where it is built: cd clients/js && npm ci && npm run build"""
    node = shutil.which("node")
    built = ROOT / "clients" / "js" / "dist" / "test" / "client.test.js"
    if node is None or not built.is_file():
        pytest.skip("there is no node, or clients/js is not built (npm ci && npm run build)")
    with serve(token="s3cret") as (url, _):
        environment = {
            **os.environ,
            "OCR_DOC_URL": url,
            "OCR_DOC_TOKEN": "s3cret",
            "OCR_DOC_PAGE": str(save_page("hello.png")),
        }
        ran = subprocess.run([node, "--test", str(built)], capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
