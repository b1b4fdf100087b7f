"""Pages of words in columns with headings, tables, footnotes and side notes, whose reading order is known.

They have no pixels: what they measure is the layout alone. Everything is drawn at random within what print does, from a
seed, and nothing in `ocr_doc.layout` is fitted to it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ocr_doc.core.geometry import as_quad
from ocr_doc.core.records import Block, BlockKind, Word

LETTERS = "abcdefghijklmnoprstuvwyz"
# A character's width and a space's, in heights of text.
CHARACTER = 0.48
SPACE = 0.28


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """A page with its truth.

    Attributes:
        words: In reading order.
        kinds: What each word is part of.
        columns: How many columns its text has.
    """

    words: tuple[Word, ...]
    kinds: tuple[BlockKind, ...]
    columns: int


@dataclass
class _Sheet:
    """A page while words are put on it; lengths in pixels."""

    rng: random.Random
    height: float
    pitch: float
    boxes: list[tuple[str, float, float, float, float, BlockKind]] = field(default_factory=list)

    def word(self, text: str, x: float, y: float, size: float, kind: BlockKind) -> float:
        """Puts a word on the baseline `y`; returns its width."""
        width = CHARACTER * size * len(text)
        # Words of small letters only are lower: detectors give the height of the ink, more or less.
        top = size if any(c in "bdfhklt0123456789" or c.isupper() for c in text) else size * self.rng.uniform(0.75, 1)
        self.boxes.append((text, x, y - 0.8 * top, x + width, y + 0.2 * size, kind))
        return width

    def line(self, words: Sequence[str], x: float, y: float, size: float, kind: BlockKind, fill: float = 0.0) -> None:
        """Puts words side by side, spread over the width `fill` where that is given."""
        widths = [CHARACTER * size * len(word) for word in words]
        space = SPACE * size
        if fill and len(words) > 1:
            space = max((fill - sum(widths)) / (len(words) - 1), 0.15 * size)
        for word, width in zip(words, widths, strict=True):
            self.word(word, x, y, size, kind)
            x += width + space

    def text(self) -> str:
        """A word of random letters."""
        length = min(max(round(self.rng.gauss(5, 2.5)), 1), 13)
        word = "".join(self.rng.choices(LETTERS, k=length))
        return word.capitalize() if self.rng.random() < 0.1 else word


def make_layout(seed: int, columns: int | None = None) -> LayoutPage:
    """A page of one, two or three columns.

    Args:
        seed: The page is the same for the same seed.
        columns: How many; None for any.
    """
    rng = random.Random(seed)
    count = columns or rng.choice((1, 2, 3))
    height = rng.uniform(14, 36)
    sheet = _Sheet(rng, height, height * rng.uniform(1.2, 1.6))
    measure = height * rng.uniform(*{1: (28, 42), 2: (16, 24), 3: (13, 17)}[count])
    gutter = height * rng.uniform(1.3, 3.0)
    noted = count == 1 and rng.random() < 0.4
    left = height * (14 if noted else 3)
    width = count * measure + (count - 1) * gutter
    y = 4 * height
    if rng.random() < 0.4:
        number = [str(rng.randint(1, 999))]
        head = [sheet.text().capitalize() for _ in range(rng.randint(1, 4))]
        sheet.line(head + number if rng.random() < 0.5 else number + head, left, y, height, "header")
        y += 2.5 * sheet.pitch
    justified, aligned = rng.random() < 0.6, rng.random() < 0.5
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.7:
            y = _heading(sheet, left, y, width, across=True)
        bottoms = []
        for column in range(count):
            x = left + column * (measure + gutter)
            start = y if aligned else y + sheet.pitch * rng.uniform(0, 0.6)
            bottoms.append(_column(sheet, x, start, measure, justified=justified, noted=noted))
        y = max(bottoms) + sheet.pitch * rng.uniform(0.8, 1.6)
        if rng.random() < 0.4:
            y = _table(sheet, left, y, width)
    if rng.random() < 0.5:
        sheet.word(str(rng.randint(1, 999)), left + width / 2, y + 1.5 * sheet.pitch, height, "page_number")
    return _finished(sheet, count)


def adjacency(truth: Iterable[Word], blocks: Iterable[Block]) -> float:
    """The share of words next to one another in the truth that are so in the result; 1 for fewer than two words."""
    place = {id(word): number for number, word in enumerate(truth)}
    got = [place[id(word)] for block in blocks for line in block.lines for word in line.words]
    kept = sum(b == a + 1 for a, b in pairwise(got))
    return kept / (len(place) - 1) if len(place) > 1 else 1.0


def _heading(sheet: _Sheet, x: float, y: float, width: float, *, across: bool) -> float:
    """A heading; returns where text may go on."""
    size = sheet.height * sheet.rng.uniform(1.3, 2.2) if across else sheet.height * sheet.rng.uniform(1.25, 1.4)
    words: list[str] = []
    room = width * sheet.rng.uniform(0.4, 1.0)
    while not words or sum(map(len, words)) * CHARACTER * size + len(words) * 6 * CHARACTER * size < room:
        words.append(sheet.text().capitalize())
    length = sum(map(len, words)) * CHARACTER * size + (len(words) - 1) * SPACE * size
    y += size - sheet.height
    sheet.line(words, x + (width - length) / 2 if across and sheet.rng.random() < 0.6 else x, y, size, "heading")
    return y + sheet.pitch + sheet.height * sheet.rng.uniform(0.4, 1.0)


def _column(sheet: _Sheet, x: float, y: float, measure: float, *, justified: bool, noted: bool) -> float:
    """Paragraphs, headings and perhaps a footnote; returns where the column ends."""
    rng = sheet.rng
    indent = rng.random() < 0.5
    for number in range(rng.randint(2, 5)):
        if number and rng.random() < 0.25:
            y = _heading(sheet, x, y + 0.8 * sheet.height, measure, across=False)
        start = y
        y = _paragraph(sheet, x, y, measure, sheet.height, "paragraph", justified=justified, indent=indent)
        if noted and rng.random() < 0.6 and y - start > 3 * sheet.pitch:
            _note(sheet, x, start, y)
        if not indent:
            y += 0.9 * sheet.height
    if rng.random() < 0.25:
        y += 1.2 * sheet.height
        y = _paragraph(sheet, x, y, measure, 0.8 * sheet.height, "footnote", justified=justified, indent=False)
    return y


def _paragraph(
    sheet: _Sheet, x: float, y: float, measure: float, size: float, kind: BlockKind, *, justified: bool, indent: bool
) -> float:
    """Lines of words; returns the baseline of the next line."""
    pitch = sheet.pitch * size / sheet.height
    lines = sheet.rng.randint(2, 9) if kind == "paragraph" else sheet.rng.randint(1, 3)
    mark = [str(sheet.rng.randint(1, 9))] if kind == "footnote" else []
    for number in range(lines):
        inset = 1.5 * size if indent and number == 0 else 0.0
        words, mark = [*mark, sheet.text()], []
        room = measure - inset
        if number == lines - 1:
            room *= sheet.rng.uniform(0.2, 1.0)
        while True:
            word = sheet.text()
            length = sum(map(len, [*words, word])) * CHARACTER * size + len(words) * SPACE * size
            if length > room:
                break
            words.append(word)
        full = justified and number < lines - 1
        sheet.line(words, x + inset, y, size, kind, measure - inset if full else 0.0)
        y += pitch
    return y


def _note(sheet: _Sheet, x: float, start: float, end: float) -> None:
    """A note in the margin at the left, beside the paragraph from `start` to `end`."""
    size = sheet.height * sheet.rng.uniform(0.65, 0.8)
    y = start + sheet.rng.uniform(0, 0.5) * sheet.pitch
    for _ in range(sheet.rng.randint(2, 5)):
        if y > end - sheet.pitch:
            return
        words = [sheet.text()[:6] for _ in range(sheet.rng.randint(1, 2))]
        sheet.line(words, x - 11 * sheet.height, y, size, "side_note")
        y += 1.25 * size


def _table(sheet: _Sheet, x: float, y: float, width: float) -> float:
    """Rows of a label and amounts, without rules; returns where text may go on."""
    rng = sheet.rng
    columns = rng.randint(1, 4)
    for _ in range(rng.randint(3, 8)):
        sheet.line([sheet.text() for _ in range(rng.randint(1, 3))], x, y, sheet.height, "table")
        for column in range(columns):
            amount = f"{rng.uniform(0.1, 9999):.2f}"
            end = x + width * (0.55 + 0.45 * (column + 1) / columns)
            sheet.word(amount, end - CHARACTER * sheet.height * len(amount), y, sheet.height, "table")
        y += sheet.pitch
    return y + 0.8 * sheet.height


def _finished(sheet: _Sheet, columns: int) -> LayoutPage:
    """Words with shaky corners, the page turned a little."""
    rng = sheet.rng
    angle = math.radians(rng.uniform(-3, 3))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    words, kinds = [], []
    for text, x0, y0, x1, y1, kind in sheet.boxes:
        corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        corners += [[rng.gauss(0, 0.03 * sheet.height) for _ in range(2)] for _ in range(4)]
        words.append(Word(text, 0.9, as_quad(corners @ turn)))
        kinds.append(kind)
    return LayoutPage(tuple(words), tuple(kinds), columns)
