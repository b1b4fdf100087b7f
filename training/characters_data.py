"""What the character classifier learns from: crops of drawn codes, and real ones where they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ocr_doc.recognizer.character_crops import ROW_HEIGHT, SIDE, character_crop
from ocr_doc.training.code_glyphs import code_faces
from ocr_doc.training.code_strips import DrawnStrip, Photo, cut_row, photograph
from ocr_doc.training.faces import Face

Crop = NDArray[np.float32]
REJECT = 0
"""The class of what is no character: its label is the empty text."""
# Letters whose capital has the same shape: alone, without a row to compare with, they are taken for the capital.
SAME_SHAPE = frozenset("cosvwxz")
# Crops of a pool that are mixed before batches are made of them: those of one strip are alike.
POOL = 4096
# A drawn row is used so many times, shaken anew each time: the network learns faster than codes are drawn.
USES = 5
# Rows that are kept for that.
KEPT = 12_000
ROW = 16
"""Characters of a row that are looked at together, at most."""
# Share of rows whose characters are shown alone, and of wrong cuts that stand in a row among its characters.
_ALONE, _AMONG = 0.25, 0.25


@dataclass(frozen=True, slots=True)
class CharacterBatch:
    """Crops of one training step.

    Attributes:
        pixels: (N, 1, SIDE, SIDE) float32 in [0, 1].
        classes: (N,) int64; 0 is the reject class.
        places: (N,) int64, ascending: the number of a crop's row times `ROW`, plus its place in that row.
    """

    pixels: Tensor
    classes: Tensor
    places: Tensor


@dataclass(frozen=True, slots=True)
class CharacterCrop:
    """A crop and what it shows; "" for what is no character."""

    pixels: Crop
    text: str


CropRow = tuple[CharacterCrop, ...]


def strip_rows(rng: np.random.Generator, photo: Photo) -> Iterator[CropRow]:
    """Crops of a drawn code: its characters as a detector cuts them, and cuts that go wrong.

    Yields:
        Crops that are looked at together: those of a row, or one alone.
    """
    draw = rng.random()
    if draw < 0.3:
        yield from ((crop,) for crop in _single(rng, photo, loose=draw < 0.14))
        return
    height = photo.bottom - photo.top
    if draw < 0.4:
        above, below = rng.uniform(0.0, 0.35, 2) * height
    else:
        above, below = rng.normal(0.03, 0.06, 2) * height
    strip = cut_row(photo, photo.top - above, photo.bottom + below)
    row: list[CharacterCrop] = []
    for i, glyph in enumerate(strip.glyphs):
        if glyph.text != " ":
            crop = character_crop(strip.pixels, *_jittered(rng, strip, i))
            if draw < 0.4 and rng.random() < 0.2:
                crop = _peeked(rng, crop)
            row.append(CharacterCrop(crop, glyph.text))
    wrong = list(_wrong_cuts(rng, strip))
    if rng.random() < 0.3:
        wrong += _rolled(rng, photo, strip)
    among = rng.random(len(wrong)) < _AMONG
    row += [crop for crop, inside in zip(wrong, among, strict=True) if inside]
    yield from ((crop,) for crop, inside in zip(wrong, among, strict=True) if not inside)
    if rng.random() < _ALONE:
        yield from ((crop,) for crop in row)
    elif row:
        yield tuple(row[:ROW])


def _jittered(rng: np.random.Generator, strip: DrawnStrip, i: int) -> tuple[float, float]:
    """Columns of a character as they are found: up to half way to its neighbours, or a little off."""
    glyph = strip.glyphs[i]
    before = strip.glyphs[i - 1].right if i else glyph.left - ROW_HEIGHT * 0.3
    after = strip.glyphs[i + 1].left if i + 1 < len(strip.glyphs) else glyph.right + ROW_HEIGHT * 0.3
    room = min(max(glyph.left - before, 0.0), 8.0), min(max(after - glyph.right, 0.0), 8.0)
    slack = rng.uniform(-0.04, 0.05, 2) * ROW_HEIGHT
    share = rng.uniform(0, 0.6, 2) if rng.random() < 0.6 else np.zeros(2)
    return glyph.left - share[0] * room[0] - slack[0], glyph.right + share[1] * room[1] + slack[1]


def _wrong_cuts(rng: np.random.Generator, strip: DrawnStrip) -> Iterator[CharacterCrop]:
    """Halves of two neighbours, two at once, gaps, and the ground: none is a character."""
    glyphs = strip.glyphs
    for i in range(len(glyphs)):
        if rng.random() > 0.5:
            continue
        glyph = glyphs[i]
        width = glyph.right - glyph.left
        draw = rng.random()
        if draw < 0.35 and i + 1 < len(glyphs):
            other = glyphs[i + 1]
            if other.right - glyph.left > 0.75 * ROW_HEIGHT and min(width, other.right - other.left) > 2:
                yield CharacterCrop(character_crop(strip.pixels, glyph.left, other.right), "")
        elif draw < 0.8 and i + 1 < len(glyphs):
            other = glyphs[i + 1]
            left = glyph.left + width * rng.uniform(0.4, 0.75)
            right = other.left + (other.right - other.left) * rng.uniform(0.25, 0.6)
            if right - left > 3 and width > 6 and other.right - other.left > 6:
                yield CharacterCrop(character_crop(strip.pixels, left, right), "")
        else:
            end = glyphs[i + 1].left if i + 1 < len(glyphs) else strip.pixels.shape[1]
            if end - glyph.right > 5:
                yield CharacterCrop(character_crop(strip.pixels, glyph.right + 2.5, end - 2.5), "")


def _single(rng: np.random.Generator, photo: Photo, loose: bool) -> Iterator[CharacterCrop]:
    """Characters cut out one by one, each filling its crop's height; or, loosely, with what is around them."""
    for glyph in photo.glyphs:
        height, width = glyph.bottom - glyph.top, glyph.right - glyph.left
        if height < 6 or height < 0.5 * (photo.bottom - photo.top):
            continue
        top, bottom = (rng.uniform(0.0, 0.35, 2) if loose else rng.normal(0.02, 0.03, 2)) * height
        single = Photo(photo.pixels, (glyph,), glyph.top, glyph.bottom)
        strip = cut_row(single, glyph.top - top, glyph.bottom + bottom)
        [found] = strip.glyphs
        most = 0.3 if loose else 0.1
        slack = rng.uniform(-0.06, most, 2) * max(width, 0.3 * height) * ROW_HEIGHT / height
        text = glyph.text.upper() if glyph.text in SAME_SHAPE else glyph.text
        crop = character_crop(strip.pixels, found.left - slack[0], found.right + slack[1])
        yield CharacterCrop(_banded(rng, crop) if loose else crop, text)


def _banded(rng: np.random.Generator, crop: Crop) -> Crop:
    """Edges of a window or of other things at some sides of a crop."""
    crop = crop.copy()
    for side in np.flatnonzero(rng.random(4) < 0.3):
        view = np.rot90(crop, int(side))  # a view: what is drawn on it is drawn on the crop
        first, thick = int(rng.integers(0, 2)), int(rng.integers(1, 5))
        grain = rng.normal(0, 0.05, (thick, SIDE)).astype(np.float32)
        view[first : first + thick] = np.clip(float(rng.random()) + grain, 0, 1)
    return crop


def _rolled(rng: np.random.Generator, photo: Photo, strip: DrawnStrip) -> Iterator[CharacterCrop]:
    """A meter's wheel between two digits, and rows cut through: parts of characters above one another."""
    if len(strip.glyphs) < 2:
        return
    pick = rng.integers(0, len(strip.glyphs), 2)
    crops = [character_crop(strip.pixels, strip.glyphs[k].left, strip.glyphs[k].right) for k in pick]
    cut = int(rng.integers(SIDE // 3, 2 * SIDE // 3))
    rolled = np.concatenate([crops[0][cut:], crops[1][:cut]])
    yield CharacterCrop(np.ascontiguousarray(rolled), "")


def _peeked(rng: np.random.Generator, crop: Crop) -> Crop:
    """The edge of something else above or below, as of a wheel's next digit."""
    rows = int(rng.integers(2, 6))
    edge = np.roll(crop[SIDE // 3 : SIDE // 3 + rows], int(rng.integers(SIDE)), axis=1)
    return np.ascontiguousarray(np.concatenate([crop[rows:], edge] if rng.random() < 0.5 else [edge, crop[:-rows]]))


def shaken(rng: np.random.Generator, row: Sequence[Crop]) -> list[Crop]:
    """A row's crops shaken a little, all the same way: drawn ones are used a few times, real ones many times."""
    crops = list(row)
    if rng.random() < 0.5:
        middle = SIDE / 2
        angle, scale = float(rng.normal(0, 3.0)), float(np.clip(rng.normal(1, 0.06), 0.8, 1.2))
        matrix = cv2.getRotationMatrix2D((middle, middle), angle, scale)
        for i, crop in enumerate(crops):
            moved = matrix.copy()
            moved[:, 2] += rng.normal(0, 0.7, 2)
            warped = cv2.warpAffine(crop, moved, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            crops[i] = np.asarray(warped, dtype=np.float32)
    if rng.random() < 0.25:
        crops = [1 - crop for crop in crops]
    if rng.random() < 0.3:
        low, high = float(rng.uniform(0, 0.25)), float(rng.uniform(0.75, 1.0))
        crops = [low + crop * (high - low) for crop in crops]
    return [np.asarray(crop, dtype=np.float32) for crop in crops]


class CharacterStream(IterableDataset[CharacterBatch]):
    """Endless batches of rows of drawn characters, with real ones among them.

    Args:
        symbols: In the order of the classes behind the reject class.
        faces: Fonts.
        batch: Crops of a batch.
        seed: Of chance; each worker of a loader draws its own.
        start: Pools that earlier runs have drawn.
        real: Crops to mix in.
        share: Share of the real crops in a batch.
        apart: Whether to draw with the fonts that are kept for measuring.
    """

    def __init__(
        self, symbols: str, faces: tuple[Face, ...], batch: int, seed: int, start: int = 0,
        real: Sequence[CharacterCrop] = (), share: float = 0.0, apart: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.classes = {"": REJECT} | {symbol: i + 1 for i, symbol in enumerate(symbols)}
        self.faces, self.batch, self.seed, self.start = code_faces(faces, apart), batch, seed, start
        self.real, self.share = [crop for crop in real if crop.text in self.classes], share
        self._kept: list[CropRow] = []
        self._by_class: dict[str, list[CharacterCrop]] = {}
        for crop in self.real:
            self._by_class.setdefault(crop.text, []).append(crop)

    def __iter__(self) -> Iterator[CharacterBatch]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        pool = self.start
        while True:
            rng = np.random.default_rng((self.seed, number, pool))
            yield from self._pool(rng)
            pool += 1

    def drawn(self, rng: np.random.Generator, count: int) -> list[CropRow]:
        """Rows of drawn codes with about `count` crops, at least."""
        rows: list[CropRow] = []
        found = 0
        while found < count:
            for photo in photograph(rng, self.faces):
                for row in strip_rows(rng, photo):
                    known = tuple(crop for crop in row if crop.text in self.classes)
                    rows += [known] if known else []
                    found += len(known)
        return rows

    def _pool(self, rng: np.random.Generator) -> Iterator[CharacterBatch]:
        real = round(POOL * self.share) if self.real else 0
        drawn = POOL - real
        rows = self.drawn(rng, drawn // (USES if self._kept else 1)) if drawn else []
        used: list[CropRow] = []
        missing = drawn - sum(map(len, rows))
        while missing > 0:
            used.append(self._kept[int(rng.integers(len(self._kept)))])
            missing -= len(used[-1])
        self._kept = (rows + self._kept)[:KEPT]
        rows = rows + used
        names = sorted(self._by_class)
        for _ in range(real):
            # Each class as often as any other, however many pictures it has.
            same = self._by_class[names[int(rng.integers(len(names)))]]
            rows.append((same[int(rng.integers(len(same)))],))
        batch: list[CropRow] = []
        filled = 0
        for i in rng.permutation(len(rows)):
            batch.append(rows[i])
            filled += len(rows[i])
            if filled >= self.batch:
                yield collated([[*zip(shaken(rng, [c.pixels for c in row]), (c.text for c in row), strict=True)]
                                for row in batch], self.classes)  # fmt: skip
                batch, filled = [], 0


def collated(rows: Sequence[Sequence[tuple[Crop, str]]], classes: Mapping[str, int]) -> CharacterBatch:
    """A batch of rows of crops and their texts."""
    pixels = np.stack([crop for row in rows for crop, _ in row])[:, None]
    names = np.array([classes[text] for row in rows for _, text in row], dtype=np.int64)
    places = np.array([r * ROW + i for r, row in enumerate(rows) for i in range(len(row))], dtype=np.int64)
    return CharacterBatch(torch.from_numpy(pixels), torch.from_numpy(names), torch.from_numpy(places))
