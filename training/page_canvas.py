"""A sheet to write on: glyphs of several print techniques, words that remember where their characters stand.

Artwork is RGB as an ideal printer would lay it on white paper; `ocr_doc.training.degrade` adds paper and camera.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.core.geometry import transform_quads
from ocr_doc.training.faces import Face

Colour = tuple[int, int, int]
Technique = Literal["plain", "thermal", "dots"]
BLACK: Colour = (0, 0, 0)

# Four or more of these are a rule or a leader, drawn with type but read by nobody.
RULE = re.compile(r"[-=*_.~#+:·—–|/<>\\^]{4,}")
_INK = 64
_PAD = 1.0


@dataclass(frozen=True)
class PageWord:
    """A word of a synthetic page.

    Attributes:
        quad: Corners (4, 2) float32, tight to the ink, padded by about a pixel.
        characters: Quads (N, 4, 2) float32, one per character of `text`; each spans its glyph's cell along the text
            and the word's ink extent across it.
    """

    text: str
    quad: NDArray[np.float32]
    characters: NDArray[np.float32]


@dataclass(frozen=True)
class Glyph:
    """Ink of a character: mask (H, W) uint8, its offset from the pen on the baseline, and the pen's advance."""

    mask: NDArray[np.uint8]
    left: int
    top: int
    advance: float


@dataclass(frozen=True)
class Pen:
    """A face at a size, in one print technique.

    Attributes:
        size: Nominal size in pixels; capitals are about 0.7 of it high.
        stretch: Width relative to the face's own.
        tracking: Extra advance per character, as a fraction of `size`.
        technique: "thermal" draws from a coarse raster of square dots, "dots" from needles.
        rows: Raster rows per `size` for the two dotted techniques.
        thickness: Pixels by which strokes grow (> 0) or shrink (< 0).
        blank: Width of the space between words, relative to the face's own.
    """

    face: Face
    size: float
    stretch: float = 1.0
    tracking: float = 0.0
    technique: Technique = "plain"
    rows: int = 24
    thickness: int = 0
    blank: float = 1.0
    _glyphs: dict[str, Glyph] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _font(self) -> ImageFont.FreeTypeFont:
        return self.face.load(self.size if self.technique == "plain" else self.rows)

    def sized(self, factor: float, **changes: float) -> Pen:
        """The same pen, larger or smaller."""
        return replace(self, size=self.size * factor, _glyphs={}, **changes)  # type: ignore[arg-type]

    def width(self, text: str) -> float:
        """Length of the text in pixels."""
        return sum(self.glyph(c).advance for c in text)

    def glyph(self, character: str) -> Glyph:
        """The character as this pen draws it."""
        if character not in self._glyphs:
            self._glyphs[character] = self._draw(character)
        return self._glyphs[character]

    def _draw(self, character: str) -> Glyph:
        font = self._font
        box = [int(v) for v in font.getbbox(character, anchor="ls")]
        advance = font.getlength(character) * (self.blank if character == " " else 1.0)
        width, height = box[2] - box[0], box[3] - box[1]
        if width <= 0 or height <= 0:
            mask = np.zeros((0, 0), np.uint8)
        else:
            image = Image.new("L", (width, height))
            ImageDraw.Draw(image).text((-box[0], -box[1]), character, fill=255, font=font, anchor="ls")
            mask = np.asarray(image)
        scale = 1.0 if self.technique == "plain" else self.size / self.rows
        mask = self._print(mask, scale)
        tracking = self.tracking * self.size
        left = round(box[0] * scale * self.stretch + tracking / 2)
        return Glyph(mask, left, round(box[1] * scale), max(1.0, advance * scale * self.stretch + tracking))

    def _print(self, mask: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
        if not mask.size:
            return mask
        height, width = max(1, round(mask.shape[0] * scale)), max(1, round(mask.shape[1] * scale * self.stretch))
        if self.technique == "dots":
            mask = _needles(mask)
        elif self.technique == "thermal":
            # Squares stay squares: enlarged without smoothing first, so that the steps of the raster remain.
            mask = np.where(mask > 100, 255, 0).astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1)
        if mask.shape != (height, width):
            shrinks = mask.shape[0] > height or mask.shape[1] > width
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            mask = np.asarray(cv2.resize(mask, (width, height), interpolation=how), np.uint8)
        if self.thickness and self.size >= 16:
            kernel = np.ones((1 + abs(self.thickness), 1 + abs(self.thickness)), np.uint8)
            change = cv2.dilate if self.thickness > 0 else cv2.erode
            mask = np.asarray(change(mask, kernel), np.uint8)
        return mask


def _needles(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A coarse mask as a needle printer strikes it: one round dot per raster point."""
    grid = np.zeros((mask.shape[0] * 5, mask.shape[1] * 5), np.uint8)
    grid[2::5, 2::5] = np.where(mask > 110, 255, 0)
    return np.asarray(cv2.dilate(grid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))), dtype=np.uint8)


class Canvas:
    """Artwork (H, W, 3) uint8 and the words on it."""

    def __init__(self, width: int, height: int, background: Colour = (255, 255, 255)) -> None:
        self.art: NDArray[np.uint8] = np.full((height, width, 3), background, np.uint8)
        self.words: list[PageWord] = []

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.art.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.art.shape[0])

    def blend(self, mask: NDArray[np.uint8], corner: tuple[int, int], colour: Colour) -> None:
        """Lays colour on the artwork where a mask (h, w) placed at a corner (x, y) says so; parts outside are lost."""
        x, y = corner
        top, left = max(0, -y), max(0, -x)
        bottom, right = min(mask.shape[0], self.height - y), min(mask.shape[1], self.width - x)
        if bottom <= top or right <= left:
            return
        part = mask[top:bottom, left:right, None].astype(np.float32) / 255.0
        place = self.art[y + top : y + bottom, x + left : x + right]
        place[:] = (place * (1 - part) + np.array(colour, np.float32) * part + 0.5).astype(np.uint8)

    def write(self, pen: Pen, x: float, baseline: float, text: str, colour: Colour = BLACK) -> float:
        """Writes one line of text from x on; records its words.

        Returns:
            Where the pen stands afterwards.
        """
        space = pen.glyph(" ").advance
        for part in re.split(r"( )", pen.face.fit(text)):
            if part == " ":
                x += space
            elif part:
                x = self._write_word(pen, x, round(baseline), part, colour)
        return x

    def write_centred(self, pen: Pen, x: float, baseline: float, text: str, colour: Colour = BLACK) -> None:
        """Writes one line of text centred on x."""
        self.write(pen, x - pen.width(pen.face.fit(text)) / 2, baseline, text, colour)

    def write_right(self, pen: Pen, x: float, baseline: float, text: str, colour: Colour = BLACK) -> None:
        """Writes one line of text that ends at x."""
        self.write(pen, x - pen.width(pen.face.fit(text)), baseline, text, colour)

    def write_turned(
        self, pen: Pen, centre: tuple[float, float], degrees: float, lines: Sequence[str], colour: Colour = BLACK
    ) -> None:
        """Writes lines around a centre, turned clockwise by some degrees."""
        step = pen.size * 1.15
        width = int(max(pen.width(pen.face.fit(line)) for line in lines) + pen.size)
        sheet = Canvas(width, int(step * len(lines) + pen.size), (0, 0, 0))
        for i, line in enumerate(lines):
            sheet.write_centred(pen, width / 2, step * (i + 1), line, (255, 255, 255))
        self.paste_turned(sheet, centre, degrees, colour)

    def paste_turned(self, sheet: Canvas, centre: tuple[float, float], degrees: float, colour: Colour) -> None:
        """Lays a sheet (white ink on black) on this one, turned clockwise about its middle, in a colour."""
        matrix = np.asarray(cv2.getRotationMatrix2D((sheet.width / 2, sheet.height / 2), -degrees, 1.0), np.float64)
        matrix[:, 2] += np.array(centre) - np.array([sheet.width / 2, sheet.height / 2])
        reach = int(np.hypot(sheet.width, sheet.height) / 2) + 2
        x, y = int(centre[0]) - reach, int(centre[1]) - reach
        local = matrix.copy()
        local[:, 2] -= (x, y)
        mask = cv2.warpAffine(sheet.art[..., 0], local, (2 * reach, 2 * reach), flags=cv2.INTER_LINEAR)
        self.blend(np.asarray(mask, dtype=np.uint8), (x, y), colour)
        self.words.extend(moved_word(word, matrix) for word in sheet.words)

    def _write_word(self, pen: Pen, x: float, baseline: int, text: str, colour: Colour) -> float:
        glyphs = [pen.glyph(c) for c in text]
        starts = x + np.concatenate([[0.0], np.cumsum([g.advance for g in glyphs])])
        end = float(starts[-1])
        inked = [(g, round(s)) for g, s in zip(glyphs, starts[:-1], strict=True) if g.mask.size]
        if not inked:
            return end
        x0, x1 = min(s + g.left for g, s in inked), max(s + g.left + g.mask.shape[1] for g, s in inked)
        y0, y1 = min(g.top for g, _ in inked), max(g.top + g.mask.shape[0] for g, _ in inked)
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for glyph, start in inked:
            row, column = glyph.top - y0, start + glyph.left - x0
            place = mask[row : row + glyph.mask.shape[0], column : column + glyph.mask.shape[1]]
            np.maximum(place, glyph.mask, out=place)
        self.blend(mask, (x0, baseline + y0), colour)
        if not RULE.fullmatch(text):
            self._record(text, mask, (x0, baseline + y0), starts)
        return end

    def _record(self, text: str, mask: NDArray[np.uint8], corner: tuple[int, int], starts: NDArray[np.float64]) -> None:
        ink = mask > _INK
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        if not len(rows):
            return
        top, bottom = corner[1] + rows[0] - _PAD, corner[1] + rows[-1] + 1 + _PAD
        # Cells are the advances; the word's two ends are its ink, so that the quad stays tight.
        edges = starts.copy()
        edges[0], edges[-1] = corner[0] + columns[0] - _PAD, corner[0] + columns[-1] + 1 + _PAD
        inner = np.clip(edges[1:-1], edges[0] + 0.5, max(edges[0] + 0.5, edges[-1] - 0.5))
        edges[1:-1] = np.maximum.accumulate(inner)
        self.words.append(word_of_edges(text, edges, float(top), float(bottom)))


def word_of_edges(text: str, edges: NDArray[np.float64], top: float, bottom: float) -> PageWord:
    """An upright word from the N + 1 cell edges of its characters."""
    left, right = edges[:-1], edges[1:]
    y0, y1 = np.full_like(left, top), np.full_like(left, bottom)
    corners = [np.stack(pair, -1) for pair in ((left, y0), (right, y0), (right, y1), (left, y1))]
    return word_of(text, np.stack(corners, 1))


def word_of(text: str, characters: NDArray[np.floating]) -> PageWord:
    """A word from its characters' quads (N, 4, 2): its quad runs from the first one's left to the last one's right."""
    cells = np.asarray(characters, dtype=np.float32)
    return PageWord(text, np.stack([cells[0, 0], cells[-1, 1], cells[-1, 2], cells[0, 3]]), cells)


def moved_word(word: PageWord, matrix: NDArray[np.float64]) -> PageWord:
    """The word after an affine (2, 3) or projective (3, 3) map."""
    return word_of(word.text, transform_quads(word.characters, matrix))
