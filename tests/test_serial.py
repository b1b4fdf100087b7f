"""Codes read character by character: cutting, fitting patterns, and which reading counts.

Characters are blocks with a rim: 1 is 6 columns wide, 2 is 10, 3 is 14, 4 is 18. So the fake network really looks at
crops, and a wrong cut, which has not two rims, is none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_doc import serial as serial_branch
from ocr_doc.api import OCRPipeline
from ocr_doc.core.errors import WeightsError
from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Block, Character, Document, Line, Page, Word
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.export import document_from_json, render_json
from ocr_doc.options import Options
from ocr_doc.recognizer.character_crops import ROW_HEIGHT, SIDE, Strip, character_crop, cut_strip
from ocr_doc.recognizer.characters import CharacterClassifier
from ocr_doc.recognizer.patterns import parse_pattern
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.recognizer.row_ends import with_ends
from ocr_doc.recognizer.segments import Lattice, read_lattice, two_rings
from ocr_doc.recognizer.serial import Row, RowReading, SerialReader
from ocr_doc.serial import SerialBranch, looks_like_code

HEIGHT = 26
WIDTHS = {"1": 6, "2": 10, "3": 14, "4": 18}
RIM = 2
SYMBOLS = "1234A"


class BlockEngine:
    """Scores blocks by their width; what is no single block is rejected. A block of 3 may also be an A."""

    device, name = "cpu", "blocks"

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([self._score(crop) for crop in batch[:, 0]])

    def _score(self, crop: NDArray[np.float32]) -> NDArray[np.float32]:
        level = crop[SIDE // 2]
        ink = level < 0.6
        runs = np.flatnonzero(np.diff(np.concatenate([[False], ink, [False]]).astype(int)))
        scores = np.full(len(SYMBOLS) + 1, -9.0, np.float32)
        scores[0] = 0.0
        if len(runs) == 2 and min(level[runs[0]], level[runs[1] - 1]) > 0.2:
            for i, width in enumerate(WIDTHS.values()):
                if abs(runs[1] - runs[0] - width) <= 1:
                    scores[0], scores[i + 1] = -9.0, 0.0
        if scores[3] == 0.0:
            scores[5] = -2.0
        return scores

    def close(self) -> None: ...


def blocks(text: str, gap: int = 6) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """A page (60, W) with blocks on it, and their columns."""
    page, x, places = np.full((60, 500), 255, np.uint8), 30, []
    for c in text:
        page[17 : 17 + HEIGHT, x : x + WIDTHS[c]] = 100
        page[17 : 17 + HEIGHT, x + RIM : x + WIDTHS[c] - RIM] = 0
        places.append((x, x + WIDTHS[c]))
        x += WIDTHS[c] + gap
    return page, places


def row(places: Sequence[tuple[int, int]], cuts: Sequence[tuple[int, int]] | None = None) -> Row:
    quads = tuple(box_quad((a, 17, b, 17 + HEIGHT)) for a, b in (places if cuts is None else cuts))
    return Row(box_quad((places[0][0], 17, places[-1][1], 17 + HEIGHT)), quads)


@pytest.fixture
def classifier() -> CharacterClassifier:
    return CharacterClassifier(BlockEngine(), SYMBOLS)


def read(
    classifier: CharacterClassifier, page: NDArray[np.uint8], where: Row, pattern: str | None = None
) -> RowReading:
    parsed = None if pattern is None else parse_pattern(pattern)
    return SerialReader(classifier, parsed).read(page, [where])[0]


def test_the_detectors_boxes_are_read(classifier: CharacterClassifier) -> None:
    page, places = blocks("1234432")
    reading = read(classifier, page, row(places)).free
    assert reading.text == "1234432"
    assert reading.confidence > 0.7
    width = places[-1][1] - places[0][0]
    for character, (left, right) in zip(reading.characters, places, strict=True):
        assert character.start * width == pytest.approx(left - places[0][0], abs=2.5)
        assert character.end * width == pytest.approx(right - places[0][0], abs=2.5)


@pytest.mark.parametrize("gap", [3, 6, 14])
def test_wrong_boxes_are_cut_anew(classifier: CharacterClassifier, gap: int) -> None:
    page, places = blocks("4231", gap)
    start, end = places[0][0], places[-1][1]
    for cuts in ([], [(start, end)], [(start, start + 8), (start + 8, end - 9), (end - 9, end)]):
        assert read(classifier, page, row(places, cuts)).free.text == "4231"


@pytest.mark.parametrize(
    ("rejected", "text"),
    [((0.1, 0.1, 0.1, 0.1), "1234"), ((0.9, 0.1, 0.1, 0.1), "234"), ((0.1, 0.1, 0.8, 0.9), "12"),
     ((0.9, 0.1, 0.9, 0.1), "234"), ((0.9, 0.9, 0.9, 0.9), "1234")],
)  # fmt: skip
def test_emblems_at_a_rows_ends_are_left_out(
    classifier: CharacterClassifier, rejected: tuple[float, ...], text: str
) -> None:
    """Four pieces, each more or less probably no character, where passing over one costs more than naming it."""
    probabilities = np.full((4, len(SYMBOLS) + 1), 1e-6, np.float32)
    probabilities[:, 0] = rejected
    probabilities[np.arange(4), np.arange(1, 5)] = 1 - np.array(rejected)
    nodes, steps = np.arange(0, 101, 25), np.arange(4)
    cuts = np.stack([nodes[:-1], nodes[1:]], axis=1)
    lattice = Lattice(nodes, np.stack([steps, steps + 1], axis=1), cuts, np.log(probabilities), np.full(4, 9.0))
    reading = read_lattice(lattice, Strip(np.zeros((SIDE, 100), np.float32), 0.0, 1.0), classifier)
    assert reading.text == text
    assert [round(c.start * 4) for c in reading.characters] == ["1234".index(c) for c in text]


def test_alternatives_come_with_probabilities(classifier: CharacterClassifier) -> None:
    page, places = blocks("313")
    first = read(classifier, page, row(places)).free.characters[0]
    assert [text for text, _ in first.alternatives] == ["3", "A"]
    assert first.alternatives[0][1] == first.confidence == pytest.approx(1 / (1 + np.exp(-2)), abs=0.01)


def test_a_pattern_is_fitted_at_a_cost(classifier: CharacterClassifier) -> None:
    page, places = blocks("3123")
    reading = read(classifier, page, row(places), "A99A")
    assert reading.free.text == "3123"
    assert reading.fitted is not None
    assert reading.fitted.text == "A12A"
    assert reading.fitted.cost - reading.free.cost == pytest.approx(4.0, abs=0.3)
    shorter = read(classifier, page, row(places), "A99")  # leaves a character out, which costs much
    assert shorter.fitted is not None
    assert shorter.fitted.cost - shorter.free.cost > 7
    assert read(classifier, page, row(places), "4{4}").fitted is None


def test_a_check_digit_decides(classifier: CharacterClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        __import__("ocr_doc.recognizer.check_digits", fromlist=["x"]).CHECKS, "one", ("[1-4A]+", lambda t: t == "A13")
    )
    page, places = blocks("313")
    reading = read(classifier, page, row(places), "one")
    assert reading.fitted is not None
    assert reading.fitted.text == "A13"


def rings(*margins: float) -> str:
    """How rings are named of which an O is so many nats likelier than a 0, after an A."""
    symbols = ("", "0", "A", "O")
    scores = np.array([[-9, -5, 0, -5], *([-9, -m / 2, -9, m / 2] for m in margins)], np.float32)
    named = two_rings(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), symbols)
    np.testing.assert_allclose(np.exp(named).sum(axis=1), 1.0, atol=1e-5)
    return "".join(symbols[k] for k in named.argmax(axis=1))


def test_rings_that_differ_are_a_letter_and_a_digit() -> None:
    assert rings(-0.4, -1.2, -0.3) == "AO0O"
    assert rings(1.4, 0.2) == "AO0"
    assert rings(-0.2, 0.1, -0.3) == "A000"  # all alike: what most of them are
    assert rings(-6.0, -4.0, -7.0) == "A000"  # no doubt, no change
    assert rings(5.0, 3.0) == "AOO"
    assert rings(0.3) == "AO"


@pytest.mark.parametrize("found", [slice(1, 5), slice(0, 4), slice(2, 6)])
def test_characters_beyond_a_rows_ends_are_found(classifier: CharacterClassifier, found: slice) -> None:
    page, places = blocks("342341")
    page[17 : 17 + HEIGHT, 400:440] = 0  # something wide, far away
    [longer] = with_ends(page, [row(places[found])], classifier)
    assert len(longer.characters) == 6
    assert longer.quad[0][0] == pytest.approx(places[0][0], abs=3)
    assert longer.quad[1][0] == pytest.approx(places[-1][1], abs=3)
    assert read(classifier, page, longer).free.text == "342341"
    lefts = [quad[0][0] for quad in longer.characters]
    assert lefts == sorted(lefts)


def test_what_is_no_character_ends_a_row(classifier: CharacterClassifier) -> None:
    page, places = blocks("2342")
    left, right = places[0][0], places[-1][1]
    page[10:60, right + 6 : right + 9] = 0  # a frame, and a character behind it
    page[17 : 17 + HEIGHT, right + 15 : right + 25] = page[17 : 17 + HEIGHT, left : left + 10]
    whole = row(places)
    assert with_ends(page, [whole], classifier) == [whole]
    short = row(places[:1])  # of one character nothing says how wide gaps are
    assert with_ends(page, [short], classifier) == [short]


def test_nothing_and_specks_are_no_characters(classifier: CharacterClassifier) -> None:
    page = np.full((60, 500), 255, np.uint8)
    rows = [Row(box_quad((5, 5, 100, 30))), Row(box_quad((5, 5, 7, 7))), Row(box_quad((0, 0, 499, 5)))]
    assert [r.free.text for r in SerialReader(classifier).read(page, rows)] == ["", "", ""]
    assert SerialReader(classifier).read(page, []) == []


def test_a_row_without_anything_to_name() -> None:
    """A network that looks at rows together is asked about none."""

    class Together(BlockEngine):
        def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.stack([super(Together, self).__call__(row[:, None]) for row in batch])

    classifier = CharacterClassifier(Together(), SYMBOLS)
    assert classifier.reads_rows
    page = np.full((60, 500), 255, np.uint8)
    [reading] = SerialReader(classifier).read(page, [Row(box_quad((5, 5, 100, 30)))])
    assert reading.free.text == ""
    assert [found.shape for found in classifier.of_rows([[], [np.ones((SIDE, SIDE), np.float32)]])] == [(0, 6), (1, 6)]


def test_a_crop_keeps_its_place_in_the_row() -> None:
    page, _ = blocks("2")
    strip = cut_strip(page, np.array(box_quad((30, 17, 40, 17 + HEIGHT))))
    assert strip.scale == pytest.approx(ROW_HEIGHT / HEIGHT)
    crop = character_crop(strip.pixels, strip.start, strip.start + 10)
    ink = crop < 0.5
    assert crop.shape == (SIDE, SIDE)
    assert np.flatnonzero(ink.any(1)).tolist() == list(range(3, 29))
    assert ink.any(0).sum() == 10


def test_classes_have_to_fit() -> None:
    with pytest.raises(WeightsError):
        CharacterClassifier(BlockEngine(), "12")


@pytest.mark.parametrize("text", ["AB12CD", "MSKU6011672", "LOT:4F21K", "X066342"])
def test_codes(text: str) -> None:
    assert looks_like_code(text)


@pytest.mark.parametrize(
    "text", ["TOTAL", "12.50", "500ML", "1.25kg", "RM12.50", "12-JAN-2018", "10:30AM", "2ND", "A4", ""]
)
def test_no_codes(text: str) -> None:
    assert not looks_like_code(text)


def word(text: str, places: Sequence[tuple[int, int]], confidence: float) -> Word:
    quads = [box_quad((a, 17, b, 17 + HEIGHT)) for a, b in places]
    characters = tuple(Character(c, confidence, q) for c, q in zip(text, quads, strict=True))
    return Word(text, confidence, box_quad((places[0][0], 17, places[-1][1], 17 + HEIGHT)), characters)


def branch(classifier: CharacterClassifier, **options: object) -> SerialBranch:
    return SerialBranch(lambda: classifier, Options().changed(**options))


def test_a_doubtful_code_is_read_again_and_both_readings_stay(classifier: CharacterClassifier) -> None:
    page, places = blocks("12431")
    unsure, sure = word("AB43l", places, 0.01), word("AB43l", places, 0.999)
    checked = branch(classifier).check(page, [unsure, sure, word("TOTAL", places, 0.01)])
    assert [w.text for w in checked] == ["12431", "AB43l", "TOTAL"]
    assert checked[0].source == "characters"
    assert [(r.text, r.source) for r in checked[0].readings] == [("AB43l", "crnn"), ("12431", "characters")]
    assert checked[1] is sure


def test_a_sure_recogniser_keeps_its_word(classifier: CharacterClassifier) -> None:
    page, places = blocks("12331")  # each 3 may be an A, so the classifier is only fairly sure
    [checked] = branch(classifier).check(page, [word("AB43l", places, 0.64)])
    assert checked.text == "AB43l"
    assert [r.text for r in checked.readings] == ["AB43l", "12331"]


def test_a_pattern_that_nothing_fits_is_told(classifier: CharacterClassifier) -> None:
    page, places = blocks("12431")
    found = DetectedWord(box_quad((30, 17, places[-1][1], 17 + HEIGHT)), 0.9, tuple(row(places).characters))
    [read_as] = branch(classifier, serial="always", pattern="AAAA").read(page, [found], [Reading("1Z431", 0.1)])
    assert read_as.text == "12431"
    assert read_as.notes == ("nothing fits the pattern AAAA",)


def test_readings_of_different_length_are_told(classifier: CharacterClassifier) -> None:
    page, places = blocks("12431")
    spans = tuple(ReadCharacter(c, 0.3, i / 4, (i + 1) / 4) for i, c in enumerate("1Z31"))
    found = DetectedWord(box_quad((30, 17, places[-1][1], 17 + HEIGHT)), 0.9, tuple(row(places).characters))
    [read_as] = branch(classifier, serial="always").read(page, [found], [Reading("1Z31", 0.01, spans)])
    assert read_as.text == "12431"
    assert read_as.notes == ("the recogniser read 4 characters, the classifier 5, the detector saw 5",)


def test_wide_gaps_part_words(classifier: CharacterClassifier) -> None:
    page, places = blocks("12")
    other, more = blocks("43")
    page[:, 150:] = other[:, :350]
    places += [(a + 150, b + 150) for a, b in more]
    found = DetectedWord(box_quad((30, 17, places[-1][1], 17 + HEIGHT)), 0.9, tuple(row(places).characters))
    words = branch(classifier, serial="always").read(page, [found], [Reading("", 0.0)])
    assert [w.text for w in words] == ["12", "43"]


@pytest.mark.parametrize(
    ("text", "gap", "words"), [("1", 6, ["1"]), ("3", 6, []), ("13", 6, ["13"]), ("13", 60, ["1", "3"])]
)
def test_a_character_alone_has_to_be_a_sure_one(
    classifier: CharacterClassifier, monkeypatch: pytest.MonkeyPatch, text: str, gap: int, words: list[str]
) -> None:
    monkeypatch.setattr(serial_branch, "LONE", 0.9)
    page, places = blocks(text, gap)  # each 3 may be an A, so the classifier is only fairly sure
    found = DetectedWord(box_quad((places[0][0], 17, places[-1][1], 17 + HEIGHT)), 0.9, tuple(row(places).characters))
    nothing = [Reading("", 0.0)]
    assert [w.text for w in branch(classifier, serial="always").read(page, [found], nothing, 0.4)] == words
    for options, legible in (({}, 0.0), ({"pattern": "9+"}, 0.4)):
        kept = branch(classifier, serial="always", **options).read(page, [found], nothing, legible)
        assert "".join(word.text for word in kept) == text


def test_readings_and_notes_survive_json(classifier: CharacterClassifier) -> None:
    page, places = blocks("3123")
    found = DetectedWord(box_quad((30, 17, places[-1][1], 17 + HEIGHT)), 0.9, tuple(row(places).characters))
    words = branch(classifier, serial="always", pattern="A99A").read(page, [found], [Reading("3I23", 0.2)])
    assert words[0].readings[-1].pattern == "A99A"
    assert words[0].readings[-1].cost > 3
    document = Document("x", (Page(1, 500, 60, (Block((Line(tuple(words)),)),)),))
    assert document_from_json(render_json(document)) == document


def test_handed_in_readers_are_left_alone(
    make_ocr: Callable[..., OCRPipeline], draw_page: Callable[..., NDArray[np.uint8]]
) -> None:
    page = draw_page([("?A12B34", 20, 20)])
    for serial in ("auto", "never"):
        [found] = make_ocr(serial=serial)(page).words
        assert (found.text, found.readings) == ("?A12B34", ())
