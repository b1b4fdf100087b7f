"""From a checkpoint to weights that ship: every form reads alike, and training can start from them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("onnx")
pytest.importorskip("fontTools")

import torch
from safetensors.torch import load

from ocr_doc import OCRPipeline
from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.detectors.craft_vgg import CraftVgg
from ocr_doc.detectors.factory import build_detector
from ocr_doc.detectors.network import CraftLight, CraftLightConfig
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.crops import normalise
from ocr_doc.recognizer.network import CRNN, CRNNConfig, build_crnn
from ocr_doc.recognizer.reader import WordReader
from ocr_doc.training import export
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ocr_doc.training.detector_loop import detector_shape
from ocr_doc.training.export import export_weights
from ocr_doc.training.recognizer_loop import network_alphabet, network_shape
from ocr_doc.weights.engines import TorchEngine, load_module, open_engine
from ocr_doc.weights.manifest import Manifest, load_manifest

ALPHABET = Alphabet("abcdefgh 0123")
SHAPE = CRNNConfig(len(ALPHABET), channels=(4, 6, 8, 8, 12), blocks=(1, 1, 1, 1, 1), hidden=12)
NOTES = {"step": 7, "crops": 90, "minutes": 1.5, "metrics": {"real_cer": 0.25}}


def _recognizer(path: Path, shape: CRNNConfig = SHAPE) -> Path:
    """A checkpoint of a network that says different things of different crops."""
    torch.manual_seed(4)
    network = CRNN(shape)
    with torch.no_grad():
        for crop in _crops() * 8:  # else the batch norms know nothing of crops, and all look alike behind them
            network(torch.from_numpy(normalise(crop).pixels)[None, None])
        network.output.weight *= 40
        for weights in network.sequence.parameters():
            weights.mul_(4 if shape.sequence == "lstm" else 1)  # attention is sharp as it is
        if shape.transformer:
            network.features[0].affine.weight.normal_(0, 0.02)
    config = {"architecture": "crnn", "alphabet": ALPHABET.symbols, **network.config.to_dict()}
    save_checkpoint(path, Checkpoint(network.state_dict(), config, NOTES))
    return path


def _detector(path: Path) -> Path:
    torch.manual_seed(5)
    network = CraftLight(CraftLightConfig((4, 4, 8, 8, 8), (0, 0, 0, 0, 1)))
    with torch.no_grad():
        network.head[-1].weight *= 100  # type: ignore[operator]
    save_checkpoint(path, Checkpoint(network.state_dict(), network.config.to_dict(), NOTES))
    return path


def _crops() -> list[NDArray[np.uint8]]:
    crops = []
    for number in range(6):
        crop = np.full((30, 40 + 30 * number), 230, np.uint8)
        cv2.putText(crop, "a7g0b x"[: number + 1], (3, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 20, 2)
        crops.append(crop)
    return crops


def _texts(manifest: Manifest, name: str) -> tuple[list[str], list[str]]:
    """What both engines read."""
    entry = manifest.entry("recognizer", name)
    alphabet = Alphabet(entry.alphabet or "")
    tensors = entry.file("safetensors")
    assert tensors
    by_torch = TorchEngine(load_module(manifest, entry, tensors, build_crnn), "cpu", name)
    by_onnx = open_engine(manifest, entry, "cpu", build=build_crnn)
    first, second = (
        [reading.text for reading in WordReader(engine, alphabet).read(_crops())] for engine in (by_torch, by_onnx)
    )
    return first, second


@pytest.mark.parametrize(
    "change", [{}, {"transformer": True}, {"squeeze": True}, {"sequence": "attention", "layers": 2}]
)
def test_all_forms_of_a_recogniser_read_alike(tmp_path: Path, change: dict[str, Any]) -> None:
    shape = replace(SHAPE, **change)
    checkpoint = _recognizer(tmp_path / "best.safetensors", shape)
    manifest = export_weights(checkpoint, tmp_path / "w", "tiny", "CC0-1.0", {"data": "none"}, {"f1": 0.5})
    by_torch, by_onnx = _texts(manifest, "tiny")
    assert by_torch == by_onnx
    assert len(set(by_torch)) > 3
    entry = load_manifest(tmp_path / "w").entry("recognizer")
    assert entry.licence == "CC0-1.0"
    assert entry.recipe == {"step": 7, "crops": 90, "minutes": 1.5, "data": "none"}
    assert entry.metrics == {"real_cer": 0.25, "f1": 0.5}
    assert CRNNConfig.from_dict(entry.config) == shape
    assert sorted(p.name for p in (tmp_path / "w").iterdir()) == ["manifest.json", "tiny.onnx", "tiny.safetensors"]


def test_all_forms_of_a_detector_draw_the_same_maps(tmp_path: Path) -> None:
    manifest = export_weights(_detector(tmp_path / "d"), tmp_path / "w", "eye", "", {}, {})
    entry = manifest.entry("detector")
    tensors = entry.file("safetensors")
    assert tensors
    pixels = np.random.default_rng(1).random((2, 3, 96, 160), np.float32)
    by_torch = TorchEngine(load_module(manifest, entry, tensors, build_detector), "cpu", "eye")(pixels)
    by_onnx = open_engine(manifest, entry, "cpu", build=build_detector)(pixels)
    assert by_torch.shape == (2, 2, 48, 80)
    assert by_onnx == pytest.approx(by_torch, abs=1e-4)
    assert np.ptp(by_torch) > 0.1


def test_shipped_weights_say_which_network_they_are(tmp_path: Path) -> None:
    """So that `--from` takes them, while engines that want nothing but tensors find just those."""
    export_weights(_recognizer(tmp_path / "r"), tmp_path / "w", "reader", "", {}, {})
    export_weights(_detector(tmp_path / "d"), tmp_path / "w", "eye", "", {}, {})
    reader = load_checkpoint(tmp_path / "w" / "reader.safetensors")
    assert network_shape(reader) == SHAPE
    assert network_alphabet(reader) == ALPHABET
    assert reader.notes["step"] == 7
    assert detector_shape(load_checkpoint(tmp_path / "w" / "eye.safetensors")).channels == (4, 4, 8, 8, 8)
    plain = load((tmp_path / "w" / "reader.safetensors").read_bytes())
    assert plain.keys() == reader.tensors.keys()
    # Others than the one who trained may read them.
    assert (tmp_path / "w" / "reader.safetensors").stat().st_mode == (tmp_path / "w" / "reader.onnx").stat().st_mode


def test_a_better_training_takes_its_entry_s_place(tmp_path: Path) -> None:
    checkpoint = _recognizer(tmp_path / "r")
    export_weights(checkpoint, tmp_path, "reader", "", {}, {"cer": 0.5})
    manifest = export_weights(checkpoint, tmp_path, "reader", "", {}, {"cer": 0.1})
    assert [entry.metrics["cer"] for entry in manifest.entries] == [0.1]


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/x", ".hidden", "fast.int8"])
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        export_weights(_detector(tmp_path / "d"), tmp_path / "w", name, "", {}, {})
    assert not (tmp_path / "w").exists()


def test_two_networks_of_one_name_would_overwrite_each_other(tmp_path: Path) -> None:
    export_weights(_detector(tmp_path / "d"), tmp_path / "w", "small", "", {}, {})
    with pytest.raises(UsageError, match="another kind"):
        export_weights(_recognizer(tmp_path / "r"), tmp_path / "w", "small", "", {}, {})


def test_broken_checkpoints_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = load_checkpoint(_recognizer(tmp_path / "r"))
    broken = {
        "numbers": Checkpoint({k: torch.full_like(v, float("nan")) for k, v in good.tensors.items()
                               if v.is_floating_point()} | {k: v for k, v in good.tensors.items()
                                                            if not v.is_floating_point()}, good.config),
        "fit": Checkpoint({"a": torch.zeros(2)}, good.config),
        "detector": Checkpoint(good.tensors, {**good.config, "architecture": "other"}),
        "CRNN": Checkpoint(good.tensors, {**good.config, "unknown": 1}),
        "alphabet": Checkpoint(good.tensors, {**good.config, "alphabet": "aa"}),
    }  # fmt: skip
    for word, checkpoint in broken.items():
        save_checkpoint(tmp_path / word, checkpoint)
        with pytest.raises(WeightsError, match="differs" if word == "numbers" else word):
            export_weights(tmp_path / word, tmp_path / "w", "x", "", {}, {})
    # An operator that the opset lacks: one line, not the exporter's page.
    monkeypatch.setattr(export, "OPSET", 11)
    with pytest.raises(WeightsError, match="cannot be exported") as caught:
        export_weights(_recognizer(tmp_path / "t", replace(SHAPE, transformer=True)), tmp_path / "w", "x", "", {}, {})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "w").exists()


def test_public_craft_weights_become_a_detector(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = CraftVgg()
    with torch.no_grad():  # else the last layer may come out below 0 everywhere and be cut off
        network.conv_cls[8].bias.fill_(0.5)
    torch.save({f"module.{key}": value for key, value in network.state_dict().items()}, tmp_path / "craft.pth")

    manifest = export_weights(tmp_path / "craft.pth", tmp_path / "weights", "craft-vgg16", "MIT", {}, {})

    pixels = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    with torch.inference_mode():
        wanted = network.eval()(torch.from_numpy(pixels)).numpy()
    found = open_engine(manifest, manifest.entry("detector"), build=build_detector)(pixels)
    assert wanted.std() > 0
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_a_recogniser_may_be_for_codes(tmp_path: Path) -> None:
    manifest = export_weights(_recognizer(tmp_path / "r"), tmp_path / "w", "plates", "", {}, {}, codes=True)
    assert manifest.lists("codes") and not manifest.lists("recognizer")
    with pytest.raises(UsageError, match="for codes"):
        export_weights(_detector(tmp_path / "d"), tmp_path / "w", "eye", "", {}, {}, codes=True)


def test_codes_are_read_by_the_recogniser_for_codes(tmp_path: Path) -> None:
    export_weights(_recognizer(tmp_path / "r"), tmp_path / "codes", "plates", "", {}, {}, codes=True)
    export_weights(_recognizer(tmp_path / "r"), tmp_path / "own", "mine", "", {}, {})
    page = np.full((64, 256, 3), 255, dtype=np.uint8)
    found = {}
    for folder in (None, tmp_path / "codes", tmp_path / "own"):
        with OCRPipeline("cpu", folder) as ocr:
            found[folder] = [ocr(page, serial=serial).engine.recognizer for serial in ("never", "always")]
    assert list(found.values()) == [["attention-latin", "codes-latin"], ["attention-latin", "plates"], ["mine", "mine"]]
