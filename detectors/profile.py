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
    falling = False  # whether the profile has dipped far enough below the last peak to look for another
    for k in range(1, len(profile)):
        value = profile[k]
        if value < profile[valleys[-1]]:
            valleys[-1] = k
        if not falling and value > profile[peaks[-1]]:
            peaks[-1] = valleys[-1] = k
        falling = profile[valleys[-1]] < share * profile[peaks[-1]]
        if falling and profile[valleys[-1]] < share * value:
            peaks.append(k)
            valleys.append(k)
            falling = False
    return peaks, valleys[: len(peaks) - 1]
