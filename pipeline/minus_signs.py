"""A minus close before its number, which the detector passed over.

A dash has little of what a detector of words goes by. Where white is around it, `lone_signs` finds it; one that all but
touches the number behind it is part of that word, which is made longer here, for the recogniser to read both at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, box_overlap, quad_angle, quad_box, quad_longer, quad_size
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.ink import MIN_CONTRAST, ink_level

# A number that begins a reading.
_NUMBER = re.compile(r"\d[\d.,']*(?!\S)")
# Degrees by which a word may lean: a dash is looked for in rows of pixels.
_LEVEL = 3.0
# So far to the left, in heights of the word, a dash begins and ends at most, and so much paper is before it.
_REACH, _NEAR, _WHITE = 0.9, 0.28, 0.25
# How wide a dash is, in heights, and which part of the word's height it may take.
_WIDTH, _MIDDLE, _THICK = (0.18, 0.7), (0.3, 0.72), 0.2
# What of the word's first character may stand before its box, in heights.
_EDGE = 0.12


def numbers_below_nothing(
    grey: NDArray[np.uint8], words: Sequence[DetectedWord], texts: Sequence[str]
) -> dict[int, DetectedWord]:
    """Of the words of a page those that were read as a number and have a dash close before them, made longer.

    Args:
        grey: (H, W) uint8.
        words: Those that were found, one or several of a row each.
        texts: What they were read as.

    Returns:
        By their places among the words; each has a character more.
    """
    longer: dict[int, DetectedWord] = {}
    read = list(zip(texts, words, strict=True))
    for number, (text, word) in enumerate(read):
        if not _NUMBER.match(text) or abs(quad_angle(word.quad)) > _LEVEL:
            continue
        width, height = quad_size(word.quad)
        reach = _dash_before(grey, quad_box(word.quad), height)
        if reach is None:
            continue
        sign = quad_longer(word.quad, before=reach, behind=-width / height)
        box = quad_box(sign)
        # A dash that was found by itself and not read is no word in the way.
        if not any(t and other is not word and box_overlap(box, quad_box(other.quad)) > 0 for t, other in read):
            quad = quad_longer(word.quad, before=reach)
            longer[number] = replace(word, quad=quad, characters=(sign, *word.characters))
    return longer


def _dash_before(grey: NDArray[np.uint8], box: Box, height: float) -> float | None:
    """How far before a word's box, in heights, a dash begins that stands close to it; None without."""
    left, top, right, bottom = (int(edge) for edge in box)
    start = int(left - (_REACH + _WHITE) * height)
    middle = slice(int(top + _MIDDLE[0] * height), int(top + _MIDDLE[1] * height) + 1)
    if start < 0 or top < 0:
        return None
    band = grey[middle, int(left - (_NEAR + _WIDTH[0]) * height) : left]
    if not band.size or int(band.max()) - int(band.min()) < MIN_CONTRAST:
        return None  # nearly always: before most words there is paper
    level_of_ink = ink_level(grey[top:bottom, start:right])
    if level_of_ink is None:
        return None
    mask = grey[top:bottom, start:left] < level_of_ink
    level = np.zeros(len(mask), dtype=bool)
    level[middle.start - top : middle.stop - top] = True
    low, tall = np.asarray(mask[level].any(axis=0)), np.asarray(mask[~level].any(axis=0))
    return _begin(mask, low & ~tall, low | tall, height)


def _begin(mask: NDArray[np.bool_], low: NDArray[np.bool_], inked: NDArray[np.bool_], height: float) -> float | None:
    """How far from the right end of ink (h, w) a dash begins, in heights; columns are low with ink half up alone."""
    runs = np.flatnonzero(np.diff(np.concatenate([[False], low, [False]])))
    if not len(runs):
        return None
    x0, x1 = int(runs[-2]), int(runs[-1])
    end, width = len(low), (x1 - x0) / height
    rows = np.flatnonzero(mask[:, x0:x1].any(axis=1))
    behind = np.flatnonzero(inked[x1:])
    crowded = inked[max(0, x0 - int(_WHITE * height)) : x0].any()
    if (
        not _WIDTH[0] <= width <= _WIDTH[1]
        or (rows[-1] + 1 - rows[0]) > _THICK * height
        or (end - x1) > _NEAR * height
        or (len(behind) and behind[0] < len(inked) - x1 - _EDGE * height)
        or crowded
    ):
        return None
    return (end - x0) / height
