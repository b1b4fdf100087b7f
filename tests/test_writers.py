"""Writers for people: paragraphs, the grid of characters, Markdown."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.records import Block, BlockKind, Cell, Document, Line, Page, Table, Word
from ocr_doc.export import render_layout, render_markdown, render_paragraphs, render_paragraphs_hyphens, write_document
from ocr_doc.layout.page import lay_out


def box(text: str, x: float, y: float, character: float = 10.0, h: float = 20.0) -> Word:
    w = character * len(text)
    return Word(text, 0.9, ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))


def line(text: str, x: float = 0.0, y: float = 0.0) -> Line:
    words = []
    for word in text.split():
        words.append(box(word, x, y))
        x += 10.0 * (len(word) + 1)
    return Line(tuple(words))


def block(*texts: str, kind: BlockKind = "paragraph", level: int = 0) -> Block:
    return Block(tuple(line(text, 0.0, 28.0 * k) for k, text in enumerate(texts)), kind, level)


def document(*blocks: Block, tables: tuple[Table, ...] = ()) -> Document:
    return Document("a.png", (Page(1, 800, 1000, blocks, tables=tables),))


def placed(*words: Word, skew: float = 0.0) -> Document:
    layout = lay_out(words)
    return Document("a.png", (Page(1, 800, 1000, layout.blocks, skew=skew, rows=layout.rows, tables=layout.tables),))


PROSE = block("the old harbour lay in the morn-", "ing mist while small boats, well-", "known ones, left")


def test_running_lines_are_joined_and_words_put_together() -> None:
    text = render_paragraphs(document(PROSE, block("Anna Berg", "Long Street 4"))).decode()
    assert text == (
        "the old harbour lay in the morning mist while small boats, wellknown ones, left\n\nAnna Berg\nLong Street 4\n"
    )


def test_hyphens_are_kept_on_request() -> None:
    text = render_paragraphs_hyphens(document(PROSE)).decode()
    assert text == "the old harbour lay in the morn-ing mist while small boats, well-known ones, left\n"


def test_a_dash_or_a_number_at_the_end_of_a_line_splits_no_word() -> None:
    text = render_paragraphs(
        document(block("many of the years from 1914-", "to the end of it all were -", "lost"))
    ).decode()
    assert text == "many of the years from 1914- to the end of it all were - lost\n"


def test_a_grid_keeps_columns_under_one_another() -> None:
    rows = [("Rye bread", "2", "3.00"), ("Butter", "11", "16.75"), ("Tea", "1", "104.10")]
    words = []
    for k, (name, count, amount) in enumerate(rows):
        words += line(name, 40, 30 * k).words
        words += [box(count, 400 - 10 * len(count), 30 * k), box(amount, 600 - 10 * len(amount), 30 * k)]
    lines = render_layout(placed(*words)).decode().rstrip("\f").splitlines()
    assert [text.split("  ")[0] for text in lines] == ["Rye bread", "Butter", "Tea"]
    assert len({len(text) for text in lines}) == 1
    ends = {text.index(f" {row[1]} ") + len(row[1]) for text, row in zip(lines, rows, strict=True)}
    assert len(ends) == 1


def test_two_lines_are_joined_only_where_the_second_goes_on() -> None:
    labels = block("Invoice 4711 of 3 May 2024", "Delivered on 2 May 2024, all")
    assert render_paragraphs(document(labels)).decode().count("\n") == 2
    sentence = block("We thank you for your order", "and send what you asked for")
    assert render_paragraphs(document(sentence)).decode().count("\n") == 1


def test_numbers_set_to_the_left_begin_in_one_column() -> None:
    words = []
    for row, (count, amount) in enumerate((("1.00", "9.50"), ("400.00", "1200.00"), ("20.00", "75.00"))):
        words += [box(count, 100, 30 * row), box("x", 300, 30 * row), box(amount, 500 - 10 * len(amount), 30 * row)]
    lines = render_layout(placed(*words)).decode().rstrip("\f").splitlines()
    assert {line.index(line.split()[0]) for line in lines} == {0}
    assert len({len(line) for line in lines}) == 1


def test_text_that_needs_more_room_pushes_its_column_and_touches_nothing() -> None:
    wide = [box("iiiiiiiiiiiiiiii", 0, 0, character=4), box("first", 100, 0), box("x", 0, 30), box("second", 100, 30)]
    lines = render_layout(placed(*wide)).decode().splitlines()
    assert lines[0].split() == ["iiiiiiiiiiiiiiii", "first"]
    assert lines[0].index("first") == lines[1].index("second")


def test_both_columns_of_a_page_share_the_lines_of_the_grid() -> None:
    left = [box(f"left{k}", 0, 30 * k) for k in range(3)]
    right = [box(f"right{k}", 400, 30 * k) for k in range(3)]
    lines = render_layout(placed(*right, *left)).decode().splitlines()[:3]
    assert [text.split() for text in lines] == [[f"left{k}", f"right{k}"] for k in range(3)]


def test_white_on_the_page_is_empty_lines_but_never_many() -> None:
    words = [box("one", 0, 0), box("two", 0, 30), box("three", 0, 60), box("four", 0, 120), box("five", 0, 9000)]
    lines = render_layout(placed(*words)).decode().rstrip("\f").splitlines()
    assert lines == ["one", "two", "three", "", "four", "", "", "", "five"]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.text("abc1.", min_size=1, max_size=9), st.integers(-50, 900), st.integers(0, 300)), max_size=12
    ),
    st.floats(-20, 20),
)
def test_a_grid_loses_no_word_and_glues_none(items: list[tuple[str, int, int]], skew: float) -> None:
    words = [box(text, x, y) for text, x, y in items]
    doc = Document("a", (Page(1, 900, 400, lay_out(words).blocks, skew=skew),))
    text = render_layout(doc).decode()
    assert sorted(text.split()) == sorted(word.text for word in words)
    assert text.count("\f") == (1 if words else 0)


def test_vertical_text_is_drawn_level_under_the_grid() -> None:
    side = Word("margin", 0.9, ((700, 0), (700, 140), (680, 140), (680, 0)))
    words = [box(f"w{k}x{i}", 150 * i, 30 * k) for k in range(3) for i in range(3)]
    lines = render_layout(placed(side, *words)).decode().rstrip("\f").splitlines()
    assert [text.split() for text in lines[:3]] == [[f"w{k}x{i}" for i in range(3)] for k in range(3)]
    assert lines[3:] == ["", "margin"]


def test_a_leaning_page_is_drawn_level() -> None:
    cos, sin = math.cos(math.radians(6)), math.sin(math.radians(6))
    words = [box(f"w{k}x{i}", 150 * i, 30 * k) for k in range(4) for i in range(5)]
    turned = [
        Word(w.text, 0.9, tuple((x * cos - y * sin, x * sin + y * cos) for x, y in w.quad))  # type: ignore[arg-type]
        for w in words
    ]
    lines = render_layout(placed(*turned, skew=6.0)).decode().rstrip("\f").splitlines()
    assert [text.split() for text in lines] == [[f"w{k}x{i}" for i in range(5)] for k in range(4)]


def test_markdown_has_headings_notes_and_comments() -> None:
    blocks = [
        block("97", kind="page_number"),
        block("Harbour lights", kind="heading", level=2),
        PROSE,
        block("seen from", "the pier", kind="side_note"),
        block("1. no list", "*nor this*"),
    ]
    assert render_markdown(document(*blocks)).decode() == (
        "<!-- page number: 97 -->\n\n## Harbour lights\n\n"
        "the old harbour lay in the morning mist while small boats, wellknown ones, left\n\n"
        "> seen from the pier\n\n1\\. no list\\\n\\*nor this\\*\n"
    )


def test_markdown_tables_are_written_once_with_numbers_at_the_right() -> None:
    words = [*line("Tea").words, *line("1.20").words, *line("a|b").words]
    place = (0.0, 0.0, 1.0, 1.0)
    cells = (Cell(place, (words[0],)), Cell(place, (words[1],), 0, 1), Cell(place, (words[2],), 1, 0, 1, 2))
    table = Table(place, cells, ("text", "amount"))
    found = Block((Line(tuple(words[:2])), Line((words[2],))), "table")
    text = render_markdown(document(found, tables=(table,))).decode()
    assert text == "| Tea | 1.20 |\n| --- | ---: |\n| a\\|b |  |\n"


@pytest.mark.parametrize("render", [render_layout, render_markdown, render_paragraphs])
def test_nothing_is_written_for_nothing(render) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert render(Document("a", (Page(1, 10, 10),))) == b""


def test_formats_have_names_and_suffixes(tmp_path: Path) -> None:
    doc = document(PROSE)
    write_document(doc, tmp_path / "a.md")
    assert (tmp_path / "a.md").read_bytes() == render_markdown(doc)
    doc.save(tmp_path / "b.txt", "layout")
    assert (tmp_path / "b.txt").read_bytes() == render_layout(doc)
    doc.save(tmp_path / "c.txt")
    assert (tmp_path / "c.txt").read_text() == doc.text + "\n"
