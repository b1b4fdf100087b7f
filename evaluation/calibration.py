"""Whether a confidence means what it says: of the words with confidence 0.8, 80 % should be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Ten bins of equal width, as is usual: enough to see a bend, and each holds words enough.
BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Words of similar confidence.

    Attributes:
        low, high: Its confidences, in [0, 1].
        words: How many.
        confidence: Their mean confidence.
        right: The share of them that is right.
    """

    low: float
    high: float
    words: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A reliability table.

    Attributes:
        bins: Those that hold words, by rising confidence.
        error: The expected calibration error, in [0, 1].
    """

    bins: tuple[Bin, ...]
    error: float


def calibrate(words: Iterable[tuple[float, bool]]) -> Calibration | None:
    """Compares confidences with what was right (expected calibration error: Naeini et al. 2015; Guo et al. 2017).

    Args:
        words: Each word's confidence in [0, 1], and whether it was right.

    Returns:
        The table; None without words.
    """
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    total = 0
    for confidence, right in words:
        members[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
        total += 1
    if not total:
        return None
    bins = []
    for i, each in enumerate(members):
        if each:
            mean = sum(confidence for confidence, _ in each) / len(each)
            share = sum(right for _, right in each) / len(each)
            bins.append(Bin(i / BINS, (i + 1) / BINS, len(each), mean, share))
    error = sum(each.words * abs(each.confidence - each.right) for each in bins) / total
    return Calibration(tuple(bins), error)
