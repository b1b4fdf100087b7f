"""What is on pages besides text: rules, boxes, bars, logos, stamps, signatures, photographs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from ocr_doc.training.degrade import smooth_noise
from ocr_doc.training.page_canvas import BLACK, Canvas, Colour


def ink_colour(rng: Generator) -> Colour:
    """Mostly black or dark grey, sometimes an ink."""
    chance = rng.random()
    if chance < 0.7:
        grey = int(rng.integers(0, 60))
        return grey, grey, grey
    if chance < 0.8:
        return _triple(rng.integers(90, 150, 1).repeat(3))
    return _triple(rng.integers(0, 150, 3))


def _triple(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Colour:
    return int(values[0]), int(values[1]), int(values[2])


def rule(canvas: Canvas, x0: float, y0: float, x1: float, y1: float, colour: Colour = BLACK, thick: int = 1) -> None:
    """A straight line."""
    cv2.line(canvas.art, (round(x0), round(y0)), (round(x1), round(y1)), colour, thick, cv2.LINE_AA)


def box(canvas: Canvas, x0: float, y0: float, x1: float, y1: float, colour: Colour = BLACK, thick: int = 1) -> None:
    """An empty rectangle; thick -1 fills it."""
    cv2.rectangle(canvas.art, (round(x0), round(y0)), (round(x1), round(y1)), colour, thick)


def dashed(canvas: Canvas, x0: float, y: float, x1: float, dash: int, colour: Colour = BLACK) -> None:
    """A horizontal dashed or dotted line."""
    for x in range(round(x0), round(x1), 2 * dash):
        rule(canvas, x, y, min(x + dash - 1, x1), y, colour)


def barcode(rng: Generator, canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """Upright bars of one to three modules."""
    module = max(1, round(width / 90))
    position = x
    while position < x + width:
        bar = module * int(rng.integers(1, 4))
        box(canvas, position, y, position + bar - 1, y + height, BLACK, -1)
        position += bar + module * int(rng.integers(1, 4))


def matrix_code(rng: Generator, canvas: Canvas, x: float, y: float, side: float) -> None:
    """A square code of dark and light modules with its three finder squares."""
    count = int(rng.integers(21, 34))
    cells = np.where(rng.random((count, count)) < 0.5, 255, 0).astype(np.uint8)
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        cells[row : row + 7, column : column + 7] = 255
        cells[row + 1 : row + 6, column + 1 : column + 6] = 0
        cells[row + 2 : row + 5, column + 2 : column + 5] = 255
    size = max(count, int(side))
    canvas.blend(
        np.asarray(cv2.resize(cells, (size, size), interpolation=cv2.INTER_NEAREST), np.uint8),
        round(x),
        round(y),
        BLACK,
    )


def scribble(rng: Generator, canvas: Canvas, x: float, y: float, size: float) -> None:
    """A signature, a tick or a pen mark."""
    colour: Colour = (20, 20, int(rng.integers(20, 180)))
    count = int(rng.integers(3, 14))
    steps = rng.normal((0.25, 0.0), (0.35, 0.5), (count, 2)) * size
    points = np.cumsum(steps, 0) + (x, y)
    # Chaikin's corner cutting turns the path into a pen's stroke.
    for _ in range(3):
        a, b = points[:-1], points[1:]
        points = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
    cv2.polylines(
        canvas.art,
        [points.astype(np.int32)],
        False,
        colour,
        int(rng.integers(1, max(2, int(size / 18)) + 1)),
        cv2.LINE_AA,
    )


def logo(rng: Generator, canvas: Canvas, x: float, y: float, size: float) -> None:
    """A few overlapping filled shapes."""
    for _ in range(int(rng.integers(1, 4))):
        colour = ink_colour(rng) if rng.random() < 0.6 else _triple(rng.integers(0, 230, 3))
        cx, cy = (rng.uniform(0.2, 0.8, 2) * size + (x, y)).astype(int).tolist()
        radius = max(2, int(size * rng.uniform(0.15, 0.5)))
        thick = -1 if rng.random() < 0.5 else max(1, int(size / 14))
        shape = rng.random()
        if shape < 0.4:
            axes = (radius, max(2, int(radius * rng.uniform(0.4, 1))))
            cv2.ellipse(canvas.art, (cx, cy), axes, float(rng.uniform(0, 180)), 0, 360, colour, thick, cv2.LINE_AA)
        elif shape < 0.7:
            corners = (rng.uniform(-1, 1, (int(rng.integers(3, 7)), 2)) * radius + (cx, cy)).astype(np.int32)
            cv2.polylines(canvas.art, [corners], True, colour, max(1, abs(thick)), cv2.LINE_AA)
            if thick < 0:
                cv2.fillPoly(canvas.art, [corners], colour, cv2.LINE_AA)
        else:
            box(canvas, cx - radius, cy - radius / 2, cx + radius, cy + radius / 2, colour, thick)


def scene(rng: Generator, canvas: Canvas) -> None:
    """Fills the canvas with a photograph-like background: soft colours, edges, grain; no text."""
    height, width = canvas.height, canvas.width
    base = rng.uniform(20, 235, 3)
    spread = rng.uniform(10, 90)
    field = base + spread * (smooth_noise(rng, (height, width), rng.uniform(60, 400), 3) - 0.5) * 2
    if rng.random() < 0.6:
        field += rng.uniform(5, 50) * (smooth_noise(rng, (height, width), rng.uniform(2, 30))[..., None] - 0.5)
    art = np.clip(field, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        colour = _triple(rng.integers(0, 255, 3))
        corners = (rng.uniform(-0.2, 1.2, (int(rng.integers(3, 6)), 2)) * (width, height)).astype(np.int32)
        if rng.random() < 0.5:
            centre, reach = corners.mean(0), rng.uniform(0.05, 0.4)
            cv2.fillPoly(art, [(centre + (corners - centre) * reach).astype(np.int32)], colour, cv2.LINE_AA)
        else:
            cv2.polylines(art, [corners], False, colour, int(rng.integers(1, 12)), cv2.LINE_AA)
    if rng.random() < 0.4:
        period = int(rng.integers(6, 60))
        lines = np.arange(height)[:, None] if rng.random() < 0.5 else np.arange(width)[None, :]
        shade = 1 - rng.uniform(0.05, 0.4) * (lines % period < period // 3)
        art = (art * shade[..., None]).astype(np.uint8)
    canvas.art[:] = art
