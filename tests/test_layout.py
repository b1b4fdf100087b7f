from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.geometry import as_quad
from ocr_doc.core.records import Word
from ocr_doc.layout.page import arrange
from ocr_doc.layout.slope import page_skew


def box(text: str, x: float, y: float, w: float = 60.0, h: float = 20.0) -> Word:
    return Word(text, 0.9, ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))


def lines(words: Sequence[Word]) -> list[str]:
    return [line.text for block in arrange(words) for line in block.lines]


def grid(
    rows: int = 12, columns: int = 5, *, angle: float = 0.0, noise: float = 0.0, bend: float = 0.0, seed: int = 0
) -> tuple[list[Word], list[str]]:
    """A receipt: words of random width at the left, an amount far right; turned, bent, with shaky corners."""
    rng = random.Random(seed)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    words = []
    for r in range(rows):
        x = 50.0
        for c in range(columns):
            w = rng.uniform(25, 110)
            x = 900.0 if c == columns - 1 else x
            y = 50 + r * 26.0
            corners = np.array([(x, y), (x + w, y), (x + w, y + 20), (x, y + 20)])
            corners[:, 1] += bend * ((corners[:, 0] - 500) / 500) ** 2
            corners = corners @ np.array([[cos, sin], [-sin, cos]])
            corners += [[rng.gauss(0, noise), rng.gauss(0, noise)] for _ in range(4)]
            words.append(Word(f"r{r}c{c}", 0.9, as_quad(corners)))
            x += w + 8
    return words, [" ".join(f"r{r}c{c}" for c in range(columns)) for r in range(rows)]


def test_no_words() -> None:
    assert arrange([]) == ()
    assert page_skew([]) == 0.0


@settings(deadline=None, max_examples=20)
@given(st.floats(-10, 10), st.integers(0, 1000), st.integers(4, 10), st.integers(3, 6))
def test_skewed_rows_stay_together(angle: float, seed: int, rows: int, columns: int) -> None:
    words, expected = grid(rows, columns, angle=angle, noise=0.7, seed=seed)
    assert lines(words) == expected
    assert page_skew(words) == pytest.approx(angle, abs=1.5)


@settings(deadline=None, max_examples=8)
@given(st.floats(-40, 40), st.integers(0, 1000))
def test_bent_rows_stay_together(bend: float, seed: int) -> None:
    words, expected = grid(20, 5, bend=bend, noise=0.7, seed=seed)
    assert sorted(lines(words)) == sorted(expected)


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_turned_pages_read_in_their_own_direction(turn: int) -> None:
    words, expected = grid(angle=turn + 4, noise=0.5)
    assert lines(words) == expected
    assert page_skew(words) == pytest.approx(4, abs=1)


@st.composite
def scattered(draw: st.DrawFn) -> list[Word]:
    """Words anywhere, of any size and direction; overlapping ones too."""
    words = []
    for i in range(draw(st.integers(0, 25))):
        x, y = draw(st.floats(0, 1000)), draw(st.floats(0, 1000))
        w, h = draw(st.floats(1, 300)), draw(st.floats(1, 100))
        angle = math.radians(draw(st.floats(-180, 180)))
        along, across = (
            np.array([math.cos(angle), math.sin(angle)]) * w,
            np.array([-math.sin(angle), math.cos(angle)]) * h,
        )
        start = np.array([x, y])
        quad = as_quad(np.stack([start, start + along, start + along + across, start + across]))
        words.append(Word(draw(st.sampled_from(["a", "-", "12", "x", ""])) + str(i % 7), 0.5, quad))
    return words


@settings(deadline=None, max_examples=50)
@given(scattered(), st.randoms(use_true_random=False))
def test_order_of_input_is_irrelevant_and_no_word_is_lost(words: list[Word], rng: random.Random) -> None:
    blocks = arrange(words)
    placed = [word for block in blocks for line in block.lines for word in line.words]
    key = repr
    assert sorted(placed, key=key) == sorted(words, key=key)
    assert all(block.lines and all(line.words for line in block.lines) for block in blocks)
    shuffled = list(words)
    rng.shuffle(shuffled)
    assert arrange(shuffled) == blocks
    assert page_skew(shuffled) == pytest.approx(page_skew(words), abs=1e-6)


def test_amount_far_right_stays_with_its_label() -> None:
    words = [box("Bread", 0, 0), box("1.99", 900, 3), box("Butter", 0, 25), box("2.49", 900, 28)]
    assert lines(words) == ["Bread 1.99", "Butter 2.49"]


def test_neighbours_are_never_joined_without_a_space() -> None:
    assert lines([box("3960", 0, 0), box("704", 60, 0)]) == ["3960 704"]


def test_larger_total_and_small_currency_share_a_row() -> None:
    words = [box("TOTAL", 0, 0, 150, 40), box("EUR", 200, 16, 50, 20), box("9.90", 300, 2, 120, 40)]
    assert lines(words) == ["TOTAL EUR 9.90"]


def test_logo_beside_lines_stays_apart() -> None:
    words = [box("LOGO", 0, 0, 200, 120), *(box(f"line{i}", 250, 2 + i * 28) for i in range(4))]
    assert sorted(lines(words)) == ["LOGO", "line0", "line1", "line2", "line3"]


def test_flat_dash_belongs_to_its_row() -> None:
    words = [box("12", 0, 0), box("-", 70, 9, 10, 3), box("14", 90, 0), box("below", 0, 26)]
    assert lines(words) == ["12 - 14", "below"]


def test_gap_splits_blocks_and_even_spacing_does_not() -> None:
    close = [box(f"a{i}", 0, i * 26) for i in range(4)]
    far = [box(f"b{i}", 0, 200 + i * 26) for i in range(4)]
    assert [block.text for block in arrange(close + far)] == ["a0\na1\na2\na3", "b0\nb1\nb2\nb3"]
    double_spaced = [box(f"c{i}", 0, i * 40) for i in range(6)]
    assert len(arrange(double_spaced)) == 1


def test_side_text_is_read_after_the_page() -> None:
    side = Word("side", 0.9, ((500, 0), (500, 120), (480, 120), (480, 0)))
    words = [box("one", 0, 0), box("two", 80, 0), box("three", 0, 26), box("four", 80, 26), side]
    assert lines(words) == ["one two", "three four", "side"]


def test_a_page_of_thousands_of_words() -> None:
    words, expected = grid(rows=150, columns=8, angle=2, noise=0.5)
    assert lines(words) == expected
