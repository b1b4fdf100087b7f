"""Words that are one though a gap is between them.

A gap does not always part words: old printers set a thin space before ";" and "!", and the full stops and colons of web
addresses and amounts stand in white of their own. The recogniser reads a space there, since between words as narrow a
gap does part. What the words say decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import quad_around
from ocr_doc.core.records import Word

Floats = NDArray[np.float64]

# Wider gaps, in heights of the text, part words whatever they say; boxes of neighbours overlap by so much at most.
MAX_GAP = 0.4
MAX_OVERLAP = 0.2
# "3. 25" is two numbers, "3.25" one: here, and before an e-mail address, the gap has to be narrower.
MAX_PART_GAP = 0.2
# Two words of a line are so many heights off one another's line at most.
MAX_OFFSET = 0.35
# So many words in lower case, within so many heights to the left and right, are a sentence; on bills ":" and "!" stand
# apart where they are printed so.
SENTENCE = 5
REACH = 14.0
_SENTENCE_WORD = re.compile(r"[^\W\d_A-Z]{2,}[,.;]?")
_WORD_END = re.compile(r".*[^\W\d_]{2}[”’\"')]?")
_STOP = re.compile(r"[;:?!]+[”’\"')]*—?")
_OPENING = re.compile(r"[“„‘]+")
_ADDRESS = re.compile(r"(?:https?:|www\.|urn:)\S*|www", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\.?")
_MAIL_START = re.compile(r"[\w.+-]*[.+_-]|[\w.+-]+@[\w.-]*")
_AMOUNT_BEFORE = re.compile(r"[-(]?\d{1,3}(?:[.,]?\d{3})*[.,]")
_AMOUNT_BEHIND = re.compile(r"\d\d")
# What a word holds that may be the first of two.
_FIRST = re.compile(r"(?i:www|urn:|https?:)|@|[.+_-]$|\d[.,]$|^[“„‘]+$")


def glue_words(words: Sequence[Word]) -> list[Word]:
    """The words of a page, with those made one that are one.

    Args:
        words: In any order, as they were read.

    Returns:
        The same words in the same order; what was glued stands where its first part stood, as sure as both are.
    """
    glued = list(words)
    if len(glued) < 2:
        return glued
    places = _Places(glued)
    for stop in [i for i, word in enumerate(glued) if _STOP.fullmatch(word.text)]:
        before = places.before(stop)
        if before is None or not _WORD_END.fullmatch(glued[before].text):
            continue
        if glued[stop].text.startswith(";") or places.in_sentence(stop, glued):
            places.join(glued, before, stop)
    for first in [i for i, word in enumerate(glued) if _FIRST.search(word.text)]:
        while places.there[first] and (after := places.after(first)) is not None:
            if not _one(glued[first].text, glued[after].text, places.gap(first, after)):
                break
            places.join(glued, first, after)
    return [word for word, there in zip(glued, places.there, strict=True) if there]


def _one(first: str, second: str, gap: float) -> bool:
    if _OPENING.fullmatch(first):
        return second[:1].isalpha()
    if _AMOUNT_BEFORE.fullmatch(first):
        return gap <= MAX_PART_GAP and _AMOUNT_BEHIND.fullmatch(second) is not None
    if _ADDRESS.fullmatch(first):
        return first[-1] in "./:@#_-" or second[0] in "./:@#_-"
    # "Tel." before an address is no part of it.
    near = "@" in first or gap <= MAX_PART_GAP
    return near and _MAIL_START.fullmatch(first) is not None and _MAIL.fullmatch(first + second) is not None


class _Places:
    """Where words stand, along their own directions."""

    def __init__(self, words: Sequence[Word]) -> None:
        quads = np.array([word.quad for word in words], dtype=np.float64)
        self.starts: Floats = (quads[:, 0] + quads[:, 3]) / 2
        self.ends: Floats = (quads[:, 1] + quads[:, 2]) / 2
        across = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
        self.heights: Floats = np.maximum(np.hypot(*across.T), 1e-3)
        along = self.ends - self.starts
        self.directions: Floats = along / np.maximum(np.hypot(*along.T), 1e-3)[:, None]
        self.there: NDArray[np.bool_] = np.ones(len(words), dtype=np.bool_)

    def after(self, first: int) -> int | None:
        """The word that follows a word closely."""
        return self._nearest(first, *self._apart(self.ends[first], self.starts, first))

    def before(self, second: int) -> int | None:
        """The word that a word follows closely."""
        gaps, asides = self._apart(self.starts[second], self.ends, second)
        return self._nearest(second, -gaps, asides)

    def gap(self, first: int, second: int) -> float:
        """White between two words, in heights."""
        gaps, _ = self._apart(self.ends[first], self.starts[second : second + 1], first)
        return float(gaps[0])

    def in_sentence(self, word: int, words: Sequence[Word]) -> bool:
        """Whether the line is written in lower case around a word."""
        gaps, asides = self._apart(self.starts[word], self.starts, word)
        near = (np.abs(gaps) <= REACH) & (np.abs(asides) <= MAX_OFFSET) & self.there
        return (
            sum(_SENTENCE_WORD.fullmatch(words[i].text) is not None for i in np.flatnonzero(near).tolist()) >= SENTENCE
        )

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

    def _nearest(self, word: int, gaps: Floats, asides: Floats) -> int | None:
        fits = (gaps >= -MAX_OVERLAP) & (gaps <= MAX_GAP) & (np.abs(asides) <= MAX_OFFSET) & self.there
        fits[word] = False
        return int(np.where(fits, gaps, np.inf).argmin()) if fits.any() else None
