"""Words that the network is not sure of, read again with a vocabulary in hand.

The network's own probabilities hold several readings of faint or broken print: "caatons" and "cartons". The words that
people write say which is likelier. Only words in doubt are looked at, only readings that the image bears out compete,
and the confidence stays that of the image alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from ocr_doc.core.geometry import FloatArray
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.ctc import Decoding, Labels, align, best_prefixes, part_likelihoods, parts_of
from ocr_doc.recognizer.lexicon import AROUND
from ocr_doc.recognizer.vocabulary import Vocabulary, has_odd_sign_inside

# Words less probable than this are in doubt; those that nobody is known to write, sooner.
DOUBT, STRANGE = 0.7, 0.97
# Shorter ones are names and abbreviations more often than misreadings.
_STRANGE_LETTERS = 4
# Letters that digits look like, a 1 like two; and how many letters must stand beside them, since "100" is no "loo".
_LETTERS = tuple(str.maketrans("0158", f"O{one}SB") for one in "IL")
_LETTERS_BESIDE = 2
# Readings that compete for a word, and the least probability of a symbol that starts one.
_RIVALS, _CUTOFF = 8, 0.004
# A step that is blank with more than this probability says only that two symbols are apart; one of them says it all.
_CLEARLY_BLANK = 0.999


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A word in doubt: which part of which decoding, its steps (T, C) and its rivals, the reading so far the last."""

    row: int
    part: int
    steps: FloatArray
    rivals: tuple[Labels, ...]


def settle_doubts(
    decodings: Sequence[Decoding],
    words: Sequence[Sequence[float]],
    log_probs: FloatArray,
    alphabet: Alphabet,
    vocabulary: Vocabulary,
) -> list[Decoding]:
    """Reads words in doubt again.

    Args:
        decodings: N of them.
        words: Confidences of each one's words.
        log_probs: (N, T, C) that they were made from.
        alphabet: Names the classes.
        vocabulary: Says which words are likely.

    Returns:
        N decodings; those in which nothing changes are the same objects.
    """
    space = alphabet.encode(" ")[0] if " " in alphabet else alphabet.blank
    doubts: list[_Doubt] = []
    for row, (decoding, confidences) in enumerate(zip(decodings, words, strict=True)):
        if not confidences or min(confidences) >= STRANGE:
            continue
        for part, (start, end, labels) in enumerate(parts_of(decoding, space, log_probs.shape[1])):
            if confidences[part] >= STRANGE:
                continue
            text = alphabet.decode(labels)
            unsure = confidences[part] < DOUBT and any(c.isalpha() for c in text)
            if unsure or _is_strange(text, vocabulary):
                steps = _without_clear_blanks(log_probs[row, start:end], alphabet.blank)
                found = best_prefixes(steps, _RIVALS, alphabet.blank, _CUTOFF)
                rivals = tuple(rival for rival in found if rival and space not in rival and rival != labels)
                if not unsure:
                    rivals = tuple(rival for rival in rivals if _is_alike(text, alphabet.decode(rival)))
                if rivals:
                    doubts.append(_Doubt(row, part, steps, (*rivals, labels)))
    changed = {
        row: _with_parts(decodings[row], parts, log_probs.shape[1], space)
        for row, parts in _winners(doubts, alphabet, vocabulary).items()
    }
    settled = list(decodings)
    scores = part_likelihoods([(log_probs[row], labels) for row, labels in changed.items()], alphabet.blank)
    for (row, labels), score in zip(changed.items(), scores.tolist(), strict=True):
        settled[row] = Decoding(align(log_probs[row], labels, alphabet.blank), exp(score))
    return settled


def _is_strange(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a word, but for the signs around it, is of letters and nobody is known to write it.

    A digit or a capital I among small letters is no reason to take it for a code, nor is a digit that makes a word if
    it is taken for the letter it looks like: "0ff", "SA1E".
    """
    bare = text.strip(AROUND)
    if len(bare) < _STRANGE_LETTERS:
        return _looks_like_a_word(bare, vocabulary)
    if bare.isalpha():
        return bare not in vocabulary
    return has_odd_sign_inside(text) or _looks_like_a_word(bare, vocabulary)


def _looks_like_a_word(bare: str, vocabulary: Vocabulary) -> bool:
    """Whether digits among two letters or more make a known word, were they the letters that they look like."""
    if bare.isalpha() or not bare.isalnum() or sum(c.isalpha() for c in bare) < _LETTERS_BESIDE:
        return False
    words = [bare.translate(letters) for letters in _LETTERS]
    return any(word.isalpha() and word in vocabulary for word in words)


def _is_alike(text: str, rival: str) -> bool:
    """Whether two words differ in some of their letters alone, or in a digit that the other reads as a letter."""
    return len(text) == len(rival) and all(
        a == b or (a.isalnum() and b.isalpha()) for a, b in zip(text, rival, strict=True)
    )


def _winners(doubts: Sequence[_Doubt], alphabet: Alphabet, vocabulary: Vocabulary) -> dict[int, dict[int, Labels]]:
    """For each row the parts that are better read otherwise."""
    # All at once, since each call costs.
    pairs = [(doubt.steps, rival) for doubt in doubts for rival in doubt.rivals]
    scores = iter(part_likelihoods(pairs, alphabet.blank).tolist())
    better: dict[int, dict[int, Labels]] = {}
    for doubt in doubts:
        weights = [next(scores) - vocabulary.cost(alphabet.decode(rival)) for rival in doubt.rivals]
        best = weights.index(max(weights))
        # The reading so far is the last.
        if weights[best] > weights[-1]:
            better.setdefault(doubt.row, {})[doubt.part] = doubt.rivals[best]
    return better


def _without_clear_blanks(steps: FloatArray, blank: int) -> FloatArray:
    """The steps with each run of clear blanks cut to one, which spells the same labels with the same odds."""
    clear = steps[:, blank] > log(_CLEARLY_BLANK)
    kept = np.ones(len(steps), dtype=bool)
    np.logical_not(clear[1:] & clear[:-1], out=kept[1:])
    return steps[kept]


def _with_parts(decoding: Decoding, better: dict[int, Labels], steps: int, space: int) -> Labels:
    """The labels of a decoding of so many steps with some of its parts read otherwise."""
    labels: list[int] = []
    for part, (_, _, own) in enumerate(parts_of(decoding, space, steps)):
        labels += [space] * bool(labels) + list(better.get(part, own))
    return tuple(labels)
