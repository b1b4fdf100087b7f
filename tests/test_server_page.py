"""The web page in headless Chromium: what a person does, and what is seen.

`OCR_DOC_PICTURES=docs/images pytest tests/test_server_page.py` draws the documentation's pictures anew, with the real
networks and the sample invoice.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr_doc import OCRPipeline

Serve = Callable[..., contextlib.AbstractContextManager[Any]]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Without the background flags Chromium asks hosts elsewhere at each start.
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
playwright_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is on the PATH")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with contextlib.ExitStack() as stack:
        play = stack.enter_context(playwright_api.sync_playwright())
        yield stack.enter_context(contextlib.closing(play.chromium.launch(executable_path=BROWSER, args=FLAGS)))


@pytest.fixture(scope="module")
def address(serve: Serve) -> Iterator[str]:
    with serve() as (url, _):
        yield url


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:  # noqa: ANN401 - Playwright may not be installed
    """The page, opened; faults of its scripts and requests elsewhere fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write", "camera"], origin=address)
    faults: list[str] = []
    with contextlib.closing(context):
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on(
            "request", lambda asked: asked.url.startswith((address, "blob:", "data:")) or faults.append(asked.url)
        )
        opened.goto(address)
        yield opened
        assert faults == []


@pytest.fixture
def pdf(receipt: np.ndarray, draw_page: Callable[..., np.ndarray], tmp_path: Path) -> Path:
    """A PDF of two pages, which the fake networks read when it is drawn at 72 dpi."""
    path = tmp_path / "bill.pdf"
    pages = [Image.fromarray(receipt), Image.fromarray(draw_page([("next", 20, 20)]))]
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=72, quality=100, subsampling=0)
    return path


def upload(page: Any, path: Path) -> None:  # noqa: ANN401
    page.click("#options summary")
    page.fill("[name=dpi]", "72")
    page.set_input_files("#files", path)
    page.wait_for_selector("#boxes polygon")


def test_upload_look_correct_download(page: Any, pdf: Path, tmp_path: Path) -> None:  # noqa: ANN401
    upload(page, pdf)
    assert page.locator("#boxes polygon").count() == 6
    box = page.locator("#boxes polygon").first.bounding_box()
    picture = page.locator("#picture").bounding_box()
    scale = picture["width"] / 400
    assert abs(box["x"] - picture["x"] - 20 * scale) < 3 and abs(box["y"] - picture["y"] - 20 * scale) < 3

    page.hover("#view .word >> nth=1")
    assert page.locator("#boxes polygon.lit").get_attribute("data-word") == "1"
    assert page.locator("#view .word.doubt").all_inner_texts() == ["??"]

    page.click("#unsure")
    assert page.input_value("#word") == "??"
    page.fill("#word", "4.65")
    page.keyboard.press("Enter")
    assert "TOTAL 4.65" in page.inner_text("#view")
    assert page.locator("#view .word.doubt").count() == 0

    for name in ("json", "text"):
        page.select_option("#format", name)
        with page.expect_download() as waiting:
            page.click("#download")
        waiting.value.save_as(tmp_path / f"out.{name}")
    assert waiting.value.suggested_filename == "bill.txt"
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["pages"][0]["text"].endswith("TOTAL 4.65")
    assert "TOTAL 4.65" in (tmp_path / "out.text").read_text(encoding="utf-8")

    page.click("#next")
    page.wait_for_function("() => document.querySelectorAll('#boxes polygon').length === 1")
    assert page.inner_text("#place") == "Page 2 (2 of 2)"


def test_tabs_and_copy(page: Any, pdf: Path) -> None:  # noqa: ANN401
    upload(page, pdf)
    for name, text in (("layout", "Milk"), ("fields", ""), ("table", ""), ("json", '"schema": "ocr-doc/1"')):
        page.click(f"[data-view={name}]")
        page.wait_for_function("([text]) => document.querySelector('#view').innerText.includes(text)", arg=[text])
        assert page.inner_text("#view").strip()
    page.click("[data-view=text]")
    page.click("#copy")
    page.wait_for_selector("#toast.shown")
    assert page.evaluate("navigator.clipboard.readText()").startswith("Milk 1.20\nTea 3.45")


def test_by_keyboard_alone(page: Any, pdf: Path) -> None:  # noqa: ANN401
    upload(page, pdf)
    page.focus("#boxes")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "word"
    page.keyboard.type("Coffee")
    page.keyboard.press("Enter")
    assert "Coffee" in page.inner_text("#view") and page.evaluate("document.activeElement.id") == "boxes"
    page.focus("[data-view=text]")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("[data-view=json]", "aria-selected") == "true"


def test_paste_drop_and_a_bad_file(page: Any, receipt: np.ndarray) -> None:  # noqa: ANN401
    file = io.BytesIO()
    Image.fromarray(receipt).save(file, "PNG")
    give = """([kind, bytes, name]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        const options = { bubbles: true, [kind === "paste" ? "clipboardData" : "dataTransfer"]: data };
        document.body.dispatchEvent(new (kind === "paste" ? ClipboardEvent : DragEvent)(kind, options));
    }"""
    page.evaluate(give, ["drop", list(b"just text"), "notes.png"])
    page.wait_for_selector("#list .failed")
    assert "is a text file, neither an image nor a PDF" in page.inner_text("#list")
    page.evaluate(give, ["paste", list(file.getvalue()), "pasted.png"])
    page.wait_for_selector("#boxes polygon")
    page.wait_for_function("() => document.querySelector('#stats').innerText.includes('characters')")


def test_on_a_phone_and_in_the_dark(page: Any, pdf: Path) -> None:  # noqa: ANN401
    page.set_viewport_size({"width": 375, "height": 700})
    page.emulate_media(color_scheme="dark")
    upload(page, pdf)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    dark = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(dark) == "rgb(18, 21, 26)"
    page.click("#theme")
    assert page.evaluate(dark) == "rgb(246, 247, 249)"
    page.reload()
    assert page.evaluate(dark) == "rgb(246, 247, 249)"


def test_camera(page: Any) -> None:  # noqa: ANN401
    page.click("#camera-button")
    page.wait_for_function("() => document.querySelector('#video').videoWidth > 0")
    page.click("#live")
    page.wait_for_function("() => Number(document.querySelector('#live-text').dataset.frame) >= 2")
    page.click("#live")
    page.click("#shoot")
    page.wait_for_selector("#list li")
    page.wait_for_function("() => document.querySelector('#list').innerText.match(/1 page|nothing/)")
    assert not page.locator("#camera").is_visible()


def test_the_token_is_asked_for(browser: Any, serve: Serve) -> None:  # noqa: ANN401
    with serve(token="s3cret") as (url, _), contextlib.closing(browser.new_page()) as page:
        page.goto(url)
        page.fill("#token", "s3cret")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#format').options.length > 2")


def test_the_api_has_a_page(page: Any, address: str) -> None:  # noqa: ANN401
    page.goto(f"{address}/docs")
    page.wait_for_selector("#routes details")
    assert "/api/ocr" in page.inner_text("#routes")
    page.evaluate("location.hash = '#OcrAnswer'")
    page.wait_for_selector("#OcrAnswer[open]")


@pytest.mark.skipif(
    "OCR_DOC_PICTURES" not in os.environ, reason="draws pictures only where OCR_DOC_PICTURES says where to"
)
def test_pictures(browser: Any, serve: Serve) -> None:  # noqa: ANN401
    folder = ROOT / os.environ["OCR_DOC_PICTURES"]
    looks = (
        ("page.png", 1280, 860, "light", 1),
        ("page-dark.png", 1280, 860, "dark", 1),
        ("phone.png", 390, 844, "light", 1),
    )
    with serve(OCRPipeline(weights=os.environ.get("OCR_DOC_WEIGHTS")), threads=None) as (url, _):
        for name, width, height, scheme, scale in looks:
            view = {"width": width, "height": height}
            context = browser.new_context(viewport=view, color_scheme=scheme, device_scale_factor=scale)
            with contextlib.closing(context):
                page = context.new_page()
                page.set_default_timeout(180_000)
                page.goto(url)
                page.set_input_files("#files", [ROOT / "samples" / "receipt.png", ROOT / "samples" / "notice.tiff"])
                page.wait_for_selector("#boxes polygon")
                page.wait_for_function("() => document.querySelectorAll('#list progress').length === 0")
                page.click("[data-view=fields]" if scheme == "dark" else "[data-view=text]")
                if scheme == "light":
                    page.click("#unsure")
                page.wait_for_timeout(3500)
                raw = io.BytesIO(page.screenshot())
                Image.open(raw).convert("RGB").quantize(96).save(folder / f"server-{name}", optimize=True)
