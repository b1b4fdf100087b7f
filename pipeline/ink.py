"""Where ink begins in a small part of a page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Grey levels between paper and ink, at least.
MIN_CONTRAST = 60


def ink_level(part: NDArray[np.uint8]) -> float | None:
    """The grey level below which a part of a page is ink: half way between its darkest and its paper.

    Args:
        part: (h, w) uint8 with some ink on it, dark on light.

    Returns:
        In [0, 255]; None where there are no pixels, or too little contrast to tell ink from paper.
    """
    if not part.size:
        return None
    low, high = (float(level) for level in np.percentile(part, (2, 90)))
    return (low + high) / 2 if high - low >= MIN_CONTRAST else None
