"""The dollar sign where a lone S was read: before an amount, or in doubt on a page that has others.

Small or faint print fills the stroke in. An S that is a word of its own is rare; on forms a "$" stands in each row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.records import Word
from ocr_doc.places import Places

# What is read with less than this is in doubt.
SURE = 0.95
# How far off the amount may stand, in heights of the sign.
NEAR = 3.0
_AMOUNT = re.compile(r"\(?\d{1,3}(?:[.,]?\d{3})*(?:[.,]\d\d)?\)?[.,;]?")
_LONE = frozenset("Ss")


def read_dollars(words: Sequence[Word]) -> list[Word]:
    """The words of a page, a lone S that must be a dollar sign read as one.

    Args:
        words: As they were read, in any order.

    Returns:
        As many, in the same order.
    """
    lone = [k for k, word in enumerate(words) if word.text in _LONE and word.confidence < SURE]
    dollars = sum(word.text.startswith("$") for word in words) if lone else 0
    if not dollars:  # prices in other money have no dollars among them
        return list(words)
    places, found = Places(words), list(words)
    for k in lone:
        behind = places.after(k, NEAR)
        if dollars > len(lone) or (behind is not None and _AMOUNT.fullmatch(words[behind].text)):
            characters = tuple(replace(c, text="$") for c in words[k].characters)
            found[k] = replace(words[k], text="$", characters=characters)
    return found
