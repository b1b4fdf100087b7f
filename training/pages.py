"""Synthetic pages for the detector: text of every kind on paper, with the quads of all words and characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ocr_doc.training import degrade, page_forms, page_receipts, page_scenes, page_sheets
from ocr_doc.training import page_marks as marks
from ocr_doc.training import page_text as say
from ocr_doc.training.faces import Face
from ocr_doc.training.page_canvas import Canvas, PageWord, word_of
from ocr_doc.training.page_desk import LABEL, OFFICE, TYPED, Desk, Layout, fitting

__all__ = ["LAYOUTS", "PageConfig", "PageWord", "SyntheticPage", "render_page"]

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "receipt": page_receipts.receipt,
        "letter": page_sheets.letter,
        "invoice": page_sheets.invoice,
        "form": page_forms.form,
        "numbers": page_sheets.numbers,
        "label": page_scenes.label_plate,
        "sign": page_scenes.sign,
        "sparse": page_scenes.sparse,
        "blank": page_scenes.blank,
    }
)
_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "receipt": 5,
        "letter": 3,
        "invoice": 3,
        "form": 3,
        "numbers": 1,
        "label": 1.2,
        "sign": 2,
        "sparse": 0.5,
        "blank": 0.4,
    }
)
_PHOTO_KINDS = ("label", "sign")


@dataclass(frozen=True)
class PageConfig:
    """How pages are drawn.

    Attributes:
        sides: Smallest and largest side in pixels; width and height are drawn apart.
        size: Fixed (width, height) instead.
        text_size: Smallest and largest base text size in pixels (capitals are about 0.7 of it high).
        layouts: Weight of each kind of page, by the names in `LAYOUTS`.
        degraded: Whether ink, paper, geometry and camera do their work; off for a clean print.
        warp: Strength of the geometry, 0 for none.
    """

    sides: tuple[int, int] = (512, 900)
    size: tuple[int, int] | None = None
    text_size: tuple[float, float] = (11.0, 42.0)
    layouts: Mapping[str, float] = field(default_factory=lambda: dict(_WEIGHTS))
    degraded: bool = True
    warp: float = 1.0

    def __post_init__(self) -> None:
        unknown = set(self.layouts) - set(LAYOUTS)
        if unknown or not any(weight > 0 for weight in self.layouts.values()):
            raise ValueError(
                f"layouts need a positive weight and names among {sorted(LAYOUTS)}, not {dict(self.layouts)}"
            )


@dataclass(frozen=True)
class SyntheticPage:
    """A page and what is written on it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        words: Words that are visible, whole or in part; a word cut by the page's edge keeps its visible characters.
        layout: The kind of page.
    """

    image: NDArray[np.uint8]
    words: tuple[PageWord, ...]
    layout: str

    @property
    def unknown(self) -> NDArray[np.float64]:
        """Boxes (0, 4): of a drawn page all is known."""
        return np.zeros((0, 4))


def render_page(rng: Generator, faces: Sequence[Face], config: PageConfig | None = None) -> SyntheticPage:
    """Draws a page.

    Args:
        rng: Source of all chance: the same state gives the same page.
        faces: Faces to write with, from `ocr_doc.training.faces.find_faces`; not empty.
        config: How; None for the defaults.
    """
    config = config or PageConfig()
    names = sorted(config.layouts)
    weights = np.array([config.layouts[name] for name in names], dtype=np.float64)
    layout = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    width, height = config.size or tuple(int(v) for v in rng.integers(config.sides[0], config.sides[1] + 1, 2))
    size = float(np.exp(rng.uniform(*np.log(config.text_size))))
    desk = Desk(Canvas(width, height), rng, tuple(faces), size)
    if layout in ("form", "letter") and desk.chance(0.06):
        marks.ruled_paper(rng, desk.canvas, size * float(rng.uniform(1.2, 2.5)))
    LAYOUTS[layout](desk)
    if layout not in (*_PHOTO_KINDS, "blank", "sparse"):
        _extras(desk)
    words = [word for word in desk.canvas.words if word.text]
    image = desk.canvas.art
    if config.degraded:
        image, words = _degrade(rng, image, words, layout, config.warp)
    return SyntheticPage(image, tuple(_visible(words, width, height)), layout)


def _degrade(
    rng: Generator, art: NDArray[np.uint8], words: list[PageWord], layout: str, strength: float
) -> tuple[NDArray[np.uint8], list[PageWord]]:
    height, width = art.shape[:2]
    photo = layout in _PHOTO_KINDS or bool(rng.random() < 0.25)
    if layout not in _PHOTO_KINDS:
        if rng.random() < 0.15:
            art = degrade.show_through(rng, art)
        if rng.random() < 0.6:
            art = degrade.wear_ink(rng, art)
        art = degrade.lay_on_paper(rng, art, photo)
    if strength > 0 and rng.random() < 0.75:
        warp = degrade.random_warp(rng, width, height, strength)
        art = warp.apply(art, _ground(rng, art))
        words = [warp.move(word, width) for word in words]
    return degrade.finish(rng, art, words), words


def _ground(rng: Generator, art: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What lies under the page: a table, a scanner's lid, black or white."""
    if rng.random() < 0.35:
        under = Canvas(art.shape[1], art.shape[0])
        marks.scene(rng, under)
        return under.art
    edge = int(rng.integers(0, 256)) if rng.random() < 0.5 else int(art[::16, ::16].max())
    return np.full_like(art, edge)


def _extras(desk: Desk) -> None:
    """Stamps, signatures, vertical numbers and marks over what is written."""
    rng, canvas = desk.rng, desk.canvas
    if desk.chance(0.12):
        pen = desk.pen({**LABEL, **TYPED}, desk.size * rng.uniform(0.9, 2.0), None)
        lines = [say.phrase(rng).upper() if desk.chance(0.5) else "RECEIVED", say.date(rng)][: int(rng.integers(1, 3))]
        lines = [fitting(pen, line, canvas.width * 0.7) for line in lines]
        colour = (int(rng.integers(20, 220)), int(rng.integers(20, 90)), int(rng.integers(20, 180)))
        where = (rng.uniform(0.3, 0.7) * canvas.width, rng.uniform(0.1, 0.9) * canvas.height)
        canvas.write_turned(pen, where, float(rng.uniform(-30, 30)), lines, colour)
    if desk.chance(0.08):
        pen = desk.pen({**OFFICE, **LABEL}, desk.size * rng.uniform(0.8, 1.4), None)
        where = (canvas.width - pen.size, rng.uniform(0.3, 0.7) * canvas.height)
        canvas.write_turned(pen, where, float(rng.choice([-90, 90])), [say.code(rng)])
    for _ in range(int(rng.poisson(0.25))):
        x, y = rng.uniform(0.1, 0.8, 2) * (canvas.width, canvas.height)
        marks.scribble(rng, canvas, (float(x), float(y)), desk.size * rng.uniform(0.8, 4))


def _visible(words: Sequence[PageWord], width: int, height: int) -> list[PageWord]:
    """Words with their visible characters, clipped to the page; what shows less than about half is left out."""
    limit = np.array([width, height], np.float32)
    kept: list[PageWord] = []
    for word in words:
        quads = word.characters
        clipped = np.clip(quads, 0, limit)
        if (clipped == quads).all():
            kept.append(word)
            continue
        shown = _areas(clipped) > 0.45 * _areas(quads)
        # The longest visible run: a word never continues behind a gap.
        runs = np.split(np.arange(len(shown)), np.flatnonzero(np.diff(shown.astype(int))) + 1)
        best = max((run for run in runs if shown[run[0]]), key=len, default=None)
        if best is not None:
            kept.append(word_of("".join(word.text[i] for i in best), clipped[best]))
    return kept


def _areas(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = quads[..., 0], quads[..., 1]
    return np.asarray(np.abs((x * np.roll(y, -1, -1) - y * np.roll(x, -1, -1)).sum(-1)) / 2, dtype=np.float32)
