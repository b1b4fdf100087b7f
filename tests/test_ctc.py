"""CTC decoding against brute force, doubles, the beam's promises, the lexicon."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.errors import UsageError
from ocr_doc.recognizer.alphabet import Alphabet, ctc_steps
from ocr_doc.recognizer.ctc import (
    align,
    beam_search,
    best_paths,
    log_likelihoods,
    mask_classes,
    part_confidences,
    rescore,
)
from ocr_doc.recognizer.lexicon import Lexicon

LETTERS = Alphabet("abl01")
doubles = st.text("abl01", max_size=12).map(lambda t: "".join(c * 2 for c in t[:4]) + t)


def random_log_probs(seed: int, steps: int, classes: int, sharpness: float = 2.0) -> NDArray[np.float64]:
    logits = np.random.default_rng(seed).normal(0, sharpness, (steps, classes))
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def peaked(path: list[int], classes: int, peak: float = 0.97) -> NDArray[np.float64]:
    probs = np.full((len(path), classes), (1 - peak) / (classes - 1))
    probs[np.arange(len(path)), path] = peak
    return np.log(probs)


def write(labels: list[int], draw: st.DataObject | None = None) -> list[int]:
    """A path that spells labels: runs of any length, a blank in each double, blanks anywhere else by chance."""
    path: list[int] = []
    for i, label in enumerate(labels):
        double = i > 0 and labels[i - 1] == label
        blanks = draw.draw(st.integers(int(double), 2)) if draw else int(double)
        path += [0] * blanks + [label] * (draw.draw(st.integers(1, 3)) if draw else 1)
    return path


def brute_force(log_probs: NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """P of each text, by walking all paths."""
    mass: dict[tuple[int, ...], float] = defaultdict(float)
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        labels = tuple(c for c, _ in groupby(path) if c)
        mass[labels] += float(np.exp(sum(log_probs[t, c] for t, c in enumerate(path))))
    return mass


@given(doubles, st.data())
def test_greedy_reads_back_any_text_doubles_included(text: str, data: st.DataObject) -> None:
    path = write(LETTERS.encode(text), data)
    assume(path)
    [found] = best_paths(peaked(path, len(LETTERS))[None])
    assert LETTERS.decode(found.labels) == text
    for symbol in found.symbols:
        assert path[symbol.start : symbol.end] == [symbol.label] * (symbol.end - symbol.start)
        assert symbol.confidence == pytest.approx(0.97)


@given(doubles.filter(bool))
def test_doubles_survive_in_the_fewest_steps_that_can_hold_them(text: str) -> None:
    labels = LETTERS.encode(text)
    path = write(labels)
    assert len(path) == ctc_steps(labels)
    log_probs = peaked(path, len(LETTERS))
    assert LETTERS.decode(best_paths(log_probs[None])[0].labels) == text
    assert LETTERS.decode(beam_search(log_probs, 4).labels) == text
    assert [s.start for s in align(log_probs, tuple(labels))] == [i for i, c in enumerate(path) if c]


@settings(max_examples=40, deadline=None)
@given(doubles, st.integers(1, 8), st.data())
def test_every_beam_width_equals_greedy_on_peaked_steps(text: str, width: int, data: st.DataObject) -> None:
    path = write(LETTERS.encode(text), data)
    assume(path)
    log_probs = peaked(path, len(LETTERS), 0.999)
    assert beam_search(log_probs, width) == best_paths(log_probs[None])[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 4))
def test_exact_probabilities_against_all_paths(seed: int, steps: int, classes: int) -> None:
    log_probs = random_log_probs(seed, steps, classes)
    mass = brute_force(log_probs)
    texts = sorted(mass)
    scores = log_likelihoods(np.repeat(log_probs[None], len(texts), 0), texts)
    assert np.exp(scores) == pytest.approx([mass[t] for t in texts], abs=1e-12)
    assert np.exp(scores).sum() == pytest.approx(1.0)
    found = beam_search(log_probs, width=500, cutoff=0.0)
    assert mass[found.labels] == pytest.approx(max(mass.values()))
    assert found.confidence == pytest.approx(mass[found.labels])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(2, 9), st.integers(1, 5))
def test_beam_is_never_less_probable_than_greedy(seed: int, steps: int, classes: int, width: int) -> None:
    log_probs = random_log_probs(seed, steps, classes)
    greedy, beam = best_paths(log_probs[None])[0], beam_search(log_probs, width)
    assert 0 <= greedy.confidence <= beam.confidence <= 1
    assert [s.start for s in beam.symbols] == sorted({s.start for s in beam.symbols})
    assert all(s.start < s.end <= steps and 0 <= s.confidence <= 1 for s in beam.symbols)


def test_beam_finds_what_greedy_misses() -> None:
    # Graves' example: blank leads each step, yet "a" has more paths.
    log_probs = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert best_paths(log_probs[None])[0].labels == ()
    found = beam_search(log_probs, 2)
    assert found.labels == (1,)
    assert found.confidence == pytest.approx(0.64)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 4))
def test_alignment_is_the_best_of_all_paths(seed: int, steps: int, classes: int) -> None:
    log_probs = random_log_probs(seed, steps, classes)
    best: dict[tuple[int, ...], tuple[float, tuple[int, ...]]] = {}
    for path in product(range(classes), repeat=steps):
        labels = tuple(c for c, _ in groupby(path) if c)
        score = float(log_probs[np.arange(steps), path].sum())
        best[labels] = max(best.get(labels, (-np.inf, ())), (score, path))
    for labels, (_, path) in best.items():
        spans, at = [], 0
        for c, run in groupby(path):
            length = len(list(run))
            spans += [(c, at, at + length)] if c else []
            at += length
        assert [(s.label, s.start, s.end) for s in align(log_probs, labels)] == spans


def test_impossible_labels_are_said_so() -> None:
    log_probs = random_log_probs(1, 3, 3)
    assert log_likelihoods(log_probs[None], [(1, 1, 1)])[0] == -np.inf
    with pytest.raises(ValueError, match="3 time steps cannot spell 3 labels"):
        align(log_probs, (1, 1, 1))
    with pytest.raises(ValueError, match="beam width"):
        beam_search(log_probs, 0)


def test_a_row_does_not_depend_on_its_batch() -> None:
    batch = np.stack([random_log_probs(i, 20, 7) for i in range(9)])
    together = best_paths(batch)
    for row, found in zip(batch, together, strict=True):
        [alone] = best_paths(row[None])
        assert alone.symbols == found.symbols
        assert alone.confidence == pytest.approx(found.confidence, rel=1e-12)


@pytest.mark.parametrize("shape", [(0, 5, 3), (2, 0, 3)])
def test_nothing_to_read_is_empty(shape: tuple[int, int, int]) -> None:
    found = best_paths(np.zeros(shape))
    assert [d.labels for d in found] == [()] * shape[0]


def test_long_rows_do_not_underflow() -> None:
    log_probs = peaked(write(list(range(1, 6)) * 400), 6, 0.6)
    [found] = best_paths(log_probs[None])
    assert len(found.labels) == 2000
    score = log_likelihoods(log_probs[None], [found.labels])[0]
    assert 2000 * np.log(0.6) - 1e-6 <= score < 0.5 * 2000 * np.log(0.6)


def test_mask_keeps_the_doubt_visible() -> None:
    log_probs = peaked(LETTERS.encode("l0"), len(LETTERS), 0.9)
    masked = mask_classes(log_probs, LETTERS.encode("01"))
    assert np.exp(masked).sum(1) == pytest.approx([1, 1])
    [forced] = best_paths(masked[None])
    assert set(LETTERS.decode(forced.labels)) <= set("01")
    honest = rescore(forced, log_probs)
    assert honest.labels == forced.labels
    assert honest.confidence < 0.1 < forced.confidence


def test_mask_of_a_step_without_allowed_mass_is_blank() -> None:
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert np.exp(mask_classes(log_probs, [2])) == pytest.approx(np.array([[1, 0, 0], [0, 0, 1]]))


WORDS = Alphabet(" abcdefghijklmnopqrstuvwxyzT0123456789.:-")


def _read(log_probs: NDArray[np.float64], lexicon: Lexicon | None) -> str:
    prior = None if lexicon is None else (lambda labels, done: -lexicon.cost(WORDS.decode(labels), done))
    return WORDS.decode(beam_search(log_probs, 16, prior=prior).labels)


def _doubtful(text: str, other: str, share: float) -> NDArray[np.float64]:
    """Steps that show text, with `share` of the probability on the other text of the same length."""
    probs = np.exp(peaked(WORDS.encode(text), len(WORDS), 0.99))
    for row, ours, theirs in zip(probs, WORDS.encode(text), WORDS.encode(other), strict=True):
        if ours != theirs:
            row[ours], row[theirs] = row[ours] * (1 - share), row[theirs] + row[ours] * share
    return np.log(probs)


def test_lexicon_prefers_known_words_and_never_forces_them() -> None:
    lexicon = Lexicon(["total", "date"], price=3.0)
    close, clear = _doubtful("tota1:", "total:", 0.4), _doubtful("tota1:", "total:", 0.01)
    assert _read(close, None) == "tota1:"
    assert _read(close, lexicon) == "total:"
    assert _read(clear, lexicon) == "tota1:"
    assert _read(_doubtful("zebra", "zebra", 0), lexicon) == "zebra"
    assert _read(_doubtful("date 12.50", "date 12.50", 0), lexicon) == "date 12.50"


def test_lexicon_keeps_the_confidence_of_the_image() -> None:
    lexicon = Lexicon(["total"])
    log_probs = _doubtful("tota1", "total", 0.4)
    found = beam_search(log_probs, 8, prior=lambda labels, done: -lexicon.cost(WORDS.decode(labels), done))
    assert WORDS.decode(found.labels) == "total"
    assert found.confidence < best_paths(log_probs[None])[0].confidence


@pytest.mark.parametrize(
    ("text", "complete", "unknown"),
    [
        ("Total", True, 0),
        ("(total:", True, 0),
        ("tot", False, 0),
        ("(tot", False, 0),
        ("total:", False, 0),
        ("tot", True, 1),
        ("tox", False, 1),
        ("tox total", True, 1),
        ("total 12.50 31/12", True, 0),
        ("", True, 0),
        ("foo bar", True, 2),
        ("e-m", False, 0),
    ],
)
def test_lexicon_cost(text: str, complete: bool, unknown: int) -> None:
    assert Lexicon([" Total ", "e-mail", ""], price=2.5).cost(text, complete) == unknown * 2.5


def test_lexicon_case_and_bad_price() -> None:
    assert "TOTAL" in Lexicon(["Total"])
    assert "TOTAL" not in Lexicon(["Total"], match_case=True)
    assert len(Lexicon(["a", "A", "b"])) == 2
    for price in (-1.0, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="price"):
            Lexicon(["a"], price=price)


def test_each_word_has_the_probability_of_its_own_part() -> None:
    # Classes: blank, a, b, space. "a b": the first word is sure, the second is not.
    rows = np.log(np.array([[(0.01, 0.97, 0.01, 0.01), (0.01, 0.01, 0.01, 0.97), (0.29, 0.1, 0.6, 0.01)]]))
    [decoding] = best_paths(rows)
    assert [symbol.label for symbol in decoding.symbols] == [1, 3, 2]
    [parts] = part_confidences(rows, [decoding], 3)
    assert parts == pytest.approx((0.97, 0.6))
    assert decoding.confidence == pytest.approx(0.97 * 0.97 * 0.6)


def test_a_text_in_one_part_has_its_own_confidence_and_none_has_none() -> None:
    rows = np.log(np.array([[(0.1, 0.7, 0.1, 0.1)] * 2, [(0.7, 0.1, 0.1, 0.1)] * 2]))
    decodings = best_paths(rows)
    assert part_confidences(rows, decodings, 3) == [(decodings[0].confidence,), ()]
