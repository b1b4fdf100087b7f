"""Labelled lines of real pages as crops for the recogniser.

A page set is a file of JSON lines, `{"image": "a/b.jpg", "lines": [{"box": [x0, y0, x1, y1], "text": "..."}]}`, paths
relative to the file. Many such sets write all text in upper case whatever is printed. The recogniser's own reading then
decides the case: where it reads the same letters, its case is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputMissingError

# Reads one crop, (h, w) uint8.
ReadCrop = Callable[[NDArray[np.uint8]], str]
# Below this likeness the box and its text do not belong together, or the reading is too poor to judge.
_LIKENESS = 0.6
# Share of a line's height that is added on each side.
_MARGIN = 0.12


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """A line cut from a page: pixels (h, w) uint8 and what it says."""

    pixels: NDArray[np.uint8]
    text: str


def read_lines(pages: Path, split: str | None = None, without: Collection[str] = ()) -> Iterator[LabelledLine]:
    """Cuts the lines out of all pages of a set.

    Args:
        pages: The file of JSON lines.
        split: Only pages whose "split" says so; None for all.
        without: Images, as the file names them, to leave out.

    Raises:
        InputMissingError: If the file or an image is not there.
        InputBrokenError: If a line of the file is not of this form.
    """
    if not pages.is_file():
        raise InputMissingError(f"{pages}: no such file.", "Give a file of JSON lines, one page each.")
    for number, row in enumerate(pages.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            page = json.loads(row)
            image, lines = str(page["image"]), [(line["box"], str(line["text"])) for line in page["lines"]]
        except (ValueError, KeyError, TypeError) as error:
            raise InputBrokenError(f"{pages}: line {number} describes no page ({error!r}).", "Correct it.") from error
        if image in without or (split is not None and page.get("split") != split):
            continue
        pixels = cv2.imread(str(pages.parent / image), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise InputMissingError(f"{pages.parent / image}: cannot be read.", "Put the images beside the list.")
        for box, text in lines:
            crop = _cut(np.asarray(pixels, dtype=np.uint8), box)
            if crop.size and text.strip():
                yield LabelledLine(crop, text.strip())


def _cut(page: NDArray[np.uint8], box: list[float]) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = box
    margin = _MARGIN * (y1 - y0)
    top, bottom = max(0, round(y0 - margin)), round(y1 + margin)
    left, right = max(0, round(x0 - margin)), round(x1 + margin)
    return page[top:bottom, left:right]


def recased(label: str, reading: str) -> str | None:
    """The label in the case that the reading saw, or None where the two are too different to be the same line.

    Letters that the reading missed take the case of the letter before them.
    """
    folded, seen = label.casefold(), reading.casefold()
    if len(folded) != len(label) or len(seen) != len(reading):
        return None  # signs such as İ that fold into two: positions would not match
    matcher = SequenceMatcher(None, folded, seen, autojunk=False)
    if matcher.ratio() < _LIKENESS:
        return None
    result: list[str] = list(label)
    known = [False] * len(label)
    for start, other, size in matcher.get_matching_blocks():
        for k in range(size):
            result[start + k], known[start + k] = reading[other + k], True
    lower = False
    for i, symbol in enumerate(result):
        if known[i]:
            lower = symbol.islower() if symbol.isalpha() else lower and not symbol.isspace()
        elif lower:
            result[i] = symbol.lower()
    return "".join(result)


def write_lines(lines: Iterator[LabelledLine], target: Path, read: ReadCrop | None = None) -> tuple[int, int]:
    """Writes crops as PNG into the folder `target` and a list `target.tsv` beside it, which `--words` takes.

    Args:
        lines: The lines.
        target: The folder.
        read: Reads a crop, to restore the case; None to keep the labels as they are.

    Returns:
        How many lines were written, and how many left out because reading and label differ too much.
    """
    target.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    left_out = 0
    for line in lines:
        text = line.text if read is None else recased(line.text, read(line.pixels))
        if text is None:
            left_out += 1
            continue
        name = f"{len(rows):06d}.png"
        cv2.imwrite(str(target / name), line.pixels)
        rows.append(f"{name}\t{text}\n")
    target.with_suffix(".tsv").write_text("".join(rows), encoding="utf-8")
    return len(rows), left_out
