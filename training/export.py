"""From a training's checkpoint to shipped weights: safetensors for torch, an ONNX graph for the CPU, the manifest."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.core.files import write_whole
from ocr_doc.detectors.craft_vgg import CraftVggConfig, load_public_craft
from ocr_doc.detectors.factory import build_detector
from ocr_doc.recognizer.character_crops import SIDE
from ocr_doc.recognizer.characters_network import CharacterNet
from ocr_doc.recognizer.network import CRNN
from ocr_doc.training import characters_loop
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ocr_doc.training.quantise import quantised
from ocr_doc.training.recognizer_loop import ARCHITECTURE, network_alphabet, network_shape
from ocr_doc.training.temperature import cooled
from ocr_doc.weights.engines import OnnxEngine
from ocr_doc.weights.manifest import NAME, Entry, Kind, Manifest, load_manifest, write_entry

OPSET = 17
# What other projects publish their weights as.
_PICKLED = (".pth", ".pt")
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
    checkpoint: Path,
    folder: Path,
    name: str,
    licence: str,
    recipe: Mapping[str, object],
    metrics: Mapping[str, object],
    temperature: float = 1.0,
    calibration: tuple[float, float] | None = None,
    codes: bool = False,
    examples: Callable[[Kind, str | None], Sequence[NDArray[np.float32]]] | None = None,
) -> Manifest:
    """Writes `name.onnx`, `name.safetensors` and at wish `name.int8.onnx`; lists them in the folder's manifest.

    Args:
        checkpoint: A file of averaged weights that a training wrote, or the public CRAFT weights (.pth).
        folder: The folder of weights; made if need be.
        name: The network's name.
        licence: Of the weights.
        recipe: How they were made: commands, seeds, data.
        metrics: What was measured on them.
        temperature: What a recogniser's scores are divided by, see `ocr_doc.training.temperature`.
        calibration: Slope and offset of a recogniser's confidences, see `ocr_doc.recognizer.calibration`.
        codes: Whether a recogniser is the one for codes, beside the one for words.
        examples: Gives what a network of a kind and an alphabet sees, for a graph in integers beside the one in
            floating point (`ocr_doc.training.quantise`); None for none.

    Raises:
        UsageError: If the temperature or the slope is no positive number, what is no recogniser is meant for codes,
            what reads characters or codes is meant for integers, or the name is no plain name or taken by a network of
            another kind.
        WeightsError: If the checkpoint is damaged, cannot be exported, or the graph does not compute the same.
        OutputError: If the folder cannot be written.
    """
    loaded = _public_craft(checkpoint) if checkpoint.suffix in _PICKLED else load_checkpoint(checkpoint)
    kinds = {ARCHITECTURE: _recognizer, characters_loop.ARCHITECTURE: _characters}
    network = kinds.get(str(loaded.config.get("architecture")), _detector)(loaded)
    reads = network.kind == "recognizer"
    if codes:
        if not reads:
            raise UsageError(f"A {network.kind} for codes.", "Give a recogniser's weights, or leave --codes out.")
        network = replace(network, kind="codes")
    _check_name(folder, name, network.kind)
    if not temperature > 0 or (temperature != 1.0 and not reads):
        raise UsageError(f"A {network.kind} with a temperature of {temperature}.", "Give a recogniser's, above 0.")
    if calibration is not None and not (reads and calibration[0] > 0):
        slope, offset = calibration
        raise UsageError(f"A {network.kind} with calibration {slope} {offset}.", "Give a recogniser's, slope above 0.")
    if examples and network.kind not in ("detector", "recognizer"):
        what = "recogniser of codes" if codes else "classifier of characters"
        raise UsageError(f"A {what} in integers, which read codes worse.", "Leave --quantise out.")
    tensors = cooled(loaded.tensors, temperature)
    try:
        network.module.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{checkpoint}: its weights do not fit its configuration.", "Train again.") from error
    network.module.eval()
    graph = _onnx(network, name)
    _compare(network, graph, name)
    graphs = {f"{name}.onnx": graph}
    if examples:
        graphs[f"{name}.int8.onnx"] = quantised(graph, name, examples(network.kind, network.alphabet))
    for file, data in graphs.items():
        write_whole(folder / file, data)
    # With the configuration in its header, so that fine-tuning can start from it.
    save_checkpoint(folder / f"{name}.safetensors", Checkpoint(tensors, loaded.config, loaded.notes))
    if temperature != 1.0:
        recipe = {**recipe, "temperature": temperature}
    trained: dict[str, object] = {key: loaded.notes[key] for key in ("step", "minutes", "crops") if key in loaded.notes}
    entry = Entry(
        name, network.kind, (), network.config, network.alphabet, licence, {**trained, **recipe},
        {**loaded.notes.get("metrics", {}), **metrics}, calibration,
    )  # fmt: skip
    return write_entry(folder, entry, [*graphs, f"{name}.safetensors"])


def _public_craft(path: Path) -> Checkpoint:
    """Weights of the paper's network, under the public file's names; its file says nothing of how it was made."""
    return Checkpoint(load_public_craft(path).state_dict(), CraftVggConfig().to_dict(), {})


def _check_name(folder: Path, name: str, kind: Kind) -> None:
    if not name or name != Path(name).name or name.startswith(".") or name.endswith(".int8"):  # the end tells the form
        raise UsageError(f"{name!r} is no name for a network.", "Use letters, digits and dashes.")
    if (folder / NAME).exists() and any(e.name == name and e.kind != kind for e in load_manifest(folder).entries):
        raise UsageError(f"{folder} has a network {name!r} of another kind.", "Choose another name.")


def _detector(checkpoint: Checkpoint) -> _Network:
    module = build_detector(checkpoint.config)
    return _Network("detector", module, torch.rand(1, 3, 64, 96), {0: "n", 2: "h", 3: "w"}, checkpoint.config)


def _recognizer(checkpoint: Checkpoint) -> _Network:
    config = network_shape(checkpoint)
    alphabet = network_alphabet(checkpoint).symbols
    return _Network("recognizer", CRNN(config), torch.rand(2, 1, 32, 96), {0: "n", 3: "w"}, config.to_dict(), alphabet)


def _characters(checkpoint: Checkpoint) -> _Network:
    config = characters_loop.network_shape(checkpoint)
    symbols = str(checkpoint.config["symbols"])
    example = torch.rand(2, 3, SIDE, SIDE)
    return _Network("characters", CharacterNet(config), example, {0: "n", 1: "length"}, config.to_dict(), symbols)


def _onnx(network: _Network, name: str) -> bytes:
    """The network as an ONNX graph, batch and size left open."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder, "network.onnx")
        # The exporter that traces is deprecated in favour of one that needs a package more; its LSTM is the one that
        # ONNX Runtime runs fused.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                network.module, (network.example,), path, input_names=["pixels"], output_names=["scores"],
                dynamic_axes={"pixels": network.axes}, opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        except RuntimeError as error:  # an operator that this opset has not, above all
            reason = str(error).strip().split("\n")[0]
            raise WeightsError(f"{name} cannot be exported: {reason}.", "Report it with torch's version.") from error
        return path.read_bytes()


def _compare(network: _Network, graph: bytes, name: str) -> None:
    """Runs graph and network on inputs of another size than the traced one."""
    n, channels, height, width = network.example.shape
    factors = [2 if axis in network.axes else 1 for axis in (1, 2, 3)]
    other = torch.rand(n + 1, channels * factors[0], height * factors[1], width * factors[2])
    with torch.inference_mode():
        wanted = network.module(other).numpy()
    found = OnnxEngine(graph, name)(other.numpy())
    # Asked this way round, so that weights that hold no numbers do not pass either.
    if found.shape != wanted.shape or not float(np.abs(found - wanted).max()) <= _TOLERANCE:
        raise WeightsError(f"{name}: the exported graph differs from the network.", "Report it with torch's version.")
