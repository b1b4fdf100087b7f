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
    rows = _runs(classes, peaks, blank)
    scores = log_likelihoods(log_probs, [tuple(s.label for s in symbols) for symbols in rows], blank)
    return [Decoding(symbols, exp(score)) for symbols, score in zip(rows, scores.tolist(), strict=True)]


def _runs(paths: NDArray[np.intp], peaks: FloatArray, blank: int) -> list[tuple[Symbol, ...]]:
    """The runs of equal classes in each of N paths of T steps, without the blank's; `peaks` are (N, T), too."""
    rows: list[list[Symbol]] = [[] for _ in paths]
    if paths.size:
        # All paths lie one after the other; at its first step each begins anew.
        begins = np.ones(paths.shape, dtype=bool)
        np.not_equal(paths[:, 1:], paths[:, :-1], out=begins[:, 1:])
        starts = np.flatnonzero(begins)
        labels, tops = paths.ravel()[starts], np.maximum.reduceat(peaks.ravel(), starts)
        places, starts = np.divmod(starts, paths.shape[1])
        ends = np.append(starts[1:], 0)
        ends[ends == 0] = paths.shape[1]
        kept = labels != blank
        found = (each[kept].tolist() for each in (places, labels, tops, starts, ends))
        for place, label, top, start, end in zip(*found, strict=True):
            rows[place].append(Symbol(label, min(1.0, top), start, end))
    return [tuple(row) for row in rows]


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
    return part_likelihoods(list(zip(log_probs, labels, strict=True)), blank)


def part_likelihoods(parts: Sequence[tuple[FloatArray, Labels]], blank: int = 0) -> NDArray[np.float64]:
    """`log_likelihoods` of N parts that differ in length.

    Args:
        parts: Of each its log-probabilities (T, C), natural logarithm, and its labels.
        blank: The blank's class.

    Returns:
        (N,) float64, at most 0; -inf for labels that a part's T steps cannot spell.
    """
    lengths = np.array([len(own) for _, own in parts], dtype=np.intp)
    steps, most = max((len(part) for part, _ in parts), default=0), int(lengths.max(initial=0))
    if not steps:
        return np.where(lengths == 0, 0.0, -inf)
    # Steps behind a part's end are certain blanks: they change no probability. What is added up in a step lies side by
    # side: half of the time would go into rows of a few numbers else.
    blanks, inked = np.zeros((steps, len(parts))), np.full((steps, most, len(parts)), -inf)
    states = np.full((most, len(parts)), blank)
    for n, (part, own) in enumerate(parts):
        blanks[: len(part), n] = part[:, blank]
        inked[: len(part), : len(own), n] = part[:, own]
        states[: len(own), n] = own
    np.exp(blanks, out=blanks)
    np.exp(inked, out=inked)
    # A blank may be passed over only between two different labels.
    skip = np.asarray((states[1:] != states[:-1]) & (states[1:] != blank), dtype=np.float64)
    # Probability of the paths that end in the blank before each label or behind the last, and in each label.
    empty, written = np.zeros((most + 1, len(parts))), np.zeros((most, len(parts)))
    empty[0], written[:1] = blanks[0], inked[0, :1]
    moved, over = np.empty_like(written), np.empty_like(skip)
    before, behind, earlier, later = empty[:-1], empty[1:], written[:-1], moved[1:]
    scales = []
    for step in range(1, steps + 1):
        if step % _SCALED == 0 or step == steps:
            scale = empty.sum(axis=0) + written.sum(axis=0)
            scales.append(scale)
            divisor = np.where(scale > 0, scale, 1.0)
            empty /= divisor
            written /= divisor
        if step < steps:
            np.add(written, before, out=moved)
            np.add(later, np.multiply(earlier, skip, out=over), out=later)
            np.add(behind, written, out=behind)
            np.multiply(empty, blanks[step], out=empty)
            np.multiply(moved, inked[step], out=written)
    columns = np.arange(len(parts))
    final = empty[lengths, columns]
    if most:
        final += np.where(lengths > 0, written[lengths - 1, columns], 0.0)
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
    found: list[list[float]] = [[] for _ in decodings]
    owners, pieces = [], []
    for n, decoding in enumerate(decodings):
        labels = decoding.labels
        if divider not in labels:
            found[n] = [decoding.confidence] if labels else []
            continue
        for start, end, own in parts_of(decoding, divider, log_probs.shape[1]):
            owners.append(n)
            pieces.append((log_probs[n, start:end], own))
    for n, score in zip(owners, part_likelihoods(pieces, blank).tolist(), strict=True):
        found[n].append(min(1.0, exp(score)))
    return [tuple(parts) for parts in found]


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
    scores = np.full((steps, len(states)), -inf)
    scores[0, :2] = emit[0, :2]
    for step in range(1, steps):
        last, best = scores[step - 1], scores[step]
        best[0] = last[0]
        np.maximum(last[1:], last[:-1], out=best[1:])
        np.maximum(best[2:], last[:-2] + barred[2:], out=best[2:])
        best += emit[step]
    state = len(states) - 1 - int(scores[-1, -2] > scores[-1, -1])
    path = np.empty(steps, dtype=np.intp)
    path[-1] = state
    for step in range(steps - 2, -1, -1):
        # Where it came from: stayed, or one state on, or two.
        before = scores[step, max(0, state - 2) : state + 1].tolist()[::-1]
        if len(before) > 2:
            before[2] += barred[state]
        state -= before.index(max(before))
        path[step] = state
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
    # Of some 280 classes a few are ever likely; only those and the blank are looked at, and become plain numbers.
    reached = np.exp(np.asarray(log_probs.max(axis=0, initial=-inf), dtype=np.float64)) >= cutoff
    reached[blank] = True
    used = np.flatnonzero(reached)
    steps = np.exp(np.asarray(log_probs[:, used], dtype=np.float64))
    likely = (steps >= cutoff) & (steps > 0) & (used != blank)
    classes = used.tolist()
    # prefix → probability of all its paths that end in a blank, and of those that end in its last label
    beam: dict[Labels, tuple[float, float]] = {(): (1.0, 0.0)}
    fresh: list[list[tuple[int, float]]] = [[] for _ in steps]
    for row, place, chance in zip(*(found.tolist() for found in (*np.nonzero(likely), steps[likely])), strict=True):
        fresh[row].append((classes[place], chance))
    for count, (row, labels) in enumerate(zip(steps.tolist(), fresh, strict=True)):
        step = dict(zip(classes, row, strict=True))
        empty = step[blank]
        grown = {
            prefix: ((ends_blank + ends_label) * empty, ends_label * step[prefix[-1]] if prefix else 0.0)
            for prefix, (ends_blank, ends_label) in beam.items()
        }
        if labels:
            for prefix, (ends_blank, ends_label) in beam.items():
                either = ends_blank + ends_label
                last = prefix[-1] if prefix else blank
                for label, chance in labels:
                    # A double needs a blank between: only paths that end in one may write the same label anew.
                    arrives = (ends_blank if label == last else either) * chance
                    longer = (*prefix, label)
                    known = grown.get(longer)
                    grown[longer] = (known[0], known[1] + arrives) if known else (0.0, arrives)
        beam = _strongest(grown, width, cutoff, prior)
        if count % _SCALED == 0:
            beam = _scaled(beam)
    ordered = list(beam) if prior else sorted(beam, key=lambda prefix: (-beam[prefix][0] - beam[prefix][1], prefix))
    return [prefix for prefix in ordered if max(beam[prefix]) > 0] or [()]


def _strongest(
    grown: dict[Labels, tuple[float, float]], width: int, cutoff: float, prior: Prior | None
) -> dict[Labels, tuple[float, float]]:
    """The `width` prefixes of the greatest weight; by a prior in their order, among equals that of their labels."""
    if prior:
        weights = [(ends[0] + ends[1], prefix) for prefix, ends in grown.items()]
        ordered = sorted(((-log(w) if w > 0 else inf) - prior(prefix, False), prefix) for w, prefix in weights)
        return {prefix: grown[prefix] for _, prefix in ordered[:width]}
    # What is so far behind does not catch up: only a prior can lift it.
    totals = [ends_blank + ends_label for ends_blank, ends_label in grown.values()]
    least = max(totals) * cutoff * _HOPELESS
    if len(totals) <= width and min(totals) >= least:
        return grown
    kept = [(-total, prefix) for total, prefix in zip(totals, grown, strict=True) if total >= least]
    if len(kept) > width:
        kept = sorted(kept)[:width]
    return {prefix: grown[prefix] for _, prefix in kept}


def _scaled(beam: dict[Labels, tuple[float, float]]) -> dict[Labels, tuple[float, float]]:
    """The prefixes, their probabilities scaled up together before they get too small for a float."""
    top = max(map(max, beam.values()))
    if not 0 < top < _TINY:
        return beam
    return {prefix: (ends_blank / top, ends_label / top) for prefix, (ends_blank, ends_label) in beam.items()}
