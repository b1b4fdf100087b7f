"""Lines to be filled in: the rule that begins behind "Name" is no full stop and no underscore of it.

A crop has a little more than its word, and so the beginning of such a line; a recogniser of letters calls it some sign.
Whether a sign at a word's end goes on as a rule is to be seen beside the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import quad_longer, quad_size
from ocr_doc.core.records import Word
from ocr_doc.ink import ink_level
from ocr_doc.recognizer.crops import MARGIN_ALONG, rectify

# What the beginning of a rule is read as.
SIGNS = "._,-–—"
# So far beside the word, in its heights, the rule is looked for, and so much of that it covers: the gap behind a full
# stop is too wide.
BESIDE, COVERED = 1.2, 0.93
# A rule that runs on below so much of the word is an underline, and the word's signs are its own.
UNDERLINE = 0.5
# It lies in the lower part of the row, and is so thin at most, in heights.
LOWER, THICK = 0.5, 0.2


def without_blanks(grey: NDArray[np.uint8], words: Sequence[Word]) -> list[Word]:
    """The words of a page without the beginnings of lines to be filled in.

    Args:
        grey: (H, W) uint8.
        words: Read on it.

    Returns:
        As many, in the same order; where a sign is dropped, the confidence stays what it was.
    """
    return [_without(grey, word) if word.source == "crnn" else word for word in words]


def _without(grey: NDArray[np.uint8], word: Word) -> Word:
    core = word.text.strip(SIGNS)
    if not core or core == word.text:
        return word
    before, behind = len(word.text) - len(word.text.lstrip(SIGNS)), len(word.text) - len(word.text.rstrip(SIGNS))
    start = before if before and _rule_beside(grey, word, behind=False) else 0
    end = len(word.text) - (behind if behind and _rule_beside(grey, word, behind=True) else 0)
    if (start, end) == (0, len(word.text)):
        return word
    characters = word.characters[start:end] if len(word.characters) == len(word.text) else word.characters
    return replace(word, text=word.text[start:end], characters=characters)


def _rule_beside(grey: NDArray[np.uint8], word: Word, *, behind: bool) -> bool:
    """Whether a rule begins at a word's end, or ends at its start."""
    width, height = quad_size(word.quad)
    if width < height / 2 or height < 4:
        return False
    longer = quad_longer(word.quad, behind=BESIDE) if behind else quad_longer(word.quad, before=BESIDE)
    crop = rectify(grey, np.array(longer))
    level = ink_level(crop)
    if level is None:
        return False
    ink = crop < level
    ink = (ink if behind else ink[:, ::-1])[round((1 - LOWER) * len(ink)) :]
    edge = round((MARGIN_ALONG + width / height) * height)
    # A scan is never quite level: a row's neighbours count as the row.
    near = ink.copy()
    near[1:] |= ink[:-1]
    near[:-1] |= ink[1:]
    ruled = near[:, edge : edge + round(BESIDE * height)].mean(axis=1) >= COVERED
    thick = (ink[:, edge:].mean(axis=1) > 0.5).sum()
    if not ruled.any() or thick > max(2.0, THICK * height):
        return False
    word_itself = near[:, round(MARGIN_ALONG * height) : edge]
    return bool(max(map(_longest_run, word_itself)) < UNDERLINE * word_itself.shape[1])


def _longest_run(row: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
