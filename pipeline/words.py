"""What was found and what was read, put together: words of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ocr_doc.core.geometry import Point, Quad, quad_size
from ocr_doc.core.records import Character, Word
from ocr_doc.options import Options
from ocr_doc.recognizer.crops import MARGIN_ALONG

# Hundredths of a pixel and hundredths of a per cent: more digits would be noise, and a third of a JSON file.
QUAD_DIGITS = 2
CONFIDENCE_DIGITS = 4


class FoundWord(Protocol):
    """A word as a detector found it."""

    @property
    def quad(self) -> Quad:
        """Corners in pixels of the page, clockwise from the text's own top left."""

    @property
    def characters(self) -> Sequence[Quad]:
        """Quads of its characters in reading order, as far as they were told apart."""


class ReadSymbol(Protocol):
    """A character as a recogniser read it."""

    @property
    def text(self) -> str:
        """The character."""

    @property
    def confidence(self) -> float:
        """In [0, 1]."""

    @property
    def start(self) -> float:
        """Where it begins, as a fraction of the crop's width."""

    @property
    def end(self) -> float:
        """Where it ends, as a fraction of the crop's width."""


class ReadText(Protocol):
    """A crop as a recogniser read it."""

    @property
    def text(self) -> str:
        """What it says; empty where it says nothing."""

    @property
    def confidence(self) -> float:
        """Probability in [0, 1] that the text is right as a whole."""

    @property
    def characters(self) -> Sequence[ReadSymbol]:
        """One for each character of the text."""


def read_words(found: Sequence[FoundWord], readings: Sequence[ReadText], options: Options) -> list[Word]:
    """The words of a page.

    A reading without text makes no word: it says that the detector took a smudge or a rule for text, and a word
    without text would carry nothing. A reading with spaces makes several words: the detector joined neighbours.

    Args:
        found: Words that the detector found.
        readings: What each crop, `rectify(page, found.quad)`, says; as many.
        options: Their `min_confidence` and `characters` count.
    """
    pairs = zip(found, readings, strict=True)
    words = [word for each, reading in pairs for word in _words(each, reading, options.characters)]
    return [word for word in words if word.confidence >= options.min_confidence]


def _words(found: FoundWord, reading: ReadText, with_characters: bool) -> Iterator[Word]:
    """One word, or several where the reading has spaces."""
    symbols = [symbol for symbol in reading.characters if not symbol.text.isspace()]
    # The detector's quads are drawn round the ink, CTC's spans are only near it; so the detector's where they agree on
    # how many there are.
    seen = found.characters if len(found.characters) == len(symbols) else None
    quads = iter(seen or [_cut(found.quad, symbol.start, symbol.end) for symbol in symbols])
    parts = list(_between_spaces(reading.characters))
    for part in parts:
        characters = tuple(
            Character(symbol.text, _confidence(symbol.confidence), rounded_quad(next(quads))) for symbol in part
        )
        quad = found.quad if len(parts) == 1 else _cut(found.quad, part[0].start, part[-1].end)
        text = "".join(symbol.text for symbol in part)
        yield Word(text, _confidence(reading.confidence), rounded_quad(quad), characters if with_characters else ())


def _between_spaces(symbols: Sequence[ReadSymbol]) -> Iterator[list[ReadSymbol]]:
    part: list[ReadSymbol] = []
    for symbol in symbols:
        if not symbol.text.isspace():
            part.append(symbol)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _cut(quad: Quad, start: float, end: float) -> Quad:
    """The part of a word between two fractions of its crop's width.

    The crop is wider than the word: `rectify` adds a margin at each end, in proportion to the height.
    """
    width, height = quad_size(quad)
    margin = height * MARGIN_ALONG
    left, right = (
        min(max((fraction * (width + 2 * margin) - margin) / max(width, 1e-6), 0.0), 1.0) for fraction in (start, end)
    )
    a, b, c, d = quad
    return _along(a, b, left), _along(a, b, right), _along(d, c, right), _along(d, c, left)


def _along(start: Point, end: Point, fraction: float) -> Point:
    return start[0] + (end[0] - start[0]) * fraction, start[1] + (end[1] - start[1]) * fraction


def rounded_quad(quad: Quad) -> Quad:
    """A quad with as many digits as results have."""
    a, b, c, d = ((round(float(x), QUAD_DIGITS), round(float(y), QUAD_DIGITS)) for x, y in quad)
    return a, b, c, d


def _confidence(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), CONFIDENCE_DIGITS)
