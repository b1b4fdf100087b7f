"""The training loop: it learns, it goes on after a kill, and what it writes can be used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from ocr_doc.core.errors import UsageError, WeightsError  # noqa: E402
from ocr_doc.detectors.network import CraftLight, CraftLightConfig  # noqa: E402
from ocr_doc.training.checkpoints import load_checkpoint  # noqa: E402
from ocr_doc.training.detector_data import CropOptions  # noqa: E402
from ocr_doc.training.detector_loop import DetectorTraining, train_detector  # noqa: E402
from ocr_doc.training.detector_loss import detector_loss  # noqa: E402
from ocr_doc.training.detector_validation import matched_quads, quad_iou  # noqa: E402
from ocr_doc.training.loop import Trainer  # noqa: E402
from ocr_doc.training.progress import MetricsLog  # noqa: E402
from ocr_doc.training.schedule import Schedule, Stopwatch, WeightAverage  # noqa: E402


@dataclass(frozen=True)
class _Word:
    quad: NDArray[np.float32]
    characters: NDArray[np.float32]


@dataclass(frozen=True)
class _Page:
    image: NDArray[np.uint8]
    words: tuple[_Word, ...]
    unknown: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))


def _draw_page(rng: np.random.Generator) -> _Page:
    """Words of black boxes on white paper."""
    image = np.full((160, 200, 3), 255, np.uint8)
    words = []
    for y in range(12, 140, 36):
        x = 10 + int(rng.integers(0, 20))
        while x < 130:
            starts = [x + 15 * k for k in range(int(rng.integers(1, 5)))]
            for start in starts:
                image[y : y + 20, start : start + 13] = 0
            quads = np.array([[[s, y], [s + 13, y], [s + 13, y + 20], [s, y + 20]] for s in starts], np.float32)
            words.append(_Word(np.stack([quads[0, 0], quads[-1, 1], quads[-1, 2], quads[0, 3]]), quads))
            x = starts[-1] + 30
    return _Page(image, tuple(words))


def _config(folder: Path, steps: int) -> DetectorTraining:
    return DetectorTraining(
        folder=folder,
        schedule=Schedule(5e-3, steps=steps, warmup=5),
        network=CraftLightConfig((8, 8, 12, 12, 12), (0, 1, 0, 0, 0)),
        crops=CropOptions(side=96, text_height=(16.0, 24.0), slight_turn=0.0, any_turn=0.0, crops_per_page=4),
        batch=4,
        workers=0,
        device="cpu",
        average=0.9,
        validation_pages=2,
    )


def test_it_learns_and_writes_what_can_be_used(tmp_path: Path) -> None:
    before = train_detector(_config(tmp_path / "a", 1), _draw_page)
    after = train_detector(_config(tmp_path, 80), _draw_page)
    assert after["loss"] < 0.5 * before["loss"]
    assert after["f1"] > 0.3
    weights = load_checkpoint(tmp_path / "detector.safetensors")
    CraftLight(CraftLightConfig.from_dict(weights.config)).load_state_dict(weights.tensors)
    assert weights.notes["step"] == 80
    assert load_checkpoint(tmp_path / "best.safetensors").notes["metrics"]["f1"] == pytest.approx(after["f1"])
    lines = MetricsLog(tmp_path, resume=True).read()
    assert [line["step"] for line in lines if line["kind"] == "train"] == [20, 40, 60, 80]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_it_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(tmp_path, 40)
    step, calls = Trainer.step, 0

    def killed(*args: object) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls > 25:
            raise KeyboardInterrupt
        return step(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "step", killed)
    with pytest.raises(KeyboardInterrupt):
        train_detector(config, _draw_page)
    monkeypatch.setattr(Trainer, "step", step)
    assert load_checkpoint(tmp_path / "detector.safetensors").notes["step"] == 25
    train_detector(replace(config, resume=True), _draw_page)
    steps = [line["step"] for line in MetricsLog(tmp_path, resume=True).read()]
    assert steps == [20, 40, 40]
    assert load_checkpoint(tmp_path / "detector.safetensors").notes["step"] == 40


def test_fine_tuning_starts_from_given_weights(tmp_path: Path) -> None:
    train_detector(_config(tmp_path / "a", 2), _draw_page)
    weights = tmp_path / "a" / "detector.safetensors"
    # Rate 0: what comes out is what went in, in the shape of the weights and not of the configuration.
    config = replace(
        _config(tmp_path / "b", 1), schedule=Schedule(0.0, steps=1), start_from=weights, network=CraftLightConfig()
    )
    train_detector(config, _draw_page)
    a, b = load_checkpoint(weights), load_checkpoint(tmp_path / "b" / "detector.safetensors")
    assert a.config == b.config
    assert torch.equal(a.tensors["head.1.weight"], b.tensors["head.1.weight"])


def test_workers_are_separate_processes(tmp_path: Path) -> None:
    """Pages come from spawned processes; the source must find its way there."""
    from ocr_doc.training.detector_cli import SyntheticPages
    from ocr_doc.training.faces import default_face

    config = replace(_config(tmp_path, 2), workers=1, validation_pages=1)
    metrics = train_detector(config, SyntheticPages((default_face(),)))
    assert metrics["loss"] > 0


def test_bad_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="abacus"):
        train_detector(replace(_config(tmp_path, 1), device="abacus"), _draw_page)
    with pytest.raises(UsageError, match="fp8"):
        train_detector(replace(_config(tmp_path, 1), precision="fp8"), _draw_page)
    (tmp_path / "bad").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="bad"):
        train_detector(replace(_config(tmp_path, 1), start_from=tmp_path / "bad"), _draw_page)


def test_loss_is_zero_for_the_truth_and_looks_at_the_hardest_background() -> None:
    targets = torch.zeros(1, 2, 40, 40)
    targets[:, :, 10:14, 10:14] = 0.8
    perfect = torch.logit(targets.clamp(1e-6, 1 - 1e-6))
    assert detector_loss(perfect, targets) == pytest.approx(0.0, abs=1e-4)
    # Few wrong points among many easy ones: their mean over the whole map would be next to nothing.
    wrong = perfect.clone()
    wrong[:, :, 30:34, 30:34] = 3.0
    assert detector_loss(wrong, targets) > 1.0
    empty = torch.zeros(1, 2, 8, 8)
    assert torch.isfinite(detector_loss(torch.zeros(1, 2, 8, 8), empty))
    full = torch.ones(1, 2, 8, 8)
    assert torch.isfinite(detector_loss(torch.zeros(1, 2, 8, 8), full))


def test_the_rate_rises_and_falls() -> None:
    schedule = Schedule(1.0, steps=100, warmup=10, floor=0.01)
    rates = [schedule.rate_at(k, 0.0) for k in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == pytest.approx(rates[10], rel=0.05)
    assert rates[100] == pytest.approx(0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    timed = Schedule(1.0, minutes=10.0)
    assert timed.done(10**6, 5.0) == 0.5
    assert timed.done(0, 11.0) == 1.0
    with pytest.raises(ValueError, match="end"):
        Schedule(1.0)


def test_time_of_earlier_runs_counts() -> None:
    ticks = iter([0.0, 120.0])
    assert Stopwatch(3.0, lambda: next(ticks)).minutes == 5.0


def test_the_average_follows_the_weights() -> None:
    network = torch.nn.BatchNorm1d(2)
    average = WeightAverage(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(3.0)
    network.num_batches_tracked.fill_(7)
    average.update(network, 0)
    assert average.tensors["weight"].tolist() == pytest.approx([2.8, 2.8])  # nine tenths of the first step count
    assert average.tensors["num_batches_tracked"] == 7
    average.update(network, 10_000)
    assert average.tensors["weight"].tolist() == pytest.approx([2.82, 2.82])


def test_a_metrics_file_that_a_kill_cut_short_is_read(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path)
    log.write("train", 1, loss=0.5)
    with log.path.open("a") as file:
        file.write('{"kind": "tr')
    assert MetricsLog(tmp_path, resume=True).read() == [{"kind": "train", "step": 1, "loss": 0.5}]


def test_quads_are_matched_once_each() -> None:
    def box(x: float) -> NDArray[np.float64]:
        return np.array([[x, 0], [x + 10, 0], [x + 10, 10], [x, 10]], dtype=float)

    assert quad_iou(box(0), box(0)) == pytest.approx(1.0)
    assert quad_iou(box(0), box(5)) == pytest.approx(1 / 3)
    assert quad_iou(box(0), box(50)) == 0.0
    assert matched_quads([box(0), box(1)], [box(0)]) == 1
    assert matched_quads([box(0), box(21)], [box(20), box(1)]) == 2
    assert matched_quads([], [box(0)]) == 0
