"""A sheet of a sample document: text at positions, its truth, and how it is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Point
from ocr_doc.training import degrade
from ocr_doc.training import page_marks as marks
from ocr_doc.training.faces import Face
from ocr_doc.training.page_canvas import Canvas, Colour, PageWord, Pen, moved_word

Pixels = NDArray[np.uint8]
# Drawn at twice the size and shrunk, so that glyphs stand on half pixels as a scanner sees them.
SUPER = 2


@dataclass
class Faces:
    """The faces at hand, picked by family."""

    faces: Sequence[Face]

    def pen(self, families: str, size: float, bold: bool = False, **options: float | str) -> Pen:
        """A pen of the first family (names separated by "|") that is installed, else of any face."""
        for family in families.split("|"):
            found = [f for f in self.faces if f.family == family and f.bold == bold and not f.slanted]
            found.sort(key=lambda f: ("-400-" not in f.path and "-700-" not in f.path, f.path))
            if found:
                return Pen(found[0], size * SUPER, **options)  # type: ignore[arg-type]
        return Pen(self.faces[0], size * SUPER, **options)  # type: ignore[arg-type]


@dataclass
class Sheet:
    """A page being written: rows of text at positions in pixels of the finished page."""

    width: int
    height: int
    colour: Colour = (20, 20, 20)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.canvas = Canvas(self.width * SUPER, self.height * SUPER)

    def row(self, y: float, pen: Pen, *pieces: tuple[float, str, str], colour: Colour | None = None) -> None:
        """Writes one row: pieces (x, alignment "l", "c" or "r", text) in reading order.

        Raises:
            ValueError: If the face lacks a character, since the truth would then not be what is drawn.
        """
        writers = {"l": self.canvas.write, "c": self.canvas.write_centred, "r": self.canvas.write_right}
        for x, align, text in pieces:
            if pen.face.fit(text) != text:
                raise ValueError(f"{pen.face.family} cannot draw all of {text!r}")
            writers[align](pen, x * SUPER, y * SUPER, text, colour or self.colour)
        self.lines.append(" ".join(text for _, _, text in pieces if not set(text) <= set("-=*")))

    def gap(self) -> None:
        """A blank line in the truth: what follows is another block."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def rule(self, start: Point, end: Point, thick: int = 1, colour: Colour | None = None) -> None:
        """A straight line."""
        ends = ((start[0] * SUPER, start[1] * SUPER), (end[0] * SUPER, end[1] * SUPER))
        marks.rule(self.canvas, *ends, colour or self.colour, thick * SUPER)

    def box(self, area: Box, thick: int = 1, colour: Colour | None = None) -> None:
        """A rectangle, filled where thick is negative."""
        x0, y0, x1, y1 = (v * SUPER for v in area)
        marks.box(self.canvas, (x0, y0, x1, y1), colour or self.colour, thick * SUPER if thick > 0 else -1)

    def prose(self, y: float, pen: Pen, edges: tuple[float, float], text: str, step: float) -> float:
        """Sets a paragraph ragged right between two edges; returns the next baseline."""
        x, width = edges[0], edges[1] - edges[0]
        line: list[str] = []
        for word in [*text.split(), None]:
            if word is None or (line and pen.width(" ".join([*line, word])) > width * SUPER):
                self.row(y, pen, (x, "l", " ".join(line)))
                y, line = y + step, []
            if word is not None:
                line.append(word)
        self.gap()
        return y


@dataclass(frozen=True)
class Finished:
    """A page as it is stored: (H, W, 3) uint8, its words and its text."""

    image: Pixels
    words: tuple[PageWord, ...]
    text: str


def capture(sheet: Sheet, seed: int, warp: degrade.Warp, blur: float, ground: Pixels | None = None) -> Finished:
    """Lays a sheet on paper and scans it: moved by a warp, slightly soft, slightly noisy.

    Args:
        sheet: What is written.
        seed: Of paper and noise.
        warp: How it lies.
        blur: Standard deviation in pixels.
        ground: What shows beside the sheet, (H, W, 3) uint8; a scanner's lid by default.
    """
    rng = np.random.default_rng(seed)
    art = np.asarray(cv2.resize(sheet.canvas.art, (sheet.width, sheet.height), interpolation=cv2.INTER_AREA), np.uint8)
    words = [moved_word(word, np.array([[1 / SUPER, 0, 0], [0, 1 / SUPER, 0]])) for word in sheet.canvas.words]
    shade = degrade.smooth_noise(rng, (sheet.height, sheet.width), 420)[..., None] * 14
    grain = degrade.smooth_noise(rng, (sheet.height, sheet.width), 2.2)[..., None] * 6
    art = np.clip(art * 0.985 - shade - grain, 0, 255).astype(np.uint8)
    art = warp.apply(art, np.full_like(art, 236) if ground is None else ground)
    art = np.asarray(cv2.GaussianBlur(art, (0, 0), blur), np.uint8)
    noise = rng.normal(0, 2.0, art.shape[:2])[..., None]
    # Steps of four greys are not seen and make the file a third as large.
    image = np.clip((art + noise) / 4, 0, 63).round().astype(np.uint8) * 4
    return Finished(image, tuple(warp.move(word, sheet.width) for word in words), "\n".join(sheet.lines).strip())


def turned(sheet: Sheet, degrees: float, scale: float = 1.0) -> degrade.Warp:
    """A turn about the sheet's middle, anticlockwise."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((sheet.width / 2, sheet.height / 2), degrees, scale)
    return degrade.Warp(matrix)
