"""Lists of real pages: written, read, mixed with drawn ones, and what nobody knows left out of the lesson."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.core.geometry import Box, box_quad
from ocr_doc.training.detector_data import CropOptions, LabelledPage, crops_of_page
from ocr_doc.training.detector_loss import detector_loss
from ocr_doc.training.detector_validation import word_scores
from ocr_doc.training.lines import LinedPage
from ocr_doc.training.page_canvas import PageWord, word_of_edges
from ocr_doc.training.real_pages import MixedPages, RealPage, label_page, read_page_list, write_page_list

WORD = {"text": "ab", "edges": [10, 20, 30], "top": 5, "bottom": 25}


def word(text: str, x: float, y: float, cell: float = 10.0) -> PageWord:
    return word_of_edges(text, x + cell * np.arange(len(text) + 1.0), y, y + 20.0)


def real_page(unknown: tuple[Box, ...] = ()) -> RealPage:
    image = np.full((200, 200, 3), 250, np.uint8)
    words = tuple(word("abcd", 20 + 60 * i, 20 + 40 * j) for i in range(3) for j in range(4))
    for each in words:
        x0, y0 = each.quad[0].astype(int)
        image[y0 : y0 + 20, x0 : x0 + 40] = 10
    return RealPage(image, words, np.array(unknown, dtype=np.float64).reshape(-1, 4))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    page = real_page()
    grey = page.image[:, :, 0]
    counts = write_page_list([(grey, page.words, [(1.25, 2.0, 3.0, 4.0)])], tmp_path / "set")
    assert counts == (1, 12, 1)
    [entry] = read_page_list(tmp_path / "set.jsonl")
    assert entry.unknown.tolist() == [[1.2, 2.0, 3.0, 4.0]]
    read = entry.load()
    assert (read.image == page.image).all()
    assert [each.text for each in read.words] == [each.text for each in page.words]
    for one, other in zip(read.words, page.words, strict=True):
        assert one.characters == pytest.approx(other.characters, abs=0.05)


@pytest.mark.parametrize(
    "row",
    [
        "{", "[]", '{"image": "a.png"}',
        json.dumps({"image": "a.png", "words": [], "unknown": [[1, 2, 3]]}),
        json.dumps({"image": "a.png", "words": [{**WORD, "edges": [1, 2]}], "unknown": []}),
        json.dumps({"image": "a.png", "words": [{**WORD, "edges": [1, 3, 2]}], "unknown": []}),
        json.dumps({"image": "a.png", "words": [{**WORD, "top": 30}], "unknown": []}),
        json.dumps({"image": "a.png", "words": [{**WORD, "top": float("nan")}], "unknown": []}),
    ],
)  # fmt: skip
def test_a_list_of_another_form_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    good = json.dumps({"image": "a.png", "words": [WORD], "unknown": []})
    (tmp_path / "set.jsonl").write_text(f"{good}\n\n{row}\n")
    with pytest.raises(InputBrokenError, match="line 3"):
        read_page_list(tmp_path / "set.jsonl")
    (tmp_path / "set.jsonl").write_text("\n")
    with pytest.raises(InputBrokenError, match="no page"):
        read_page_list(tmp_path / "set.jsonl")
    with pytest.raises(InputMissingError):
        read_page_list(tmp_path / "none.jsonl")


def test_lines_that_do_not_fit_and_words_without_a_label_are_unknown() -> None:
    lines: tuple[tuple[Box, str], ...] = (((10, 10, 190, 30), "good"), ((10, 50, 190, 70), "bad"))

    def align(_: NDArray[np.uint8], box: Box, label: str) -> list[PageWord] | None:
        return [word(label, box[0], box[1])] if label == "good" else None

    found = [box_quad((20, 12, 60, 28)), box_quad((20, 100, 60, 120))]
    words, unknown = label_page(LinedPage(np.zeros((200, 200), np.uint8), lines), align, lambda _: found)
    assert [each.text for each in words] == ["good"]
    assert unknown == [(10, 50, 190, 70), (17.0, 97.0, 63.0, 123.0)]


@given(st.floats(2, 120), st.floats(2, 120), st.integers(0, 2**16))
def test_unknown_places_are_masked_wherever_a_crop_lies(x: float, y: float, seed: int) -> None:
    """A page that is black where nothing is known and white elsewhere: crops show which is which."""
    image = np.full((200, 200, 3), 255, np.uint8)
    x0, y0 = int(x), int(y)
    image[y0 : y0 + 60, x0 : x0 + 60] = 0
    page = RealPage(image, (), np.array([[x0, y0, x0 + 60, y0 + 60]], dtype=np.float64))
    options = CropOptions(side=96, crops_per_page=2, slight_turn=0.5, any_turn=0.5)
    for crop in crops_of_page(page, np.random.default_rng(seed), options):
        assert crop.known.shape == (48, 48)
        if int(crop.pixels.max()) - int(crop.pixels.min()) < 100:
            continue
        grey = cv2.cvtColor(crop.pixels, cv2.COLOR_RGB2GRAY).astype(float)[::2, ::2]
        shown = grey - grey.min() > np.ptp(grey) / 2
        # The page's edges, white here, are repeated around it and known; inverted crops show black for white.
        agree = max((shown == crop.known).mean(), (shown != crop.known).mean())
        assert agree > 0.9


def test_unknown_points_do_not_count() -> None:
    logits, targets = torch.full((1, 2, 32, 32), -8.0), torch.zeros((1, 2, 32, 32))
    logits[..., :16] = 8.0  # sure of text where there is none
    known = torch.ones((1, 32, 32), dtype=torch.bool)
    assert detector_loss(logits, targets, known) == detector_loss(logits, targets) > 1.0
    known[..., :16] = False
    assert detector_loss(logits, targets, known) < 0.01
    assert detector_loss(logits, targets, torch.zeros_like(known)) == 0.0


def test_lists_get_their_share_of_the_pages(tmp_path: Path) -> None:
    page = real_page()
    write_page_list([(page.image[:, :, 0], page.words, [])], tmp_path / "set")
    drawn = RealPage(np.zeros((8, 8, 3), np.uint8), (), np.zeros((0, 4)))

    def draw(_: np.random.Generator) -> LabelledPage:
        return drawn

    source = MixedPages(draw, ((read_page_list(tmp_path / "set.jsonl"), 0.25),))
    rng = np.random.default_rng(2)
    pages = [source(rng) for _ in range(400)]
    real = [each for each in pages if each is not drawn]
    assert len(real) == pytest.approx(100, abs=25)
    assert all(each.image.shape == page.image.shape for each in real)
    assert len({each.image.tobytes() for each in real}) > 10  # copied and saved differently


class _Finder:
    """Finds what it is told to."""

    def __init__(self, boxes: list[Box]) -> None:
        self.boxes = boxes

    def __call__(self, _: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        return [np.array(box_quad(box)) for box in self.boxes]


def test_words_in_unknown_places_are_neither_right_nor_wrong() -> None:
    page = real_page(unknown=((0, 0, 200, 50),))
    boxes = [tuple(map(float, (*each.quad[0], *each.quad[2]))) for each in page.words]
    scores = word_scores(_Finder([*boxes, (50.0, 5.0, 90.0, 15.0)]), [page])  # type: ignore[list-item]
    assert scores == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    below = [box for box in boxes if box[1] > 50][1:]
    scores = word_scores(_Finder([*below, (2.0, 190.0, 9.0, 199.0)]), [page])  # type: ignore[list-item]
    assert scores == {"precision": 8 / 9, "recall": 8 / 9, "f1": 8 / 9}
