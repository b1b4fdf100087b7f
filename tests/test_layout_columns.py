"""Columns, headings, notes, furniture: generated pages whose order is known, and pages that must not be torn apart."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.records import Word
from ocr_doc.layout.page import arrange
from ocr_doc.layout.whitespace import Rectangle, white_rectangles, white_slabs
from ocr_doc.training.layouts import adjacency, make_layout


def box(text: str, x: float, y: float, w: float | None = None, h: float = 20.0) -> Word:
    w = 9.0 * len(text) if w is None else w
    return Word(text, 0.9, ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))


def prose(text: str, x: float, y: float, measure: float = 300.0, h: float = 20.0, pitch: float = 28.0) -> list[Word]:
    words, left = [], x
    for word in text.split():
        if x + 0.45 * h * len(word) > left + measure:
            x, y = left, y + pitch
        words.append(box(word, x, y, 0.45 * h * len(word), h))
        x += 0.45 * h * (len(word) + 0.7)
    return words


LOREM = (
    "the old harbour lay in the morning mist while small boats left the pier one after another and nobody on the quay "
    "spoke a word until the last of them had passed the lighthouse and was lost in the grey distance beyond"
)


def reading(words: list[Word]) -> list[str]:
    return [word.text for block in arrange(words) for line in block.lines for word in line.words]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_generated_pages_are_read_in_order(columns: int) -> None:
    pages = [make_layout(seed, columns) for seed in range(1000, 1014)]
    scores = [adjacency(page.words, arrange(page.words)) for page in pages]
    weights = [len(page.words) for page in pages]
    assert float(np.average(scores, weights=weights)) >= 0.98
    assert min(scores) > 0.85


@pytest.mark.parametrize("offset", [0.0, 9.0])
def test_two_columns_are_read_one_after_the_other(offset: float) -> None:
    left, right = prose(LOREM, 50, 100), prose(LOREM.upper(), 400, 100 + offset)
    assert reading(right + left) == [word.text for word in left + right]


def test_three_narrow_columns_whose_lines_stand_level() -> None:
    # Their gutters are as wide as a wide space: each two of the columns could be one text.
    columns = [prose(LOREM, 50 + 290 * place, 100, 265) for place in range(3)]
    words = [word for column in columns for word in column]
    assert reading(words[::-1]) == [word.text for word in words]


def test_a_heading_over_two_columns_comes_before_both_and_a_line_under_them_after_both() -> None:
    heading = [box("Harbour", 230, 40, 150, 36), box("lights", 390, 40, 120, 36)]
    left, right = prose(LOREM, 50, 100), prose(LOREM.upper(), 400, 107)
    foot = prose("and so it ended for all who had come to see the boats leave in the mist", 50, 500, 700)
    blocks = arrange([*foot, *right, *left, *heading])
    assert [w.text for b in blocks for line in b.lines for w in line.words] == [
        w.text for w in [*heading, *left, *right, *foot]
    ]
    assert (blocks[0].kind, blocks[0].level) == ("heading", 2)


def test_a_column_that_is_longer_is_read_to_its_end_first() -> None:
    left, right = prose(f"{LOREM} {LOREM}", 50, 100), prose(LOREM.upper(), 400, 107)
    assert reading(right + left) == [word.text for word in left + right]


def test_amounts_are_no_column_however_long_the_bill() -> None:
    labels = [
        "fresh brown bread large",
        "salted butter from the farm",
        "green tea in small bags",
        "one box of plain rice",
    ]
    words, expected = [], []
    for k in range(16):
        row = [*prose(labels[k % 4], 50, 100 + 28 * k, 500), box(f"{k}.50", 600, 101 + 28 * k)]
        words += row
        expected += [word.text for word in row]
    assert reading(words[::-1]) == expected


def test_labels_and_values_stay_together() -> None:
    pairs = [
        ("Invoice number", "2024 0017"),
        ("Date of issue", "3 May 2024"),
        ("Customer", "Anna Berg"),
        ("Order placed by", "Karl Lind"),
        ("Payment terms", "thirty days net"),
        ("Ship to", "Long Street 4"),
    ]
    words, expected = [], []
    for k, (label, value) in enumerate(pairs):
        row = [*prose(label, 50, 100 + 28 * k), *prose(value, 420, 100 + 28 * k)]
        words += row
        expected += [word.text for word in row]
    assert reading(words) == expected


def test_a_side_note_follows_the_paragraph_that_it_stands_beside() -> None:
    first, second = prose(LOREM, 250, 100, 420), prose(LOREM.upper(), 250, 300, 420)
    note = [*prose("seen from the pier in May", 50, 131, 130, 15, 19)]
    blocks = arrange([*note, *second, *first])
    assert [block.kind for block in blocks if block.kind == "side_note"] == ["side_note"]
    order = [word.text for block in blocks for line in block.lines for word in line.words]
    assert order == [word.text for word in [*first, *note, *second]]


def test_labels_in_small_type_stay_with_their_lines() -> None:
    line = "in these lines there are about as many letters as in the others"
    names = ("English", "Deutsch", "Magyar", "Suomi", "Polski", "Shqip")
    rows = [
        [*prose(name, 50, 103 + 42 * k, 130, 14), *prose(line, 210, 100 + 42 * k, 600)] for k, name in enumerate(names)
    ]
    assert reading([word for row in rows[::-1] for word in row]) == [word.text for row in rows for word in row]


def test_page_number_and_running_head_are_told_from_text() -> None:
    body = prose(f"{LOREM} {LOREM}", 50, 120, 500)
    head = [box("HARBOURS", 200, 40, 80, 17), box("AND", 290, 40, 30, 17), box("97", 520, 40, 20, 17)]
    foot = [box("12", 290, 560, 20)]
    blocks = arrange([*foot, *body, *head])
    assert [blocks[0].kind, blocks[-1].kind] == ["header", "page_number"]
    bill = [box("CORNER", 200, 40), box("SHOP", 300, 40), box("Bread", 50, 90), box("1.20", 400, 90)]
    assert {block.kind for block in arrange(bill)} & {"header", "footer", "page_number"} == set()


def test_indents_begin_paragraphs_in_running_text() -> None:
    words, y = [], 100.0
    for _ in range(3):
        lines = prose(LOREM, 50, y, 420)
        inset = [w for w in lines if w.quad[0][1] == y]
        moved = [box(w.text, w.quad[0][0] + 30, y, (w.quad[1][0] - w.quad[0][0]) * 0.9) for w in inset]
        words += [*moved, *(w for w in lines if w not in inset)]
        y = max(w.quad[0][1] for w in lines) + 28
    assert len(arrange(words)) == 3


def test_a_drop_capital_begins_the_first_line() -> None:
    text = prose(LOREM, 120, 100, 350)
    assert reading([*text, box("T", 60, 100, 50, 48)]) == ["T", *(word.text for word in text)]


def test_superscripts_stay_in_their_line() -> None:
    words = [box("notes", 0, 50), box("3", 47, 45, 7, 11), box("below", 70, 50), box("above", 0, 20), box("it", 60, 20)]
    assert reading(words) == ["above", "it", "notes", "3", "below"]


def test_vertical_text_is_kept_apart() -> None:
    side = Word("margin", 0.9, ((700, 100), (700, 240), (680, 240), (680, 100)))
    blocks = arrange([*prose(LOREM, 50, 100, 500), side])
    assert [(block.text, block.kind) for block in blocks][-1] == ("margin", "vertical")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), min_size=1, max_size=14))
def test_white_rectangles_are_white_and_as_tall_as_they_can_be(corners: list[tuple[int, int, int, int]]) -> None:
    boxes = np.array([(10.0 * x, 10.0 * y, 10.0 * (x + w + 1), 10.0 * (y + h + 1)) for x, y, w, h in corners])
    band = 10 / 3
    for white in white_rectangles(white_slabs(boxes, 10, 10, 30), 10):
        assert isinstance(white, Rectangle)
        assert white.x1 - white.x0 >= 10
        assert white.height >= 30 - band
        inner = np.array([white.x0 + 2, white.y0 + 4, white.x1 - 2, white.y1 - 4])
        apart = (
            (boxes[:, 2] <= inner[0])
            | (boxes[:, 0] >= inner[2])
            | (boxes[:, 3] <= inner[1])
            | (boxes[:, 1] >= inner[3])
        )
        assert apart.all()


def test_the_largest_white_rectangle_is_found() -> None:
    boxes = np.array(
        [(0, 0, 100, 20), (0, 30, 100, 50), (0, 60, 100, 80), (150, 0, 260, 80), (0, 100, 260, 120)], float
    )
    [white] = [each for each in white_rectangles(white_slabs(boxes, 20, 20, 60), 20) if each.x1 < 200]
    assert (white.x0, white.x1) == pytest.approx((100, 150), abs=4)
    assert (white.y0, white.y1) == pytest.approx((0, 100), abs=8)


def test_columns_are_found_on_leaning_pages() -> None:
    words = prose(LOREM, 50, 100) + prose(LOREM.upper(), 400, 107)
    cos, sin = math.cos(math.radians(5)), math.sin(math.radians(5))
    turned = [
        Word(w.text, 0.9, tuple((x * cos - y * sin, x * sin + y * cos) for x, y in w.quad))  # type: ignore[arg-type]
        for w in words
    ]
    assert reading(turned[::-1]) == [word.text for word in words]


def test_layout_takes_milliseconds() -> None:
    page = make_layout(0, 2)
    arrange(page.words)
    start = time.process_time()
    for _ in range(3):
        arrange(page.words)
    # Some 600 words; a tenth of this on a quiet machine.
    assert (time.process_time() - start) / 3 / len(page.words) < 1e-3
