"""Training of the detector: pages drawn on the fly by worker processes, one loop, resumable at any moment.

A run's folder holds `detector.safetensors` (the averaged weights with their configuration), `best.safetensors` (those
of the best validation), `state.safetensors` (from which `resume` goes on), `metrics.jsonl` and `curves.png`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.detectors.network import CraftLight, CraftLightConfig
from ocr_doc.training.checkpoints import (
    Checkpoint,
    load_checkpoint,
    load_training_state,
    save_checkpoint,
    save_training_state,
)
from ocr_doc.training.detector_data import CropOptions, PageSource, crop_stream
from ocr_doc.training.detector_loss import detector_loss
from ocr_doc.training.detector_validation import DetectorValidation
from ocr_doc.training.progress import MetricsLog, TrainingBar, draw_curves, training_bar
from ocr_doc.training.schedule import Schedule, Stopwatch, WeightAverage

WEIGHTS_FILE, BEST_FILE, STATE_FILE = "detector.safetensors", "best.safetensors", "state.safetensors"
_LOG = logging.getLogger(__name__)
_REPORT_STEPS = 20


@dataclass(frozen=True, slots=True)
class DetectorTraining:
    """A training run.

    Attributes:
        folder: Where everything is written.
        schedule: Length and learning rate.
        network: Shape of the network; `start_from`'s own where that is given.
        crops: How pages become examples.
        batch: Crops a step.
        seed: Of the weights and of the pages; with the same seed and workers the same pages come.
        workers: Processes that draw pages; 0 draws them between the steps.
        threads: Of the network on the CPU; 0 leaves PyTorch's choice.
        device: "auto" for CUDA where there is one, else "cpu"; or any of PyTorch's names.
        precision: "auto" for bf16 on CUDA and float32 on a CPU, "bf16", or "float32".
        weight_decay, clip: AdamW's decay and the largest norm of a step's gradient.
        average: Share of the averaged weights that one step leaves.
        resume: Go on from the folder's state where there is one.
        start_from: Weights to start from (fine-tuning).
        checkpoint_minutes, validation_minutes: Time between two.
        validation_pages: Pages of the validation, the same in every run.
    """

    folder: Path
    schedule: Schedule
    network: CraftLightConfig = field(default_factory=CraftLightConfig)
    crops: CropOptions = field(default_factory=CropOptions)
    batch: int = 8
    seed: int = 1
    workers: int = 1
    threads: int = 0
    device: str = "auto"
    precision: str = "auto"
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.998
    resume: bool = False
    start_from: Path | None = None
    checkpoint_minutes: float = 3.0
    validation_minutes: float = 10.0
    validation_pages: int = 24


class _Crops(IterableDataset[tuple[NDArray[np.uint8], NDArray[np.float32]]]):
    """Crops without end; each worker process has a stream of its own."""

    def __init__(self, source: PageSource, options: CropOptions, seed: tuple[int, ...]) -> None:
        self.source, self.options, self.seed = source, options, seed

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        if worker:
            cv2.setNumThreads(1)  # the other cores are for the network and the other workers
        rng = np.random.default_rng([*self.seed, number])
        for crop in crop_stream(self.source, rng, self.options):
            yield crop.pixels, crop.maps


@dataclass(slots=True)
class _Run:
    """What changes while a training runs."""

    network: CraftLight
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    watch: Stopwatch
    step: int = 0
    best: float = -1.0


@dataclass(frozen=True, slots=True)
class _Watchers:
    """What looks at a training from outside."""

    validation: DetectorValidation
    log: MetricsLog
    bar: TrainingBar


def train_detector(config: DetectorTraining, source: PageSource) -> dict[str, float]:
    """Trains a detector and leaves its weights in `config.folder`.

    An interrupt from the keyboard ends it early but orderly: everything is saved before it goes on up.

    Args:
        config: The run.
        source: Draws the pages; must be picklable, since worker processes are spawned.

    Returns:
        The last validation's metrics.

    Raises:
        UsageError: If device or precision is unknown.
        WeightsError: If a checkpoint is damaged or of another network.
    """
    device = _device(config.device)
    half = _half_precision(config.precision, device)
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    run = _start(config, device)
    log = MetricsLog(config.folder, resume=run.step > 0)
    validation = DetectorValidation(source, config.crops, config.validation_pages)
    # A resumed run goes on to pages that it has not seen.
    dataset = _Crops(source, config.crops, (config.seed, run.step))
    batches = DataLoader(
        dataset,
        config.batch,
        num_workers=config.workers,
        pin_memory=device.type == "cuda",
        # Forked workers inherit OpenCV's and PyTorch's thread pools without their threads and wait for them for ever.
        multiprocessing_context="spawn" if config.workers else None,
    )
    try:
        with training_bar("detector") as bar:
            _loop(config, run, iter(batches), _Watchers(validation, log, bar), half)
    finally:
        _save(config, run)
    metrics = _validate(config, run, validation, log)
    _save(config, run)
    return metrics


def _loop(
    config: DetectorTraining, run: _Run, batches: Iterator[list[Tensor]], watchers: _Watchers, half: bool
) -> None:
    """Steps until the schedule ends, with checkpoints and validations between."""
    saved = validated = run.watch.minutes
    losses: list[Tensor] = []
    while (done := config.schedule.done(run.step, run.watch.minutes)) < 1.0:
        losses.append(_step(config, run, next(batches), half))
        if run.step % _REPORT_STEPS == 0:
            loss, minutes = float(torch.stack(losses).mean()), run.watch.minutes
            losses.clear()
            rate = config.schedule.rate_at(run.step, minutes)
            watchers.log.write("train", run.step, loss=loss, rate=rate, minutes=minutes)
            watchers.bar.show(done, step=str(run.step), loss=f"{loss:.4f}", best=f"{run.best:.3f}")
        if run.watch.minutes - saved >= config.checkpoint_minutes:
            _save(config, run)
            saved = run.watch.minutes
        if run.watch.minutes - validated >= config.validation_minutes:
            _validate(config, run, watchers.validation, watchers.log)
            validated = run.watch.minutes


def _step(config: DetectorTraining, run: _Run, batch: list[Tensor], half: bool) -> Tensor:
    """One step of the optimiser; returns the loss, detached."""
    device = next(run.network.parameters()).device
    rate = config.schedule.rate_at(run.step, run.watch.minutes)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    # (N, H, W, 3) bytes are channels-last already: the permuted view needs no copy of its own.
    pixels = batch[0].to(device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255.0)
    targets = batch[1].to(device, non_blocking=True)
    run.network.train()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
        logits = run.network.logits(pixels)
    loss = detector_loss(logits, targets)
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.network.parameters(), config.clip)
    run.optimizer.step()
    run.average.update(run.network, run.step)
    run.step += 1
    return loss.detach()


def _start(config: DetectorTraining, device: torch.device) -> _Run:
    """A new run, a fine-tuning one, or one that goes on."""
    state = config.folder / STATE_FILE
    begun = load_checkpoint(config.start_from) if config.start_from else None
    resumed = load_checkpoint(config.folder / WEIGHTS_FILE) if config.resume and state.exists() else None
    known = resumed or begun
    shape = CraftLightConfig.from_dict(known.config) if known else config.network
    network = CraftLight(shape)
    if begun and not resumed:
        _fill(network, begun.tensors, config.start_from)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.schedule.rate, weight_decay=config.weight_decay)
    run = _Run(network, optimizer, WeightAverage(network, config.average), Stopwatch())
    if resumed:
        modules, progress = load_training_state(state, optimizer)
        _fill(network, modules["network"], state)
        run.average.load(modules["average"])
        run.watch, run.step, run.best = Stopwatch(progress["minutes"]), progress["step"], progress["best"]
        _LOG.info("goes on at step %d, minute %.1f", run.step, run.watch.minutes)
    return run


def _fill(network: nn.Module, tensors: dict[str, Tensor], path: Path | None) -> None:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{path}: these weights do not fit the network.", "Train with its own shape.") from error


def _save(config: DetectorTraining, run: _Run) -> None:
    """Writes weights, then state: a kill between the two leaves weights that are only newer than the state."""
    _save_weights(config.folder / WEIGHTS_FILE, run, {})
    modules = {"network": run.network.state_dict(), "average": run.average.tensors}
    progress = {"step": run.step, "minutes": run.watch.minutes, "best": run.best}
    save_training_state(config.folder / STATE_FILE, modules, run.optimizer, progress)


def _save_weights(path: Path, run: _Run, metrics: dict[str, float]) -> None:
    notes: dict[str, Any] = {"step": run.step, "minutes": run.watch.minutes, "metrics": metrics}
    save_checkpoint(path, Checkpoint(run.average.tensors, run.network.config.to_dict(), notes))


def _validate(config: DetectorTraining, run: _Run, validation: DetectorValidation, log: MetricsLog) -> dict[str, float]:
    """Scores the averaged weights, keeps them if they are the best, and draws the curves."""
    device = next(run.network.parameters()).device
    network = CraftLight(run.network.config).eval()
    network.load_state_dict(run.average.tensors)
    metrics = validation.score(network.to(device, memory_format=torch.channels_last))  # type: ignore[call-overload]
    log.write("validation", run.step, minutes=run.watch.minutes, **metrics)
    if metrics["f1"] > run.best:
        run.best = metrics["f1"]
        _save_weights(config.folder / BEST_FILE, run, metrics)
    draw_curves(log)
    return metrics


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"no device is called {name!r}.", "Use auto, cpu or cuda.") from error


def _half_precision(precision: str, device: torch.device) -> bool:
    if precision not in ("auto", "bf16", "float32"):
        raise UsageError(f"no precision is called {precision!r}.", "Use auto, bf16 or float32.")
    # Most CPUs compute bf16 by way of float32, which is slower than float32 itself.
    return precision == "bf16" or (precision == "auto" and device.type == "cuda")
