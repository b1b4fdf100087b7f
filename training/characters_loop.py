"""Training of the character classifier; see `ocr_doc.training.loop` for what all trainings share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.characters_network import CharacterNet, CharacterNetConfig
from ocr_doc.training.characters_data import (
    ROW,
    CharacterBatch,
    CharacterCrop,
    CharacterStream,
    CropRow,
    collated,
)
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ocr_doc.training.code_text import SYMBOLS
from ocr_doc.training.confusions import FILE, draw_confusions
from ocr_doc.training.faces import find_faces
from ocr_doc.training.loop import BEST_FILE, Place, Task, TrainingOptions, train

_LOG = logging.getLogger(__name__)
NAME = "characters"
ARCHITECTURE = "characters"
# Keeps the validation's crops apart from those of any seed that people choose.
_UNSEEN = 1_000_003
# Rows that are measured at once.
_ROWS = 128
# Of a target's probability, how much is spread over all classes (Szegedy et al. 2016): many crops cannot be told.
_SMOOTHING = 0.02


@dataclass(frozen=True, slots=True)
class CharactersTraining(TrainingOptions):
    """A training run of a character classifier.

    Attributes:
        network: Shape of the network; `start_from`'s own where that is given, but for new classes.
        symbols: What it tells apart; None for the usual ones, or those of `start_from`.
        batch: Crops of a step.
        real: Real crops to learn from.
        share: Their share of all crops.
        held: Real crops to measure on, never learned from.
        fonts: Folders of fonts, or None for the system's.
        cache: File that keeps the list of fonts.
        validation_crops: How many drawn crops are measured.
        frozen: Whether the convolutions stay as they are, and only what names their features learns: half the time a
            step, and little is forgotten.
    """

    network: CharacterNetConfig = field(default_factory=lambda: CharacterNetConfig(0, (16, 48, 96), context=96))
    symbols: str | None = None
    batch: int = 256
    real: tuple[CharacterCrop, ...] = ()
    share: float = 0.5
    held: tuple[CharacterCrop, ...] = ()
    fonts: tuple[Path, ...] | None = None
    cache: Path | None = None
    validation_crops: int = 4000
    frozen: bool = False
    validation_minutes: float = field(default=5.0, kw_only=True)


class CharactersTask(Task[CharacterNet, CharacterBatch]):
    """Classes of crops by cross-entropy, measured by the share that is right.

    Args:
        options: The run.
        known: The checkpoint whose shape the network must have, or None.
    """

    name, report_steps, least_is_best = NAME, 50, True

    def __init__(self, options: CharactersTraining, known: Checkpoint | None) -> None:
        self.options = options
        self.symbols = known.config["symbols"] if known else options.symbols or SYMBOLS
        shape = network_shape(known) if known else options.network
        self.shape = replace(shape, classes=len(self.symbols) + 1)
        self.faces = tuple(find_faces(options.fonts, options.cache))

    def network(self) -> CharacterNet:
        """See `Task`."""
        network = CharacterNet(self.shape)
        if self.options.frozen:
            network.body.requires_grad_(False)
        return network

    def config(self) -> dict[str, Any]:
        """See `Task`."""
        return {"architecture": ARCHITECTURE, "symbols": self.symbols, **self.shape.to_dict()}

    def batches(self, step: int, counts: Mapping[str, int], place: Place) -> Iterable[CharacterBatch]:
        """See `Task`."""
        o = self.options
        stream = CharacterStream(self.symbols, self.faces, o.batch, o.seed, step, o.real, o.share if o.real else 0.0)
        return DataLoader(stream, batch_size=None, num_workers=o.workers, prefetch_factor=4 if o.workers else None)

    def loss(self, network: CharacterNet, batch: CharacterBatch, place: Place) -> Tensor:
        """See `Task`."""
        if self.options.frozen:  # the averages of batches that normalise are part of what stays
            network.body.eval()
        pixels = batch.pixels.to(place.device, memory_format=torch.channels_last, non_blocking=True)
        with place.autocast():
            scores = network.packed(pixels, batch.places.to(place.device), ROW)
        return nn.functional.cross_entropy(scores.float(), batch.classes.to(place.device), label_smoothing=_SMOOTHING)

    def validation(self) -> Callable[[CharacterNet], dict[str, float]]:
        """See `Task`."""
        drawn, held = self.measured()
        sets = {"drawn": drawn} | ({"real": held} if held is not None else {})

        def score(network: CharacterNet) -> dict[str, float]:
            metrics: dict[str, float] = {}
            for name, batch in sets.items():
                metrics |= {f"{name}_{key}": value for key, value in measure(network, batch).items()}
            return metrics

        return score

    def measured(self) -> tuple[CharacterBatch, CharacterBatch | None]:
        """The crops that are measured on: drawn with fonts that training never sees, and real ones."""
        o = self.options
        stream = CharacterStream(self.symbols, self.faces, 64, o.seed + _UNSEEN, apart=True)
        drawn = stream.drawn(np.random.default_rng(o.seed + _UNSEEN), o.validation_crops)
        held = [(crop,) for crop in o.held if crop.text in stream.classes]
        return _collated(drawn, stream.classes), _collated(held, stream.classes) if held else None

    def worth(self, metrics: Mapping[str, float]) -> float:
        """See `Task`: errors on real crops where there are any."""
        return 1.0 - metrics.get("real_accuracy", metrics["drawn_accuracy"])

    def count(self, batch: CharacterBatch) -> dict[str, int]:
        """See `Task`."""
        return {"crops": len(batch.classes)}


def train_characters(config: CharactersTraining) -> dict[str, float]:
    """Trains a character classifier, makes its confidences probabilities, and leaves its weights in `config.folder`.

    Returns:
        The last validation's metrics.

    Raises:
        OcrDocError: If the data cannot be used; and see `ocr_doc.training.loop.train`.
    """
    config = _widened(config)
    tasks: list[CharactersTask] = []

    def open_task(known: Checkpoint | None) -> CharactersTask:
        tasks.append(CharactersTask(config, known))
        return tasks[0]

    metrics = train(config, NAME, open_task)
    task = tasks[0]
    drawn, held = task.measured()
    draw_confusions(*_read(config.folder / BEST_FILE, drawn if held is None else held), config.folder / FILE)
    for file in (BEST_FILE, f"{NAME}.safetensors"):
        metrics["temperature"] = calibrate(config.folder / file, drawn if held is None else held)
    return metrics


def _widened(config: CharactersTraining) -> CharactersTraining:
    """The run, its start widened by the classes that real crops bring and by the units that look at whole rows.

    New classes begin at random, and the units with no say, so that the start does what it did.
    """
    if config.start_from is None or config.resume:
        named = {crop.text for crop in config.real} - set(SYMBOLS) - {""}
        return replace(config, symbols=SYMBOLS + "".join(sorted(named))) if named and config.symbols is None else config
    start = load_checkpoint(config.start_from)
    shape, symbols = network_shape(start), str(start.config["symbols"])
    fresh = "".join(sorted({crop.text for crop in config.real} - set(symbols) - {""}))
    context = shape.context or config.network.context
    if not fresh and context == shape.context:
        return config
    if fresh:
        _LOG.info("new classes: %s", fresh)
    wide = replace(shape, classes=len(symbols) + len(fresh) + 1, context=context)
    tensors = CharacterNet(wide).state_dict()
    for name, old in start.tensors.items():
        tensors[name] = torch.cat([old, tensors[name][len(old) :]]) if name.startswith("head.") else old
    config.folder.mkdir(parents=True, exist_ok=True)
    path = config.folder / "start.safetensors"
    values = {"architecture": ARCHITECTURE, "symbols": symbols + fresh, **wide.to_dict()}
    save_checkpoint(path, Checkpoint(tensors, values))
    return replace(config, start_from=path)


def _read(path: Path, batch: CharacterBatch) -> tuple[list[CharacterCrop], list[str]]:
    """Crops of a batch with their labels, and what a checkpoint reads in them."""
    checkpoint = load_checkpoint(path)
    network = CharacterNet(network_shape(checkpoint))
    network.load_state_dict(checkpoint.tensors)
    names = ["", *str(checkpoint.config["symbols"])]
    texts = [names[k] for k in _scores(network, batch).argmax(1).tolist()]
    pairs = zip(batch.pixels[:, 0].numpy(), batch.classes.tolist(), strict=True)
    return [CharacterCrop(pixels, names[k]) for pixels, k in pairs], texts


def calibrate(path: Path, batch: CharacterBatch) -> float:
    """Finds the temperature at which a checkpoint's confidences are probabilities, and writes it into the checkpoint.

    Guo et al. 2017, "On Calibration of Modern Neural Networks".

    Returns:
        The temperature.
    """
    checkpoint = load_checkpoint(path)
    network = CharacterNet(network_shape(checkpoint))
    network.load_state_dict(checkpoint.tensors)
    network.temperature.fill_(1.0)
    scores = _scores(network, batch)
    tried = np.geomspace(0.4, 3.0, 60)
    losses = [float(nn.functional.cross_entropy(scores / t, batch.classes)) for t in tried]
    best = float(tried[int(np.argmin(losses))])
    tensors = {**checkpoint.tensors, "temperature": torch.tensor(best)}
    save_checkpoint(path, Checkpoint(tensors, checkpoint.config, {**checkpoint.notes, "temperature": best}))
    return best


def measure(network: CharacterNet, batch: CharacterBatch) -> dict[str, float]:
    """Share of characters named rightly, share of wrong cuts rejected, and the loss."""
    scores = _scores(network, batch)
    right = (scores.argmax(1) == batch.classes).numpy()
    real = (batch.classes != 0).numpy()
    metrics = {"accuracy": float(right[real].mean()) if real.any() else 0.0}
    if not real.all():
        metrics["rejected"] = float(right[~real].mean())
    metrics["loss"] = float(nn.functional.cross_entropy(scores, batch.classes))
    return metrics


@torch.inference_mode()
def _scores(network: CharacterNet, batch: CharacterBatch) -> Tensor:
    """Scores (N, classes) on the CPU."""
    network.eval()
    device = next(network.parameters()).device
    found = []
    for part in range(0, int(batch.places.max()) // ROW + 1, _ROWS):
        some = (batch.places >= part * ROW) & (batch.places < (part + _ROWS) * ROW)
        places = batch.places[some] - part * ROW
        found.append(network.packed(batch.pixels[some].to(device), places.to(device), ROW).float().cpu())
    return torch.cat(found)


def _collated(rows: Sequence[CropRow], classes: Mapping[str, int]) -> CharacterBatch:
    return collated([[(crop.pixels, crop.text) for crop in row] for row in rows], classes)


def network_shape(checkpoint: Checkpoint) -> CharacterNetConfig:
    """The network's shape that a checkpoint holds.

    Raises:
        WeightsError: If the checkpoint is of another kind of network.
    """
    values = dict(checkpoint.config)
    try:
        if values.pop("architecture", None) != ARCHITECTURE or not isinstance(values.pop("symbols", None), str):
            raise TypeError("another architecture")
        return CharacterNetConfig.from_dict(values)
    except TypeError as error:
        raise WeightsError(f"these weights are of no character classifier: {error}.",
                           "Give weights of a character classifier.") from error  # fmt: skip
