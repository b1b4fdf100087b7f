"""Whether a confidence means what it says: of the words with confidence 0.8, 80 % should be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ocr_doc.recognizer.calibration import Calibration, log_odds

# Ten bins of equal width, as is usual: enough to see a bend, and each holds words enough.
BINS = 10
# Newton's method needs about eight steps; it ends when a step moves the line by less than this.
STEPS, ENOUGH = 50, 1e-6
# Holds the line to the confidences as they are where there are hardly any words, as one word's doubt would.
RIDGE = 1.0


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
class Reliability:
    """A reliability table.

    Attributes:
        bins: Those that hold words, by rising confidence.
        error: The expected calibration error, in [0, 1].
        fit: What would make the confidences fit; None if all words are right, or all wrong.
    """

    bins: tuple[Bin, ...]
    error: float
    fit: Calibration | None = None


def calibrate(words: Iterable[tuple[float, bool]]) -> Reliability | None:
    """Compares confidences with what was right (expected calibration error: Naeini et al. 2015; Guo et al. 2017).

    Args:
        words: Each word's confidence in [0, 1], and whether it was right.

    Returns:
        The table; None without words.
    """
    pairs = list(words)
    if not pairs:
        return None
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in pairs:
        members[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    bins = []
    for i, each in enumerate(members):
        if each:
            mean = sum(confidence for confidence, _ in each) / len(each)
            share = sum(right for _, right in each) / len(each)
            bins.append(Bin(i / BINS, (i + 1) / BINS, len(each), mean, share))
    error = sum(each.words * abs(each.confidence - each.right) for each in bins) / len(pairs)
    return Reliability(tuple(bins), error, fit_calibration(pairs))


def fit_calibration(words: Sequence[tuple[float, bool]]) -> Calibration | None:
    """The line through the log odds under which what was seen is likeliest (Platt 1999), by Newton's method.

    Args:
        words: Each word's confidence in [0, 1], and whether it was right.

    Returns:
        Slope and offset; None if all words are right or all are wrong, or if surer words are not more often right.
    """
    if len({right for _, right in words}) < 2:
        return None
    odds = np.array([(log_odds(confidence), 1.0) for confidence, _ in words])
    right = np.array([float(right) for _, right in words])
    line = np.array([1.0, 0.0])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-odds @ line))
        gradient = odds.T @ (right - chance) - RIDGE * (line - [1.0, 0.0])
        curvature = (odds * (chance * (1 - chance))[:, None]).T @ odds + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # Far from the solution a whole step can overshoot.
        line = line + step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-9))
        if float(np.abs(step).max()) < ENOUGH:
            break
    slope, offset = (round(float(value), 3) for value in line)
    return Calibration(slope, offset) if slope > 0 else None
