"""Classifier and recogniser of one row, made to agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.character_crops import SIDE, Strip
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.consensus import LONGEST, Heard, agreed
from ocr_doc.recognizer.segments import Lattice, read_lattice

SYMBOLS = "AB08O1"
ALPHABET = Alphabet("AB08O1É ")
WIDTH = 20
Chances = Mapping[str, float]


class Flat:
    """An engine that is never asked here: the lattices are made by hand."""

    device, name = "cpu", "flat"

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.zeros((len(batch), len(SYMBOLS) + 1), np.float32)

    def close(self) -> None: ...


CLASSIFIER = CharacterClassifier(Flat(), SYMBOLS)


def seen(*pieces: Chances) -> tuple[Lattice, Strip, SerialReading]:
    """A row that the classifier sees as so many pieces, each with its chances; "" is no character."""
    count = len(pieces)
    log_probs = np.full((count, len(SYMBOLS) + 1), 1e-6)
    for row, chances in zip(log_probs, pieces, strict=True):
        for text, chance in chances.items():
            row[CLASSIFIER.symbols.index(text)] = chance
    nodes = np.arange(count + 1) * WIDTH
    ends = np.stack([np.arange(count), np.arange(count) + 1], axis=1).reshape(-1, 2)
    cuts = np.stack([nodes[:-1], nodes[1:]], axis=1).reshape(-1, 2)
    lattice = Lattice(nodes, ends, cuts, np.log(log_probs).astype(np.float32), np.full(count, 4.0))
    strip = Strip(np.zeros((SIDE, max(4, count * WIDTH)), np.float32), 0.0, 1.0)
    return lattice, strip, read_lattice(lattice, strip, CLASSIFIER)


def heard(*steps: Chances) -> Heard:
    """What the recogniser says at each time step; what is left over is blank."""
    log_probs = np.full((len(steps), len(ALPHABET)), 1e-6)
    for row, chances in zip(log_probs, steps, strict=True):
        for text, chance in chances.items():
            row[ALPHABET.encode(text)[0]] = chance
        row[ALPHABET.blank] = max(1e-6, 1.0 - sum(chances.values()))
    return Heard(np.log(log_probs / log_probs.sum(axis=1, keepdims=True)).astype(np.float32), ALPHABET)


def both(pieces: Sequence[Chances], steps: Sequence[Chances]) -> SerialReading | None:
    lattice, strip, free = seen(*pieces)
    return agreed(free, lattice, strip, CLASSIFIER, heard(*steps))


def test_each_decides_what_the_other_doubts() -> None:
    reading = both(
        [{"A": 0.99}, {"B": 0.5, "8": 0.45}, {"0": 0.97, "O": 0.02}],
        [{"A": 0.9}, {}, {"8": 0.9}, {}, {"O": 0.55, "0": 0.4}],
    )
    assert reading is not None
    assert reading.text == "A80"
    sure, doubtful, _ = (c.confidence for c in reading.characters)
    assert doubtful < sure
    assert 0.1 < reading.confidence < 0.9
    assert dict(reading.characters[1].alternatives).keys() >= {"8", "B"}


def test_an_emblem_between_characters_is_passed_over() -> None:
    """The classifier has to take it for something, the recogniser has learned not to."""
    emblem = {"": 0.6, "8": 0.3}
    reading = both([{"A": 0.99}, emblem, {"1": 0.99}], [{"A": 0.99}, {"8": 0.1}, {}, {"1": 0.99}])
    assert reading is not None
    assert reading.text == "A1"
    places = [(c.start, c.end) for c in reading.characters]
    assert places == [(0.0, pytest.approx(1 / 3)), (pytest.approx(2 / 3), 1.0)]


def test_a_space_is_no_character() -> None:
    reading = both([{"A": 0.99}, {"1": 0.99}], [{"A": 0.99}, {" ": 0.99}, {"1": 0.99}])
    assert reading is not None
    assert reading.text == "A1"


def test_a_sign_that_the_classifier_does_not_know_has_to_be_clear() -> None:
    pieces = [{"A": 0.99}, {"8": 0.4}]
    clear = both(pieces, [{"A": 0.99}, {}, {"É": 0.999}])
    vague = both(pieces, [{"A": 0.99}, {}, {"É": 0.5, "8": 0.3}])
    assert clear is not None
    assert clear.text == "AÉ"
    assert vague is not None
    assert vague.text == "A8"


def test_nothing_is_agreed_where_a_reader_is_silent() -> None:
    pieces = [{"A": 0.99}]
    assert both([], [{"A": 0.99}]) is None
    assert both(pieces, []) is None
    lattice, strip, _ = seen(*pieces)
    assert agreed(SerialReading(()), lattice, strip, CLASSIFIER, heard({}, {})) is None
    long = [{"A": 0.9}] * (LONGEST + 1)
    assert both(long, [chances for piece in long for chances in (piece, {})]) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=8),
    st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=8),
    st.floats(0.3, 0.95), st.floats(0.3, 0.95),
)  # fmt: skip
def test_any_two_readings_make_one(own: list[str], other: list[str], sure: float, loud: float) -> None:
    """Its places are in order, and where both readers say the same, so does it."""
    reading = both([{c: sure} for c in own], [chances for c in other for chances in ({c: loud}, {})])
    assert reading is not None
    assert 0.0 < reading.confidence <= 1.0
    starts = [c.start for c in reading.characters]
    assert starts == sorted(starts)
    if own == other:
        assert reading.text == "".join(own)
