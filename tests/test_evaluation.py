"""Metrics, stages and calibration of the evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.boxes import detection, parts_of, rows_of
from ocr_doc.evaluation.calibration import calibrate
from ocr_doc.evaluation.engines import PageReading
from ocr_doc.evaluation.score import score_crop, score_page, total
from ocr_doc.evaluation.sets import LabelledSet, Sample, TruthLine, TruthWord, text_lines
from ocr_doc.evaluation.stages import ReadWord, Stage, judge
from ocr_doc.evaluation.texts import (
    Matches,
    Rate,
    character_errors,
    confusions,
    order_kept,
    space_matches,
    word_errors,
    word_matches,
)

BOX: Box = (100, 10, 160, 30)
texts = st.lists(st.text("abc", min_size=1, max_size=4), max_size=8)


def line(*words: tuple[str, Box]) -> TruthLine:
    return TruthLine(tuple(TruthWord(text, box) for text, box in words), (0, 0, 1000, 40))


def stages(truth: list[tuple[str, Box]], read: list[tuple[str, Box]], on_truth: list[str] | None = None) -> list[Stage]:
    judged = judge([line(*truth)], [ReadWord(text, box) for text, box in read], on_truth)
    return [verdict.stage for verdict in judged.verdicts]


def test_text_scores_by_hand() -> None:
    truth, read = "Total  10.00\nRM cash", "total 1O.00 cash cash"
    assert word_matches(truth, read) == Matches(2, 4, 4)
    assert word_matches(truth, read).f1 == pytest.approx(0.5)
    assert character_errors("AB c", "ab\nd") == Rate(1, 4)
    assert word_errors(truth, read) == Rate(2, 4)
    # (total, 10.00) and (rm, cash) have a word that was not read; (10.00, rm) too: nothing is told of order.
    assert order_kept(truth, read) == Rate(0, 0)
    assert order_kept("a b c d", "a b d c") == Rate(1, 3)
    assert confusions("0ne", "on") == {("0", "o"): 1, ("e", ""): 1}


def test_spaces_are_compared_in_place() -> None:
    assert space_matches("one two three", "one twothree") == Matches(1, 1, 2)
    assert space_matches("one two", "o ne two") == Matches(1, 2, 1)


def test_detection_takes_each_box_once() -> None:
    shifted = (105.0, 10.0, 165.0, 30.0)
    assert detection([BOX], [BOX, shifted, (500, 10, 560, 30)]) == Matches(1, 3, 1)
    assert detection([BOX], [(145, 10, 205, 30)]) == Matches(0, 1, 1), "an IoU of a quarter is none"
    assert detection([], []) == Matches()


def test_rows_and_parts() -> None:
    assert rows_of([(50, 12, 90, 32), (0, 10, 40, 30), (0, 60, 40, 80)]) == [[1, 0], [2]]
    assert parts_of((0, 0, 90, 10), "ab  cd ef") == [
        ("ab", (0, 0, 20, 10)),
        ("cd", (40, 0, 60, 10)),
        ("ef", (70, 0, 90, 10)),
    ]


def test_stages_with_word_boxes() -> None:
    left, right = (100.0, 10.0, 130.0, 30.0), (130.0, 10.0, 160.0, 30.0)
    assert stages([("Total", BOX)], [("TOTAL", BOX)]) == [Stage.RIGHT]
    assert stages([("total", BOX)], []) == [Stage.NOT_FOUND]
    assert stages([("total", BOX)], [("total", (500, 10, 560, 30))]) == [Stage.ELSEWHERE]
    assert stages([("total", BOX)], [("tctal", BOX)], ["tctal"]) == [Stage.MISREAD]
    assert stages([("total", BOX)], [("tctal", BOX)], ["Total"]) == [Stage.CUT_WRONG]
    assert stages([("total", BOX)], [("tot", (100, 10, 125, 30))]) == [Stage.CUT_WRONG]
    assert stages([("total", BOX)], [("to", left), ("tal", right)]) == [Stage.SPLIT]
    assert stages([("to", left), ("tal", right)], [("total", BOX)]) == [Stage.JOINED] * 2


def test_stages_of_a_line_follow_its_text() -> None:
    truth = TruthLine((TruthWord("GRAND"), TruthWord("TOTAL"), TruthWord("10.00")), (0, 0, 300, 30))

    def of(*read: str) -> list[Stage]:
        words = [ReadWord(text, (i * 60.0, 5.0, i * 60.0 + 50, 25.0)) for i, text in enumerate(read)]
        return [verdict.stage for verdict in judge([truth], words).verdicts]

    assert of("GRAND", "TOTAL", "10.00") == [Stage.RIGHT] * 3
    assert of("GRANDTOTAL", "10.00") == [Stage.JOINED, Stage.JOINED, Stage.RIGHT]
    assert of("GRAND", "TOTAL", "10.", "00") == [Stage.RIGHT, Stage.RIGHT, Stage.SPLIT]
    assert of("GRAND", "TOIAL", "10.0") == [Stage.RIGHT, Stage.MISREAD, Stage.CUT_WRONG]
    assert of("GRAND", "10.00") == [Stage.RIGHT, Stage.NOT_FOUND, Stage.RIGHT]


def test_parts_of_a_split_word_keep_their_order() -> None:
    parts = [ReadWord("t", (100, 10, 110, 30)), ReadWord("otal", (112, 10, 160, 30))]
    assert judge([line(("total", BOX))], parts).verdicts[0].read == tuple(parts)


def test_words_on_no_truth_are_extra() -> None:
    read = [ReadWord("total", BOX), ReadWord("~", (500, 300, 520, 320))]
    judged = judge([line(("total", BOX))], read)
    assert judged.extra == (read[1],)
    assert judged.right == (True, False)


@given(texts, texts)
def test_stages_explain_word_recall_without_remainder(truth: list[str], read: list[str]) -> None:
    judged = judge(text_lines(" ".join(truth)), [ReadWord(text) for text in read])
    kept = [v for v in judged.verdicts if v.stage in (Stage.RIGHT, Stage.ELSEWHERE)]
    assert len(judged.verdicts) == len(truth)
    assert len(kept) == sum(judged.right) == word_matches(" ".join(truth), " ".join(read)).hits


@given(st.lists(st.tuples(st.sampled_from(["a", "bb", "ccc"]), st.integers(0, 30), st.integers(0, 5)), max_size=8))
def test_stages_with_boxes_are_complete(read: list[tuple[str, int, int]]) -> None:
    truth = [("a", (0.0, 0.0, 10.0, 10.0)), ("bb", (12.0, 0.0, 30.0, 10.0))]
    words = [ReadWord(text, (x, y, x + 10.0, y + 10.0)) for text, x, y in read]
    judged = judge([line(*truth)], words)
    kept = [v for v in judged.verdicts if v.stage in (Stage.RIGHT, Stage.ELSEWHERE)]
    assert len(kept) == word_matches("a bb", " ".join(word.text for word in words)).hits


def test_calibration() -> None:
    assert calibrate([]) is None
    table = calibrate([(0.95, True)] * 19 + [(0.95, False)] + [(0.25, True), (1.0, True), (0.0, False)])
    assert table is not None
    assert [each.words for each in table.bins] == [1, 1, 21]
    assert table.bins[1].right == 1.0
    last = table.bins[2]
    expected = (0 + 0.75 + 21 * abs(last.confidence - 20 / 21)) / 23
    assert table.error == pytest.approx(expected)


def test_a_page_gets_all_its_scores(tmp_path: Path) -> None:
    sample = Sample("x", tmp_path / "x.png", "total", (line(("total", BOX)),))
    page = PageReading("tctal", (ReadWord("tctal", BOX, 0.4),))
    reading = score_page(sample, page, 0.5, ["total"], measure_boxes=True)
    score = total("us", [reading, reading], LabelledSet("x", "pages", (sample,)), 1000, [])
    assert score.counts["detection"] == Matches(2, 2, 2)
    assert score.counts["recogniser_cer"] == Rate(0, 10)
    assert score.counts["cer"] == Rate(2, 10)
    assert score.stages[Stage.CUT_WRONG] == 2
    assert score.confused == {("o", "c"): 2}
    assert score.calibration is not None
    assert score.calibration.error == pytest.approx(0.4)


def test_crops_are_compared_with_case(tmp_path: Path) -> None:
    sample = Sample("x", tmp_path / "x.png", "You!", text_lines("You!"))
    counts = score_crop(sample, ReadWord("you", None, 0.9), 0.1).counts
    assert counts == {"accuracy": Rate(0, 1), "accuracy_alnum": Rate(1, 1), "cer": Rate(2, 4)}
