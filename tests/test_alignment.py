"""Characters of labelled lines found by aligning the label with what the recogniser sees."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

pytest.importorskip("torch")
pytest.importorskip("fontTools")

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.alignment import LineAligner, ink_of
from ocr_doc.training.labellers import load_aligner
from ocr_doc.training.page_canvas import PageWord

ALPHABET = Alphabet(" abcABC-é")


class Peaks:
    """Sees the given symbols at the given columns of a page, wherever the line is cut; a step is 4 pixels wide."""

    def __init__(self, *peaks: tuple[str, float], left: float, scale: float) -> None:
        self.peaks, self.left, self.scale = peaks, left, scale

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        probs = np.full((1, pixels.shape[3] // 4, len(ALPHABET)), 1e-4, np.float32)
        probs[..., 0] = 1.0
        for symbol, x in self.peaks:
            step = int((x - self.left) * self.scale / 4)
            probs[0, step] = 1e-4
            probs[0, step, ALPHABET.encode(symbol)[0]] = 1.0
        return np.log(probs / probs.sum(axis=2, keepdims=True))


def page(*boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Black boxes on white paper, each a character."""
    pixels = np.full((60, 300), 250, np.uint8)
    for x0, y0, x1, y1 in boxes:
        pixels[y0:y1, x0:x1] = 20
    return pixels


LINE = (20.0, 10.0, 200.0, 42.0)
# The line as it is cut and scaled: a margin of 0.12 of its height of 32, brought to a height of 32 again.
CUT = {"left": 20 - 4, "scale": 32 / (32 + 2 * 4)}
BOXES = ((24, 14, 40, 38), (44, 14, 60, 38), (90, 20, 106, 38), (110, 14, 126, 38))
SYMBOLS = (("a", 32), ("b", 52), (" ", 75), ("c", 98), ("a", 118))


def places(words: list[PageWord] | None) -> list[tuple[str, list[float], list[float]]]:
    assert words is not None
    return [(w.text, [*w.characters[:, 0, 0], w.characters[-1, 1, 0]], [*w.quad[[0, 3], 1]]) for w in words]


@pytest.mark.parametrize("label", ["ab ca", "AB CA", "aB Ca"])
def test_labels_find_their_characters_in_any_case(label: str) -> None:
    found = places(LineAligner(Peaks(*SYMBOLS, **CUT), ALPHABET)(page(*BOXES), LINE, label))
    one, two = label.split()
    # Tight to the ink with a pixel around it, edges of characters in the gaps of 4.
    assert [(text, [x[0], x[-1]], y) for text, x, y in found] == [
        (one, [23.0, 61.0], [13.0, 39.0]),
        (two, [89.0, 127.0], [13.0, 39.0]),
    ]
    assert [40 <= x[1] <= 44 or 106 <= x[1] <= 110 for _, x, _ in found] == [True, True]


def test_the_label_and_not_the_gap_says_what_a_word_is() -> None:
    """Two words so close that their ink touches, and one with a wide gap in it."""
    touching = page((24, 14, 40, 38), (44, 14, 60, 38), (60, 14, 76, 38))
    seen = (("a", 32), ("b", 51), (" ", 60), ("c", 69))
    first, second = places(LineAligner(Peaks(*seen, **CUT), ALPHABET)(touching, LINE, "ab c"))
    assert (first[0], second[0]) == ("ab", "c")
    assert first[1][-1] == pytest.approx(second[1][0], abs=4)
    wide = (("a", 32), ("b", 52), ("c", 98), ("a", 118))
    [word] = places(LineAligner(Peaks(*wide, **CUT), ALPHABET)(page(*BOXES), LINE, "abca"))
    assert (word[0], word[1][0], word[1][-1]) == ("abca", 23.0, 127.0)


@pytest.mark.parametrize(
    "other",
    [(0, 2, 300, 9), (28, 0, 34, 11), (112, 42, 118, 60), (70, 0, 76, 9)],
    ids=["rule", "descender above", "ascender below", "above the gap"],
)
def test_ink_of_other_lines_makes_no_word_larger(other: tuple[int, int, int, int]) -> None:
    aligner = LineAligner(Peaks(*SYMBOLS, **CUT), ALPHABET)
    assert places(aligner(page(*BOXES, other), LINE, "ab ca")) == places(aligner(page(*BOXES), LINE, "ab ca"))


def test_accents_and_commas_belong_to_their_word() -> None:
    seen = (("a", 32), ("é", 52))
    boxes = page((24, 20, 40, 36), (44, 20, 60, 36), (49, 14, 55, 17))
    [(_, _, (top, bottom))] = places(LineAligner(Peaks(*seen, **CUT), ALPHABET)(boxes, LINE, "aé"))
    assert (top, bottom) == (13.0, 37.0)


@pytest.mark.parametrize(
    ("dots", "ends"),
    [(((30, 22, 34, 26), (30, 33, 34, 37)), (21.0, 38.0)), (((26, 24, 40, 27), (26, 31, 40, 34)), (23.0, 35.0))],
    ids=["colon", "equals"],
)
def test_signs_of_two_parts_are_whole(dots: tuple[tuple[int, int, int, int], ...], ends: tuple[float, float]) -> None:
    seen = (("-", 32), (" ", 60), ("b", 98))
    boxes = page(*dots, (90, 14, 106, 38))
    [sign, _] = places(LineAligner(Peaks(*seen, **CUT), ALPHABET)(boxes, LINE, "- b"))
    assert tuple(sign[2]) == ends


def test_a_letter_that_touches_the_next_line_makes_its_word_no_taller() -> None:
    seen = (("a", 32), ("b", 52), ("c", 72), ("a", 92))
    boxes = [(24, 16, 40, 34), (44, 16, 60, 34), (64, 16, 80, 60), (84, 16, 100, 34)]
    [(_, _, (top, bottom))] = places(LineAligner(Peaks(*seen, **CUT), ALPHABET)(page(*boxes), LINE, "abca"))
    assert top == 15.0
    assert bottom < 43


def test_what_does_not_fit_is_not_labelled() -> None:
    aligner = LineAligner(Peaks(*SYMBOLS, **CUT), ALPHABET)
    for label in ("cc bb", "", "x", "ab ca ab ca ab ca ab ca ab ca ab ca ab ca" * 3):
        assert aligner(page(*BOXES), LINE, label) is None
    assert aligner(page(), LINE, "ab ca") is None
    assert aligner(page(*BOXES), (280.0, 50.0, 290.0, 51.0), "ab ca") is None
    assert aligner(page(*BOXES), (400.0, 10.0, 500.0, 42.0), "ab ca") is None


def test_a_drawn_rule_is_no_word() -> None:
    seen = (("-", 32), ("-", 52), ("-", 75), ("-", 98), (" ", 109), ("a", 118))
    boxes = page(*((x, 24, x + 12, 28) for x in (26, 46, 69, 92)), (112, 14, 126, 38))
    assert [text for text, *_ in places(LineAligner(Peaks(*seen, **CUT), ALPHABET)(boxes, LINE, "---- a"))] == ["a"]


@pytest.mark.parametrize("rule", [(0, 50, 300, 53), (20, 0, 22, 60)])
def test_rules_and_specks_are_no_ink(rule: tuple[int, int, int, int]) -> None:
    letter, speck = (100, 10, 130, 40), (200, 20, 201, 21)
    crop = page(rule, letter, speck)
    ink, alone = ink_of(crop), ink_of(page(letter))
    assert ink is not None
    assert alone is not None
    assert (ink == alone).all()
    light = ink_of(255 - crop)
    assert light is not None
    assert (light == ink).all()


def test_flat_paper_has_no_ink() -> None:
    assert ink_of(np.full((30, 90), 200, np.uint8)) is None


def test_the_shipped_recogniser_finds_printed_words() -> None:
    font = ImageFont.load_default(26)
    sheet = Image.new("L", (420, 60), 255)
    ImageDraw.Draw(sheet).text((20, 12), "Total amount: 12.50", fill=0, font=font)
    pixels = np.asarray(sheet)
    words = load_aligner(None)(pixels, (18.0, 12.0, 380.0, 48.0), "TOTAL AMOUNT: 12.50")
    assert words is not None
    assert [word.text for word in words] == ["TOTAL", "AMOUNT:", "12.50"]
    for word, before in zip(words, ("", "Total ", "Total amount: "), strict=True):
        text = ("Total", "amount:", "12.50")[len(before.split())]
        start = 20 + font.getlength(before)
        left, _, right, _ = font.getbbox(text)
        assert word.quad[0, 0] == pytest.approx(start + left, abs=3)
        assert word.quad[1, 0] == pytest.approx(start + right, abs=3)
