"""Neighbours are read together, and come apart again where a space is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.geometry import as_quad, box_quad, quad_box, transform_quads
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.options import Options
from ocr_doc.phrases import MAX_ASPECT, join_phrases
from ocr_doc.recognizer.crops import MARGIN_ALONG
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.words import read_words

HIGH, WIDE = 20.0, 10.0


def _word(x: float, y: float, letters: int, high: float = HIGH) -> DetectedWord:
    cells = tuple(box_quad((x + i * WIDE, y, x + (i + 1) * WIDE, y + high)) for i in range(letters))
    return DetectedWord(box_quad((x, y, x + letters * WIDE, y + high)), 0.9, cells)


def _turned(word: DetectedWord, degrees: float) -> DetectedWord:
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle), 300.0], [np.sin(angle), np.cos(angle), 300.0]])
    quads = transform_quads(np.array([word.quad, *word.characters]), matrix)
    return DetectedWord(as_quad(quads[0]), word.confidence, tuple(as_quad(quad) for quad in quads[1:]))


@pytest.mark.parametrize("degrees", [0.0, 3.0, -20.0, 90.0, 180.0])
def test_neighbours_of_a_line_become_one(degrees: float) -> None:
    words = [_turned(word, degrees) for word in (_word(60, 0, 4), _word(0, 0, 5), _word(300, 0, 3), _word(0, 40, 5))]
    phrases = join_phrases(words)
    joined = max(phrases, key=lambda phrase: len(phrase.characters))
    assert sorted(len(phrase.characters) for phrase in phrases) == [3, 5, 9]
    assert joined.characters == words[1].characters + words[0].characters
    wanted = _turned(DetectedWord(box_quad((0, 0, 100, 20)), 0.9, ()), degrees)
    np.testing.assert_allclose(joined.quad, wanted.quad, atol=0.5)


def test_what_stands_apart_or_over_one_another_stays_apart() -> None:
    far = [_word(0, 0, 3), _word(30 + 0.9 * HIGH, 0, 3)]
    under = [_word(0, 0, 3), _word(35, HIGH, 3)]
    beside_a_title = [_word(0, 0, 3, 50.0), _word(35, 20, 4)]
    for words in (far, under, beside_a_title):
        assert len(join_phrases(words)) == 2


def test_a_sign_lower_than_its_neighbours_is_one_of_them() -> None:
    dash = DetectedWord(box_quad((34, 8, 44, 12)), 0.9, (box_quad((34, 8, 44, 12)),))
    assert len(join_phrases([_word(0, 0, 3), dash, _word(50, 0, 3)])) == 1


@pytest.mark.parametrize("degrees", [0.0, -20.0])
def test_a_full_stop_at_a_words_foot_says_nothing_of_the_lines_slope(degrees: float) -> None:
    stop = DetectedWord(box_quad((132, 45, 136, 50)), 0.9, (box_quad((132, 45, 136, 50)),))
    [phrase] = join_phrases([_turned(_word(0, 0, 13, 50.0), degrees), _turned(stop, degrees)])
    wanted = _turned(DetectedWord(box_quad((0, 0, 136, 50)), 0.9, ()), degrees)
    np.testing.assert_allclose(phrase.quad, wanted.quad, atol=0.5)


def test_a_long_line_is_cut_at_its_widest_gap() -> None:
    starts = [0, 65, 130, 195, 265, 330]  # the widest gap is before the fifth
    phrases = join_phrases([_word(x, 0, 6) for x in starts])
    assert sorted(len(phrase.characters) for phrase in phrases) == [12, 24]
    for phrase in phrases:
        x0, y0, x1, y1 = quad_box(phrase.quad)
        assert x1 - x0 <= MAX_ASPECT * (y1 - y0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 200), st.integers(1, 6)), max_size=12))
def test_no_character_is_lost(places: list[tuple[float, float, int]]) -> None:
    words = [_word(*place) for place in places]
    found = [quad for phrase in join_phrases(words) for quad in phrase.characters]
    assert sorted(found) == sorted(quad for word in words for quad in word.characters)


def _read(text: str, found: DetectedWord, starts: Sequence[float], words: tuple[float, ...] = ()) -> Reading:
    """A reading whose characters stand at these pixels of the phrase, each a cell wide."""
    whole = found.quad[1][0] - found.quad[0][0]
    crop = whole + 2 * MARGIN_ALONG * HIGH
    spans = [((x + MARGIN_ALONG * HIGH) / crop, (x + WIDE + MARGIN_ALONG * HIGH) / crop) for x in starts]
    characters = tuple(ReadCharacter(c, 0.9, *span) for c, span in zip(text, spans, strict=True))
    return Reading(text, 0.5, characters, words)


def test_words_come_apart_at_the_spaces_that_were_read() -> None:
    [phrase] = join_phrases([_word(0, 0, 2), _word(30, 0, 3)])
    reading = _read("ab cde", phrase, (0, 10, 20, 30, 40, 50), (0.8, 0.9))
    one, two = read_words([phrase], [reading], Options())
    assert (one.text, one.confidence, one.box) == ("ab", 0.8, (0, 0, 20, 20))
    assert (two.text, two.confidence, two.box) == ("cde", 0.9, (30, 0, 60, 20))
    assert [c.quad for c in two.characters] == list(phrase.characters[2:])


def test_two_found_are_one_where_no_space_was_read() -> None:
    [phrase] = join_phrases([_word(0, 0, 2), _word(24, 0, 2)])
    [word] = read_words([phrase], [_read("abcd", phrase, (0, 10, 24, 34))], Options())
    assert (word.text, word.box) == ("abcd", (0, 0, 44, 20))


def test_a_space_read_beside_its_place_cuts_at_the_gap_that_was_found() -> None:
    [phrase] = join_phrases([_word(0, 0, 3), _word(40, 0, 3)])
    reading = _read("abc def", phrase, (0, 8, 16, 24, 33, 43, 53))  # peaks of the network run ahead of the letters
    one, two = read_words([phrase], [reading], Options())
    assert (one.box[2], two.box[0]) == (30, 40)


def test_what_reads_like_no_text_is_left_out_unless_kept() -> None:
    word = _word(0, 0, 3)
    smudge = Reading("t%r", 0.3**3, (ReadCharacter("t%r", 0.3, 0.0, 1.0),))
    long = Reading("internationally", 0.6**15, (ReadCharacter("internationally", 0.6, 0.0, 1.0),))
    assert [w.text for w in read_words([word, word], [smudge, long], Options())] == ["internationally"]
    assert len(read_words([word, word], [smudge, long], Options(min_legibility=0.0))) == 2


def test_what_may_be_a_smudge_is_read_alone_and_must_read_clearly() -> None:
    unsure = replace(_word(35, 0, 1), confidence=0.5)
    assert len(join_phrases([_word(0, 0, 3), unsure, _word(50, 0, 3)])) == 3
    characters = (ReadCharacter(":", 0.7, 0.3, 0.6),)
    for found, confidence, kept in (
        (0.5, 0.8, 0),
        (0.5, 0.9, 1),
        (0.7, 0.5, 0),
        (0.7, 0.7, 1),
        (0.9, 0.5, 1),
        (0.9, 0.3, 0),
    ):
        reading = Reading(":", confidence, characters)
        word = replace(unsure, confidence=found)
        assert len(read_words([word], [reading], Options())) == kept
        assert len(read_words([word], [reading], Options(min_legibility=0.0))) == 1


def test_quotes_in_doubt_leave_a_word_legible() -> None:
    word = _word(0, 0, 2)
    letters = (ReadCharacter("‘", 0.16, 0.0, 0.4), ReadCharacter("I", 1.0, 0.5, 1.0))
    assert [w.text for w in read_words([word], [Reading("‘I", 0.15, letters)], Options())] == ["‘I"]
    doubtful = (ReadCharacter("‘", 0.16, 0.0, 0.4), ReadCharacter("I", 0.3, 0.5, 1.0))
    assert read_words([word], [Reading("‘I", 0.05, doubtful)], Options()) == []
