"""Rows as cells, tables without rules, and what their columns and rows are."""

from __future__ import annotations

import pytest

from ocr_doc.core.records import Word
from ocr_doc.layout.amounts import has_cents, number
from ocr_doc.layout.page import lay_out


def box(text: str, x: float, y: float) -> Word:
    w = 10.0 * len(text)
    return Word(text, 0.9, ((x, y), (x + w, y), (x + w, y + 20), (x, y + 20)))


def line(y: float, *cells: tuple[float, str]) -> list[Word]:
    """Cells that begin at an x, or end at its negative."""
    words = []
    for place, text in cells:
        left = place if place >= 0 else -place - 10 * len(text)
        for word in text.split():
            words.append(box(word, left, y))
            left += 10 * (len(word) + 1)
    return words


ITEMS = [
    *line(0, (0, "Item"), (-420, "Qty"), (-560, "Price"), (-700, "Sum")),
    *line(30, (0, "Rye bread"), (-420, "2"), (-560, "1.50"), (-700, "3.00")),
    *line(60, (0, "Butter"), (-420, "3"), (-560, "2.25"), (-700, "6.75")),
    *line(90, (0, "salted, from the farm")),
    *line(120, (0, "Tea"), (-420, "1"), (-560, "4.10"), (-700, "4.10")),
    *line(150, (0, "TOTAL"), (-700, "13.85")),
]


def test_columns_of_a_bill_are_told_by_arithmetic() -> None:
    [table] = lay_out(ITEMS).tables
    assert table.columns == ("text", "quantity", "unit_price", "amount")
    assert table.grid[1] == ("Rye bread", "2", "1.50", "3.00")
    assert table.grid[3] == ("salted, from the farm", "", "", "")
    assert table.grid[5] == ("TOTAL", "", "", "13.85")
    assert not table.ruled


def test_rows_of_a_bill_and_their_cells() -> None:
    rows = lay_out(ITEMS[::-1]).rows
    assert [row.kind for row in rows] == ["header", "item", "item", "continuation", "item", "total"]
    assert rows[1].text == "Rye bread\t2\t1.50\t3.00"
    assert [cell.column for cell in rows[5].cells] == [0, 1]


def test_a_total_is_known_by_its_sum_whatever_it_is_called() -> None:
    words = [w for w in ITEMS if w.text not in ("TOTAL", "salted,", "from", "the", "farm")] + line(150, (0, "Yhteensä"))
    assert lay_out(words).rows[-1].kind == "total"


def test_a_cell_over_two_columns_spans_them() -> None:
    rows = [*line(0, (0, "Region"), (200, "first and second half of it"))]
    for k, name in enumerate(["North", "South", "East", "West", "Middle", "Other", "None"]):
        rows += line(30 + 30 * k, (0, name), (-330, f"{k + 1}0"), (-480, f"{k + 2}5"))
    [table] = lay_out(rows).tables
    assert table.grid[1] == ("North", "10", "25")
    first = [cell for cell in table.cells if cell.row == 0]
    assert [(cell.column, cell.column_span) for cell in first] == [(0, 1), (1, 2)]


def test_running_text_is_no_table() -> None:
    prose = "some words that go on and on over the width of a page and then on the next line again"
    text = prose.split(" ")
    words = []
    for k in range(8):
        chosen = [text[(5 * k + i) % len(text)] for i in range(9)]
        space = (600 - 10 * sum(map(len, chosen))) / 8
        x = 0.0
        for word in chosen:
            words.append(box(word, x, 30.0 * k))
            x += 10 * len(word) + space
    layout = lay_out(words)
    assert layout.tables == ()
    assert {row.kind for row in layout.rows} == {"text"}


def test_rows_hold_every_word_once() -> None:
    layout = lay_out(ITEMS)
    cells = [word for row in layout.rows for cell in row.cells for word in cell.words]
    lines = [word for block in layout.blocks for each in block.lines for word in each.words]
    assert cells == lines
    assert [block.kind for block in layout.blocks] == ["table"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.50", 1.5), ("1,50 EUR", 1.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5), ("1 234,50", 1234.5), ("-3.00", -3),
     ("(2.00)", -2), ("RM78.30", 78.3), ("3 x", 3), ("12", 12), ("1.234", 1234), ("0.125", 0.125), ("2/3", None),
     ("bread", None), ("tel 603 2030", None), ("", None), ("31.12.2024", None)],
)  # fmt: skip
def test_numbers_as_bills_print_them(text: str, value: float | None) -> None:
    assert number(text) == value


def test_cents() -> None:
    assert [has_cents(text) for text in ("1.50", "1,5", "1.500", "12", "RM1,234.00")] == [
        True,
        False,
        False,
        False,
        True,
    ]
