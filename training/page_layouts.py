"""Kinds of pages, each a function that fills a canvas: receipts, invoices, forms, letters, tables, labels, signs.

Every layout takes a `Desk`: the canvas, the source of chance, the faces and the base text size in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.faces import Face, FaceKind, pick_face
from ocr_doc.training.page_canvas import Canvas, Colour, Pen, Technique

Kinds = dict[FaceKind, float]
OFFICE: Kinds = {"sans": 4, "serif": 3, "condensed": 1.5, "mono": 1, "typewriter": 0.6, "hand": 0.15, "display": 0.15}
TILL: Kinds = {"receipt": 3, "mono": 3, "dotmatrix": 0.7, "condensed": 1.5, "sans": 1, "typewriter": 0.7}
TYPED: Kinds = {"typewriter": 4, "mono": 1}
LABEL: Kinds = {"sans": 2, "condensed": 3, "mono": 1.5, "display": 1.5, "dotmatrix": 1, "receipt": 1, "typewriter": 0.5}
SIGN: Kinds = {"display": 3, "sans": 3, "condensed": 2, "serif": 1.5, "hand": 1, "mono": 0.3}


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
        return Pen(face, size or self.size, stretch, tracking, thickness=thickness)

    def till_pen(self) -> Pen:
        """A pen as tills and needle printers have it: dotted more often than not, narrow or wide."""
        rng = self.rng
        technique: Technique = ("plain", "thermal", "dots")[int(rng.choice(3, p=[0.4, 0.42, 0.18]))]  # type: ignore[assignment]
        rows = int(rng.integers(13, 19)) if technique == "dots" else int(rng.integers(18, 30))
        stretch = float(rng.uniform(0.65, 1.05)) if self.chance(0.7) else float(rng.uniform(1.0, 1.3))
        face = pick_face(rng, self.faces, TILL, self.chance(0.2))
        return Pen(face, self.size, stretch, float(rng.uniform(0, 0.08)), technique, rows)

    def margin(self) -> float:
        """A left margin, at times nearly none."""
        return float(self.rng.uniform(0.01, 0.12)) * self.canvas.width

    def fitting(self, pen: Pen, text: str, width: float) -> str:
        """As many of the text's words as fit the width; at least a piece of the first."""
        words = pen.face.fit(text).split()
        while len(words) > 1 and pen.width(" ".join(words)) > width:
            words.pop()
        text = " ".join(words)
        while len(text) > 1 and pen.width(text) > width:
            text = text[:-1]
        return text


Layout = Callable[[Desk], None]


def receipt(desk: Desk) -> None:
    """A till's receipt: centred head, item rows, totals, foot."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.till_pen()
    left = desk.margin()
    right = canvas.width - desk.margin()
    # A till prints 24 to 48 characters a line: keep the size, take a narrower strip if that is too many.
    right = min(right, left + pen.width("0") * rng.uniform(28, 52))
    step = pen.size * rng.uniform(1.0, 1.5)
    colour = marks.ink_colour(rng) if desk.chance(0.15) else (int(rng.integers(0, 70)),) * 3
    y = float(rng.uniform(-0.3, 1.0)) * canvas.height * 0.2 + step
    sections = [_till_head, _till_facts, _till_items, _till_totals, _till_foot]
    start = int(rng.choice(4, p=[0.6, 0.15, 0.15, 0.1]))
    cycle = sections[start:] + sections
    for section in cycle:
        y = section(desk, pen, left, right, y, step, colour)
        if y > canvas.height - step:
            return
        y = _till_rule(desk, pen, left, right, y, step, colour) + step * rng.uniform(0, 0.8)


def _till_rule(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    chance = desk.rng.random()
    if chance < 0.55:
        sign = say.pick(desk.rng, ("-", "-", "-", "=", "*", "_", "."))
        count = max(4, int((right - left) / max(1.0, pen.glyph(sign).advance)))
        desk.canvas.write(pen, left, y, sign * count, colour)
        return y + step
    if chance < 0.7:
        marks.dashed(desk.canvas, left, y - step * 0.3, right, int(desk.rng.integers(2, 8)), colour)
        return y + step * 0.6
    if chance < 0.8:
        marks.rule(desk.canvas, left, y - step * 0.3, right, y - step * 0.3, colour, int(desk.rng.integers(1, 3)))
        return y + step * 0.6
    return y + step * 0.5


def _till_head(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    rng, canvas, middle = desk.rng, desk.canvas, (left + right) / 2
    if desk.chance(0.15):
        marks.logo(rng, canvas, middle - step * 1.5, y, step * 3)
        y += step * 4
    lines = [say.company(rng), *say.address(rng)]
    lines += [f"{say.label(rng)}: {say.code(rng)}" for _ in range(int(rng.integers(0, 3)))]
    lines += [f"TEL: {say.phone(rng)}"] if desk.chance(0.6) else []
    lines += [say.email(rng)] if desk.chance(0.25) else []
    centred = desk.chance(0.8)
    for i, line in enumerate(lines):
        use = pen.sized(rng.uniform(1.2, 1.9)) if i == 0 and desk.chance(0.4) else pen
        text = desk.fitting(use, line, right - left)
        if centred:
            canvas.write_centred(use, middle, y, text, colour)
        else:
            canvas.write(use, left, y, text, colour)
        y += step * (use.size / pen.size)
    if desk.chance(0.6):
        wide = pen.sized(1.0, stretch=pen.stretch * rng.uniform(1.0, 2.0))
        y += step * rng.uniform(0.3, 1.0)
        canvas.write_centred(wide, middle, y, desk.fitting(wide, say.phrase(rng), right - left), colour)
        y += step
    return y


def _till_facts(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    rng, canvas = desk.rng, desk.canvas
    aligned = desk.chance(0.5)
    tab = left + (right - left) * rng.uniform(0.3, 0.5)
    for _ in range(int(rng.integers(2, 7))):
        name, value = say.label(rng), say.any_field(rng)
        if desk.chance(0.25):
            canvas.write(pen, left, y, desk.fitting(pen, f"{say.date(rng)} {say.time(rng)}", right - left), colour)
        elif aligned:
            canvas.write(pen, left, y, desk.fitting(pen, name, tab - left - pen.size), colour)
            canvas.write(pen, tab, y, desk.fitting(pen, f": {value}", right - tab), colour)
        else:
            sign = say.pick(rng, (":", " :", ": "))
            canvas.write(pen, left, y, desk.fitting(pen, f"{name}{sign} {value}", right - left), colour)
        y += step
    return y


def _till_items(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    rng, canvas = desk.rng, desk.canvas
    tax = say.pick(rng, ("", "", " SR", " S", " A", " *", " T1", " ZR"))
    two_lines = desk.chance(0.5)
    width = right - left
    tabs = [left + width * f for f in (rng.uniform(0.08, 0.4), rng.uniform(0.5, 0.65))]
    for _ in range(int(rng.integers(2, 12))):
        price = say.plain_amount(rng) if desk.chance(0.85) else say.amount(rng)
        name = say.item(rng) if desk.chance(0.75) else f"{say.code(rng)} {say.item(rng)}"
        shown = pen.width(pen.face.fit(price + tax))
        if two_lines:
            canvas.write(pen, left, y, desk.fitting(pen, name, width), colour)
            y += step
            count = int(rng.integers(1, 30))
            quantity = say.pick(rng, (f"{count} x", f"{count}", f"{count} @", f"{count}.00", f"@{count} X RM"))
            canvas.write(pen, tabs[0], y, quantity, colour)
            canvas.write_right(pen, tabs[1] + pen.size, y, say.plain_amount(rng), colour)
        else:
            count = f"{rng.integers(1, 20)} " if desk.chance(0.4) else ""
            canvas.write(pen, left, y, desk.fitting(pen, count + name, width - shown - pen.size), colour)
        canvas.write_right(pen, right, y, price + tax, colour)
        y += step
        if y > canvas.height:
            break
    return y


def _till_totals(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    rng, canvas = desk.rng, desk.canvas
    indent = left + (right - left) * (rng.uniform(0.2, 0.4) if desk.chance(0.4) else 0)
    for _ in range(int(rng.integers(2, 8))):
        use = pen
        if desk.chance(0.2):
            use = pen.sized(rng.uniform(1.0, 1.6), stretch=pen.stretch * rng.uniform(1.0, 1.8))
        value = say.plain_amount(rng) if desk.chance(0.7) else say.amount(rng)
        room = right - indent - use.width(use.face.fit(value)) - use.size
        sign = say.pick(rng, ("", ":", " :", ":"))
        y += step * (use.size / pen.size - 1)
        canvas.write(use, indent, y, desk.fitting(use, say.label(rng) + sign, room), colour)
        canvas.write_right(use, right, y, value, colour)
        y += step
    return y


def _till_foot(desk: Desk, pen: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    rng, canvas, middle = desk.rng, desk.canvas, (left + right) / 2
    for _ in range(int(rng.integers(1, 5))):
        canvas.write_centred(pen, middle, y, desk.fitting(pen, say.phrase(rng), right - left), colour)
        y += step
    width = (right - left) * rng.uniform(0.4, 0.8)
    if desk.chance(0.3) and y + step * 3 < canvas.height:
        marks.barcode(rng, canvas, middle - width / 2, y, width, step * 2)
        y += step * 3
        canvas.write_centred(pen, middle, y, say.code(rng), colour)
        y += step
    elif desk.chance(0.15) and y + width / 2 < canvas.height:
        marks.matrix_code(rng, canvas, middle - width / 4, y, width / 2)
        y += width / 2 + step
    return y


def letter(desk: Desk) -> None:
    """Prose in one of several languages, in one or two columns, with headings and lists."""
    rng, canvas = desk.rng, desk.canvas
    kinds = TYPED if desk.chance(0.3) else OFFICE
    pen = desk.pen(kinds)
    colour = marks.ink_colour(rng)
    columns = 2 if canvas.width / pen.size > 45 and desk.chance(0.4) else 1
    left, gap = desk.margin(), pen.size * rng.uniform(1.5, 3)
    width = (canvas.width - 2 * left - gap * (columns - 1)) / columns
    for column in range(columns):
        _column(desk, pen, left + column * (width + gap), width, colour)


def _column(desk: Desk, pen: Pen, left: float, width: float, colour: Colour) -> None:
    rng, canvas = desk.rng, desk.canvas
    lang = say.language(rng)
    step = pen.size * rng.uniform(1.1, 1.9)
    y = step * rng.uniform(0.9, 3)
    bold = desk.pen({pen.face.kind: 1.0}, pen.size, True)
    while y < canvas.height:
        if desk.chance(0.15):
            heading = bold.sized(rng.uniform(1.0, 1.7))
            y += step * 0.6
            text = desk.fitting(
                heading, say.phrase(rng) if desk.chance(0.4) else " ".join(say.prose(rng, lang, 4)), width
            )
            canvas.write(heading, left, y, text, colour)
            if desk.chance(0.3):
                marks.rule(canvas, left, y + 3, left + heading.width(text), y + 3, colour)
            y += step * 1.4
        y = paragraph(desk, pen, say.prose(rng, lang, int(rng.integers(5, 80))), left, width, y, step, colour)
        y += step * rng.uniform(0, 1.2)


def paragraph(
    desk: Desk, pen: Pen, words: Sequence[str], left: float, width: float, y: float, step: float, colour: Colour
) -> float:
    """Sets words in lines of at most `width`, ragged or justified; returns the next baseline."""
    space = pen.glyph(" ").advance
    justified = desk.chance(0.3)
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
    for i, row in enumerate(rows):
        gap = space
        if justified and i + 1 < len(rows) and len(row) > 1:
            gap = (width - sum(pen.width(t) for t in row)) / (len(row) - 1)
        x = left
        for token in row:
            x = desk.canvas.write(pen, x, y, token, colour) + gap
            if desk.chance(0.005):
                marks.rule(desk.canvas, x - gap - pen.width(token), y + 2, x - gap, y + 2, colour)
        y += step
        if y > desk.canvas.height + step:
            break
    return y
