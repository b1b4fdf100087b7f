"""Real characters and rows to learn from: a folder of pictures for each class, or photos of codes with labels.

In a labelled photo the row that the label fits is looked for, and cut out as it is or into its characters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputMissingError, OcrDocError
from ocr_doc.core.geometry import box_quad, quad_longer, quad_part
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.recognizer.character_crops import character_crop, cut_strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.crops import rectify
from ocr_doc.recognizer.patterns import Pattern
from ocr_doc.recognizer.serial import Row, SerialReader
from ocr_doc.training.characters_data import CharacterCrop
from ocr_doc.training.lines import LabelledLine
from ocr_doc.training.readers import LabelledCrop, read_grey

_LOG = logging.getLogger(__name__)
# Folders cannot have every sign in their names, and some file systems take a and A for the same.
NAMES = {
    "reject": "", "slash": "/", "dot": ".", "colon": ":", "star": "*", "less": "<", "greater": ">", "percent": "%",
    "hash": "#", "plus": "+", "and": "&", "comma": ",", "equals": "=", "dash": "-", "underscore": "_", "open": "(",
    "close": ")",
} | {f"lower_{c}": c for c in "abcdefghijklmnopqrstuvwxyz"}  # fmt: skip
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm")
# Scales at which a crop's height comes near what the detector sees best.
_LOOKS = (20.0, 28.0, 40.0, 56.0, 80.0, 112.0)
# Rows of a crop that the label is tried on, those with about as many characters first.
_ROWS = 6
# How far beyond an end of a row, in heights, its label is tried as well: a letter more, and two.
_REACHES = (0.7, 1.4)
# Nats a character beyond which a label does not belong to what stands there.
_MOST_COST = 4.0


@dataclass(frozen=True, slots=True)
class Group:
    """Crops that are learned from or held out together: those of one picture."""

    crops: tuple[CharacterCrop, ...]


def read_class_folders(folder: Path) -> list[Group]:
    """Pictures of single characters, in a folder for each class, named by the character or as `NAMES` says.

    Empty folders and broken pictures are told and passed over.

    Raises:
        InputMissingError: If there is no such folder.
        InputBrokenError: If no picture in it can be used.
    """
    if not folder.is_dir():
        raise InputMissingError(f"{folder}: no such folder.", "Give a folder that has one folder for each class.")
    groups: list[Group] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        text = NAMES.get(place.name, place.name)
        found = list(_pictures(place, text))
        if not found:
            _LOG.warning("%s: no picture of a character in it; the class is passed over", place)
        groups += found
    if not groups:
        raise InputBrokenError(f"{folder}: no picture of a character in it.", "Put pictures into FOLDER/CLASS/.")
    return groups


def _pictures(folder: Path, text: str) -> Iterator[Group]:
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in _IMAGES):
        try:
            yield Group((CharacterCrop(whole_picture(read_grey(path)), text),))
        except OcrDocError as error:
            _LOG.warning("%s; it is passed over", error.message)


def whole_picture(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture of one character, (h, w) uint8, as the classifier sees it, (SIDE, SIDE) float32 in [0, 1]."""
    height, width = grey.shape
    strip = cut_strip(grey, np.array(box_quad((0.0, 0.0, float(width), float(height)))), margin=0.0)
    return character_crop(strip.pixels, 0, strip.pixels.shape[1])


@dataclass(frozen=True, slots=True)
class _Fit:
    """Where a label fits: the row, and its reading with a character for each sign of the label but spaces."""

    row: Row
    reading: SerialReading
    signs: tuple[str, ...]


class WordCutter:
    """Finds the row of a labelled photo and its characters, by our own detector and classifier.

    Args:
        detector: Finds rows and characters.
        classifier: Says which cut fits the label.
    """

    def __init__(self, detector: WordDetector, classifier: CharacterClassifier) -> None:
        self._detector = detector
        self._classifier = classifier

    def cut(self, listed: Sequence[LabelledCrop], told: Callable[[str], None] = _LOG.info) -> list[Group]:
        """The characters of crops; those whose label fits nowhere are left out, and told.

        Raises:
            InputBrokenError: If no label fits anything.
        """
        groups = [Group(_characters(grey, fit)) for grey, fit, _ in self._fitting(listed)]
        told(f"{len(groups)} of {len(listed)} crops were cut into {sum(len(g.crops) for g in groups)} characters")
        if not groups:
            raise InputBrokenError("No label fits what its crop shows.", "Check the list: image<TAB>text.")
        return groups

    def rows(self, listed: Sequence[LabelledCrop]) -> Iterator[LabelledLine]:
        """The rows of photos, as a recogniser of codes is given them.

        Args:
            listed: Photos and what the code on each says. Those that cannot be read are told and passed over; those
                whose label fits nowhere are left out.

        Yields:
            The row from the label's first to its last character, (h, w) uint8, and the label.
        """
        for grey, fit, text in self._fitting(listed):
            first, last = fit.reading.characters[0], fit.reading.characters[-1]
            quad = quad_part(fit.row.quad, first.start, last.end)
            yield LabelledLine(rectify(grey, np.asarray(quad)), text)

    def _fitting(self, listed: Sequence[LabelledCrop]) -> Iterator[tuple[NDArray[np.uint8], _Fit, str]]:
        """The pictures that can be read and whose label fits somewhere, with that place and the label."""
        for crop in listed:
            try:
                grey = crop.load()
                fit = self._fit(grey, crop.text)
            except OcrDocError as error:
                _LOG.warning("%s; it is passed over", error.message)
                continue
            if fit is not None:
                yield grey, fit, crop.text

    def _fit(self, grey: NDArray[np.uint8], text: str) -> _Fit | None:
        signs = tuple(c for c in text if not c.isspace())
        if not signs or not grey.size:
            return None
        reader = SerialReader(self._classifier, _literally(signs, self._classifier.symbols))
        fits = _fits(grey, self._rows(grey, len(signs)), signs, reader)
        if not fits:
            return None
        best = min(fits, key=_cost)
        # The detector misses letters at the ends of large rows: the label fits better where they are taken in.
        best = min([best, *_fits(grey, _longer(best.row), signs, reader)], key=_cost)
        return best if _cost(best) <= _MOST_COST * len(signs) else None

    def _rows(self, grey: NDArray[np.uint8], length: int) -> list[Row]:
        """Where the label may stand: what the detector sees in several scales, and the whole crop."""
        pixels = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
        height, width = grey.shape
        found: list[DetectedWord] = []
        for look in _LOOKS:
            scale = min(3.0, look / height)
            found += self._detector.detect_at(pixels, scale)
        found.sort(key=lambda word: (abs(len(word.characters) - length), -word.confidence))
        whole = Row(box_quad((0.0, 0.0, float(width), float(height))))
        return [whole, *(Row(word.quad, tuple(word.characters)) for word in found[:_ROWS])]


def _fits(grey: NDArray[np.uint8], rows: Sequence[Row], signs: tuple[str, ...], reader: SerialReader) -> list[_Fit]:
    """The rows that a label fits, however badly."""
    return [
        _Fit(row, reading.fitted, signs)
        for row, reading in zip(rows, reader.read(grey, rows), strict=True)
        if reading.fitted is not None and len(reading.fitted.characters) == len(signs)
    ]


def _cost(fit: _Fit) -> float:
    return fit.reading.cost


def _longer(row: Row) -> list[Row]:
    """A row with more of the picture before it, behind it, or both."""
    reaches = [reach for reach in product((0.0, *_REACHES), repeat=2) if any(reach)]
    return [replace(row, quad=quad_longer(row.quad, *reach)) for reach in reaches]


def _characters(grey: NDArray[np.uint8], fit: _Fit) -> tuple[CharacterCrop, ...]:
    strip = cut_strip(grey, np.array(fit.row.quad))
    width = strip.pixels.shape[1] - 2 * strip.start
    return tuple(
        CharacterCrop(character_crop(strip.pixels, strip.start + c.start * width, strip.start + c.end * width), sign)
        for c, sign in zip(fit.reading.characters, fit.signs, strict=True)
    )


def _literally(label: Sequence[str], symbols: Sequence[str]) -> Pattern:
    """The pattern of a label; what the classifier does not know yet may look like anything."""
    known = frozenset(symbols) - {""}
    arrows = tuple(((frozenset({c}) if c in known else known, i + 1),) for i, c in enumerate(label))
    return Pattern("".join(label), (*arrows, ()), (0,), frozenset({len(label)}))


def hold_out(groups: Sequence[Group], share: float) -> tuple[tuple[CharacterCrop, ...], tuple[CharacterCrop, ...]]:
    """Crops to learn from and to measure on: every so many pictures, whole, so that no picture is in both."""
    every = round(1 / share) if share > 0 else len(groups) + 1
    learned = [c for i, g in enumerate(groups) if i % every != every - 1 for c in g.crops]
    held = [c for i, g in enumerate(groups) if i % every == every - 1 for c in g.crops]
    return tuple(learned), tuple(held)
