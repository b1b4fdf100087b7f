"""Two readers of one row agree on a text: the one that both find probable.

The recogniser (CRNN) sees a whole row and guesses from neighbours; the classifier sees each character alone, and takes
a bird between two of them for one. Both give a probability for any text: CTC's forward algorithm the one, the cheapest
way through the row's pieces that spells the text the other. Their product (Hinton 2002, "Training products of experts
by minimizing contrastive divergence") decides among what either reads, and among what lies between both readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.character_crops import Strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.ctc import best_prefixes, log_likelihoods
from ocr_doc.recognizer.reader import ReadCharacter
from ocr_doc.recognizer.segments import PIECE, Lattice, either_case, placed

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# The classifier's nats count so many times the recogniser's.
WEIGHT = 0.7
# Texts that the recogniser's search is left with, and how many of them are crossed with the classifier's.
BEAM, CROSSED = 12, 3
# Texts that are weighed at most.
MOST = 64
# Characters that a text differs from the pieces in are at least so improbable to the classifier.
_LEAST = -9.0
# Texts longer than this are no codes: nothing is weighed, and the surer reader's word counts.
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser says of a row.

    Attributes:
        log_probs: (T, classes) of its time steps.
        alphabet: Names the classes.
    """

    log_probs: Floats
    alphabet: Alphabet


def agreed(
    free: SerialReading, lattice: Lattice, strip: Strip, classifier: CharacterClassifier, heard: Heard
) -> SerialReading | None:
    """The text that both readers together find most probable, its characters where the classifier sees them.

    Args:
        free: The classifier's own reading.
        lattice: Of the row.
        strip: The row.
        classifier: Names the pieces.
        heard: The recogniser's probabilities of the same row.

    Returns:
        The reading, its confidence the weighted geometric mean of both readers'; None where neither reads anything,
        or the row is too long for a code.
    """
    if not len(heard.log_probs):
        return None
    steps = _without_spaces(heard)
    texts = _texts(free, steps, heard.alphabet)
    if not texts or not len(lattice.ends) or max(map(len, texts)) > LONGEST:
        return None
    heard_nats = _heard(steps, texts, heard.alphabet)
    logs = np.maximum(either_case(lattice.log_probs, classifier.symbols).astype(np.float64), _LEAST)
    costs, ways = _ways(lattice, logs, texts, classifier.symbols)
    totals = heard_nats - WEIGHT * costs
    if not np.isfinite(totals).any():
        return None
    best = int(totals.argmax())
    characters = _characters(texts[best], ways[best], float(heard_nats[best]), lattice, strip, classifier)
    return SerialReading(characters, float(costs[best]))


def _without_spaces(heard: Heard) -> Doubles:
    """Log-probabilities (T, classes) in which a space is a blank: the classifier knows none."""
    steps = heard.log_probs.astype(np.float64)
    if " " in heard.alphabet:
        space, blank = heard.alphabet.encode(" ")[0], heard.alphabet.blank
        steps[:, blank] = np.logaddexp(steps[:, blank], steps[:, space])
        steps[:, space] = -np.inf
    return steps


def _texts(free: SerialReading, steps: Doubles, alphabet: Alphabet) -> list[str]:
    """What is weighed: each reader's readings, and all that can be made of both where they differ."""
    heard = [alphabet.decode(labels) for labels in best_prefixes(steps, BEAM, alphabet.blank)]
    heard = [text for text in heard if text]
    own = free.text
    if heard and heard[0] == own:
        return [own]
    found = dict.fromkeys(heard)
    if own and all(c in alphabet for c in own):
        found[own] = None
        for text in heard[:CROSSED]:
            found.update(dict.fromkeys(islice(_crossed(own, text), MOST)))
    return [text for text in found if text][:MOST]


def _crossed(first: str, second: str) -> Iterator[str]:
    """All texts that have either's characters wherever both differ."""
    parts: list[tuple[str, ...]] = []
    for tag, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append((first[a:b],))
        elif b - a == d - c:
            parts += [(x, y) for x, y in zip(first[a:b], second[c:d], strict=True)]
        else:
            parts.append((first[a:b], second[c:d]))
    return ("".join(chosen) for chosen in product(*parts))


def _heard(steps: Doubles, texts: Sequence[str], alphabet: Alphabet) -> Doubles:
    labels = [tuple(alphabet.encode(text)) for text in texts]
    return log_likelihoods(np.repeat(steps[None], len(texts), axis=0), labels, alphabet.blank)


def _ways(
    lattice: Lattice, logs: Doubles, texts: Sequence[str], symbols: Sequence[str]
) -> tuple[Doubles, list[list[int]]]:
    """Costs (N,) and pieces of the cheapest ways that spell each of N texts; inf where there are too few pieces."""
    known = {symbol: k for k, symbol in enumerate(symbols)}
    longest = max(map(len, texts))
    # Nats (pieces, classes + 1); the last column is for signs that the classifier does not know.
    nats = np.concatenate([-logs, np.full((len(logs), 1), -_LEAST)], axis=1) + PIECE
    spelled = np.full((len(texts), longest), len(symbols))
    for row, text in zip(spelled, texts, strict=True):
        row[: len(text)] = [known.get(c, len(symbols)) for c in text]
    count = len(lattice.nodes)
    total = np.full((count, len(texts), longest + 1), np.inf)
    back = np.full(total.shape, -1)
    total[0, :, 0] = 0.0
    arriving = lattice.arriving()
    for node in range(1, count):
        total[node] = total[node - 1] + lattice.skips[node - 1]
        for piece in arriving[node]:
            cost = total[lattice.ends[piece, 0], :, :-1] + nats[piece][spelled]
            better = cost < total[node, :, 1:]
            np.copyto(total[node, :, 1:], cost, where=better)
            np.copyto(back[node, :, 1:], piece, where=better)
    lengths = [len(text) for text in texts]
    costs = total[-1, np.arange(len(texts)), lengths]
    return costs, [_walked(lattice, back[:, n], length) if np.isfinite(costs[n]) else []
                   for n, length in enumerate(lengths)]  # fmt: skip


def _walked(lattice: Lattice, back: NDArray[np.int64], length: int) -> list[int]:
    pieces, node = [], len(back) - 1
    while length:
        piece = int(back[node, length])
        if piece < 0:
            node -= 1
        else:
            pieces.append(piece)
            node, length = int(lattice.ends[piece, 0]), length - 1
    return pieces[::-1]


def _characters(
    text: str, pieces: Sequence[int], heard: float, lattice: Lattice, strip: Strip, classifier: CharacterClassifier
) -> tuple[ReadCharacter, ...]:
    """The text's characters in their pieces.

    The recogniser's nats, which are of the text as a whole, go to the characters that the classifier doubts.
    """
    logs = either_case(lattice.log_probs, classifier.symbols)
    own = np.array([-logs[piece, classifier.symbols.index(c)] if c in classifier.symbols else -_LEAST
                    for piece, c in zip(pieces, text, strict=True)], dtype=np.float64)  # fmt: skip
    doubt = np.clip(own, 1e-3, -_LEAST)
    nats = (WEIGHT * doubt - heard * doubt / doubt.sum()) / (1.0 + WEIGHT)
    return tuple(
        placed(c, float(np.exp(-n)), lattice.cuts[piece], strip,
               classifier.alternatives(np.exp(lattice.log_probs[piece]).astype(np.float32)))
        for c, piece, n in zip(text, pieces, nats, strict=True)
    )  # fmt: skip
