"""Checkpoints: what is written comes back, a kill leaves the file before, damage is an error and never code."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from ocr_doc.core.errors import InputMissingError, WeightsError  # noqa: E402
from ocr_doc.training import checkpoints  # noqa: E402
from ocr_doc.training.checkpoints import (  # noqa: E402
    Checkpoint,
    load_checkpoint,
    load_training_state,
    save_checkpoint,
    save_training_state,
)


def _network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    torch.manual_seed(seed)
    optimizer.zero_grad()
    network(torch.randn(2, 3, 8, 8)).square().mean().backward()
    optimizer.step()


def test_a_checkpoint_carries_its_configuration(tmp_path: Path) -> None:
    network = _network().to(memory_format=torch.channels_last)
    shared = dict(network.state_dict())
    shared["twin"] = shared["0.weight"]  # safetensors itself refuses tensors that share memory
    path = tmp_path / "new" / "weights.safetensors"
    save_checkpoint(path, Checkpoint(shared, {"architecture": "x", "widths": [1, 2]}, {"step": 7}))
    back = load_checkpoint(path)
    assert back.config == {"architecture": "x", "widths": [1, 2]}
    assert back.notes == {"step": 7}
    assert back.tensors.keys() == shared.keys()
    assert all(torch.equal(back.tensors[k], v) for k, v in shared.items())


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_training_goes_on_as_if_never_stopped(tmp_path: Path, kind: type[torch.optim.Optimizer]) -> None:
    extra = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    network = _network()
    optimizer = kind(network.parameters(), lr=0.01, **extra)
    for k in range(3):
        _step(network, optimizer, k)
    save_training_state(tmp_path / "s", {"network": network.state_dict()}, optimizer, {"step": 3, "minutes": 0.5})

    other = _network(seed=9)
    resumed = kind(other.parameters(), lr=0.5, **extra)
    modules, progress = load_training_state(tmp_path / "s", resumed)
    other.load_state_dict(modules["network"])
    assert progress == {"step": 3, "minutes": 0.5}
    for k in range(3, 6):
        _step(network, optimizer, k)
        _step(other, resumed, k)
    for a, b in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_kill_while_writing_leaves_the_file_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.safetensors"
    save_checkpoint(path, Checkpoint({"a": torch.ones(3)}, {}))

    def cut(_tensors: object, file: str, **_: object) -> None:
        Path(file).write_bytes(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save_file", cut)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, Checkpoint({"a": torch.zeros(3)}, {}))
    assert load_checkpoint(path).tensors["a"].tolist() == [1, 1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["weights.safetensors"]


def test_damage_is_an_error_with_the_file_s_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(InputMissingError, match="weights"):
        load_checkpoint(path)
    save_checkpoint(path, Checkpoint({"a": torch.ones(300)}, {}))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="weights"):
        load_checkpoint(path)
    path.write_bytes(b"")
    with pytest.raises(WeightsError):
        load_checkpoint(path)


def test_other_files_and_other_networks_are_refused(tmp_path: Path) -> None:
    network = _network()
    optimizer = torch.optim.AdamW(network.parameters())
    _step(network, optimizer, 0)
    save_training_state(tmp_path / "state", {"network": network.state_dict()}, optimizer, {})
    save_checkpoint(tmp_path / "weights", Checkpoint(dict(network.state_dict()), {}))
    with pytest.raises(WeightsError, match="which network"):
        load_checkpoint(tmp_path / "state")
    with pytest.raises(WeightsError, match="no training state"):
        load_training_state(tmp_path / "weights", optimizer)
    with pytest.raises(WeightsError, match="another network"):
        load_training_state(tmp_path / "state", torch.optim.AdamW(nn.Linear(2, 2).parameters()))
