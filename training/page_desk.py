"""What a layout works with: a desk with canvas, faces and chance, and columns that are written from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ocr_doc.training import page_marks as marks
from ocr_doc.training.faces import Face, FaceKind, pick_face
from ocr_doc.training.page_canvas import Canvas, Colour, Pen, Technique

Kinds = dict[FaceKind, float]
OFFICE: Kinds = {
    "sans": 4, "serif": 2.3, "book": 0.7, "condensed": 1.5, "mono": 1, "typewriter": 0.6, "hand": 0.15, "display": 0.15,
}  # fmt: skip
TILL: Kinds = {"receipt": 3, "mono": 3, "dotmatrix": 0.7, "condensed": 1.5, "sans": 1, "typewriter": 0.7}
TYPED: Kinds = {"typewriter": 4, "mono": 1}
LABEL: Kinds = {"sans": 2, "condensed": 3, "mono": 1.5, "display": 1.5, "dotmatrix": 1, "receipt": 1, "typewriter": 0.5}
SIGN: Kinds = {"display": 3, "sans": 3, "condensed": 2, "serif": 1.2, "book": 0.3, "hand": 1, "mono": 0.3}


@dataclass
class Desk:
    """What a layout works with.

    Attributes:
        size: Base text size in pixels (capitals are about 0.7 of it high).
    """

    canvas: Canvas
    rng: Generator
    faces: tuple[Face, ...]
    size: float

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def pen(self, kinds: Kinds, size: float | None = None, bold: bool | None = False) -> Pen:
        """A pen of a face of these kinds at a size, the base size by default."""
        rng = self.rng
        stretch = float(np.clip(rng.normal(1, 0.06), 0.75, 1.3)) if self.chance(0.4) else 1.0
        tracking = float(rng.uniform(0, 0.12)) if self.chance(0.15) else 0.0
        thickness = int(rng.choice([-1, 1])) if self.chance(0.08) else 0
        face = pick_face(rng, self.faces, kinds, bold)
        # Tight setting is where two words look like one, and wide setting where one looks like two.
        blank = float(rng.uniform(0.6, 1.5)) if self.chance(0.5) else 1.0
        return Pen(face, size or self.size, stretch, tracking, thickness=thickness, blank=blank)

    def bold_of(self, pen: Pen) -> Pen:
        """A bold pen of the same kind and size."""
        return self.pen({pen.face.kind: 1.0}, pen.size, True)

    def till_pen(self) -> Pen:
        """A pen as tills and needle printers have it: dotted more often than not, narrow or wide."""
        rng = self.rng
        techniques: tuple[Technique, ...] = ("plain", "thermal", "dots")
        technique = techniques[int(rng.choice(3, p=[0.4, 0.42, 0.18]))]
        rows = int(rng.integers(13, 19)) if technique == "dots" else int(rng.integers(18, 30))
        stretch = float(rng.uniform(0.65, 1.05)) if self.chance(0.7) else float(rng.uniform(1.0, 1.3))
        face = pick_face(rng, self.faces, TILL, self.chance(0.2))
        return Pen(face, self.size, stretch, float(rng.uniform(0, 0.08)), technique, rows)

    def margin(self) -> float:
        """A side margin in pixels, at times nearly none."""
        return float(self.rng.uniform(0.01, 0.12)) * self.canvas.width

    def free(self, region: tuple[float, float, float, float]) -> bool:
        """Whether no word lies in or near a region (x0, y0, x1, y1) that may be turned a little."""
        x0, y0, x1, y1 = region
        reach = (x1 - x0) * 0.3
        return not any(
            q[:, 0].max() > x0 and q[:, 0].min() < x1 and q[:, 1].max() > y0 - reach and q[:, 1].min() < y1 + reach
            for q in (word.quad for word in self.canvas.words)
        )


def fitting(pen: Pen, text: str, width: float) -> str:
    """As many of the text's words as fit the width; at least a piece of the first."""
    words = pen.face.fit(text).split()
    while len(words) > 1 and pen.width(" ".join(words)) > width:
        words.pop()
    text = " ".join(words)
    while len(text) > 1 and pen.width(text) > width:
        text = text[:-1]
    return text


@dataclass
class Column:
    """A strip of a page with its pen; `y` is the next baseline.

    Attributes:
        left, right: Its edges in pixels.
        step: Distance of baselines in pixels.
    """

    desk: Desk
    pen: Pen
    left: float
    right: float
    y: float
    step: float
    colour: Colour

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Its centre line."""
        return (self.left + self.right) / 2

    @property
    def full(self) -> bool:
        """Whether the next line would not fit the page."""
        return self.y > self.desk.canvas.height - 0.25 * self.pen.size

    def down(self, lines: float = 1.0) -> None:
        """Moves on by some lines."""
        self.y += lines * self.step

    def put(self, text: str, x: float | None = None, end: float | None = None, pen: Pen | None = None) -> float:
        """Writes from `x` (the left edge by default) as much of the text as fits up to `end` (the right edge).

        Returns:
            Where the pen stands afterwards.
        """
        pen, x = pen or self.pen, self.left if x is None else x
        room = (self.right if end is None else end) - x
        if room < pen.size * 0.5:
            return x
        return self.desk.canvas.write(pen, x, self.y, fitting(pen, text, room), self.colour)

    def put_centred(self, text: str, pen: Pen | None = None) -> None:
        """Writes in the middle."""
        pen = pen or self.pen
        self.desk.canvas.write_centred(pen, self.middle, self.y, fitting(pen, text, self.width), self.colour)

    def put_right(self, text: str, end: float | None = None, pen: Pen | None = None) -> float:
        """Writes so that the text ends at `end` (the right edge by default).

        Returns:
            Where the text starts.
        """
        pen, end = pen or self.pen, self.right if end is None else end
        text = pen.face.fit(text)
        self.desk.canvas.write_right(pen, end, self.y, text, self.colour)
        return end - pen.width(text)

    def line_below(self, x0: float, x1: float, drop: float = 0.25, thick: int = 1) -> None:
        """A rule under the baseline, `drop` of the pen's size lower."""
        y = self.y + drop * self.pen.size
        marks.rule(self.desk.canvas, (x0, y), (x1, y), self.colour, thick)

    def paragraph(self, words: Sequence[str], pen: Pen | None = None) -> None:
        """Sets words in lines, ragged or justified, from the next baseline on."""
        pen = pen or self.pen
        step = self.step * pen.size / self.pen.size
        space = pen.glyph(" ").advance
        rows = _broken(pen, words, self.width)
        justified = self.desk.chance(0.3)
        for i, row in enumerate(rows):
            gap = space
            if justified and i + 1 < len(rows) and len(row) > 1:
                gap = (self.width - sum(pen.width(t) for t in row)) / (len(row) - 1)
            x = self.left
            for token in row:
                x = self.desk.canvas.write(pen, x, self.y, token, self.colour) + gap
                if self.desk.chance(0.005):
                    self.line_below(x - gap - pen.width(token), x - gap, 0.12)
            self.y += step
            if self.full:
                break


def _broken(pen: Pen, words: Sequence[str], width: float) -> list[list[str]]:
    """Words as lines of at most `width` pixels; a word that is longer than a line is left out."""
    space = pen.glyph(" ").advance
    rows: list[list[str]] = [[]]
    used = 0.0
    for token in words:
        fitted = pen.face.fit(token)
        size = pen.width(fitted)
        if not fitted or size > width:
            continue
        if used + size > width:
            rows.append([])
            used = 0.0
        rows[-1].append(fitted)
        used += size + space
    return rows


Layout = Callable[[Desk], None]
