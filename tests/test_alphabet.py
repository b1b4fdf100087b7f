"""The alphabet: what is encoded comes back, look-alikes become one, and CTC's need of time steps."""

from __future__ import annotations

import unicodedata
from itertools import groupby, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.recognizer.alphabet import DEFAULT_SYMBOLS, Alphabet, ctc_steps

ALPHABET = Alphabet()
TEXTS = st.text(DEFAULT_SYMBOLS, max_size=30)


def _collapsed(path: tuple[int, ...]) -> list[int]:
    """What CTC writes for a row of classes."""
    return [label for label, _ in groupby(path) if label != 0]


@settings(deadline=None)
@given(TEXTS)
def test_what_is_encoded_comes_back(text: str) -> None:
    classes = ALPHABET.encode(text)
    assert ALPHABET.decode(classes) == text
    assert all(0 < c < len(ALPHABET) for c in classes)
    assert ALPHABET.covers(text)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_blanks_are_passed_over_and_repeats_kept(text: str, data: st.DataObject) -> None:
    classes = ALPHABET.encode(text)
    places = data.draw(st.lists(st.integers(0, len(classes)), max_size=5))
    for place in sorted(places, reverse=True):
        classes.insert(place, ALPHABET.blank)
    assert ALPHABET.decode(classes) == text


@settings(deadline=None)
@given(st.text(max_size=12))
def test_covered_is_what_can_be_encoded(text: str) -> None:
    assert ALPHABET.covers(text) == all(symbol in ALPHABET for symbol in text)
    if ALPHABET.covers(text):
        ALPHABET.encode(text)
    else:
        with pytest.raises(KeyError):
            ALPHABET.encode(text)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_normal_text_stays_as_it_is(text: str) -> None:
    normal = ALPHABET.normalise(text)
    assert ALPHABET.normalise(normal) == normal
    assert normal == normal.strip()
    assert "  " not in normal


@pytest.mark.parametrize("sign", ["\u1ffd", "\u0374", "\u2126", "ﬁ\u0301"])
def test_signs_that_composing_turns_into_others_are_folded_at_once(sign: str) -> None:
    normal = ALPHABET.normalise(sign)
    assert ALPHABET.normalise(normal) == normal


@settings(deadline=None)
@given(TEXTS)
def test_accents_written_apart_are_the_same_text(text: str) -> None:
    assert ALPHABET.normalise(unicodedata.normalize("NFD", text)) == ALPHABET.normalise(text)


def test_every_symbol_is_normal_and_named_once() -> None:
    assert [s for s in ALPHABET.symbols if s != " " and ALPHABET.normalise(s) != s] == []
    assert len(ALPHABET) == len(set(ALPHABET.symbols)) + 1
    with pytest.raises(ValueError, match="once"):
        Alphabet("abca")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("12\u00a0345\u202f€", "12 345 €"),
        ("\u2212 5 \u2010 3", "- 5 - 3"),
        ("ﬁn ofﬂine", "fin offline"),
        ("a\t b\n", "a b"),
        ("●", "•"),
        ("μm", "µm"),
    ],
)
def test_look_alikes_are_one_symbol(text: str, normal: str) -> None:
    assert ALPHABET.normalise(text) == normal
    assert ALPHABET.covers(normal)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 2), max_size=4))
def test_no_shorter_row_of_steps_can_write_a_text(classes: list[int]) -> None:
    steps = ctc_steps(classes)
    assert any(_collapsed(path) == classes for path in product(range(3), repeat=steps))
    shorter = (path for n in range(steps) for path in product(range(3), repeat=n))
    assert not any(_collapsed(path) == classes for path in shorter)
