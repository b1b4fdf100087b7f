"""What happens to a page between the printer and the file: geometry, ink, paper, optics, file.

Geometry moves the words' quads exactly; everything else leaves them where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ocr_doc.core.geometry import transform_quads
from ocr_doc.training.page_canvas import PageWord, word_of

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Warp:
    """A curl, then a projection: y += amplitude · sin(2π · cycles · x / width + phase), then the matrix (3, 3)."""

    matrix: NDArray[np.float64]
    amplitude: float = 0.0
    cycles: float = 0.5
    phase: float = 0.0

    def _lift(self, x: NDArray[np.float64], width: int) -> NDArray[np.float64]:
        return np.asarray(self.amplitude * np.sin(2 * np.pi * self.cycles * x / width + self.phase))

    def apply(self, image: Image, ground: Image) -> Image:
        """The image (H, W, 3) after the warp, on a ground of the same shape that shows where the page has left."""
        height, width = image.shape[:2]
        whole = np.dstack([image, np.full((height, width), 255, np.uint8)])
        if not self.amplitude:
            moved = cv2.warpPerspective(whole, self.matrix, (width, height), flags=cv2.INTER_LINEAR)
        else:
            x, y = self._sources(width, height)
            moved = cv2.remap(whole, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        # What the border mixed in is black, so that the page's share is already multiplied into its colours.
        page, share = np.asarray(moved)[..., :3], np.asarray(moved)[..., 3]
        lack = cv2.cvtColor(255 - share, cv2.COLOR_GRAY2RGB)
        return np.asarray(cv2.add(page, cv2.multiply(ground, lack, scale=1 / 255)), dtype=np.uint8)

    def _sources(self, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where each pixel comes from: the inverse of `move`."""
        xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        a, b, c = np.linalg.inv(self.matrix).astype(np.float32)
        depth = c[0] * xs + c[1] * ys + c[2]
        x = (a[0] * xs + a[1] * ys + a[2]) / depth
        y = (b[0] * xs + b[1] * ys + b[2]) / depth - self._lift(x, width)
        return x, y

    def move(self, word: PageWord, width: int) -> PageWord:
        """The word after the warp of a page `width` pixels wide."""
        points = word.characters.astype(np.float64)
        if self.amplitude:
            points[..., 1] += self._lift(points[..., 0], width)
        return word_of(word.text, transform_quads(points, self.matrix))


def random_warp(rng: Generator, width: int, height: int, strength: float = 1.0) -> Warp:
    """Mostly a scanner's degree or so; at times a camera's perspective, a strong turn, a curl."""
    chance = rng.random()
    degrees = rng.normal(0, 0.7) if chance < 0.65 else rng.normal(0, 3.0) if chance < 0.92 else rng.uniform(-30, 30)
    matrix = np.eye(3)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees * strength, 1.0 - min(0.15, abs(degrees) / 100))
    matrix[:2] = turn
    if rng.random() < 0.25 * strength:
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        moved = corners + rng.uniform(-0.05, 0.05, (4, 2)).astype(np.float32) * (width, height)
        matrix = np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32))) @ matrix
    if rng.random() < 0.15 * strength:
        return Warp(matrix, rng.uniform(0.002, 0.012) * height, rng.uniform(0.3, 1.0), rng.uniform(0, 6.3))
    return Warp(matrix)


def smooth_noise(rng: Generator, shape: tuple[int, int], cell: float, channels: int = 1) -> NDArray[np.float32]:
    """Noise in [0, 1], shape (H, W) or (H, W, channels), that changes over about `cell` pixels."""
    rows, columns = max(2, int(shape[0] / cell) + 2), max(2, int(shape[1] / cell) + 2)
    grid = rng.random((rows, columns, channels), dtype=np.float32)
    grown = np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return np.clip(grown, 0, 1, out=grown)


def wear_ink(rng: Generator, art: Image) -> Image:
    """Uneven, faded, speckled or streaked ink on white; returns new artwork."""
    shape = art.shape[:2]
    strength = np.full(shape, rng.uniform(0.55, 1.0), np.float32)
    if rng.random() < 0.4:
        strength *= 1 - rng.uniform(0.1, 0.6) * smooth_noise(rng, shape, rng.uniform(40, 300))
    if rng.random() < 0.3:
        grain = smooth_noise(rng, shape, rng.uniform(1.5, 3.5))
        strength *= 1 - rng.uniform(0.2, 0.8) * (grain > np.float32(rng.uniform(0.55, 0.8)))
    if rng.random() < 0.12:
        columns = rng.random(shape[1]) < 0.01
        strength[:, columns] *= rng.uniform(0, 0.5)
    if rng.random() < 0.1:
        paler = np.where(rng.random(shape[0]) < 0.3, 1 - rng.uniform(0.1, 0.5), 1.0)
        strength *= paler.astype(np.float32)[:, None]
    ink = cv2.multiply(255 - art, cv2.merge([strength] * 3), dtype=cv2.CV_8U)
    return np.asarray(255 - np.asarray(ink), dtype=np.uint8)


def show_through(rng: Generator, art: Image) -> Image:
    """Faint mirrored print from the back of the sheet."""
    back = cv2.GaussianBlur(art[:, ::-1], (0, 0), rng.uniform(1.0, 2.5))
    back = np.roll(back, int(rng.integers(5, 60)), axis=0)
    faint = 255 - (255 - back.astype(np.float32)) * rng.uniform(0.04, 0.16)
    return np.minimum(art, faint.astype(np.uint8))


def lay_on_paper(rng: Generator, art: Image, photo: bool) -> Image:
    """Multiplies artwork with paper: tone, texture, stains, creases; for photos also uneven light and shadow."""
    shape = art.shape[:2]
    tone = np.full(3, rng.uniform(0.86, 1.0))
    if rng.random() < 0.3:
        tone *= np.array([1, rng.uniform(0.93, 1.0), rng.uniform(0.78, 1.0)])
    field = np.ones(shape, np.float32)
    if rng.random() < 0.5:
        field -= rng.uniform(0.01, 0.05) * smooth_noise(rng, shape, rng.uniform(1.5, 4))
    if rng.random() < (0.8 if photo else 0.35):
        field -= rng.uniform(0.05, 0.45 if photo else 0.2) * smooth_noise(rng, shape, rng.uniform(100, 500))
    if rng.random() < 0.15:
        _crease(rng, field)
    if photo and rng.random() < 0.3:
        _shadow(rng, field)
    shade = cv2.merge([field * np.float32(t) for t in tone.tolist()])
    return np.asarray(cv2.multiply(art, shade, dtype=cv2.CV_8U), dtype=np.uint8)


def _crease(rng: Generator, field: NDArray[np.float32]) -> None:
    height, width = field.shape
    lines = np.zeros(field.shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * (width, height)
        (x0, y0), (x1, y1) = ends.astype(int).tolist()
        cv2.line(lines, (x0, y0), (x1, y1), float(rng.uniform(-0.15, 0.3)), int(rng.integers(1, 4)), cv2.LINE_AA)
    field -= np.asarray(cv2.GaussianBlur(lines, (0, 0), rng.uniform(0.5, 2.0)))


def _shadow(rng: Generator, field: NDArray[np.float32]) -> None:
    height, width = field.shape
    shape = np.zeros(field.shape, np.float32)
    polygon = (rng.uniform(-0.3, 1.3, (4, 2)) * (width, height)).astype(np.int32)
    cv2.fillPoly(shape, [polygon], float(rng.uniform(0.15, 0.45)))
    radius = int(rng.integers(4, 40))
    # Two box filters look like a wide Gaussian and cost the same at any width.
    for _ in range(2):
        shape = np.asarray(cv2.blur(shape, (2 * radius + 1, 2 * radius + 1)), np.float32)
    field -= shape


def through_camera(rng: Generator, image: Image, smallest: float) -> Image:
    """Blur, noise, levels, resampling and JPEG; `smallest` is the height of the smallest text, which sets how much."""
    sharp = np.clip(smallest / 22.0, 0.35, 2.0)
    if rng.random() < 0.6:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.25 + rng.uniform(0, 0.9) * sharp))
    elif rng.random() < 0.15:
        length = int(2 + 3 * sharp)
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        image = np.asarray(cv2.filter2D(image, -1, kernel if rng.random() < 0.5 else kernel.T))
    if rng.random() < 0.3 and smallest > 15:
        image = _resampled(rng, image, smallest)
    if rng.random() < 0.5:
        image = _noisy(rng, image)
    if rng.random() < 0.5:
        # Scanners stretch the range until the paper is plain white.
        low, high = rng.uniform(0, 60), rng.uniform(170, 255)
        table = np.clip((np.arange(256) - low) * 255 / (high - low), 0, 255)
        image = np.asarray(cv2.LUT(image, (table * rng.uniform(0.9, 1.0)).astype(np.uint8)))
    if rng.random() < 0.1:
        soft = cv2.GaussianBlur(image, (0, 0), 1.5)
        image = np.asarray(cv2.addWeighted(image, 2.0, soft, -1.0, 0))
    if rng.random() < 0.6:
        quality = int(rng.integers(25, 95))
        image = saved_as_jpeg(image, quality)
    return image


def _resampled(rng: Generator, image: Image, smallest: float) -> Image:
    height, width = image.shape[:2]
    factor = max(rng.uniform(0.5, 0.9), 10.0 / smallest)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.choice(3, p=[0.15, 0.45, 0.4]))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=how), dtype=np.uint8)


def _noisy(rng: Generator, image: Image) -> Image:
    # One draw for a tile, laid out at random offsets, is as good as noise and a tenth of the work.
    tile = (rng.standard_normal((128, 192), dtype=np.float32) * rng.uniform(1, 14)).astype(np.int16)
    rows, columns = -(-image.shape[0] // 128), -(-image.shape[1] // 192)
    bands = [np.tile(np.roll(tile, int(shift)), columns) for shift in rng.integers(0, tile.size, rows)]
    noise = np.concatenate(bands)[: image.shape[0], : image.shape[1]]
    return np.asarray(np.clip(image.astype(np.int16) + noise[..., None], 0, 255).astype(np.uint8))


def saved_as_jpeg(image: Image, quality: int) -> Image:
    """What a JPEG file of a quality, 0 to 100, leaves of an image, (H, W) or (H, W, 3) uint8; the same shape."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), dtype=np.uint8)


def to_one_bit(rng: Generator, image: Image) -> Image:
    """Black and white as a fax or an office scanner makes it, with specks."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if rng.random() < 0.5:
        bits = cv2.threshold(grey, rng.uniform(110, 190), 255, cv2.THRESH_BINARY)[1]
    else:
        block = int(rng.integers(10, 25)) * 2 + 1
        bits = cv2.adaptiveThreshold(
            grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, rng.uniform(8, 25)
        )
    specks = rng.random(bits.shape, dtype=np.float32) < 10 ** rng.uniform(-5, -3)
    bits = np.where(specks, rng.integers(0, 2) * 255, bits)
    return np.asarray(cv2.cvtColor(bits.astype(np.uint8), cv2.COLOR_GRAY2RGB), np.uint8)


def finish(rng: Generator, image: Image, words: Sequence[PageWord]) -> Image:
    """The last steps for a page with these words: camera or scanner, grey or colour or one bit."""
    heights = [float(np.linalg.norm(w.quad[3] - w.quad[0])) for w in words]
    smallest = float(np.percentile(heights, 10)) if heights else 20.0
    image = through_camera(rng, image, smallest)
    chance = rng.random()
    if chance < 0.14:
        return to_one_bit(rng, image)
    if chance < 0.55:
        return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    return image
