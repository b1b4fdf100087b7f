"""Rows and blocks: words of one text line together, left to right; lines with a gap between them apart.

Words are joined into rows pair by pair, the surest pair first: two words that overlap across the text once the slope
between them is taken out, near before far. A pair joins its two rows only where no two of their words would stand over
one another. Near pairs settle what a row is; then the slope is measured again on whole rows, and only then are the
far pairs tried: the amount at the right edge finds the label at the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.records import Block, Line, Word
from ocr_doc.layout.slope import CHUNK, Floats, lean, page_skew, smooth_slopes

__all__ = ["arrange", "page_skew"]

# Of the lower word's height, how much two words of one row must share.
MIN_OVERLAP = 0.5
# Beside a word so many times taller, text is not its row: a logo stands beside several lines.
MAX_HEIGHT_RATIO = 3.0
# A dash or a dot is as high as its ink; as a member of a row it counts as so much of the usual text height.
SIGN_HEIGHT = 0.6
# Of the narrower word's width, how much two words of one row may share along it.
MAX_STACKING = 0.5
# Words nearer than this, in heights, are near pairs; beyond, the slope's error decides between rows.
NEAR_GAP = 4.0
# Within this gap, in heights, words that share nothing across the text are surely of two rows.
SURE_GAP = 15.0
# What distance costs, against an alignment in [0, 1].
GAP_COST = 0.1
# A block ends at a gap this much larger than the page's usual gap between lines, in line heights, ...
BLOCK_GAP = 0.6
# ... where at most this counts as usual: two lines far apart are two blocks.
MAX_USUAL_GAP = 2.0


@dataclass(frozen=True, slots=True)
class _Frame:
    """Words as upright boxes, the lean of the page taken out.

    Attributes:
        centres: (N, 2) pixels.
        widths: (N,) along the text.
        heights: (N,) across it.
        slopes: (N,) each word's own rise of y per x.
    """

    centres: Floats
    widths: Floats
    heights: Floats
    slopes: Floats


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of words that may share a row, the surest first.

    Attributes:
        first, second: (P,) word numbers.
        gaps: (P,) between the words, in heights.
        clashes: For each word the set, as bits, of the words that its row must not hold.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    gaps: Floats
    clashes: list[int]


def arrange(words: Sequence[Word]) -> tuple[Block, ...]:
    """Puts words into reading order.

    Words come in any order and the result does not depend on it. Text that runs another way than most (a quarter or
    half turn) makes blocks of its own, after the others.

    Args:
        words: With quads in pixels of one page.

    Returns:
        Blocks of lines, top to bottom; each word is in exactly one line. Empty for no words.
    """
    if not words:
        return ()
    ordered = sorted(words, key=lambda word: (word.quad, word.text, word.confidence))
    quads = np.array([word.quad for word in ordered], dtype=np.float64)
    skew, turns = lean(quads)
    usual = int(np.bincount(turns, minlength=4).argmax())
    blocks: list[Block] = []
    for turn in sorted(set(turns.tolist()), key=lambda turn: (turn - usual) % 4):
        members = np.flatnonzero(turns == turn)
        texts = [ordered[i] for i in members]
        frame = _level(quads[members], skew + 90.0 * turn, texts)
        rows = _sorted_rows(frame, _join_rows(frame))
        blocks += _blocks(frame, rows, texts)
    return tuple(blocks)


def _level(quads: Floats, angle: float, words: Sequence[Word]) -> _Frame:
    """Words as boxes in a frame where text that runs at `angle` degrees is level."""
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned = quads @ np.array([[cos, -sin], [sin, cos]])
    along = (turned[:, 1] + turned[:, 2] - turned[:, 0] - turned[:, 3]) / 2
    across = (turned[:, 2] + turned[:, 3] - turned[:, 0] - turned[:, 1]) / 2
    widths = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-3)
    heights = np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-3)
    signs = np.array([not any(c.isalnum() for c in word.text) for word in words])
    heights = np.where(signs, np.maximum(heights, SIGN_HEIGHT * np.median(heights)), heights)
    slopes = along[:, 1] / np.maximum(np.abs(along[:, 0]), 1e-3)
    return _Frame(turned.mean(axis=1), widths, heights, np.clip(slopes, -1.0, 1.0))


def _join_rows(frame: _Frame) -> list[list[int]]:
    """Rows as lists of word numbers: near pairs first, then far ones along the slope of the rows so found."""
    height = float(np.median(frame.heights))
    slopes = smooth_slopes(frame.centres, frame.slopes, frame.widths, height)
    near = _pairs(frame, slopes)
    rows = _merge([[i] for i in range(len(slopes))], near, NEAR_GAP)
    own, lengths = _measured_slopes(frame, rows)
    return _merge(rows, _pairs(frame, smooth_slopes(frame.centres, own, lengths, height)), np.inf)


def _measured_slopes(frame: _Frame, rows: list[list[int]]) -> tuple[Floats, Floats]:
    """Each word's slope, measured from its left to its right neighbour in the row, where it has any.

    Returns:
        Slopes and the length that each was measured on, (N,) each.
    """
    slopes, lengths = frame.slopes.copy(), frame.widths.copy()
    for row in rows:
        inner = sorted(row, key=lambda i: frame.centres[i, 0])
        for left, word, right in zip([inner[0], *inner], inner, [*inner[1:], inner[-1]], strict=False):
            dx, dy = frame.centres[right] - frame.centres[left]
            if dx > lengths[word]:
                slopes[word], lengths[word] = np.clip(dy / dx, -1.0, 1.0), dx
    return slopes, lengths


def _pairs(frame: _Frame, slopes: Floats) -> _Pairs:
    """Compares all words with all, a chunk at a time."""
    # Single precision: hundredths of a pixel decide nothing here, and it halves the work.
    x, y = frame.centres.T.astype(np.float32)
    w, h, slope = (part.astype(np.float32) for part in (frame.widths, frame.heights, slopes))
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]] = []
    clashes: list[int] = []
    for start in range(0, len(x), CHUNK):
        here = slice(start, start + CHUNK)
        dx = x[here, None] - x
        # The mean of both slopes: the same seen from either word, and right for a line that bends evenly.
        dy = np.abs(y[here, None] - y - dx * (0.5 * slope[here, None] + 0.5 * slope))
        low = np.minimum(h[here, None], h)
        shared = (0.5 * h[here, None] + 0.5 * h) - dy
        between = np.abs(dx) - (0.5 * w[here, None] + 0.5 * w)
        clashing = between < -MAX_STACKING * np.minimum(w[here, None], w)
        clashing |= (shared <= 0) & (between < SURE_GAP * low)
        np.fill_diagonal(clashing[:, start:], False)
        clashes += [int.from_bytes(row.tobytes(), "little") for row in np.packbits(clashing, axis=1, bitorder="little")]
        tall = np.maximum(h[here, None], h)
        likely = ~clashing & (shared >= MIN_OVERLAP * low) & (tall <= MAX_HEIGHT_RATIO * low)
        first, second = np.nonzero(np.triu(likely, start + 1))
        gaps = np.maximum(between[first, second], 0) / low[first, second]
        first += start
        alignment = 1 - 2 * dy[first - start, second] / (h[first] + h[second])
        found.append((first, second, gaps, alignment - GAP_COST * np.log1p(gaps)))
    first, second, gap, score = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((second, first, -score))
    return _Pairs(first[order], second[order], gap[order], clashes)


def _merge(rows: list[list[int]], pairs: _Pairs, max_gap: float) -> list[list[int]]:
    """Joins rows along pairs, the surest first, where no two words of a joined row would clash."""
    row_of: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    bits: dict[int, int] = {}
    clashes: dict[int, int] = {}
    for name, row in enumerate(rows):
        members[name] = list(row)
        bits[name] = sum(1 << word for word in row)
        clashes[name] = 0
        for word in row:
            row_of[word] = name
            clashes[name] |= pairs.clashes[word]
    near = pairs.gaps <= max_gap
    for a, b in zip(pairs.first[near].tolist(), pairs.second[near].tolist(), strict=True):
        one, other = row_of[a], row_of[b]
        if one == other or clashes[one] & bits[other]:
            continue
        if len(members[one]) < len(members[other]):
            one, other = other, one
        for word in members[other]:
            row_of[word] = one
        members[one] += members.pop(other)
        bits[one] |= bits.pop(other)
        clashes[one] |= clashes.pop(other)
    return list(members.values())


def _sorted_rows(frame: _Frame, rows: list[list[int]]) -> list[list[int]]:
    """Words of a row left to right, rows top to bottom."""
    x, y = frame.centres.T
    left = x - frame.widths / 2
    rows = [sorted(row, key=lambda i: (left[i], y[i], i)) for row in rows]
    return sorted(rows, key=lambda row: (_middle(y[row].tolist()), left[row[0]], row[0]))


def _blocks(frame: _Frame, rows: list[list[int]], words: Sequence[Word]) -> list[Block]:
    """Splits rows, top to bottom, where the gap between two is larger than usual."""
    middles = np.array([_middle(frame.centres[row, 1].tolist()) for row in rows])
    heights = np.array([_middle(frame.heights[row].tolist()) for row in rows])
    line_height = float(np.median(heights))
    gaps = np.maximum(np.diff(middles) - (heights[1:] + heights[:-1]) / 2, 0)
    usual = min(float(np.median(gaps)) if len(gaps) else 0.0, MAX_USUAL_GAP * line_height)
    splits = np.flatnonzero(gaps > usual + BLOCK_GAP * line_height) + 1
    lines = [Line(tuple(words[i] for i in row)) for row in rows]
    edges = [0, *splits.tolist(), len(lines)]
    return [Block(tuple(lines[a:b])) for a, b in pairwise(edges)]


def _middle(values: list[float]) -> float:
    """The median; of an even count the upper one. NumPy's takes longer to start than a row takes to sort."""
    return sorted(values)[len(values) // 2]
