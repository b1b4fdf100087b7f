"""What was found and what was read, put together: words of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import hypot, prod
from typing import Protocol

from ocr_doc.core.geometry import Quad, quad_around, quad_part, quad_size
from ocr_doc.core.records import Character, Word
from ocr_doc.digits import read_digits
from ocr_doc.dollars import read_dollars
from ocr_doc.faded_points import read_faded_points
from ocr_doc.gluing import glue_words
from ocr_doc.marks import without_marks
from ocr_doc.options import Options
from ocr_doc.quotes import QUOTES, like_quotes
from ocr_doc.recognizer.crops import MARGIN_ALONG
from ocr_doc.specks import without_specks

# Hundredths of a pixel and hundredths of a per cent: more digits would be noise, and a third of a JSON file.
QUAD_DIGITS = 2
CONFIDENCE_DIGITS = 4
# The less sure the detector is that something is text, the clearer it must read: where it is SURE, no clearer than the
# options ask for; where it is UNSURE or less, CLEARLY. It doubts smudges, and lone signs and digits.
SURE, UNSURE, CLEARLY = 0.75, 0.6, 0.85


class FoundWord(Protocol):
    """A word as a detector found it."""

    @property
    def quad(self) -> Quad:
        """Corners in pixels of the page, clockwise from the text's own top left."""

    @property
    def confidence(self) -> float:
        """How sure the detector is that it is text, in [0, 1]."""

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
    def word_confidences(self) -> Sequence[float]:
        """The same for each part of the text between spaces; empty where not known."""

    @property
    def characters(self) -> Sequence[ReadSymbol]:
        """One for each character of the text."""


def read_words(
    found: Sequence[FoundWord],
    readings: Sequence[ReadText],
    options: Options,
    wanted: Callable[[str, float], bool] = lambda text, confidence: False,
) -> list[Word]:
    """The words of a page.

    A reading without text makes no word: it says that the detector took a smudge or a rule for text, and a word
    without text would carry nothing. A reading with spaces makes several words, each with the characters that were
    found in its part. Then the words of the page are looked at together: lone dots that part nothing are left out
    (`ocr_doc.specks`), quotes that are read otherwise than the others are made like them (`ocr_doc.quotes`), doubtful
    marks go where a page has none (`ocr_doc.marks`), an l among digits is a 1 (`ocr_doc.digits`), a lone S before an
    amount a dollar (`ocr_doc.dollars`), words that only a narrow gap parts are glued (`ocr_doc.gluing`), and amounts
    whose decimal sign has faded are made whole (`ocr_doc.faded_points`).

    Args:
        found: Words that the detector found.
        readings: What each crop, `rectify(page, found.quad)`, says; as many.
        options: Their `min_confidence`, `min_legibility` and `characters` count.
        wanted: Whether a word of a text and a confidence is to have its characters though the options ask for none.
    """
    pairs = zip(found, readings, strict=True)
    chosen = (lambda text, confidence: True) if options.characters else wanted
    words = [
        word
        for each, reading in pairs
        for word, legibility in _words(each, reading, chosen)
        if word.confidence >= options.min_confidence
        and legibility >= _least_legibility(each.confidence, options.min_legibility)
    ]
    if options.min_legibility:
        words = without_specks(words)
    return read_faded_points(glue_words(read_dollars(read_digits(without_marks(like_quotes(words))))))


def _least_legibility(found: float, least: float) -> float:
    """How probable a word's characters have to be, by how sure the detector is of it."""
    doubt = min(max((SURE - found) / (SURE - UNSURE), 0.0), 1.0)
    return least + max(0.0, CLEARLY - least) * doubt if least else 0.0


def _legibility(part: Sequence[ReadSymbol], confidence: float) -> float:
    """How probable a word's characters are, each by itself: a long word's confidence is low where each is fairly sure.

    Which quotes stand around a word is often in doubt; the word is no less legible for it.
    """
    whole = float(confidence ** (1 / sum(len(symbol.text) for symbol in part)))
    bare = [symbol.confidence for symbol in part if symbol.text not in QUOTES]
    return max(whole, float(prod(bare) ** (1 / len(bare)))) if 0 < len(bare) < len(part) else whole


def _words(
    found: FoundWord, reading: ReadText, with_characters: Callable[[str, float], bool]
) -> Iterator[tuple[Word, float]]:
    """One word, or several where the reading has spaces, each with its legibility."""
    parts = list(_between_spaces(reading.characters))
    groups = _shared_out(found, parts)
    confidences = reading.word_confidences
    if len(confidences) != len(parts):
        confidences = (reading.confidence,) * len(parts)
    for part, group, confidence in zip(parts, groups, confidences, strict=True):
        if len(parts) == 1:
            quad = found.quad
        else:
            quad = quad_around(found.quad, group) if group else _cut(found.quad, part[0].start, part[-1].end)
        text, sure = "".join(symbol.text for symbol in part), _confidence(confidence)
        characters = _characters(found.quad, part, group) if with_characters(text, sure) else ()
        yield Word(text, sure, rounded_quad(quad), characters), _legibility(part, sure)


def _characters(whole: Quad, part: Sequence[ReadSymbol], group: Sequence[Quad]) -> tuple[Character, ...]:
    """The characters of a word: read as `part`, found in the quads of `group`."""
    # The detector's quads are drawn round the ink, CTC's spans are only near it; so the detector's where they agree on
    # how many there are.
    quads = group if len(group) == len(part) else [_cut(whole, symbol.start, symbol.end) for symbol in part]
    return tuple(
        [
            Character(symbol.text, _confidence(symbol.confidence), rounded_quad(quad))
            for symbol, quad in zip(part, quads, strict=True)
        ]
    )


def _shared_out(found: FoundWord, parts: Sequence[Sequence[ReadSymbol]]) -> list[Sequence[Quad]]:
    """The quads of the characters found, for each part of the reading; none where they are fewer than the parts.

    A space is read near where it is, and found nowhere: the cut is made at a gap between two characters, the wide one
    if there are several near.
    """
    quads = found.characters
    if len(parts) < 2:
        return [quads] * len(parts)
    if len(quads) < len(parts):
        return [()] * len(parts)
    starts, ends = zip(*_reaches(found.quad, quads), strict=True)
    gaps = [((end + start) / 2, max(0.0, start - end)) for end, start in zip(ends[:-1], starts[1:], strict=True)]
    size = quad_size(found.quad)
    cuts = [0]
    for n, (before, after) in enumerate(pairwise(parts)):
        place = (_inner(*size, before[-1].end) + _inner(*size, after[0].start)) / 2
        # Each part behind this one needs a character too.
        free = range(cuts[-1], len(gaps) - (len(parts) - 2 - n))
        cuts.append(min(free, key=lambda k: abs(gaps[k][0] - place) - gaps[k][1]) + 1)
    return [quads[a:b] for a, b in pairwise([*cuts, len(quads)])]


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
    """The part of a word between two fractions of its crop's width."""
    width, height = quad_size(quad)
    length = max(width, 1e-6)
    left = min(max(_inner(width, height, start) / length, 0.0), 1.0)
    return quad_part(quad, left, min(max(_inner(width, height, end) / length, 0.0), 1.0))


def _inner(width: float, height: float, fraction: float) -> float:
    """Pixels from the left side of a quad of this size to a fraction of its crop's width.

    The crop is wider than the quad: `rectify` adds a margin at each end, in proportion to the height.
    """
    margin = height * MARGIN_ALONG
    return fraction * (width + 2 * margin) - margin


def _reaches(whole: Quad, parts: Sequence[Quad]) -> list[tuple[float, float]]:
    """Where parts begin and end, in pixels from the left side of the whole, along it."""
    (left, top), (right, bottom), *_ = whole
    x, y = right - left, bottom - top
    length = max(hypot(x, y), 1e-6)
    reaches = []
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in parts:
        a, b = ((ax - left) * x + (ay - top) * y) / length, ((bx - left) * x + (by - top) * y) / length
        c, d = ((cx - left) * x + (cy - top) * y) / length, ((dx - left) * x + (dy - top) * y) / length
        reaches.append((min(a, b, c, d), max(a, b, c, d)))
    return reaches


def rounded_quad(quad: Quad) -> Quad:
    """A quad with as many digits as results have."""
    # Written out: a page has thousands of corners.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    n = QUAD_DIGITS
    return (round(ax, n), round(ay, n)), (round(bx, n), round(by, n)), (round(cx, n), round(cy, n)), (
        round(dx, n), round(dy, n),
    )  # fmt: skip


def _confidence(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), CONFIDENCE_DIGITS)
