"""The decimal sign of a page's amounts: a doubtful comma among points is a point.

A point and a comma differ by a few pixels in small print, and the vocabulary knows no amounts. But a bill writes all of
its amounts with one sign. So where that is plain, a sign that the network is not sure of is read as the others are;
one that it is sure of stays, and so do amounts of a page with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ocr_doc.recognizer.reader import Reading

# From this on the network is sure of a sign. Its wrong commas mostly have 0.5 to 0.9, its right ones 0.99.
SURE = 0.95
# So many sure signs, and such a share of them, make a page's custom.
_LEAST, _SHARE = 3, 0.9
# A sign with two decimals behind it, and no other sign: 12.05.18 is a date, and 1,204.75 says itself which it is.
_AMOUNT = re.compile(r"(?<![\d.,])\d+([.,])\d\d(?![\d.,]?\d)")
_OTHER = {".": ",", ",": "."}


def agree_on_decimals(readings: Sequence[Reading]) -> list[Reading]:
    """Settles doubtful decimal signs by those that are sure.

    Args:
        readings: Of the words of one page.

    Returns:
        As many readings; those in which nothing changes are the same objects. Confidences stay those of the image.
    """
    signs = [_signs(reading.text) for reading in readings]
    custom = decimal_custom(reading.text[i] for reading, own in zip(readings, signs, strict=True) for i in own
                     if reading.characters[i].confidence >= SURE)  # fmt: skip
    if custom is None:
        return list(readings)
    return [_with_sign(reading, own, custom) for reading, own in zip(readings, signs, strict=True)]


def _signs(text: str) -> list[int]:
    """Where the decimal signs of a text's amounts are."""
    return [match.start(1) for match in _AMOUNT.finditer(text)]


def decimal_custom(signs: Iterable[str]) -> str | None:
    """The sign that a page's amounts are written with, "." or ","; None where that is not plain.

    Args:
        signs: Those of amounts that are sure, one of each.
    """
    found = list(signs)
    points = found.count(".")
    most, count = (".", points) if 2 * points >= len(found) else (",", len(found) - points)
    return most if count >= _LEAST and count >= _SHARE * len(found) else None


def _with_sign(reading: Reading, signs: Sequence[int], custom: str) -> Reading:
    """A reading whose doubtful decimal signs are the page's."""
    characters = list(reading.characters)
    wrong = [i for i in signs if characters[i].text == _OTHER[custom] and characters[i].confidence < SURE]
    if not wrong:
        return reading
    for i in wrong:
        characters[i] = replace(characters[i], text=custom)
    return replace(reading, text="".join(character.text for character in characters), characters=tuple(characters))
