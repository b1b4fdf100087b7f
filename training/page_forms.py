"""Forms: printed labels, typed values on lines and in boxes, small print, choices to tick."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.page_canvas import Pen
from ocr_doc.training.page_desk import OFFICE, TYPED, Column, Desk


def form(desk: Desk) -> None:
    """A form, in parts filled in with another face."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.pen(OFFICE)
    typed = desk.pen(TYPED if desk.chance(0.7) else OFFICE)
    step = pen.size * float(rng.uniform(1.4, 2.2))
    column = Column(desk, pen, desk.margin(), canvas.width - desk.margin(), step * 1.2, step, marks.ink_colour(rng))
    if desk.chance(0.6):
        title = desk.bold_of(pen).sized(float(rng.uniform(1.0, 1.6)))
        column.put_centred(say.phrase(rng), title)
        if desk.chance(0.3):
            column.line_below(column.middle - column.width * 0.2, column.middle + column.width * 0.2)
        column.down(1.5)
    while not column.full:
        _SECTIONS[int(rng.integers(len(_SECTIONS)))](column, typed)


def _fields(column: Column, typed: Pen) -> None:
    desk, rng = column.desk, column.desk.rng
    for _ in range(int(rng.integers(1, 6))):
        parts = int(rng.integers(1, 4)) if column.width > column.pen.size * 25 else 1
        width = column.width / parts
        for part in range(parts):
            left = column.left + part * width
            _field(column, typed, left, left + width - column.pen.size)
        column.down()
        if column.full:
            return
    if desk.chance(0.5):
        column.down(0.3)


def _field(column: Column, typed: Pen, left: float, end: float) -> None:
    desk, rng = column.desk, column.desk.rng
    x = column.put(say.label(rng) + say.pick(rng, (":", "", ":", " :")), left, (left + end) / 2)
    x += column.pen.size * 0.4
    filled = desk.chance(0.75)
    chance = rng.random()
    if chance < 0.6:
        column.line_below(x, end, float(rng.uniform(0.05, 0.2)))
    elif chance < 0.7 and not filled:
        dots = int((end - x) / max(1.0, column.pen.glyph(".").advance))
        desk.canvas.write(column.pen, x, column.y, "." * dots, column.colour)
    if filled:
        baseline = column.y
        column.y -= column.pen.size * float(rng.uniform(-0.04, 0.15))
        column.put(say.any_field(rng), x + column.pen.size * 0.4, end, typed)
        column.y = baseline


def _boxed_fields(column: Column, typed: Pen) -> None:
    desk, rng = column.desk, column.desk.rng
    small = column.pen.sized(0.65) if column.pen.size > 17 else column.pen
    high = small.size + typed.size * float(rng.uniform(1.4, 2.2))
    top = column.y - column.step * 0.7
    for _ in range(int(rng.integers(1, 5))):
        if top + high > desk.canvas.height:
            break
        cuts = rng.uniform(column.left + 40, column.right, int(rng.integers(0, 3)))
        for x0, x1 in pairwise([column.left, *sorted(cuts.tolist()), column.right]):
            marks.box(desk.canvas, (x0, top, x1, top + high), column.colour)
            if x1 - x0 < 3 * column.pen.size:
                continue
            column.y = top + small.size
            column.put(say.label(rng), x0 + 4, x1 - 4, small)
            if desk.chance(0.75):
                column.y = top + high - typed.size * 0.3
                column.put(say.any_field(rng), x0 + typed.size * 0.5, x1 - typed.size * 0.5, typed)
        top += high
    column.y = top + column.step * 1.3


def _small_print(column: Column, typed: Pen) -> None:
    rng = column.desk.rng
    small = column.pen.sized(float(rng.uniform(0.7, 1.0))) if column.pen.size > 16 else column.pen
    step, column.step = column.step, column.pen.size * 1.3
    column.paragraph(say.prose(rng, say.language(rng), int(rng.integers(10, 60))), small)
    column.step = step
    column.down(0.6)


def _choices(column: Column, typed: Pen) -> None:
    desk, rng = column.desk, column.desk.rng
    side = column.pen.size * 0.7
    x = column.left
    for _ in range(int(rng.integers(2, 7))):
        text = say.content_word(rng, "en")
        if x + side * 2 + column.pen.width(column.pen.face.fit(text)) > column.right:
            break
        marks.box(desk.canvas, (x, column.y - side, x + side, column.y), column.colour)
        if desk.chance(0.3):
            marks.rule(desk.canvas, (x, column.y - side), (x + side, column.y), column.colour)
            marks.rule(desk.canvas, (x + side, column.y - side), (x, column.y), column.colour)
        x = column.put(text, x + side * 1.5) + column.pen.size * float(rng.uniform(1, 3))
    column.down()


_SECTIONS: tuple[Callable[[Column, Pen], None], ...] = (_fields, _fields, _boxed_fields, _small_print, _choices)
