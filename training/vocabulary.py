"""The vocabulary that ships: words and how common they are, from wordfreq's lists.

Speer 2022, "wordfreq"; its data are licensed under CC BY-SA 4.0, and so is what is made of them.
"""

from __future__ import annotations

from math import log10

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.vocabulary import LEVELS_PER_DECADE
from ocr_doc.training.packages import require
from ocr_doc.training.text import LANGUAGES

# Words rarer than this, as a Zipf value, are left out: they help little and take the most room.
RAREST = 2.6
_LONGEST = 24


def word_levels(alphabet: Alphabet, rarest: float = RAREST) -> dict[str, int]:
    """Words of the languages that text is drawn in, with four times their Zipf values.

    A word of several languages has the value of the one where it is commonest; what a language counts for is its share
    in the drawn text, English being 1.

    Args:
        alphabet: Words that it cannot write are left out.
        rarest: Smallest Zipf value of a word that is kept.

    Raises:
        DependencyError: If wordfreq is not installed.
    """
    require("wordfreq")
    from wordfreq import get_frequency_dict  # noqa: PLC0415  (loads tables: only when words are listed)

    values: dict[str, float] = {}
    for language, share in LANGUAGES.items():
        for listed, frequency in get_frequency_dict(language, "small").items():
            word = alphabet.normalise(listed).lower()
            value = log10(frequency * share / LANGUAGES["en"]) + 9
            if value >= max(rarest, values.get(word, rarest)) and _is_word(word) and alphabet.covers(word):
                values[word] = value
    return {word: round(value * LEVELS_PER_DECADE) for word, value in values.items()}


def _is_word(word: str) -> bool:
    return len(word) <= _LONGEST and word[:1].isalpha() and all(c.isalpha() or c in "'." for c in word)
