"""From a training's checkpoint to shipped weights: safetensors for torch, an ONNX graph for the CPU, the manifest."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ocr_doc.core.errors import WeightsError
from ocr_doc.detectors.network import CraftLight, CraftLightConfig
from ocr_doc.recognizer.network import CRNN
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint
from ocr_doc.training.recognizer_loop import ARCHITECTURE, network_shape
from ocr_doc.weights.engines import OnnxEngine
from ocr_doc.weights.manifest import Entry, Kind, Manifest, write_entry

OPSET = 17
# Rounding differs between engines; scores and log-probabilities of a sound export agree to this.
_TOLERANCE = 2e-3


@dataclass(frozen=True, slots=True)
class _Network:
    """A network to export: an example input, and which of its axes vary."""

    kind: Kind
    module: nn.Module
    example: Tensor
    axes: dict[int, str]
    config: dict[str, object]
    alphabet: str | None = None


def export_weights(
    checkpoint: Path, folder: Path, name: str, licence: str, recipe: Mapping[str, object], metrics: Mapping[str, object]
) -> Manifest:
    """Writes `name.onnx` and `name.safetensors` and lists them in the folder's manifest.

    Args:
        checkpoint: A file of averaged weights that a training wrote.
        folder: The folder of weights; made if need be.
        name: The network's name.
        licence: Of the weights.
        recipe: How they were made: commands, seeds, data.
        metrics: What was measured on them.

    Raises:
        WeightsError: If the checkpoint is damaged, or the exported graph does not compute the same.
    """
    loaded = load_checkpoint(checkpoint)
    network = _detector(loaded) if loaded.config.get("architecture") != ARCHITECTURE else _recognizer(loaded)
    network.module.load_state_dict(loaded.tensors)
    network.module.eval()
    folder.mkdir(parents=True, exist_ok=True)
    graph = _onnx(network)
    _compare(network, graph, name)
    (folder / f"{name}.onnx").write_bytes(graph)
    tensors = {key: value.contiguous() for key, value in network.module.state_dict().items()}
    save_file(tensors, str(folder / f"{name}.safetensors"))
    trained: dict[str, object] = {key: loaded.notes[key] for key in ("step", "minutes", "crops") if key in loaded.notes}
    entry = Entry(
        name, network.kind, (), network.config, network.alphabet, licence, {**trained, **recipe},
        {**loaded.notes.get("metrics", {}), **metrics},
    )  # fmt: skip
    return write_entry(folder, entry, [f"{name}.onnx", f"{name}.safetensors"])


def _detector(checkpoint: Checkpoint) -> _Network:
    config = CraftLightConfig.from_dict(checkpoint.config)
    example = torch.rand(1, 3, 64, 96)
    return _Network("detector", CraftLight(config), example, {0: "n", 2: "h", 3: "w"}, config.to_dict())


def _recognizer(checkpoint: Checkpoint) -> _Network:
    config = network_shape(checkpoint)
    alphabet = str(checkpoint.config["alphabet"])
    return _Network("recognizer", CRNN(config), torch.rand(2, 1, 32, 96), {0: "n", 3: "w"}, config.to_dict(), alphabet)


def _onnx(network: _Network) -> bytes:
    """The network as an ONNX graph, batch and size left open."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder, "network.onnx")
        # The exporter that traces is deprecated in favour of one that needs a package more; its LSTM is the one that
        # ONNX Runtime runs fused.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module, (network.example,), path, input_names=["pixels"], output_names=["scores"],
            dynamic_axes={"pixels": network.axes}, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        return path.read_bytes()


def _compare(network: _Network, graph: bytes, name: str) -> None:
    """Runs graph and network on inputs of another size than the traced one."""
    n, channels, height, width = network.example.shape
    other = torch.rand(n + 1, channels, height * 2 if 2 in network.axes else height, width * 2)
    with torch.inference_mode():
        wanted = network.module(other).numpy()
    found = OnnxEngine(graph, name)(other.numpy())
    if found.shape != wanted.shape or float(np.abs(found - wanted).max()) > _TOLERANCE:
        raise WeightsError(f"{name}: the exported graph differs from the network.", "Report it with torch's version.")
