"""What is on pages besides text: rules, boxes, bars, logos, signatures, photographs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Point
from ocr_doc.training.degrade import smooth_noise
from ocr_doc.training.page_canvas import BLACK, Canvas, Colour


def ink_colour(rng: Generator) -> Colour:
    """Mostly black or dark grey, sometimes an ink."""
    chance = rng.random()
    if chance < 0.7:
        return _triple(rng.integers(0, 60, 1).repeat(3))
    if chance < 0.8:
        return _triple(rng.integers(90, 150, 1).repeat(3))
    return _triple(rng.integers(0, 150, 3))


def _triple(values: NDArray[np.int64]) -> Colour:
    return int(values[0]), int(values[1]), int(values[2])


def rule(canvas: Canvas, start: Point, end: Point, colour: Colour = BLACK, thick: int = 1) -> None:
    """A straight line."""
    (x0, y0), (x1, y1) = start, end
    cv2.line(canvas.art, (round(x0), round(y0)), (round(x1), round(y1)), colour, thick, cv2.LINE_AA)


def box(canvas: Canvas, area: Box, colour: Colour = BLACK, thick: int = 1) -> None:
    """A rectangle (x0, y0, x1, y1); thick -1 fills it."""
    x0, y0, x1, y1 = (round(v) for v in area)
    cv2.rectangle(canvas.art, (x0, y0), (x1, y1), colour, thick)


def dashed(canvas: Canvas, start: Point, right: float, dash: int, colour: Colour = BLACK) -> None:
    """A horizontal dashed or dotted line."""
    for x in range(round(start[0]), round(right), 2 * dash):
        rule(canvas, (x, start[1]), (min(x + dash - 1, right), start[1]), colour)


def barcode(rng: Generator, canvas: Canvas, corner: Point, size: tuple[float, float]) -> None:
    """Upright bars of one to three modules, in a field of a size (width, height)."""
    (x, y), (width, height) = corner, size
    module = max(1, round(width / 90))
    position = x
    while position < x + width:
        bar = module * int(rng.integers(1, 4))
        box(canvas, (position, y, position + bar - 1, y + height), BLACK, -1)
        position += bar + module * int(rng.integers(1, 4))


def matrix_code(rng: Generator, canvas: Canvas, corner: Point, side: float) -> None:
    """A square code of dark and light modules with its three finder squares."""
    count = int(rng.integers(21, 34))
    cells = np.where(rng.random((count, count)) < 0.5, 255, 0).astype(np.uint8)
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        cells[row : row + 7, column : column + 7] = 255
        cells[row + 1 : row + 6, column + 1 : column + 6] = 0
        cells[row + 2 : row + 5, column + 2 : column + 5] = 255
    size = max(count, int(side))
    large = np.asarray(cv2.resize(cells, (size, size), interpolation=cv2.INTER_NEAREST), np.uint8)
    canvas.blend(large, (round(corner[0]), round(corner[1])), BLACK)


def scribble(rng: Generator, canvas: Canvas, start: Point, size: float) -> None:
    """A signature, a tick or a pen mark."""
    colour: Colour = (20, 20, int(rng.integers(20, 180)))
    steps = rng.normal((0.25, 0.0), (0.35, 0.5), (int(rng.integers(3, 14)), 2)) * size
    points = np.cumsum(steps, 0) + np.array(start)
    # Chaikin's corner cutting turns the path into a pen's stroke.
    for _ in range(3):
        a, b = points[:-1], points[1:]
        points = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
    thick = int(rng.integers(1, max(2, int(size / 18)) + 1))
    cv2.polylines(canvas.art, [points.astype(np.int32)], False, colour, thick, cv2.LINE_AA)


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
            if thick < 0:
                cv2.fillPoly(canvas.art, [corners], colour, cv2.LINE_AA)
            else:
                cv2.polylines(canvas.art, [corners], True, colour, thick, cv2.LINE_AA)
        else:
            box(canvas, (cx - radius, cy - radius / 2, cx + radius, cy + radius / 2), colour, thick)


def ruled_paper(rng: Generator, canvas: Canvas, step: float) -> None:
    """Pale lines or squares under what is written."""
    colour = _triple(rng.integers(150, 235, 3))
    for y in np.arange(rng.uniform(0, step), canvas.height, step):
        rule(canvas, (0, float(y)), (canvas.width, float(y)), colour)
    if rng.random() < 0.4:
        for x in np.arange(rng.uniform(0, step), canvas.width, step):
            rule(canvas, (float(x), 0), (float(x), canvas.height), colour)


def scene(rng: Generator, canvas: Canvas) -> None:
    """Fills the canvas with a photograph-like background: soft colours, edges, grain; no text."""
    height, width = canvas.height, canvas.width
    # At half size: nothing in it is sharp, and it is a quarter of the work.
    half = (height // 2 + 1, width // 2 + 1)
    base = (rng.uniform(20, 235) + rng.normal(0, 25, 3)).astype(np.float32)
    spread = np.float32(rng.uniform(10, 120))
    field = base + spread * (smooth_noise(rng, half, rng.uniform(30, 200), 3) - np.float32(0.5))
    # Octaves of one grain look like plaster, leaves or asphalt.
    cell, depth = rng.uniform(2, 30), rng.uniform(5, 60)
    for octave in range(int(rng.integers(0, 4))):
        grain = smooth_noise(rng, half, max(1.5, cell / 2**octave))
        field += np.float32(depth / 1.5**octave) * (grain[..., None] - np.float32(0.5))
    art = cv2.resize(np.clip(field, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    for _ in range(int(rng.integers(0, 8))):
        colour = _triple((base + rng.normal(0, 60, 3)).clip(0, 255).astype(np.int64))
        corners = (rng.uniform(-0.2, 1.2, (int(rng.integers(3, 6)), 2)) * (width, height)).astype(np.int32)
        if rng.random() < 0.65:
            centre, reach = corners.mean(0), rng.uniform(0.05, 0.6)
            cv2.fillPoly(art, [(centre + (corners - centre) * reach).astype(np.int32)], colour, cv2.LINE_AA)
        else:
            cv2.polylines(art, [corners[:2]], False, colour, int(rng.integers(1, 14)), cv2.LINE_AA)
    if rng.random() < 0.3:
        period = int(rng.integers(6, 60))
        lines = np.arange(height)[:, None] if rng.random() < 0.5 else np.arange(width)[None, :]
        dark = np.broadcast_to(lines % period < period // 3, (height, width))
        art[dark] = (art[dark] * rng.uniform(0.6, 0.95)).astype(np.uint8)
    if rng.random() < 0.5:
        art = np.asarray(cv2.GaussianBlur(art, (0, 0), rng.uniform(0.5, 3.0)), np.uint8)
    canvas.art[:] = art
