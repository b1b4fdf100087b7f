"""Not quite documents: plates and labels, signs, lone characters, and pages without any text."""

from __future__ import annotations

from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.page_canvas import Colour
from ocr_doc.training.page_desk import LABEL, OFFICE, SIGN, Column, Desk, fitting


def label_plate(desk: Desk) -> None:
    """A plate or label: few characters, large, on a toned or metal ground, with border, holes, bars."""
    rng, canvas = desk.rng, desk.canvas
    if desk.chance(0.6):
        marks.scene(rng, canvas)
    shade = int(rng.integers(170, 256))
    tint = rng.integers(120, 256, 3).tolist()
    ground: Colour = (tint[0], tint[1], tint[2]) if desk.chance(0.4) else (shade, shade, shade)
    ink = marks.ink_colour(rng)
    if desk.chance(0.3):
        ground, ink = ink, ground
    x0, y0 = canvas.width * float(rng.uniform(0.0, 0.15)), canvas.height * float(rng.uniform(0.0, 0.3))
    x1, y1 = canvas.width * float(rng.uniform(0.8, 1.0)), canvas.height * float(rng.uniform(0.7, 1.0))
    marks.box(canvas, (x0, y0, x1, y1), ground, -1)
    if desk.chance(0.6):
        marks.box(canvas, (x0 + 4, y0 + 4, x1 - 4, y1 - 4), ink, int(rng.integers(1, 5)))
    y = y0 + 8
    while True:
        pen = desk.pen(LABEL, desk.size * float(rng.uniform(0.7, 3.0)), None)
        y += pen.size * float(rng.uniform(1.0, 1.4))
        if y > y1 - pen.size * 0.3:
            break
        column = Column(desk, pen, x0 + pen.size * 0.5, x1 - pen.size * 0.5, y, pen.size, ink)
        text = say.serial(rng) if desk.chance(0.5) else f"{say.label(rng)} {say.any_field(rng)}"
        if desk.chance(0.5):
            column.put_centred(text)
        else:
            column.put(text)
    if desk.chance(0.2) and y + desk.size * 2 < y1:
        marks.barcode(rng, canvas, (x0 + 20, y), ((x1 - x0) * 0.5, desk.size * 2))


def sign(desk: Desk) -> None:
    """Large words on coloured or photograph-like grounds, some turned, boxed or shadowed."""
    rng, canvas = desk.rng, desk.canvas
    marks.scene(rng, canvas)
    for _ in range(int(rng.integers(1, 9))):
        size = min(desk.size * float(rng.uniform(1.0, 5.0)), canvas.height * 0.3)
        pen = desk.pen(SIGN, size, None)
        lines = [fitting(pen, say.sign(rng), canvas.width * 0.85) for _ in range(int(rng.integers(1, 3)))]
        lines = [line for line in lines if line]
        if not lines:
            continue
        half = (max(pen.width(line) for line in lines) + size) / 2, size * (1.15 * len(lines) + 0.6) / 2
        x, y = (float(rng.uniform(min(h, s / 2), max(s / 2, s - h))) for h, s in zip(half, _sides(desk), strict=True))
        region = (x - half[0], y - half[1], x + half[0], y + half[1])
        if not desk.free(region):
            continue
        colour = _contrasting(desk, region)
        boxed = desk.chance(0.35)
        if boxed:
            marks.box(canvas, region, (255 - colour[0], 255 - colour[1], 255 - colour[2]), -1)
        degrees = float(rng.normal(0, 4)) if boxed or desk.chance(0.7) else float(rng.uniform(-35, 35))
        if desk.chance(0.2):
            shade = (255, 255, 255) if sum(colour) < 380 else (0, 0, 0)
            count = len(canvas.words)
            canvas.write_turned(pen, (x + size * 0.05, y + size * 0.05), degrees, lines, shade)
            del canvas.words[count:]
        canvas.write_turned(pen, (x, y), degrees, lines, colour)


def _sides(desk: Desk) -> tuple[int, int]:
    return desk.canvas.width, desk.canvas.height


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
        pen = desk.pen({**OFFICE, **LABEL}, desk.size * float(rng.uniform(0.7, 2.5)), None)
        text = say.serial(rng)[0] if desk.chance(0.7) else say.serial(rng)
        x, y = float(rng.uniform(0.05, 0.85)) * canvas.width, float(rng.uniform(0.1, 0.95)) * canvas.height
        end = x + pen.width(pen.face.fit(text))
        if desk.free((x - pen.size, y - pen.size, end + pen.size, y + pen.size * 0.4)):
            canvas.write(pen, x, y, text, marks.ink_colour(rng))


def blank(desk: Desk) -> None:
    """No text: empty paper, rules, pictures, codes, scribbles."""
    rng, canvas = desk.rng, desk.canvas
    if desk.chance(0.5):
        marks.scene(rng, canvas)
    for _ in range(int(rng.integers(0, 6))):
        x, y = float(rng.uniform(0, 0.8)) * canvas.width, float(rng.uniform(0, 0.8)) * canvas.height
        chance = rng.random()
        if chance < 0.25:
            marks.logo(rng, canvas, x, y, desk.size * 4)
        elif chance < 0.45:
            marks.barcode(rng, canvas, (x, y), (desk.size * 8, desk.size * 3))
        elif chance < 0.6:
            marks.matrix_code(rng, canvas, (x, y), desk.size * 5)
        elif chance < 0.8:
            marks.scribble(rng, canvas, (x, y), desk.size * 2)
        else:
            for i in range(int(rng.integers(2, 12))):
                marks.rule(canvas, (x, y + i * desk.size), (canvas.width - 10, y + i * desk.size))
