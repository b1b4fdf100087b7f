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

from ocr_doc.core.geometry import as_quad, box_quad, quad_angle, quad_size
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.finds import Find, Judges, height_of, rows_of, settle
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
# Degrees of lean from which a word is tried upright as well.
LEANING = 2.5
# An image at most so many times as wide as high may hold a single character.
ALONE = 1.2


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
        that the judges believe.
    """
    seen = _looks(detector, pixels, words)
    worths = judges.count(rows_of([each.word for each in seen]))
    return settle([Find(each.word, each.fitness, worth) for each, worth in zip(seen, worths, strict=True)], judges)


def _looks(detector: WordDetector, pixels: NDArray[np.uint8], words: Sequence[DetectedWord]) -> list[_Seen]:
    """What is seen in all scales, rows of words far apart too, and what leans upright as well."""
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
    leaning = [each for each in seen if LEANING < abs(quad_angle(each.word.quad)) < 30]
    return seen + [_Seen(upright(each.word), each.fitness) for each in leaning]


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
    words = detector.detect(padded)
    if isinstance(detector, WordDetector):
        found = find_codes(detector, padded, words, judges(padded))
    else:
        found = join_phrases(words)
    large = [word for word in found if height_of(word) >= 0.4 * height]
    if large:
        longest = max(large, key=lambda word: len(word.characters))
        quad, *characters = (as_quad(np.array(q) - room) for q in (longest.quad, *longest.characters))
        rows.append(Row(quad, tuple(characters)))
    return rows


def _usual_scale(words: Sequence[DetectedWord], best: float) -> float:
    heights = [height_of(word) for word in words]
    return best / max(1.0, float(np.median(heights))) if heights else 1.0


def _seen(word: DetectedWord, scale: float, best: float) -> _Seen:
    off = float(np.log(max(height_of(word) * scale, 1e-3) / best))
    return _Seen(word, float(np.exp(-0.5 * (off / _SPREAD) ** 2)))


def upright(word: DetectedWord) -> DetectedWord:
    """A leaning word as if it did not: a short word's direction is a guess."""
    centres = np.array([np.mean(quad, axis=0) for quad in word.characters])
    widths = np.array([quad_size(quad)[0] for quad in word.characters])
    middle, half = float(centres[:, 1].mean()), height_of(word) / 2
    edges = np.stack([centres[:, 0] - widths / 2, centres[:, 0] + widths / 2], axis=1)
    boxes = [box_quad((float(a), middle - half, float(b), middle + half)) for a, b in edges]
    whole = box_quad((float(edges[:, 0].min()), middle - half, float(edges[:, 1].max()), middle + half))
    return DetectedWord(whole, word.confidence, tuple(boxes))
