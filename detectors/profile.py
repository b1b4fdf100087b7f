"""Peaks of a profile: the characters of a word along it, the lines of a block across it."""

from __future__ import annotations

from collections.abc import Sequence


def peaks_and_valleys(profile: Sequence[float], share: float) -> tuple[list[int], list[int]]:
    """Peaks of a profile, and the lowest point between each two of them.

    Args:
        profile: Scores, none below 0; at least one.
        share: A dip counts only where it falls below this share of both peaks beside it.

    Returns:
        Places of the peaks, at least one, and of the valleys, one less.
    """
    peaks, valleys = [0], [0]
    high = low = profile[0]  # of the last peak, and of the lowest point behind it
    falling = False  # whether the profile has dipped far enough below the last peak to look for another
    for k, value in enumerate(profile):
        if value < low:
            low, valleys[-1] = value, k
        if not falling and value > high:
            high = low = value
            peaks[-1] = valleys[-1] = k
        falling = low < share * high
        if falling and low < share * value:
            peaks.append(k)
            valleys.append(k)
            high = low = value
            falling = False
    return peaks, valleys[: len(peaks) - 1]
