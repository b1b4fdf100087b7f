"""The vocabulary, and words in doubt read again with it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.ctc import Decoding, best_paths, log_likelihoods, part_confidences
from ocr_doc.recognizer.doubts import settle_doubts
from ocr_doc.recognizer.vocabulary import Vocabulary, has_odd_sign_inside, write_vocabulary
from ocr_doc.training.vocabulary import word_levels
from ocr_doc.weights.manifest import load_manifest

ALPHABET = Alphabet()
WORDS = Vocabulary({"cartons": 16, "caution": 18, "the": 31, "van": 20, "strasse": 18, "d'accord": 16, "well": 24})


def steps(*symbols: str, doubt: float = 0.45) -> NDArray[np.float32]:
    """Log-probabilities (1, T, C): of "ab" the first symbol has 1 - doubt, the second the rest; blanks between."""
    rows = []
    for symbol in symbols:
        row = np.full(len(ALPHABET), 1e-9)
        shares = (1.0,) if len(symbol) == 1 else (1 - doubt, doubt)
        for each, share in zip(symbol, shares, strict=True):
            row[ALPHABET.encode(each)[0]] = share
        blank = np.full(len(ALPHABET), 1e-9)
        blank[ALPHABET.blank] = 1.0
        rows += [row, blank]
    table = np.array(rows)
    return np.log(table / table.sum(axis=1, keepdims=True)).astype(np.float32)[None]


def settled(log_probs: NDArray[np.float32], vocabulary: Vocabulary = WORDS) -> tuple[list[Decoding], list[Decoding]]:
    greedy = best_paths(log_probs)
    words = part_confidences(log_probs, greedy, ALPHABET.encode(" ")[0])
    return greedy, settle_doubts(greedy, words, log_probs, ALPHABET, vocabulary)


def text(decoding: Decoding) -> str:
    return ALPHABET.decode(decoding.labels)


def test_a_doubtful_word_is_read_as_the_known_one() -> None:
    log_probs = steps("c", "a", "ar", "t", "o", "n", "s")
    greedy, again = settled(log_probs)
    assert text(greedy[0]) == "caatons"
    assert text(again[0]) == "cartons"
    expected = float(np.exp(log_likelihoods(log_probs, [again[0].labels])[0]))
    assert again[0].confidence == pytest.approx(expected)
    assert again[0].confidence < greedy[0].confidence
    assert [s.start for s in again[0].symbols] == [0, 2, 4, 6, 8, 10, 12]


def test_what_the_image_says_clearly_stands() -> None:
    _, again = settled(steps("c", "a", "ar", "t", "o", "n", "s", doubt=0.001))
    assert text(again[0]) == "caatons"
    greedy, again = settled(steps("c", "a", "a", "t", "o", "n", "s"))
    assert again[0] is greedy[0]


def test_only_the_word_in_doubt_changes() -> None:
    _, again = settled(steps("t", "h", "e", " ", "vy", "a", "n", " ", "w", "ei", "l", "l", doubt=0.4))
    assert text(again[0]) == "the van well"
    _, again = settled(steps("o", "0O", "7", " ", "c", "a", "ar", "t", "o", "n", "s", ",", doubt=0.4))
    assert text(again[0]) == "o07 cartons,"


def test_a_word_that_nobody_writes_is_in_doubt_sooner() -> None:
    _, again = settled(steps("c", "a", "ar", "t", "o", "n", "s", ",", doubt=0.15))
    assert text(again[0]) == "cartons,"


@pytest.mark.parametrize("read", [("v", "a", "mn"), (*"cartons", "x,"), (*"cartons", "1l")])
def test_short_ones_and_those_that_differ_in_signs_are_not(read: tuple[str, ...]) -> None:
    greedy, again = settled(steps(*read, doubt=0.15))
    assert again[0] is greedy[0]


def test_numbers_are_left_to_the_image() -> None:
    greedy, again = settled(steps("1", "2", ".", "38", "0"))
    assert again[0] is greedy[0]
    assert text(again[0]) == "12.30"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("the", "thc"), ("The", "tHe"), ("THE", "ThE"), ("(Cartons:", "(Cartors:"), ("12.50", "I2.5O"),
        ("van-the", "van-thc"), ("Straße", "Strabe"), ("d’accord", "d’accorb"), ("the", "van"), ("xy12", "xyzz"),
        ("1x", "Ix"), ("500ml", "SO0ml"), ("50mm,", "5Omm,"), ("(T02)", "(TO2)"), ("K17", "KI7"), ("3rd", "Srd"),
        ("100's", "l00's"),
    ],
)  # fmt: skip
def test_costs(better: str, worse: str) -> None:
    assert 0.0 <= WORDS.cost(better) < WORDS.cost(worse)


@pytest.mark.parametrize(
    "word", ["Röß1bach", "RößIbach", "RöB1bach", "sa1e,", "Ca0tons", "FlIesen", "0rder", "(0rder:"]
)
def test_a_digit_or_a_capital_i_among_small_letters_is_odd(word: str) -> None:
    assert has_odd_sign_inside(word)
    assert WORDS.cost(word) > WORDS.cost("Unheardofword")


@pytest.mark.parametrize(
    "word",
    ["McIntosh", "MacIver", "WiFi", "x10y", "A1b", "H20", "covid19", "to1", "web1.de", "I", "0ab", "0x1f", "0abc1"],
)
def test_other_digits_and_capitals_are_not(word: str) -> None:
    assert not has_odd_sign_inside(word)


def test_a_one_among_small_letters_gives_way_to_the_letter_that_looks_like_it() -> None:
    greedy, again = settled(steps("W", "a", "1l", "d", "b", "a", "d", doubt=0.1))
    assert (text(greedy[0]), text(again[0])) == ("Wa1dbad", "Waldbad")
    greedy, again = settled(steps("W", "a", "1l", "d", "b", "a", "d", doubt=0.001))
    assert text(again[0]) == "Wa1dbad"  # what the image says clearly stands
    greedy, again = settled(steps("A", "B", "1l", "9", "7", doubt=0.1))
    assert text(again[0]) == "AB197"  # a code


@pytest.mark.parametrize(
    ("read", "word"),
    [
        (("0O", "ff"), "Off"),
        (("B", "1I", "L", "L"), "BILL"),
        (("S", "A", "1L", "E"), "SALE"),
        (("(", "L", "0O", "T", ")"), "(LOT)"),
    ],
)
def test_digits_that_make_a_word_of_letters_give_way_to_them(read: tuple[str, ...], word: str) -> None:
    known = Vocabulary({"off": 24, "bill": 20, "sale": 20, "lot": 21, "loo": 14})
    read = tuple(c for part in read for c in ([part] if part[0].isdigit() else part))
    assert text(settled(steps(*read, doubt=0.08), known)[1][0]) == word
    assert text(settled(steps(*read, doubt=0.001), known)[1][0]) != word  # what the image says clearly stands
    for number in (("1L", "0O", "0O"), ("B", "0O", "7"), ("0O", "f", "g")):
        greedy, again = settled(steps(*number, doubt=0.08), known)
        assert again[0] is greedy[0]


@given(st.text(max_size=12))
def test_any_token_has_a_price(token: str) -> None:
    assert 0.0 <= WORDS.cost(token) < 12.0


@given(
    st.lists(st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4), min_size=1, max_size=8),
    st.lists(st.sampled_from(["a", "ab", "b", "ba"]), max_size=3),
)
def test_settling_never_fails_and_never_empties(rows: Sequence[Sequence[float]], known: list[str]) -> None:
    alphabet = Alphabet(" ab")
    table = np.log(np.array(rows) / np.sum(rows, axis=1, keepdims=True)).astype(np.float32)[None]
    greedy = best_paths(table)
    words = part_confidences(table, greedy, alphabet.encode(" ")[0])
    again = settle_doubts(greedy, words, table, alphabet, Vocabulary(dict.fromkeys(known, 20)))
    assert len(again) == 1
    assert bool(alphabet.decode(again[0].labels).strip()) == bool(alphabet.decode(greedy[0].labels).strip())
    assert 0.0 <= again[0].confidence <= 1.0


def test_a_file_holds_the_words_and_is_the_same_each_time(tmp_path: Path) -> None:
    levels = {"the": 31, "zebra": 12, "apple": 12}
    data = write_vocabulary(levels)
    assert data == write_vocabulary(dict(reversed(levels.items())))
    assert gzip.decompress(data).decode() == "12\tapple zebra\n31\tthe\n"
    words = Vocabulary.parse(data)
    assert len(words) == 3
    assert "Zebra" in words
    assert words.cost("the") < words.cost("zebra") < words.cost("zzz")


@pytest.mark.parametrize("data", [b"", b"no gzip", gzip.compress(b"x\tthe\n"), gzip.compress(b"\xff\xfe")[:-4]])
def test_a_damaged_file_is_an_error(data: bytes) -> None:
    with pytest.raises(WeightsError, match="vocabulary is damaged"):
        Vocabulary.parse(data)


def test_the_vocabulary_that_ships() -> None:
    manifest = load_manifest()
    entry = manifest.entry("vocabulary")
    words = Vocabulary.parse(manifest.read(entry.files[0]))
    assert len(words) == entry.metrics["words"]
    assert all(word in words for word in ("invoice", "Rechnung", "facture", "Straße", "été"))
    assert words.cost("the") < words.cost("invoice") < words.cost("invoiec")


def test_levels_come_from_frequencies() -> None:
    pytest.importorskip("wordfreq")
    levels = word_levels(Alphabet(), rarest=6.0)
    assert levels["the"] == 31
    assert 10 < len(levels) < 1000
    assert all(level >= 24 for level in levels.values())
