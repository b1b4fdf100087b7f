"""Crops of single characters: from a row of text to what the character classifier sees.

A row is scaled once, so that a character's crop is a slice of its columns. The row's own height sets the scale and not
each character's: so a small o stays small beside an O, a dot stays a dot, and a narrow 0 differs from a wide O.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import FloatArray, quad_size
from ocr_doc.recognizer.crops import MIN_CONTRAST, OUTLIERS

SIDE = 32
"""Height and width of what the classifier sees."""
ROW_HEIGHT = 26
"""Rows of it that the text takes, from the top of a capital to its foot."""
MARGIN = (SIDE - ROW_HEIGHT) // 2
# Columns seen on either side of a character: its edge, and no more of its neighbour than shows that it is one.
SIDE_MARGIN = 2

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of text as the classifier sees it.

    Attributes:
        pixels: (SIDE, W) float32 in [0, 1]; the text stands in rows MARGIN to SIDE - MARGIN.
        start: Column at which the text's quad begins; before it is margin.
        scale: Columns to a pixel of the page, along the text.
    """

    pixels: Floats
    start: float
    scale: float


def cut_strip(page: Grey, quad: FloatArray, margin: float = 0.25) -> Strip:
    """Cuts a row of text out of a page and puts it upright, with a margin all round.

    Args:
        page: (H, W) uint8.
        quad: (4, 2) corners in pixels, clockwise from the text's own top left.
        margin: Of each end, relative to the text's height.

    Returns:
        The row; pixels beyond the page repeat its edge.
    """
    corners = np.asarray(quad, dtype=np.float64)
    width, height = (max(side, 1.0) for side in quad_size(corners))
    scale = ROW_HEIGHT / height
    start = float(round(margin * ROW_HEIGHT))
    columns = max(4, round(width * scale + 2 * start))
    right = start + width * scale
    target = np.array([(start, MARGIN), (right, MARGIN), (right, SIDE - MARGIN), (start, SIDE - MARGIN)])
    # A large row is brought near its final size by averages first: warping alone would skip pixels.
    shrunk = 1.0
    while scale / shrunk < 0.5:
        page = np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        shrunk /= 2
    matrix = cv2.getPerspectiveTransform((corners * shrunk - 0.5).astype(np.float32), (target - 0.5).astype(np.float32))
    cut = cv2.warpPerspective(page, matrix, (columns, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Strip(stretched(np.asarray(cut, dtype=np.uint8)), start, scale)


def stretched(grey: Grey) -> Floats:
    """Grey levels with the row's own darkest and lightest parts at 0 and 1: faint print reads like black print."""
    flat = grey.ravel()
    tail = flat.size // OUTLIERS
    ends = np.partition(flat, (tail, flat.size - 1 - tail))
    low, high = float(ends[tail]), float(ends[flat.size - 1 - tail])
    span = max(high - low, MIN_CONTRAST / 2)
    low = min(low, (low + high - span) / 2)
    return np.asarray(np.clip((grey.astype(np.float32) - low) / span, 0.0, 1.0), dtype=np.float32)


def character_crop(strip: Floats, left: float, right: float) -> Floats:
    """What the classifier sees of one character.

    Args:
        strip: (SIDE, W) float32.
        left: The character's first column.
        right: The column behind its last one.

    Returns:
        (SIDE, SIDE) float32: the columns in the middle, squeezed if they are too wide, their own paper beside them.
    """
    width = strip.shape[1]
    x0 = min(max(round(left) - SIDE_MARGIN, 0), width - 1)
    x1 = min(max(round(right) + SIDE_MARGIN, x0 + 1), width)
    part = strip[:, x0:x1]
    if part.shape[1] > SIDE:
        part = np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)
    if part.shape[1] == SIDE:
        return np.ascontiguousarray(part)
    # The paper: the median of the edges, which strokes seldom fill.
    edges = np.concatenate([part[:, 0], part[:, -1], part[0], part[-1]])
    paper = float(np.partition(edges, len(edges) // 2)[len(edges) // 2])
    crop = np.full((SIDE, SIDE), paper, dtype=np.float32)
    x = (SIDE - part.shape[1]) // 2
    crop[:, x : x + part.shape[1]] = part
    return crop
