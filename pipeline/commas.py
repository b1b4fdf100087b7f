"""A comma in a number whose tail the word's crop cuts off, so that it is read as a point.

Detectors draw a word's box around what most of it fills, and of a comma little more than the dot is in it. On a bill
the two are different sums. So where ink at a point runs out of the crop and soon ends, the word is made deeper, for the
recogniser to see all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, quad_deeper
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.ink import ink_level
from ocr_doc.recognizer.crops import MARGIN_ACROSS, rectify
from ocr_doc.recognizer.reader import Reading

# The sign of a number that has one, or what two of them in one place were read as: 1,204.75 says itself which it is.
_NUMBER = re.compile(r"(?<![\d.,])(\d+)([.,]{1,2})(\d+)(?![.,]?\d)")
# A tail is looked for so far below the word's box, in heights of it, and so far to either side of the sign.
_REACH, _ASIDE = 0.25, 0.12


def numbers_cut_below(
    grey: NDArray[np.uint8], words: Sequence[DetectedWord], readings: Sequence[Reading]
) -> dict[int, DetectedWord]:
    """Of the words of a page those with a number whose point or comma runs out of the word's crop, made deeper.

    Args:
        grey: (H, W) uint8.
        words: Those that were found, one or several of a row each.
        readings: What they were read as.

    Returns:
        By their places among the words.
    """
    deeper: dict[int, DetectedWord] = {}
    for number, (word, reading) in enumerate(zip(words, readings, strict=True)):
        signs = [match.span(2) for match in _NUMBER.finditer(reading.text)]
        if signs:
            spans = [(reading.characters[i].start, reading.characters[j - 1].end) for i, j in signs]
            tail = _tail(grey, word.quad, spans)
            if tail:
                deeper[number] = replace(word, quad=quad_deeper(word.quad, tail))
    return deeper


def _tail(grey: NDArray[np.uint8], quad: Quad, spans: Sequence[tuple[float, float]]) -> float:
    """How far ink at one of the signs runs out of a word's crop, in heights of the word; 0 where none does.

    Args:
        grey: (H, W) uint8.
        quad: The word's.
        spans: Where the signs are, in fractions of the crop's width.
    """
    crop = rectify(grey, np.array(quad_deeper(quad, _REACH)))
    level = ink_level(crop)
    if level is None:
        return 0.0
    # The crop as it is read ends here; its margin, like that of the deeper one, is a share of the height.
    height = len(crop) / ((1 + _REACH) * (1 + 2 * MARGIN_ACROSS))
    edge = round(height * (1 + MARGIN_ACROSS + MARGIN_ACROSS * (1 + _REACH)))
    longest = 0
    for start, end in spans:
        x0, x1 = int(start * crop.shape[1] - _ASIDE * height), int(end * crop.shape[1] + _ASIDE * height) + 1
        below = np.asarray((crop[edge - 1 :, max(x0, 0) : x1] < level).any(axis=1))
        if below.any() and below[0] and not below.all():
            longest = max(longest, int(below.argmin()))
    return longest / height


def is_same_number(text: str, deeper: str) -> bool:
    """Whether the reading of the deeper crop differs in the signs of numbers alone, and has one in each."""
    clear = all(len(match[2]) == 1 for match in _NUMBER.finditer(deeper))
    return text != deeper and clear and _without_signs(text) == _without_signs(deeper)


def _without_signs(text: str) -> str:
    return _NUMBER.sub(r"\1.\3", text)
