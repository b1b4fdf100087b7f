"""Confidences that mean something: the line through the log odds, its fit, and the words that leave with it."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.api import OCRPipeline
from ocr_doc.core.errors import WeightsError
from ocr_doc.evaluation.calibration import calibrate, fit_calibration
from ocr_doc.recognizer.calibration import Calibration
from ocr_doc.weights.manifest import NAME, load_manifest

SHIPPED = load_manifest().folder
SAMPLES = Path(__file__).parent.parent / "samples"
chances = st.floats(0, 1)


@given(chances, chances, st.floats(0.05, 5), st.floats(-8, 8))
def test_a_surer_word_stays_surer(one: float, other: float, slope: float, offset: float) -> None:
    calibration = Calibration(slope, offset)
    low, high = calibration(min(one, other)), calibration(max(one, other))
    assert 0.0 <= low <= high <= 1.0


@given(chances)
def test_the_default_changes_nothing(confidence: float) -> None:
    assert Calibration()(confidence) == confidence


@pytest.mark.parametrize("line", [(0.0, 1.0), (-1.0, 0.0), (float("nan"), 0.0), (1.0, float("inf"))])
def test_a_line_rises_and_is_made_of_numbers(line: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="slope"):
        Calibration(*line)


@pytest.mark.parametrize(("slope", "offset"), [(0.7, 0.9), (1.0, 0.0), (1.6, -0.5)])
def test_the_fit_finds_the_line_again(slope: float, offset: float) -> None:
    rng = random.Random(4)
    truth = Calibration(slope, offset)
    words = [(c, rng.random() < truth(c)) for c in (rng.betavariate(2, 1) for _ in range(20_000))]
    found = fit_calibration(words)
    assert found is not None
    assert found.slope == pytest.approx(slope, abs=0.12)
    assert found.offset == pytest.approx(offset, abs=0.12)
    before, after = calibrate(words), calibrate((found(c), right) for c, right in words)
    assert before is not None
    assert after is not None
    assert after.error < max(0.015, before.error / 2)


@given(st.lists(st.tuples(chances, st.booleans()), max_size=30))
def test_any_words_can_be_fitted_or_are_not(words: list[tuple[float, bool]]) -> None:
    found = fit_calibration(words)
    assert found is None or found.slope > 0
    if len({right for _, right in words}) < 2:
        assert found is None


def _weights(folder: Path, calibration: object) -> Path:
    """A copy of the shipped weights whose recogniser is calibrated otherwise."""
    wanted = (".onnx", ".gz", NAME)
    shutil.copytree(SHIPPED, folder, ignore=lambda _, names: {n for n in names if not n.endswith(wanted)})
    values = json.loads((folder / NAME).read_text(encoding="utf-8"))
    for entry in values["entries"]:
        for file in list(entry["files"]):
            if file["format"] == "safetensors":
                entry["files"].remove(file)
        if entry["kind"] == "recognizer":
            entry.pop("calibration", None)
            if calibration is not None:
                entry["calibration"] = calibration
    (folder / NAME).write_text(json.dumps(values), encoding="utf-8")
    return folder


def test_words_leave_with_calibrated_confidences(tmp_path: Path) -> None:
    page = SAMPLES / "receipt.png"
    with OCRPipeline(weights=_weights(tmp_path / "plain", None), threads=1) as ocr:
        plain = {(word.quad, word.source): word for word in ocr(page, serial="never").pages[0].words}
    line = Calibration(0.5, 1.0)
    with OCRPipeline(weights=_weights(tmp_path / "fitted", [0.5, 1.0]), threads=1) as ocr:
        fitted = ocr(page, serial="never").pages[0].words
        least = 0.9
        sure = ocr(page, serial="never", min_confidence=least).pages[0].words
    assert len(fitted) == len(plain) > 20
    for word in fitted:
        before = plain[word.quad, word.source]
        assert word.text == before.text
        assert word.confidence == pytest.approx(line(before.confidence), abs=1e-3)
    assert {w.quad for w in sure} == {w.quad for w in fitted if w.confidence >= least}


def test_a_reader_that_was_handed_in_is_as_sure_as_it_says(ocr: OCRPipeline, receipt: NDArray[object]) -> None:
    assert {word.confidence for word in ocr(receipt).pages[0].words} == {0.95, 0.2}


@pytest.mark.parametrize("line", [[1.0], [0.0, 1.0], ["a", "b"], [True, 1.0], {"slope": 1}])
def test_a_manifest_with_a_broken_line_is_told(tmp_path: Path, line: object) -> None:
    with pytest.raises(WeightsError, match="calibration"):
        load_manifest(_weights(tmp_path / "w", line))


def test_a_manifest_without_a_line_takes_confidences_as_they_are(tmp_path: Path) -> None:
    folder = _weights(tmp_path / "w", None)
    assert load_manifest(folder).entry("recognizer").calibration is None
