"""Measures the layout alone, without reading a page.

    python docs/layout_figures.py generated [PAGES]     order and time on generated pages of one to three columns
    python docs/layout_figures.py truth SET [SPLIT]     order and time on the words and boxes of a labelled set
    python docs/layout_figures.py turned FILE...        whether these pages, each turned by another quarter, are put
                                                        upright

`SET` is a file of JSON lines as ocr-doc-evaluate takes it (docs/evaluation.md), with boxes.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ocr_doc import OCRPipeline, Word
from ocr_doc.core.geometry import box_quad
from ocr_doc.evaluation.boxes import parts_of
from ocr_doc.evaluation.sets import Choice, read_set
from ocr_doc.evaluation.texts import Rate, order_kept
from ocr_doc.layout.page import lay_out
from ocr_doc.page_image import InputOptions
from ocr_doc.sources import read_pages
from ocr_doc.training.layouts import adjacency, make_layout

# The quickest of so many times is what the layout takes; the others are what else the machine does.
TIMES = 5


def _timed(words: Sequence[Word]) -> float:
    """Seconds of CPU for one page."""
    start = time.process_time()
    lay_out(words)
    return time.process_time() - start


def generated(count: int) -> None:
    """Generated pages: all seeds from 0 on."""
    scores: list[tuple[int, float, int]] = []
    seconds = 0.0
    for seed in range(count):
        page = make_layout(seed)
        blocks = lay_out(page.words).blocks
        seconds += min(_timed(page.words) for _ in range(TIMES))
        scores.append((page.columns, adjacency(page.words, blocks), len(page.words)))
    words = sum(n for _, _, n in scores)
    print(f"{count} pages, order {sum(share * n for _, share, n in scores) / words:.4f}")
    for columns, group in groupby(sorted(scores), key=lambda score: score[0]):
        rows = list(group)
        order = sum(share * n for _, share, n in rows) / sum(n for _, _, n in rows)
        print(f"  columns: {columns}, pages: {len(rows)}, order: {order:.4f}")
    print(f"  {300_000 * seconds / words:.1f} ms of CPU for 300 words, the quickest of {TIMES} times")


def truth(path: Path, split: str | None) -> None:
    """The words and boxes of a set, in an order of chance."""
    order, seconds = Rate(), 0.0
    samples = read_set(path, Choice(split)).samples
    for sample in samples:
        boxed = [(word.text, word.box) for word in sample.words if word.box is not None]
        if len(boxed) < len(sample.words):
            # A line's words share its box by their characters.
            lines = ((line.box, " ".join(word.text for word in line.words)) for line in sample.lines)
            boxed = [part for box, text in lines if box is not None for part in parts_of(box, text)]
        words = [Word(text, 1.0, box_quad(box)) for text, box in boxed]
        random.Random(0).shuffle(words)
        blocks = lay_out(words).blocks
        seconds += min(_timed(words) for _ in range(TIMES))
        order += order_kept(sample.text, "\n".join(block.text for block in blocks))
    print(f"{len(samples)} pages, order {order.value:.4f}")
    print(f"  {1000 * seconds / len(samples):.1f} ms of CPU a page, the quickest of {TIMES} times")


def turned(paths: list[Path]) -> None:
    """First pages, each turned by a quarter more than the one before."""
    upright = 0
    with OCRPipeline(fields=False) as ocr:
        for number, path in enumerate(paths):
            pixels = next(read_pages(path, InputOptions())).pixels
            [page] = ocr(np.ascontiguousarray(np.rot90(pixels, number % 4)))
            upright += page.rotation == 90 * (number % 4)
            if page.rotation != 90 * (number % 4):
                print(f"{path}: stood at {90 * (number % 4)} degrees, was turned by {page.rotation}")
    print(f"{upright} of {len(paths)} upright")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "generated":
        generated(int(rest[0]) if rest else 210)
    elif what == "truth":
        truth(Path(rest[0]), rest[1] if len(rest) > 1 else None)
    else:
        turned([Path(name) for name in rest])
