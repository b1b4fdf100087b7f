"""Office sheets: letters, invoices, pages of tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.page_canvas import Colour, Pen
from ocr_doc.training.page_desk import OFFICE, TILL, TYPED, Column, Desk, fitting

_WHITE: Colour = (255, 255, 255)


def letter(desk: Desk) -> None:
    """Prose in one of several languages, in one or two columns, with headings."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.pen(TYPED if desk.chance(0.3) else OFFICE)
    colour = marks.ink_colour(rng)
    count = 2 if canvas.width / pen.size > 45 and desk.chance(0.4) else 1
    left, gap = desk.margin(), pen.size * float(rng.uniform(1.5, 3))
    width = (canvas.width - 2 * left - gap * (count - 1)) / count
    for i in range(count):
        step = pen.size * float(rng.uniform(1.1, 1.9))
        x = left + i * (width + gap)
        _prose(Column(desk, pen, x, x + width, step * float(rng.uniform(0.9, 3)), step, colour))


def _prose(column: Column) -> None:
    desk, rng = column.desk, column.desk.rng
    lang = say.language(rng)
    bold = desk.bold_of(column.pen)
    while not column.full:
        if desk.chance(0.15):
            heading = bold.sized(float(rng.uniform(1.0, 1.7)))
            column.down(0.6)
            end = column.put(say.phrase(rng) if desk.chance(0.4) else " ".join(say.prose(rng, lang, 4)), pen=heading)
            if desk.chance(0.3):
                column.line_below(column.left, end)
            column.down(1.4)
        column.paragraph(say.prose(rng, lang, int(rng.integers(5, 80))))
        column.down(float(rng.uniform(0, 1.2)))


def invoice(desk: Desk) -> None:
    """Letterhead, addresses, facts, a table of items with rules or boxes, totals, small print."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.pen(OFFICE)
    step = pen.size * float(rng.uniform(1.15, 1.6))
    left, right = desk.margin(), canvas.width - desk.margin()
    column = Column(desk, pen, left, right, step * float(rng.uniform(1, 2)), step, marks.ink_colour(rng))
    bold = desk.bold_of(pen)
    if desk.chance(0.8):
        _letterhead(column, bold)
    table(column, bold)
    x = left + column.width * float(rng.uniform(0.4, 0.65))
    for _ in range(int(rng.integers(1, 5))):
        use = bold if desk.chance(0.3) else pen
        start = column.put_right(say.amount(rng), right - 3, use)
        column.put(say.label(rng) + say.pick(rng, ("", ":")), x, start - use.size, use)
        if desk.chance(0.3):
            column.line_below(x, right)
        column.down()
    small = pen.sized(0.75) if pen.size > 15 else pen
    while not column.full:
        column.paragraph(say.prose(rng, say.language(rng), 30), small)
        column.down()


def _letterhead(column: Column, bold: Pen) -> None:
    desk, rng = column.desk, column.desk.rng
    if desk.chance(0.4):
        marks.logo(rng, desk.canvas, column.left, column.y - column.step, column.step * 2.5)
    column.down(0.5)
    title = bold.sized(float(rng.uniform(1.2, 2.2)))
    column.put(say.company(rng), column.left + column.step * 3, column.left + column.width * 0.85, title)
    column.down(1.5)
    facts = Column(
        desk, column.pen, column.left + column.width * 0.52, column.right, column.y, column.step, column.colour
    )
    for line in [say.person(rng), *say.address(rng), say.email(rng)]:
        column.put(line, end=column.left + column.width * 0.45)
        column.down()
    for _ in range(int(rng.integers(2, 6))):
        end = facts.put(say.label(rng) + ":", end=facts.left + facts.width * 0.5, pen=bold)
        facts.put(say.any_field(rng), end + facts.pen.size * 0.6)
        facts.down()
    column.y = max(column.y, facts.y) + column.step


def numbers(desk: Desk) -> None:
    """A page of tables."""
    rng = desk.rng
    pen = desk.pen({**OFFICE, **TILL})
    step = pen.size * float(rng.uniform(1.1, 1.5))
    column = Column(desk, pen, 0.0, 0.0, step * 2, step, marks.ink_colour(rng))
    bold = desk.bold_of(pen)
    while not column.full:
        column.left, column.right = desk.margin(), desk.canvas.width - desk.margin()
        table(column, bold)
        column.down()


def table(column: Column, bold: Pen) -> None:
    """A table with a head, in one of several styles of rules."""
    desk, rng, canvas = column.desk, column.desk.rng, column.desk.canvas
    # Columns narrow enough to cut every word teach nothing: about five characters each at least.
    count = int(np.clip(rng.integers(3, 8), 2, max(2, column.width / (column.pen.size * 3.5))))
    shares = rng.uniform(0.7, 1.4, count)
    shares[0 if desk.chance(0.7) else 1] *= float(rng.uniform(1, 3))
    edges = column.left + column.width * np.concatenate([[0], np.cumsum(shares / shares.sum())])
    style = say.pick(rng, ("boxes", "rows", "none", "columns", "zebra", "rows"))
    rows, lead = int(rng.integers(3, 16)), column.step * float(rng.uniform(1.0, 1.5))
    numeric = rng.random(count) < 0.6
    numeric[0] = False
    top = column.y - column.step * 0.9
    ink = column.colour
    for row in range(rows + 1):
        y = top + lead * row
        if y + lead > canvas.height:
            break
        head_ink = _band(column, row, style, (y, y + lead))
        column.y, column.colour = y + lead * 0.5 + column.pen.size * 0.33, head_ink or ink
        _row(column, bold if row == 0 else column.pen, edges, numeric, row == 0)
        column.colour = ink
        if style in ("boxes", "rows") or row == 0:
            marks.rule(canvas, (column.left, y + lead), (column.right, y + lead), ink)
    bottom = y + lead if row == rows and y + lead <= canvas.height else y
    if style in ("boxes", "columns"):
        marks.box(canvas, (column.left, top, column.right, bottom), ink)
        for edge in edges[1:-1]:
            marks.rule(canvas, (float(edge), top), (float(edge), bottom), ink)
    column.y = float(bottom + column.step * 1.3)


def _band(column: Column, row: int, style: str, span: tuple[float, float]) -> Colour | None:
    """Shades a row of a table; returns the ink that the row then needs, None for the usual one."""
    rng, canvas = column.desk.rng, column.desk.canvas
    area = (column.left, span[0], column.right, span[1])
    if row == 0 and column.desk.chance(0.35):
        band = tuple(int(v) for v in rng.integers(0, (110, 110, 140)))
        marks.box(canvas, area, (band[0], band[1], band[2]), -1)
        return _WHITE
    if row and style == "zebra" and row % 2 == 0:
        shade = int(rng.integers(205, 240))
        marks.box(canvas, area, (shade, shade, shade), -1)
    return None


def _row(column: Column, pen: Pen, edges: NDArray[np.float64], numeric: NDArray[np.bool_], head: bool) -> None:
    pad = pen.size * 0.3
    for i, right_aligned in enumerate(numeric):
        left, right = float(edges[i]) + pad, float(edges[i + 1]) - pad
        if right - left < pen.size or column.desk.chance(0.06):
            continue
        text = fitting(pen, _cell(column.desk, head, bool(right_aligned)), right - left)
        if right_aligned:
            column.put_right(text, right, pen)
        else:
            column.put(text, left, right, pen)


def _cell(desk: Desk, head: bool, numeric: bool) -> str:
    rng = desk.rng
    if head:
        return say.label(rng)
    if numeric:
        if desk.chance(0.3):
            return str(rng.integers(0, 100))
        return say.plain_amount(rng) if desk.chance(0.7) else say.amount(rng)
    return say.item(rng) if desk.chance(0.7) else say.any_field(rng)
