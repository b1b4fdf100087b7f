"""Where a page has ink: the parts of the detector's input that are worth its time.

A receipt scanned on a page of its own leaves most of the glass empty, and empty paper costs the network as much as
print. So the page is asked for contrast first, cell by cell, and what has none is not looked at.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 32
"""Regions start at multiples of this, which is the network's coarsest stride."""

# Grey levels by which averages of two points a side differ from what is around them, from which on they are ink; the
# faintest print that is read differs by more. Noisy paper does, too, and is looked at.
_FAINTEST = 6
# The same of a colour channel, which compression leaves coarser: print that its colour alone tells from its ground.
_FAINTEST_COLOUR = 20
# Marks shorter than this each way are specks where no longer ones are near, pixels: text is about 20 high.
_SPECK = 10
# Empty cells around ink that are looked at with it: the network judges a place by what is around it.
_AROUND = 1
# Regions of more than this share of the page in all gain too little.
_MOST = 0.75

Region = tuple[int, int, int, int]


def ink_regions(pixels: NDArray[np.uint8]) -> list[Region]:
    """The parts of a page that are worth looking at.

    Args:
        pixels: (H, W, 3) uint8, H and W multiples of `CELL`, as the network is to see it.

    Returns:
        Boxes (left, top, right, bottom) in pixels, at multiples of `CELL`, that share no point and hold all that may be
        text; the whole page where they would be most of it, and none on an empty page.
    """
    height, width = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    half = cv2.resize(pixels, (width * CELL // 2, height * CELL // 2), interpolation=cv2.INTER_AREA)
    ink = _ink(cv2.cvtColor(half, cv2.COLOR_RGB2GRAY), _FAINTEST)
    for channel in cv2.split(half)[::2]:  # red and blue; green is most of the grey
        ink |= _ink(channel, _FAINTEST_COLOUR)
    whole = [(0, 0, width * CELL, height * CELL)]
    if _cells(ink).mean() > _MOST:
        return whole
    # One point of growth on each side joins what noise and dot-matrix print have broken.
    _, labels, marks, _ = cv2.connectedComponentsWithStats(cv2.dilate(ink, np.ones((3, 3), np.uint8)))
    long = marks[:, 2:4].max(axis=1) >= _SPECK // 2 + 2
    long[0] = False
    side = 2 * _AROUND + 1
    near = cv2.dilate(_cells(long.astype(np.uint8)[labels]), np.ones((side, side), np.uint8))
    stats = cv2.connectedComponentsWithStats(near)[2]
    boxes = _apart([(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()])
    if sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) > _MOST * height * width:
        return whole
    return [(left * CELL, top * CELL, right * CELL, bottom * CELL) for left, top, right, bottom in boxes]


def _ink(levels: cv2.typing.MatLike, faintest: int) -> NDArray[np.uint8]:
    """1 where levels (H, W) uint8 differ by more than `faintest` from what is around them, else 0."""
    around = cv2.boxFilter(levels, -1, (CELL - 1, CELL - 1), borderType=cv2.BORDER_REPLICATE)
    _, ink = cv2.threshold(cv2.absdiff(levels, around), faintest, 1, cv2.THRESH_BINARY)
    return np.asarray(ink, dtype=np.uint8)


def _cells(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest value in each cell of a mask at half size."""
    side = CELL // 2
    height, width = ink.shape[0] // side, ink.shape[1] // side
    # Row by row first, where the processor does many columns at once.
    return np.asarray(ink.reshape(height, side, -1).max(axis=1).reshape(height, width, side).max(axis=2))


def _apart(boxes: list[Region]) -> list[Region]:
    """Boxes that share no point: those that do become one."""
    found: list[Region] = []
    for box in boxes:
        current = box
        # A grown box may reach one that was clear of it before.
        while touching := [other for other in found if _overlap(current, other)]:
            found = [other for other in found if other not in touching]
            lefts, tops, rights, bottoms = zip(current, *touching, strict=True)
            current = min(lefts), min(tops), max(rights), max(bottoms)
        found.append(current)
    return found


def _overlap(one: Region, other: Region) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
