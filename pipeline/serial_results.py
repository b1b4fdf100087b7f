"""What the classifier read, as words and readings of the result."""

from __future__ import annotations

from collections.abc import Iterator

from ocr_doc.core.geometry import Quad, quad_part, quad_size
from ocr_doc.core.records import Alternative, Character, Word
from ocr_doc.recognizer.characters import SerialReading
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.words import CONFIDENCE_DIGITS, rounded_quad


def between_gaps(reading: SerialReading, quad: Quad, gap: float) -> Iterator[SerialReading]:
    """A row's reading in parts, cut at gaps wider than `gap` times the height of its quad."""
    width, height = quad_size(quad)
    part: list[ReadCharacter] = []
    for character in reading.characters:
        if part and (character.start - part[-1].end) * width > gap * height:
            yield SerialReading(tuple(part))
            part = []
        part.append(character)
    yield SerialReading(tuple(part))


def as_word(reading: SerialReading, quad: Quad) -> Word:
    """The reading of a row whose quad is given, as one word."""
    characters = tuple(
        Character(
            c.text,
            round(min(1.0, c.confidence), CONFIDENCE_DIGITS),
            rounded_quad(quad_part(quad, c.start, c.end)),
            tuple(Alternative(text, round(p, CONFIDENCE_DIGITS)) for text, p in c.alternatives if text != c.text),
        )
        for c in reading.characters
    )
    whole = quad_part(quad, reading.characters[0].start, reading.characters[-1].end)
    confidence = round(min(1.0, reading.confidence), CONFIDENCE_DIGITS)
    return Word(reading.text, confidence, rounded_quad(whole), characters, "characters")


def as_reading(reading: SerialReading, left: float, right: float) -> Reading:
    """A reading in fractions of a crop, of which the row takes the part from `left` to `right`."""

    def place(fraction: float) -> float:
        return min(1.0, max(0.0, left + fraction * (right - left)))

    characters = tuple(
        ReadCharacter(c.text, c.confidence, place(c.start), place(c.end), c.alternatives) for c in reading.characters
    )
    return Reading(reading.text, reading.confidence, characters, (reading.confidence,), "characters")
