"""The most probable reading of a row that fits a pattern, and whose check digit holds."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.character_crops import Strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.patterns import Pattern, Symbols
from ocr_doc.recognizer.segments import Lattice, cheapest, either_case, piece_costs, placed

# Readings that are tried for one whose check digit holds; beyond, the check decides nothing any more.
TRIES = 4000
# Readings of one character that are tried.
_CHOICES = 6
# Nats beyond which a reading is none: each character of it would be next to impossible.
_WORST = 8.0

# Where the free reading has a character, leaving it out costs so many times what other ink costs: a pattern is no leave
# to drop characters.
DROPPED = 8.0

Step = tuple[int, Symbols]


def fit_pattern(
    lattice: Lattice, strip: Strip, classifier: CharacterClassifier, pattern: Pattern
) -> SerialReading | None:
    """The cheapest reading that fits.

    Returns:
        The reading with its cost on the scale of `read_lattice`'s; None where nothing fits.
    """
    logs = either_case(lattice.log_probs, classifier.symbols).astype(np.float64)
    found = _way(lattice, logs, classifier.symbols, pattern)
    if found is None:
        return None
    steps, cost = found
    rows = [_choices(logs[piece], symbols, classifier.symbols) for piece, symbols in steps]
    best = sum(row[0][0] for row in rows)
    for extra, picked in _cheapest_first(rows):
        text = "".join(row[k][1] for row, k in zip(rows, picked, strict=True))
        if pattern.check is None or pattern.check(text.upper()):
            chosen = [row[k] for row, k in zip(rows, picked, strict=True)]
            characters = tuple(
                placed(symbol, float(np.exp(-nats)), lattice.cuts[piece], strip,
                       classifier.alternatives(np.exp(logs[piece]).astype(np.float32)))
                for (piece, _), (nats, symbol) in zip(steps, chosen, strict=True)
            )  # fmt: skip
            return SerialReading(characters, cost + extra - best)
    return None


def _way(
    lattice: Lattice, logs: NDArray[np.float64], symbols: Sequence[str], pattern: Pattern
) -> tuple[list[Step], float] | None:
    """The cheapest way through nodes of the lattice and states of the pattern at once."""
    best = {allowed: _best(logs, allowed, symbols) for arrows in pattern.arrows for allowed, _ in arrows}
    skips = _skips(lattice, symbols)
    count, states = len(lattice.nodes), len(pattern.arrows)
    total = np.full((count, states), np.inf)
    total[0, list(pattern.starts)] = 0.0
    back: dict[tuple[int, int], tuple[int, int, Symbols]] = {}
    arriving = lattice.arriving()
    for node in range(1, count):
        total[node] = total[node - 1] + skips[node - 1]
        for piece in arriving[node]:
            start = int(lattice.ends[piece, 0])
            for state in np.flatnonzero(np.isfinite(total[start])).tolist():
                for allowed, target in pattern.arrows[state]:
                    cost = total[start, state] - best[allowed][piece]
                    if cost < total[node, target]:
                        total[node, target] = cost
                        back[node, target] = (piece, state, allowed)
    ends = [state for state in pattern.finals if np.isfinite(total[-1, state])]
    if not ends:
        return None
    state = min(ends, key=lambda s: float(total[-1, s]))
    return _walked(lattice, skips, back, total, state), float(total[-1, state])


def _skips(lattice: Lattice, symbols: Sequence[str]) -> NDArray[np.float64]:
    """Nats to pass from each node to the next without a character."""
    skips = lattice.skips.copy()
    path, _ = cheapest(lattice, piece_costs(lattice.log_probs, symbols))
    for start, end in lattice.ends[path].tolist():
        skips[start:end] *= DROPPED
    return np.asarray(skips)


def _walked(
    lattice: Lattice, skips: NDArray[np.float64], back: dict[tuple[int, int], tuple[int, int, Symbols]],
    total: NDArray[np.float64], state: int,
) -> list[Step]:  # fmt: skip
    """The steps of a way, found from its end."""
    steps: list[Step] = []
    node = len(total) - 1
    while node > 0:
        came = back.get((node, state))
        passed = total[node - 1, state] + skips[node - 1]
        if came is None or passed <= total[node, state]:
            node -= 1
            continue
        piece, before, allowed = came
        steps.append((piece, allowed))
        node, state = int(lattice.ends[piece, 0]), before
    return steps[::-1]


def _best(logs: NDArray[np.float64], allowed: Symbols, symbols: Sequence[str]) -> NDArray[np.float64]:
    """Log-probability (N,) of the best allowed symbol of each piece; -inf where none is likely at all."""
    classes = [k for k, symbol in enumerate(symbols) if symbol in allowed]
    if not classes or not len(logs):
        return np.full(len(logs), -np.inf)
    best = np.asarray(logs[:, classes].max(axis=1))
    return np.where(best > -_WORST, best, -np.inf)


def _choices(row: NDArray[np.float64], allowed: Symbols, symbols: Sequence[str]) -> list[tuple[float, str]]:
    """Nats and symbols that a piece may be, the cheapest first."""
    costs = sorted((float(-row[k]), symbol) for k, symbol in enumerate(symbols) if symbol in allowed)
    return costs[:_CHOICES]


def _cheapest_first(rows: Sequence[Sequence[tuple[float, str]]]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Picks of one choice for each character, in the order of their cost, with that cost."""
    first = (0,) * len(rows)
    heap = [(sum(row[0][0] for row in rows), first)]
    seen = {first}
    for _ in range(TRIES):
        if not heap:
            return
        cost, picked = heapq.heappop(heap)
        yield cost, picked
        for i, k in enumerate(picked):
            if k + 1 < len(rows[i]):
                following = (*picked[:i], k + 1, *picked[i + 1 :])
                if following not in seen:
                    seen.add(following)
                    heapq.heappush(heap, (cost - rows[i][k][0] + rows[i][k + 1][0], following))
