"""Printed rules, and tables with spans between them."""

from __future__ import annotations

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.records import Table, Word
from ocr_doc.layout.page import lay_out
from ocr_doc.layout.rules import find_rules

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT, TEXT = 900, 1100, 20


def page() -> Pixels:
    return np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)


def put(pixels: Pixels, text: str, x: int, y: int) -> list[Word]:
    """Draws words from (x, y) on and gives their boxes."""
    words = []
    for part in text.split():
        (width, _), _ = cv2.getTextSize(part, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 2)
        cv2.putText(pixels, part, (x, y + 17), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2, cv2.LINE_AA)
        words.append(Word(part, 0.9, ((x, y), (x + width, y), (x + width, y + TEXT), (x, y + TEXT))))
        x += width + 10
    return words


def turned(pixels: Pixels, words: list[Word], degrees: float) -> tuple[Pixels, list[Word]]:
    """A page and its words turned clockwise about its middle, on a larger sheet."""
    side = int(math.hypot(WIDTH, HEIGHT))
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -degrees, 1.0)
    matrix[:, 2] += (side - WIDTH) / 2, (side - HEIGHT) / 2
    sheet = cv2.warpAffine(pixels, matrix, (side, side), borderValue=(255, 255, 255))
    moved = []
    for word in words:
        corners = (np.array(word.quad) @ matrix[:, :2].T + matrix[:, 2]).tolist()
        moved.append(Word(word.text, 0.9, tuple(map(tuple, corners))))  # type: ignore[arg-type]
    return np.asarray(sheet, dtype=np.uint8), moved


def drawn_grid(
    xs: list[int], ys: list[int], merged: tuple[int, int, int, int] | None, shade: int = 60, thick: int = 1
) -> tuple[Pixels, list[Word], set[tuple[int, int, int, int, str]]]:
    """A table, its words and its cells; `merged` are the first and last row and column of a cell over several."""
    pixels, words, cells = page(), [], set()
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            first_row, first_column, last_row, last_column = row, column, row, column
            if merged is not None and merged[0] <= row <= merged[1] and merged[2] <= column <= merged[3]:
                if (row, column) != (merged[0], merged[2]):
                    continue
                last_row, last_column = merged[1], merged[3]
            corner, far = (xs[first_column], ys[first_row]), (xs[last_column + 1], ys[last_row + 1])
            cv2.rectangle(pixels, corner, far, (shade,) * 3, thick)
            text = f"{'abcdef'[row]}{'vwxyz'[column]}"
            words += put(pixels, text, corner[0] + 12, corner[1] + 12)
            cells.add((first_row, first_column, last_row - first_row + 1, last_column - first_column + 1, text))
    return pixels, words, cells


def cells_of(table: Table) -> set[tuple[int, int, int, int, str]]:
    return {(c.row, c.column, c.row_span, c.column_span, c.text) for c in table.cells}


@st.composite
def grids(draw: st.DrawFn) -> tuple[list[int], list[int], tuple[int, int, int, int] | None]:
    columns, rows = draw(st.integers(2, 5)), draw(st.integers(2, 6))
    xs = np.cumsum([60, *draw(st.lists(st.integers(70, 150), min_size=columns, max_size=columns))]).tolist()
    ys = np.cumsum([90, *draw(st.lists(st.integers(45, 110), min_size=rows, max_size=rows))]).tolist()
    if columns * rows < 6 or draw(st.booleans()):
        return xs, ys, None
    # Not whole rows or columns: a rule that is nowhere parts nothing.
    column, row = draw(st.integers(0, columns - 1)), draw(st.integers(0, rows - 1))
    wide, high = draw(st.integers(0, min(2, columns - 1 - column))), draw(st.integers(0, min(2, rows - 1 - row)))
    whole = (wide + 1 == columns and high > 0) or (high + 1 == rows and wide > 0)
    return xs, ys, None if whole else (row, row + high, column, column + wide)


@settings(max_examples=30, deadline=None)
@given(grids(), st.sampled_from([0.0, 0.3, 4.0, -7.0, 90.0, 180.0, 268.0]), st.integers(0, 200), st.integers(1, 4))
def test_cells_and_spans_are_those_of_the_rules(
    grid: tuple[list[int], list[int], tuple[int, int, int, int] | None], degrees: float, shade: int, thick: int
) -> None:
    pixels, words, cells = drawn_grid(*grid, shade=shade, thick=thick)
    # Some text around it says how the page leans.
    words += put(pixels, "Text over the table that says which way it runs", 60, 20)
    words += put(pixels, "and some more of it under the table, as usual", 60, 860)
    [table] = [each for each in lay_out(words[::-1], pixels).tables if each.ruled]
    assert cells_of(table) == cells
    sheet, moved = turned(pixels, words, degrees)
    [again] = [each for each in lay_out(moved, sheet).tables if each.ruled]
    assert cells_of(again) == cells


def test_a_cell_knows_its_rules_on_the_page() -> None:
    pixels, words, _ = drawn_grid([100, 300, 500], [100, 200, 300], None)
    [table] = lay_out(words, pixels).tables
    assert table.ruled
    assert table.cells[3].box == pytest.approx((300, 200, 500, 300), abs=2)
    assert table.box == pytest.approx((100, 100, 500, 300), abs=2)


def test_a_table_without_outer_rules() -> None:
    pixels, words = page(), []
    for row in range(3):
        for column in range(3):
            words += put(pixels, f"{'abc'[row]}{'xyz'[column]}", 112 + 150 * column, 112 + 60 * row)
    for row in (1, 2):
        cv2.line(pixels, (100, 100 + 60 * row), (540, 100 + 60 * row), (90, 90, 90), 1)
    for column in (1, 2):
        cv2.line(pixels, (90 + 150 * column, 102), (90 + 150 * column, 275), (90, 90, 90), 1)
    [table] = lay_out(words, pixels).tables
    assert table.ruled
    assert table.grid == (("ax", "ay", "az"), ("bx", "by", "bz"), ("cx", "cy", "cz"))


def test_text_of_several_lines_stays_in_its_cell() -> None:
    pixels, _, _ = drawn_grid([60, 300, 700], [100, 200, 300], None)
    pixels[:] = np.where(pixels < 50, 255, pixels)
    words = put(pixels, "First name", 72, 112) + put(pixels, "of two lines", 72, 140)
    words += put(pixels, "what it says, which", 312, 112) + put(pixels, "goes on here too", 312, 140)
    words += put(pixels, "Second", 72, 212) + put(pixels, "more of it", 312, 212)
    [table] = lay_out(words, pixels).tables
    assert table.grid[0] == ("First name of two lines", "what it says, which goes on here too")
    assert table.grid[1] == ("Second", "more of it")


def test_items_without_rules_between_them_come_apart_by_their_numbers() -> None:
    pixels = page()
    for x in (60, 400, 520, 700):
        cv2.line(pixels, (x, 100), (x, 400), (0, 0, 0), 1)
    for y in (100, 140, 400):
        cv2.line(pixels, (60, y), (700, y), (0, 0, 0), 1)
    words = put(pixels, "Item", 72, 110) + put(pixels, "Pieces", 412, 110) + put(pixels, "Sum", 532, 110)
    for place, (item, count, amount) in enumerate(
        (("Bread", "2", "3.00"), ("Butter", "1", "2.25"), ("Tea", "3", "9.30"))
    ):
        y = 150 + 80 * place
        words += put(pixels, item, 72, y) + put(pixels, count, 412, y) + put(pixels, amount, 532, y)
        words += put(pixels, "fresh every day", 72, y + 30)
    [table] = lay_out(words, pixels).tables
    assert table.grid[2] == ("Butter fresh every day", "1", "2.25")
    assert len(table.grid) == 4
    tops = [cell.box[1] for cell in table.cells if cell.column == 0]
    assert tops == sorted(tops)
    assert table.columns == ("text", "number", "amount")


@pytest.mark.parametrize("kind", ["frame", "underlines", "text", "picture"])
def test_what_is_no_table(kind: str) -> None:
    pixels, words = page(), []
    for row in range(6):
        words += put(pixels, "Words of a text that goes on and on", 80, 120 + 36 * row)
        if kind == "underlines":
            cv2.line(pixels, (80, 145 + 36 * row), (500, 145 + 36 * row), (0, 0, 0), 2)
    if kind == "frame":
        cv2.rectangle(pixels, (60, 100), (800, 350), (0, 0, 0), 2)
    if kind == "picture":
        noise = np.random.default_rng(0).integers(0, 255, (300, 600), dtype=np.uint8)
        pixels[500:800, 100:700] = cv2.GaussianBlur(noise, (5, 5), 0)[..., None]
    assert not any(table.ruled for table in lay_out(words, pixels).tables)


def test_tables_with_rules_are_read_across_and_not_as_columns() -> None:
    pixels, words = page(), []
    prose = [
        "alpha beta gamma delta",
        "epsilon zeta eta theta",
        "iota kappa lambda mu",
        "nu xi omikron pi",
        "rho sigma tau",
    ]
    for row, text in enumerate(prose):
        words += put(pixels, text, 72, 112 + 60 * row) + put(pixels, text[::-1], 462, 112 + 60 * row)
        cv2.rectangle(pixels, (60, 100 + 60 * row), (450, 160 + 60 * row), (0, 0, 0), 1)
        cv2.rectangle(pixels, (450, 100 + 60 * row), (860, 160 + 60 * row), (0, 0, 0), 1)
    layout = lay_out(words, pixels)
    assert layout.blocks[0].kind == "table"
    assert layout.rows[1].text == f"{prose[1]}\t{prose[1][::-1]}"


def test_rules_are_found_where_they_are() -> None:
    pixels = page()
    cv2.line(pixels, (100, 300), (700, 300), (120, 120, 120), 1)
    cv2.line(pixels, (400, 200), (400, 900), (0, 0, 0), 3)
    rules = find_rules(pixels, 0.0, 20.0)
    assert rules.across == pytest.approx(np.array([[300.5, 100, 701]]), abs=4)
    assert rules.down == pytest.approx(np.array([[400.5, 200, 901]]), abs=4)
    assert not len(find_rules(page(), 0.0, 20.0).down)


def test_pages_smaller_than_a_rule_have_none() -> None:
    rules = find_rules(np.zeros((3, 2, 3), dtype=np.uint8), 0.0, 40.0)
    assert len(rules.across) == len(rules.down) == 0


def test_rules_take_milliseconds() -> None:
    pixels = np.full((2200, 1600, 3), 255, dtype=np.uint8)
    find_rules(pixels, 0.0, 30.0)
    start = time.process_time()
    find_rules(pixels, 0.0, 30.0)
    # A twentieth of it on a quiet machine.
    assert time.process_time() - start < 0.5
