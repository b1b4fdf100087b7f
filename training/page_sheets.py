"""More kinds of pages: invoices and tables, forms, labels, signs, single characters, pages without text."""

from __future__ import annotations

import numpy as np
from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.page_canvas import Canvas, Colour, Pen
from ocr_doc.training.page_layouts import LABEL, OFFICE, SIGN, TILL, TYPED, Desk, paragraph


def invoice(desk: Desk) -> None:
    """Letterhead, addresses, facts, a table of items with rules or boxes, totals."""
    rng, canvas = desk.rng, desk.canvas
    pen, colour = desk.pen(OFFICE), marks.ink_colour(rng)
    bold = desk.pen({pen.face.kind: 1.0}, pen.size, True)
    step = pen.size * rng.uniform(1.15, 1.6)
    left, right = desk.margin(), canvas.width - desk.margin()
    y = step * rng.uniform(1, 2)
    if desk.chance(0.8):
        y = _letterhead(desk, pen, bold, left, right, y, step, colour)
    y = table(desk, pen, bold, left, right, y, step, colour)
    x = left + (right - left) * rng.uniform(0.4, 0.65)
    for _ in range(int(rng.integers(1, 5))):
        use = bold if desk.chance(0.3) else pen
        value = say.amount(rng)
        room = right - x - use.width(use.face.fit(value)) - use.size
        canvas.write(use, x, y, desk.fitting(use, say.label(rng) + say.pick(rng, ("", ":")), room), colour)
        canvas.write_right(use, right - 3, y, value, colour)
        if desk.chance(0.3):
            marks.rule(canvas, x, y + step * 0.3, right, y + step * 0.3, colour)
        y += step
    small = pen.sized(0.75)
    while y < canvas.height - step:
        y = (
            paragraph(desk, small, say.prose(rng, say.language(rng), 30), left, right - left, y, step * 0.8, colour)
            + step
        )


def _letterhead(
    desk: Desk, pen: Pen, bold: Pen, left: float, right: float, y: float, step: float, colour: Colour
) -> float:
    rng, canvas, width = desk.rng, desk.canvas, right - left
    if desk.chance(0.4):
        marks.logo(rng, canvas, left, y - step, step * 2.5)
    title = bold.sized(rng.uniform(1.2, 2.2))
    name = desk.fitting(title, say.company(rng), width * 0.6)
    canvas.write(title, left + step * 3, y + step * 0.5, name, colour)
    y += step * 2
    top = y
    for line in [say.person(rng), *say.address(rng), say.email(rng)]:
        canvas.write(pen, left, y, desk.fitting(pen, line, width * 0.45), colour)
        y += step
    other = top
    for _ in range(int(rng.integers(2, 6))):
        x = left + width * 0.52
        end = canvas.write(bold, x, other, desk.fitting(bold, say.label(rng) + ":", width * 0.25), colour)
        value = say.any_field(rng)
        canvas.write(pen, end + pen.size * 0.6, other, desk.fitting(pen, value, right - end - pen.size), colour)
        other += step
    return max(y, other) + step


def table(desk: Desk, pen: Pen, bold: Pen, left: float, right: float, y: float, step: float, colour: Colour) -> float:
    """A table with a head, in one of several styles of rules; returns the next baseline."""
    rng, canvas = desk.rng, desk.canvas
    count = int(rng.integers(3, 8))
    shares = rng.uniform(0.6, 1.5, count)
    shares[0 if desk.chance(0.7) else 1] *= rng.uniform(1, 3)
    edges = left + (right - left) * np.concatenate([[0], np.cumsum(shares / shares.sum())])
    style = say.pick(rng, ("boxes", "rows", "none", "columns", "zebra", "rows"))
    rows = int(rng.integers(3, 16))
    pad, lead = pen.size * 0.3, step * rng.uniform(1.0, 1.5)
    numeric = rng.random(count) < 0.6
    numeric[0] = False
    top = y - step * 0.9
    reverse = desk.chance(0.35)
    if reverse:
        band: Colour = (int(rng.integers(0, 110)), int(rng.integers(0, 110)), int(rng.integers(0, 140)))
        marks.box(canvas, left, top, right, top + lead, band, -1)
    for row in range(rows + 1):
        line = top + lead * row
        if style == "zebra" and row % 2 == 0 and row:
            shade = int(rng.integers(205, 240))
            marks.box(canvas, left, line, right, line + lead, (shade, shade, shade), -1)
        use, ink = (bold, (255, 255, 255) if reverse else colour) if row == 0 else (pen, colour)
        for column in range(count):
            room = edges[column + 1] - edges[column] - 2 * pad
            if room < pen.size or desk.chance(0.06):
                continue
            text = _cell(desk, row == 0, bool(numeric[column]))
            text = desk.fitting(use, text, room)
            baseline = line + lead * 0.5 + pen.size * 0.33
            if numeric[column]:
                canvas.write_right(use, edges[column + 1] - pad, baseline, text, ink)
            else:
                canvas.write(use, edges[column] + pad, baseline, text, ink)
        if style in ("boxes", "rows") or row == 0:
            marks.rule(canvas, left, line + lead, right, line + lead, colour)
        if line > canvas.height:
            break
    bottom = top + lead * (rows + 1)
    if style in ("boxes", "columns"):
        marks.box(canvas, left, top, right, bottom, colour)
        for edge in edges[1:-1]:
            marks.rule(canvas, edge, top, edge, bottom, colour)
    return float(bottom + step * 1.3)


def _cell(desk: Desk, head: bool, numeric: bool) -> str:
    rng = desk.rng
    if head:
        return say.label(rng)
    if numeric:
        if desk.chance(0.3):
            return str(rng.integers(0, 100))
        return say.plain_amount(rng) if desk.chance(0.7) else say.amount(rng)
    return say.item(rng) if desk.chance(0.7) else say.any_field(rng)


def numbers(desk: Desk) -> None:
    """A page of tables."""
    rng, canvas = desk.rng, desk.canvas
    pen, colour = desk.pen({**OFFICE, **TILL}), marks.ink_colour(rng)
    bold = desk.pen({pen.face.kind: 1.0}, pen.size, True)
    step = pen.size * rng.uniform(1.1, 1.5)
    y = step * 2
    while y < canvas.height:
        y = table(desk, pen, bold, desk.margin(), canvas.width - desk.margin(), y, step, colour) + step


def form(desk: Desk) -> None:
    """Printed labels, typed or missing values on lines and in boxes, small print, tick boxes, stamps."""
    rng, canvas = desk.rng, desk.canvas
    pen = desk.pen(OFFICE)
    typed = desk.pen(TYPED if desk.chance(0.7) else OFFICE)
    bold = desk.pen({pen.face.kind: 1.0}, pen.size, True)
    colour = marks.ink_colour(rng)
    step = pen.size * rng.uniform(1.4, 2.2)
    left, right = desk.margin(), canvas.width - desk.margin()
    y = step * 1.5
    title = bold.sized(rng.uniform(1.0, 1.6))
    canvas.write_centred(title, (left + right) / 2, y, desk.fitting(title, say.phrase(rng), right - left), colour)
    y += step * 1.5
    sections = (_fields, _fields, _boxed_fields, _small_print, _choices)
    while y < canvas.height:
        section = sections[int(rng.integers(len(sections)))]
        y = section(desk, pen, typed, left, right, y, step, colour)


def _fields(
    desk: Desk, pen: Pen, typed: Pen, left: float, right: float, y: float, step: float, colour: Colour
) -> float:
    rng, canvas = desk.rng, desk.canvas
    for _ in range(int(rng.integers(1, 6))):
        parts = int(rng.integers(1, 4)) if right - left > pen.size * 25 else 1
        width = (right - left) / parts
        for part in range(parts):
            x, end = left + part * width, left + (part + 1) * width - pen.size
            name = desk.fitting(pen, say.label(rng) + say.pick(rng, (":", "", ":", " :")), width * 0.5)
            x = canvas.write(pen, x, y, name, colour) + pen.size * 0.4
            if desk.chance(0.6):
                marks.rule(canvas, x, y + pen.size * 0.12, end, y + pen.size * 0.12, colour)
            elif desk.chance(0.3):
                canvas.write(pen, x, y, "." * int((end - x) / max(1.0, pen.glyph(".").advance)), colour)
            if desk.chance(0.75):
                lift = pen.size * rng.uniform(-0.02, 0.15)
                canvas.write(
                    typed,
                    x + pen.size * 0.4,
                    y - lift,
                    desk.fitting(typed, say.any_field(rng), end - x - pen.size),
                    colour,
                )
        y += step
    return y + step * 0.3


def _boxed_fields(
    desk: Desk, pen: Pen, typed: Pen, left: float, right: float, y: float, step: float, colour: Colour
) -> float:
    rng, canvas = desk.rng, desk.canvas
    small = pen.sized(0.65) if pen.size > 17 else pen
    high = small.size + typed.size * rng.uniform(1.4, 2.2)
    y -= step * 0.7
    for _ in range(int(rng.integers(1, 5))):
        edges = [left, *sorted(rng.uniform(left + 40, right, int(rng.integers(0, 3)))), right]
        for x0, x1 in zip(edges[:-1], edges[1:], strict=True):
            marks.box(canvas, x0, y, x1, y + high, colour, 1)
            if x1 - x0 < 3 * pen.size:
                continue
            canvas.write(small, x0 + 4, y + small.size, desk.fitting(small, say.label(rng), x1 - x0 - 8), colour)
            if desk.chance(0.75):
                value = desk.fitting(typed, say.any_field(rng), x1 - x0 - typed.size)
                canvas.write(typed, x0 + typed.size * 0.5, y + high - typed.size * 0.3, value, colour)
        y += high
    return y + step * 1.3


def _small_print(
    desk: Desk, pen: Pen, typed: Pen, left: float, right: float, y: float, step: float, colour: Colour
) -> float:
    small = pen.sized(float(desk.rng.uniform(0.7, 1.0))) if pen.size > 16 else pen
    words = say.prose(desk.rng, say.language(desk.rng), int(desk.rng.integers(10, 60)))
    return paragraph(desk, small, words, left, right - left, y, small.size * 1.3, colour) + step * 0.6


def _choices(
    desk: Desk, pen: Pen, typed: Pen, left: float, right: float, y: float, step: float, colour: Colour
) -> float:
    rng, canvas = desk.rng, desk.canvas
    side = pen.size * 0.7
    x = left
    for _ in range(int(rng.integers(2, 7))):
        text = say.content_word(rng, "en")
        if x + side * 2 + pen.width(pen.face.fit(text)) > right:
            break
        marks.box(canvas, x, y - side, x + side, y, colour)
        if desk.chance(0.3):
            marks.rule(canvas, x, y - side, x + side, y, colour)
            marks.rule(canvas, x + side, y - side, x, y, colour)
        x = canvas.write(pen, x + side * 1.5, y, text, colour) + pen.size * rng.uniform(1, 3)
    return y + step


def label_plate(desk: Desk) -> None:
    """A plate or label: few characters, large, on a toned or metal ground, with border, holes, bars."""
    rng, canvas = desk.rng, desk.canvas
    if desk.chance(0.6):
        marks.scene(rng, canvas)
    ground: Colour = (
        tuple(int(v) for v in rng.integers(120, 256, 3)) if desk.chance(0.5) else (int(rng.integers(170, 256)),) * 3
    )  # type: ignore[assignment]
    ink: Colour = marks.ink_colour(rng)
    if desk.chance(0.3):
        ground, ink = ink, ground
    x0, y0 = canvas.width * rng.uniform(0.0, 0.15), canvas.height * rng.uniform(0.0, 0.3)
    x1, y1 = canvas.width * rng.uniform(0.8, 1.0), canvas.height * rng.uniform(0.7, 1.0)
    marks.box(canvas, x0, y0, x1, y1, ground, -1)
    if desk.chance(0.6):
        marks.box(canvas, x0 + 4, y0 + 4, x1 - 4, y1 - 4, ink, int(rng.integers(1, 5)))
    y = y0 + 8
    while True:
        size = desk.size * rng.uniform(0.7, 3.0)
        pen = desk.pen(LABEL, size, None)
        y += size * rng.uniform(1.0, 1.4)
        if y > y1 - size * 0.3:
            break
        text = say.serial(rng) if desk.chance(0.5) else f"{say.label(rng)} {say.any_field(rng)}"
        text = desk.fitting(pen, text, x1 - x0 - size)
        if desk.chance(0.5):
            canvas.write_centred(pen, (x0 + x1) / 2, y, text, ink)
        else:
            canvas.write(pen, x0 + size * 0.5, y, text, ink)
    if desk.chance(0.2) and y + 30 < y1:
        marks.barcode(rng, canvas, x0 + 20, y, (x1 - x0) * 0.5, desk.size * 2)


def sign(desk: Desk) -> None:
    """Large words on coloured or photograph-like grounds, some turned, outlined or shadowed."""
    rng, canvas = desk.rng, desk.canvas
    marks.scene(rng, canvas)
    for _ in range(int(rng.integers(1, 7))):
        size = float(min(desk.size * rng.uniform(1.0, 5.0), canvas.height * 0.3))
        pen = desk.pen(SIGN, size, None)
        lines = [desk.fitting(pen, say.sign(rng), canvas.width * 0.9) for _ in range(int(rng.integers(1, 3)))]
        lines = [line for line in lines if line]
        if not lines:
            continue
        width, height = max(pen.width(line) for line in lines) + size, size * 1.15 * len(lines) + size * 0.6
        centre = (rng.uniform(0.3, 0.7) * canvas.width, rng.uniform(0.15, 0.85) * canvas.height)
        region = (centre[0] - width / 2, centre[1] - height / 2, centre[0] + width / 2, centre[1] + height / 2)
        if _covered(canvas, region):
            continue
        colour = _contrasting(desk, region)
        if desk.chance(0.35):
            ground = (255 - colour[0], 255 - colour[1], 255 - colour[2])
            marks.box(canvas, *region, ground, -1)
        degrees = float(rng.normal(0, 4)) if desk.chance(0.7) else float(rng.uniform(-35, 35))
        if desk.chance(0.2):
            shade = (255, 255, 255) if sum(colour) < 380 else (0, 0, 0)
            count = len(canvas.words)
            canvas.write_turned(pen, (centre[0] + size * 0.05, centre[1] + size * 0.05), degrees, lines, shade)
            del canvas.words[count:]
        canvas.write_turned(pen, centre, degrees, lines, colour)


def _covered(canvas: Canvas, region: tuple[float, float, float, float]) -> bool:
    x0, y0, x1, y1 = region
    reach = (x1 - x0) * 0.3
    quads = [w.quad for w in canvas.words]
    return any(
        q[:, 0].max() > x0 and q[:, 0].min() < x1 and q[:, 1].max() > y0 - reach and q[:, 1].min() < y1 + reach
        for q in quads
    )


def _contrasting(desk: Desk, region: tuple[float, float, float, float]) -> Colour:
    x0, y0, x1, y1 = (max(0, int(v)) for v in region)
    part = desk.canvas.art[y0:y1, x0:x1]
    mean = float(part.mean()) if part.size else 128.0
    tint = desk.rng.uniform(0, 70, 3)
    values = tint if mean > 128 else 255 - tint
    return int(values[0]), int(values[1]), int(values[2])


def sparse(desk: Desk) -> None:
    """A few single characters and short words far apart, such as page numbers and ticks."""
    rng, canvas = desk.rng, desk.canvas
    for _ in range(int(rng.integers(1, 12))):
        pen = desk.pen({**OFFICE, **LABEL}, desk.size * rng.uniform(0.7, 2.5), None)
        text = say.serial(rng)[0] if desk.chance(0.7) else say.serial(rng)
        x, y = rng.uniform(0.05, 0.85) * canvas.width, rng.uniform(0.1, 0.95) * canvas.height
        region = (x - pen.size, y - pen.size, x + pen.width(pen.face.fit(text)) + pen.size, y + pen.size * 0.4)
        if not _covered(canvas, region):
            canvas.write(pen, x, y, text, marks.ink_colour(rng))


def blank(desk: Desk) -> None:
    """No text: empty paper, rules, pictures, codes, scribbles."""
    rng, canvas = desk.rng, desk.canvas
    if desk.chance(0.5):
        marks.scene(rng, canvas)
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(0, 0.8, 2) * (canvas.width, canvas.height)
        chance = rng.random()
        if chance < 0.25:
            marks.logo(rng, canvas, x, y, desk.size * 4)
        elif chance < 0.45:
            marks.barcode(rng, canvas, x, y, desk.size * 8, desk.size * 3)
        elif chance < 0.6:
            marks.matrix_code(rng, canvas, x, y, desk.size * 5)
        elif chance < 0.8:
            marks.scribble(rng, canvas, x, y, desk.size * 2)
        else:
            for i in range(int(rng.integers(2, 12))):
                marks.rule(canvas, x, y + i * desk.size, canvas.width - 10, y + i * desk.size)
