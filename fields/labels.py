"""Labels of bills, found in spite of misread characters.

A row's text is compared with the phrases of `phrases.py` after accents, case, white space and the pairs of signs that
readers mix up (O and 0, l and 1, S and 5) are taken out; longer phrases may differ by one sign more. Words that were
torn apart or glued together make no difference: phrases are compared without their spaces.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from ocr_doc.fields.phrases import PHRASES, Kind

# Signs that readers mix up are one sign here.
_CONFUSED = str.maketrans("0QL1|!58Z6", "OOIIIISB2G")
# From this length on a phrase may differ by one sign; in shorter ones a sign decides between words.
FUZZY_LENGTH = 5
# Most words that are tried together as one phrase.
MAX_WORDS = 4
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Label:
    """A phrase found in a text: what it may mean, and where it stands."""

    kinds: frozenset[Kind]
    start: int
    end: int


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Upper case without accents, signs and spaces; characters that readers mix up are one."""
    upper = text.upper()
    if not upper.isascii():
        upper = unicodedata.normalize("NFKD", upper)
    return "".join(c for c in upper if c.isalnum()).translate(_CONFUSED)


@lru_cache(maxsize=1024)
def find_labels(text: str, start: int = 0, end: int | None = None) -> tuple[Label, ...]:
    """The known phrases in a part of a row's text, left to right; the longest at each place, none overlapping."""
    matches = _WORD.finditer(text, start, len(text) if end is None else end)
    spans = [match.span() for match in matches]
    words = [text[a:b] for a, b in spans]
    folded = ["" if word.isdigit() else fold(word) for word in words]
    found: list[Label] = []
    i = 0
    while i < len(words):
        for count in range(min(MAX_WORDS, len(words) - i), 0, -1):
            parts = folded[i : i + count]
            if "" in parts:
                continue
            # A lone letter beside a phrase is no misread part of it, as in "Invoice no: A-123".
            slack = len(parts[0]) > 1 and len(parts[-1]) > 1
            kinds = _lookup("".join(parts), slack)
            # A label stands in one cell.
            if kinds and "\t" not in text[spans[i][0] : spans[i + count - 1][1]]:
                found.append(Label(kinds, spans[i][0], spans[i + count - 1][1]))
                i += count
                break
        else:
            i += 1
    return tuple(found)


@lru_cache(maxsize=8192)
def _lookup(folded: str, slack: bool) -> frozenset[Kind]:
    exact, fuzzy, longest = _index()
    if folded in exact:
        return exact[folded]
    if not slack or not FUZZY_LENGTH <= len(folded) <= longest + 1 or folded.isdigit():
        return frozenset()
    for variant in (folded, *_shortened(folded)):
        for phrase in fuzzy.get(variant, ()):
            if _one_apart(folded, phrase):
                return exact[phrase]
    return frozenset()


@cache
def _index() -> tuple[dict[str, frozenset[Kind]], dict[str, tuple[str, ...]], int]:
    """All phrases, folded; the same by each form with one sign left out; the longest one's length.

    Leaving a sign out on both sides finds all pairs that differ by one sign added, lost or changed, without comparing
    each word with each phrase (Garbe, SymSpell, 2012).
    """
    exact: dict[str, frozenset[Kind]] = {}
    for kind, phrases in PHRASES.items():
        for phrase in phrases.replace("\n", ";").split(";"):
            if phrase.strip():
                key = fold(phrase)
                exact[key] = exact.get(key, frozenset()) | {kind}
    fuzzy: dict[str, tuple[str, ...]] = {}
    for phrase, kinds in exact.items():
        # "Total" is worth the risk; of other short words too many have a neighbour: small and email.
        if len(phrase) > FUZZY_LENGTH or (len(phrase) == FUZZY_LENGTH and Kind.TOTAL in kinds):
            for variant in {phrase, *_shortened(phrase)}:
                fuzzy[variant] = (*fuzzy.get(variant, ()), phrase)
    return exact, fuzzy, max(map(len, exact))


def _shortened(text: str) -> set[str]:
    return {text[:i] + text[i + 1 :] for i in range(len(text))}


def _one_apart(one: str, other: str) -> bool:
    """Whether two different texts differ by one sign added, lost or changed."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    return one[at + (len(one) == len(other)) :] == other[at + 1 :]
