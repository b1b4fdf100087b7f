"""Serial codes on a page: which words are read character by character, and which reading counts.

The recogniser (CRNN) reads words and guesses from neighbours; the classifier names each character alone. Both readings
stay in the result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc import downwards, two_lines
from ocr_doc.codes import crop_rows
from ocr_doc.core.geometry import quad_box, quad_size
from ocr_doc.core.records import Word, WordReading
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.finds import Judges
from ocr_doc.networks import Detector, Reader
from ocr_doc.options import Options
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.consensus import Heard
from ocr_doc.recognizer.crops import MARGIN_ALONG, rectify, to_grey
from ocr_doc.recognizer.overheard import Ends, with_overheard
from ocr_doc.recognizer.patterns import parse_pattern
from ocr_doc.recognizer.reader import Reading, WordReader, certainty
from ocr_doc.recognizer.row_ends import with_ends
from ocr_doc.recognizer.serial import Row, RowReading, SerialReader
from ocr_doc.serial_results import as_reading, as_word, between_gaps
from ocr_doc.words import CONFIDENCE_DIGITS, rounded_quad

# Where both cannot be weighed together: by so many nats a character the classifier may seem less sure than the
# recogniser and still be believed, if all words are said to be codes...
TRUST = 0.1
# ...and by so many it must seem surer where words only look like codes.
PROOF = 0.1
# ...and by the geometric mean over its characters it must be at least so sure of itself.
CLEAR = 0.9
# Nats a character that fitting a pattern may cost; what costs more is another text.
MOST_COST = 2.5
# Gaps wider than this, relative to the text's height, part words.
GAP = 0.6
# A word that the recogniser is so sure of, by the geometric mean over its characters, needs no second reading.
SURE = 0.92
# Specks beyond this number are no rows: the work stays bounded.
MOST_ROWS = 400
# So sure a row of one character must be, where no pattern asks for it: a screw, a star, a corner of an emblem looks
# like some letter, and no other character beside it speaks for it.
LONE = 0.8
_SHORTEST_CODE = 4
# Numbers with units, ordinals, amounts and times: a letter and a digit, and yet no code.
_NO_CODE = re.compile(
    r"\d+(st|nd|rd|th)|\d{0,3}[x@]\d{1,3}|[\d.,]+(x|kg|g|mg|ml|l|cm|mm|m|pm|am|s|k|w|v|hz|pcs?|pkt|rm|sr|e|z)|rm[\d.,]+"
    r"|[a-z]{1,3}[:.]?\d{1,4}|[a-z]{1,4}[:.]?[\d,]+\.\d\d|[a-z]{2,5}:[\d-]+|\d+[-/][a-z]{3}[-/]\d+|\d{1,2}:\d\d(:\d\d)?(am|pm)?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Item:
    """A row with what the recogniser read in it."""

    row: Row
    text: str
    confidence: float

    @property
    def evidence(self) -> float:
        """Nats a character, at most 0."""
        return math.log(max(self.confidence, 1e-9)) / max(1, len(self.text.replace(" ", "")))


def looks_like_code(text: str) -> bool:
    """Whether a word may be a code: letters and digits mixed, and no number with a unit."""
    core = text.strip(".,:;()[]*#'\"-")
    signs = [c for c in core if c.isalnum()]
    letters, digits = sum(c.isalpha() for c in signs), sum(c.isdigit() for c in signs)
    return (
        len(signs) >= _SHORTEST_CODE and letters >= 1 and digits >= 2 and len(signs) >= 0.7 * len(core)
        and not _NO_CODE.fullmatch(core)
    )  # fmt: skip


class SerialBranch:
    """Reads codes with the classifier and options of one call.

    Args:
        classifier: Gives the classifier; called only where a word is to be read.
        options: Of the call.
        reader: Gives the recogniser; only our own says how probable other texts are than the one that it read.
    """

    def __init__(
        self, classifier: Callable[[], CharacterClassifier], options: Options,
        reader: Callable[[], Reader | None] = lambda: None,
    ) -> None:  # fmt: skip
        self._classifier = classifier
        self._options = options
        self._reader = reader
        self._pattern = None if options.pattern is None else parse_pattern(options.pattern)

    def wants(self, text: str, confidence: float) -> bool:
        """Whether what the recogniser read is to be read again, where not everything is.

        Args:
            text: Of one word.
            confidence: Its own, in [0, 1].
        """
        if not text:
            return False
        if self._pattern is not None and self._pattern.fits(text):
            return self._pattern.check is not None and not self._pattern.check(text.upper())
        return looks_like_code(text) and certainty(text, confidence) < SURE

    def check(self, grey: NDArray[np.uint8], words: Sequence[Word]) -> list[Word]:
        """Words as the recogniser read them; those that look like codes read again, the better reading kept.

        Args:
            grey: (H, W) uint8.
            words: Those that `wants` asks for have their characters.
        """
        chosen = [
            i for i, word in enumerate(words) if word.source == "crnn" and self.wants(word.text, word.confidence)
        ][:MOST_ROWS]
        items = [_of_word(words[i]) for i in chosen]
        checked = list(words)
        for i, item, reading in zip(chosen, items, self._read(grey, items), strict=True):
            checked[i] = self._decided(item, reading, words[i], -PROOF)
        return checked

    def read(
        self, grey: NDArray[np.uint8], found: Sequence[DetectedWord], readings: Sequence[Reading], legible: float = 0.0
    ) -> list[Word]:
        """All rows of a page read character by character; the recogniser's readings stand where nothing else does.

        Args:
            grey: (H, W) uint8.
            found: Rows, in pixels of the page.
            readings: The recogniser's, one for each row.
            legible: Geometric mean of the characters' confidences below which a row is a smudge; above 0, rows of one
                character have to be surer than that.
        """
        words: list[Word] = []
        stacked: set[int] = set()
        for stack, members in downwards.find_stacks(found)[:MOST_ROWS]:
            told = _joined([readings[i] for i in members])
            words += self._downwards(grey, stack, *told)
            stacked.update(members)
        pairs = [pair for i, pair in enumerate(zip(found, readings, strict=True)) if i not in stacked]
        items = [_of_found(*pair) for pair in pairs][:MOST_ROWS]
        results = self._read_both(grey, items)
        broken = self._over_two_lines(grey, items, results)
        words += [word for word, _ in broken]
        taken = {i for _, both in broken for i in both}
        for i, (item, reading) in enumerate(zip(items, results, strict=True)):
            parts = [] if i in taken else list(self._words(item, reading))
            if not (legible and self._is_speck(parts)):
                words += parts
        return [word for word in words if certainty(word.text, word.confidence) >= legible]

    def _is_speck(self, row: Sequence[Word]) -> bool:
        """Whether a row, in parts, is one character that may be none."""
        lone = self._pattern is None and len(row) == 1 and len(row[0].text) == 1
        return lone and row[0].confidence < LONE

    def _downwards(self, grey: NDArray[np.uint8], stack: downwards.Stack, text: str, confidence: float) -> list[Word]:
        """The word of letters above one another, of which the recogniser read `text`."""
        pixels, row = downwards.laid_out(grey, stack)
        item = _Item(row, text, confidence)
        [reading] = self._read_both(pixels, [item])
        # How far apart they stand here says nothing of words.
        return [downwards.put_back(word, row, stack) for word in self._words(item, reading, gap=math.inf)]

    def _over_two_lines(
        self, grey: NDArray[np.uint8], items: Sequence[_Item], results: Sequence[RowReading]
    ) -> list[tuple[Word, tuple[int, int]]]:
        """Words that fit the pattern better where two rows are read as one, and the numbers of their rows."""
        if self._pattern is None:
            return []
        alone = [_extra(reading) if self._fitted(reading) else math.inf for reading in results]
        found: list[tuple[Word, tuple[int, int]]] = []
        taken: set[int] = set()
        for pair in two_lines.find_pairs([item.row for item in items]):
            if taken.intersection(pair):
                continue
            upper, lower = (items[i] for i in pair)
            laid = two_lines.lay_beside(grey, upper.row, lower.row)
            item = _Item(laid.row, upper.text + lower.text, upper.confidence * lower.confidence)
            [reading] = self._read(laid.pixels, [item])
            fitted = self._fitted(reading)
            if fitted is None or _extra(reading) >= min(alone[i] for i in pair):
                continue
            word = as_word(fitted, laid.row.quad)
            if two_lines.over_both(word, laid):
                taken.update(pair)
                word = two_lines.put_back(word, laid, upper.row, lower.row)
                notes = (*self._notes(item, reading), "the code stands on two lines")
                found.append((replace(word, readings=self._both(item, reading), notes=notes), pair))
        return found

    def judges(self, pixels: NDArray[np.uint8]) -> Judges:
        """What judges rows found in an image (h, w, 3)."""
        counter, grey = SerialReader(self._classifier()), to_grey(pixels)
        return Judges(
            lambda rows: counter.worth(grey, rows),
            lambda rows: self._certainty(grey, rows),
            lambda rows: with_ends(grey, rows, self._classifier()),
            lambda ends, rows: self._overheard(grey, rows, ends),
        )

    def _certainty(self, grey: NDArray[np.uint8], rows: Sequence[Row]) -> list[float]:
        """Geometric means over the characters of what the recogniser reads; without one all rows are alike."""
        reader = self._reader() if rows else None
        if reader is None:
            return [1.0] * len(rows)
        crops = [rectify(grey, np.array(row.quad)) for row in rows]
        readings = reader.read(crops, [len(row.characters) for row in rows])
        return [certainty(each.text, each.confidence) for each in readings]

    def _overheard(self, grey: NDArray[np.uint8], rows: Sequence[Row], ends: Sequence[Ends]) -> list[Row]:
        reader = self._reader() if rows else None
        return list(rows) if reader is None else with_overheard(grey, rows, ends, reader.read)

    def read_crop(self, pixels: NDArray[np.uint8], reading: Reading, detector: Callable[[], Detector]) -> Reading:
        """An image of one word or character, beside the recogniser's reading of it.

        Args:
            pixels: (h, w, 3) uint8 RGB.
            reading: The recogniser's.
            detector: Gives the detector, which finds the row and its characters in the image.
        """
        if self._options.serial == "auto" and not self.wants(reading.text, reading.confidence):
            return reading
        grey, width = to_grey(pixels), pixels.shape[1]
        rows = crop_rows(pixels, detector(), self.judges)
        items = [_Item(row, reading.text, reading.confidence) for row in rows]
        always = self._options.serial == "always"
        results = self._read_both(grey, items) if always else self._read(grey, items)
        item, best = min(zip(items, results, strict=True), key=lambda pair: _rank(pair[1]))
        left, _, right, _ = (x / width for x in quad_box(item.row.quad))
        chosen = self._fitted(best) or self._better(item, best, TRUST if always else -PROOF)
        free = (as_reading(best.free, left, right),) if best.free.characters else ()
        if chosen is None:
            return replace(reading, others=free, notes=self._notes(item, best))
        others = (reading, *(each for each in free if each.text != chosen.text))
        return replace(as_reading(chosen, left, right), others=others, notes=self._notes(item, best))

    def _read(self, grey: NDArray[np.uint8], items: Sequence[_Item]) -> list[RowReading]:
        """One reading for each row, all from one batch."""
        if not items:
            return []
        return SerialReader(self._classifier(), self._pattern).read(grey, [item.row for item in items])

    def _read_both(self, grey: NDArray[np.uint8], items: Sequence[_Item]) -> list[RowReading]:
        """The same, the recogniser asked of the same rows, where it can be."""
        reader = self._reader() if items else None
        if not isinstance(reader, WordReader):
            return self._read(grey, items)
        rows = [item.row for item in items]
        crops = [rectify(grey, np.array(row.quad)) for row in rows]
        said = reader.log_probs(crops, [len(row.characters) for row in rows])
        heard = [Heard(log_probs, reader.alphabet) for log_probs in said]
        return SerialReader(self._classifier(), self._pattern).read(grey, rows, heard)

    def _better(self, item: _Item, reading: RowReading, trust: float) -> SerialReading | None:
        """What counts of a row without a pattern; None where it is the recogniser's own reading."""
        if reading.agreed is not None:
            return reading.agreed
        return reading.free if _is_better(reading.free, item, trust) else None

    def _decided(self, item: _Item, reading: RowReading, word: Word, trust: float) -> Word:
        """A word that looks like a code, with both readings; the classifier's counts where it is the better one."""
        chosen = self._fitted(reading)
        if chosen is None and reading.free.text != word.text and _is_clear(reading.free, item, trust):
            chosen = reading.free
        told = replace(word, readings=self._both(item, reading), notes=self._notes(item, reading))
        if chosen is None:
            return told if reading.free.characters else word
        return replace(as_word(chosen, item.row.quad), quad=word.quad, readings=told.readings, notes=told.notes)

    def _words(self, item: _Item, reading: RowReading, gap: float = GAP) -> Iterator[Word]:
        """The words of a row: one that fits the pattern, or one between each two wide gaps."""
        notes = self._notes(item, reading)
        fitted = self._fitted(reading)
        if fitted is not None:
            yield replace(as_word(fitted, item.row.quad), readings=self._both(item, reading), notes=notes)
        elif (better := self._better(item, reading, TRUST)) is not None:
            parts = list(between_gaps(better, item.row.quad, gap))
            for part in parts:
                both = self._both(item, reading) if len(parts) == 1 else ()
                yield replace(as_word(part, item.row.quad), readings=both, notes=notes)
        elif text := item.text.replace(" ", ""):
            both = self._both(item, reading)
            confidence = round(item.confidence, CONFIDENCE_DIGITS)
            yield Word(text, confidence, rounded_quad(item.row.quad), (), "crnn", both, notes)

    def _fitted(self, reading: RowReading) -> SerialReading | None:
        """The reading that fits the pattern, if it is not too far from what stands there."""
        fitted = reading.fitted
        if fitted is None or not fitted.characters:
            return None
        count = len(fitted.characters)
        legible = fitted.confidence ** (1 / count) >= self._options.min_legibility
        return fitted if legible and _extra(reading) <= MOST_COST * count else None

    def _both(self, item: _Item, reading: RowReading) -> tuple[WordReading, ...]:
        readings = [WordReading(item.text, round(item.confidence, CONFIDENCE_DIGITS))] if item.text else []
        if reading.free.characters:
            confidence = round(reading.free.confidence, CONFIDENCE_DIGITS)
            readings.append(WordReading(reading.free.text, confidence, "characters"))
        if reading.fitted is not None and self._options.pattern is not None:
            confidence = round(reading.fitted.confidence, CONFIDENCE_DIGITS)
            cost = round(_extra(reading), 3)
            readings.append(WordReading(reading.fitted.text, confidence, "characters", self._options.pattern, cost))
        return tuple(readings)

    def _notes(self, item: _Item, reading: RowReading) -> tuple[str, ...]:
        notes = []
        read, named, seen = len(item.text.replace(" ", "")), len(reading.free.characters), len(item.row.characters)
        if named and read and read != named:
            detected = f", the detector saw {seen}" if seen else ""
            notes.append(f"the recogniser read {read} characters, the classifier {named}{detected}")
        if self._options.pattern is not None and self._fitted(reading) is None:
            notes.append(f"nothing fits the pattern {self._options.pattern}")
        return tuple(notes)


def _is_better(reading: SerialReading, item: _Item, trust: float) -> bool:
    if not reading.characters:
        return False
    return not item.text or -reading.cost / len(reading.characters) + trust >= item.evidence


def _is_clear(reading: SerialReading, item: _Item, trust: float) -> bool:
    """Whether a reading nobody asked for is beyond doubt: surer than the recogniser's, sure in itself, and no scrap."""
    sure = reading.confidence >= CLEAR ** len(reading.characters)
    return sure and len(reading.text) >= _SHORTEST_CODE and _is_better(reading, item, trust)


def _extra(reading: RowReading) -> float:
    """Nats that fitting the pattern costs."""
    return 0.0 if reading.fitted is None else max(0.0, reading.fitted.cost - reading.free.cost)


def _joined(readings: Sequence[Reading]) -> tuple[str, float]:
    """What the recogniser read one below the other, and the probability that all of it is right."""
    return "".join(each.text for each in readings), math.prod(each.confidence for each in readings)


def _rank(reading: RowReading) -> float:
    """Nats a character of a row's reading; rows without characters come last."""
    chosen = reading.fitted or reading.free
    return chosen.cost / len(chosen.characters) if chosen.characters else math.inf


def _of_found(found: DetectedWord, reading: Reading) -> _Item:
    width, height = quad_size(found.quad)
    margin = MARGIN_ALONG * height
    spans = reading.characters
    middles = [(a.end + b.start) / 2 for a, b in pairwise(spans)]
    places = tuple((f * (width + 2 * margin) - margin) / max(width, 1e-6) for f in middles)
    row = Row(found.quad, tuple(found.characters), places)
    return _Item(row, reading.text, reading.confidence)


def _of_word(word: Word) -> _Item:
    quads = tuple(c.quad for c in word.characters if c.quad is not None)
    return _Item(Row(word.quad, quads), word.text, word.confidence)
