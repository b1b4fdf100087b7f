"""The words of a page: from its text layer, from its pixels, or from both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, Quad, as_quad, quad_box
from ocr_doc.core.records import Character, Word
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.networks import Detector, Reader
from ocr_doc.options import Options
from ocr_doc.page_image import PageImage
from ocr_doc.pdf_text import covered, judge
from ocr_doc.recognizer.crops import rectify, to_grey
from ocr_doc.recognizer.reader import Reading
from ocr_doc.text_layer import LayerWord
from ocr_doc.words import read_words, rounded_quad


@dataclass(frozen=True, slots=True)
class PageText:
    """What was read of a page.

    Attributes:
        words: In no particular order, in pixels of the page as given.
        warnings: What the user should know, a sentence each.
    """

    words: list[Word]
    warnings: tuple[str, ...] = ()


class PageReader:
    """Reads pages with the networks and options of one call.

    Args:
        detector: Gives the detector; called only where something has to be found.
        reader: Gives the reader; called only where something has to be read.
        options: Of the call.
    """

    def __init__(self, detector: Callable[[], Detector], reader: Callable[[], Reader], options: Options) -> None:
        self._detector = detector
        self._reader = reader
        self._options = options

    def read(self, image: PageImage) -> PageText:
        """The words of a page."""
        grey = to_grey(image.pixels)
        if image.layer is None:
            return PageText(self._look(image.pixels, grey))
        verdict = judge(
            image.layer, grey, self._options.pdf_text, lambda words: self._read_found(grey, list(map(_found, words)))
        )
        words = [_layer_word(word, self._options.characters) for word in verdict.words]
        doubtful = [_found(word) for word in verdict.doubtful]
        words += read_words(doubtful, self._read_found(grey, doubtful), self._options)
        known = np.array([quad_box(word.quad) for word in (*verdict.words, *verdict.doubtful)]).reshape(-1, 4)
        for region in verdict.regions:
            words += self._look(image.pixels, grey, region, known)
        return PageText(words, (verdict.warning,) if verdict.warning else ())

    def _look(
        self,
        pixels: NDArray[np.uint8],
        grey: NDArray[np.uint8],
        region: Box | None = None,
        known: NDArray[np.float64] | None = None,
    ) -> list[Word]:
        """Finds and reads words in a region of the page, those left aside that stand in boxes (M, 4) of known ones."""
        height, width = grey.shape
        x0, y0, x1, y1 = (0, 0, width, height) if region is None else (int(side) for side in region)
        found = [_moved(word, x0, y0) for word in self._detector().detect(pixels[y0:y1, x0:x1])]
        if known is not None and len(known):
            double = covered(np.array([word.quad for word in found]).reshape(-1, 4, 2), known)
            found = [word for word, skip in zip(found, double, strict=True) if not skip]
        return read_words(found, self._read_found(grey, found), self._options)

    def _read_found(self, grey: NDArray[np.uint8], found: Sequence[DetectedWord]) -> Sequence[Reading]:
        """One reading for each word found."""
        if not found:
            return []
        crops = [rectify(grey, np.array(word.quad)) for word in found]
        return self._reader().read(crops, [len(word.characters) for word in found])


def _moved(word: DetectedWord, dx: int, dy: int) -> DetectedWord:
    """A word found in a part of the page, on the page."""
    if not (dx or dy):
        return word

    def moved(quad: Quad) -> Quad:
        return as_quad((x + dx, y + dy) for x, y in quad)

    return DetectedWord(moved(word.quad), word.confidence, tuple(map(moved, word.characters)))


def _found(word: LayerWord) -> DetectedWord:
    """A word of the layer as if it had been found on the page."""
    return DetectedWord(word.quad, 1.0, tuple(quad for _, quad in word.characters))


def _layer_word(word: LayerWord, with_characters: bool) -> Word:
    """A word of the layer as a word of the result."""
    characters = tuple(Character(text, 1.0, rounded_quad(quad)) for text, quad in word.characters)
    return Word(word.text, 1.0, rounded_quad(word.quad), characters if with_characters else (), "pdf")
