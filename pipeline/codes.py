"""Where codes stand: looks at a page in several scales, for text of any size beside other text.

A document has one size of text, and the detector looks at it in that scale. A plate has a code three times as high as
the names above and below it: each size is found in a look of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import as_quad, box_overlap, box_quad, quad_angle, quad_box, quad_size
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.networks import Detector
from ocr_doc.phrases import join_phrases
from ocr_doc.recognizer.serial import Row

# Each look is so many times smaller than the one before.
RATIO = 1.35
# Looks at most, and the least side of the smallest one in pixels.
MOST_LOOKS = 8
LEAST_SIDE = 48
# The largest look: text a sixtieth of it high is found, which is all that codes need.
MOST_PIXELS = 1_500_000
# Small pictures are enlarged to this: what is smaller in them than a twentieth is no code.
ENLARGED = 400
# Logarithm of the factor by which text is off the height that the detector likes best at which it is believed less.
_SPREAD = 0.8
# Share of the smaller of two boxes that lies in both, and of its characters that lie on ones of the other, from which
# they are of the same text.
_SAME = 0.25
_LEAST_WEIGHT = 0.3
# Degrees of lean from which a word is tried upright as well.
LEANING = 2.5
# An image at most so many times as wide as high may hold a single character.
ALONE = 1.2

# Boxes with so much in common, of as many characters, are one box.
_ONE = 0.9
# A row of less than so many times the weight of one in its place is no rival to it.
_RIVAL = 0.4
# A row counts longer, by parts beside it, where the recogniser is so many times as sure of it, or surer.
LONGER = 0.94
# Power of the recogniser's certainty beside the classifier's count: 2 to 8 make little difference.
_TRUST = 4.0

Judge = Callable[[Sequence[Row]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Judges:
    """What says whether a row of an image is text.

    Attributes:
        count: How many characters there are in each of several rows, as far as can be told: quick.
        certainty: How sure the recogniser is of each of several rows, a character, in [0, 1]; slow.
    """

    count: Judge
    certainty: Judge


@dataclass(frozen=True, slots=True)
class _Seen:
    """A word of one look.

    Attributes:
        fitness: In (0, 1], how near its height is to what the detector sees best.
    """

    word: DetectedWord
    fitness: float


def find_codes(
    detector: WordDetector, pixels: NDArray[np.uint8], words: Sequence[DetectedWord], judges: Judges
) -> list[DetectedWord]:
    """The words of a page in any size.

    Args:
        detector: Looks.
        pixels: (H, W, 3) uint8 RGB.
        words: Those of the usual look.
        judges: Of the page.

    Returns:
        Words of all looks, joined where they stand in one row; where several say different things of a place, those
        with the most characters, and of which the recogniser is surest.
    """
    best = detector.options.scale.text_height
    seen = [_seen(word, _usual_scale(words, best), best) for word in words]
    height, width = pixels.shape[:2]
    scale = min((MOST_PIXELS / (height * width)) ** 0.5, max(1.0, ENLARGED / min(height, width)))
    for _ in range(MOST_LOOKS):
        found = detector.detect_at(pixels, scale)
        # Characters far apart are words of their own, each of which some part of it outweighs: as a row they count.
        rows = [row for row in join_phrases(found) if row not in found]
        seen += [_seen(word, scale, best) for word in (*found, *rows)]
        scale /= RATIO
        if scale * min(height, width) < LEAST_SIDE:
            break
    seen += [_Seen(upright(each.word), each.fitness) for each in seen if LEANING < abs(quad_angle(each.word.quad)) < 30]
    worths = judges.count(_rows([each.word for each in seen]))
    weights = [worth * (0.6 + 0.4 * each.fitness) for each, worth in zip(seen, worths, strict=True)]
    places = _rivals([_Place(each.word, weight) for each, weight in zip(seen, weights, strict=True)])
    certain = judges.certainty(_rows([place.word for place in places]))
    for place, certainty in zip(places, certain, strict=True):
        place.weight, place.certainty = place.weight * certainty**_TRUST, certainty
    return _joined(_heaviest(places), judges.certainty)


def crop_rows(
    pixels: NDArray[np.uint8], detector: Detector, judges: Callable[[NDArray[np.uint8]], Judges]
) -> list[Row]:
    """Where the row of an image may stand that holds one word or one character, in pixels of the image.

    Args:
        pixels: (h, w, 3) uint8 RGB.
        detector: Looks; it sees the image with paper around it.
        judges: Gives those of an image.

    Returns:
        The whole image, as one character where it is no wider than one, and what the detector found in it.
    """
    height, width = pixels.shape[:2]
    whole = box_quad((0.0, 0.0, float(width), float(height)))
    rows = [Row(whole, (whole,) if width <= ALONE * height else ())]
    room = max(4, round(0.4 * height))
    padded = np.asarray(cv2.copyMakeBorder(pixels, room, room, room, room, cv2.BORDER_REPLICATE), dtype=np.uint8)
    words = list(detector.detect(padded))
    if isinstance(detector, WordDetector):
        words = find_codes(detector, padded, words, judges(padded))
    large = [word for word in join_phrases(words) if _height(word) >= 0.4 * height]
    if large:
        longest = max(large, key=lambda word: len(word.characters))
        quad, *characters = (as_quad(np.array(q) - room) for q in (longest.quad, *longest.characters))
        rows.append(Row(quad, tuple(characters)))
    return rows


def _usual_scale(words: Sequence[DetectedWord], best: float) -> float:
    heights = [_height(word) for word in words]
    return best / max(1.0, float(np.median(heights))) if heights else 1.0


def _seen(word: DetectedWord, scale: float, best: float) -> _Seen:
    off = float(np.log(max(_height(word) * scale, 1e-3) / best))
    return _Seen(word, float(np.exp(-0.5 * (off / _SPREAD) ** 2)))


def upright(word: DetectedWord) -> DetectedWord:
    """A leaning word as if it did not: a short word's direction is a guess."""
    centres = np.array([np.mean(quad, axis=0) for quad in word.characters])
    widths = np.array([quad_size(quad)[0] for quad in word.characters])
    middle, half = float(centres[:, 1].mean()), _height(word) / 2
    edges = np.stack([centres[:, 0] - widths / 2, centres[:, 0] + widths / 2], axis=1)
    boxes = [box_quad((float(a), middle - half, float(b), middle + half)) for a, b in edges]
    whole = box_quad((float(edges[:, 0].min()), middle - half, float(edges[:, 1].max()), middle + half))
    return DetectedWord(whole, word.confidence, tuple(boxes))


def _height(word: DetectedWord) -> float:
    (ax, ay), _, _, (dx, dy) = word.quad
    return float(np.hypot(dx - ax, dy - ay))


class _Place:
    """Where a word stands: a name in the gap of a code's row lies in the row's box, but on none of its characters.

    Attributes:
        weight: What speaks for it.
        certainty: The recogniser's, a character, in [0, 1].
    """

    def __init__(self, word: DetectedWord, weight: float) -> None:
        self.word, self.weight, self.certainty = word, weight, 1.0
        self.box = quad_box(word.quad)
        self._boxes = np.array([quad_box(quad) for quad in word.characters or (word.quad,)])

    @property
    def area(self) -> float:
        """Square pixels of its box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    def shares(self, other: _Place) -> bool:
        """Whether both are of the same text."""
        if box_overlap(self.box, other.box) < _SAME:
            return False
        small, large = sorted((self, other), key=lambda place: place.area)
        x, y = ((small._boxes[:, :2] + small._boxes[:, 2:]) / 2).T[:, :, None]
        left, top, right, bottom = large._boxes.T[:, None]
        inside = ((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any(axis=1)
        return bool(inside.mean() >= _SAME)

    def repeats(self, other: _Place) -> bool:
        """Whether both are one and the same find of two looks."""
        if len(self._boxes) != len(other._boxes):
            return False
        both = box_overlap(self.box, other.box) * min(self.area, other.area)
        return both > _ONE * (self.area + other.area - both)


def _rows(words: Sequence[DetectedWord]) -> list[Row]:
    return [Row(word.quad, tuple(word.characters)) for word in words]


def _heaviest(places: Sequence[_Place]) -> list[_Place]:
    """The places with the most weight, none over another one, the heaviest first."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda place: -place.weight):
        if not any(place.shares(other) for other in kept):
            kept.append(place)
    return kept


def _joined(places: Sequence[_Place], certainty: Judge) -> list[DetectedWord]:
    """The words of places, those of one row as one, if the recogniser is hardly less sure of it than of its parts."""
    words = [place.word for place in places]
    rows = [row for row in join_phrases(words) if row not in words]
    for row, sure in zip(rows, certainty(_rows(rows)), strict=True):
        parts = [place for place in places if set(place.word.characters) <= set(row.characters)]
        if sure >= LONGER * min(part.certainty for part in parts):
            words = [*(word for word in words if all(word is not part.word for part in parts)), row]
    return words


def _rivals(places: Sequence[_Place]) -> list[_Place]:
    """Of all finds those that could be what stands in their place."""
    told: list[_Place] = []
    for place in sorted((p for p in places if p.weight >= _LEAST_WEIGHT), key=lambda place: -place.weight):
        if not any(place.repeats(other) for other in told):
            told.append(place)
    best = _heaviest(told)
    return [p for p in told if all(p.weight >= _RIVAL * other.weight for other in best if p.shares(other))]
