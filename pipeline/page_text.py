"""The words of a page: from its text layer, from its pixels, or from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocr_doc.blanks import without_blanks
from ocr_doc.codes import find_codes
from ocr_doc.commas import is_same_number, numbers_cut_below
from ocr_doc.core.geometry import Box, quad_box
from ocr_doc.core.records import Character, Word
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.downwards import runs_downwards
from ocr_doc.lone_signs import with_lone_signs
from ocr_doc.minus_signs import numbers_below_nothing
from ocr_doc.networks import Detector, Reader
from ocr_doc.options import Options
from ocr_doc.orientation import (
    UNSURE,
    Look,
    Turn,
    View,
    find_turn,
    moved,
    standing,
    sureness,
    text_turn,
    turned_round,
)
from ocr_doc.page_image import PageImage
from ocr_doc.pdf_text import covered, judge
from ocr_doc.phrases import join_phrases
from ocr_doc.recognizer.calibration import Calibration
from ocr_doc.recognizer.colours import word_crop
from ocr_doc.recognizer.decimals import agree_on_decimals
from ocr_doc.recognizer.reader import Reading
from ocr_doc.serial import SerialBranch
from ocr_doc.show_through import without_show_through
from ocr_doc.side_text import with_side_text
from ocr_doc.straightening import straightened
from ocr_doc.text_layer import LayerWord
from ocr_doc.tick_boxes import find_tick_boxes, read_tick_boxes
from ocr_doc.words import CONFIDENCE_DIGITS, read_words, rounded_quad

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PageText:
    """What was read of a page.

    Attributes:
        words: In no particular order, in pixels of the page as given.
        rotation: Degrees clockwise (0, 90, 180, 270) by which the page is turned to be upright.
        warnings: What the user should know, a sentence each.
    """

    words: list[Word]
    rotation: int = 0
    warnings: tuple[str, ...] = ()


class PageReader:
    """Reads pages with the networks and options of one call.

    Args:
        detector: Gives the detector; called only where something has to be found.
        reader: Gives the reader; called only where something has to be read.
        options: Of the call.
        serial: Gives what reads codes, or None where no word is to be read a second time.
        calibration: Gives how sure words of a confidence are. All that is decided on the way goes by the confidences
            themselves; the words that leave have what they are worth.
    """

    def __init__(
        self, detector: Callable[[], Detector], reader: Callable[[], Reader], options: Options,
        serial: Callable[[], SerialBranch | None] = lambda: None, calibration: Callable[[], Calibration] = Calibration,
    ) -> None:  # fmt: skip
        self._detector = detector
        self._reader = reader
        self._options = options
        # Words leave by their calibrated confidence; until then all of them are needed.
        self._inner = replace(options, min_confidence=0.0)
        self._serial = serial
        self._calibration = calibration

    def read(self, image: PageImage) -> PageText:
        """The words of a page."""
        page = View(image.pixels, np.eye(3))
        if image.layer is None:
            look, turn = self._upright(page)
            return self._with_boxes(PageText(self._words(look, page), turn.degrees, _told(turn)), page.grey)
        grey = page.grey

        def check(words: Sequence[LayerWord]) -> Sequence[Reading]:
            return self._read(page, [_found(word) for word in words])

        verdict = judge(image.layer, grey, self._options.pdf_text, check)
        words = [_layer_word(word, self._options.characters) for word in verdict.words]
        doubtful = [_found(word) for word in verdict.doubtful]
        words += self._calibrated(read_words(doubtful, self._read(page, doubtful), self._inner))
        rotation = text_turn((word.quad, len(word.text)) for word in words)
        known = np.array([quad_box(word.quad) for word in (*verdict.words, *verdict.doubtful)]).reshape(-1, 4)
        warnings = (verdict.warning,) if verdict.warning else ()
        for region in verdict.regions:
            part = _part(image.pixels, region)
            # A picture on a page with text has its letters any way; only a scan says which way up the page is.
            scan = 2 * part.pixels.size > image.pixels.size
            look, turn = self._upright(part, known, scan)
            words += self._words(look, page)
            if scan:
                rotation, warnings = turn.degrees, (*warnings, *_told(turn))
        if self._options.orientation != "auto":
            rotation = self._options.orientation
        return self._with_boxes(PageText(words, rotation, warnings), grey)

    def _with_boxes(self, text: PageText, grey: NDArray[np.uint8]) -> PageText:
        """The page with the tick boxes that no word was found for; on one that lies on its side they are not known."""
        boxes = find_tick_boxes(grey, text.words) if text.rotation in {0, 180} else []
        kept = [box for box in boxes if box.confidence >= self._options.min_confidence]
        if not self._options.characters:
            kept = [replace(box, characters=()) for box in kept]
        return replace(text, words=text.words + kept)

    def _upright(self, view: View, known: Floats | None = None, vote: bool = True) -> tuple[Look, Turn]:
        """Looks at a view, turned and put straight as far as it needs it.

        Args:
            view: A page or a part of it.
            known: Boxes (M, 4) on the page, of words that are not to be found again.
            vote: Whether the view's own words may turn it.
        """
        if self._options.orientation != "auto":
            turn = Turn(self._options.orientation)
            look = self._see(view.turned(turn.degrees), known)
        else:
            look = self._see(view, known)
            vote = vote and not runs_downwards(look.words)
            turn = find_turn(look, lambda other: self._find(other, known), self._read_sample) if vote else Turn(0)
            if turn.degrees:
                look = self._see(view.turned(turn.degrees), known, turn.found)
        straight = straightened(look.view, look.words)
        if straight is not None:
            look = max(look, self._see(straight, known), key=_worth)
        return self._read_round(look), turn

    def _read_round(self, look: Look) -> Look:
        """A look whose standing words, which may run up or down, are read the way that is the surer one."""
        places = standing(look.found)
        if not places:
            return look
        found, readings = list(look.found), list(look.readings)
        others = [turned_round(found[i]) for i in places]
        for i, other, reading in zip(places, others, self._read(look.view, others), strict=True):
            if sureness(reading) > sureness(readings[i]):
                found[i], readings[i] = other, reading
        return replace(look, found=found, readings=readings)

    def _see(self, view: View, known: Floats | None = None, words: Sequence[DetectedWord] | None = None) -> Look:
        """Finds the words of a view, where they are not found yet, and reads them all, neighbours joined."""
        words = self._find(view, known) if words is None else words
        grey = view.grey
        if self._options.min_legibility:
            words = without_show_through(grey if view.colours is None else view.colours, words)
        words, rows = with_lone_signs(grey, words), None
        if self._options.serial == "always" and (serial := self._serial()) is not None:
            finder = self._detector()
            if isinstance(finder, WordDetector):
                words = _new(find_codes(finder, view.pixels, words, serial.judges(view.pixels)), view, known)
                rows = words  # joined, where they are of one row
        found = join_phrases(words) if rows is None else rows
        readings = self._read(view, found)
        if rows is None:
            found, readings = self._with_minus_signs(view, found, readings)
            readings = self._with_commas(view, found, readings)
        return Look(view, words, found, agree_on_decimals(readings))

    def _with_minus_signs(
        self, view: View, found: Sequence[DetectedWord], readings: Sequence[Reading]
    ) -> tuple[Sequence[DetectedWord], Sequence[Reading]]:
        """Words and readings, with the minus that a number was found without."""
        longer = numbers_below_nothing(view.grey, found, [reading.text for reading in readings])
        again = self._read_again(view, longer)
        kept = {k: again[k] for k in again if again[k].text in {sign + readings[k].text for sign in "-–−"}}
        words = [longer[k] if k in kept else word for k, word in enumerate(found)]
        return words, [kept.get(k, reading) for k, reading in enumerate(readings)]

    def _with_commas(self, view: View, found: Sequence[DetectedWord], readings: Sequence[Reading]) -> Sequence[Reading]:
        """Readings, with the commas that were read as points because their tails are cut off."""
        deeper = numbers_cut_below(view.grey, found, readings)
        again = self._read_again(view, deeper)
        kept = {k: reading for k, reading in again.items() if is_same_number(readings[k].text, reading.text)}
        return [kept.get(k, reading) for k, reading in enumerate(readings)]

    def _read_again(self, view: View, changed: Mapping[int, DetectedWord]) -> dict[int, Reading]:
        """Readings of words whose quads have changed, by their numbers."""
        return dict(zip(changed, self._read(view, list(changed.values())), strict=True))

    def _find(self, view: View, known: Floats | None) -> Sequence[DetectedWord]:
        """Finds the words of a view; those that stand on the page in known boxes are left out."""
        detector = self._detector()
        words: Sequence[DetectedWord] = detector.detect(view.pixels)
        if isinstance(detector, WordDetector):
            words = with_side_text(detector, view, words)
        return _new(words, view, known)

    def _read(self, view: View, found: Sequence[DetectedWord]) -> Sequence[Reading]:
        """One reading for each word found in a view."""
        return self._read_sample([(view, word) for word in found])

    def _read_sample(self, sample: Sequence[tuple[View, DetectedWord]]) -> Sequence[Reading]:
        """Readings of words of several views, in one batch."""
        crops = [word_crop(view.grey, view.colours, np.array(word.quad)) for view, word in sample]
        return self._reader().read(crops, [len(word.characters) for _, word in sample]) if crops else []

    def _words(self, look: Look, page: View) -> list[Word]:
        serial = self._serial() if look.found else None
        if serial is None:
            return self._shaped(page, read_words(look.on_page(), look.readings, self._inner))
        if self._options.serial == "always":
            words = serial.read(page.grey, look.on_page(), look.readings, self._options.min_legibility)
        else:
            words = serial.check(page.grey, read_words(look.on_page(), look.readings, self._inner, serial.wants))
        words = self._shaped(page, words)
        return words if self._options.characters else [replace(word, characters=()) for word in words]

    def _shaped(self, page: View, words: list[Word]) -> list[Word]:
        """Calibrated words; those that a look at the page itself shows to be no text, or less of it, are mended."""
        return read_tick_boxes(page.grey, without_blanks(page.grey, self._calibrated(words)))

    def _calibrated(self, words: list[Word]) -> list[Word]:
        """Words that are as sure as their confidences are worth, without those that are not sure enough."""
        if not words:
            return words
        calibration = self._calibration()
        worth = [_worth_of(word, calibration) for word in words]
        return [word for word in worth if word.confidence >= self._options.min_confidence]


def _worth_of(word: Word, calibration: Calibration) -> Word:
    """A word with calibrated confidences, where it was read by the CRNN."""
    readings = tuple(
        replace(reading, confidence=round(calibration(reading.confidence), CONFIDENCE_DIGITS))
        if reading.source == "crnn"
        else reading
        for reading in word.readings
    )
    confidence = calibration(word.confidence) if word.source == "crnn" else word.confidence
    return replace(word, confidence=round(confidence, CONFIDENCE_DIGITS), readings=readings)


def _new(found: Sequence[DetectedWord], view: View, known: Floats | None) -> Sequence[DetectedWord]:
    """Words of a view without those that stand on the page in known boxes."""
    if known is None or not len(known) or not found:
        return found
    double = covered(np.array([moved(word, view.matrix).quad for word in found]), known)
    return [word for word, skip in zip(found, double, strict=True) if not skip]


def _part(pixels: NDArray[np.uint8], region: Box) -> View:
    """A box of the page, its edges rounded outwards."""
    x0, y0 = int(region[0]), int(region[1])
    x1, y1 = int(np.ceil(region[2])), int(np.ceil(region[3]))
    return View(pixels[y0:y1, x0:x1], np.array([(1, 0, x0), (0, 1, y0), (0, 0, 1)], dtype=np.float64))


def _told(turn: Turn) -> tuple[str, ...]:
    """What the user should know of a vote."""
    if turn.degrees == 0 or turn.confidence >= UNSURE:
        return ()
    return (f"turned by {turn.degrees} degrees to be read, which is not sure; --orientation decides it.",)


def _worth(look: Look) -> float:
    """Characters that are read right, as the reader sees it."""
    return sum(sureness(reading) * len(reading.text) for reading in look.readings)


def _found(word: LayerWord) -> DetectedWord:
    """A word of the layer as if it had been found on the page."""
    return DetectedWord(word.quad, 1.0, tuple(quad for _, quad in word.characters))


def _layer_word(word: LayerWord, with_characters: bool) -> Word:
    """A word of the layer as a word of the result."""
    characters = tuple(Character(text, 1.0, rounded_quad(quad)) for text, quad in word.characters)
    return Word(word.text, 1.0, rounded_quad(word.quad), characters if with_characters else (), "pdf")
