"""The detector: a page's pixels to its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, as_quads, clip_quads
from ocr_doc.detectors.maps import MapOptions, MapWord, decode_maps
from ocr_doc.detectors.regions import CELL, ink_regions
from ocr_doc.detectors.scale import ScaleOptions, choose_scale, corrected_scale


class ScoreEngine(Protocol):
    """Runs the detector's network."""

    def __call__(self, pixels: NDArray[np.float32], /) -> NDArray[np.float32]:
        """(N, 3, H, W) float32 RGB in [0, 1] → (N, 2, H/2, W/2) float32 scores in [0, 1]."""


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How pages are looked at.

    Attributes:
        maps: How score maps become words.
        scale: How the input's scale is chosen.
    """

    maps: MapOptions = field(default_factory=MapOptions)
    scale: ScaleOptions = field(default_factory=ScaleOptions)


# What the detector is less sure of than this is mostly smudges, and some signs and digits that stand alone.
SURELY_TEXT = 0.65
# Rows of pixels that are turned into the network's input at a time.
_ROWS = 64


@dataclass(frozen=True, slots=True)
class DetectedWord:
    """A word on a page, not read yet.

    Attributes:
        quad: Corners in pixels of the page, clockwise from the text's own top left.
        confidence: How sure the detector is that this is text, in [0, 1].
        characters: Quads of its characters in reading order.
    """

    quad: Quad
    confidence: float
    characters: tuple[Quad, ...]


class WordDetector:
    """Finds words.

    Args:
        engine: Runs the network.
        options: How.
    """

    def __init__(self, engine: ScoreEngine, options: DetectorOptions | None = None) -> None:
        self._engine = engine
        self.options = options or DetectorOptions()

    def detect(self, pixels: NDArray[np.uint8]) -> list[DetectedWord]:
        """Finds the words of a page.

        The page is looked at in the scale that its marks suggest, and once more, in the scale that the words
        themselves suggest, where the two differ much.

        Args:
            pixels: (H, W, 3) uint8 RGB.

        Returns:
            Words in no particular order; none on a page without text.

        Raises:
            ValueError: If the pixels have another shape.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(f"pixels are (H, W, 3), not {pixels.shape}")
        scale = choose_scale(pixels, self.options.scale)
        words = self._look(pixels, scale)
        heights = np.array([_height(word.quad) for word in words])
        better = corrected_scale(heights, scale, pixels.shape[:2], self.options.scale)
        return words if better is None else self._look(pixels, better) or words

    def detect_at(self, pixels: NDArray[np.uint8], scale: float) -> list[DetectedWord]:
        """Finds the words of a page as it looks at one scale, from page to the network's input.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            scale: Above 0; text about `ScaleOptions.text_height` pixels high in that scale is found best.
        """
        return self._look(pixels, scale)

    def scores(self, pixels: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.float32], tuple[float, float]]:
        """The score maps of a page at a scale.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            scale: From page to the network's input.

        Returns:
            The maps (2, h, w) float32, padding cut off, and how many pixels of the page a point is wide and high.
        """
        height, width = pixels.shape[:2]
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        if (w, h) != (width, height):
            # Down to a half two points a side are all that a point covers; averages of areas take four times as long.
            method = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
            pixels = np.asarray(cv2.resize(pixels, (w, h), interpolation=method), dtype=np.uint8)
        below, right = -h % CELL, -w % CELL
        padded = np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)
        maps = self._maps(padded)
        return maps[:, : -(-h // 2), : -(-w // 2)], (2.0 * width / w, 2.0 * height / h)

    def _maps(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The maps (2, H/2, W/2) of pixels (H, W, 3), H and W multiples of 32; 0 where there is no ink."""
        height, width = pixels.shape[:2]
        maps = np.zeros((2, height // 2, width // 2), dtype=np.float32)
        for left, top, right, bottom in ink_regions(pixels):
            part = pixels[top:bottom, left:right]
            batch = np.empty((1, 3, *part.shape[:2]), dtype=np.float32)
            # Some rows at a time, which stay in the processor's cache from one operation to the next.
            for start in range(0, len(part), _ROWS):
                rows = batch[0, :, start : start + _ROWS]
                for plane, channel in zip(rows, cv2.split(part[start : start + _ROWS]), strict=True):
                    np.copyto(plane, channel)
                    np.multiply(plane, np.float32(1 / 255), out=plane)
            maps[:, top // 2 : bottom // 2, left // 2 : right // 2] = self._engine(batch)[0]
        return maps

    def _look(self, pixels: NDArray[np.uint8], scale: float) -> list[DetectedWord]:
        maps, factors = self.scores(pixels, scale)
        return _placed(decode_maps(maps, self.options.maps), factors, pixels.shape[1], pixels.shape[0])


def _placed(words: Sequence[MapWord], factors: tuple[float, float], width: int, height: int) -> list[DetectedWord]:
    """Words of the maps on their page."""
    if not words:
        return []
    # All at once: a page has a thousand quads, and each array made of one takes time.
    corners = np.concatenate([word.quads for word in words])
    quads = as_quads(clip_quads(corners * factors, width, height))
    ends = accumulate(len(word.quads) for word in words)
    return [
        DetectedWord(quads[end - len(word.quads)], word.confidence, tuple(quads[end - len(word.quads) + 1 : end]))
        for word, end in zip(words, ends, strict=True)
    ]


def _height(quad: Quad) -> float:
    (ax, ay), _, _, (dx, dy) = quad
    return float(np.hypot(dx - ax, dy - ay))
