"""Labelled lines of real pages as crops for the recogniser: whole, or cut into words as the detector cuts them.

A page set is a file of JSON lines, `{"image": "a/b.jpg", "lines": [{"box": [x0, y0, x1, y1], "text": "..."}]}`, paths
relative to the file. Many such sets write all text in upper case whatever is printed. The recogniser's own reading then
decides the case: where it reads the same letters, its case is taken (and `letter_case` corrects it by height).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.core.files import write_whole
from ocr_doc.core.geometry import Box, Quad, quad_box
from ocr_doc.recognizer.crops import rectify
from ocr_doc.training.readers import as_rgb, read_grey, read_rows

T = TypeVar("T")
# Reads one crop, (h, w) uint8.
ReadCrop = Callable[[NDArray[np.uint8]], str]
# The text of a crop, (h, w) uint8, in the case it is printed in; None where the two do not fit.
Recase = Callable[[NDArray[np.uint8], str], "str | None"]
# Finds the words of a page, (H, W, 3) uint8 RGB.
Detect = Callable[[NDArray[np.uint8]], Sequence[Quad]]
# Below this likeness the box and its text do not belong together, or the reading is too poor to judge.
_LIKENESS = 0.6
# Share of a line's height that is added on each side.
_MARGIN = 0.12


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """A line cut from a page: pixels (h, w) uint8 and what it says."""

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class LinedPage:
    """A page with the boxes and texts of its lines: pixels (H, W) uint8 grey."""

    pixels: NDArray[np.uint8]
    lines: tuple[tuple[Box, str], ...]


def read_lined_pages(
    pages: Path, split: str | None = None, without: Collection[str] = (), only: Collection[str] | None = None
) -> Iterator[LinedPage]:
    """Reads the pages of a set, one after the other.

    Args:
        pages: The file of JSON lines.
        split: Only pages whose "split" says so; None for all.
        without: Images, as the file names them, to leave out.
        only: The only images to take; None for all.

    Raises:
        InputMissingError: If the file or an image is not there.
        InputBrokenError: If a line of the file is not of this form, or an image is damaged.
    """
    for pixels, lines in _read_pages(pages, split, without, only, _lines):
        yield LinedPage(pixels, lines)


def read_transcripts(
    pages: Path, split: str | None = None, without: Collection[str] = (), only: Collection[str] | None = None
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Reads pages of which only the text is known, `{"image": "a/b.jpg", "text": "..."}`; see `read_lined_pages`."""
    return _read_pages(pages, split, without, only, lambda page: str(page["text"]))


def _lines(page: Mapping[str, Any]) -> tuple[tuple[Box, str], ...]:
    # Tabs and line ends would break the list that these texts are written to.
    return tuple((_box(line["box"]), " ".join(str(line["text"]).split())) for line in page["lines"])


def _read_pages(
    pages: Path,
    split: str | None,
    without: Collection[str],
    only: Collection[str] | None,
    label: Callable[[Mapping[str, Any]], T],
) -> Iterator[tuple[NDArray[np.uint8], T]]:
    """The pages of a file with what `label` makes of each."""
    for number, row in enumerate(read_rows(pages), start=1):
        if not row.strip():
            continue
        try:
            page = json.loads(row)
            labelled, image = label(page), str(page["image"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputBrokenError(f"{pages}: line {number} describes no page ({error!r}).", "Correct it.") from error
        wanted = image not in without and (only is None or image in only)
        if wanted and split in (None, page.get("split")):
            yield read_grey(pages.parent / image), labelled


def read_lines(
    pages: Path, split: str | None = None, without: Collection[str] = (), only: Collection[str] | None = None
) -> Iterator[LabelledLine]:
    """Cuts the lines out of all pages of a set; see `read_lined_pages`."""
    for page in read_lined_pages(pages, split, without, only):
        for box, label in page.lines:
            crop = _cut(page.pixels, box)
            if crop.size and label:
                yield LabelledLine(crop, label)


def words_of_page(page: LinedPage, detect: Detect) -> Iterator[LabelledLine]:
    """Cuts the words of a page as the detector finds them, so that they are the very crops that reading starts from.

    The words of the labels have no boxes of their own. Where the detector finds as many words in a line as its label
    has, they belong together in order; lines where it does not are left out.

    Args:
        page: The page.
        detect: The detector.

    Yields:
        Crops of single words with their labels.
    """
    boxes = [box for box, _ in page.lines]
    owned: dict[int, list[Quad]] = {}
    for quad in detect(as_rgb(page.pixels)):
        line = _line_of(quad_box(quad), boxes)
        if line is not None:
            owned.setdefault(line, []).append(quad)
    for line, members in owned.items():
        labels = page.lines[line][1].split()
        if len(labels) != len(members):
            continue
        members.sort(key=lambda quad: quad_box(quad)[0])
        for quad, label in zip(members, labels, strict=True):
            yield LabelledLine(rectify(page.pixels, np.asarray(quad)), label)


def _line_of(word: Box, lines: Sequence[Box]) -> int | None:
    """The one line that holds the word's centre and is of its height, or None."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    holders = [
        i
        for i, (x0, y0, x1, y1) in enumerate(lines)
        if x0 <= x <= x1 and y0 <= y <= y1 and 0.4 < (word[3] - word[1]) / max(y1 - y0, 1e-6) < 1.6
    ]
    return holders[0] if len(holders) == 1 else None


def _box(values: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (float(value) for value in values)
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        raise ValueError("a box needs numbers")
    return x0, y0, x1, y1


def _cut(page: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The box and a little around it; empty where it lies off the page."""
    left, top, right, bottom = with_margin(box, page.shape)
    return page[top:bottom, left:right]


def with_margin(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """A line's box and a little around it, x0, y0, x1, y1 in whole pixels of a page of `shape` (H, W).

    Its last corner is not before 0, so that the box of a line off the page is empty.
    """
    margin = _MARGIN * (box[3] - box[1])
    left, top = max(0, round(box[0] - margin)), max(0, round(box[1] - margin))
    return left, top, max(0, min(shape[1], round(box[2] + margin))), max(0, min(shape[0], round(box[3] + margin)))


def recased(label: str, reading: str) -> str | None:
    """The label in the case that the reading saw, or None where the two are too different to be the same line.

    A letter that the reading missed is lower case where a letter beside it is; the first of a word is left as it is.
    """
    folded, seen = label.casefold(), reading.casefold()
    if len(folded) != len(label) or len(seen) != len(reading):
        return None  # signs such as İ that fold into two: positions would not match
    matcher = SequenceMatcher(None, folded, seen, autojunk=False)
    if matcher.ratio() < _LIKENESS:
        return None
    result: list[str] = list(label)
    missed = set(range(len(label)))
    for start, other, size in matcher.get_matching_blocks():
        result[start : start + size] = reading[other : other + size]
        missed.difference_update(range(start, start + size))
    for i in sorted(missed):
        if i == 0 or result[i - 1].isspace():
            continue
        before = _nearest_letter(result, range(i - 1, -1, -1))
        after = _nearest_letter(result, (k for k in range(i + 1, len(result)) if k not in missed))
        if before.islower() or after.islower():
            result[i] = result[i].lower()
    return "".join(result)


def _nearest_letter(symbols: Sequence[str], places: Iterable[int]) -> str:
    """The first letter on the way through `places`, or "" where the word ends before one."""
    for place in places:
        if symbols[place].isspace():
            break
        if symbols[place].isalpha():
            return symbols[place]
    return ""


def write_lines(lines: Iterable[LabelledLine], target: Path, recase: Recase | None = None) -> tuple[int, int]:
    """Writes crops as PNG into the folder `target` and a list `target.tsv` beside it, which `--words` takes.

    Args:
        lines: The lines.
        target: The folder.
        recase: Restores the case of labels; None to keep them as they are.

    Raises:
        OutputError: If something cannot be written.

    Returns:
        How many lines were written, and how many left out because reading and label differ too much.
    """
    rows: list[str] = []
    left_out = 0
    for line in lines:
        text = line.text if recase is None else recase(line.pixels, line.text)
        if text is None:
            left_out += 1
            continue
        name = f"{len(rows):06d}.png"
        write_whole(target / name, cv2.imencode(".png", line.pixels)[1].tobytes())
        rows.append(f"{name}\t{text}\n")
    # Last, so that a list names only crops that are there.
    write_whole(target.with_name(f"{target.name}.tsv"), "".join(rows).encode())
    return len(rows), left_out
