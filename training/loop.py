"""The training loop of every network: steps, average, checkpoints, validation, and going on after a kill.

What differs between networks is a `Task`. A run's folder holds `NAME.safetensors` (the averaged weights with their
configuration), `best.safetensors` (those of the best validation), `state.safetensors` (from which `resume` goes on),
`metrics.jsonl` and `curves.png`.
"""

from __future__ import annotations

import contextlib
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from ocr_doc.core.errors import OcrDocError, UsageError, WeightsError
from ocr_doc.training.checkpoints import (
    Checkpoint,
    load_checkpoint,
    load_training_state,
    save_checkpoint,
    save_training_state,
)
from ocr_doc.training.packages import require
from ocr_doc.training.progress import MetricsLog, TrainingBar, draw_curves, training_bar
from ocr_doc.training.schedule import Schedule, Stopwatch, WeightAverage

BEST_FILE, STATE_FILE = "best.safetensors", "state.safetensors"
_LOG = logging.getLogger(__name__)
N = TypeVar("N", bound=nn.Module)
B = TypeVar("B")


class DivergenceError(OcrDocError):
    """The weights became infinite or no numbers at all; the last checkpoint is kept."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What every training run is told.

    Attributes:
        folder: Where everything is written.
        schedule: Length and learning rate.
        seed: Of the weights and the examples; with the same seed and workers the same examples come.
        workers: Processes that draw examples; 0 draws them between the steps.
        threads: Of the network on the CPU; 0 leaves PyTorch's choice.
        device: "auto" for CUDA where there is one, else "cpu"; or any of PyTorch's names.
        precision: "auto" for bf16 on CUDA and float32 on a CPU, "bf16", or "float32".
        weight_decay, clip: AdamW's decay and the largest norm of a step's gradient.
        average: Share of the averaged weights that one step leaves.
        resume: Go on from the folder's state where there is one.
        start_from: Weights to start from (fine-tuning); their shape counts, not the configured one.
        checkpoint_minutes, validation_minutes: Time between two.
    """

    folder: Path
    schedule: Schedule
    _: KW_ONLY
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a network computes, and whether in half precision where that does no harm."""

    device: torch.device
    half: bool

    def autocast(self) -> torch.autocast:
        """The context of a network's forward pass; losses are taken outside of it, in float32."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half)

    def move(self, network: N) -> N:
        """The network there, its weights laid out for convolutions."""
        moved: N = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return moved


def find_place(device: str, precision: str) -> Place:
    """The place of a device's and a precision's name.

    Raises:
        UsageError: If there is no such device or precision.
    """
    if precision not in ("auto", "bf16", "float32"):
        raise UsageError(f"no precision is called {precision!r}.", "Use auto, bf16 or float32.")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"no device is called {device!r}.", "Use auto, cpu or cuda.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"there is no device {device!r} here, or this PyTorch is not for it.", "Use auto or cpu.")
    # Most CPUs compute bf16 by way of float32, which is slower than float32 itself.
    return Place(found, precision == "bf16" or (precision == "auto" and found.type == "cuda"))


class Task(ABC, Generic[N, B]):
    """What one kind of network says to its training.

    Attributes:
        name: Of the bar and of the file of weights.
        report_steps: Steps between two lines of the training's metrics.
        least_is_best: Whether a smaller `worth` is the better one.
    """

    name: str
    report_steps: int
    least_is_best: bool

    @abstractmethod
    def network(self) -> N:
        """A new network with random weights."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """What a checkpoint must say to rebuild the network."""

    @abstractmethod
    def batches(self, step: int, counts: Mapping[str, int], place: Place) -> Iterable[B]:
        """Batches without end, others than those before `step`; `counts` are the sums of `count` until then."""

    @abstractmethod
    def loss(self, network: N, batch: B, place: Place) -> Tensor:
        """The loss of a batch, a scalar."""

    @abstractmethod
    def validation(self) -> Callable[[N], dict[str, float]]:
        """Makes what measures a network on examples that no training sees."""

    @abstractmethod
    def worth(self, metrics: Mapping[str, float]) -> float:
        """The number by which the best weights are chosen."""

    def count(self, batch: B) -> dict[str, int]:
        """What is counted over all batches and told in metrics and checkpoints, by name."""
        return {}


def train(
    options: TrainingOptions, name: str, open_task: Callable[[Checkpoint | None], Task[N, B]]
) -> dict[str, float]:
    """Trains a network and leaves its weights in `options.folder`.

    An interrupt from the keyboard ends it early but orderly: everything is saved before it goes on up.

    Args:
        options: The run.
        name: The task's name.
        open_task: Makes the task, given the checkpoint whose shape the network must have, if there is one.

    Returns:
        The last validation's metrics.

    Raises:
        UsageError: If device or precision is unknown.
        WeightsError: If a checkpoint is damaged or of another network.
        DivergenceError: If the weights became infinite or no numbers.
        DependencyError: If the curves cannot be drawn.
    """
    require("matplotlib")  # now, not at the first validation
    place = find_place(options.device, options.precision)
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    state = options.folder / STATE_FILE
    resumed = options.resume and state.exists()
    source = options.folder / f"{name}.safetensors" if resumed else options.start_from
    known = load_checkpoint(source) if source else None
    task = open_task(known)
    trainer = Trainer(options, task, place, None if resumed else known)
    if resumed:
        trainer.resume(state)
    return trainer.run()


class Trainer(Generic[N, B]):
    """A run of `train`, between its start and its end.

    Args:
        options: The run.
        task: What is trained.
        place: Where.
        begun: Weights to start from, or None.
    """

    def __init__(
        self, options: TrainingOptions, task: Task[N, B], place: Place, begun: Checkpoint | None = None
    ) -> None:
        self.options, self.task, self.place = options, task, place
        network = task.network()
        if begun is not None:
            _fill(network, begun.tensors, options.start_from)
        self.network = place.move(network)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=options.schedule.rate, weight_decay=options.weight_decay
        )
        self.average = WeightAverage(self.network, options.average)
        self.watch = Stopwatch()
        self.done_steps = 0
        self.counts: dict[str, int] = {}
        # Beyond what any validation gives: error rates start at 1, scores at 0.
        self.best = 2.0 if task.least_is_best else -1.0

    def resume(self, state: Path) -> None:
        """Takes up a saved state.

        Raises:
            WeightsError: If it is damaged or of another network.
        """
        modules, progress = load_training_state(state, self.optimizer)
        _fill(self.network, modules["network"], state)
        self.average.load(modules["average"])
        self.done_steps, self.best = progress.pop("step"), progress.pop("best")
        self.watch = Stopwatch(progress.pop("minutes"))
        self.counts = progress
        _LOG.info("%s: goes on at step %d, minute %.1f", self.task.name, self.done_steps, self.watch.minutes)

    def run(self) -> dict[str, float]:
        """Trains until the schedule ends; see `train`."""
        # Data first: nothing is written where it cannot be used.
        batches = self.task.batches(self.done_steps, self.counts, self.place)
        score = self.task.validation()
        log = MetricsLog(self.options.folder, resume=self.done_steps > 0)
        weights = sum(p.numel() for p in self.network.parameters())
        _LOG.info("%s: %.2f million weights on %s", self.task.name, weights / 1e6, self.place.device)
        try:
            with training_bar(self.task.name) as bar:
                self._loop(iter(batches), score, log, bar)
        except BaseException:
            # Weights that hold no numbers must not take the place of good ones.
            with contextlib.suppress(DivergenceError):
                self.save()
            raise
        self.save()
        metrics = self.validate(score, log)
        self.save()
        return metrics

    def _loop(
        self, batches: Iterator[B], score: Callable[[N], dict[str, float]], log: MetricsLog, bar: TrainingBar
    ) -> None:
        """Steps until the schedule ends, with checkpoints and validations between."""
        options, watch = self.options, self.watch
        saved = validated = watch.minutes
        losses: list[Tensor] = []
        while (done := options.schedule.done(self.done_steps, watch.minutes)) < 1.0:
            losses.append(self.step(next(batches)))
            if self.done_steps % self.task.report_steps == 0:
                self._report(float(torch.stack(losses).mean()), done, log, bar)
                losses.clear()
            if watch.minutes - saved >= options.checkpoint_minutes:
                self.save()
                saved = watch.minutes
            if watch.minutes - validated >= options.validation_minutes:
                self.validate(score, log)
                validated = watch.minutes

    def step(self, batch: B) -> Tensor:
        """One step of the optimiser; returns the loss, detached."""
        rate = self.options.schedule.rate_at(self.done_steps, self.watch.minutes)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        loss = self.task.loss(self.network, batch, self.place)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        self.optimizer.step()
        self.average.update(self.network, self.done_steps)
        self.done_steps += 1
        for name, number in self.task.count(batch).items():
            self.counts[name] = self.counts.get(name, 0) + number
        return loss.detach()

    def _report(self, loss: float, done: float, log: MetricsLog, bar: TrainingBar) -> None:
        if not math.isfinite(loss):
            raise self._diverged()
        minutes = self.watch.minutes
        rate = self.options.schedule.rate_at(self.done_steps, minutes)
        log.write("train", self.done_steps, loss=loss, rate=rate, minutes=minutes, **self.counts)
        bar.show(done, step=str(self.done_steps), loss=f"{loss:.4f}", best=f"{self.best:.3f}")

    def save(self) -> None:
        """Writes weights, then state: a kill between the two leaves weights that are only newer than the state.

        Raises:
            DivergenceError: If the weights are not finite; what is on disk stays then.
        """
        if not all(torch.isfinite(p).all() for p in self.network.parameters()):
            raise self._diverged()
        self._save_weights(f"{self.task.name}.safetensors", {})
        modules = {"network": self.network.state_dict(), "average": self.average.tensors}
        progress = {"step": self.done_steps, **self.counts, "minutes": self.watch.minutes, "best": self.best}
        save_training_state(self.options.folder / STATE_FILE, modules, self.optimizer, progress)

    def _save_weights(self, file: str, metrics: Mapping[str, float]) -> None:
        minutes = self.watch.minutes
        notes = {"step": self.done_steps, **self.counts, "minutes": minutes, "metrics": dict(metrics)}
        save_checkpoint(self.options.folder / file, Checkpoint(self.average.tensors, self.task.config(), notes))

    def validate(self, score: Callable[[N], dict[str, float]], log: MetricsLog) -> dict[str, float]:
        """Scores the averaged weights, keeps them if they are the best, and draws the curves."""
        network = self.task.network()
        network.load_state_dict(self.average.tensors)
        metrics = score(self.place.move(network).eval())
        log.write("validation", self.done_steps, minutes=self.watch.minutes, **metrics)
        worth = self.task.worth(metrics)
        better = worth < self.best if self.task.least_is_best else worth > self.best
        if better:
            self.best = worth
            self._save_weights(BEST_FILE, metrics)
        draw_curves(log)
        values = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        mark = " (best so far)" if better else ""
        _LOG.info("step %d, minute %.1f: %s%s", self.done_steps, self.watch.minutes, values, mark)
        return metrics

    def _diverged(self) -> DivergenceError:
        return DivergenceError(
            f"{self.task.name}: the training diverged before step {self.done_steps}.",
            "The last checkpoint is kept: --resume with a lower --rate.",
        )


def _fill(network: nn.Module, tensors: Mapping[str, Tensor], path: Path | None) -> None:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{path}: these weights do not fit the network.", "Train with its own shape.") from error
