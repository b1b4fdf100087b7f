"""A lexicon for the beam search: known words are preferred, unknown words stay possible."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from ocr_doc.core.errors import UsageError

# What may stand around a word without being part of it: "(Total:", "d'accord,".
AROUND = ".,;:!?()[]{}<>\"'“”„‘’‚«»*…/|-–—"


@dataclass(frozen=True)
class Lexicon:
    """Known words and the price of an unknown one.

    The price is soft: a text of unknown words wins where the image speaks for it by more than exp(price) to 1. So a
    name or a code that no lexicon holds is still read, and no text is replaced by its nearest word in silence: the
    confidence of a reading stays P(text | image), without the lexicon. Tokens without a letter (prices, dates) are
    free.

    Attributes:
        words: The words, in any order; white space around them is dropped.
        price: Cost in nats of each unknown word; 3 means that a known word counts as 20 times as likely.
        match_case: Whether "Total" differs from "total".

    Raises:
        UsageError: If the price is negative or not finite.
    """

    words: Iterable[str]
    price: float = 3.0
    match_case: bool = False
    _sorted: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.price < float("inf"):
            raise UsageError(f"The price of an unknown word is {self.price}.", "Give a number of 0 or more, such as 3.")
        known = frozenset(self._fold(word.strip()) for word in self.words) - {""}
        object.__setattr__(self, "words", tuple(sorted(known)))
        object.__setattr__(self, "_sorted", self.words)
        object.__setattr__(self, "_known", known)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._fold(word) in self._known

    def __len__(self) -> int:
        return len(self._known)

    def cost(self, text: str, complete: bool) -> float:
        """Nats to pay for a text.

        Args:
            text: Words parted by spaces.
            complete: False while the text may still grow: its last word then is free as long as some word begins so.
        """
        *finished, last = text.split(" ")
        unknown = sum(not self._passes(token) for token in finished)
        unknown += not (self._passes(last) or (not complete and self._begins(last)))
        return unknown * self.price

    def _passes(self, token: str) -> bool:
        bare = token.strip(AROUND)
        return not any(c.isalpha() for c in bare) or token in self or bare in self

    def _begins(self, token: str) -> bool:
        """Whether some word starts with the token, signs before it aside."""
        for start in {self._fold(token), self._fold(token.lstrip(AROUND))}:
            place = bisect_left(self._sorted, start)
            if place < len(self._sorted) and self._sorted[place].startswith(start):
                return True
        return False

    def _fold(self, word: str) -> str:
        return word if self.match_case else word.casefold()
