"""Receipts of tills: a head, facts, items, totals and a foot, with rules between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.page_canvas import Pen
from ocr_doc.training.page_desk import Column, Desk


def receipt(desk: Desk) -> None:
    """A receipt or a piece of one, in thermal, needle or plain print."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.till_pen()
    left, right = desk.margin(), canvas.width - desk.margin()
    # A till prints 24 to 50 characters a line: mostly the paper fills the picture, else it is a narrow strip.
    strip = pen.width("0") * float(rng.uniform(24, 50))
    if desk.chance(0.6):
        pen = pen.sized(float(np.clip((right - left) / strip, 0.75, 2.2)))
    else:
        left += float(rng.uniform(0, max(1.0, right - left - strip)))
    right = min(right, left + strip * pen.size / desk.size)
    grey = int(rng.integers(0, 70))
    colour = marks.ink_colour(rng) if desk.chance(0.15) else (grey, grey, grey)
    top = float(rng.uniform(-0.05, 0.2)) * canvas.height
    column = Column(desk, pen, left, right, top + pen.size, pen.size * float(rng.uniform(1.0, 1.5)), colour)
    start = int(rng.choice(4, p=[0.6, 0.15, 0.15, 0.1]))
    for section in _SECTIONS[start:] + _SECTIONS:
        section(column)
        if column.full:
            return
        if desk.chance(0.1):
            other = desk.till_pen()
            column.pen = other.sized(column.pen.size / other.size)
        _rule(column)
        column.down(float(rng.uniform(0, 0.8)))


def _rule(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    chance = rng.random()
    y = column.y - column.step * 0.3
    if chance < 0.55:
        sign = say.pick(rng, ("-", "-", "-", "=", "*", "_", "."))
        count = max(4, int(column.width / max(1.0, column.pen.glyph(sign).advance)))
        desk.canvas.write(column.pen, column.left, column.y, sign * count, column.colour)
        column.down()
    elif chance < 0.7:
        marks.dashed(desk.canvas, (column.left, y), column.right, int(rng.integers(2, 8)), column.colour)
        column.down(0.6)
    elif chance < 0.8:
        marks.rule(desk.canvas, (column.left, y), (column.right, y), column.colour, int(rng.integers(1, 3)))
        column.down(0.6)
    else:
        column.down(0.5)


def _wider(column: Column) -> Pen:
    """Emphasis as tills have it: double width, at times larger."""
    rng = column.desk.rng
    return column.pen.sized(float(rng.uniform(1.0, 1.6)), stretch=column.pen.stretch * float(rng.uniform(1.0, 1.9)))


def _head(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    if desk.chance(0.15):
        marks.logo(rng, desk.canvas, column.middle - column.step * 1.5, column.y, column.step * 3)
        column.down(4.5)
    lines = [say.company(rng), *say.address(rng)]
    lines += [f"{say.label(rng)}: {say.code(rng)}" for _ in range(int(rng.integers(0, 3)))]
    lines += [f"TEL: {say.phone(rng)}"] if desk.chance(0.6) else []
    lines += [say.email(rng)] if desk.chance(0.25) else []
    centred = desk.chance(0.8)
    for i, line in enumerate(lines):
        pen = column.pen.sized(float(rng.uniform(1.2, 1.9))) if i == 0 and desk.chance(0.4) else column.pen
        if centred:
            column.put_centred(line, pen)
        else:
            column.put(line, pen=pen)
        column.down(pen.size / column.pen.size)
    if desk.chance(0.6):
        column.down(float(rng.uniform(0.3, 1.0)))
        column.put_centred(say.phrase(rng), _wider(column))
        column.down()


def _facts(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    aligned = desk.chance(0.5)
    tab = column.left + column.width * float(rng.uniform(0.3, 0.5))
    for _ in range(int(rng.integers(2, 7))):
        if desk.chance(0.25):
            column.put(f"{say.date(rng)} {say.time(rng)}")
        elif desk.chance(0.2):
            start = column.put_right(say.date(rng))
            column.put(say.time(rng), end=start - column.pen.size)
        elif aligned:
            column.put(say.label(rng), end=tab - column.pen.size)
            column.put(f": {say.any_field(rng)}", tab)
        else:
            column.put(f"{say.label(rng)}{say.pick(rng, (':', ' :', ': '))} {say.any_field(rng)}")
        column.down()


def _items(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    tax = say.pick(rng, ("", "", " SR", " S", " A", " *", " T1", " ZR"))
    two_lines = desk.chance(0.5)
    tabs = [column.left + column.width * float(f) for f in (rng.uniform(0.02, 0.3), rng.uniform(0.5, 0.62))]
    if desk.chance(0.4):
        start = column.put_right(say.pick(rng, ("Amount", "Total(RM)", "PRICE", "EUR", "Total")))
        column.put("Description Qty" if desk.chance(0.5) else say.label(rng), end=start - column.pen.size)
        column.down()
        _rule(column)
    for _ in range(int(rng.integers(2, 12))):
        price = (say.plain_amount(rng) if desk.chance(0.85) else say.amount(rng)) + tax
        name = say.item(rng) if desk.chance(0.7) else f"{say.code(rng)} {say.item(rng)}"
        if two_lines:
            column.put(name)
            column.down()
            count = int(rng.integers(1, 30))
            start = column.put_right(price)
            each = column.put_right(say.plain_amount(rng), min(tabs[1], start) - column.pen.size)
            quantity = say.pick(rng, (f"{count} x", f"{count}", f"{count} @", f"{count}.00", f"@{count} X RM"))
            column.put(quantity, tabs[0], each - column.pen.size * 0.5)
        else:
            count_text = f"{rng.integers(1, 20)} " if desk.chance(0.4) else ""
            start = column.put_right(price)
            column.put(count_text + name, end=start - column.pen.size)
        column.down()
        if column.full:
            break


def _totals(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    indent = column.left + column.width * (float(rng.uniform(0.2, 0.4)) if desk.chance(0.4) else 0)
    for _ in range(int(rng.integers(2, 8))):
        pen = _wider(column) if desk.chance(0.2) else column.pen
        column.down(pen.size / column.pen.size - 1)
        start = column.put_right(say.plain_amount(rng) if desk.chance(0.7) else say.amount(rng), pen=pen)
        column.put(say.label(rng) + say.pick(rng, ("", ":", " :", ":")), indent, start - pen.size, pen)
        column.down()


def _foot(column: Column) -> None:
    desk, rng, canvas = column.desk, column.desk.rng, column.desk.canvas
    for _ in range(int(rng.integers(1, 5))):
        column.put_centred(say.phrase(rng))
        column.down()
    width = column.width * float(rng.uniform(0.4, 0.8))
    if desk.chance(0.3) and column.y + column.step * 3 < canvas.height:
        marks.barcode(rng, canvas, (column.middle - width / 2, column.y), (width, column.step * 2))
        column.down(3)
        column.put_centred(say.code(rng))
        column.down()
    elif desk.chance(0.15) and column.y + width / 2 < canvas.height:
        marks.matrix_code(rng, canvas, (column.middle - width / 4, column.y), width / 2)
        column.y += width / 2 + column.step


_SECTIONS: tuple[Callable[[Column], None], ...] = (_head, _facts, _items, _totals, _foot)
