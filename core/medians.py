"""The weighted median: what long words say counts for more than what short ones do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The least value that at least half of the weight does not pass.

    Args:
        values: (N,), N at least 1, in any order.
        weights: (N,), none below 0.
    """
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(total, total[-1] / 2)), len(values) - 1)])
