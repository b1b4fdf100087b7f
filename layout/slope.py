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
# Rows compared with all words at once: bounds the memory of a page with thousands of words.
CHUNK = 256


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


def smooth_slopes(centres: Floats, slopes: Floats, lengths: Floats, height: float) -> Floats:
    """The slope of the text around each word.

    Args:
        centres: (N, 2) pixels, the page's lean taken out.
        slopes: (N,) rise of y per x that each word itself has.
        lengths: (N,) how long, in pixels, the text is that each slope was measured on.
        height: The page's usual text height in pixels.

    Returns:
        (N,) slopes.
    """
    reach = np.array([REACH_ALONG, REACH_ACROSS]) * height
    # Single precision is plenty for weights, and exp() is most of the work here.
    x, y = (centres / reach * np.sqrt(0.5)).astype(np.float32).T
    # The error of a slope falls with the length, so its weight (one over the variance) grows with its square.
    weights = (lengths / height) ** 2
    smooth = np.empty(len(slopes))
    for start in range(0, len(slopes), CHUNK):
        here = slice(start, start + CHUNK)
        nearness = np.exp(-np.square(x[here, None] - x) - np.square(y[here, None] - y))
        smooth[here] = (nearness @ (weights * slopes)) / (nearness @ weights + PRIOR_LENGTH**2)
    return smooth
