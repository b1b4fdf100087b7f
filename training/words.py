"""Synthetic word crops for the recogniser.

A text, a face, ink on paper or paint on a sign, and what cameras, printers and scanners do to it. Everything is drawn
on the fly from a numpy generator, so a seed gives the same crops again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.training.degrade import saved_as_jpeg
from ocr_doc.training.faces import Face, FaceKind, pick_face
from ocr_doc.training.text import TextSource

Mask = NDArray[np.float32]
DOCUMENT_KINDS: dict[FaceKind, float] = {
    "sans": 5, "serif": 4, "book": 1.5, "mono": 3, "condensed": 2, "typewriter": 3, "receipt": 3, "dotmatrix": 2,
    "hand": 0.3, "display": 0.5,
}  # fmt: skip
SIGN_KINDS: dict[FaceKind, float] = {
    "sans": 5, "serif": 2.5, "book": 0.5, "mono": 0.5, "condensed": 3, "typewriter": 0.5, "receipt": 0.5, "hand": 2.5,
    "display": 5,
}  # fmt: skip
PROSE_KINDS: dict[FaceKind, float] = {"book": 5, "serif": 4, "typewriter": 4, "sans": 3, "mono": 1, "condensed": 0.5}
# Share of document crops that are prose, in the faces and the print of books and letters.
_PROSE = 0.2
# Share of prose that is set as printers set it, with ligatures; and of that, with the figures of old books.
_SHAPED, _OLD_FIGURES = 0.6, 0.4
# Share of prose whose high stops and quotes stand off a little, which is no space between words; and how far, in em.
_THIN, _THIN_WIDTH = 0.2, (0.06, 0.2)
_THIN_PLACES = re.compile(r"(?<=\w)(?=[;:?!”»](?:\W|$))|(?<=[“„«])(?=\w)")

# Half of the faces lack the letters of some language, and would teach it without its accents: so many are tried.
_FACES_TRIED = 6

# Type sizes in pixels that words are drawn at; the camera's resolution is drawn apart.
_SIZES = (28, 42)


@dataclass(frozen=True, slots=True)
class WordSample:
    """A crop and what it says.

    Attributes:
        pixels: (h, w) uint8 grey, any size.
        text: What is drawn; every symbol is in the alphabet.
    """

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class _Setting:
    """How a text is set.

    Attributes:
        spacing: Pixels that symbols stand further apart than the face has them.
        blank: Spaces are so many times as wide.
        thin: Pixels between a word and a high stop or quote.
        features: OpenType features of the face that are switched on.
    """

    spacing: float = 0.0
    blank: float = 1.0
    thin: float = 0.0
    features: tuple[str, ...] = ()


# Opening a font costs as much as drawing a word: two sizes of each face are kept open.
@lru_cache(maxsize=4096)
def _font(face: Face, size: int, shaped: bool) -> ImageFont.FreeTypeFont:
    return face.load(size, shaped)


def render_word(
    rng: np.random.Generator, faces: tuple[Face, ...], texts: TextSource, signs: float = 0.27, longest: int = 0
) -> tuple[WordSample, WordSample]:
    """Draws two crops of one text in one face, each with a print, geometry and camera of its own.

    Drawing the letters costs as much as all the rest, so each drawing is used twice.

    Args:
        rng: Source of chance.
        faces: Faces to choose from.
        texts: Where the text comes from; its alphabet covers every label.
        signs: Share of crops that look like photographed signs rather than documents.
        longest: Texts are cut to so many symbols; 0 for no limit.
    """
    sign = rng.random() < signs
    page = not sign and rng.random() < _PROSE
    while True:
        if page:
            wanted = texts.prose(rng)
        else:
            wanted = texts.styled_word(rng) if sign and rng.random() < 0.7 else texts.text(rng)
        face, text = _set_in(rng, faces, sign, page, wanted[: longest or None])
        text = texts.alphabet.normalise(text)
        if text and texts.alphabet.covers(text):
            break
    mask = _drawn(rng, face, text, sign, page)
    # Books come as one-bit scans, above all.
    copied = 0.0 if sign else 0.5 if face.kind == "book" else 0.22
    return _pictured(rng, mask, face.kind, sign, copied, text), _pictured(rng, mask, face.kind, sign, copied, text)


def _set_in(rng: np.random.Generator, faces: tuple[Face, ...], sign: bool, page: bool, wanted: str) -> tuple[Face, str]:
    """A face, and the text as that face can draw it: one that has all letters of it, if one soon turns up."""
    kinds = SIGN_KINDS if sign else PROSE_KINDS if page else DOCUMENT_KINDS
    for _ in range(_FACES_TRIED):
        face = pick_face(rng, faces, kinds)
        text = face.fit(wanted)
        if text == wanted or wanted.isascii():
            break
    return face, text


def _pictured(rng: np.random.Generator, mask: Mask, kind: FaceKind, sign: bool, copied: float, text: str) -> WordSample:
    """The drawn letters as a crop: printed, bent, inked, captured; with some probability by way of a one-bit scan."""
    mask = _bent(rng, _printed(rng, mask, kind, sign), sign)
    return WordSample(_captured(rng, _inked(rng, mask, sign), copied=rng.random() < copied), text)


def _drawn(rng: np.random.Generator, face: Face, text: str, sign: bool, prose: bool) -> Mask:
    """The text as ink in [0, 1] with a random margin and, at times, pieces of neighbouring lines."""
    size = int(rng.choice(_SIZES))
    font = _font(face, size, prose and rng.random() < _SHAPED)
    setting = _setting(rng, text, size, sign, prose, font.layout_engine == ImageFont.Layout.RAQM)
    stroke = int(rng.random() < 0.12) + int(sign and rng.random() < 0.1)
    pieces, length = _spaced(font, text, setting)
    more = list(setting.features) or None
    box = font.getbbox(text, anchor="ls", stroke_width=stroke, features=more)
    left, right = (size * rng.uniform(*span) for span in _margins(rng))
    above, below = (size * rng.uniform(*span) for span in _margins(rng))
    width = max(4, round(max(length, box[2]) - min(0, box[0]) + left + right))
    height = max(6, round(box[3] - box[1] + above + below))
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    x, baseline = left - min(0, box[0]), above - box[1]
    for dx, piece in pieces:
        draw.text((x + dx, baseline), piece, fill=255, font=font, anchor="ls", stroke_width=stroke, features=more)
    if rng.random() < (0.05 if sign else 0.22):
        _draw_neighbours(rng, draw, font, (width, height), baseline, size)
    mask: Mask = np.asarray(image, dtype=np.float32) / np.float32(255)
    if rng.random() < (0.03 if sign else 0.1):
        _draw_rule(rng, mask, baseline, size)
    return mask


def _setting(rng: np.random.Generator, text: str, size: int, sign: bool, prose: bool, shaped: bool) -> _Setting:
    spacing = size * float(rng.uniform(-0.04, 0.3)) if rng.random() < (0.3 if sign else 0.18) else 0.0
    # Words set tight, as a detector joins them, and set wide.
    blank = float(rng.uniform(0.5, 1.8)) if " " in text and rng.random() < 0.6 else 1.0
    if not prose:
        return _Setting(spacing, blank)
    features = ("onum",) if shaped and rng.random() < _OLD_FIGURES else ()
    if rng.random() < _THIN:
        return _Setting(0.0, max(blank, 1.0), size * float(rng.uniform(*_THIN_WIDTH)), features)
    return _Setting(spacing, blank, 0.0, features)


def _margins(rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of two opposite margins, relative to the type size: mostly like the detector's, at times tight or wide."""
    draw = rng.random()
    if draw < 0.12:
        return (-0.03, 0.05), (-0.03, 0.05)
    if draw < 0.22:
        return (0.0, 0.6), (0.0, 0.6)
    return (0.03, 0.25), (0.03, 0.25)


def _spaced(font: ImageFont.FreeTypeFont, text: str, setting: _Setting) -> tuple[list[tuple[float, str]], float]:
    """The text in pieces that are drawn at one go, the place of each, and how long it is, all in pixels."""
    if setting == _Setting(features=setting.features):
        return [(0.0, text)], 0.0
    features = list(setting.features) or None
    pieces, x = [], 0.0
    for word in re.split("( )", text):
        for n, part in enumerate(_THIN_PLACES.split(word) if setting.thin else [word]):
            x += setting.thin if n else 0.0
            for piece in part if setting.spacing else [part]:
                pieces.append((x, piece))
                wide = font.getlength(piece, features=features)
                x += wide * (setting.blank if piece == " " else 1.0) + setting.spacing
    return pieces, x


def _draw_neighbours(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, size: tuple[int, int],
    baseline: float, em: int,
) -> None:  # fmt: skip
    """Lines above and below as they reach into a crop that is cut generously."""
    other = "".join(rng.choice(list("aegnopHTEBx0128hdlpy.-"), int(rng.integers(2, 14))))
    x = float(rng.uniform(-size[0] * 0.5, size[0] * 0.5))
    if rng.random() < 0.5:
        draw.text((x, baseline + em * rng.uniform(1.02, 1.3)), other, fill=255, font=font, anchor="ls")
    else:
        draw.text((x, baseline - em * rng.uniform(0.98, 1.3)), other, fill=255, font=font, anchor="ls")


def _draw_rule(rng: np.random.Generator, mask: Mask, baseline: float, em: int) -> None:
    """An underline, a table rule above or beside, or a line struck through."""
    thick = int(rng.integers(1, 4))
    ink = float(rng.uniform(0.5, 1.0))
    draw = rng.random()
    if draw < 0.7:
        offset = rng.choice([0.14, 0.2, 0.28, -0.95, -1.05]) if rng.random() < 0.9 else -0.3
        y = int(np.clip(baseline + em * offset, 0, mask.shape[0] - thick))
        mask[y : y + thick] = np.maximum(mask[y : y + thick], ink)
    else:
        x = 0 if rng.random() < 0.5 else mask.shape[1] - thick
        mask[:, x : x + thick] = np.maximum(mask[:, x : x + thick], ink)


def _printed(rng: np.random.Generator, mask: Mask, kind: FaceKind, sign: bool) -> Mask:
    """What the printer does: dots, thin or fat strokes, broken and faint ink."""
    if not sign and (kind == "dotmatrix" or rng.random() < 0.06):
        mask = _dotted(rng, mask)
    draw = rng.random()
    if draw < 0.12:
        mask = cv2.dilate(mask, np.ones((2, 2), np.uint8)).astype(np.float32)
    elif draw < 0.2:
        mask = cv2.erode(mask, np.ones((2, 1 + int(rng.integers(2))), np.uint8)).astype(np.float32) * 0.7 + mask * 0.3
    if not sign and rng.random() < 0.3:
        mask = mask * _faded(rng, mask.shape)
    return mask


def _dotted(rng: np.random.Generator, mask: Mask) -> Mask:
    """Needles on a grid, as 9- and 24-pin printers and thermal heads leave them."""
    pitch = float(rng.uniform(2.2, 4.2))
    h, w = mask.shape
    phase_y, phase_x = rng.uniform(0, pitch, 2)
    y = np.cos((np.arange(h) + phase_y) * (2 * np.pi / pitch))[:, None]
    x = np.cos((np.arange(w) + phase_x) * (2 * np.pi / pitch))[None]
    dots: Mask = (y + (x if rng.random() < 0.7 else 0) > rng.uniform(-0.8, 0.2)).astype(np.float32)
    depth = float(rng.uniform(0.4, 1.0))
    return mask * (1 - depth + depth * dots)


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], cell: float) -> Mask:
    """Noise in [0, 1] whose grains are about `cell` pixels wide."""
    small = rng.random((max(2, int(shape[0] / cell) + 1), max(2, int(shape[1] / cell) + 1)), dtype=np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _faded(rng: np.random.Generator, shape: tuple[int, ...]) -> Mask:
    """How much ink is left at each place, in [0, 1]: patches, streaks or specks."""
    draw = rng.random()
    if draw < 0.4:
        strength = _smooth_noise(rng, shape, rng.uniform(4, 40)) * rng.uniform(0.8, 2.5)
        return np.asarray(np.clip(strength, 0.15, 1), dtype=np.float32)
    if draw < 0.7:
        rows = rng.random(shape[0], dtype=np.float32) < rng.uniform(0.7, 0.98)
        return np.where(rows[:, None], 1.0, rng.uniform(0.2, 0.8)).astype(np.float32) * np.ones(shape, np.float32)
    grains = _smooth_noise(rng, shape, rng.uniform(1.2, 3))
    return np.asarray(np.where(grains > rng.uniform(0.1, 0.4), 1.0, rng.uniform(0, 0.6)), dtype=np.float32)


def _bent(rng: np.random.Generator, mask: Mask, sign: bool) -> Mask:
    """Rotation, slant, perspective and curl of the ink."""
    h, w = mask.shape
    if sign and rng.random() < 0.15:
        return _curled(rng, mask)
    if rng.random() > (0.8 if sign else 0.45):
        return mask
    strength = 0.16 if sign else 0.05
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)], dtype=np.float32)
    jitter = rng.normal(0, strength * h, (4, 2)).clip(-0.3 * h, 0.3 * h)
    jitter[:, 0] += np.array([1, 1, -1, -1]) * rng.normal(0, 0.12 if sign else 0.06) * h
    moved = (corners + jitter).astype(np.float32)
    low = np.minimum(moved.min(axis=0), 0)
    moved -= low
    size = np.ceil(np.maximum(moved.max(axis=0), corners.max(axis=0) - low * 0)).astype(int)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return np.asarray(cv2.warpPerspective(mask, matrix, (int(size[0]), int(size[1]))), dtype=np.float32)


def _curled(rng: np.random.Generator, mask: Mask) -> Mask:
    """The line on an arc."""
    h, w = mask.shape
    bend = float(rng.uniform(-0.35, 0.35)) * h
    pad = int(abs(bend)) + 1
    x = np.linspace(-1, 1, w, dtype=np.float32)
    shift = bend * (1 - x * x)
    map_x = np.repeat(np.arange(w, dtype=np.float32)[None], h + pad, axis=0)
    map_y = np.arange(h + pad, dtype=np.float32)[:, None] - shift[None] - (0 if bend > 0 else pad)
    return np.asarray(cv2.remap(mask, map_x, map_y.astype(np.float32), cv2.INTER_LINEAR), dtype=np.float32)


def _inked(rng: np.random.Generator, mask: Mask, sign: bool) -> Mask:
    """Ink over paper (or paint over a wall): grey levels in [0, 1]."""
    shape = mask.shape
    if sign:
        paper, ink = rng.random(2)
        if abs(paper - ink) < 0.25:
            ink = (paper + (0.25 + 0.4 * rng.random()) * (1 if paper < 0.5 else -1)) % 1.0
    else:
        paper = 1 - 0.45 * rng.random() ** 2
        ink = paper * rng.random() ** 1.5 * 0.75
        if rng.random() < 0.07:
            paper, ink = ink, paper
    ground = np.full(shape, paper, dtype=np.float32)
    if rng.random() < (0.7 if sign else 0.4):
        ground += (_smooth_noise(rng, shape, rng.uniform(3, 60)) - 0.5) * rng.uniform(0.02, 0.5 if sign else 0.2)
    front = np.full(shape, ink, dtype=np.float32)
    if sign and rng.random() < 0.4:
        front += (_smooth_noise(rng, shape, rng.uniform(4, 40)) - 0.5) * rng.uniform(0.05, 0.35)
    if sign and rng.random() < 0.25:
        _outline(rng, ground, mask, ink)
    if not sign and rng.random() < 0.06:  # the other side of the sheet shows through
        ghost = np.roll(mask[:, ::-1], (int(rng.integers(shape[0])), int(rng.integers(shape[1]))), axis=(0, 1))
        ground -= ghost * rng.uniform(0.05, 0.25)
    picture = ground * (1 - mask) + front * mask
    if rng.random() < 0.15:  # a shadow's or fold's edge
        slope = np.add.outer(np.linspace(-1, 1, shape[0]) * rng.normal(), np.linspace(-1, 1, shape[1]) * rng.normal())
        picture = picture * (1 - rng.uniform(0.1, 0.5) / (1 + np.exp(-slope * rng.uniform(1, 20))))
    return np.asarray(picture, dtype=np.float32)


def _outline(rng: np.random.Generator, ground: Mask, mask: Mask, ink: float) -> None:
    """A drop shadow or a contour around the letters, as signs have."""
    shade = float(rng.random())
    if abs(shade - ink) < 0.15:
        shade = (ink + 0.5) % 1.0
    if rng.random() < 0.5:
        edge = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
    else:
        edge = np.roll(mask, (int(rng.integers(1, 4)), int(rng.integers(-3, 4))), axis=(0, 1))
    ground += (shade - ground) * edge


def _captured(rng: np.random.Generator, picture: Mask, copied: bool) -> NDArray[np.uint8]:
    """What camera or scanner make of it: resolution, blur, noise, contrast, 1 bit, JPEG."""
    h, w = picture.shape
    # Text on real pages is mostly 10 to 40 pixels high; what is smaller than the network's 32 is blurred by scaling up.
    height = int(np.clip(np.exp(rng.normal(np.log(23), 0.45)), 9, 64))
    width = max(3, round(w * height / h * float(np.clip(rng.normal(1, 0.1), 0.75, 1.3))))
    if rng.random() < 0.4:
        sigma = float(rng.uniform(0.3, 1.3)) * max(1.0, h / height) * 0.7
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.float32)
    if rng.random() < 0.05:
        length = int(rng.integers(2, 6))
        kernel = np.zeros((length, length), np.float32)
        kernel[(length // 2, slice(None)) if rng.random() < 0.6 else (slice(None), length // 2)] = 1 / length
        picture = np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.float32)
    if copied:
        picture = _copied(rng, picture, height)
    style = cv2.INTER_AREA if rng.random() < 0.75 else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(picture, (width, height), interpolation=style), dtype=np.float32)
    if rng.random() < 0.4:
        # Mostly little: under strong noise small letters are lost to anyone.
        grain = (0.02 + 0.23 * rng.random() ** 2) * max(0.05, float(np.ptp(picture)))
        picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * grain * 0.6
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.15:
        picture = picture ** float(rng.uniform(0.5, 2.0))
    pixels = (picture * 255).astype(np.uint8)
    if rng.random() < 0.08 and height >= 16:
        level = cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)[0] + rng.normal(0, 12)
        pixels = ((pixels > level) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        pixels = saved_as_jpeg(pixels, int(rng.integers(20, 90)))
    return pixels


def _copied(rng: np.random.Generator, picture: Mask, height: int) -> Mask:
    """A photocopy, a fax or an archive's scan: one bit at some resolution, its letters filled in or eaten away.

    What comes back is that picture before it was scaled down to grey, as archives do with their scans.
    """
    fine = int(height * rng.uniform(1.0, 2.4)) + 1
    width = max(3, round(picture.shape[1] * fine / picture.shape[0]))
    small = np.asarray(cv2.resize(picture, (width, fine), interpolation=cv2.INTER_AREA), dtype=np.float32)
    if rng.random() < 0.7:
        small = np.asarray(cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.4, 1.1))), dtype=np.float32)
    low, high = float(small.min()), float(small.max())
    rough = (_smooth_noise(rng, small.shape, rng.uniform(1.0, 2.5)) - 0.5) * rng.uniform(0.0, 0.7) * (high - low)
    level = low + (high - low) * float(np.clip(rng.normal(0.55, 0.13), 0.25, 0.85))
    return np.where(small + rough > level, high, low).astype(np.float32)
