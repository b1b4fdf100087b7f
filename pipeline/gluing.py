"""Words that are one though a gap is between them.

A gap does not always part words: old printers set a thin space before ";" and "!", and the full stops and colons of web
addresses and amounts stand in white of their own. The recogniser reads a space there, since between words as narrow a
gap does part. What the words say decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ocr_doc.core.records import Word
from ocr_doc.places import Places

# Wider gaps, in heights of the text, part words whatever they say.
MAX_GAP = 0.4
# "3. 25" is two numbers, "3.25" one: here, and before an e-mail address, the gap has to be narrower.
MAX_PART_GAP = 0.2
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
# An address that may end here, the full stop behind it the sentence's; only a country's two letters go on: "com." "my".
_WHOLE = re.compile(r"(?:https?://\S+|www\.[\w-]+|[\w.+-]+@[\w-]+)(?:\.[\w-]+)*\.[a-z]{2,}\.?", re.IGNORECASE)
_COUNTRY = re.compile(r"[a-z]{2}(?![^\W\d_])")
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
    places = Places(glued)
    for stop in [i for i, word in enumerate(glued) if _STOP.fullmatch(word.text)]:
        before = places.before(stop, MAX_GAP)
        if before is None or not _WORD_END.fullmatch(glued[before].text):
            continue
        if glued[stop].text.startswith(";") or _in_sentence(places.around(stop, REACH), glued):
            places.join(glued, before, stop)
    for first in [i for i, word in enumerate(glued) if _FIRST.search(word.text)]:
        while places.there[first] and (after := places.after(first, MAX_GAP)) is not None:
            if not _one(glued[first].text, glued[after].text, places.gap(first, after)):
                break
            places.join(glued, first, after)
    return [word for word, there in zip(glued, places.there, strict=True) if there]


def _one(first: str, second: str, gap: float) -> bool:
    if _OPENING.fullmatch(first):
        return second[:1].isalpha()
    if _AMOUNT_BEFORE.fullmatch(first):
        return gap <= MAX_PART_GAP and _AMOUNT_BEHIND.fullmatch(second) is not None
    if _WHOLE.fullmatch(first) and not _goes_on(first, second, gap):
        return False
    if _ADDRESS.fullmatch(first):
        return first[-1] in "./:@#_-" or second[0] in "./:@#_-"
    # "Tel." before an address is no part of it.
    near = "@" in first or gap <= MAX_PART_GAP
    return near and _MAIL_START.fullmatch(first) is not None and _MAIL.fullmatch(first + second) is not None


def _goes_on(first: str, second: str, gap: float) -> bool:
    """Whether what looks like a whole address goes on behind a narrow gap."""
    if not first.endswith("."):
        return second[0] in "./:@#_-"
    return gap <= MAX_PART_GAP and _COUNTRY.match(second.lower() if first.isupper() else second) is not None


def _in_sentence(line: Sequence[int], words: Sequence[Word]) -> bool:
    """Whether a part of a line is written in lower case."""
    return sum(_SENTENCE_WORD.fullmatch(words[i].text) is not None for i in line) >= SENTENCE
