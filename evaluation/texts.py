"""Scores of texts: what counts as a word, as a character error and as reading order.

All of them compare folded texts: upper or lower case does not count and any run of white space is one space, because
label sets differ in both. Each score is a count of hits or errors and a count of chances, so that pages add up before
they are divided: a long page weighs more than a short one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

_SPACE = re.compile(r"\s+")
_NOT_ALNUM = re.compile(r"[^a-z0-9]")


def fold(text: str) -> str:
    """The text as it is compared: without case, runs of white space as one space, none at the ends."""
    return _SPACE.sub(" ", text.casefold()).strip()


def alnum(text: str) -> str:
    """Letters a to z and digits alone, lower case: how IIIT5K and SVT compare words."""
    return _NOT_ALNUM.sub("", text.lower())


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; adding two rates adds both counts.

    Attributes:
        count: Hits or errors.
        total: Chances; 0 where there was none.
    """

    count: int = 0
    total: int = 0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.count + other.count, self.total + other.total)

    @property
    def value(self) -> float | None:
        """`count / total`; None where there was no chance."""
        return self.count / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Matches:
    """Things found against things that are there; adding two adds all counts.

    Attributes:
        hits: Of those found, how many are there.
        found: How many were found.
        truth: How many are there.
    """

    hits: int = 0
    found: int = 0
    truth: int = 0

    def __add__(self, other: Matches) -> Matches:
        return Matches(self.hits + other.hits, self.found + other.found, self.truth + other.truth)

    @property
    def precision(self) -> float:
        """The share of what was found that is there, in [0, 1]; 0 if nothing was found."""
        return self.hits / max(self.found, 1)

    @property
    def recall(self) -> float:
        """The share of what is there that was found, in [0, 1]; 0 if nothing is there."""
        return self.hits / max(self.truth, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, in [0, 1]."""
        return 2 * self.hits / max(self.found + self.truth, 1)


def word_matches(truth: str, read: str) -> Matches:
    """Words as bags, as the ICDAR 2019 SROIE challenge counts them: order and place do not matter."""
    a, b = Counter(fold(truth).split()), Counter(fold(read).split())
    return Matches((a & b).total(), b.total(), a.total())


def character_errors(truth: str, read: str) -> Rate:
    """Levenshtein distance of the folded texts, against the truth's characters; the rate can pass 1."""
    a, b = fold(truth), fold(read)
    return Rate(Levenshtein.distance(a, b), len(a))


def letter_errors(truth: str, read: str) -> Rate:
    """As `character_errors`, without white space: what is left of the errors when spacing does not count."""
    a, b = _SPACE.sub("", fold(truth)), _SPACE.sub("", fold(read))
    return Rate(Levenshtein.distance(a, b), len(a))


def word_errors(truth: str, read: str) -> Rate:
    """Levenshtein distance between the sequences of folded words, against the truth's words."""
    a, b = fold(truth).split(), fold(read).split()
    return Rate(Levenshtein.distance(a, b), len(a))


def exact_errors(truth: str, read: str) -> Rate:
    """Levenshtein distance with case, for single words that are labelled as printed."""
    return Rate(Levenshtein.distance(truth, read), len(truth))


def order_kept(truth: str, read: str) -> Rate:
    """Neighbouring words of the truth that are neighbours in what was read, of those pairs where both words occur.

    Words that were not read say nothing about order, so their pairs do not count.
    """
    a, b = fold(truth).split(), fold(read).split()
    neighbours = Counter(pairwise(b))
    there = set(b)
    kept = total = 0
    for pair in pairwise(a):
        if there.issuperset(pair):
            total += 1
            if neighbours[pair] > 0:
                neighbours[pair] -= 1
                kept += 1
    return Rate(kept, total)


def space_matches(truth: str, read: str) -> Matches:
    """Spaces that stand in both texts, once these are aligned at their characters."""
    a, b = fold(truth), fold(read)
    hits = sum(a[i] == " " for i, j in aligned(a, b) if a[i] == b[j])
    return Matches(hits, b.count(" "), a.count(" "))


def aligned(a: str, b: str) -> list[tuple[int, int]]:
    """Pairs of places, in `a` and in `b`, of one shortest edit from `a` to `b`: equal and replaced characters."""
    pairs: list[tuple[int, int]] = []
    for step in Levenshtein.opcodes(a, b):
        if step.tag in ("equal", "replace"):
            pairs += zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True)
    return pairs


def confusions(truth: str, read: str) -> Counter[tuple[str, str]]:
    """Character errors of one word as (truth, read); "" stands for a character that is missing or made up."""
    found: Counter[tuple[str, str]] = Counter()
    for step in Levenshtein.editops(truth, read):
        a = truth[step.src_pos] if step.tag != "insert" else ""
        b = read[step.dest_pos] if step.tag != "delete" else ""
        found[a, b] += 1
    return found


def ends_differ(truth: str, read: str) -> bool:
    """Whether the reading has lost or won characters at an end only: a crop that was cut too short or too wide."""
    tags: Sequence[str] = [step.tag for step in Levenshtein.opcodes(truth, read)]
    inner = tags[1:] if tags[:1] != ["equal"] else tags
    inner = inner[:-1] if inner[-1:] != ["equal"] else inner
    outer = {tags[0], tags[-1]} - {"equal"} if tags else set()
    return inner == ["equal"] and bool(outer) and "replace" not in outer
