"""What the detector learns from: crops of pages and the score maps that it should draw for them.

A page comes with the quad of each character, so the maps are exact and no weak supervision is needed. Following Baek et
al. 2019, the region map has a Gaussian in each character and the affinity map one between neighbours of one word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import transform_quads
from ocr_doc.detectors.gaussian import SPREAD

STRIDE = 2
"""Pixels of the input for one point of the maps."""

_REACH = 1.6
"""A Gaussian is drawn out to this many half boxes, where it has fallen to 0.016."""

_DYED = 0.15
"""Share of crops whose text and ground have two colours of chance: signs, plates and labels are printed so."""

_TOLD_APART = 80.0
"""Least distance of these two, of 442 between black and white."""

_FAINT = 60.0
"""What is fainter is paper's own grain, and is not drawn out to the whole distance."""

_MIN_HALF = 1.25
"""Least half width and height of a Gaussian in points of the map; a full stop then has a peak of 0.59 at least."""


class LabelledWord(Protocol):
    """A word of a page whose truth is known."""

    @property
    def quad(self) -> NDArray[np.float32]:
        """Corners (4, 2), clockwise from the text's own top left."""

    @property
    def characters(self) -> NDArray[np.float32]:
        """Quads (N, 4, 2) of the characters in reading order."""


class LabelledPage(Protocol):
    """A page whose truth is known."""

    @property
    def image(self) -> NDArray[np.uint8]:
        """Pixels (H, W, 3) RGB."""

    @property
    def words(self) -> Sequence[LabelledWord]:
        """All words that can be read."""

    @property
    def unknown(self) -> NDArray[np.float64]:
        """Boxes (N, 4), x0, y0, x1, y1 in pixels, of which nobody can say whether there are words."""


class PageSource(Protocol):
    """Draws (or reads) one page; pages follow from the generator alone."""

    def __call__(self, rng: np.random.Generator) -> LabelledPage:
        """A new page."""


@dataclass(frozen=True, slots=True)
class CropOptions:
    """How pages become crops.

    Attributes:
        side: Side of a crop in pixels, a multiple of 32.
        text_height: Smallest and largest height of a page's words in a crop, pixels; drawn log-uniformly, so that
            half of the crops lie below their geometric mean, which is the height that the detector works at.
        crops_per_page: Crops cut from one page; drawing a page costs more than cutting one.
        word_share: Share of crops that are centred near a word; the others lie anywhere and may be empty.
        slight_turn: Share of crops turned by up to 10 degrees.
        any_turn: Share of crops turned by any angle.
        max_enlargement: Pages are enlarged by at most this factor.
    """

    side: int = 384
    text_height: tuple[float, float] = (10.0, 40.0)
    crops_per_page: int = 8
    word_share: float = 0.85
    slight_turn: float = 0.15
    any_turn: float = 0.04
    max_enlargement: float = 3.0


@dataclass(frozen=True, slots=True)
class Crop:
    """One training example.

    Attributes:
        pixels: (side, side, 3) uint8 RGB.
        maps: (2, side/2, side/2) float32 in [0, 1], region and affinity.
        known: (side/2, side/2) bool, where the maps are the truth; elsewhere they say nothing.
    """

    pixels: NDArray[np.uint8]
    maps: NDArray[np.float32]
    known: NDArray[np.bool_]


def affinity_quads(characters: NDArray[np.floating], words: NDArray[np.integer] | None = None) -> NDArray[np.float64]:
    """Quads between the neighbours of one word, from the centres of the triangles that the diagonals cut off.

    Args:
        characters: (N, 4, 2), word after word, each in reading order.
        words: (N,) number of the word that each belongs to; None where all are of one word.

    Returns:
        (M, 4, 2), one for each two neighbours.
    """
    quads = np.asarray(characters, dtype=np.float64).reshape(-1, 4, 2)
    if len(quads) < 2:
        return np.zeros((0, 4, 2))
    centre = quads.mean(axis=1)
    upper = (quads[:, 0] + quads[:, 1] + centre) / 3.0
    lower = (quads[:, 2] + quads[:, 3] + centre) / 3.0
    between = np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1)
    return between if words is None else between[words[:-1] == words[1:]]


def draw_gaussians(target: NDArray[np.float32], quads: NDArray[np.floating]) -> None:
    """Draws one Gaussian per quad into `target`, (H, W) float32, keeping the larger value where they overlap.

    A quad is taken as the parallelogram of its mean sides. Only the points near it are touched.

    Args:
        target: The map; point (row i, column j) stands for position (x, y) = (j + 0.5, i + 0.5).
        quads: (N, 4, 2) in the map's units.
    """
    height, width = target.shape
    q = np.asarray(quads, dtype=np.float64).reshape(-1, 4, 2)
    if not len(q):
        return
    centre = q.mean(axis=1)
    along = _lengthened((q[:, 1] + q[:, 2] - q[:, 0] - q[:, 3]) / 4.0, np.array([1.0, 0.0]))
    across = _lengthened((q[:, 2] + q[:, 3] - q[:, 0] - q[:, 1]) / 4.0, np.array([0.0, 1.0]))
    extent = _REACH * (np.abs(along) + np.abs(across))
    low = np.maximum(np.floor(centre - extent), 0).astype(np.int64)
    high = np.minimum(np.ceil(centre + extent), (width, height)).astype(np.int64)
    determinant = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
    seen = (low < high).all(axis=1) & (np.abs(determinant) > 1e-3)
    # Rows of the map (x, y) → (u, v) under which the quad is [-1, 1]², in standard deviations over √2.
    scale = SPREAD / np.sqrt(2.0) / np.where(seen, determinant, 1.0)
    ux, uy = across[:, 1] * scale, -across[:, 0] * scale
    vx, vy = -along[:, 1] * scale, along[:, 0] * scale
    # A lean of less than a tenth of a point over the box shows nowhere and allows one exponential per row and column.
    upright = np.maximum(np.abs(along[:, 1]), np.abs(across[:, 0])) < 0.1
    for k in np.flatnonzero(seen):
        (x0, y0), (x1, y1) = low[k], high[k]
        dx = np.arange(x0 + 0.5 - centre[k, 0], x1 - centre[k, 0])
        dy = np.arange(y0 + 0.5 - centre[k, 1], y1 - centre[k, 1])[:, None]
        if upright[k]:
            values = np.exp(-((vy[k] * dy) ** 2)) * np.exp(-((ux[k] * dx) ** 2))
        else:
            values = np.exp(-((ux[k] * dx + uy[k] * dy) ** 2 + (vx[k] * dx + vy[k] * dy) ** 2))
        patch = target[y0:y1, x0:x1]
        np.maximum(patch, values, out=patch, casting="same_kind")


def _lengthened(axes: NDArray[np.float64], fallback: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half axes (N, 2), none shorter than `_MIN_HALF`; one without a direction takes `fallback`'s."""
    length = np.hypot(axes[:, 0], axes[:, 1])[:, None]
    direction = np.where(length > 1e-6, axes / np.maximum(length, 1e-6), fallback)
    return np.asarray(direction * np.maximum(length, _MIN_HALF))


def draw_maps(
    characters: NDArray[np.floating], words: NDArray[np.integer], height: int, width: int
) -> NDArray[np.float32]:
    """The score maps of an image.

    Args:
        characters: Quads (N, 4, 2) of all characters in pixels of the image, word after word.
        words: (N,) number of the word that each belongs to.
        height: Of the image, pixels; even.
        width: Likewise.

    Returns:
        (2, height/2, width/2) float32 in [0, 1]: region and affinity.
    """
    maps = np.zeros((2, height // STRIDE, width // STRIDE), dtype=np.float32)
    scaled = np.asarray(characters, dtype=np.float64).reshape(-1, 4, 2) / STRIDE
    draw_gaussians(maps[0], scaled)
    draw_gaussians(maps[1], affinity_quads(scaled, words))
    return maps


def page_text_height(words: Sequence[LabelledWord]) -> float:
    """Median height of the words in pixels, 0 where there is none."""
    if not words:
        return 0.0
    quads = np.stack([np.asarray(word.quad, dtype=np.float64) for word in words])
    sides = quads[:, [3, 2]] - quads[:, [0, 1]]
    return float(np.median(np.hypot(sides[..., 0], sides[..., 1]).mean(axis=1)))


def crops_of_page(page: LabelledPage, rng: np.random.Generator, options: CropOptions) -> Iterator[Crop]:
    """Cuts `options.crops_per_page` crops of varied scale, place and turn out of a page."""
    words = [w for w in page.words if len(w.characters)]
    height = page_text_height(words)
    lowest, highest = np.log(options.text_height)
    quads = np.concatenate([np.zeros((0, 4, 2)), *(w.characters for w in words)])
    numbers = np.repeat(np.arange(len(words)), [len(w.characters) for w in words])
    corners = page.unknown[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    # Resizing a page is dear, so that two scales serve all of its crops.
    for share in (options.crops_per_page // 2, options.crops_per_page - options.crops_per_page // 2):
        wanted = float(np.exp(rng.uniform(lowest, highest)))
        scale = min(wanted / height if height > 0 else float(rng.uniform(0.3, 1.0)), options.max_enlargement)
        image, factors = _resized(page.image, scale)
        for _ in range(share):
            yield _crop(image, quads * factors, numbers, corners * factors, rng, options)


def _resized(image: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The image at `scale` and its true factors (x, y), as the detector's own resizing gives them."""
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)
    return resized, np.array([size[0] / width, size[1] / height])


def _crop(
    image: NDArray[np.uint8],
    quads: NDArray[np.float64],
    numbers: NDArray[np.int64],
    unknown: NDArray[np.float64],
    rng: np.random.Generator,
    options: CropOptions,
) -> Crop:
    """One crop of a page that is at its scale already; `quads` and `numbers` as in `draw_maps`, `unknown` quads too."""
    side = options.side
    height, width = image.shape[:2]
    if len(quads) and rng.random() < options.word_share:
        centre = quads[int(rng.integers(len(quads)))].mean(axis=0) + rng.uniform(-0.4, 0.4, 2) * side
    else:
        centre = rng.uniform(0.0, 1.0, 2) * (width, height)
    # The crop stays on the page where the page is larger than it.
    size = np.array([width, height])
    centre = np.where(size > side, np.clip(centre, side / 2, np.maximum(size - side / 2, side / 2)), centre)
    matrix = _placement(centre, _angle(rng, options), side)
    cut = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    placed = transform_quads(quads, matrix)
    near = (placed.max(axis=1) > -side / 4).all(axis=1) & (placed.min(axis=1) < side * 1.25).all(axis=1)
    maps = draw_maps(placed[near], numbers[near], side, side)
    known = _outside(transform_quads(unknown, matrix), side)
    pixels = np.asarray(cut, dtype=np.uint8)
    return Crop(_tinted(_dyed(pixels, rng) if rng.random() < _DYED else pixels, rng), maps, known)


def _outside(quads: NDArray[np.float64], side: int) -> NDArray[np.bool_]:
    """Points of the maps that no quad (N, 4, 2) covers, pixels of the crop."""
    covered = np.zeros((side // STRIDE, side // STRIDE), np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(covered, np.round(quad / STRIDE - 0.5).astype(np.int32), 1)
    return np.asarray(covered == 0)


def _angle(rng: np.random.Generator, options: CropOptions) -> float:
    """Degrees to turn a crop by."""
    draw = rng.random()
    if draw < options.any_turn:
        return float(rng.uniform(-180.0, 180.0))
    return float(rng.uniform(-10.0, 10.0)) if draw < options.any_turn + options.slight_turn else 0.0


def _placement(centre: NDArray[np.float64], angle: float, side: int) -> NDArray[np.float64]:
    """The affine (2, 3) from page to crop; by whole pixels where nothing turns, so that nothing blurs."""
    if angle == 0.0:
        shift = np.round(side / 2 - centre)
        return np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, side / 2 - turn @ centre])


def _dyed(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same text in a colour of its own on a ground of another, which may be as light or dark as the text."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    dark, light = np.percentile(grey[::4, ::4], (1, 99))
    shares = np.clip((np.arange(256) - dark) / max(light - dark, _FAINT), 0.0, 1.0)[:, None]
    ink, ground = rng.uniform(0, 255, (2, 3))
    while np.linalg.norm(ink - ground) < _TOLD_APART:
        ink, ground = rng.uniform(0, 255, (2, 3))
    table = (ink + shares * (ground - ink)).round().astype(np.uint8)
    return np.asarray(cv2.LUT(np.repeat(grey[..., None], 3, axis=2), table[None]), dtype=np.uint8)


def _tinted(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same text in other light: contrast, brightness, tint, exchanged channels, inverted."""
    if rng.random() < 0.3:
        return pixels
    levels = np.arange(256, dtype=np.float64) / 255.0
    gain, shift, gamma = rng.uniform(0.5, 1.1), rng.uniform(-0.1, 0.3), np.exp(rng.uniform(-0.5, 0.5))
    tint = rng.uniform(0.85, 1.1, 3) if rng.random() < 0.4 else np.ones(3)
    curve = (levels**gamma)[:, None] * gain * tint + shift
    if rng.random() < 0.1:
        curve = 1.0 - curve
    table = (np.clip(curve, 0.0, 1.0) * 255.0).round().astype(np.uint8)
    if rng.random() < 0.2:
        pixels = np.ascontiguousarray(pixels[:, :, rng.permutation(3)])
    return np.asarray(cv2.LUT(pixels, table[None]), dtype=np.uint8)


def crop_stream(source: PageSource, rng: np.random.Generator, options: CropOptions, buffer: int = 64) -> Iterator[Crop]:
    """Crops without end, those of one page spread over the stream by a buffer of `buffer` crops."""
    waiting: list[Crop] = []
    while True:
        waiting.extend(crops_of_page(source(rng), rng, options))
        while len(waiting) > buffer:
            place = int(rng.integers(len(waiting)))
            waiting[place], waiting[-1] = waiting[-1], waiting[place]
            yield waiting.pop()
