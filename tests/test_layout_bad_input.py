"""Layout, fields and formats on words as no sane page has them: nothing is lost, nothing fails, nothing takes long."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import ocr_doc.export  # noqa: F401 - makes the formats known
from ocr_doc.core.formats import find_format, format_names
from ocr_doc.core.records import Document, Page, Word
from ocr_doc.fields.find import find_fields
from ocr_doc.layout.page import PageLayout, lay_out
from ocr_doc.layout.slope import page_skew

WIDTH, HEIGHT = 800, 1000


def box(text: str, x: float, y: float, width: float = 60.0, height: float = 20.0) -> Word:
    return Word(text, 0.9, ((x, y), (x + width, y), (x + width, y + height), (x, y + height)))


def stacked(count: int) -> list[Word]:
    return [box(f"w{i}", 100, 100) for i in range(count)]


CASES = {
    "one word": [box("alone", 50, 50)],
    "one letter": [box("a", 50, 50, 1, 1)],
    "a thousand words in one box": stacked(1000),
    "a thousand words in one box, and a page": [
        *stacked(1000),
        *(box(f"p{k}-{i}", 90 * i, 40 * k + 300) for k in range(10) for i in range(8)),
    ],
    "words outside the page": [
        *(box("left", -500, 50), box("page", 50, 50)),
        *(box("far", 1e6, -1e6), box("below", 9, 5000)),
    ],
    "overlapping duplicates": [box("twice", 50 + d, 50 + d) for d in (0, 0.5, 1)] + [box("next", 130, 50)],
    "points and lines": [box("dot", 5, 5, 0, 0), box("flat", 9, 5, 40, 0), box("thin", 60, 5, 0, 30), box("a", 90, 5)],
    "one word as large as the page": [box("HUGE", 0, 0, WIDTH, HEIGHT), box("small", 300, 500), box("too", 370, 500)],
    "sizes from a speck to a poster": [box(f"s{k}", 40 * k, 0, 2.0**k, 2.0**k) for k in range(10)],
    "text in all directions": [
        Word("a", 0.9, ((0, 0), (50, 0), (50, 10), (0, 10))),
        Word("b", 0.9, ((100, 0), (100, 50), (90, 50), (90, 0))),
        Word("c", 0.9, ((200, 60), (150, 60), (150, 50), (200, 50))),
        Word("d", 0.9, ((200, 150), (200, 100), (210, 100), (210, 150))),
        Word("e", 0.9, ((300, 100), (335, 135), (328, 142), (293, 107))),
    ],
    "words that are no text": [
        box(text, 70 * i, 50) for i, text in enumerate(("\u00ad", "\ufffd", "...", "|", "\u200b"))
    ],
}  # fmt: skip


def page_of(words: list[Word], layout: PageLayout) -> Page:
    parts: dict[str, Any] = {"blocks": layout.blocks, "rows": layout.rows, "tables": layout.tables}
    return Page(1, WIDTH, HEIGHT, skew=page_skew(words), **parts)


@pytest.mark.parametrize("pixels", [None, np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)], ids=["words", "with pixels"])
@pytest.mark.parametrize("name", CASES)
def test_every_word_is_kept_once(name: str, pixels: np.ndarray | None) -> None:
    words = CASES[name]
    start = time.process_time()
    layout = lay_out(words, pixels)
    page = page_of(words, layout)
    assert sorted(map(id, page.words)) == sorted(map(id, words))
    assert sorted(id(word) for row in page.rows for cell in row.cells for word in cell.words) == sorted(map(id, words))
    document = Document("bad.png", (page,), fields=find_fields([page]))
    for each in format_names():
        assert isinstance(find_format(each).render(document), bytes)
    assert time.process_time() - start < 10


def test_duplicates_tear_no_row() -> None:
    words = CASES["overlapping duplicates"]
    rows = [row.text for row in lay_out(words).rows]
    assert sorted(rows) == ["twice", "twice", "twice next"] or sorted(rows) == ["twice", "twice", "twice\tnext"]


def test_words_far_outside_change_nothing_on_the_page() -> None:
    inside = [box(f"p{k}-{i}", 90 * i, 40 * k + 100) for k in range(6) for i in range(5)]
    outside = [box("far", 1e6, -1e6), box("away", -1e5, 1e5)]
    expected = [word.text for word in page_of(inside, lay_out(inside)).words]
    got = [word.text for word in page_of(inside, lay_out([*inside, *outside])).words]
    assert [text for text in got if text not in ("far", "away")] == expected
