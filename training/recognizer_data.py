"""What the recogniser learns from: batches of crops of like width, drawn on the fly and mixed with real ones.

A batch never mixes widths far apart, so that little of it is padding; a crop too narrow for its text gets stretched, so
that CTC always has more time steps than characters and doubles.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from ocr_doc.core.errors import InputBrokenError, OcrDocError
from ocr_doc.recognizer.alphabet import Alphabet, ctc_steps
from ocr_doc.recognizer.crops import HEIGHT, NormalCrop, normalise
from ocr_doc.training.code_glyphs import code_faces
from ocr_doc.training.code_words import render_code
from ocr_doc.training.degrade import saved_as_jpeg
from ocr_doc.training.faces import Face, find_faces
from ocr_doc.training.readers import SEE, LabelledCrop, read_crops
from ocr_doc.training.text import TextSource
from ocr_doc.training.words import WordSample, render_word

STRIDE = 4
# A crop wider than this teaches little for what it costs.
MAX_WIDTH = 640
# The first pools hold texts of at most so many symbols. CTC begins by writing blanks only and finds out of that slowly
# where texts are long; where they are short there are few alignments to choose from.
EASY_POOLS = 48
EASY_LENGTH = 3
# So many crops are drawn before they are sorted by width into batches.
POOL = 512
# Share of the real crops that are changed to what a telephone makes of them; and how high they are then, in pixels.
_PHOTOGRAPHED, _SMALL = 0.3, (12.0, 34.0)
# How many crops of a list are tried before a training begins: a wrong folder shows in any of them.
_TRIED = 100
# At which counts of crops that cannot be read a line says so: never silent, never a flood.
_TOLD = frozenset(10**n for n in range(12))
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Crops of one training step.

    Attributes:
        pixels: (N, 1, 32, W) float32 in [0, 1].
        steps: (N,) time steps of each crop, those of its padding included: the reader decodes them too.
        targets: Classes of all texts, one after the other.
        lengths: (N,) length of each text.
        texts: The texts.
    """

    pixels: Tensor
    steps: Tensor
    targets: Tensor
    lengths: Tensor
    texts: list[str]


@dataclass(frozen=True)
class CropMix:
    """Where crops come from.

    Attributes:
        real: Word lists or folders (see `ocr_doc.training.readers`), each with its share of the crops in [0, 1].
        signs: Share of the synthetic crops that look like photographed signs.
        codes: Share of the synthetic crops that are codes without language in industrial looks.
        every_face: Whether codes are drawn in the fonts that are kept for measuring, too.
        rare: Share of the drawn texts that hold rare letters or signs.
        seed: Seeds the synthetic crops.
        fonts: Folders of fonts, or None for the system's.
        cache: JSON file that remembers which faces are usable, or None.
    """

    real: tuple[tuple[Path, float], ...] = ()
    signs: float = 0.27
    codes: float = 0.0
    every_face: bool = False
    rare: float = 0.15
    seed: int = 0
    fonts: tuple[Path, ...] | None = None
    cache: Path | None = None


def fit_crop(pixels: NDArray[np.uint8], text: str, alphabet: Alphabet, expected: bool) -> NormalCrop | None:
    """The crop at the network's height, or None where its text cannot be learned from it.

    Args:
        pixels: (h, w) or (h, w, 3) uint8.
        text: What it says.
        alphabet: Turns the text into classes.
        expected: Whether the crop is stretched as it is where the detector tells the number of characters.
    """
    if pixels.size == 0 or not text:
        return None
    needed = ctc_steps(alphabet.encode(text)) + 1
    crop = normalise(pixels, len(text) if expected else 0)
    if crop.width // STRIDE < needed:
        crop = normalise(pixels, needed)
    return crop if crop.width <= MAX_WIDTH else None


def collate(crops: Sequence[tuple[NormalCrop, str]], alphabet: Alphabet) -> Batch:
    """Puts crops of any width into one batch; narrower ones are padded with their own padding's grey."""
    width = max(crop.pixels.shape[1] for crop, _ in crops)
    pixels = np.empty((len(crops), 1, HEIGHT, width), dtype=np.float32)
    for row, (crop, _) in zip(pixels, crops, strict=True):
        row[0, :, : crop.pixels.shape[1]] = crop.pixels
        row[0, :, crop.pixels.shape[1] :] = crop.pixels[0, -1]
    encoded = [alphabet.encode(text) for _, text in crops]
    return Batch(
        torch.from_numpy(pixels),
        torch.full((len(crops),), width // STRIDE, dtype=torch.long),
        torch.tensor([c for row_classes in encoded for c in row_classes], dtype=torch.long),
        torch.tensor([len(row_classes) for row_classes in encoded], dtype=torch.long),
        [text for _, text in crops],
    )


def try_crops(source: Path, crops: Sequence[LabelledCrop], alphabet: Alphabet) -> None:
    """Reads some crops of a source, spread over it, and warns of those that cannot be read.

    Raises:
        InputBrokenError: If none of them can be learned from; says why of the first.
    """
    tried = [crops[i] for i in np.linspace(0, len(crops) - 1, min(_TRIED, len(crops))).astype(int)]
    faults: list[str] = []
    narrow = 0
    for crop in tried:
        try:
            narrow += fit_crop(crop.load(), crop.text, alphabet, False) is not None
        except OcrDocError as error:
            faults.append(error.message)
    if not narrow:
        fault = faults[0] if faults else f"every crop is wider than {MAX_WIDTH // HEIGHT} times its height."
        raise InputBrokenError(f"{source}: none of {len(tried)} crops tried can be used: {fault}", SEE)
    if faults:
        _LOG.warning(
            "%s: %d of %d crops tried cannot be read, the first: %s Such crops are skipped.",
            source, len(faults), len(tried), faults[0],
        )  # fmt: skip


def shaken(rng: np.random.Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A real crop, a little changed: margins, tilt, contrast, resolution, noise; at times as a telephone sees it."""
    if rng.random() < _PHOTOGRAPHED:
        pixels = _photographed(rng, pixels)
    h, w = pixels.shape[:2]
    if rng.random() < 0.5:
        tilt = np.float32(rng.normal(0, 0.03))
        matrix = np.array([[1 + rng.normal(0, 0.03), rng.normal(0, 0.06), 0], [tilt, 1 + rng.normal(0, 0.04), 0]])
        matrix[:, 2] = -matrix[:, :2] @ (w / 2, h / 2) + (w / 2, h / 2) + rng.normal(0, 0.03 * h, 2)
        pixels = np.asarray(
            cv2.warpAffine(pixels, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    if rng.random() < 0.3 and h > 12:
        factor = float(rng.uniform(0.5, 0.95))
        size = (max(3, round(w * factor)), max(8, round(h * factor)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.5:
        picture = pixels.astype(np.float32) * float(rng.uniform(0.6, 1.2)) + float(rng.uniform(-30, 40))
        picture += rng.standard_normal(picture.shape, dtype=np.float32) * float(rng.uniform(0, 10))
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.1:
        pixels = np.asarray(255 - pixels, np.uint8)
    return pixels


def _photographed(rng: np.random.Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A scan as a photograph from some way off: small and blurred, in light that comes from one side, as JPEG."""
    h, w = pixels.shape[:2]
    height = min(float(h), float(rng.uniform(*_SMALL)))
    size = max(3, round(w * height / h)), max(8, round(height))
    picture = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.1))), np.float32)
    (left, right), (top, bottom) = rng.uniform(0.4, 1.0, 2), rng.uniform(0.85, 1.0, 2)
    light = np.outer(np.linspace(top, bottom, size[1]), np.linspace(left, right, size[0])).astype(np.float32)
    picture *= light if picture.ndim == 2 else light[..., None]
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * float(rng.uniform(0, 6))
    return saved_as_jpeg(picture.clip(0, 255).astype(np.uint8), int(rng.integers(30, 90)))


class CropStream(IterableDataset[Batch]):
    """Endless batches; each worker process draws its own.

    Lists are read and tried when the stream is made, so that what is wrong with them is told at once.

    Args:
        mix: Where crops come from.
        alphabet: Encodes the texts.
        area: Columns of pixels in a batch, padding included: 64 crops of 96 pixels are 6,144.
        start: Number of the first pool, so that a resumed run does not see the same crops again.
        faces: Faces to draw with; None to find those that the mix names.

    Raises:
        InputMissingError: If a list is not there.
        InputBrokenError: If nothing can be learned from one.
        DependencyError: If a package that text is drawn with is not installed.
    """

    def __init__(
        self, mix: CropMix, alphabet: Alphabet, area: int, start: int = 0, faces: tuple[Face, ...] | None = None
    ) -> None:
        self.mix, self.alphabet, self.area, self.start = mix, alphabet, area, start
        self.faces = tuple(find_faces(mix.fonts, mix.cache)) if faces is None else faces
        self.code_faces = code_faces(self.faces, None if mix.every_face else False)
        self.texts = TextSource(alphabet, seed=mix.seed, rare=mix.rare)
        self.real = [(read_crops(path, alphabet), share) for path, share in mix.real]
        for (path, _), (crops, _) in zip(mix.real, self.real, strict=True):
            try_crops(path, crops, alphabet)
        self._skipped = 0

    def __iter__(self) -> Iterator[Batch]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        cv2.setNumThreads(0)
        pool_number = self.start + worker
        while True:
            rng = np.random.default_rng((self.mix.seed, pool_number))
            easy = pool_number < EASY_POOLS
            pool_number += workers
            pool: list[tuple[NormalCrop, str]] = []
            while len(pool) < POOL:
                drawn = self._real(rng) if not easy else None
                if not drawn and not easy and rng.random() < self.mix.codes:
                    drawn = render_code(rng, self.code_faces, self.alphabet)
                if not drawn:
                    signs, longest = (0.0, EASY_LENGTH) if easy else (self.mix.signs, 0)
                    drawn = render_word(rng, self.faces, self.texts, signs, longest)
                for sample in drawn:
                    crop = fit_crop(sample.pixels, sample.text, self.alphabet, bool(rng.random() < 0.5))
                    if crop is not None:
                        pool.append((crop, sample.text))
            yield from self._batches(rng, pool)

    def _real(self, rng: np.random.Generator) -> tuple[WordSample, ...]:
        """Real crops by their shares; none where this draw is a synthetic one, or the crops cannot be read."""
        draw = rng.random()
        for crops, share in self.real:
            if draw < share:
                chosen = [crops[i] for i in rng.integers(len(crops), size=2)]
                loaded = [(pixels, crop.text) for crop in chosen if (pixels := self._load(crop)) is not None]
                return tuple(WordSample(shaken(rng, pixels), text) for pixels, text in loaded)
            draw -= share
        return ()

    def _load(self, crop: LabelledCrop) -> NDArray[np.uint8] | None:
        """A crop's pixels; None where they cannot be read, which must not end a training of many hours."""
        try:
            return crop.load()
        except OcrDocError as error:
            self._skipped += 1
            if self._skipped in _TOLD:
                _LOG.warning("%s It was skipped, crop %d of this process so far.", error.message, self._skipped)
            return None

    def _batches(self, rng: np.random.Generator, pool: list[tuple[NormalCrop, str]]) -> Iterator[Batch]:
        pool.sort(key=lambda item: item[0].pixels.shape[1])
        batches: list[list[tuple[NormalCrop, str]]] = []
        current: list[tuple[NormalCrop, str]] = []
        for item in pool:
            if current and (len(current) + 1) * item[0].pixels.shape[1] > self.area:
                batches.append(current)
                current = []
            current.append(item)
        batches.append(current)
        for number in rng.permutation(len(batches)):
            yield collate(batches[int(number)], self.alphabet)
