"""Serial codes: rows of a page read character by character, all rows in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, quad_size
from ocr_doc.recognizer.character_crops import Strip, cut_strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.consensus import Heard, agreed
from ocr_doc.recognizer.fitting import fit_pattern
from ocr_doc.recognizer.patterns import Pattern
from ocr_doc.recognizer.segments import Cut, boxes_worth, build_lattices, name_together, read_lattice

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
        agreed: What classifier and recogniser together find most probable; None where only the classifier was asked.
    """

    free: SerialReading
    fitted: SerialReading | None = None
    agreed: SerialReading | None = None


class SerialReader:
    """Reads rows character by character.

    Args:
        classifier: Names characters.
        pattern: What a code looks like, or None.
    """

    def __init__(self, classifier: CharacterClassifier, pattern: Pattern | None = None) -> None:
        self.classifier = classifier
        self.pattern = pattern

    def read(
        self, grey: NDArray[np.uint8], rows: Sequence[Row], heard: Sequence[Heard] | None = None
    ) -> list[RowReading]:
        """Reads rows of a page.

        Args:
            grey: (H, W) uint8.
            rows: Where to read.
            heard: What the recogniser says of each row, or None to go by the classifier alone.

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
            both = None if heard is None else agreed(free, lattice, strip, self.classifier, heard[i])
            readings[i] = RowReading(free, fitted, both)
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
