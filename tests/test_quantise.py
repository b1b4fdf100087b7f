"""Detectors in integers: which layers, how near they stay, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("onnx")
pytest.importorskip("fontTools")

import onnx
import torch

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.detectors.network import CraftLight, CraftLightConfig
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.training import quantise
from ocr_doc.training.checkpoints import Checkpoint, save_checkpoint
from ocr_doc.training.export import export_weights
from ocr_doc.training.quantise import quantised
from ocr_doc.weights.engines import OnnxEngine

SHAPE = CraftLightConfig((8, 32, 32, 40, 40), (0, 1, 0, 0, 1))


def _crops(count: int = 10) -> list[NDArray[np.uint8]]:
    """Squares of chance on paper of chance."""
    rng = np.random.default_rng(3)
    crops = []
    for _ in range(count):
        crop = np.full((96, 128, 3), rng.integers(120, 256), np.uint8)
        for x, y in rng.integers(0, 90, (30, 2)):
            crop[y : y + 8, x : x + 6] = rng.integers(0, 120)
        crops.append(crop)
    return crops


def _detector(path: Path) -> Path:
    torch.manual_seed(5)
    network = CraftLight(SHAPE)
    with torch.no_grad():
        network.head[-1].weight *= 30  # type: ignore[operator]
        for crop in _crops():
            network(torch.from_numpy(crop.transpose(2, 0, 1)[None]).float() / 255)
    save_checkpoint(path, Checkpoint(network.state_dict(), network.config.to_dict(), {}))
    return path


def _graph(folder: Path, crops: list[NDArray[np.uint8]]) -> bytes:
    """The exported detector."""
    export_weights(_detector(folder / "checkpoint"), folder / "w", "eye", "", {}, {}, crops=crops)
    return (folder / "w" / "eye.onnx").read_bytes()


def test_wide_layers_alone_become_integers(tmp_path: Path) -> None:
    graph = onnx.load_from_string(_graph(tmp_path, _crops())).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
    weights = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    integers = [made_by.get(node.input[1]) == "DequantizeLinear" for node in convolutions]
    wide = [shapes[weights.get(node.input[1], node.input[1])][1] >= 32 for node in convolutions]
    assert integers == wide
    assert len(convolutions) == sum(isinstance(layer, torch.nn.Conv2d) for layer in CraftLight(SHAPE).modules())
    assert 0 < sum(wide) < len(wide)


def test_scores_stay_near_on_pages_that_were_not_seen(tmp_path: Path) -> None:
    integers = OnnxEngine(_graph(tmp_path, _crops()), "integers")
    floats = OnnxEngine(_graph(tmp_path, []), "floats")
    for crop in _crops(16)[10:]:
        batch = np.divide(crop.transpose(2, 0, 1)[None], 255, dtype=np.float32)
        wanted, found = floats(batch), integers(batch)
        assert np.abs(wanted - found).mean() < 0.01
        assert (wanted != found).any()
        assert np.ptp(wanted) > 0.2


def test_the_same_pages_make_the_same_graph(tmp_path: Path) -> None:
    graph = _graph(tmp_path, [])
    assert quantised(graph, "eye", _crops()) == quantised(graph, "eye", _crops())


def test_scores_that_become_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantise, "_TOLERANCE", 1e-9)
    with pytest.raises(WeightsError, match="eye: in integers its scores differ by"):
        _graph(tmp_path, _crops())
    assert not (tmp_path / "w").exists()


def test_a_recogniser_stays_as_it_is(tmp_path: Path) -> None:
    network = CRNN(CRNNConfig(4, channels=(4, 6, 8, 8, 12), blocks=(1, 1, 1, 1, 1), hidden=12))
    config = {"architecture": "crnn", "alphabet": "abc", **network.config.to_dict()}
    save_checkpoint(tmp_path / "reader", Checkpoint(network.state_dict(), config, {}))
    with pytest.raises(UsageError, match="recognizer in integers"):
        export_weights(tmp_path / "reader", tmp_path / "w", "reader", "", {}, {}, crops=_crops())
