"""Emblems beside codes: birds, trees, wheelchairs, seals, as plates and labels have. They are no characters.

What they look like is left to chance: shapes that a hand could have drawn, coats of arms, seals, stars, and letters too
small to be of the code, often of its own face, two or three above one another.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.training.code_glyphs import CAP, Code, Glyph, Mask

# An emblem is drawn this many times as large and made smaller, so that its edges are as soft as a letter's.
_FINE = 3
_POINTS = 48
# Share of emblems that are letters of the code's own face, and rows between two of them, relative to the whole.
_STACKED, _PARTED = 0.3, 0.08


def with_emblem(rng: np.random.Generator, code: Code, ends: float = 0.75) -> Code:
    """A code with an emblem before, behind or between its characters; its glyph has an empty text.

    Args:
        rng: Source of chance.
        code: What it goes with.
        ends: Share of emblems that stand at an end for certain; the others stand anywhere.
    """
    glyphs = code.glyphs
    borders = (0, len(glyphs))
    place = int(rng.choice(borders)) if rng.random() < ends else int(rng.integers(0, len(glyphs) + 1))
    lettered = [glyph for glyph in glyphs if glyph.text.isalnum() and glyph.right - glyph.left >= 2]
    if lettered and rng.random() < _STACKED:
        picture = _stacked(rng, code.mask[round(code.top) : round(code.bottom)], lettered)
    else:
        height = CAP * float(rng.uniform(0.55, 1.25))
        picture = emblem(rng, round(height), round(height * float(rng.uniform(0.45, 1.5))))
    gap = CAP * float(rng.uniform(0.05, 0.6))
    column = _column(glyphs, place)
    middle = (code.top + code.bottom) / 2 + CAP * float(rng.normal(0, 0.08))
    top = round(min(max(middle - picture.shape[0] / 2, 0), max(0, code.mask.shape[0] - picture.shape[0])))
    room = np.zeros((code.mask.shape[0], picture.shape[1] + 2 * round(gap)), np.float32)
    left = round(gap)
    rows = min(picture.shape[0], room.shape[0] - top)
    room[top : top + rows, left : left + picture.shape[1]] = picture[:rows]
    mask = np.concatenate([code.mask[:, :column], room, code.mask[:, column:]], axis=1)
    own = Glyph("", column + left, top, column + left + picture.shape[1], top + rows)
    moved = [_moved(glyph, room.shape[1]) for glyph in glyphs[place:]]
    return replace(code, mask=mask, glyphs=(*glyphs[:place], own, *moved))


def _stacked(rng: np.random.Generator, row: Mask, glyphs: list[Glyph]) -> Mask:
    """Characters of a row once more, made small and set one above the other, as plates have their series."""
    count = int(rng.choice([2, 3], p=(0.8, 0.2)))
    whole = CAP * float(rng.uniform(0.8, 1.1))
    high, pitch = max(4, round(whole * (1 / count - _PARTED))), round(whole / count)
    pictures = []
    for k in rng.integers(0, len(glyphs), count):
        part = row[:, round(glyphs[k].left) : round(glyphs[k].right)]
        wide = max(2, round(part.shape[1] * high / part.shape[0] * float(rng.uniform(0.9, 1.4))))
        pictures.append(np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA), dtype=np.float32))
    stack = np.zeros((pitch * (count - 1) + high, max(picture.shape[1] for picture in pictures)), np.float32)
    for k, picture in enumerate(pictures):
        left = (stack.shape[1] - picture.shape[1]) // 2
        stack[k * pitch : k * pitch + high, left : left + picture.shape[1]] = picture
    return stack


def _column(glyphs: tuple[Glyph, ...], place: int) -> int:
    """Where the row is cut in two: before a glyph, behind the last, or between two."""
    if place == 0:
        return max(0, round(glyphs[0].left) - 1)
    if place == len(glyphs):
        return round(glyphs[-1].right) + 1
    return round((glyphs[place - 1].right + glyphs[place].left) / 2)


def _moved(glyph: Glyph, by: int) -> Glyph:
    return replace(glyph, left=glyph.left + by, right=glyph.right + by)


def emblem(rng: np.random.Generator, height: int, width: int) -> Mask:
    """A picture's ink, (height, width) in [0, 1]; never empty."""
    sheet = np.zeros((height * _FINE, width * _FINE), np.uint8)
    while not sheet.any():
        _sketch(rng, sheet)
    # What was drawn fills the picture.
    x, y, w, h = cv2.boundingRect(sheet)
    soft = cv2.resize(sheet[y : y + h, x : x + w], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(soft / 255.0, dtype=np.float32)


def _sketch(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """Draws some shapes, one over the other."""
    size = np.array([sheet.shape[1], sheet.shape[0]], dtype=np.float64)
    kind = rng.random()
    if kind < 0.45:
        (_shield, _seal, _sun, _small_letters)[int(rng.integers(4))](rng, sheet)
        return
    if kind < 0.55:
        _grown(rng, sheet)
    elif kind < 0.68:
        _limbs(rng, sheet, size)
    for _ in range(int(rng.integers(1, 5))):
        ink = int(rng.choice([255, 255, 150, 90, 0]))
        outline = _blob(rng, size)
        if rng.random() < 0.7:
            cv2.fillPoly(sheet, [outline], ink, cv2.LINE_AA)
        else:
            cv2.polylines(sheet, [outline], True, 255, int(rng.integers(3, 10)), cv2.LINE_AA)
    if rng.random() < 0.5:
        _limbs(rng, sheet, size)


def _blob(rng: np.random.Generator, size: NDArray[np.float64]) -> NDArray[np.int32]:
    """A closed curve, far from round."""
    angles = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    radius = np.ones(_POINTS)
    for k in range(2, 7):
        radius += rng.normal(0, 0.5 / k) * np.cos(k * angles + rng.uniform(0, 2 * np.pi))
    extent = size * rng.uniform(0.15, 0.5, 2)
    centre = size * rng.uniform(0.25, 0.75, 2)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.clip(radius, 0.2, 1.8)[:, None]
    return np.round(centre + around * extent).astype(np.int32)


def _limbs(rng: np.random.Generator, sheet: NDArray[np.uint8], size: NDArray[np.float64]) -> None:
    """Bent strokes from one point: legs, branches, rays."""
    start = size * rng.uniform(0.3, 0.7, 2)
    for _ in range(int(rng.integers(2, 7))):
        bends = np.cumsum([start, *(rng.normal(0, 0.25, (2, 2)) * size)], axis=0)
        cv2.polylines(sheet, [np.round(bends).astype(np.int32)], False, 255, int(rng.integers(3, 14)), cv2.LINE_AA)


def _shield(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """A coat of arms: quartered and chequered, with an edge."""
    h, w = sheet.shape
    outline = _polygon(((0.05, 0.04), (0.95, 0.04), (0.95, 0.55), (0.5, 0.97), (0.05, 0.55)), w, h)
    inside = cv2.fillPoly(np.zeros_like(sheet), [outline], 255)
    cells = rng.choice([0, 0, 90, 170, 255], (int(rng.integers(2, 7)), int(rng.integers(2, 6)))).astype(np.uint8)
    filling = np.asarray(cv2.resize(cells, (w, h), interpolation=cv2.INTER_NEAREST))
    if rng.random() < 0.4:
        filling = np.asarray(cv2.GaussianBlur(filling, (0, 0), w * 0.04))
    sheet[:] = np.minimum(filling, inside)
    cv2.polylines(sheet, [outline], True, 255, int(rng.integers(3, 9)), cv2.LINE_AA)


def _seal(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """A ring or two with something in the middle, and teeth like small writing between."""
    h, w = sheet.shape
    middle, radius = (w // 2, h // 2), min(h, w) // 2 - 4
    outer, inner = radius, radius * float(rng.uniform(0.55, 0.8))
    if rng.random() < 0.4:
        cv2.circle(sheet, middle, outer, int(rng.choice([90, 150, 255])), -1, cv2.LINE_AA)
    cv2.circle(sheet, middle, outer, 255, int(rng.integers(2, 8)), cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(16, 40)), endpoint=False):
        ends = [np.array(middle) + r * np.array([np.cos(angle), np.sin(angle)]) for r in (inner * 1.1, outer * 0.9)]
        (x0, y0), (x1, y1) = (np.round(end).astype(int).tolist() for end in ends)
        cv2.line(sheet, (x0, y0), (x1, y1), int(rng.choice([0, 255])), int(rng.integers(1, 5)), cv2.LINE_AA)
    # Never hollow: a ring with little in it is a zero.
    cv2.circle(sheet, middle, round(inner), int(rng.choice([120, 255])), -1, cv2.LINE_AA)
    blob = np.round((_blob(rng, np.array([2.0, 2.0])) - 1) * inner * 0.5 + middle).astype(np.int32)
    cv2.fillPoly(sheet, [blob], int(rng.choice([0, 255])), cv2.LINE_AA)


def _sun(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """A star, or a disc with rays."""
    h, w = sheet.shape
    points, turn = int(rng.integers(4, 13)), rng.uniform(0, np.pi)
    depth = float(rng.uniform(0.35, 0.7))
    angles = turn + np.arange(2 * points) * np.pi / points
    reach = np.where(np.arange(2 * points) % 2 == 0, 1.0, depth) * 0.48
    corners = np.stack([w * (0.5 + reach * np.cos(angles)), h * (0.5 + reach * np.sin(angles))], axis=1)
    cv2.fillPoly(sheet, [np.round(corners).astype(np.int32)], 255, cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.circle(sheet, (w // 2, h // 2), round(min(w, h) * depth * 0.35), int(rng.choice([0, 120])), -1, cv2.LINE_AA)


def _small_letters(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """Letters one below the other, each too small to be of the code."""
    h, w = sheet.shape
    count = int(rng.integers(2, 5))
    for i in range(count):
        letter, side = str(rng.choice(list("ABCDEFGHKLMNPRSTUVX0123456789"))), h / count
        place, thick = (round(w * 0.3), round(side * (i + 0.85))), max(2, round(side / 9))
        cv2.putText(sheet, letter, place, cv2.FONT_HERSHEY_SIMPLEX, side / 30, 255, thick, cv2.LINE_AA)


def _polygon(points: tuple[tuple[float, float], ...], width: int, height: int) -> NDArray[np.int32]:
    """Corners in pixels, from fractions of width and height."""
    return np.round(np.array(points) * (width, height)).astype(np.int32)


def _grown(rng: np.random.Generator, sheet: NDArray[np.uint8]) -> None:
    """Patches as of foliage, feathers or a photograph."""
    cells = rng.random((int(rng.integers(4, 12)), int(rng.integers(4, 12)))).astype(np.float32)
    field = np.asarray(cv2.resize(cells, sheet.shape[::-1], interpolation=cv2.INTER_CUBIC))
    level = float(rng.uniform(0.35, 0.6))
    sheet[:] = np.clip((field - level) * float(rng.choice([300, 900, 4000])), 0, 255).astype(np.uint8)
