"""Digits where letters were read: many faces draw l and 1 or O and 0 alike, and typewriters had one key for both.

Among digits and signs alone an l is a 1: "l9,00", "l:", "2l4"; before a unit, too: "llmg". Behind the last digit it may
be a litre, and stays. An o among the digits of an amount is a 0: "$2o.00".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.records import Word

_LABEL = re.compile(r"\(?l[:)]|\(l")
_NUMBER = re.compile(r"[^\w\s]*(?:l(?=[\d.,:/-]*\d)|\d)(?:\d|[.,:/-]|l(?=[\d.,:/-]*\d))*[^\w\s]*")
_MEASURE = re.compile(r"[l\d][l\d.,]*(?:mg|kg|ml|cm|mm)[.,;:]?")
_AMOUNT = re.compile(r"[$€£(]*(?=[\doO.,]*\d)[\doO]{1,3}(?:[.,]?[\doO]{3})*[.,][\doO]{2}[)%]?")


def read_digits(words: Sequence[Word]) -> list[Word]:
    """The words of a page, letters of a number read as the digits that they are.

    Args:
        words: As they were read.

    Returns:
        As many, in the same order.
    """
    return [_with_digits(word) for word in words]


def _with_digits(word: Word) -> Word:
    text = word.text
    if "l" in text and any(pattern.fullmatch(text) for pattern in (_LABEL, _NUMBER)):
        return _changed(word, {"l": "1"})
    if "l" in text and _MEASURE.fullmatch(text):
        unit = re.search(r"[a-km-z]", text)  # the l of ml is none
        return _changed(word, {"l": "1"}, unit.start() if unit else len(text))
    if ("o" in text or "O" in text) and _AMOUNT.fullmatch(text):
        return _changed(word, {"o": "0", "O": "0"})
    return word


def _changed(word: Word, instead: dict[str, str], end: int | None = None) -> Word:
    """A word with other characters before a place."""
    signs = [instead.get(sign, sign) if end is None or k < end else sign for k, sign in enumerate(word.text)]
    characters = word.characters
    if len(characters) == len(signs):
        characters = tuple(replace(c, text=s) if s != c.text else c for c, s in zip(characters, signs, strict=True))
    return replace(word, text="".join(signs), characters=characters)
