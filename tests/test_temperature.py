"""Confidences that come true, and scores divided by a temperature."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from ocr_doc.core.errors import InputBrokenError, UsageError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.training.checkpoints import Checkpoint, save_checkpoint
from ocr_doc.training.export import export_weights
from ocr_doc.training.readers import LabelledCrop
from ocr_doc.training.temperature import cooled, fit_temperature
from ocr_doc.weights.engines import OnnxEngine

ALPHABET = Alphabet("abAB")
TINY = CRNNConfig(5, (4, 4, 4, 4, 4), (1, 1, 1, 1, 1), 4)


class _Sure(torch.nn.Module):
    """Reads every crop as "a", and always says that this is 0.9 sure."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = x.shape[3] // 4
        table = torch.full((1, steps, 5), 1e-6)
        table[:, :, 0] = 1.0
        table[:, 0] = torch.tensor([0.1, 0.9, 1e-6, 1e-6, 1e-6])
        return (table / table.sum(dim=2, keepdim=True)).log()


def crops(folder: Path, *texts: str) -> list[LabelledCrop]:
    path = folder / "crop.png"
    cv2.imwrite(str(path), np.full((32, 32), 200, np.uint8))
    return [LabelledCrop(str(path), text) for text in texts]


@pytest.mark.parametrize(("wrong", "sharper"), [(0, True), (10, False)])
def test_confidences_move_to_the_share_that_is_right(tmp_path: Path, wrong: int, sharper: bool) -> None:
    labels = ["A"] * (20 - wrong) + ["b"] * wrong
    fit = fit_temperature(_Sure(), ALPHABET, crops(tmp_path, *labels))  # type: ignore[arg-type]
    assert fit.words == 20
    assert fit.right == pytest.approx((20 - wrong) / 20)
    assert (fit.temperature < 1.0) is sharper
    assert fit.loss_after < fit.loss_before
    assert abs(fit.confidence_after - fit.right) < abs(fit.confidence_before - fit.right)


def test_nothing_to_fit_on_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputBrokenError, match="No crop"):
        fit_temperature(_Sure(), ALPHABET, [])  # type: ignore[arg-type]


def test_the_export_divides_the_scores(tmp_path: Path) -> None:
    network = CRNN(TINY)
    config = {"architecture": "crnn", "alphabet": ALPHABET.symbols, **TINY.to_dict()}
    save_checkpoint(tmp_path / "net.safetensors", Checkpoint(network.state_dict(), config, {}))
    pixels = np.random.default_rng(0).random((1, 1, 32, 64), dtype=np.float32)
    found = {}
    for temperature in (1.0, 2.0):
        folder = tmp_path / str(temperature)
        manifest = export_weights(tmp_path / "net.safetensors", folder, "tiny", "MIT", {}, {}, temperature)
        entry = manifest.entry("recognizer")
        assert entry.recipe.get("temperature", 1.0) == temperature
        found[temperature] = OnnxEngine(manifest.read(entry.files[0]), "tiny")(pixels)
    flatter = found[1.0] / 2
    np.testing.assert_allclose(found[2.0], flatter - np.log(np.exp(flatter).sum(axis=2, keepdims=True)), atol=1e-4)
    assert set(cooled(network.state_dict(), 2.0)) == set(network.state_dict())


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_is_above_zero(tmp_path: Path, temperature: float) -> None:
    config = {"architecture": "crnn", "alphabet": ALPHABET.symbols, **TINY.to_dict()}
    save_checkpoint(tmp_path / "net.safetensors", Checkpoint(CRNN(TINY).state_dict(), config, {}))
    with pytest.raises(UsageError, match="temperature"):
        export_weights(tmp_path / "net.safetensors", tmp_path, "tiny", "MIT", {}, {}, temperature)
