"""The Gaussian that training draws into each character and decoding measures: both must agree on its width.

A character's box, mapped to the square [-1, 1]², carries exp(-s²·(u² + v²)/2) with s = `SPREAD`. Baek et al. 2019 draw
the same form. s is chosen so that the score at a side's middle is 0.2: neighbours that touch are parted by a valley of
0.2, and a threshold above that leaves a known share of the box, which decoding undoes.
"""

from __future__ import annotations

import math

SPREAD = 1.8
"""Standard deviations from a box's middle to its side."""


def visible_share(threshold: float) -> float:
    """Share of a box's width (or height) in which the Gaussian's ridge exceeds `threshold`.

    Args:
        threshold: Score in (0, 1).

    Returns:
        A factor above 0; above 1 where the threshold is below the score at the box's side.

    Raises:
        ValueError: If the threshold is not inside (0, 1).
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"a threshold lies inside (0, 1), not {threshold}")
    return math.sqrt(-2.0 * math.log(threshold)) / SPREAD
