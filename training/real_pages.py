"""Real pages whose characters' places are known, or worked out, for the detector to learn from.

A list is a file of JSON lines beside its images, a page a line:

    {"image": "0001.png", "words": [{"text": "TOTAL", "edges": [12, 25, 36, 44, 57, 66], "top": 8, "bottom": 30}],
     "unknown": [[100, 8, 180, 30]]}

`edges` are the N + 1 cell edges of a word's N characters from left to right, all numbers pixels. What lies in the boxes
of `unknown` (x0, y0, x1, y1) may be text or not: it teaches nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.core.files import write_whole
from ocr_doc.core.geometry import Box, Quad, quad_box
from ocr_doc.training.degrade import saved_as_jpeg
from ocr_doc.training.detector_data import LabelledPage, PageSource
from ocr_doc.training.lines import Detect, LinedPage
from ocr_doc.training.page_canvas import PageWord, word_of_edges
from ocr_doc.training.readers import as_rgb, read_grey, read_rows

Align = Callable[[NDArray[np.uint8], Box, str], list[PageWord] | None]
"""Finds the words of a labelled line on a grey page; None where the label does not fit."""

# Share of a word's height added around what is not known.
_MARGIN = 0.15
# Shares of pages that are copied, photographed or saved once more before they are learned from.
_NOISED, _BLURRED, _SAVED = 0.2, 0.15, 0.3


@dataclass(frozen=True, slots=True)
class RealPage:
    """A real page and what is known of it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        words: Words whose characters' places are known.
        unknown: Boxes (N, 4), x0, y0, x1, y1 in pixels, of which nothing is known.
    """

    image: NDArray[np.uint8]
    words: tuple[PageWord, ...]
    unknown: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page of a list, its image not read yet."""

    image: Path
    words: tuple[PageWord, ...]
    unknown: NDArray[np.float64]

    def load(self) -> RealPage:
        """The page with its pixels.

        Raises:
            InputMissingError: If there is no such image.
            InputBrokenError: If it is damaged.
        """
        return RealPage(as_rgb(read_grey(self.image)), self.words, self.unknown)


@dataclass(frozen=True, slots=True)
class MixedPages:
    """Pages of lists, each with its share of all pages, the others drawn; picklable if what draws is.

    Attributes:
        drawn: Draws a page.
        lists: Pages of a list and their share, in [0, 1].
    """

    drawn: PageSource
    lists: tuple[tuple[tuple[PageEntry, ...], float], ...]

    def __call__(self, rng: np.random.Generator) -> LabelledPage:
        """A new page."""
        draw = rng.random()
        for entries, share in self.lists:
            if draw < share:
                page = entries[int(rng.integers(len(entries)))].load()
                return RealPage(_copied(page.image, rng), page.words, page.unknown)
            draw -= share
        return self.drawn(rng)


def _copied(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The page as another scanner or program would have left it."""
    if rng.random() < _BLURRED:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.1)), dtype=np.uint8)
    if rng.random() < _NOISED:
        noise = rng.normal(0, rng.uniform(2, 14), image.shape[:2]).astype(np.float32)
        image = np.clip(image + noise[:, :, None], 0, 255).astype(np.uint8)
    if rng.random() < _SAVED:
        image = saved_as_jpeg(image, int(rng.integers(25, 90)))
    return image


def read_page_list(path: Path) -> tuple[PageEntry, ...]:
    """The pages of a list; their images are not opened.

    Raises:
        InputMissingError: If the list is not there.
        InputBrokenError: If it names no page, or a line of it is not of this form.
    """
    entries = []
    for number, row in enumerate(read_rows(path), start=1):
        if not row.strip():
            continue
        try:
            page = json.loads(row)
            words = tuple(_word(word) for word in page["words"])
            unknown = np.array(page["unknown"], dtype=np.float64).reshape(-1, 4)
            if not np.isfinite(unknown).all():
                raise ValueError("a box needs numbers")
            entries.append(PageEntry(path.parent / str(page["image"]), words, unknown))
        except (ValueError, KeyError, TypeError) as error:
            raise InputBrokenError(f"{path}: line {number} describes no page ({error!r}).", "Correct it.") from error
    if not entries:
        raise InputBrokenError(f"{path}: names no page.", "Make one with: ocr-doc-train pages")
    return tuple(entries)


def _word(word: dict[str, Any]) -> PageWord:
    edges = np.array(word["edges"], dtype=np.float64)
    top, bottom, text = float(word["top"]), float(word["bottom"]), str(word["text"])
    if edges.shape != (len(text) + 1,) or not text:
        raise ValueError(f"{text!r} needs {len(text) + 1} edges")
    numbers = (*edges, top, bottom)
    if not all(map(math.isfinite, numbers)) or top >= bottom or any(a > b for a, b in pairwise(edges)):
        raise ValueError(f"the edges of {text!r} are out of order")
    return word_of_edges(text, edges, top, bottom)


def label_page(page: LinedPage, align: Align, detect: Detect) -> tuple[list[PageWord], list[Box]]:
    """The words of a page whose lines are labelled, and the boxes of what is unknown.

    Unknown are lines whose label does not fit, and what the detector takes for words where no label is.

    Args:
        page: Pixels, boxes and texts.
        align: Finds the words of a line.
        detect: The detector.
    """
    words: list[PageWord] = []
    unknown: list[Box] = []
    for box, label in page.lines:
        found = align(page.pixels, box, label)
        if found is None:
            unknown.append(box)
        else:
            words.extend(found)
    lines = np.array([box for box, _ in page.lines], dtype=np.float64).reshape(-1, 4)
    unknown.extend(_grown(quad_box(quad)) for quad in detect(as_rgb(page.pixels)) if not is_covered(quad, lines))
    return words, unknown


def is_covered(quad: Quad | NDArray[np.floating], boxes: NDArray[np.floating]) -> bool:
    """Whether the middle of a quad (4, 2) lies in any of the boxes (N, 4), x0, y0, x1, y1."""
    x, y = (np.max(quad, axis=0) + np.min(quad, axis=0)) / 2
    return bool(((boxes[:, :2] <= (x, y)) & ((x, y) <= boxes[:, 2:])).all(axis=1).any())


def _grown(box: Box) -> Box:
    margin = _MARGIN * (box[3] - box[1])
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def write_page_list(
    pages: Iterable[tuple[NDArray[np.uint8], Sequence[PageWord], Sequence[Box]]], target: Path
) -> tuple[int, int, int]:
    """Writes pages as PNG into the folder `target` and the list `target.jsonl` beside it.

    Args:
        pages: Of each its pixels (H, W) uint8, the words that are known and the boxes of what is not.
        target: The folder.

    Returns:
        How many pages, words and unknown boxes were written.

    Raises:
        OutputError: If something cannot be written.
    """
    rows: list[str] = []
    words_written = boxes_written = 0
    for pixels, words, unknown in pages:
        name = f"{len(rows):05d}.png"
        write_whole(target / name, cv2.imencode(".png", pixels)[1].tobytes())
        boxes = [[round(float(value), 1) for value in box] for box in unknown]
        row = {"image": f"{target.name}/{name}", "words": list(_records(words)), "unknown": boxes}
        rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        words_written, boxes_written = words_written + len(words), boxes_written + len(boxes)
    # Last, so that a list names only pages that are there.
    write_whole(target.with_name(f"{target.name}.jsonl"), "".join(rows).encode())
    return len(rows), words_written, boxes_written


def _records(words: Iterable[PageWord]) -> Iterator[dict[str, Any]]:
    for word in words:
        cells = word.characters
        edges = [round(float(x), 1) for x in (*cells[:, 0, 0], cells[-1, 1, 0])]
        yield {
            "text": word.text,
            "edges": edges,
            "top": round(float(cells[0, 0, 1]), 1),
            "bottom": round(float(cells[0, 3, 1]), 1),
        }
