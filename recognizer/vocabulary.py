"""How common words are, in the languages of the alphabet: what a reader of doubtful print goes by.

A vocabulary is a gzipped text file. Each of its lines is a level, a tab, and words in lower case parted by spaces, ss
for ß; the level is four times a word's Zipf value, the logarithm to base 10 of how often it comes in a thousand million
words (van Heuven et al. 2014, "SUBTLEX-UK"). "the" is at 31 and "thermal" at 15.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import log

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.lexicon import AROUND

LEVELS_PER_DECADE = 4
_AROUND = AROUND + "_=#&"
# Words are looked up in parts that these join.
_JOINTS = re.compile(r"[-'’/&.–—_]")
# Zipf values of what no vocabulary lists. A token without letters is as common as many words; one of letters and digits
# is a code or a misreading; an unknown word may be a name.
_SIGNS, _NUMBER, _MIXED, _UNKNOWN, _LETTER = 3.0, 3.5, 1.5, 0.5, 3.0
# Numbers with what they count: 2x, 500ml, 3rd, 100's; as common as a number.
_MEASURE = re.compile(r"\d+([.,]\d+)?(x|[kmc]?g|[mc]?l|[kmc]?m|pcs?|pkt|st|nd|rd|th|kwh?|['’]?s)", re.IGNORECASE)
# Off for a letter beside a digit that looks like a digit: most who make codes avoid them.
_LIKE_A_DIGIT, _TAKEN_FOR_ONE = 0.5, re.compile(r"(?<=\d)[OIl]|[OIl](?=\d)")
# Off, beside any other unknown word, for a 1, a 0 or a capital I within a word of small letters, where an l, an i or an
# o stands far more often and often looks the same: "Wa1d", "HeIm"; not for McIntosh. "0rder" is such a word, too.
_AMONG_SMALL = 4.0
_INSIDE = re.compile(r"(?<=[^\W\d_])(?<!Mc)(?<!Mac)[I10](?=[^\W\d_A-Z])|^0(?=[^\W\d_A-Z]{3})")
_SMALL_LETTERS = 3
# Off for writing that people hardly use, such as "tOtal".
_ODD_CASE = 1.0
# Off for a word that is known in its parts only.
_COMPOUND = 0.5
_TOP = 8.0


class Vocabulary:
    """Words and how common they are.

    Args:
        levels: Words in lower case with four times their Zipf values.
        weight: Nats for each natural logarithm of frequency: 1 takes a word's frequency for its probability, less
            leaves more to the image.
    """

    def __init__(self, levels: Mapping[str, int], weight: float = 0.4) -> None:
        self._levels = levels
        self.weight = weight
        # The same words come again and again, within a page and from one page to the next.
        self._known = lru_cache(maxsize=50_000)(self._zipf)

    @classmethod
    def parse(cls, data: bytes) -> Vocabulary:
        """Reads a vocabulary file's bytes.

        Raises:
            WeightsError: If they are no vocabulary.
        """
        levels: dict[str, int] = {}
        try:
            for line in gzip.decompress(data).decode("utf-8").splitlines():
                level, _, words = line.partition("\t")
                levels.update(dict.fromkeys(words.split(" "), int(level)))
        except (OSError, EOFError, ValueError, zlib.error) as fault:
            raise WeightsError(f"The vocabulary is damaged: {fault}.", "Reinstall ocr-doc.") from fault
        if not levels:
            raise WeightsError("The vocabulary is damaged: it lists no word.", "Reinstall ocr-doc.")
        return cls(levels)

    def __len__(self) -> int:
        return len(self._levels)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and _folded(word) in self._levels

    def cost(self, token: str) -> float:
        """Nats to pay for a token without spaces; 0 for the commonest words."""
        return self.weight * log(10) * (_TOP - self._known(token))

    def _zipf(self, token: str) -> float:
        bare = token.strip(_AROUND)
        if not bare:
            return _SIGNS
        letters = sum(c.isalpha() for c in bare)
        if not letters:
            return _NUMBER
        if has_odd_sign_inside(token):
            return _UNKNOWN - _AMONG_SMALL
        if any(c.isdigit() for c in bare):
            return _NUMBER if _MEASURE.fullmatch(bare) else _MIXED - _LIKE_A_DIGIT * bool(_TAKEN_FOR_ONE.search(bare))
        whole = self._listed(bare)
        if whole is not None:
            return whole - _ODD_CASE * _oddly_cased([bare])
        parts = [part for part in _JOINTS.split(bare) if part]
        found = [_LETTER if len(part) == 1 else self._listed(part) for part in parts]
        known = [value for value in found if value is not None]
        rarest = min(known) - _COMPOUND if len(parts) > 1 and len(known) == len(parts) else _UNKNOWN
        return rarest - _ODD_CASE * _oddly_cased(parts)

    def _listed(self, word: str) -> float | None:
        level = self._levels.get(_folded(word))
        return None if level is None else level / LEVELS_PER_DECADE


def has_odd_sign_inside(token: str) -> bool:
    """Whether a digit or a capital I stands among small letters of a word, where a letter like it is far likelier."""
    bare = token.strip(_AROUND)
    word, odd = _INSIDE.subn("l", bare)
    return odd > 0 and word.isalpha() and sum(c.islower() for c in bare) >= _SMALL_LETTERS


def _folded(word: str) -> str:
    """A word as it is listed; the lists know no ß."""
    return word.lower().replace("’", "'").replace("ß", "ss")


def write_vocabulary(levels: Mapping[str, int]) -> bytes:
    """The bytes of a vocabulary file; the same words give the same bytes."""
    lines = [f"{level}\t{' '.join(words)}\n" for level, words in sorted(_by_level(levels.items()).items())]
    return gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0)


def _by_level(items: Iterable[tuple[str, int]]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for word, level in sorted(items):
        groups.setdefault(level, []).append(word)
    return groups


def _oddly_cased(parts: Iterable[str]) -> bool:
    return not all(part.islower() or part.isupper() or part.istitle() for part in parts)
