"""Serial codes: rows of a page read character by character, all rows in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, quad_size
from ocr_doc.recognizer.character_crops import Strip, cut_strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.fitting import fit_pattern
from ocr_doc.recognizer.patterns import Pattern
from ocr_doc.recognizer.reader import ReadCharacter
from ocr_doc.recognizer.segments import Cut, boxes_worth, build_lattices, name_together, read_lattice

# What the CRNN says counts so many times what the classifier says of a character, as powers of probabilities...
OPINION = 0.3
# ...where it does not name a reading, that one has this share of its doubt...
_DOUBT = 0.1
_LEAST = 1e-4
# ...and it is heard at all where it says the same of so many characters: else it reads something else.
_AGREED = 0.5
# Between these it is not heard: on whether a ring is a letter or a digit it goes by its neighbours.
_RINGS = frozenset("0Oo")
# A row longer than this, in heights, is no code: specks or a rule. It bounds the work, too.
LONGEST = 40.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be read.

    Attributes:
        quad: Corners on the page, clockwise from the text's own top left.
        characters: The detector's characters in reading order; may be empty.
        places: Where the CRNN parts characters, in fractions of the quad's width.
    """

    quad: Quad
    characters: tuple[Quad, ...] = ()
    places: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RowReading:
    """What was read in a row.

    Attributes:
        free: The most probable reading.
        fitted: The most probable one that fits the pattern; None without a pattern, or where nothing fits.
    """

    free: SerialReading
    fitted: SerialReading | None = None


class SerialReader:
    """Reads rows character by character.

    Args:
        classifier: Names characters.
        pattern: What a code looks like, or None.
    """

    def __init__(self, classifier: CharacterClassifier, pattern: Pattern | None = None) -> None:
        self.classifier = classifier
        self.pattern = pattern

    def read(self, grey: NDArray[np.uint8], rows: Sequence[Row]) -> list[RowReading]:
        """Reads rows of a page.

        Args:
            grey: (H, W) uint8.
            rows: Where to read.

        Returns:
            One reading for each row; without characters where there are none, or where the row is no row of text.
        """
        sound = [i for i, row in enumerate(rows) if is_sound(row)]
        strips = [cut_strip(grey, np.array(rows[i].quad)) for i in sound]
        hints = [cuts_of(rows[i], strip) for i, strip in zip(sound, strips, strict=True)]
        places = [[_column(p, strip) for p in rows[i].places] for i, strip in zip(sound, strips, strict=True)]
        readings = [RowReading(SerialReading(()))] * len(rows)
        lattices = name_together(build_lattices(strips, hints, places, self.classifier), strips, self.classifier)
        for i, strip, lattice in zip(sound, strips, lattices, strict=True):
            free = read_lattice(lattice, strip, self.classifier)
            fitted = None if self.pattern is None else fit_pattern(lattice, strip, self.classifier, self.pattern)
            readings[i] = RowReading(free, fitted)
        return readings

    def worth(self, grey: NDArray[np.uint8], rows: Sequence[Row]) -> list[float]:
        """How many characters are in each row as the detector cut it; tells which of several rows is true."""
        sound = [i for i, row in enumerate(rows) if is_sound(row)]
        strips = [cut_strip(grey, np.array(rows[i].quad)) for i in sound]
        hints = [cuts_of(rows[i], strip) for i, strip in zip(sound, strips, strict=True)]
        worths = dict(zip(sound, boxes_worth(strips, hints, self.classifier), strict=True))
        return [worths.get(i, 0.0) for i in range(len(rows))]


def is_sound(row: Row) -> bool:
    """Whether a row is of a size that text may have."""
    width, height = quad_size(row.quad)
    return height >= 4 and width >= 2 and width <= LONGEST * height


def cuts_of(row: Row, strip: Strip) -> list[Cut]:
    """The detector's characters as columns of the strip."""
    if not row.characters:
        return []
    quad = np.array(row.quad, dtype=np.float64)
    along = quad[1] - quad[0]
    length = max(float(np.hypot(*along)), 1e-6)
    points = (np.array(row.characters, dtype=np.float64) - quad[0]) @ (along / length)
    return [(_column(low / length, strip), _column(high / length, strip)) for low, high in
            zip(points.min(axis=1), points.max(axis=1), strict=True)]  # fmt: skip


def _column(fraction: float, strip: Strip) -> int:
    return int(0.5 + strip.start + fraction * (strip.pixels.shape[1] - 2 * strip.start))


def with_opinion(reading: SerialReading, spoken: Sequence[tuple[str, float]]) -> SerialReading:
    """A reading whose characters in doubt are decided by what the CRNN says of them.

    Both see the same ink in other ways and err in other places: a product of both experts (Hinton 2002), the
    classifier's word counting the more, errs less than either. What the classifier is sure of stays.

    Args:
        reading: The classifier's.
        spoken: The CRNN's characters and their confidences.

    Returns:
        The reading, its confidences those of the product; unchanged where the CRNN reads another number of characters,
        or other ones altogether.
    """
    own = reading.characters
    agreed = sum(c.text == text for c, (text, _) in zip(own, spoken, strict=False))
    if len(own) != len(spoken) or agreed < _AGREED * len(own):
        return reading
    return replace(reading, characters=tuple(_decided(c, *said) for c, said in zip(own, spoken, strict=True)))


def _decided(character: ReadCharacter, text: str, confidence: float) -> ReadCharacter:
    if not character.alternatives or {text, character.text} <= _RINGS:
        return character
    others = _DOUBT * (1.0 - confidence) + _LEAST
    weights = [p * (max(confidence, _LEAST) if t == text else others) ** OPINION for t, p in character.alternatives]
    # What the alternatives leave over is of signs that the CRNN does not name either.
    rest = max(0.0, 1.0 - sum(p for _, p in character.alternatives)) * others**OPINION
    total = sum(weights) + rest
    names = [t for t, _ in character.alternatives]
    ranked = sorted(zip(names, (w / total for w in weights), strict=True), key=lambda pair: -pair[1])
    return replace(character, text=ranked[0][0], confidence=ranked[0][1], alternatives=tuple(ranked))
