"""The paper's network takes the public file's weights; that file's shape is written down here by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from ocr_doc.core.errors import InputMissingError, WeightsError  # noqa: E402
from ocr_doc.detectors.craft_vgg import CraftVgg, load_public_craft  # noqa: E402
from ocr_doc.detectors.factory import build_detector  # noqa: E402

# Number in the slice → (outputs, inputs, kernel) of the convolutions, as listed from craft_mlt_25k.pth.
_CONVOLUTIONS = {
    "basenet.slice1.0": (64, 3, 3), "basenet.slice1.3": (64, 64, 3), "basenet.slice1.7": (128, 64, 3),
    "basenet.slice1.10": (128, 128, 3), "basenet.slice2.14": (256, 128, 3), "basenet.slice2.17": (256, 256, 3),
    "basenet.slice3.20": (256, 256, 3), "basenet.slice3.24": (512, 256, 3), "basenet.slice3.27": (512, 512, 3),
    "basenet.slice4.30": (512, 512, 3), "basenet.slice4.34": (512, 512, 3), "basenet.slice4.37": (512, 512, 3),
    "basenet.slice5.1": (1024, 512, 3), "basenet.slice5.2": (1024, 1024, 1),
    "upconv1.conv.0": (512, 1536, 1), "upconv1.conv.3": (256, 512, 3),
    "upconv2.conv.0": (256, 768, 1), "upconv2.conv.3": (128, 256, 3),
    "upconv3.conv.0": (128, 384, 1), "upconv3.conv.3": (64, 128, 3),
    "upconv4.conv.0": (64, 192, 1), "upconv4.conv.3": (32, 64, 3),
    "conv_cls.0": (32, 32, 3), "conv_cls.2": (32, 32, 3), "conv_cls.4": (16, 32, 3), "conv_cls.6": (16, 16, 1),
    "conv_cls.8": (2, 16, 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def public() -> dict[str, torch.Tensor]:
    """A random checkpoint of the public file's shape, from before batches were counted."""
    torch.manual_seed(0)
    tensors = {}
    for name, (outputs, inputs, kernel) in _CONVOLUTIONS.items():
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs, kernel, kernel) / (inputs * kernel**2) ** 0.5
        tensors[f"{name}.bias"] = torch.randn(outputs) * 0.1
        if not name.startswith(("conv_cls", "basenet.slice5")):
            owner, number = name.rsplit(".", 1)
            norm = f"{owner}.{int(number) + 1}"
            tensors |= {f"{norm}.weight": torch.rand(outputs) + 0.5, f"{norm}.bias": torch.zeros(outputs)}
            tensors |= {f"{norm}.running_mean": torch.zeros(outputs), f"{norm}.running_var": torch.ones(outputs)}
    # Else the last layer may come out below 0 everywhere and be cut off.
    tensors["conv_cls.8.bias"] = torch.full((2,), 0.5)
    return tensors


def test_names_and_shapes_are_the_public_file_s(public: dict[str, torch.Tensor]) -> None:
    ours = {k: v.shape for k, v in CraftVgg().state_dict().items() if not k.endswith("num_batches_tracked")}
    assert ours == {k: v.shape for k, v in public.items()}


def test_a_checkpoint_loads_from_both_kinds_of_file(public: dict[str, torch.Tensor], tmp_path: Path) -> None:
    # As the public file is: saved from a network spread over several GPUs.
    torch.save({f"module.{k}": v for k, v in public.items()}, tmp_path / "craft.pth")
    save_file(public, tmp_path / "craft.safetensors")
    pixels = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        a = load_public_craft(tmp_path / "craft.pth")(pixels)
        b = load_public_craft(tmp_path / "craft.safetensors")(pixels)
    assert a.shape == (1, 2, 32, 48)
    assert torch.equal(a, b)
    assert 0.0 <= a.min() <= a.max() <= 1.0
    assert a.std() > 0


def test_skips_are_taken_after_the_relu(public: dict[str, torch.Tensor]) -> None:
    """The public network's in-place ReLU changes the skips that were taken before it, all but the last."""
    network = CraftVgg().eval()
    network.load_state_dict(public, strict=False)
    with torch.inference_mode():
        features = network.basenet(torch.randn(1, 3, 64, 64))
    assert [f.min() >= 0 for f in features] == [True, True, True, False, False]
    assert [64 // f.shape[-1] for f in features] == [2, 4, 8, 16, 16]


class _Malice:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code of the file ran",))


def test_bad_files_are_refused_and_run_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputMissingError):
        load_public_craft(tmp_path / "none.pth")
    bad = {
        "cut.pth": b"PK\x03\x04 cut short",
        "cut.safetensors": b"\x10\x00\x00\x00",
        "code.pth": pickle.dumps(_Malice(), protocol=2),
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(WeightsError, match=name):
            load_public_craft(tmp_path / name)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="no weights of CRAFT"):
        load_public_craft(tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="other things"):
        load_public_craft(tmp_path / "list.pth")
    assert "ran" not in capsys.readouterr().out


def test_the_factory_knows_both_networks() -> None:
    assert isinstance(build_detector(CraftVgg().config.to_dict()), CraftVgg)
    assert type(build_detector({"architecture": "craft-light"})).__name__ == "CraftLight"
    with pytest.raises(WeightsError, match="no detector"):
        build_detector({"architecture": "crnn"})
