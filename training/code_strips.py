"""Codes drawn, dressed and photographed: rows as the classifier cuts them, with each character's columns."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ocr_doc.recognizer.character_crops import MARGIN, ROW_HEIGHT, SIDE, stretched
from ocr_doc.training.code_emblems import with_emblem
from ocr_doc.training.code_glyphs import Code, Glyph, Mask, draw_code
from ocr_doc.training.code_looks import dressed
from ocr_doc.training.code_text import random_code
from ocr_doc.training.degrade import saved_as_jpeg
from ocr_doc.training.faces import Face

# Share of codes that have an emblem beside them.
_EMBLEMS = 0.2


@dataclass(frozen=True, slots=True)
class DrawnStrip:
    """A row with known characters.

    Attributes:
        pixels: (SIDE, W) float32 in [0, 1].
        glyphs: Characters in columns and rows of it; an emblem's text is empty.
        text: What it says.
    """

    pixels: Mask
    glyphs: tuple[Glyph, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A code as a camera saw it.

    Attributes:
        pixels: (h, w) uint8.
        glyphs: Characters in its pixels; an emblem's text is empty.
        top, bottom: Rows of the text.
    """

    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    glyphs: tuple[Glyph, ...]
    top: float
    bottom: float


def photograph(rng: np.random.Generator, faces: tuple[Face, ...], count: int = 2) -> list[Photo]:
    """Draws a random code, dresses it and takes a picture of it, several times: drawing letters costs the most."""
    code = draw_code(rng, random_code(rng), faces)
    if rng.random() < _EMBLEMS:
        code = with_emblem(rng, code)
    return photographed(rng, code, count)


def photographed(rng: np.random.Generator, code: Code, count: int) -> list[Photo]:
    """Dresses a drawn code and takes a picture of it, `count` times anew."""
    photos = []
    for _ in range(count):
        tilted = _tilted(rng, code)
        picture = dressed(rng, tilted.mask)
        if rng.random() < 0.1:
            _frame(rng, picture, tilted)
        photos.append(_captured(rng, picture, tilted))
    return photos


def _frame(rng: np.random.Generator, picture: Mask, code: Code) -> None:
    """Windows around the characters, as meters, locks and displays have."""
    shade, thick = float(rng.random()), int(rng.integers(1, 6))
    across, along = (float(x) * (code.bottom - code.top) for x in rng.uniform(0.05, 0.4, 2))
    for g in code.glyphs:
        start, end = (
            (round(g.left - along), round(code.top - across)),
            (round(g.right + along), round(code.bottom + across)),
        )
        cv2.rectangle(picture, start, end, shade, thick)


def cut_row(photo: Photo, top: float, bottom: float) -> DrawnStrip:
    """The rows from `top` to `bottom` as the text of a strip."""
    scale = ROW_HEIGHT / max(bottom - top, 2.0)
    width = photo.pixels.shape[1]
    matrix = np.array([[scale, 0, 0], [0, scale, MARGIN - top * scale]])
    matrix[:, 2] += (scale - 1) / 2  # pixel centres
    size = (max(4, round(width * scale)), SIDE)
    pixels = photo.pixels
    if scale < 0.6:
        sigma = 0.35 / scale
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)
    cut = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    glyphs = tuple(
        Glyph(
            g.text, g.left * scale, MARGIN + (g.top - top) * scale, g.right * scale, MARGIN + (g.bottom - top) * scale
        )
        for g in photo.glyphs
    )
    # The far ends are the photograph's, not the row's: a strip has a short margin.
    return DrawnStrip(stretched(np.asarray(cut, dtype=np.uint8)), glyphs, "".join(g.text for g in glyphs))


def _tilted(rng: np.random.Generator, code: Code) -> Code:
    """Slanted, stretched, and leaning by what a quad leaves of it."""
    if rng.random() < 0.25:
        return code
    h, w = code.mask.shape
    slant = float(rng.normal(0, 0.08))
    lean = float(np.clip(rng.normal(0, 0.012), -0.03, 0.03))
    wide = float(np.clip(np.exp(rng.normal(-0.05, 0.25)), 0.5, 1.6))
    matrix = np.array([[wide, slant, max(0.0, -slant * h)], [lean, 1.0, max(0.0, -lean * w)]])
    size = round(w * wide + abs(slant) * h), round(h + abs(lean) * w)
    mask = np.asarray(cv2.warpAffine(code.mask, matrix, size, flags=cv2.INTER_LINEAR), dtype=np.float32)
    glyphs = []
    for g in code.glyphs:
        corners = np.array([(x, y, 1) for x in (g.left, g.right) for y in (g.top, g.bottom)]) @ matrix.T
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        glyphs.append(Glyph(g.text, float(left), float(top), float(right), float(bottom)))
    middle = abs(lean) * w / 2
    return Code(mask, tuple(glyphs), code.top + middle, code.bottom + middle)


def _captured(rng: np.random.Generator, picture: Mask, code: Code) -> Photo:
    """Resolution, blur, noise, contrast, one bit, JPEG."""
    height = code.bottom - code.top
    wanted = float(np.clip(np.exp(rng.normal(np.log(30), 0.42)), 11, 70))
    scale = wanted / height
    if rng.random() < 0.45:
        sigma = float(rng.uniform(0.4, 2.2)) * max(1.0, 0.7 / scale) * 0.8
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)
    if rng.random() < 0.08:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        kernel[(length // 2, slice(None)) if rng.random() < 0.6 else (slice(None), length // 2)] = 1 / length
        picture = np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.float32)
    h, w = picture.shape
    size = (max(4, round(w * scale)), max(4, round(h * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.float32)
    if rng.random() < 0.5:
        grain = float(rng.uniform(0.01, 0.1)) * max(0.1, float(np.ptp(picture)))
        picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * grain
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.2:
        picture = picture ** float(rng.uniform(0.5, 2.0))
    pixels = np.asarray(picture * 255, dtype=np.uint8)
    if rng.random() < 0.08 and wanted > 15:
        level = cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)[0] + rng.normal(0, 15)
        pixels = np.asarray((pixels > level) * 255, dtype=np.uint8)
    if rng.random() < 0.4:
        pixels = saved_as_jpeg(pixels, int(rng.integers(20, 92)))
    sx, sy = size[0] / w, size[1] / h
    glyphs = tuple(Glyph(g.text, g.left * sx, g.top * sy, g.right * sx, g.bottom * sy) for g in code.glyphs)
    return Photo(pixels, glyphs, code.top * sy, code.bottom * sy)
