"""Quads and boxes.

Coordinates are pixels of the page as given, origin top left, x right, y down, float. A quad lists its corners
clockwise on the page from the text's own top left: top left, top right, bottom right, bottom left. Text turned
upside down therefore starts at the page's bottom right.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32] | NDArray[np.float64]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Box = tuple[float, float, float, float]


def as_quad(corners: FloatArray | Iterable[Iterable[float]]) -> Quad:
    """Turns four corners, shape (4, 2), into a plain quad.

    Raises:
        ValueError: If there are not four finite corners.
    """
    points = np.asarray(corners if isinstance(corners, np.ndarray) else [tuple(c) for c in corners], dtype=np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"a quad has four finite corners (4, 2), not {points.tolist()}")
    (a, b), (c, d), (e, f), (g, h) = points.tolist()
    return (a, b), (c, d), (e, f), (g, h)


def as_quads(corners: FloatArray) -> list[Quad]:
    """Turns corners, shape (N, 4, 2), into plain quads; for many a good deal faster than one by one.

    Raises:
        ValueError: If there are not four finite corners each.
    """
    points = np.asarray(corners, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"quads have four finite corners (N, 4, 2), not {points.shape}")
    return [((a, b), (c, d), (e, f), (g, h)) for (a, b), (c, d), (e, f), (g, h) in points.tolist()]


def box_quad(box: Box) -> Quad:
    """The quad of an upright box (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = box
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def quad_box(quad: Quad) -> Box:
    """The smallest upright box (x0, y0, x1, y1) around a quad."""
    # Written out: it is asked for thousands of times a page.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    return min(ax, bx, cx, dx), min(ay, by, cy, dy), max(ax, bx, cx, dx), max(ay, by, cy, dy)


def union_box(boxes: Iterable[Box]) -> Box:
    """The smallest box around all boxes.

    Raises:
        ValueError: If there is no box.
    """
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return min(x0s), min(y0s), max(x1s), max(y1s)


def quad_size(quad: Quad | FloatArray) -> tuple[float, float]:
    """Width and height of a quad in pixels, along the text and across it: means of opposite sides."""
    # By hand: it is asked for thousands of times a page, and numpy takes ten times as long for four points.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist() if isinstance(quad, np.ndarray) else quad
    along = hypot(bx - ax, by - ay) + hypot(dx - cx, dy - cy)
    across = hypot(cx - bx, cy - by) + hypot(ax - dx, ay - dy)
    return along / 2, across / 2


def box_overlap(one: Box, other: Box) -> float:
    """Area in both boxes as a share of the smaller one's, in [0, 1]."""
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / max(min(areas), 1e-6)


def quad_part(quad: Quad, start: float, end: float) -> Quad:
    """The part of a quad between two fractions of its length along the text; 0 and 1 are its own ends."""
    a, b, c, d = quad
    return _between(a, b, start), _between(a, b, end), _between(d, c, end), _between(d, c, start)


def quad_longer(quad: Quad, before: float = 0.0, behind: float = 0.0) -> Quad:
    """A quad with more of its line, before its start and behind its end, in heights of the quad."""
    width, height = quad_size(quad)
    part = height / max(width, 1e-6)
    return quad_part(quad, -before * part, 1.0 + behind * part)


def quad_deeper(quad: Quad, below: float) -> Quad:
    """A quad with more below its line, in heights of the quad."""
    a, b, c, d = quad
    return a, b, _between(b, c, 1.0 + below), _between(a, d, 1.0 + below)


def _between(start: Point, end: Point, fraction: float) -> Point:
    return start[0] + (end[0] - start[0]) * fraction, start[1] + (end[1] - start[1]) * fraction


def quad_around(along: Quad, quads: Iterable[Quad]) -> Quad:
    """The quad around quads, its upper side in the direction of another one's, the same way round."""
    (ax, ay), (bx, by), _, _ = along
    length = max(hypot(bx - ax, by - ay), 1e-6)
    cosine, sine = (bx - ax) / length, (by - ay) / length
    points = [point for quad in quads for point in quad]
    us, vs = [x * cosine + y * sine for x, y in points], [y * cosine - x * sine for x, y in points]
    corners = ((min(us), min(vs)), (max(us), min(vs)), (max(us), max(vs)), (min(us), max(vs)))
    a, b, c, d = ((u * cosine - v * sine, u * sine + v * cosine) for u, v in corners)
    return a, b, c, d


def quad_angle(quad: Quad | FloatArray) -> float:
    """Direction of the text in degrees in (-180, 180], clockwise on the page; 0 for upright text."""
    q = np.asarray(quad, dtype=np.float64)
    dx, dy = (q[1] - q[0]) + (q[2] - q[3])
    return float(np.degrees(np.arctan2(dy, dx)))


def transform_quads(quads: FloatArray, matrix: FloatArray) -> NDArray[np.float64]:
    """Maps corners through an affine (2, 3) or projective (3, 3) matrix.

    Args:
        quads: Corners of shape (..., 2).
        matrix: Shape (2, 3) or (3, 3), acting on column vectors (x, y, 1).

    Returns:
        Corners of the same shape, float64.
    """
    points = np.asarray(quads, dtype=np.float64)
    m = np.asarray(matrix, dtype=np.float64)
    moved = points @ m[:2, :2].T + m[:2, 2]
    if m.shape == (3, 3):
        moved /= points @ m[2, :2][:, None] + m[2, 2]
    return np.asarray(moved)


def clip_quads(quads: FloatArray, width: int, height: int) -> NDArray[np.float64]:
    """Moves corners, shape (..., 2), that lie outside a page of width × height pixels onto its edge."""
    return np.clip(np.asarray(quads, dtype=np.float64), 0.0, (float(width), float(height)))
