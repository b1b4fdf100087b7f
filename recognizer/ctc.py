"""CTC decoding in numpy: best path, prefix beam search, exact probability of a text, forced alignment.

Graves et al. 2006, "Connectionist Temporal Classification"; Graves and Jaitly 2014 and Hannun et al. 2014 ("First-Pass
Large Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent DNNs") for the prefix search.

Input everywhere: log-probabilities, (T, C) or (N, T, C) float, natural logarithm, one distribution per time step.
Labels are classes, never the blank. What the two confidences mean:

- of a symbol: the largest probability that its class has in its span. The mean would punish the soft steps at the
  symbol's edges, where only the position is in doubt and not the symbol.
- of a decoding: P(labels | image), the sum over all paths that spell the labels (CTC's forward algorithm). The product
  along the best path alone would be too small wherever the network is unsure of a position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray
from ocr_doc.recognizer.alphabet import ctc_steps

Labels = tuple[int, ...]
# A prior for the search: log-weight of a row of labels; the flag tells whether the row is complete or still grows.
Prior = Callable[[Labels, bool], float]
# Classes less probable than this at a step start no new prefix. Steps are peaked: one to three classes are left of 280.
CUTOFF = 1e-4
# Probabilities are scaled to sum 1 once in so many steps, which keeps them far from what a float can hold.
_SCALED = 4
_TINY = 1e-100
# A prefix this far below the strongest, times the cutoff, is dropped.
_HOPELESS = 0.01


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol as found.

    Attributes:
        label: Its class.
        confidence: In [0, 1]; see the module's docstring.
        start, end: Its time steps, end exclusive. Narrower than the character: CTC writes peaks.
    """

    label: int
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Decoding:
    """A row of symbols and the probability in [0, 1] that it is right as a whole."""

    symbols: tuple[Symbol, ...]
    confidence: float

    @property
    def labels(self) -> Labels:
        """The classes of the symbols."""
        return tuple(symbol.label for symbol in self.symbols)


def best_paths(log_probs: FloatArray, blank: int = 0) -> list[Decoding]:
    """Greedy decoding of a batch: the most probable class of each step, repeats joined, blanks dropped.

    Args:
        log_probs: (N, T, C).
        blank: Class of the blank.

    Returns:
        N decodings. Each depends on its own row only.
    """
    classes = log_probs.argmax(axis=2)  # (N, T)
    peaks = np.exp(np.take_along_axis(log_probs, classes[..., None], axis=2)[..., 0])  # (N, T)
    rows = [_runs(path, peak, blank) for path, peak in zip(classes.tolist(), peaks.tolist(), strict=True)]
    scores = log_likelihoods(log_probs, [tuple(s.label for s in symbols) for symbols in rows], blank)
    return [Decoding(symbols, exp(score)) for symbols, score in zip(rows, scores.tolist(), strict=True)]


def _runs(path: Sequence[int], peaks: Sequence[float], blank: int) -> tuple[Symbol, ...]:
    """The runs of equal classes in a path of T steps, without the blank's."""
    runs: list[Symbol] = []
    start = 0
    for end in range(1, len(path) + 1):
        if end == len(path) or path[end] != path[start]:
            if path[start] != blank:
                runs.append(Symbol(path[start], min(1.0, max(peaks[start:end])), start, end))
            start = end
    return tuple(runs)


def log_likelihoods(log_probs: FloatArray, labels: Sequence[Labels], blank: int = 0) -> NDArray[np.float64]:
    """The logarithm of P(labels | image) for each row of a batch: the forward algorithm, all rows at once.

    Works with probabilities scaled to sum 1 every few steps (Rabiner 1989), which is several times faster than sums of
    logarithms; a text some 1e300 times less probable than its rivals counts as impossible.

    Args:
        log_probs: (N, T, C).
        labels: N rows of classes, each of any length.
        blank: Class of the blank.

    Returns:
        (N,) float64, at most 0; -inf for labels that T steps cannot spell.
    """
    count, steps, _ = log_probs.shape
    lengths = np.array([len(row) for row in labels], dtype=np.intp)
    if not count or not steps:
        return np.where(lengths == 0, 0.0, -inf)
    states = np.full((count, 2 * int(lengths.max()) + 1), blank)  # blank, label, blank, label, ..., blank
    for row, own in zip(states, labels, strict=True):
        row[1 : 2 * len(own) : 2] = own
    emit = np.exp(np.take_along_axis(log_probs, states[:, None, :], axis=2).astype(np.float64))  # (N, T, S)
    emit *= (np.arange(states.shape[1]) <= 2 * lengths[:, None])[:, None, :]
    # A blank may be passed over only between two different labels.
    skip = np.zeros((count, max(0, states.shape[1] - 2)))
    skip[...] = (states[:, 2:] != states[:, :-2]) & (states[:, 2:] != blank)
    alpha = np.zeros(states.shape)
    alpha[:, :2] = emit[:, 0, :2]
    scales = []
    moved = np.empty_like(alpha)
    over = np.empty_like(skip)
    for step in range(1, steps + 1):
        if step % _SCALED == 0 or step == steps:
            scale = alpha.sum(axis=1)
            scales.append(scale)
            alpha /= np.where(scale > 0, scale, 1.0)[:, None]
        if step < steps:
            np.copyto(moved, alpha)
            moved[:, 1:] += alpha[:, :-1]
            moved[:, 2:] += np.multiply(alpha[:, :-2], skip, out=over)
            np.multiply(moved, emit[:, step], out=alpha)
    rows = np.arange(count)
    final = alpha[rows, 2 * lengths] + np.where(lengths > 0, alpha[rows, 2 * lengths - 1], 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(np.log([*scales, final]).sum(axis=0), 0.0), dtype=np.float64)


def part_confidences(
    log_probs: FloatArray, decodings: Sequence[Decoding], divider: int, blank: int = 0
) -> list[tuple[float, ...]]:
    """The probability in [0, 1] of each part of a text, as if its part of the image were all there is.

    Args:
        log_probs: (N, T, C).
        decodings: N of them.
        divider: Class that parts one part from the next, such as the space; its own steps belong to none.
        blank: Class of the blank.

    Returns:
        For each decoding as many as there are parts between dividers; a text in one part has its own confidence.
    """
    steps = log_probs.shape[1]
    pieces = [(n, *part) for n, decoding in enumerate(decodings) for part in parts_of(decoding, divider, steps)]
    single = {n for n, decoding in enumerate(decodings) if all(s.label != divider for s in decoding.symbols)}
    found: list[list[float]] = [[] for _ in decodings]
    divided = [piece for piece in pieces if piece[0] not in single]
    if divided:
        # Steps behind a part's end are certain blanks: they change no probability.
        longest = max(end - start for _, start, end, _ in divided)
        own = np.full((len(divided), longest, log_probs.shape[2]), -inf, dtype=log_probs.dtype)
        own[..., blank] = 0.0
        for row, (n, start, end, _) in zip(own, divided, strict=True):
            row[: end - start] = log_probs[n, start:end]
        scores = log_likelihoods(own, [labels for *_, labels in divided], blank)
        for (n, *_), score in zip(divided, scores.tolist(), strict=True):
            found[n].append(min(1.0, exp(score)))
    return [
        (decoding.confidence,) if n in single and decoding.symbols else tuple(parts)
        for n, (decoding, parts) in enumerate(zip(decodings, found, strict=True))
    ]


def parts_of(decoding: Decoding, divider: int, steps: int) -> list[tuple[int, int, Labels]]:
    """First step, end and labels of each part between dividers that is not empty; `steps` is T."""
    parts: list[tuple[int, int, Labels]] = []
    start, labels = 0, []
    for symbol in decoding.symbols:
        if symbol.label != divider:
            labels.append(symbol.label)
            continue
        if labels:
            parts.append((start, symbol.start, tuple(labels)))
        start, labels = symbol.end, []
    return [*parts, (start, steps, tuple(labels))] if labels else parts


def align(log_probs: FloatArray, labels: Labels, blank: int = 0) -> tuple[Symbol, ...]:
    """Where each of the given labels stands: the most probable path that spells them (Viterbi).

    Args:
        log_probs: (T, C).
        labels: Classes; none gives none.
        blank: Class of the blank.

    Raises:
        ValueError: If T steps cannot spell the labels.
    """
    steps = len(log_probs)
    if not labels:
        return ()
    if steps < ctc_steps(list(labels)):
        raise ValueError(f"{steps} time steps cannot spell {len(labels)} labels")
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    emit = np.asarray(log_probs, dtype=np.float64)[:, states]  # (T, S)
    barred = np.full(len(states), -inf)
    barred[2:][(states[2:] != states[:-2]) & (states[2:] != blank)] = 0.0
    score = np.full(len(states), -inf)
    score[:2] = emit[0, :2]
    back = np.zeros((steps, len(states)), dtype=np.int8)
    moves = np.full((3, len(states)), -inf)  # stay, one state on, two states on
    for step in range(1, steps):
        moves[0] = score
        moves[1, 1:] = score[:-1]
        moves[2, 2:] = score[:-2] + barred[2:]
        back[step] = moves.argmax(axis=0)
        score = moves.max(axis=0) + emit[step]
    state = len(states) - 1 - int(score[-2] > score[-1])
    path = np.empty(steps, dtype=np.intp)
    for step in range(steps - 1, -1, -1):
        path[step] = state
        state -= int(back[step, state])
    spans = [np.flatnonzero(path == 2 * i + 1) for i in range(len(labels))]
    return tuple(
        Symbol(label, min(1.0, float(np.exp(log_probs[own, label].max()))), int(own[0]), int(own[-1]) + 1)
        for label, own in zip(labels, spans, strict=True)
    )


def mask_classes(log_probs: FloatArray, allowed: Sequence[int], blank: int = 0) -> NDArray[np.float64]:
    """Forbids all classes but the allowed ones and the blank, and scales each step to sum 1 again.

    Decode the result, but take confidences from the distribution before (`rescore`): a symbol that the list forces on
    the image then shows by its low confidence.

    Args:
        log_probs: (..., C).
        allowed: Classes that may appear.
        blank: Class of the blank, always allowed.
    """
    kept = np.zeros(log_probs.shape[-1], dtype=bool)
    kept[[blank, *allowed]] = True
    masked = np.where(kept, np.asarray(log_probs, dtype=np.float64), -inf)
    top = masked.max(axis=-1, keepdims=True)
    # A step whose kept classes all have probability 0 says nothing: let it be blank.
    masked[..., blank] = np.where(np.isfinite(top[..., 0]), masked[..., blank], 0.0)
    top = np.where(np.isfinite(top), top, 0.0)
    total = top + np.log(np.exp(masked - top).sum(axis=-1, keepdims=True))
    return np.asarray(masked - total, dtype=np.float64)


def rescore(decoding: Decoding, log_probs: FloatArray, blank: int = 0) -> Decoding:
    """The same symbols and spans with the confidences that another distribution (T, C) gives them."""
    symbols = tuple(
        Symbol(s.label, min(1.0, float(np.exp(log_probs[s.start : s.end, s.label].max()))), s.start, s.end)
        for s in decoding.symbols
    )
    return Decoding(symbols, exp(float(log_likelihoods(log_probs[None], [decoding.labels], blank)[0])))


def beam_search(
    log_probs: FloatArray, width: int, blank: int = 0, prior: Prior | None = None, cutoff: float = CUTOFF
) -> Decoding:
    """Prefix beam search.

    The prefixes that are left, and the best path's labels, are scored by their exact probability (and the prior) at
    the end, so the result is never less probable than greedy decoding's, however narrow the beam.

    Args:
        log_probs: (T, C).
        width: Prefixes kept at each step, at least 1.
        blank: Class of the blank.
        prior: Log-weight of a row of labels, added when prefixes compete; None for a flat prior.
        cutoff: Smallest probability with which a class starts a new prefix.

    Returns:
        The winner. Its confidence is P(labels | image), without the prior.

    Raises:
        ValueError: If width is below 1.
    """
    if width < 1:
        raise ValueError(f"beam width is {width}, must be at least 1")
    greedy = best_paths(log_probs[None], blank)[0]
    candidates = sorted({*best_prefixes(log_probs, width, blank, cutoff, prior), greedy.labels})
    steps = np.asarray(log_probs, dtype=np.float64)
    scores = log_likelihoods(np.repeat(steps[None], len(candidates), axis=0), candidates, blank)
    weights = [prior(labels, True) if prior else 0.0 for labels in candidates]
    best = max(range(len(candidates)), key=lambda i: (scores[i] + weights[i], candidates[i] == greedy.labels))
    if candidates[best] == greedy.labels:
        return greedy
    return Decoding(align(log_probs, candidates[best], blank), exp(float(scores[best])))


def best_prefixes(
    log_probs: FloatArray, width: int, blank: int = 0, cutoff: float = CUTOFF, prior: Prior | None = None
) -> list[Labels]:
    """The labels that a prefix beam search is left with after the last step, `width` of them; see `beam_search`."""
    steps = np.exp(np.asarray(log_probs, dtype=np.float64))
    likely = (steps >= cutoff) & (steps > 0)
    likely[:, blank] = False
    # prefix → probability of all its paths that end in a blank, and of those that end in its last label
    beam: dict[Labels, tuple[float, float]] = {(): (1.0, 0.0)}
    fresh: list[list[int]] = [[] for _ in steps]
    for row, label in zip(*(found.tolist() for found in np.nonzero(likely)), strict=True):
        fresh[row].append(label)
    for count, (step, labels) in enumerate(zip(steps.tolist(), fresh, strict=True)):
        grown: dict[Labels, tuple[float, float]] = {}
        for prefix, (ends_blank, ends_label) in beam.items():
            either = ends_blank + ends_label
            last = prefix[-1] if prefix else blank
            old_blank, old_label = grown.get(prefix, (0.0, 0.0))
            repeat = ends_label * step[last] if prefix else 0.0
            grown[prefix] = old_blank + either * step[blank], old_label + repeat
            for label in labels:
                # A double needs a blank between: only paths that end in one may write the same label anew.
                arrives = (ends_blank if label == last else either) * step[label]
                longer = (*prefix, label)
                old_blank, old_label = grown.get(longer, (0.0, 0.0))
                grown[longer] = old_blank, old_label + arrives
        beam = _strongest(grown, width, cutoff, prior)
        if count % _SCALED == 0:
            beam = _scaled(beam)
    return [prefix for prefix, ends in beam.items() if max(ends) > 0] or [()]


def _strongest(
    grown: dict[Labels, tuple[float, float]], width: int, cutoff: float, prior: Prior | None
) -> dict[Labels, tuple[float, float]]:
    """The `width` prefixes of the greatest weight; among equals the order is that of their labels."""
    weights = [(-ends[0] - ends[1], prefix) for prefix, ends in grown.items()]
    if prior:
        weights = [((-log(-w) if w < 0 else inf) - prior(prefix, False), prefix) for w, prefix in weights]
        weights.sort()
    else:
        # What is so far behind does not catch up: only a prior can lift it.
        least = min(weights)[0] * cutoff * _HOPELESS
        weights = sorted(each for each in weights if each[0] <= least)
    return {prefix: grown[prefix] for _, prefix in weights[:width]}


def _scaled(beam: dict[Labels, tuple[float, float]]) -> dict[Labels, tuple[float, float]]:
    """The prefixes, their probabilities scaled up together before they get too small for a float."""
    top = max(map(max, beam.values()))
    if not 0 < top < _TINY:
        return beam
    return {prefix: (ends_blank / top, ends_label / top) for prefix, (ends_blank, ends_label) in beam.items()}
