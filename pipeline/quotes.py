"""Quotes and apostrophes of a page: one face draws all of them, so what most of them are, the others are too.

A straight quote and a curved one differ by a pixel or two of small print, and the quotes of old faces look like « to a
recogniser. One alone cannot be told; a page's worth of them can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.records import Word

# So many signs of one kind, and so many times as many as of the other, are what the page has.
LEAST = 3
MOST = 3.0
_CURVED = {"'": "’", '"': "”"}
_STRAIGHT = {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"'}
QUOTES = frozenset(_CURVED) | frozenset(_STRAIGHT) | {"«", "»"}


def like_quotes(words: Sequence[Word]) -> list[Word]:
    """The words of a page with quotes of one kind, where most of them are.

    Args:
        words: As they were read, in any order.

    Returns:
        As many, in the same order; what was sure stays as sure.
    """
    counts = Counter(sign for word in words for k, sign in enumerate(word.text) if not _is_unit(word.text, k))
    curved, straight = (sum(counts[sign] for sign in kind) for kind in (_STRAIGHT, _CURVED))
    turned, bend, straighten = _turned(counts), _outnumber(curved, straight), _outnumber(straight, curved)
    if not (turned or bend or straighten):
        return list(words)
    return [_changed(word, bend, straighten, turned) for word in words]


def _is_unit(text: str, place: int) -> bool:
    """Whether a sign stands for inches, feet, minutes or seconds: those are straight, whatever the quotes are."""
    return text[place] in _CURVED and text[place - 1 : place].isdigit()


def _outnumber(these: int, others: int) -> bool:
    return these >= LEAST and these >= MOST * others > 0


def _turned(counts: Counter[str]) -> bool:
    """Whether « is how the page's opening quotes were read: nothing closes it, and other quotes are closed."""
    return counts["«"] > 0 and counts["»"] * MOST <= counts["«"] and counts["”"] + counts['"'] >= LEAST


def _changed(word: Word, bend: bool, straighten: bool, turned: bool) -> Word:
    signs = [_sign(word.text, k, bend, straighten, turned) for k in range(len(word.text))]
    text = "".join(signs)
    if text == word.text:
        return word
    characters = tuple(replace(c, text=s) for c, s in zip(word.characters, signs, strict=False))
    return replace(word, text=text, characters=characters)


def _sign(text: str, place: int, bend: bool, straighten: bool, turned: bool) -> str:
    sign = text[place]
    opening = not any(c.isalnum() for c in text[:place])
    if turned and sign == "«" and opening:
        sign = "“"
    if bend and sign in _CURVED and not _is_unit(text, place):
        # At a word's start a quote opens; an apostrophe there, as in ’tis, looks the other way.
        return "“" if sign == '"' and opening else _CURVED[sign]
    if straighten and sign in _STRAIGHT:
        return _STRAIGHT[sign]
    return sign
