"""Crops in doubt seen once more: only those, all looks with the same weight, nothing moved along the crop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.api import OCRPipeline
from ocr_doc.core.errors import UsageError
from ocr_doc.recognizer.looks import DOUBTFUL, look_again

Floats = NDArray[np.float32]
CLASSES = 5


class Bars:
    """Names a column's class by its mean grey; how sure it is depends on the row in the middle."""

    def __init__(self) -> None:
        self.seen: list[Floats] = []

    def __call__(self, crops: Floats) -> Floats:
        self.seen.append(crops)
        steps = crops[:, 0].mean(axis=1).reshape(len(crops), -1, 4).mean(axis=2)  # (N, T)
        sure = 1 + 30 * crops[:, 0, crops.shape[2] // 2].reshape(len(crops), -1, 4).mean(axis=2)
        scores = -sure[..., None] * np.abs(steps[..., None] * CLASSES - np.arange(CLASSES))
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=2, keepdims=True)), dtype=np.float32)


def _crops(seed: int, count: int) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.random((count, 1, 8, 24), dtype=np.float32)


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(1, 6))
def test_probabilities_stay_probabilities(seed: int, count: int) -> None:
    run, crops = Bars(), _crops(seed, count)
    first = run(crops)
    found = look_again(run, crops, first)
    assert found.shape == first.shape
    np.testing.assert_allclose(np.exp(found).sum(axis=2), 1, atol=1e-4)
    sure = first.max(axis=2).sum(axis=1) >= DOUBTFUL
    np.testing.assert_array_equal(found[sure], first[sure])
    assert {len(crops) for crops in run.seen[1:]} == ({int((~sure).sum())} if not sure.all() else set())


def test_sure_crops_are_left_alone() -> None:
    run, crops = Bars(), _crops(1, 3)
    sure = np.full((3, 6, CLASSES), -50, dtype=np.float32)
    sure[:, :, 2] = 0.0
    assert look_again(run, crops, sure) is sure
    assert not run.seen


def test_every_look_counts_the_same_and_columns_stay_in_place() -> None:
    run = Bars()
    crops = np.zeros((1, 1, 8, 24), dtype=np.float32)
    crops[0, 0, 3:5, 8:12] = 1.0  # one step of six
    first = run(crops)
    found = look_again(run, crops, first)
    looks = [first, *(run(seen) for seen in run.seen[1:4])]
    assert len({look.tobytes() for look in looks}) > 2
    np.testing.assert_allclose(np.exp(found), np.mean(np.exp(looks), axis=0), atol=1e-5)
    assert int(np.abs(np.exp(found[0]) - np.exp(found[0, 0])).sum(axis=1).argmax()) == 2


def test_quality_is_an_option_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counted(run: object, crops: Floats, log_probs: Floats) -> Floats:
        looked.append(len(crops))
        return log_probs

    monkeypatch.setattr("ocr_doc.recognizer.reader.look_again", counted)
    crop = np.full((32, 96), 255, dtype=np.uint8)
    crop[8:24, 20:24] = 0
    with OCRPipeline(threads=1) as ocr:
        ocr.recognize_crops([crop], serial="never")
        assert looked == []
        ocr.recognize_crops([crop], serial="never", quality="best")
        assert looked == [1]
        with pytest.raises(UsageError, match="quality"):
            ocr.recognize_crops([crop], quality="better")
