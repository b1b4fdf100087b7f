"""Training of the recogniser: CTC on crops drawn on the fly and real ones, resumable at any moment.

A run's folder holds `recognizer.safetensors` (the averaged weights with their configuration), `best.safetensors` (those
of the best validation), `state.safetensors` (from which `resume` goes on), `metrics.jsonl` and `curves.png`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.training.checkpoints import (
    Checkpoint,
    load_checkpoint,
    load_training_state,
    save_checkpoint,
    save_training_state,
)
from ocr_doc.training.detector_loop import BEST_FILE, STATE_FILE, _device, _fill, _half_precision
from ocr_doc.training.progress import MetricsLog, TrainingBar, draw_curves, training_bar
from ocr_doc.training.readers import LabelledCrop, read_crops
from ocr_doc.training.recognizer_data import EASY_POOLS, Batch, CropMix, CropStream, collate, fit_crop
from ocr_doc.training.schedule import Schedule, Stopwatch, WeightAverage

WEIGHTS_FILE = "recognizer.safetensors"
ARCHITECTURE = "crnn"
_REPORT_STEPS = 50


@dataclass(frozen=True, slots=True)
class RecognizerTraining:
    """A training run.

    Attributes:
        folder: Where everything is written.
        schedule: Length and learning rate.
        network: Shape of the network; `start_from`'s own where that is given.
        alphabet: What it can read; `start_from`'s own where that is given.
        mix: Where crops come from.
        area: Columns of a batch, see `CropStream`.
        seed: Of the weights and the crops.
        workers: Processes that draw crops.
        threads: Of the network on the CPU; 0 leaves PyTorch's choice.
        device, precision: As for the detector.
        weight_decay, clip: AdamW's decay and the largest norm of a step's gradient.
        average: Share of the averaged weights that one step leaves.
        resume: Go on from the folder's state where there is one.
        start_from: Weights to start from (fine-tuning).
        checkpoint_minutes, validation_minutes: Time between two.
        validation: Real crops to measure on, never trained on: a list or folder, or None.
        validation_crops: How many crops are measured, of each kind.
    """

    folder: Path
    schedule: Schedule
    network: CRNNConfig
    alphabet: Alphabet = field(default_factory=Alphabet)
    mix: CropMix = field(default_factory=CropMix)
    area: int = 8192
    seed: int = 1
    workers: int = 1
    threads: int = 0
    device: str = "auto"
    precision: str = "auto"
    weight_decay: float = 0.01
    clip: float = 2.0
    average: float = 0.998
    resume: bool = False
    start_from: Path | None = None
    checkpoint_minutes: float = 3.0
    validation_minutes: float = 8.0
    validation: Path | None = None
    validation_crops: int = 600


@dataclass(slots=True)
class _Run:
    """What changes while a training runs."""

    network: CRNN
    alphabet: Alphabet
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    watch: Stopwatch
    step: int = 0
    crops: int = 0
    best: float = 2.0


class Validation:
    """Measures a network on crops that training never sees."""

    def __init__(self, config: RecognizerTraining, alphabet: Alphabet) -> None:
        unseen = replace(config.mix, real=(), seed=config.mix.seed + 1_000_003)
        stream = iter(CropStream(unseen, alphabet, 4096, start=EASY_POOLS))
        self.sets: dict[str, list[Batch]] = {"synthetic": []}
        while sum(len(batch.texts) for batch in self.sets["synthetic"]) < config.validation_crops:
            self.sets["synthetic"].append(next(stream))
        if config.validation:
            crops = read_crops(config.validation, alphabet)[: config.validation_crops]
            self.sets["real"] = list(_fixed_batches(crops, alphabet))

    @torch.inference_mode()
    def score(self, network: CRNN, alphabet: Alphabet) -> dict[str, float]:
        """Character error rate and exact accuracy of greedy reading, for each set."""
        network.eval()
        device = next(network.parameters()).device
        metrics: dict[str, float] = {}
        for name, batches in self.sets.items():
            errors = characters = exact = crops = 0
            for batch in batches:
                best = network(batch.pixels.to(device)).argmax(-1).cpu()
                for row, truth in zip(best, batch.texts, strict=True):
                    text = alphabet.decode(torch.unique_consecutive(row).tolist())
                    errors += edit_distance(text, truth)
                    characters += len(truth)
                    exact += text == truth
                    crops += 1
            metrics[f"{name}_cer"] = errors / max(1, characters)
            metrics[f"{name}_exact"] = exact / max(1, crops)
        return metrics


def _fixed_batches(crops: list[LabelledCrop], alphabet: Alphabet) -> Iterator[Batch]:
    fitted = [(fit_crop(crop.load(), crop.text, alphabet, False), crop.text) for crop in crops]
    pool = sorted(((c, t) for c, t in fitted if c is not None), key=lambda item: item[0].width)
    for start in range(0, len(pool), 32):
        yield collate(pool[start : start + 32], alphabet)


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance between two texts (Wagner and Fischer 1974)."""
    row = list(range(len(b) + 1))
    for i, symbol in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (symbol != other))
    return row[-1]


def train_recognizer(config: RecognizerTraining) -> dict[str, float]:
    """Trains a recogniser and leaves its weights in `config.folder`.

    Returns:
        The last validation's metrics.

    Raises:
        OcrDocError: If data, device or checkpoints are not usable.
    """
    device = _device(config.device)
    half = _half_precision(config.precision, device)
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    run = _start(config, device)
    log = MetricsLog(config.folder, resume=run.step > 0)
    validation = Validation(config, run.alphabet)
    start = run.crops // 512 + (EASY_POOLS if config.start_from else 0)
    stream = CropStream(config.mix, run.alphabet, config.area, start=start)
    prefetch = 8 if config.workers else None
    batches = DataLoader(stream, batch_size=None, num_workers=config.workers, prefetch_factor=prefetch)
    try:
        with training_bar("recognizer") as bar:
            _loop(config, run, iter(batches), validation, log, bar, half)
    finally:
        _save(config, run)
    metrics = _validate(config, run, validation, log)
    _save(config, run)
    return metrics


def _loop(
    config: RecognizerTraining, run: _Run, batches: Iterator[Batch], validation: Validation, log: MetricsLog,
    bar: TrainingBar, half: bool,
) -> None:  # fmt: skip
    """Steps until the schedule ends, with checkpoints and validations between."""
    saved = validated = run.watch.minutes
    losses: list[Tensor] = []
    while (done := config.schedule.done(run.step, run.watch.minutes)) < 1.0:
        losses.append(_step(config, run, next(batches), half))
        if run.step % _REPORT_STEPS == 0:
            loss, minutes = float(torch.stack(losses).mean()), run.watch.minutes
            losses.clear()
            rate = config.schedule.rate_at(run.step, minutes)
            log.write("train", run.step, loss=loss, rate=rate, minutes=minutes, crops=run.crops)
            bar.show(done, step=str(run.step), loss=f"{loss:.3f}", best=f"{run.best:.3f}")
        if run.watch.minutes - saved >= config.checkpoint_minutes:
            _save(config, run)
            saved = run.watch.minutes
        if run.watch.minutes - validated >= config.validation_minutes:
            _validate(config, run, validation, log)
            validated = run.watch.minutes


def _step(config: RecognizerTraining, run: _Run, batch: Batch, half: bool) -> Tensor:
    """One step of the optimiser; returns the loss per character, detached."""
    device = next(run.network.parameters()).device
    rate = config.schedule.rate_at(run.step, run.watch.minutes)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.network.train()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
        scores = run.network(batch.pixels.to(device, memory_format=torch.channels_last, non_blocking=True))
    loss = nn.functional.ctc_loss(
        scores.float().transpose(0, 1), batch.targets, batch.steps, batch.lengths, zero_infinity=True
    )
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.network.parameters(), config.clip)
    run.optimizer.step()
    run.average.update(run.network, run.step)
    run.step += 1
    run.crops += len(batch.texts)
    return loss.detach()


def _start(config: RecognizerTraining, device: torch.device) -> _Run:
    """A new run, a fine-tuning one, or one that goes on."""
    state = config.folder / STATE_FILE
    begun = load_checkpoint(config.start_from) if config.start_from else None
    resumed = load_checkpoint(config.folder / WEIGHTS_FILE) if config.resume and state.exists() else None
    known = resumed or begun
    alphabet = Alphabet(str(known.config["alphabet"])) if known else config.alphabet
    shape = network_shape(known) if known else replace(config.network, classes=len(alphabet))
    network = CRNN(shape)
    if begun and not resumed:
        _fill(network, begun.tensors, config.start_from)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.schedule.rate, weight_decay=config.weight_decay)
    run = _Run(network, alphabet, optimizer, WeightAverage(network, config.average), Stopwatch())
    if resumed:
        modules, progress = load_training_state(state, optimizer)
        _fill(network, modules["network"], state)
        run.average.load(modules["average"])
        run.watch, run.step = Stopwatch(progress["minutes"]), progress["step"]
        run.crops, run.best = progress["crops"], progress["best"]
    return run


def network_shape(checkpoint: Checkpoint) -> CRNNConfig:
    """The network's shape that a checkpoint holds.

    Raises:
        WeightsError: If the checkpoint is of another kind of network.
    """
    values = dict(checkpoint.config)
    if values.pop("architecture", None) != ARCHITECTURE:
        raise WeightsError("these weights are not of a CRNN.", "Give weights of a recogniser.")
    values.pop("alphabet", None)
    return CRNNConfig.from_dict(values)


def _save(config: RecognizerTraining, run: _Run) -> None:
    _save_weights(config.folder / WEIGHTS_FILE, run, {})
    modules = {"network": run.network.state_dict(), "average": run.average.tensors}
    progress = {"step": run.step, "crops": run.crops, "minutes": run.watch.minutes, "best": run.best}
    save_training_state(config.folder / STATE_FILE, modules, run.optimizer, progress)


def _save_weights(path: Path, run: _Run, metrics: dict[str, float]) -> None:
    shape = {"architecture": ARCHITECTURE, "alphabet": run.alphabet.symbols, **run.network.config.to_dict()}
    notes = {"step": run.step, "crops": run.crops, "minutes": run.watch.minutes, "metrics": metrics}
    save_checkpoint(path, Checkpoint(run.average.tensors, shape, notes))


def _validate(config: RecognizerTraining, run: _Run, validation: Validation, log: MetricsLog) -> dict[str, float]:
    """Scores the averaged weights, keeps them if they are the best, and draws the curves."""
    device = next(run.network.parameters()).device
    network = CRNN(run.network.config)
    network.load_state_dict(run.average.tensors)
    metrics = validation.score(network.to(device, memory_format=torch.channels_last), run.alphabet)  # type: ignore[call-overload]
    log.write("validation", run.step, minutes=run.watch.minutes, **metrics)
    worth = metrics.get("real_cer", metrics["synthetic_cer"])
    if worth < run.best:
        run.best = worth
        _save_weights(config.folder / BEST_FILE, run, metrics)
    draw_curves(log)
    return metrics
