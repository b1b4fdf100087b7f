"""Crops out of pages of which only the text is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, box_quad
from ocr_doc.training.transcripts import crops_of_transcript

PAGE = np.full((400, 600), 255, np.uint8)


class Seen:
    """Finds words at given places and reads what it is told, in the order in which crops come."""

    def __init__(self, *words: tuple[float, float, str, str]) -> None:
        self.quads: list[Quad] = [box_quad((x, y, x + 10 * len(text), y + 20)) for x, y, text, _ in words]
        self.readings = [reading for *_, reading in words]

    def detect(self, _: NDArray[np.uint8]) -> Sequence[Quad]:
        return self.quads

    def read(self, _: NDArray[np.uint8]) -> str:
        return self.readings.pop(0)


def labels(seen: Seen, transcript: str, *, words: bool) -> list[str]:
    crops = list(crops_of_transcript(PAGE, transcript, seen.detect, seen.read, words=words))
    assert all(crop.pixels.size for crop in crops)
    return [crop.text for crop in crops]


def test_words_get_the_label_and_not_the_reading() -> None:
    seen = Seen((80, 20, "world", "vorld"), (10, 22, "Hello", "Hcllo"), (10, 60, "Second", "Second"))
    assert sorted(labels(seen, "Hello world\nSecond", words=True)) == ["Hello", "Second", "world"]


def test_rows_without_a_line_and_words_cut_otherwise_are_left_out() -> None:
    seen = Seen(
        (10, 20, "Grand", "Grand"), (80, 20, "to", "to"), (110, 20, "tal", "tal"),  # one word found as two
        (10, 60, "smudge", "x#y"),
    )  # fmt: skip
    assert labels(seen, "Grand total\nsomething else", words=True) == ["Grand"]


def test_phrases_hold_neighbours_only() -> None:
    row = [(10.0 + 55 * i, 20.0, "abcd", text) for i, text in enumerate(("abcd", "efgh", "ijkl", "mnop"))]
    far = [(400.0, 20.0, "qrst", "qrst"), (450.0, 20.0, "uvwx", "uvwx")]
    found = labels(Seen(*row, *far), "abcd efgh ijkl mnop qrst uvwx", words=False)
    assert found == ["abcd efgh", "ijkl mnop", "qrst uvwx"]
    assert labels(Seen(*row), "abcd efgh ijkl mnop", words=False) == ["abcd efgh", "ijkl mnop"]


def test_a_page_without_text_or_words_gives_nothing() -> None:
    assert labels(Seen(), "some text", words=True) == []
    assert labels(Seen((10, 20, "word", "word")), " \n", words=False) == []
