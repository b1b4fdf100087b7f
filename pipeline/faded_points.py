"""The decimal sign of an amount that has faded, so that "2.40" was read as "2 40".

Thermal paper loses its smallest dots first, and print in double width sets them in white of their own. Two digits
behind a gap as narrow as a sign, that end where the bill's amounts end, are an amount's decimals. A word so made says
so in its notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.geometry import Quad, quad_around, quad_size
from ocr_doc.core.records import Character, Word
from ocr_doc.places import Places

NOTE = "the decimal sign is not seen; other amounts of the page have one"
# So many amounts with one and the same sign, and such a share of all, make a page's custom.
_LEAST, _SHARE = 3, 0.9
# The gap, in heights of the text, or in widths of the two digits where these are set wide.
_GAP, _WIDE_GAP = 0.75, 0.68
# Other digits this near are of one number with them, such as a telephone's.
_ALONE = 1.0
# How far ends of a column's amounts are off one another, in heights; so many have to be there.
_OFF, _COLUMN = 0.35, 2
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
    sign = _custom(words)
    found = list(words)
    if sign is None:
        return found
    places = Places(found)
    split = [pair for k, word in enumerate(found) if _WHOLE.fullmatch(word.text) if (pair := _parts(places, found, k))]
    ends = [places.ends[pair[-1]] for pair in split]
    column = [places.ends[k] for k, word in enumerate(found) if _AMOUNT.fullmatch(word.text)]
    for pair, end in zip(split, ends, strict=True):
        near = _OFF * places.heights[pair[0]]
        aligned = sum(abs(float((other - end) @ places.directions[pair[0]])) <= near for other in column)
        alike = sum(abs(float((other - end) @ places.directions[pair[0]])) <= near for other in ends) - 1
        if 2 * aligned + alike >= _COLUMN and all(places.there[k] for k in pair):
            _join(places, found, pair, sign)
    return [word for word, there in zip(found, places.there, strict=True) if there]


def _custom(words: Sequence[Word]) -> str | None:
    """The decimal sign of a page; None where it has few amounts, or two signs."""
    signs = [match[1] for word in words if (match := _AMOUNT.fullmatch(word.text))]
    most = max(".,", key=signs.count)
    return most if len(signs) >= _LEAST and signs.count(most) >= _SHARE * len(signs) else None


def _parts(places: Places, words: Sequence[Word], whole: int) -> tuple[int, ...] | None:
    """The words that make an amount together: its whole, what its sign was read as if it was, its decimals."""
    if (before := places.before(whole, _ALONE)) is not None and words[before].text[-1:].isdigit():
        return None
    behind = places.after(whole, _GAP)
    parts: tuple[int, ...] = (whole,)
    if behind is not None and _SIGN.fullmatch(words[behind].text):
        parts, behind = (whole, behind), places.after(behind, _GAP)
    if behind is None:
        behind = places.after(whole, 2 * _GAP)  # set wide, perhaps
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
