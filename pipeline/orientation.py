"""Which way up a page is: views of a page, and a vote on which of them is upright.

Detector and reader are made for upright text, and both show when it is not. Text on its side falls to pieces or is
found standing: few long words that lie are found on such a page. Text upside down is found as well as upright, yet read
badly. So shape tells lying text from standing, and a sample of words, read both ways, tells which end is up. Pages that
read well as they stand, which are nearly all, are asked nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, as_quads, box_quad, quad_angle, quad_size, transform_quads
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.detectors.scale import estimate_text_height
from ocr_doc.recognizer.colours import is_coloured
from ocr_doc.recognizer.crops import to_grey
from ocr_doc.recognizer.reader import Reading

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

# Words of at least so many characters that are at least so many times as long as high show a direction.
LONG_CHARACTERS, LONG_ASPECT = 3, 2.0
# Text lies where long words have this share of all area of words...
LYING = 0.5
# ...and is the right way up where they are read this surely, in the mean. Upside down it is a third of that.
LEGIBLE = 0.5
# Below this, text that lies is read well neither way: perhaps it does not lie at all.
ILLEGIBLE = 0.4
# Characters of a usual word.
USUAL = 6
# Words read in a vote, for each turn.
SAMPLE = 12
# A page stays as it is unless another turn has so many times its votes, and so many long words to speak for it.
MARGIN, LEAST_WORDS = 1.3, 2
# A winner with less than this share of the votes is told of.
UNSURE = 0.65


@dataclass(frozen=True)  # without slots: `grey` and `colours` are kept once they were asked for
class View:
    """A page, or a part of one, as it is looked at.

    Attributes:
        pixels: (h, w, 3) uint8 RGB.
        matrix: (3, 3), from pixels of the view to pixels of the page.
    """

    pixels: Pixels
    matrix: Floats

    @cached_property
    def grey(self) -> Pixels:
        """Luminance, (h, w)."""
        return to_grey(self.pixels)

    @cached_property
    def colours(self) -> Pixels | None:
        """The pixels of a view that has colours; None of one that has none."""
        return self.pixels if is_coloured(self.pixels) else None

    def turned(self, degrees: int) -> View:
        """This view turned clockwise by a multiple of 90 degrees; no pixel is changed."""
        height, width = self.pixels.shape[:2]
        back = {
            0: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
            90: ((0, 1, 0), (-1, 0, height), (0, 0, 1)),
            180: ((-1, 0, width), (0, -1, height), (0, 0, 1)),
            270: ((0, -1, width), (1, 0, 0), (0, 0, 1)),
        }[degrees % 360]
        pixels = np.ascontiguousarray(np.rot90(self.pixels, -(degrees // 90)))
        return View(pixels, self.matrix @ np.array(back, dtype=np.float64))

    def through(self, matrix: Floats) -> View:
        """This view through a projection (3, 3): all of it, and its edges' colours where it reaches no further."""
        height, width = self.pixels.shape[:2]
        corners = transform_quads(np.array(box_quad((0, 0, width, height))), matrix)
        low = corners.min(axis=0)
        w, h = (int(np.ceil(side)) for side in (corners.max(axis=0) - low).tolist())
        back = np.linalg.inv(_shift(-low[0], -low[1]) @ matrix)
        # Coordinates count from pixel edges, OpenCV counts pixel centres: half a pixel apart.
        centres = _shift(-0.5, -0.5) @ back @ _shift(0.5, 0.5)
        pixels = cv2.warpPerspective(
            self.pixels, centres, (w, h), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        return View(np.asarray(pixels, dtype=np.uint8), self.matrix @ back)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found and read in a view.

    Attributes:
        view: The view.
        words: Its words as they were found, in its own pixels.
        found: The same as they were read: neighbours may have become one.
        readings: One for each of `found`.
    """

    view: View
    words: Sequence[DetectedWord]
    found: Sequence[DetectedWord]
    readings: Sequence[Reading]

    def on_page(self) -> list[DetectedWord]:
        """What was read, in pixels of the page."""
        if np.array_equal(self.view.matrix, np.eye(3)):
            return list(self.found)
        return [moved(word, self.view.matrix) for word in self.found]


@dataclass(frozen=True, slots=True)
class Turn:
    """Which way up a view is.

    Attributes:
        degrees: Clockwise, by which it has to be turned to be upright: 0, 90, 180 or 270.
        confidence: The winner's share of its votes and the runner-up's, in [0, 1]; 1 where no vote was needed.
        found: The words of the view turned so, where the vote came to find them.
    """

    degrees: int
    confidence: float = 1.0
    found: Sequence[DetectedWord] | None = None


def moved(word: DetectedWord, matrix: Floats) -> DetectedWord:
    """A word mapped through a matrix (3, 3)."""
    quad, *characters = as_quads(transform_quads(np.array([word.quad, *word.characters]), matrix))
    return DetectedWord(quad, word.confidence, tuple(characters))


def find_turn(
    look: Look,
    detect: Callable[[View], Sequence[DetectedWord]],
    read: Callable[[Sequence[tuple[View, DetectedWord]]], Sequence[Reading]],
) -> Turn:
    """Decides which way up a view is.

    Args:
        look: At the view as it stands, all its words read.
        detect: Finds words in another view; called at most once, where text seems to stand.
        read: Reads words of views in one batch; called at most once for each axis.
    """
    lying, sample = _share(look.words), long_words(look.words)
    long = {id(word) for word in long_words(look.found)}
    sure = [sureness(reading) for word, reading in zip(look.found, look.readings, strict=True) if id(word) in long]
    if lying >= LYING and _mean(sure) >= LEGIBLE:
        return Turn(0)
    # On its side a page may show the detector no words at all; so may one without any.
    if not look.words and estimate_text_height(look.view.pixels) is None:
        return Turn(0)
    votes = {0: lying * _mean(sure)}
    found: Sequence[DetectedWord] | None = None
    for axis in (0, 90):
        view = look.view.turned(axis)
        if axis:
            if lying >= LYING and max(votes.values()) >= ILLEGIBLE * lying:
                break
            found = detect(view)
            lying, sample = _share(found), long_words(found)
        picked = _picked(sample)
        both = {axis + 180: [(view, turned_round(word)) for word in picked]}
        if axis:
            both[axis] = [(view, word) for word in picked]
        readings = iter(read([each for asked in both.values() for each in asked]))
        for degrees, asked in both.items():
            mean = _mean(sureness(next(readings)) for _ in asked)
            votes[degrees] = lying * mean if len(sample) >= LEAST_WORDS else 0.0
    best = max(votes, key=lambda degrees: votes[degrees] * (MARGIN if degrees == 0 else 1.0))
    total = sum(sorted(votes.values())[-2:])
    confidence = votes[best] / total if total > 0 else 0.0
    return Turn(best, confidence, found if best == 90 else None)


def sureness(reading: Reading) -> float:
    """How surely something is read, in [0, 1], whatever its length: its confidence if it had `USUAL` characters."""
    return float(reading.confidence ** (USUAL / len(reading.text))) if reading.text else 0.0


def standing(found: Sequence[DetectedWord]) -> list[int]:
    """Numbers of the words of a view that run up or down it, such as a number on a form's margin."""
    return [
        i for i, word in enumerate(found)
        if len(word.characters) >= LONG_CHARACTERS and not is_level(word.quad)
    ]  # fmt: skip


def text_turn(quads: Iterable[tuple[Quad, int]]) -> int:
    """Degrees clockwise, 0, 90, 180 or 270, that make upright most of the text of quads, each with its length."""
    weights = [0] * 4
    for quad, length in quads:
        weights[round(quad_angle(quad) / 90) % 4] += length
    return 90 * (-weights.index(max(weights)) % 4)


def long_words(found: Sequence[DetectedWord]) -> list[DetectedWord]:
    """The words that show that text lies as it should: long, and level or upside down by their own quads.

    A detector may find text on its side whole, its quads turned with it. Read by its quads it reads well, but it says
    that the page stands on its side all the same.
    """
    sizes = (quad_size(word.quad) for word in found)
    return [
        word
        for word, (width, height) in zip(found, sizes, strict=True)
        if not 0 < len(word.characters) < LONG_CHARACTERS and width >= LONG_ASPECT * height and is_level(word.quad)
    ]


def is_level(quad: Quad) -> bool:
    """Whether text runs across the page rather than up or down it."""
    (ax, ay), (bx, by), *_ = quad
    return abs(bx - ax) >= abs(by - ay)


def _share(found: Sequence[DetectedWord]) -> float:
    """The share of long words in the area of all."""
    return _area(long_words(found)) / max(_area(found), 1e-6)


def _area(words: Iterable[DetectedWord]) -> float:
    return sum(float(np.prod(quad_size(word.quad))) for word in words)


def _picked(words: Sequence[DetectedWord]) -> list[DetectedWord]:
    """A sample: of middle length, which read surest; those that the detector is surest of."""
    return sorted(words, key=lambda word: (len(word.characters) > 12, -word.confidence, word.quad))[:SAMPLE]


def turned_round(word: DetectedWord) -> DetectedWord:
    """The word as it is if the page stands upside down."""
    quads = [(c, d, a, b) for a, b, c, d in (word.quad, *reversed(word.characters))]
    return DetectedWord(quads[0], word.confidence, tuple(quads[1:]))


def _shift(x: float, y: float) -> Floats:
    return np.array([(1, 0, x), (0, 1, y), (0, 0, 1)], dtype=np.float64)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
