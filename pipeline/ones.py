"""The digit 1 where a letter l was read: many faces draw both alike, and typewriters had one key for the two.

Among digits and signs alone an l is a 1: "l9,00", "l:", "2l4". Behind the last digit it may be a litre, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.records import Word

_LABEL = re.compile(r"\(?l[:)]")
_NUMBER = re.compile(r"[^\w\s]*(?:l(?=[\d.,:/-]*\d)|\d)(?:\d|[.,:/-]|l(?=[\d.,:/-]*\d))*[^\w\s]*")


def read_ones(words: Sequence[Word]) -> list[Word]:
    """The words of a page, an l of a number read as the 1 that it is.

    Args:
        words: As they were read.

    Returns:
        As many, in the same order.
    """
    return [_with_ones(word) if "l" in word.text else word for word in words]


def _with_ones(word: Word) -> Word:
    if not (_LABEL.fullmatch(word.text) or _NUMBER.fullmatch(word.text)):
        return word
    characters = tuple(replace(c, text="1") if c.text == "l" else c for c in word.characters)
    return replace(word, text=word.text.replace("l", "1"), characters=characters)
