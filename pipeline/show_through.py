"""Show-through: text of the other side, or of the sheet below, that thin paper lets through.

It reads as well as the page's own text, so neither network can tell it. Its ink can: where paper lets print through at
all, that print has a small part of the contrast of the print on top, and little is between the two. A page that is pale
itself has no such gap, nor has one whose ink fades.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import quad_box
from ocr_doc.detectors.detector import DetectedWord

# Pale: so little of the contrast of the page's ink, and so few grey levels of 255 ...
PALE = 0.25
PALE_LEVELS = 32.0
# ... where the ink proper, of at least so much of that contrast, ...
INKED = 0.5
# ... makes so much of the width of all words, and for each pale word there are so few between the two.
MIN_INKED = 0.25
MAX_BETWEEN = 0.25
# The contrast that so much of the width of all words passes is that of the page's ink; a few bold words do not set it.
DARKEST = 0.2
# So much of a word's squared height is its darkest part: the ink of a comma.
DARK_AREA = 0.015
# Rows that a word is looked at in: more change nothing.
SAMPLED = 24
# Paper at either end of a word that is looked at too, in heights: a box may be all ink.
MARGIN = 0.15


def without_show_through(page: NDArray[np.uint8], words: Sequence[DetectedWord]) -> Sequence[DetectedWord]:
    """The words that are printed on a page.

    Args:
        page: (H, W) uint8, or in colour (H, W, 3).
        words: Found on it.

    Returns:
        All words, or where show-through stands out from them, those that it is not.
    """
    if not words:
        return words
    contrasts = np.array([_contrast(page, word) for word in words])
    boxes = np.array([quad_box(word.quad) for word in words])
    widths = boxes[:, 2] - boxes[:, 0]
    darkest = np.argsort(-contrasts, kind="stable")
    reached = np.cumsum(widths[darkest])
    ink = contrasts[darkest][np.searchsorted(reached, DARKEST * reached[-1])]
    pale = (contrasts < PALE * ink) & (contrasts < PALE_LEVELS)
    inked = contrasts >= INKED * ink
    between = ~pale & ~inked
    if widths[inked].sum() < MIN_INKED * widths.sum() or between.sum() > MAX_BETWEEN * pale.sum():
        return words
    return [word for word, drop in zip(words, pale.tolist(), strict=True) if not drop]


def _contrast(page: NDArray[np.uint8], word: DetectedWord) -> float:
    """Levels between a word's paper and its ink, dark or light, in the channel in which they differ most."""
    height, width = page.shape[:2]
    x0, y0, x1, y1 = quad_box(word.quad)
    margin = MARGIN * min(y1 - y0, x1 - x0)
    top, left = min(max(int(y0), 0), height - 1), min(max(int(x0 - margin), 0), width - 1)
    part = page[top : max(int(y1) + 1, top + 1), left : max(int(x1 + margin) + 1, left + 1)]
    rows = min(part.shape[:2])
    step = max(1, rows // SAMPLED)
    channels = np.atleast_3d(part[::step, ::step]).transpose(2, 0, 1)
    return max(_levels_apart(levels.ravel(), rows / step) for levels in channels)


def _levels_apart(levels: NDArray[np.uint8], rows: float) -> float:
    """Levels between the paper and the ink of a word `rows` points high."""
    few = min(int(DARK_AREA * rows * rows) + 1, (levels.size - 1) // 2)
    # Of bytes the stable sort is by digits, faster than the search for three places among them.
    ordered = np.sort(levels, kind="stable")
    dark, paper, light = (int(ordered[place]) for place in (few, levels.size // 2, levels.size - 1 - few))
    return float(max(paper - dark, light - paper))
