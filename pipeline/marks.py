"""Letters with marks on a page that has none: a speck above an s is no š where all other words do without.

Whoever writes French or Czech has such letters in every line. Where a page's sure words have none, or next to none, one
that is in doubt is its plain letter with dirt on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from ocr_doc.core.records import Character, Word

# Fewer words of letters do not tell how a page is written.
LEAST = 25
# Share of words with marks, surely read, from which a page is written with them.
WRITTEN = 0.015
# Marks for each word, doubtful ones counted by their confidence, from which it is as well: small print leaves all marks
# in doubt, and dirt does not fall on so many letters.
SHARE, FEWEST = 0.08, 4.0
# A character is in doubt below this.
SURE = 0.9
# Letters that Unicode does not take apart.
_PLAIN = {"ı": "i", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "þ": "p"}


def without_marks(words: Sequence[Word]) -> list[Word]:
    """The words of a page, marks in doubt left out where the page is written without any.

    Args:
        words: As they were read; those without a record for each character stay as they are.

    Returns:
        As many, in the same order.
    """
    marked = [k for k, word in enumerate(words) if not word.text.isascii() and any(map(_has_mark, word.text))]
    if not marked:
        return list(words)
    written = sum(sum(map(str.isalpha, word.text)) > 1 for word in words)
    sure = sum(any(_has_mark(c.text) and c.confidence >= SURE for c in words[k].characters) for k in marked)
    likely = sum(c.confidence for k in marked for c in words[k].characters if _has_mark(c.text))
    if written < LEAST or sure > max(1.0, WRITTEN * written) or likely > max(FEWEST, SHARE * written):
        return list(words)
    changed = list(words)
    for k in marked:
        changed[k] = _plain(words[k])
    return changed


def _plain(word: Word) -> Word:
    if len(word.characters) != len(word.text):
        return word
    characters = tuple(_plain_character(c) if _has_mark(c.text) and c.confidence < SURE else c for c in word.characters)
    return replace(word, text="".join(c.text for c in characters), characters=characters)


def _plain_character(character: Character) -> Character:
    return replace(character, text=_without_mark(character.text))


def _has_mark(text: str) -> bool:
    return text.isalpha() and not text.isascii() and _without_mark(text) != text


def _without_mark(text: str) -> str:
    """The plain letter; the letter itself where there is none, as for ß and æ."""
    plain = _PLAIN.get(text) or unicodedata.normalize("NFD", text)[0]
    return plain if plain.isascii() and plain.isalpha() else text
