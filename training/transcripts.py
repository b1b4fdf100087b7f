"""Labelled crops out of pages of which only the text is known, line by line, and no box.

The detector finds the words, the recogniser reads them, and its readings, right for the most part, say which row of
words is which line of the transcript and where in it each word stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Quad, quad_box, union_box
from ocr_doc.recognizer.crops import rectify
from ocr_doc.training.lines import Detect, LabelledLine, ReadCrop
from ocr_doc.training.readers import as_rgb

# Below this likeness a row of words is not that line, or a word not that part of it.
_LINE_LIKENESS, _WORD_LIKENESS = 0.7, 0.5
# Crops of several words hold so many of them, one after the other.
_PHRASES = (2, 3, 4)
# Words further apart than this, in heights, are in different columns.
_GAP = 1.0
# Share of a row's height that is added around a phrase.
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class _Seen:
    """A word as found and read."""

    quad: Quad
    box: Box
    text: str


def crops_of_transcript(
    pixels: NDArray[np.uint8], transcript: str, detect: Detect, read: ReadCrop, *, words: bool
) -> Iterator[LabelledLine]:
    """Cuts a page into labelled crops.

    Args:
        pixels: (H, W) uint8 grey.
        transcript: What the page says, one line for each of its rows.
        detect: The detector.
        read: The recogniser.
        words: Whether to yield single words as the detector finds them, or else several words in one crop.

    Yields:
        Crops with their labels. Rows that are like no line, and words that are not whole words of it, are left out.
    """
    rows, lines = _seen_rows(pixels, transcript, detect, read)
    sizes = cycle(_PHRASES)
    for row, label in _matched(rows, lines):
        placed = _placed(row, label)
        if words:
            for word, start, end in placed:
                yield LabelledLine(rectify(pixels, np.asarray(word.quad)), label[start:end])
            continue
        for run in _runs(placed):
            while run:
                size = next(sizes)
                part, run = run[:size], run[size:]  # noqa: PLW2901 - eaten from the front
                yield LabelledLine(_cut(pixels, [word.box for word, _, _ in part]), label[part[0][1] : part[-1][2]])


def lines_of_transcript(
    pixels: NDArray[np.uint8], transcript: str, detect: Detect, read: ReadCrop
) -> list[tuple[Box, str]]:
    """The lines of a page whose rows of words were found.

    Args:
        pixels: (H, W) uint8 grey.
        transcript: What the page says, one line for each of its rows.
        detect: The detector.
        read: The recogniser.

    Returns:
        The box around each row in pixels, and what the transcript has for it; rows that are like no line are left out.
    """
    rows, lines = _seen_rows(pixels, transcript, detect, read)
    return [(union_box(word.box for word in row), label) for row, label in _matched(rows, lines)]


def _seen_rows(
    pixels: NDArray[np.uint8], transcript: str, detect: Detect, read: ReadCrop
) -> tuple[list[list[_Seen]], list[str]]:
    """The rows of words as found and read, and the lines of the transcript."""
    seen = [_Seen(quad, quad_box(quad), read(rectify(pixels, np.asarray(quad)))) for quad in detect(as_rgb(pixels))]
    lines = [" ".join(line.split()) for line in transcript.splitlines() if line.strip()]
    return _rows([word for word in seen if word.text]), lines


def _rows(words: Sequence[_Seen]) -> list[list[_Seen]]:
    """Words side by side, from left to right; the rows from top to bottom."""
    rows: list[list[_Seen]] = []
    for word in sorted(words, key=lambda each: each.box[1] + each.box[3]):
        middle, height = (word.box[1] + word.box[3]) / 2, word.box[3] - word.box[1]
        row = rows[-1] if rows else []
        middles = [(other.box[1] + other.box[3]) / 2 for other in row]
        if row and abs(float(np.mean(middles)) - middle) < 0.5 * height:
            row.append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda each: each.box[0]) for row in rows]


def _matched(rows: Sequence[list[_Seen]], lines: Sequence[str]) -> Iterator[tuple[list[_Seen], str]]:
    """Rows and lines that are each other's most alike."""
    likeness = np.zeros((len(rows), len(lines)))
    for j, line in enumerate(lines):
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(_folded(line))
        for i, row in enumerate(rows):
            matcher.set_seq1(_folded("".join(word.text for word in row)))
            if matcher.real_quick_ratio() > _LINE_LIKENESS and matcher.quick_ratio() > _LINE_LIKENESS:
                likeness[i, j] = matcher.ratio()
    for i, row in enumerate(rows):
        j = int(likeness[i].argmax()) if lines else 0
        if lines and likeness[i, j] > _LINE_LIKENESS and likeness[:, j].argmax() == i:
            yield row, lines[j]


def _placed(row: Sequence[_Seen], label: str) -> list[tuple[_Seen, int, int]]:
    """The words of a row that are whole words of the label, each with where it starts and ends there."""
    letters = [i for i, symbol in enumerate(label) if not symbol.isspace()]
    wanted = _folded(label)
    reading = _folded("".join(word.text for word in row))
    if len(wanted) != len(letters):
        return []  # signs that fold into two: positions would not match
    places = _boundaries(reading, wanted)
    placed, at = [], 0
    for word in row:
        folded = _folded(word.text)
        first, last = places.get(at), places.get(at + len(folded))
        at += len(folded)
        if first is None or last is None or last <= first:
            continue
        start, end = letters[first], letters[last - 1] + 1
        whole = (start == 0 or label[start - 1] == " ") and (end == len(label) or label[end] == " ")
        if whole and SequenceMatcher(None, folded, wanted[first:last], autojunk=False).ratio() >= _WORD_LIKENESS:
            placed.append((word, start, end))
    return placed


def _boundaries(reading: str, wanted: str) -> dict[int, int]:
    """Places in the reading with their places in the label, where that is sure."""
    places = {0: 0, len(reading): len(wanted)}
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, reading, wanted, autojunk=False).get_opcodes():
        if kind in {"equal", "replace"} and a1 - a0 == b1 - b0:
            places.update({a0 + k: b0 + k for k in range(a1 - a0 + 1)})
    return places


def _runs(placed: Sequence[tuple[_Seen, int, int]]) -> list[list[tuple[_Seen, int, int]]]:
    """Words of a row in runs of neighbours: nothing but a space is between two, in the label and on the page."""
    runs: list[list[tuple[_Seen, int, int]]] = []
    for each in placed:
        before = runs[-1][-1] if runs else None
        if before is not None and each[1] - before[2] <= 1 and each[0].box[0] - before[0].box[2] < _GAP * _height(each):
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _height(placed: tuple[_Seen, int, int]) -> float:
    return placed[0].box[3] - placed[0].box[1]


def _folded(text: str) -> str:
    return "".join(text.split()).lower()


def _cut(pixels: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
    x0, y0 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    x1, y1 = max(box[2] for box in boxes), max(box[3] for box in boxes)
    margin = _MARGIN * (y1 - y0)
    top, left = max(0, round(y0 - margin)), max(0, round(x0 - margin))
    return pixels[top : round(y1 + margin) + 1, left : round(x1 + margin) + 1]
