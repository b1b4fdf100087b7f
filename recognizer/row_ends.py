"""Characters beyond a row's ends: what a detector left out there is looked for.

A detector that saw few rows so large, or so wide apart, stops a character short: the 1 at a plate's end is a bar to it.
So the ink beside a row is cut out where it is parted from the rest, and the classifier says whether it is a character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, quad_part
from ocr_doc.recognizer.character_crops import MARGIN, ROW_HEIGHT, SIDE, Strip, character_crop, cut_strip
from ocr_doc.recognizer.characters import CharacterClassifier
from ocr_doc.recognizer.segments import ACTIVE, Cut, activity
from ocr_doc.recognizer.serial import Row, cuts_of, is_sound

Floats = NDArray[np.float32]
Inked = Callable[[Strip, Sequence[Cut]], NDArray[np.bool_]]

# How far is looked, in heights, and for how many characters at each end.
REACH = 2.2
MOST = 3
# A gap to the next character is at most this, in heights, or so many times the widest gap of the row.
GAP, WIDER = 0.35, 1.6
# Ink narrower or wider than this, in heights, is no character.
NARROW, WIDE = 0.08, 1.0
# Two readings of it together are at least so probable; of what may be a bar of a frame, more.
SURE, SURE_BAR = 0.75, 0.8
# The rows well inside the text, and how far off the paper's grey is ink, relative to the row's own.
_CORE, _INKED = slice(MARGIN + 4, SIDE - MARGIN - 4), 0.5
_BARS = frozenset("1Il|/")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Ink beside a row: which row, at which end, and its columns."""

    row: int
    right: bool
    cut: Cut


def with_ends(grey: NDArray[np.uint8], rows: Sequence[Row], classifier: CharacterClassifier) -> list[Row]:
    """Rows with the characters that stand beyond their ends.

    Args:
        grey: (H, W) uint8, the page.
        rows: Found on it; those of fewer than two characters stay as they are, since nothing says how wide gaps are.
        classifier: Names characters.

    Returns:
        The rows in their order, some of them longer.
    """
    longer = list(rows)
    for inked in (_off_paper, _stirred):  # on even ground the first parts letters better, on a picture the second
        longer = _with_ends(grey, longer, classifier, inked)
    return longer


def _with_ends(
    grey: NDArray[np.uint8], rows: Sequence[Row], classifier: CharacterClassifier, inked: Inked
) -> list[Row]:
    strips = {
        i: cut_strip(grey, np.array(row.quad), REACH)
        for i, row in enumerate(rows)
        if len(row.characters) >= 2 and is_sound(row)
    }
    candidates = [c for i, strip in strips.items() for c in _candidates(i, strip, cuts_of(rows[i], strip), inked)]
    crops = [character_crop(strips[c.row].pixels, *c.cut) for c in candidates]
    taken: dict[int, list[_Candidate]] = {}
    closed: set[tuple[int, bool]] = set()
    for candidate, crop, probabilities in zip(candidates, crops, classifier.probabilities(crops), strict=True):
        end = candidate.row, candidate.right
        if end in closed:
            continue
        if _is_character(crop, probabilities, classifier):
            taken.setdefault(candidate.row, []).append(candidate)
        else:  # what stands behind something else is not of this row
            closed.add(end)
    return [_longer(row, strips[i], taken[i]) if i in taken else row for i, row in enumerate(rows)]


def _candidates(index: int, strip: Strip, cuts: Sequence[Cut], inked: Inked) -> list[_Candidate]:
    """Ink beside a row, at each end from the row outwards."""
    cuts = sorted(cuts)
    gaps = [b - a for (_, a), (b, _) in pairwise(cuts)]
    widest = max(GAP * ROW_HEIGHT, WIDER * max([0, *gaps]))
    active = inked(strip, cuts)
    found = []
    for right in (False, True):
        end = cuts[-1][1] if right else cuts[0][0]
        for cut in _runs(active, end, right)[:MOST]:
            gap = cut[0] - end if right else end - cut[1]
            if gap > widest or not NARROW * ROW_HEIGHT <= cut[1] - cut[0] <= WIDE * ROW_HEIGHT:
                break
            found.append(_Candidate(index, right, cut))
            end = cut[1] if right else cut[0]
    return found


def _off_paper(strip: Strip, cuts: Sequence[Cut]) -> NDArray[np.bool_]:
    """Columns in which something stands half way up the row: what is above and below of it is of other rows."""
    core = strip.pixels[_CORE]
    inside = core[:, max(0, cuts[0][0]) : max(1, cuts[-1][1])]
    off = np.abs(core - np.median(inside)).max(axis=0)
    ink = float(np.quantile(off[max(0, cuts[0][0]) : max(1, cuts[-1][1])], 0.8))
    return np.asarray(off > _INKED * max(ink, 0.1))


def _stirred(strip: Strip, _cuts: Sequence[Cut]) -> NDArray[np.bool_]:
    """Columns whose grey levels spread."""
    return activity(strip) > ACTIVE


def _runs(active: NDArray[np.bool_], end: int, right: bool) -> list[Cut]:
    """Stretches of ink beyond a column, outwards; the first may have begun before it by a part of its width."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    # What touches the strip's end may go on behind it.
    runs = [(a, b) for a, b in runs if a > 0 and b < len(active)]
    if right:
        return [(a, b) for a, b in runs if a >= end - (b - a) * 0.4 and b > end + 1]
    return [(a, b) for a, b in runs if b <= end + (b - a) * 0.4 and a < end - 1][::-1]


def _is_character(crop: Floats, probabilities: Floats, classifier: CharacterClassifier) -> bool:
    order = np.argsort(-probabilities[1:])[:2] + 1
    if not classifier.symbols[order[0]].isalnum():
        return False
    together = float(probabilities[order].sum())
    if classifier.symbols[order[0]] in _BARS:
        return together >= SURE_BAR and not _goes_on(crop)
    return together >= SURE


def _goes_on(crop: Floats) -> bool:
    """Whether what stands in the middle of a crop goes on above and below the row, as a frame does."""
    middle = slice(crop.shape[1] // 2 - 2, crop.shape[1] // 2 + 2)
    inside = float(np.median(crop[MARGIN + 4 : -MARGIN - 4, middle]))
    paper = float(np.median(crop[:, [0, -1]]))
    ends = (float(np.median(crop[:1, middle])), float(np.median(crop[-1:, middle])))
    return all(abs(end - inside) < 0.35 * abs(paper - inside) for end in ends)


def _longer(row: Row, strip: Strip, taken: Sequence[_Candidate]) -> Row:
    """The row from the first to the last of its characters, those taken among them."""
    width = strip.pixels.shape[1] - 2 * strip.start
    spans = [((c.cut[0] - strip.start) / width, (c.cut[1] - strip.start) / width) for c in taken]
    left, right = min(0.0, *(a for a, _ in spans)), max(1.0, *(b for _, b in spans))
    before: list[Quad] = [quad_part(row.quad, *span) for c, span in zip(taken, spans, strict=True) if not c.right]
    after: list[Quad] = [quad_part(row.quad, *span) for c, span in zip(taken, spans, strict=True) if c.right]
    return replace(
        row,
        quad=quad_part(row.quad, left, right),
        characters=(*reversed(before), *row.characters, *after),
        places=tuple((place - left) / (right - left) for place in row.places),
    )
