"""Lines that touch: where a descender of one meets an ascender of the next, both are one component of the maps.

In dense print that is a word or more a page, each of them lost: a crop over two lines reads as nothing. Their score has
a valley between the lines, which no line of its own has, however high it is.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.medians import weighted_median
from ocr_doc.detectors.profile import peaks_and_valleys

# A component is looked at that is so many times as high as most of the page's text, by width.
TALL = 1.45
# A valley parts two lines where the score along them falls below this share of the lower of both.
VALLEY = 0.5
# One of the lines has to be so many times as long as high: the letters of a word that runs upwards stand above one
# another, too.
LONG = 2.0


def gaps_between_lines(
    region: NDArray[np.float32], labels: NDArray[np.int32], stats: NDArray[np.int32], kept: NDArray[np.int64],
    lean: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Points between lines of text that touch; without them each line is a component of its own.

    Args:
        region: (H, W) float32 region scores in [0, 1].
        labels: (H, W) int32, each point's component.
        stats: (N, 5) int32 as OpenCV gives them: left, top, width, height, points.
        kept: Numbers of the components that are text.
        lean: Direction of the page's lines in radians, clockwise from level.

    Returns:
        Rows and columns of the points.
    """
    if not len(kept):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    slope = float(np.tan(lean))
    widths = stats[kept, 2].astype(np.float64)
    heights = np.maximum(stats[kept, 3] - np.abs(slope) * widths, 1.0)
    usual = weighted_median(heights, widths)
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for k in kept[(heights >= TALL * usual) & (widths >= LONG * usual)]:
        x, y, w, h = (int(v) for v in stats[k, :4])
        r, c = np.nonzero(labels[y : y + h, x : x + w] == k)
        # Rows of the text: each as far from the line through the component's middle.
        levels = r - slope * (c - (w - 1) / 2)
        steps = np.rint(levels - levels.min()).astype(np.int64)
        scores = np.asarray(np.bincount(steps, region[r + y, c + x]), dtype=np.float64)
        for valley in _valleys(scores, steps, c):
            gap = np.abs(steps - valley) <= (0 if slope == 0 else 1)
            rows.append(r[gap] + y)
            columns.append(c[gap] + x)
    return np.concatenate(rows), np.concatenate(columns)


def _valleys(scores: NDArray[np.float64], steps: NDArray[np.int64], columns: NDArray[np.int64]) -> list[int]:
    """Rows at which a component parts into lines.

    Args:
        scores: Sum of the scores of each row of the text.
        steps: Row of each point.
        columns: Column of each point.
    """
    _, found = peaks_and_valleys(scores.tolist(), VALLEY)
    bounds = [-1, *found, len(scores)]
    parts = [columns[(steps > a) & (steps < b)] for a, b in pairwise(bounds)]
    lengths = ((part, b - a - 1) for part, (a, b) in zip(parts, pairwise(bounds), strict=True))
    longest = max((int(np.ptp(part)) + 1) / height for part, height in lengths if len(part))
    return found if longest >= LONG else []
