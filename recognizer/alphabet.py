"""The alphabet: one object owns the symbols, the CTC blank, encoding and decoding."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

ASCII = " " + "".join(chr(code) for code in range(0x21, 0x7F))
WESTERN = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŒœ"
CENTRAL = "ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİıĶķĹĺĻļĽľŁłŃńŅņŇňŐőŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŹźŻżŽžȘșȚț"
CURRENCY = "€£¥¢₹₺"
TYPOGRAPHIC = "“”„‘’‚«»–—•·…°§©®™±×÷µ²³½¼¾ªº¿¡№†"
DEFAULT_SYMBOLS = ASCII + WESTERN + CENTRAL + CURRENCY + TYPOGRAPHIC

# What a renderer or a label file may hold but means a symbol that we have: one shape, one symbol.
_SAME_SHAPE = str.maketrans(
    {
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\t": " ",
        "\u2010": "-", "\u2011": "-", "\u2212": "-", "\u00ad": "-", "\u2015": "—",
        "´": "'", "ʹ": "'", "′": "'", "″": '"', "‹": "<", "›": ">", "‟": "“",
        "∙": "·", "●": "•", "▪": "•", "μ": "µ", "Ω": "Ω",
        "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "ſ": "s",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Alphabet:
    """The symbols that a recogniser knows, in the order of its output classes.

    Class 0 is the CTC blank; symbol i is class i + 1.

    Attributes:
        symbols: Distinct single characters.
    """

    symbols: str = DEFAULT_SYMBOLS
    blank: int = field(default=0, init=False)
    _classes: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("an alphabet names each symbol once")
        object.__setattr__(self, "_classes", {symbol: i + 1 for i, symbol in enumerate(self.symbols)})

    def __len__(self) -> int:
        """The number of classes, the blank included."""
        return len(self.symbols) + 1

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._classes

    def encode(self, text: str) -> list[int]:
        """The classes of a text.

        Raises:
            KeyError: If the text holds a symbol that the alphabet lacks; see `normalise` and `covers`.
        """
        return [self._classes[symbol] for symbol in text]

    def decode(self, classes: Iterable[int]) -> str:
        """The text of a row of classes; blanks are passed over, repeats are kept."""
        return "".join(self.symbols[c - 1] for c in classes if c != self.blank)

    def covers(self, text: str) -> bool:
        """Whether every symbol of the text is known."""
        return all(symbol in self._classes for symbol in text)

    def normalise(self, text: str) -> str:
        """The same text in composed form, with look-alike signs folded and white space collapsed."""
        # Composed before the folding, since that brings up signs to fold, and after it, for accents on folded signs.
        folded = unicodedata.normalize("NFC", text).translate(_SAME_SHAPE)
        return " ".join(unicodedata.normalize("NFC", folded).split())


def ctc_steps(classes: list[int]) -> int:
    """The fewest time steps in which CTC can write a row of classes: one each, and a blank within each double."""
    return len(classes) + sum(a == b for a, b in pairwise(classes))
