"""Codes as ink: characters drawn by fonts, by segments or by dots, each with its place.

A code's ink is a mask in [0, 1] at one size; what it is made of and how it is lit comes after (`code_looks`).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.training.code_dies import Dies, pick_dies
from ocr_doc.training.faces import Face, FaceKind, by_kind, pick_face

Mask = NDArray[np.float32]
CAP = 36
"""Pixels from the top of a capital to its foot, as codes are drawn."""
CODE_KINDS: dict[FaceKind, float] = {
    "sans": 6, "mono": 10, "condensed": 4, "receipt": 6, "typewriter": 1.5, "dotmatrix": 2.5, "display": 1.5,
    "serif": 1.5,
}  # fmt: skip
# Families made for machines that mark and read, by the start of their names, each with its weight; drawn so often.
INDUSTRIAL: dict[str, float] = {
    "ocr b": 10, "ocra": 0.4, "osp-din": 1, "osifont": 1, "routed gothic": 0.3, "share tech": 1, "b612 mono": 1,
    "ibm 3270": 0.5, "overpass mono": 1, "saira stencil": 1, "stardos stencil": 1,
}  # fmt: skip
_INDUSTRIAL_SHARE = 0.25
# Share of codes in faces whose zero has a stroke or a dot inside. Their plain O looks like the zero of other faces, and
# which it is only the rest of the row tells.
_MARKED_SHARE = 0.25
# Share of codes that dies have pressed, as into number plates.
_PRESSED = 0.2
# Of such a family faces that draw more pairs alike than this are passed over: negatives and outlines for a plotter.
_MOST_TWINS = 3
# Every so many families are never trained on: they measure.
APART = 12
# Characters that many faces draw alike. Where a face does, it stands for the first of the pair alone.
_TWINS = (("0", "O"), ("1", "I"), ("1", "l"), ("I", "l"), ("1", "|"), ("5", "S"), ("8", "B"), ("2", "Z"))
# Ink of two characters that differs, relative to the ink of one, below which they are the same to a reader.
_DIFFERENT = 0.17
# The families with a marked zero of the faces asked for last: to look at each zero takes seconds.
_marked: list[tuple[tuple[Face, ...], tuple[tuple[Face, ...], ...]]] = []
# Segments of a seven-segment digit, clockwise from the top, the middle one last; only what no letter shares is drawn.
_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abcdfg", "A": "abcefg", "C": "adef", "E": "adefg", "F": "aefg", "H": "bcefg", "J": "bcde",
    "L": "def", "P": "abefg", "U": "bcdef", "-": "g", "b": "cdefg", "d": "bcdeg",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character of a drawn code: its columns and rows, half open, in pixels of the mask."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Code:
    """A drawn code.

    Attributes:
        mask: (h, w) ink in [0, 1].
        glyphs: From left to right.
        top, bottom: Rows of the text: of its capitals, or of all ink where it reaches further.
    """

    mask: Mask
    glyphs: tuple[Glyph, ...]
    top: float
    bottom: float


def kept_apart(face: Face) -> bool:
    """Whether a face's family is kept for measuring."""
    return zlib.crc32(face.family.lower().encode()) % APART == 0


def code_faces(faces: tuple[Face, ...], apart: bool | None = False) -> tuple[Face, ...]:
    """The faces that codes are drawn in, or those that are kept apart, or (None) both; all, where that leaves none."""
    return tuple(f for f in faces if f.kind in CODE_KINDS and (apart is None or kept_apart(f) is apart)) or faces


@lru_cache(maxsize=4096)
def _font(face: Face) -> ImageFont.FreeTypeFont:
    return face.load(CAP / 0.7)


@lru_cache(maxsize=4096)
def twins(face: Face) -> frozenset[str]:
    """Characters that this face draws like another one, which then stands for both."""
    font = _font(face)
    return frozenset(b for a, b in _TWINS if _alike(font, a, b))


def _alike(font: ImageFont.FreeTypeFont, a: str, b: str) -> bool:
    """Whether two characters differ by little, where they stand in a row: in shape, in width or in height."""
    first, second = (_placed(font, c) for c in (a, b))
    least = min(float(np.abs(first - np.roll(second, shift, axis=1)).sum()) for shift in range(-3, 4))
    return least < _DIFFERENT * max(float(first.sum()), float(second.sum()), 1.0)


def _placed(font: ImageFont.FreeTypeFont, text: str) -> Mask:
    """A character in the middle of its columns, as blurred as a row that is cut out of a page."""
    image = Image.new("L", (4 * CAP, 3 * CAP))
    left, _, right, _ = font.getbbox(text, anchor="ls")
    ImageDraw.Draw(image).text((2 * CAP - (left + right) / 2, 2 * CAP), text, fill=255, font=font, anchor="ls")
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), CAP / 32), dtype=np.float32)


def draw_code(rng: np.random.Generator, text: str, faces: tuple[Face, ...]) -> Code:
    """Draws a code by a font, by dies, by segments or by dots.

    Characters that cannot be drawn, or not told from others, are replaced by ones that can.
    """
    draw = rng.random()
    if draw < 0.07 and (known := "".join(c for c in text if c in _SEGMENTS)):
        return _segments(rng, known)
    if draw > 1 - _PRESSED and (pressed := (dies := pick_dies(rng, CAP)).fit(text)):
        return _pressed(rng, pressed, dies)
    face = _pick(rng, faces)
    code = _lettered(rng, _drawable(text, face), face)
    if draw < 0.15:
        return _dotted(rng, code)
    return code


def _pick(rng: np.random.Generator, faces: tuple[Face, ...]) -> Face:
    """A face of the industrial families, one with a marked zero, or any, by kind."""
    draw = rng.random()
    if draw < _MARKED_SHARE and (marked := _marked_families(faces)):
        family = marked[int(rng.integers(len(marked)))]
        return family[int(rng.integers(len(family)))]
    families = [family for kind in by_kind(faces).values() for name, family in kind.items() if _made_for_codes(name)]
    if not families or draw > _MARKED_SHARE + _INDUSTRIAL_SHARE:
        return pick_face(rng, faces, CODE_KINDS, bold=True if rng.random() < 0.35 else None)
    weights = np.array([_made_for_codes(family[0].family) for family in families])
    family = families[int(rng.choice(len(families), p=weights / weights.sum()))]
    family = tuple(face for face in family if len(twins(face)) <= _MOST_TWINS) or family
    return family[int(rng.integers(len(family)))]


def _marked_families(faces: tuple[Face, ...]) -> tuple[tuple[Face, ...], ...]:
    """The faces whose zero is marked, upright before all, by family."""
    if _marked and _marked[0][0] is faces:
        return _marked[0][1]
    families: dict[str, list[Face]] = {}
    for face in faces:
        if not face.slanted and has_marked_zero(face):
            families.setdefault(face.family, []).append(face)
    _marked[:] = [(faces, tuple(tuple(families[name]) for name in sorted(families)))]
    return _marked[0][1]


def has_marked_zero(face: Face) -> bool:
    """Whether a zero has a stroke or a dot inside and an O has none, as in faces for programs, forms and printers."""
    font = _font(face)
    return "0" not in twins(face) and "O" not in twins(face) and _inside(font, "0") > 0.5 > _inside(font, "O")


def _inside(font: ImageFont.FreeTypeFont, ring: str) -> float:
    """The darkest that the middle fifth of a ring gets, from 0 to 1."""
    mask = _placed(font, ring)
    rows, columns = (np.flatnonzero((mask > 0.5).any(axis)) for axis in (1, 0))
    if not len(rows):
        return 0.0
    (top, bottom), (left, right) = (rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1)
    height, width = bottom - top, right - left
    middle = mask[top + 2 * height // 5 : bottom - 2 * height // 5, left + 2 * width // 5 : right - 2 * width // 5]
    return float(middle.max(initial=0.0))


@cache
def _made_for_codes(family: str) -> float:
    """The weight of an industrial family, 0 for others."""
    return next((weight for start, weight in INDUSTRIAL.items() if family.lower().startswith(start)), 0.0)


def _drawable(text: str, face: Face) -> str:
    same = twins(face)
    fitted = (face.fit(c) or "0" for c in text)
    instead = {b: a for a, b in reversed(_TWINS)}
    kept = "".join(instead[c] if c in same else c for c in fitted)
    return "".join(instead[c] if c in same else c for c in kept)


def _lettered(rng: np.random.Generator, text: str, face: Face) -> Code:
    font = _font(face)
    stroke = int(rng.random() < 0.15)
    gap = float(rng.choice([rng.normal(0, 0.02), rng.uniform(-0.06, 0.1), rng.uniform(0.1, 0.6)], p=(0.5, 0.25, 0.25)))
    fixed = rng.random() < 0.2 and max(font.getlength(c) for c in text)
    x, pieces = CAP * 0.6, []
    for c in text:
        box = font.getbbox(c, anchor="ls", stroke_width=stroke)
        advance = font.getlength(c)
        start = x + ((fixed - advance) / 2 if fixed else 0)
        pieces.append((c, start, box))
        x += (fixed or advance) + gap * CAP
    above = max(CAP, *(-box[1] for _, _, box in pieces))
    below = max(0.0, *(box[3] for _, _, box in pieces))
    margin = CAP * 0.45
    image = Image.new("L", (round(x + CAP * 0.6), round(above + below + 2 * margin)))
    draw = ImageDraw.Draw(image)
    base = margin + above
    glyphs = []
    for c, start, box in pieces:
        draw.text((start, base), c, fill=255, font=font, anchor="ls", stroke_width=stroke)
        glyphs.append(Glyph(c, start + box[0], base + box[1], start + box[2], base + box[3]))
    mask = np.asarray(image, dtype=np.float32) / np.float32(255)
    return Code(mask, tuple(glyphs), base - max(CAP, above), base + below)


def _pressed(rng: np.random.Generator, text: str, dies: Dies) -> Code:
    """Letters of one width."""
    gap = CAP * float(rng.choice([rng.uniform(0.04, 0.2), rng.uniform(0.1, 0.5)]))
    margin = CAP * 0.6
    width = sum(dies.room(c) + gap for c in text)
    mask = np.zeros((round(CAP * 1.9), round(width + 2 * margin)), np.float32)
    top, x, glyphs = round(CAP * 0.45), margin, []
    for c in text:
        if c == " ":
            glyphs.append(Glyph(c, x, top, x + dies.room(c), top + CAP))
        else:
            ink = dies.draw(c)
            left = round(x)
            mask[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
            rows = np.flatnonzero((ink > 0.5).any(axis=1))
            glyphs.append(Glyph(c, left, top + int(rows[0]), left + ink.shape[1], top + int(rows[-1]) + 1))
        x += dies.room(c) + gap
    return Code(mask, tuple(glyphs), top, top + CAP)


def _segments(rng: np.random.Generator, text: str) -> Code:
    """Seven bars, as displays and meters have."""
    width, thick = CAP * rng.uniform(0.45, 0.62), max(2.0, CAP * rng.uniform(0.07, 0.16))
    cut, slant = thick * rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.16) if rng.random() < 0.5 else 0.0
    pitch = width + thick + CAP * rng.uniform(0.12, 0.45)
    margin = CAP * 0.6
    size = (round(2 * margin + pitch * len(text) + slant * CAP), round(CAP * 1.9))
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    top, glyphs = CAP * 0.45, []
    ghost = int(rng.integers(20, 60)) if rng.random() < 0.25 else 0  # bars that are off still show
    for i, c in enumerate(text):
        x = margin + i * pitch
        for name, (x0, y0, x1, y1) in _bars(width, CAP, thick, cut).items():
            fill = 255 if name in _SEGMENTS[c] else ghost
            if fill:
                corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
                draw.polygon([(x + u + slant * (CAP - v), top + v) for u, v in corners], fill=fill)
        names = _SEGMENTS[c]
        left = width - thick if not set(names) - set("bc") else 0.0
        glyphs.append(Glyph(c, x + left, top, x + width + slant * CAP, top + CAP))
    return Code(np.asarray(image, dtype=np.float32) / np.float32(255), tuple(glyphs), top, top + CAP)


def _bars(width: float, height: float, t: float, cut: float) -> dict[str, tuple[float, float, float, float]]:
    half = height / 2
    return {
        "a": (cut, 0, width - cut, t), "d": (cut, height - t, width - cut, height),
        "g": (cut, half - t / 2, width - cut, half + t / 2),
        "f": (0, cut, t, half - cut / 2), "e": (0, half + cut / 2, t, height - cut),
        "b": (width - t, cut, width, half - cut / 2), "c": (width - t, half + cut / 2, width, height - cut),
    }  # fmt: skip


def _dotted(rng: np.random.Generator, code: Code) -> Code:
    """Dots on a grid, as ink jets and pins leave them: each where enough of the letter is."""
    rows = int(rng.choice([8, 9, 10, 12, 14, 16]))  # with fewer, letters of most faces are no letters any more
    pitch = (code.bottom - code.top) / rows
    height, width = code.mask.shape
    grid_h, grid_w = int(height / pitch), int(width / pitch)
    phase = code.top % pitch
    shifted = np.roll(code.mask, -round(phase), axis=0)
    part = shifted[: round(grid_h * pitch), : round(grid_w * pitch)]
    cells = np.asarray(cv2.resize(part, (grid_w, grid_h), interpolation=cv2.INTER_AREA))
    lit = cells > (0.3 if rows < 10 else 0.42)
    radius = pitch * float(rng.uniform(0.3, 0.62))
    jitter = float(rng.choice([0.0, 0.06, 0.14])) * pitch
    missing = float(rng.choice([0.0, 0.0, 0.02, 0.06]))
    ink = np.zeros((height, width), np.uint8)
    for row, column in zip(*np.nonzero(lit), strict=True):
        if rng.random() < missing:
            continue
        x, y = (column + 0.5) * pitch + rng.normal(0, jitter), phase + (row + 0.5) * pitch + rng.normal(0, jitter)
        # Sixteenths of a pixel: OpenCV's way to draw between pixels.
        cv2.circle(ink, (round(x * 16), round(y * 16)), max(8, round(radius * 16)), 255, -1, cv2.LINE_AA, 4)
    return Code(ink.astype(np.float32) / np.float32(255), code.glyphs, code.top, code.bottom)


@cache
def drawable_by_segments() -> frozenset[str]:
    """What seven segments can draw without looking like something else."""
    return frozenset(_SEGMENTS)
