"""Characters of a PDF page, to words: told apart by gaps and jumps, at any angle, and each printed once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ocr_doc.core.geometry import Point, Quad, as_quad, clip_quads, quad_box, quad_size
from ocr_doc.text_layer import LayerWord

UNKNOWN = "\ufffd"
# A glyph this near to an equal one, in ems, was printed twice: bold type made of plain.
TWICE = 0.12
# Beyond such gaps along and across the text, in ems, two characters are of two words, whatever the file says.
GAP, BACK, STEP = 0.5, 0.6, 0.5
# The same along it for characters of two objects: within one, spaced type has wide gaps.
OWNERS_GAP = 0.15
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character where it stands.

    Attributes:
        text: What it says; `UNKNOWN` where that is not known, empty for a space.
        origin: Its place on the baseline, in pixels.
        along: Unit vector on the page: where the text runs.
        up: Unit vector across it, away from the descenders.
        advance: Pixels along the text that it takes.
        em: Pixels of its type size, above 0.
        low: How far it reaches from the baseline along `up`, in pixels; below 0 for descenders.
        high: The same for its top.
        owner: The object of the page that it is of; the same number for a font's other characters beside it.
        font: Names its font within the page.
        visible: Whether the page means to show it.
    """

    text: str
    origin: Point
    along: Point
    up: Point
    advance: float
    em: float
    low: float
    high: float
    owner: int = 0
    font: int = 0
    visible: bool = True


def words_of(glyphs: Iterable[Glyph], width: int, height: int) -> tuple[LayerWord, ...]:
    """The words of a page.

    Args:
        glyphs: In the order of the file, spaces too.
        width: Of the page in pixels.
        height: Of the page in pixels.

    Returns:
        Words in that order, cut off at the page's edges; none for what lies outside the page, and one where the file
        prints a word twice.
    """
    words: list[LayerWord] = []
    found: dict[str, list[LayerWord]] = {}
    for run in _runs(_once(glyphs)):
        word = _word(run, width, height)
        if word is not None and not any(_doubled(word, other) for other in found.get(word.text, ())):
            found.setdefault(word.text, []).append(word)
            words.append(word)
    return tuple(words)


def _once(glyphs: Iterable[Glyph]) -> Iterator[Glyph]:
    """Leaves out what another object of the page has printed in nearly the same place."""
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    for glyph in glyphs:
        if not glyph.text:
            yield glyph
            continue
        reach = TWICE * glyph.em
        column, row = int(glyph.origin[0] // reach), int(glyph.origin[1] // reach)
        near = (
            other
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for other in seen.get((glyph.text, column + dx, row + dy), ())
        )
        # Within one object, such as a ligature of three letters, equal characters in one place are no doubles.
        if not any(other.owner != glyph.owner and _distance(glyph, other) < reach for other in near):
            seen.setdefault((glyph.text, column, row), []).append(glyph)
            yield glyph


def _distance(a: Glyph, b: Glyph) -> float:
    return float(np.hypot(a.origin[0] - b.origin[0], a.origin[1] - b.origin[1]))


def _runs(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """The characters of one word each; a space, a gap or a jump ends a word."""
    run: list[Glyph] = []
    last: Glyph | None = None  # that took room: what has none, such as an accent of its own, says not where a word ends
    for glyph in glyphs:
        if last is not None and (not glyph.text or _apart(last, glyph)):
            yield run
            run, last = [], None
        if glyph.text:
            run.append(glyph)
            last = glyph if last is None or not unicodedata.combining(glyph.text[0]) else last
    if run:
        yield run


def _apart(a: Glyph, b: Glyph) -> bool:
    """Whether `b` does not go on where `a` ends."""
    if a.along[0] * b.along[0] + a.along[1] * b.along[1] < 0.98:
        return True
    dx, dy = b.origin[0] - a.origin[0], b.origin[1] - a.origin[1]
    gap = dx * a.along[0] + dy * a.along[1] - a.advance
    step = abs(dx * a.up[0] + dy * a.up[1])
    em = max(a.em, b.em)
    # An accent is printed over its letter: it may step back by the whole of that.
    wide = GAP if a.owner == b.owner else OWNERS_GAP
    return gap > wide * em or gap < -BACK * em - a.advance or step > STEP * em


def _word(run: Sequence[Glyph], width: int, height: int) -> LayerWord | None:
    """One word; None where it lies outside the page or says nothing."""
    first = run[0]
    low, high = min(glyph.low for glyph in run), max(glyph.high for glyph in run)
    spans = [(start, start + glyph.advance) for glyph in run for start in (_along(first, glyph),)]
    quad = _quad(first, min(start for start, _ in spans), max(end for _, end in spans), low, high)
    middle = (sum(x for x, _ in quad) / 4, sum(y for _, y in quad) / 4)
    if not (0 <= middle[0] <= width and 0 <= middle[1] <= height):
        return None
    characters: list[tuple[str, Quad]] = []
    for text, (start, end) in _parts(run, spans):
        if characters and (unicodedata.combining(text[0]) or not text.isprintable()):
            # An accent of its own belongs to the letter before it; what cannot be seen is no character of its own.
            joined = unicodedata.normalize("NFC", characters[-1][0] + text) if text.isprintable() else characters[-1][0]
            characters[-1] = (joined, characters[-1][1])
        elif text.isprintable():
            characters.append((text, _clipped(_quad(first, start, end, low, high), width, height)))
    text = "".join(character for character, _ in characters)
    if not text:
        return None
    visible = 2 * sum(glyph.visible for glyph in run) > len(run)
    return LayerWord(
        text, _clipped(quad, width, height), tuple(characters), first.font, first.owner, visible, UNKNOWN not in text
    )


def _parts(run: Sequence[Glyph], spans: Sequence[tuple[float, float]]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Single characters and where each stands: several that share one glyph get a part of it each."""
    at = 0
    while at < len(run):
        end = at + 1
        while end < len(run) and run[end].owner == run[at].owner and run[end].origin == run[at].origin:
            end += 1
        text = "".join(_LIGATURES.get(glyph.text, glyph.text) for glyph in run[at:end])
        start, step = spans[at][0], (spans[at][1] - spans[at][0]) / len(text)
        for i, character in enumerate(text):
            yield character, (start + i * step, start + (i + 1) * step)
        at = end


def _along(first: Glyph, glyph: Glyph) -> float:
    """How far a glyph starts from its word's first one, along the text."""
    dx, dy = glyph.origin[0] - first.origin[0], glyph.origin[1] - first.origin[1]
    return dx * first.along[0] + dy * first.along[1]


def _quad(first: Glyph, start: float, end: float, low: float, high: float) -> Quad:
    """A box in the text's own axes, on the page."""
    (x, y), (ax, ay), (ux, uy) = first.origin, first.along, first.up
    a, b, c, d = (
        (x + s * ax + t * ux, y + s * ay + t * uy) for s, t in ((start, high), (end, high), (end, low), (start, low))
    )
    return a, b, c, d


def _clipped(quad: Quad, width: int, height: int) -> Quad:
    return as_quad(clip_quads(np.array(quad), width, height))


def _doubled(word: LayerWord, other: LayerWord) -> bool:
    """Whether two words of one text stand in nearly the same place."""
    (ax, ay, _, _), (bx, by, _, _) = quad_box(word.quad), quad_box(other.quad)
    return max(abs(ax - bx), abs(ay - by)) < 2 * TWICE * quad_size(word.quad)[1]
