"""Where each character of a labelled line stands: weak supervision for the detector.

Few page sets label characters; many label lines. As in CRAFT (Baek et al. 2019) a network that can already read finds
the characters in the lines, but here it is the recogniser: the label is aligned with its time steps (CTC's most
probable path that spells it), so that the label and not the network says what is one word and what two. The network's
peaks give the characters' middles, the ink between them the edges.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box
from ocr_doc.recognizer.alphabet import Alphabet, ctc_steps
from ocr_doc.recognizer.crops import normalise
from ocr_doc.recognizer.ctc import align, log_likelihoods
from ocr_doc.training.lines import with_margin
from ocr_doc.training.page_canvas import RULE, PageWord, word_of_edges

LogProbs = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""The recogniser: (N, 1, 32, W) float32 in [0, 1] → log-probabilities (N, T, classes)."""

LEAST_LIKELY = -0.5
"""Natural logarithm of the label's probability for each of its characters below which a line is not trusted."""

# Share of a line's height: ink further from a word's characters than this is not of the word.
_NEAR = 0.25
# Half the height of the rows with most of a word's ink; how far dots and accents are off its letters, and how far parts
# of signs are from one another; in heights of the line.
_CORE, _ABOVE, _APART = 0.15, 0.12, 0.4
# Of a word's letters by their height, which one says how tall they are; others reach so much further, in heights of it.
_TALL, _REACH = 0.7, 0.4
# Ink that is all so near the upper or lower edge of a crop and goes on beyond it is another line's.
_EDGE = 0.35
# Between two characters their edge lies in the middle so much of their distance, where there is least ink.
_MIDDLE = 0.6
# Grey levels between ink and paper below which there is nothing to see.
_CONTRAST = 24.0
# Ink of at most this area, in squares of the crop's height, is dirt.
_SPECK = 0.003
# Ink that goes through a crop from edge to edge and is at most so thick, in its heights, is a rule or a frame.
_RULE = 0.2
_PAD = 1.0


class LineAligner:
    """Finds the words of labelled lines, character by character.

    Args:
        engine: The recogniser.
        alphabet: Of the recogniser.
    """

    def __init__(self, engine: LogProbs, alphabet: Alphabet) -> None:
        self._engine, self._alphabet = engine, alphabet
        pairs = {c: c.swapcase() for c in alphabet.symbols if len(c.swapcase()) == 1 and c.swapcase() in alphabet}
        self._cases = np.arange(len(alphabet))
        for symbol, other in pairs.items():
            self._cases[alphabet.encode(symbol)[0]] = alphabet.encode(other)[0]

    def __call__(self, page: NDArray[np.uint8], box: Box, label: str) -> list[PageWord] | None:
        """The words of a line.

        Args:
            page: (H, W) uint8 grey.
            box: Of the line, pixels.
            label: What it says; upper and lower case count as the same.

        Returns:
            Words with their characters' quads in pixels of the page, without those that are drawn rules; None where
            the label does not fit what is there.
        """
        text = self._alphabet.normalise(label)
        left, top, right, bottom = with_margin(box, page.shape)
        crop = page[top:bottom, left:right]
        if not text or not self._alphabet.covers(text) or min(crop.shape) < 4:
            return None
        middles = self._middles(crop, text)
        ink = ink_of(crop)
        if middles is None or ink is None:
            return None
        words = _words(ink, text, middles)
        return [_placed(word, left, top) for word in words if not RULE.fullmatch(word.text)]

    def _middles(self, crop: NDArray[np.uint8], text: str) -> NDArray[np.float64] | None:
        """Where each symbol of the text peaks, columns of the crop; None where the text is not what is there."""
        classes = self._alphabet.encode(text)
        normal = normalise(crop, len(text))
        log_probs = np.asarray(self._engine(normal.pixels[None, None]), dtype=np.float64)
        steps = log_probs.shape[1]
        if ctc_steps(classes) > steps:
            return None
        cased = self._cases != np.arange(len(self._cases))
        other = np.where(cased, log_probs[:, :, self._cases], -np.inf)
        either = np.logaddexp(log_probs, other)
        if log_likelihoods(either, [tuple(classes)])[0] < LEAST_LIKELY * len(classes):
            return None
        spans = align(either[0], tuple(classes))
        middles = np.array([(symbol.start + symbol.end) / 2 for symbol in spans])
        return np.asarray(middles * (normal.pixels.shape[1] / steps) * crop.shape[1] / normal.width)


def ink_of(crop: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Where the ink is, (h, w): the rarer of the two shades, without specks; None where nothing stands out."""
    low, high = np.percentile(crop, (2, 98))
    if high - low < _CONTRAST:
        return None
    threshold, _ = cv2.threshold(crop, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = np.asarray(crop <= threshold)
    ink = dark if dark.mean() <= 0.5 else ~dark
    _, parts, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    dirt = _dirt(np.asarray(stats, dtype=np.int32), crop.shape)
    dirt[0] = True  # the paper
    return None if dirt.all() else np.asarray(~dirt[parts])


def _dirt(stats: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which components are specks, rules that run through the crop, or of other lines (rows of OpenCV's statistics)."""
    left, top, width, height, area = stats.T
    above = (top == 0) & (height <= _EDGE * shape[0])
    below = (top + height == shape[0]) & (height <= _EDGE * shape[0])
    along = (left == 0) & (left + width == shape[1]) & (height <= _RULE * shape[0])
    across = (top == 0) & (top + height == shape[0]) & (width <= _RULE * shape[0])
    return np.asarray((area <= _SPECK * shape[0] ** 2) | along | across | above | below)


def _words(ink: NDArray[np.bool_], text: str, middles: NDArray[np.float64]) -> list[PageWord]:
    """The words of a text whose symbols' middles are known, in pixels of the ink's picture."""
    spans = [match.span() for match in re.finditer(r"\S+", text)]
    columns = ink.sum(axis=0)
    height = ink.shape[0]
    near = _NEAR * height
    gaps = [_gap(columns, middles[a[1] - 1], middles[b[0]], _RULE * height) for a, b in pairwise(spans)]
    starts = [-np.inf, *(gap[1] for gap in gaps)]
    ends = [*(gap[0] for gap in gaps), np.inf]
    words = []
    for (first, last), low, high in zip(spans, starts, ends, strict=True):
        own = middles[first:last]
        left, right = _extent(columns, max(low, 0), min(high, len(columns)), own[0], own[-1], near)
        signs = not any(symbol.isalnum() for symbol in text[first:last])
        rows = _rows(ink[:, int(left) : max(int(left) + 1, int(np.ceil(right)))], signs=signs)
        if rows is None:
            continue
        edges = np.array([left - _PAD, *_edges(columns, own), right + _PAD])
        edges = np.maximum.accumulate(np.clip(edges, edges[0], edges[-1]))
        words.append(word_of_edges(text[first:last], edges, rows[0] - _PAD, rows[1] + _PAD))
    return words


def _gap(columns: NDArray[np.integer], before: float, after: float, rule: float) -> tuple[float, float]:
    """The widest run of columns with the least ink between two characters' middles.

    That is mostly none, or that of a line through both words; where there is more, the two touch and the run's middle
    parts them.
    """
    low, high = int(before) + 1, max(int(before) + 2, int(np.ceil(after)))
    part = columns[low:high]
    if not len(part):
        return (before + after) / 2, (before + after) / 2
    least = part == part.min()
    runs = np.flatnonzero(np.diff(np.concatenate([[False], least, [False]]))).reshape(-1, 2)
    widest = runs[np.diff(runs, axis=1)[:, 0].argmax()]
    start, end = float(low + widest[0]), float(low + widest[1])
    return (start, end) if part.min() <= rule else ((start + end) / 2, (start + end) / 2)


def _extent(
    columns: NDArray[np.integer], low: float, high: float, first: float, last: float, near: float
) -> tuple[float, float]:
    """The word's ink from its first character's middle to the left and from its last one's to the right."""
    inked = np.flatnonzero(columns[int(low) : int(np.ceil(high))]) + int(low)
    left, right = first, last
    for x in inked[inked < first][::-1]:
        if left - x - 1 > near:
            break
        left = float(x)
    for x in inked[inked >= last]:
        if x - right > near:
            break
        right = float(x + 1)
    return left, max(right, left + 1)


def _rows(ink: NDArray[np.bool_], *, signs: bool) -> tuple[float, float] | None:
    """First and last row (exclusive) of a word's ink.

    That is what reaches into the rows with most of it, and dots and accents close by; ink of the lines above and below
    is not of the word, however close they are.
    """
    height = len(ink)
    profile = np.convolve(ink.sum(axis=1), np.ones(2 * round(_CORE * height) + 1), "same")
    if not profile.any():
        return None
    middle = int(profile.argmax())
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    tops, bottoms = stats[1:, cv2.CC_STAT_TOP], stats[1:, cv2.CC_STAT_TOP] + stats[1:, cv2.CC_STAT_HEIGHT]
    core = (tops <= middle + _CORE * height) & (bottoms > middle - _CORE * height)
    if not core.any():
        return None
    # A tall letter, but not the tallest: one that touches the next line reaches as far as that does.
    tall = np.flatnonzero(core)[np.argsort((bottoms - tops)[core])]
    pick = tall[round(_TALL * (len(tall) - 1))]
    top, bottom = float(tops[pick]), float(bottoms[pick])
    near, reach = _ABOVE * height, _REACH * (bottom - top)
    if signs:  # the dots of a colon stand further apart than a dot is high
        top, bottom, near, reach = float(tops[core].min()), float(bottoms[core].max()), _APART * height, _APART * height
    whole = (tops >= top - reach) & (bottoms <= bottom + reach) & (tops > 0) & (bottoms < height)
    own = whole & (core | ((bottoms >= top - near) & (tops <= bottom + near)))
    if not own.any():
        return top, bottom
    return min(top, float(tops[own].min())), max(bottom, float(bottoms[own].max()))


def _edges(columns: NDArray[np.integer], middles: NDArray[np.float64]) -> list[float]:
    """Between each two characters of a word the place with the least ink, near the middle where several are alike."""
    edges = []
    for a, b in pairwise(middles):
        centre, reach = (a + b) / 2, _MIDDLE * (b - a) / 2
        places = np.arange(max(0, int(np.ceil(centre - reach))), min(len(columns), int(centre + reach) + 1))
        if not len(places):
            edges.append(float(centre))
            continue
        cost = columns[places] + np.abs(places + 0.5 - centre) / max(reach, 1.0)
        edges.append(float(places[cost.argmin()]) + 0.5)
    return edges


def _placed(word: PageWord, left: int, top: int) -> PageWord:
    offset = np.array([left, top], np.float32)
    return PageWord(word.text, word.quad + offset, word.characters + offset)
