"""Which way text runs: the lean of a page, and of the text around each word.

Paper curls and cameras tilt, so one angle for the whole page is not enough: receipts bend along their length. A word's
quad says how it leans, but a short word says it badly; so the lean at a place is the mean of the words around it,
weighted by how long, and therefore how sure, they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray
from ocr_doc.core.medians import weighted_median
from ocr_doc.core.records import Word

Floats = NDArray[np.float64]

# How far a word's lean counts, in heights of text: far along the line, a few lines up and down.
REACH_ALONG = 6.0
REACH_ACROSS = 5.0
# A short word's lean is mostly the detector's noise: the weight of level text, as if of a word so many heights long.
PRIOR_LENGTH = 3.0
# From so many times the reach on a word's weight is lost in single precision, which is plenty for weights.
FAR = 4.1
# Words compared with others at once: bounds the memory of a page with thousands of words. Few, so that arrays stay in
# the processor's cache and little is compared that is compared already or too far away.
STRIP = 64


def page_skew(words: Sequence[Word]) -> float:
    """Degrees clockwise, in (-45, 45], by which the text lines of a page lean; 0 for a page without words.

    Text turned by a quarter or half turn counts with its lean from that turn.
    """
    if not words:
        return 0.0
    return lean(np.array([word.quad for word in words], dtype=np.float64))[0]


def lean(quads: FloatArray) -> tuple[float, NDArray[np.int64]]:
    """The lean of a page and each word's turn.

    Args:
        quads: (N, 4, 2), N at least 1.

    Returns:
        Degrees clockwise in (-45, 45], and for each word the quarter turns clockwise (0 to 3) that its text has
        beyond that lean, (N,).
    """
    vectors = (quads[:, 1] - quads[:, 0]) + (quads[:, 2] - quads[:, 3])
    angles = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    # Four times the angle makes quarter turns equal, so the mean direction needs no unwrapping at ±45°. It is only the
    # place to unwrap around: the median is the answer, as stray words (a stamp, a logo) lean as they like.
    quadrupled = np.radians(4 * angles)
    centre = np.degrees(np.arctan2((lengths * np.sin(quadrupled)).sum(), (lengths * np.cos(quadrupled)).sum())) / 4
    folded = (angles - centre + 45) % 90 - 45
    skew = float(centre + weighted_median(folded, lengths**2))
    skew = (skew + 45) % 90 - 45
    turns = np.round((angles - skew) / 90).astype(np.int64) % 4
    return (45.0 if skew == -45.0 else skew), turns


class Nearness:
    """How much words count for the lean of the text around one another, by how near they are."""

    def __init__(self, centres: Floats, height: float) -> None:
        """Measures how near words are.

        Args:
            centres: (N, 2) pixels, the page's lean taken out.
            height: The page's usual text height in pixels.
        """
        self._height = height
        scaled = centres / (np.array([REACH_ALONG, REACH_ACROSS]) * height * np.sqrt(2))
        self._order = np.argsort(scaled[:, 1], kind="stable")
        x, y = scaled[self._order].astype(np.float32).T
        ends = np.searchsorted(y, y + FAR, "right").tolist()
        # For words from the top down the weights among these words and with those below: both ways they are the same.
        self._strips: list[tuple[int, NDArray[np.float32]]] = []
        for start in range(0, len(x), STRIP):
            stop = min(start + STRIP, len(x))
            end = ends[stop - 1]
            # In place, as this is much of the work of a page.
            exponents = x[start:stop, None] - x[start:end]
            exponents *= exponents
            across = y[start:stop, None] - y[start:end]
            across *= across
            exponents += across
            np.negative(exponents, out=exponents)
            self._strips.append((start, np.exp(exponents, out=exponents)))

    def smooth(self, slopes: Floats, lengths: Floats) -> Floats:
        """The slope of the text around each word.

        Args:
            slopes: (N,) rise of y per x that each word itself has.
            lengths: (N,) how long, in pixels, the text is that each slope was measured on.

        Returns:
            (N,) slopes.
        """
        # The error of a slope falls with the length, so its weight (one over the variance) grows with its square.
        weights = (lengths / self._height) ** 2
        given = np.empty((len(slopes), 2), dtype=np.float32)
        given[:, 0], given[:, 1] = (weights * slopes)[self._order], weights[self._order]
        total = np.zeros_like(given)
        for start, nearness in self._strips:
            stop, end = start + nearness.shape[0], start + nearness.shape[1]
            total[start:stop] += nearness @ given[start:end]
            total[stop:end] += nearness[:, stop - start :].T @ given[start:stop]
        smooth = np.empty(len(slopes))
        smooth[self._order] = total[:, 0] / (total[:, 1] + PRIOR_LENGTH**2)
        return smooth
