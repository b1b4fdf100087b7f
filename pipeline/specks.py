"""Specks that were read as middle dots.

A dot stands between two words, or before the items of a list. One at a row's end, or alone, is dirt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.records import Word

_DOTS = frozenset("·•")
# Dots further from the words of their row than this, in heights of those words, do not part them.
_FAR = 2.0
# Dots of a list stand below one another: their left ends differ by at most this, in heights of the words behind them.
_ALIGNED = 0.3


def without_specks(words: Sequence[Word]) -> list[Word]:
    """The words of a page without lone dots that neither part two words nor begin two items or more.

    Args:
        words: As they were read, in any order.

    Returns:
        Those that stay, in their order.
    """
    dots = [k for k, word in enumerate(words) if word.text in _DOTS]
    if not dots:
        return list(words)
    boxes = np.array([word.box for word in words], dtype=np.float64)
    texts = np.setdiff1d(np.arange(len(words)), dots)
    begun: dict[int, float] = {}
    kept: set[int] = set()
    for dot in dots:
        before, behind = _beside(boxes, texts, dot)
        if before and behind:
            kept.add(dot)
        elif behind:
            begun[dot] = behind
    for dot, height in begun.items():
        aligned = [other for other in begun if abs(boxes[other, 0] - boxes[dot, 0]) <= _ALIGNED * height]
        if len(aligned) > 1 or words[dot].text == "•":
            kept.add(dot)
    gone = set(dots) - kept
    return [word for k, word in enumerate(words) if k not in gone]


def _beside(boxes: NDArray[np.float64], texts: NDArray[np.intp], dot: int) -> tuple[float, float]:
    """Heights of the words close before and close behind a dot on its row; 0 where there is none."""
    left, top, right, bottom = boxes[dot]
    others = boxes[texts]
    middle, heights = (top + bottom) / 2, others[:, 3] - others[:, 1]
    row = (others[:, 1] < middle) & (middle < others[:, 3])
    before = row & (others[:, 2] <= right) & (left - others[:, 2] < _FAR * heights)
    behind = row & (others[:, 0] >= left) & (others[:, 0] - right < _FAR * heights)
    return float(heights[before].max(initial=0.0)), float(heights[behind].max(initial=0.0))
