"""Which rows of codes stand on a page: of what several looks find in one place, what classifier and recogniser believe.

Eight looks find a row whole, cut short, with a picture beside it, in two parts that overlap, together with the line
below. What counts is the number of characters, less the more the recogniser doubts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ocr_doc.core.geometry import as_quad, box_overlap, quad_box
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.phrases import join_phrases, phrase_of
from ocr_doc.recognizer.overheard import Ends
from ocr_doc.recognizer.serial import Row

# Share of the smaller of two boxes that lies in both, and of its characters that lie on ones of the other, from which
# they are of the same text.
_SAME = 0.25
# What stands so near to a character's upper or lower edge, of its height, is another line: boxes are a little high.
_EDGE = 0.1
_LEAST_WEIGHT = 0.3
# Boxes with so much in common, of as many characters, are one box.
_ONE = 0.9
# A row of less than so many times the weight of one in its place is no rival to it.
_RIVAL = 0.4
# What is left beside the best part of a row is believed from this certainty on.
_SURE = 0.9
# A row counts longer, by parts or characters beside it, where the recogniser is so many times as sure of it, or surer.
_LONGER = 0.94
# The same where the recogniser has read those characters surely already.
_LONGER_HEARD = 0.85
# A row that has grown so may go on: a letter stands behind each.
_ROUNDS = 3
# Two finds that overlap are of one row where one is at most so many times as high, their middles are so near, and what
# both have and what each has alone are so long, in heights of the lower one.
_ALIKE, _ASIDE, _PART = 1.5, 0.3, 0.25
# Text so near to a row's end, in heights, is what comes next.
_NEXT = 0.8
# Of what is read less surely nothing more is read beside it.
_LEGIBLE = 0.7
# Power of the recogniser's certainty beside the classifier's count: 2 to 8 make little difference.
_TRUST = 4.0

Judge = Callable[[Sequence[Row]], Sequence[float]]
Longer = Callable[[Sequence[Row]], Sequence[Row]]
Overheard = Callable[[Sequence[Ends], Sequence[Row]], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Judges:
    """What says whether a row of an image is text.

    Attributes:
        count: How many characters there are in each of several rows, as far as can be told: quick.
        certainty: How sure the recogniser is of each of several rows, a character, in [0, 1]; slow.
        longer: The rows with the characters that seem to stand beyond their ends.
        overheard: Given which ends are free, the rows with what the recogniser reads beyond these; slow.
    """

    count: Judge
    certainty: Judge
    longer: Longer
    overheard: Overheard


class Find:
    """A word of some look and what speaks for it.

    Attributes:
        fitness: That of its look, in (0, 1].
        worth: How many characters there are in it, as far as can be told.
        certainty: The recogniser's, a character, in [0, 1].
    """

    def __init__(self, word: DetectedWord, fitness: float, worth: float, certainty: float = 1.0) -> None:
        self.word, self.fitness, self.worth, self.certainty = word, fitness, worth, certainty
        self.box = quad_box(word.quad)
        self._boxes = np.array([quad_box(quad) for quad in word.characters or (word.quad,)])

    @property
    def weight(self) -> float:
        """What speaks for it."""
        return float(self.worth * (0.6 + 0.4 * self.fitness) * self.certainty**_TRUST)

    @property
    def area(self) -> float:
        """Square pixels of its box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    def shares(self, other: Find) -> bool:
        """Whether both are of the same text: a name in the gap of a row is in its box, but on no character of it.

        Nor is small print close above or below a row, though the boxes of its characters reach into it.
        """
        if box_overlap(self.box, other.box) < _SAME:
            return False
        small, large = sorted((self, other), key=lambda find: find.area)
        x, y = ((small._boxes[:, :2] + small._boxes[:, 2:]) / 2).T[:, :, None]
        left, top, right, bottom = large._boxes.T[:, None]
        edge = _EDGE * (bottom - top)
        top, bottom = top + edge, bottom - edge
        inside = ((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any(axis=1)
        return bool(inside.mean() >= _SAME)

    def repeats(self, other: Find) -> bool:
        """Whether both are one and the same find of two looks."""
        if len(self._boxes) != len(other._boxes):
            return False
        both = box_overlap(self.box, other.box) * min(self.area, other.area)
        return both > _ONE * (self.area + other.area - both)


def settle(finds: Sequence[Find], judges: Judges) -> list[DetectedWord]:
    """What stands on a page of which several looks say different things.

    Args:
        finds: Words of all looks, certain or not.
        judges: Of the page.

    Returns:
        Words, no two of the same text: those with the most characters and of which the recogniser is surest, with the
        characters beyond their ends, joined where they stand in one row.
    """
    best = _best(_told_apart(finds), judges)
    best = _grown(best, judges.longer, judges)
    heard: set[Find] = set()
    for _ in range(_ROUNDS):
        ends = [(False, False) if find in heard else free for find, free in zip(best, _free_ends(best), strict=True)]
        heard.update(best)
        best = _grown(best, partial(judges.overheard, ends), judges, _LONGER_HEARD)
    return _joined(best, judges.certainty)


def _told_apart(finds: Sequence[Find]) -> list[Find]:
    """The finds that may be text, each once, the heaviest first."""
    told: list[Find] = []
    for find in sorted((p for p in finds if p.weight >= _LEAST_WEIGHT), key=lambda find: -find.weight):
        if not any(find.repeats(other) for other in told):
            told.append(find)
    return told


def _best(finds: Sequence[Find], judges: Judges) -> list[Find]:
    """What stands in each place, as far as classifier and recogniser can tell."""
    rivals = _certain(_rivals(finds), judges)
    pairs = [(one, other) for one in _heaviest(rivals) for other in rivals if one is not other]
    best = _heaviest(rivals + _united(pairs, judges))
    return best + _left_over(finds, rivals, best, judges)


def _left_over(finds: Sequence[Find], rivals: Sequence[Find], best: Sequence[Find], judges: Judges) -> list[Find]:
    """What lies in rows that have lost against a part of them that is read more surely, beside that part.

    It was no rival to the row, which has it as well. A single character is as often the edge of a frame.
    """
    lost = [find for find in rivals if find not in best]
    free = [find for find in finds if not any(find.shares(other) for other in best)]
    parts = [find for find in free if len(find.word.characters) > 1 and any(find.shares(row) for row in lost)]
    return _heaviest([find for find in _certain(parts, judges) if find.certainty >= _SURE])


def _certain(finds: Sequence[Find], judges: Judges) -> list[Find]:
    """The finds, each as certain as the recogniser is of it."""
    for find, certainty in zip(finds, judges.certainty(rows_of([find.word for find in finds])), strict=True):
        find.certainty = certainty
    return list(finds)


def _rivals(finds: Sequence[Find]) -> list[Find]:
    """Of finds those that could be what stands in their place."""
    best = _heaviest(finds)
    return [p for p in finds if all(p.weight >= _RIVAL * other.weight for other in best if p.shares(other))]


def _heaviest(finds: Sequence[Find]) -> list[Find]:
    """Those with the most weight, none over another one, the heaviest first."""
    kept: list[Find] = []
    for find in sorted(finds, key=lambda find: -find.weight):
        if not any(find.shares(other) for other in kept):
            kept.append(find)
    return kept


def _united(pairs: Sequence[tuple[Find, Find]], judges: Judges) -> list[Find]:
    """Pairs of which each has one end of a row, and both its middle, as one, where the recogniser hardly doubts it."""
    parts = [sorted(pair, key=lambda find: find.box[0]) for pair in pairs if _overlap_in_row(*pair)]
    words = [_union(left.word, right.word) for left, right in parts]
    rows = rows_of(words)
    return [
        Find(word, max(left.fitness, right.fitness), worth, certainty)
        for (left, right), word, worth, certainty in zip(
            parts, words, judges.count(rows), judges.certainty(rows), strict=True
        )
        if certainty >= _LONGER * min(left.certainty, right.certainty)
    ]


def _overlap_in_row(one: Find, other: Find) -> bool:
    """Whether both are of one height and line, have some of it in common, and each has some more at one end."""
    if not box_overlap(one.box, other.box):
        return False
    low, high = sorted(height_of(find.word) for find in (one, other))
    longer = max((one, other), key=lambda find: find.area)
    x, y = np.array(longer.word.quad[1]) - longer.word.quad[0]
    level = np.array([[x, -y], [y, x]]) / max(np.hypot(x, y), 1e-6)
    left, right = sorted(quad_box(as_quad(np.array(find.word.quad) @ level)) for find in (one, other))
    aside = abs(left[1] + left[3] - right[1] - right[3]) / 2
    parts = (right[0] - left[0], left[2] - right[0], right[2] - left[2])
    return high <= _ALIKE * low and aside <= _ASIDE * low and min(parts) >= _PART * low


def _union(left: DetectedWord, right: DetectedWord) -> DetectedWord:
    """Two words that overlap as one; the characters that both have are the left one's."""
    end = quad_box(left.characters[-1])[2] if left.characters else quad_box(left.quad)[2]
    beyond = tuple(quad for quad in right.characters if np.mean([x for x, _ in quad]) > end)
    return replace(phrase_of([left, right]), characters=(*left.characters, *beyond))


def _free_ends(finds: Sequence[Find]) -> list[Ends]:
    """Of each find, whether there may be more before its start and behind its end: it can be read, no row is there."""
    left, top, right, bottom = np.array([find.box for find in finds]).reshape(-1, 4).T
    high, middle = bottom - top, (top + bottom) / 2
    # A single character beside a row may be its next one.
    rows = np.array([len(find.word.characters) > 1 for find in finds])
    ends = []
    for i, find in enumerate(finds):
        beside = rows & (np.abs(middle - middle[i]) < high[i] / 2) & (high > high[i] / 2)
        before = beside & (left < left[i]) & (right > left[i] - _NEXT * high[i])
        behind = beside & (right > right[i]) & (left < right[i] + _NEXT * high[i])
        legible = find.certainty >= _LEGIBLE
        ends.append((legible and not before.any(), legible and not behind.any()))
    return ends


def _grown(finds: Sequence[Find], more: Longer, judges: Judges, least: float = _LONGER) -> list[Find]:
    """Finds with the characters beyond their ends, where the recogniser is hardly less sure of them so.

    Where one grows into another they are united; where the recogniser doubts that, the heavier one counts.
    """
    short = rows_of([find.word for find in finds])
    changed = {i: row for i, (row, old) in enumerate(zip(more(short), short, strict=True)) if row is not old}
    rows = list(changed.values())
    grown, met = list(finds), []
    for i, row, worth, certainty in zip(changed, rows, judges.count(rows), judges.certainty(rows), strict=True):
        if certainty >= least * finds[i].certainty:
            word = replace(finds[i].word, quad=row.quad, characters=row.characters)
            grown[i] = Find(word, finds[i].fitness, worth, certainty)
            met += [(grown[i], other) for other in finds if other is not finds[i]]
    return _heaviest(grown + _united(met, judges))


def _joined(finds: Sequence[Find], certainty: Judge) -> list[DetectedWord]:
    """The words of finds, those of one row as one, if the recogniser is hardly less sure of it than of its parts."""
    words = [find.word for find in finds]
    rows = [row for row in join_phrases(words) if row not in words]
    for row, sure in zip(rows, certainty(rows_of(rows)), strict=True):
        parts = [find for find in finds if set(find.word.characters) <= set(row.characters)]
        if sure >= _LONGER * min(part.certainty for part in parts):
            words = [*(word for word in words if all(word is not part.word for part in parts)), row]
    return words


def rows_of(words: Sequence[DetectedWord]) -> list[Row]:
    """Words as rows to be read."""
    return [Row(word.quad, tuple(word.characters)) for word in words]


def height_of(word: DetectedWord) -> float:
    """Pixels from a word's top to its foot, at its start."""
    (ax, ay), _, _, (dx, dy) = word.quad
    return float(np.hypot(dx - ax, dy - ay))
