"""Networks in integers: which layers, how near they stay, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
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
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.training import quantise
from ocr_doc.training.checkpoints import Checkpoint, save_checkpoint
from ocr_doc.training.export import export_weights
from ocr_doc.training.quantise import quantised, word_examples
from ocr_doc.training.recognizer_data import CropMix
from ocr_doc.weights.engines import OnnxEngine

SHAPE = CraftLightConfig((8, 32, 32, 40, 40), (0, 1, 0, 0, 1))


def _batches(count: int = 10, height: int = 96, channels: int = 3) -> list[NDArray[np.float32]]:
    """Squares of chance on paper of chance."""
    rng = np.random.default_rng(3)
    batches = []
    for _ in range(count):
        crop = np.full((height, 128), rng.integers(120, 256), np.float32)
        for x, y in zip(rng.integers(0, 120, 30), rng.integers(0, height - 6, 30), strict=True):
            crop[y : y + 8, x : x + 6] = rng.integers(0, 120)
        batches.append(np.repeat(crop[None, None] / 255, channels, axis=1))
    return batches


def _detector(path: Path) -> Path:
    torch.manual_seed(5)
    network = CraftLight(SHAPE)
    with torch.no_grad():
        network.head[-1].weight *= 30  # type: ignore[operator]
        for batch in _batches():
            network(torch.from_numpy(batch))
    save_checkpoint(path, Checkpoint(network.state_dict(), network.config.to_dict(), {}))
    return path


def _reader(path: Path) -> Path:
    torch.manual_seed(5)
    shape = CRNNConfig(4, channels=(8, 32, 40, 40, 48), blocks=(1, 1, 1, 1, 1), hidden=24, sequence="attention")
    network = CRNN(shape)
    with torch.no_grad():
        for batch in _batches(height=32, channels=1):
            network(torch.from_numpy(batch))
    config = {"architecture": "crnn", "alphabet": "abc", **network.config.to_dict()}
    save_checkpoint(path, Checkpoint(network.state_dict(), config, {}))
    return path


def _graphs(folder: Path, checkpoint: Path, examples: list[NDArray[np.float32]]) -> tuple[bytes, bytes]:
    """The exported network in floating point and in integers."""
    manifest = export_weights(checkpoint, folder / "w", "net", "", {}, {}, examples=lambda *_: examples)
    entry, engines = manifest.entries[0], []
    for form in ("onnx", "int8"):
        file = entry.file(form)  # type: ignore[arg-type]
        assert file is not None
        engines.append(manifest.read(file))
    return engines[0], engines[1]


def _convolutions(graph: bytes) -> list[tuple[bool, int]]:
    """Of each whether it is in integers, and its input channels."""
    parts = onnx.load_from_string(graph).graph
    made_by = {output: node.op_type for node in parts.node for output in node.output}
    shapes = {tensor.name: tensor.dims for tensor in parts.initializer}
    weights = {node.output[0]: node.input[0] for node in parts.node if node.op_type == "DequantizeLinear"}
    return [
        (made_by.get(node.input[1]) == "DequantizeLinear", shapes[weights.get(node.input[1], node.input[1])][1])
        for node in parts.node
        if node.op_type == "Conv"
    ]


def test_wide_layers_alone_become_integers(tmp_path: Path) -> None:
    floats, integers = _graphs(tmp_path, _detector(tmp_path / "checkpoint"), _batches())
    found = _convolutions(integers)
    assert [whole for whole, _ in found] == [channels >= 32 for _, channels in found]
    assert len(found) == sum(isinstance(layer, torch.nn.Conv2d) for layer in CraftLight(SHAPE).modules())
    assert 0 < sum(whole for whole, _ in found) < len(found)
    assert not any(whole for whole, _ in _convolutions(floats))


def test_of_a_recogniser_the_products_between_first_and_last_become_integers(tmp_path: Path) -> None:
    _, integers = _graphs(tmp_path, _reader(tmp_path / "checkpoint"), _batches(height=32, channels=1))
    graph = onnx.load_from_string(integers).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    products = [made_by.get(n.input[1]) == "DequantizeLinear" for n in graph.node if n.op_type == "MatMul"
                and (n.input[1] in constants or made_by.get(n.input[1]) == "DequantizeLinear")]  # fmt: skip
    assert products == [False, *[True] * (len(products) - 2), False]
    assert len(products) > 4
    found = _convolutions(integers)
    assert [whole for whole, _ in found] == [channels >= 32 for _, channels in found]


@pytest.mark.parametrize(("make", "height", "channels"), [(_detector, 96, 3), (_reader, 32, 1)])
def test_scores_stay_near_on_what_was_not_seen(
    tmp_path: Path, make: Callable[[Path], Path], height: int, channels: int
) -> None:
    examples = _batches(16, height, channels)
    graphs = _graphs(tmp_path, make(tmp_path / "checkpoint"), examples[:10])
    floats, integers = (OnnxEngine(graph, "net") for graph in graphs)
    for batch in examples[10:]:
        wanted, found = floats(batch), integers(batch)
        assert np.abs(wanted - found).mean() < 0.02
        assert (wanted != found).any()
        assert np.ptp(wanted) > 0.2


def test_the_same_examples_make_the_same_graph(tmp_path: Path) -> None:
    graph, integers = _graphs(tmp_path, _detector(tmp_path / "checkpoint"), _batches())
    assert quantised(graph, "net", _batches()) == integers


@pytest.mark.parametrize(("make", "height", "channels"), [(_detector, 96, 3), (_reader, 32, 1)])
def test_scores_that_become_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], height: int, channels: int
) -> None:
    monkeypatch.setattr(quantise, "_TOLERANCE", 1e-9)
    with pytest.raises(WeightsError, match="net: in integers its scores differ by"):
        _graphs(tmp_path, make(tmp_path / "checkpoint"), _batches(10, height, channels))
    assert not (tmp_path / "w").exists()


def test_what_reads_codes_stays_in_floating_point(tmp_path: Path) -> None:
    def examples(*_: object) -> list[NDArray[np.float32]]:
        raise AssertionError("not asked for")

    with pytest.raises(UsageError, match="recogniser of codes in integers"):
        export_weights(_reader(tmp_path / "r"), tmp_path / "w", "net", "", {}, {}, codes=True, examples=examples)
    assert not (tmp_path / "w").exists()


def test_the_same_words_are_seen_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantise, "_SEEN", 2)
    monkeypatch.setattr(quantise, "_CHECKED", 1)
    first, second = (word_examples(CropMix(fonts=(tmp_path,)), Alphabet("abcdefghijklmnopqrstuvwxyz")) for _ in "ab")
    assert len(first) == 3
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float32 and one.shape[1:3] == (1, 32)
        assert 0 <= one.min() < one.max() <= 1
