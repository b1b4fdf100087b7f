"""Which word stands before or behind another on its line, however the line leans.

Distances are in heights of the word that is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import quad_around
from ocr_doc.core.records import Word

Floats = NDArray[np.float64]

# Boxes of neighbours overlap by so much at most.
MAX_OVERLAP = 0.2
# Two words of a line are so far off one another's line at most.
MAX_OFFSET = 0.35


class Places:
    """Where words stand, along their own directions.

    Args:
        words: At least one, their quads in pixels of the page.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        quads = np.array([word.quad for word in words], dtype=np.float64)
        self.starts: Floats = (quads[:, 0] + quads[:, 3]) / 2
        self.ends: Floats = (quads[:, 1] + quads[:, 2]) / 2
        across = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
        self.heights: Floats = np.maximum(np.hypot(*across.T), 1e-3)
        along = self.ends - self.starts
        self.directions: Floats = along / np.maximum(np.hypot(*along.T), 1e-3)[:, None]
        self.there: NDArray[np.bool_] = np.ones(len(words), dtype=np.bool_)

    def after(self, first: int, reach: float) -> int | None:
        """The word that follows a word within so many heights; None without any."""
        return self._nearest(first, reach, *self._apart(self.ends[first], self.starts, first))

    def before(self, second: int, reach: float) -> int | None:
        """The word that a word follows within so many heights; None without any."""
        gaps, asides = self._apart(self.starts[second], self.ends, second)
        return self._nearest(second, reach, -gaps, asides)

    def gap(self, first: int, second: int) -> float:
        """White between two words, in heights."""
        gaps, _ = self._apart(self.ends[first], self.starts[second : second + 1], first)
        return float(gaps[0])

    def around(self, word: int, reach: float) -> list[int]:
        """The words of a word's line, itself among them, that begin within so many heights of its start."""
        gaps, asides = self._apart(self.starts[word], self.starts, word)
        near = (np.abs(gaps) <= reach) & (np.abs(asides) <= MAX_OFFSET) & self.there
        return [int(i) for i in np.flatnonzero(near)]

    def join(self, words: list[Word], first: int, second: int) -> None:
        """Makes the second of two words a part of the first."""
        a, b = words[first], words[second]
        characters = a.characters + b.characters if a.characters and b.characters else ()
        words[first] = replace(
            a, text=a.text + b.text, confidence=a.confidence * b.confidence, quad=quad_around(a.quad, (a.quad, b.quad)),
            characters=characters,
        )  # fmt: skip
        self.ends[first] = self.ends[second]
        self.there[second] = False

    def _apart(self, point: Floats, points: Floats, word: int) -> tuple[Floats, Floats]:
        """How far points lie from a point along and across a word, in its heights."""
        offset = (points - point) / self.heights[word]
        cosine, sine = self.directions[word]
        return offset @ (cosine, sine), offset @ (-sine, cosine)

    def _nearest(self, word: int, reach: float, gaps: Floats, asides: Floats) -> int | None:
        fits = (gaps >= -MAX_OVERLAP) & (gaps <= reach) & (np.abs(asides) <= MAX_OFFSET) & self.there
        fits[word] = False
        return int(np.where(fits, gaps, np.inf).argmin()) if fits.any() else None
