"""The decimal sign of an amount that has faded, so that "2.40" was read as "2 40".

Thermal paper loses its smallest dots first, and print in double width sets them in white of their own. Two digits
behind a gap as narrow as a sign, that end where the bill's amounts end, are an amount's decimals. A word so made says
so in its notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ocr_doc.core.geometry import Quad, quad_around, quad_size
from ocr_doc.core.records import Character, Word
from ocr_doc.places import Places
from ocr_doc.recognizer.decimals import decimal_custom

NOTE = "the decimal sign is not seen; other amounts of the page have one"
# The gap, in heights of the text, or in widths of the two digits where these are set wide; and the widest there is.
_GAP, _WIDE_GAP, _WIDEST = 0.75, 0.68, 1.5
# Other digits this near are of one number with them, such as a telephone's.
_ALONE = 1.0
# How far ends of a column's amounts are off one another, in heights. One with its sign, or two that lack theirs, too,
# make a column.
_OFF, _OTHERS = 0.35, 2
# Such an amount is less sure than its digits are.
_TRUST = 0.9
_AMOUNT = re.compile(r"[-(]?(?:[$€£]|RM)?\d{1,3}(?:[.,]?\d{3})*([.,])\d\d")
_WHOLE = re.compile(r"[-(]?(?:[$€£]|RM)?\d{1,4}[.,]?")
_SIGN = re.compile(r"[-.,·•_]")
_DECIMALS = re.compile(r"\d\d")


def read_faded_points(words: Sequence[Word]) -> list[Word]:
    """The words of a page, whole and decimals of an amount made one where its sign has faded.

    Args:
        words: As they were read, in any order.

    Returns:
        The same words in the same order; an amount stands where its whole part stood.
    """
    found = list(words)
    amounts = {k: match[1] for k, word in enumerate(found) if (match := _AMOUNT.fullmatch(word.text))}
    sign = decimal_custom(amounts.values())
    if sign is None:
        return found
    places = Places(found)
    split = [pair for k, word in enumerate(found) if _WHOLE.fullmatch(word.text) if (pair := _parts(places, found, k))]
    ends = places.ends[[pair[-1] for pair in split]]
    for pair, end in zip(split, ends, strict=True):
        direction, near = places.directions[pair[0]], _OFF * places.heights[pair[0]]
        aligned = np.abs((places.ends[list(amounts)] - end) @ direction) <= near
        alike = np.abs((ends - end) @ direction) <= near  # this one among them
        column = aligned.any() or np.count_nonzero(alike) > _OTHERS
        if column and all(places.there[k] for k in pair):
            _join(places, found, pair, sign)
    return [word for word, there in zip(found, places.there, strict=True) if there]


def _parts(places: Places, words: Sequence[Word], whole: int) -> tuple[int, ...] | None:
    """The words that make an amount together: its whole, what its sign was read as if it was, its decimals."""
    if (before := places.before(whole, _ALONE)) is not None and words[before].text[-1:].isdigit():
        return None
    behind = places.after(whole, _GAP)
    parts: tuple[int, ...] = (whole,)
    if behind is not None and _SIGN.fullmatch(words[behind].text):
        parts, behind = (whole, behind), places.after(behind, _GAP)
    if behind is None:
        behind = places.after(whole, _WIDEST)
    if behind is None or not _DECIMALS.fullmatch(words[behind].text):
        return None
    width, height = quad_size(words[behind].quad)
    if len(parts) == 1 and places.gap(whole, behind) > max(_GAP, _WIDE_GAP * width / height):
        return None
    after = places.after(behind, _ALONE)
    return None if after is not None and words[after].text[:1].isdigit() else (*parts, behind)


def _join(places: Places, words: list[Word], parts: Sequence[int], sign: str) -> None:
    """Makes an amount's parts the first of them."""
    first, last = words[parts[0]], words[parts[-1]]
    whole = first.text.rstrip(".,")
    seen = len(whole) < len(first.text) or len(parts) > 2
    characters: tuple[Character, ...] = ()
    if first.characters and last.characters:
        before, behind = first.characters[len(whole) - 1], last.characters[0]
        between = Character(sign, _TRUST, _between(before.quad, behind.quad))
        characters = (*first.characters[: len(whole)], between, *last.characters)
    words[parts[0]] = replace(
        first, text=f"{whole}{sign}{last.text}", confidence=first.confidence * last.confidence * _TRUST,
        quad=quad_around(first.quad, (first.quad, last.quad)), characters=characters,
        notes=first.notes if seen else (*first.notes, NOTE),
    )  # fmt: skip
    for k in parts[1:]:
        places.there[k] = False


def _between(before: Quad | None, behind: Quad | None) -> Quad | None:
    """The white between two characters."""
    if before is None or behind is None:
        return None
    return before[1], behind[0], behind[3], before[2]
