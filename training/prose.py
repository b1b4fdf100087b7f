"""A few words as books and letters have them: mostly lower case, punctuated, quoted, broken at the end of a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# How a language opens and closes what people say; the first pair most often.
_QUOTES = {
    "en": ("“”", "‘’", '""', "''"), "de": ("„“", "»«", '""'), "fr": ("«»", "“”", '""'), "pl": ("„”", '""'),
    "it": ("«»", "“”", '""'), "es": ("«»", "“”", '""'), "cs": ("„“", '""'), "hu": ("„”", '""'), "sv": ("””", '""'),
}  # fmt: skip
_STOPS = (".", "!", "?", "...", "…")
# What may stand behind a word within a sentence, how often.
_PAUSES = {",": 0.085, ";": 0.015, ":": 0.01}
# What may join two words in place of a space, how often.
_DASHES = {"—": 0.022, " — ": 0.006, "--": 0.004, " – ": 0.006, "-": 0.008, ",—": 0.003, ";—": 0.002}


def prose(rng: np.random.Generator, words: Sequence[str], language: str, longest: int = 7) -> str:
    """A piece of a line of prose.

    Args:
        rng: Source of chance.
        words: The language's words, the commonest first; drawn by Zipf's law.
        language: Its code, such as "fr".
        longest: How many words there are at most.

    Returns:
        Two words or more.
    """
    count = int(rng.integers(2, longest + 1))
    opening, closing = _quotes(rng, language)
    # French printers and typists set a space before what is higher than a comma.
    gap = " " if language == "fr" and rng.random() < 0.6 else ""
    begins = rng.random() < 0.15
    pieces: list[str] = []
    for n in range(count):
        word = words[int(len(words) ** rng.random()) - 1]
        named = rng.random() < 0.06
        word = word[:1].upper() + word[1:] if begins or named else word
        if rng.random() < 0.025:
            word = opening + word
        word, begins = _ended(rng, word, gap, closing)
        last = n == count - 1
        if last and word[-1].isalpha() and rng.random() < 0.06:
            word += "-"
        pieces.append(word + ("" if last else _joint(rng)))
    return "".join(pieces)


def _quotes(rng: np.random.Generator, language: str) -> tuple[str, str]:
    pairs = _QUOTES.get(language, _QUOTES["en"])
    pair = pairs[0] if rng.random() < 0.6 else pairs[int(rng.integers(len(pairs)))]
    return pair[0], pair[1]


def _ended(rng: np.random.Generator, word: str, gap: str, closing: str) -> tuple[str, bool]:
    """The word with what follows it, and whether a sentence ends there."""
    if rng.random() < 0.012:
        word += "’s" if rng.random() < 0.5 else "'s"
    draw, ended = rng.random(), False
    if draw < 0.055:
        sign = _STOPS[0] if rng.random() < 0.7 else str(rng.choice(_STOPS))
        word, ended = word + (gap if sign in "!?" else "") + sign, True
    else:
        for sign, share in _PAUSES.items():
            if 0.055 <= draw < 0.055 + share:
                word += (gap if sign in ";:" else "") + sign
                break
            draw -= share
    if rng.random() < (0.12 if not word[-1].isalpha() else 0.008):
        word += closing
    return word, ended


def _joint(rng: np.random.Generator) -> str:
    draw = rng.random()
    for joint, share in _DASHES.items():
        if draw < share:
            return joint
        draw -= share
    return " "
