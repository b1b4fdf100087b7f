"""Training of the recogniser: CTC on crops drawn on the fly and real ones; see `ocr_doc.training.loop` for the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ocr_doc.training.faces import find_faces
from ocr_doc.training.loop import Place, Task, TrainingOptions, train
from ocr_doc.training.recognizer_data import EASY_POOLS, POOL, Batch, CropMix, CropStream
from ocr_doc.training.recognizer_validation import RecognizerValidation
from ocr_doc.training.schedule import Schedule

# What it takes to write a run.
__all__ = ["CRNNConfig", "CropMix", "RecognizerTraining", "Schedule", "train_recognizer"]

_LOG = logging.getLogger(__name__)

NAME = "recognizer"
ARCHITECTURE = "crnn"
# Keeps the validation's crops apart from those of any seed that people choose.
_UNSEEN = 1_000_003
_VALIDATION_AREA = 4096
# Loss per character above which a crop's gradient grows no more, in nats; or twice the batch's median if that is more.
HOPELESS = 1.5


@dataclass(frozen=True, slots=True)
class RecognizerTraining(TrainingOptions):
    """A training run of a recogniser.

    Attributes:
        network: Shape of the network; `start_from`'s own where that is given, unless `reshape` is.
        alphabet: What it can read; `start_from`'s own where that is given.
        mix: Where crops come from.
        area: Columns of a batch, see `CropStream`.
        validation: Real crops to measure on, never trained on: a list or folder, or None.
        validation_crops: How many crops are measured, of each kind.
        reshape: Take from `start_from` only the parts that fit `network`; the others begin anew.
    """

    network: CRNNConfig
    alphabet: Alphabet = field(default_factory=Alphabet)
    mix: CropMix = field(default_factory=CropMix)
    area: int = 8192
    clip: float = field(default=2.0, kw_only=True)
    validation_minutes: float = field(default=8.0, kw_only=True)
    validation: Path | None = None
    validation_crops: int = 600
    reshape: bool = False


class RecognizerTask(Task[CRNN, Batch]):
    """Texts of crops by CTC, measured by the errors in them.

    Args:
        options: The run.
        known: The checkpoint whose shape and alphabet the network must have, or None.
    """

    name, report_steps, least_is_best = NAME, 50, True

    def __init__(self, options: RecognizerTraining, known: Checkpoint | None) -> None:
        self.options = options
        self.alphabet = network_alphabet(known) if known else options.alphabet
        self.shape = network_shape(known) if known else replace(options.network, classes=len(self.alphabet))
        self.faces = tuple(find_faces(options.mix.fonts, options.mix.cache))

    def network(self) -> CRNN:
        """See `Task`."""
        return CRNN(self.shape)

    def config(self) -> dict[str, Any]:
        """See `Task`."""
        return {"architecture": ARCHITECTURE, "alphabet": self.alphabet.symbols, **self.shape.to_dict()}

    def batches(self, step: int, counts: Mapping[str, int], place: Place) -> Iterable[Batch]:
        """See `Task`."""
        options = self.options
        start = counts.get("crops", 0) // POOL + (EASY_POOLS if options.start_from else 0)
        stream = CropStream(options.mix, self.alphabet, options.area, start, self.faces)
        prefetch = 8 if options.workers else None
        return DataLoader(stream, batch_size=None, num_workers=options.workers, prefetch_factor=prefetch)

    def loss(self, network: CRNN, batch: Batch, place: Place) -> Tensor:
        """See `Task`: the loss per character, bounded for each crop."""
        pixels = batch.pixels.to(place.device, memory_format=torch.channels_last, non_blocking=True)
        with place.autocast():
            scores = network(pixels)
        losses = nn.functional.ctc_loss(
            scores.float().transpose(0, 1),
            batch.targets.to(place.device),
            batch.steps,
            batch.lengths,
            reduction="none",
            zero_infinity=True,
        )
        each = losses / batch.lengths.to(place.device)
        # Drawn at random, some crops are such that nobody could read them, and what they teach is to guess: once the
        # others are read, such a crop pulls no harder than one that is read by half.
        known = each.detach()
        limit = (2 * known.median()).clamp(min=HOPELESS)
        return (each * (limit / known.maximum(limit))).mean()

    def validation(self) -> Callable[[CRNN], dict[str, float]]:
        """See `Task`."""
        mix = replace(self.options.mix, real=(), seed=self.options.mix.seed + _UNSEEN)
        stream = CropStream(mix, self.alphabet, _VALIDATION_AREA, EASY_POOLS, self.faces)
        return RecognizerValidation(stream, self.options.validation, self.options.validation_crops).score

    def worth(self, metrics: Mapping[str, float]) -> float:
        """See `Task`: errors on real crops where there are any."""
        return metrics.get("real_cer", metrics["synthetic_cer"])

    def count(self, batch: Batch) -> dict[str, int]:
        """See `Task`."""
        return {"crops": len(batch.texts)}


def train_recognizer(config: RecognizerTraining) -> dict[str, float]:
    """Trains a recogniser and leaves its weights in `config.folder`.

    Returns:
        The last validation's metrics.

    Raises:
        OcrDocError: If the data cannot be used; and see `ocr_doc.training.loop.train`.
    """
    if config.reshape and not config.resume:
        config = _reshaped(config)

    def open_task(known: Checkpoint | None) -> RecognizerTask:
        return RecognizerTask(config, known)

    return train(config, NAME, open_task)


def _reshaped(config: RecognizerTraining) -> RecognizerTraining:
    """The run, started from a network of its own shape that has what fits of `start_from`, its convolutions for one."""
    if config.start_from is None:
        raise UsageError("--reshape: nothing to start from.", "Give weights with --from.")
    start = load_checkpoint(config.start_from)
    alphabet = network_alphabet(start)
    shape = replace(config.network, classes=len(alphabet))
    torch.manual_seed(config.seed)
    tensors = CRNN(shape).state_dict()
    kept = [name for name, old in start.tensors.items() if name in tensors and old.shape == tensors[name].shape]
    if not kept:
        raise WeightsError(f"{config.start_from}: nothing in it fits the network.", "Train without --from.")
    tensors.update({name: start.tensors[name] for name in kept})
    _LOG.info("%d of %d tensors are those of %s", len(kept), len(tensors), config.start_from)
    path = config.folder / "start.safetensors"
    config.folder.mkdir(parents=True, exist_ok=True)
    values = {"architecture": ARCHITECTURE, "alphabet": alphabet.symbols, **shape.to_dict()}
    save_checkpoint(path, Checkpoint(tensors, values))
    return replace(config, start_from=path, reshape=False)


def network_alphabet(checkpoint: Checkpoint) -> Alphabet:
    """The alphabet that a checkpoint holds.

    Raises:
        WeightsError: If the checkpoint is of another kind of network.
    """
    symbols = checkpoint.config.get("alphabet")
    if not isinstance(symbols, str) or len(set(symbols)) != len(symbols):
        raise WeightsError("these weights name no alphabet.", "Give weights of a recogniser.")
    return Alphabet(symbols)


def network_shape(checkpoint: Checkpoint) -> CRNNConfig:
    """The network's shape that a checkpoint holds.

    Raises:
        WeightsError: If the checkpoint is of another kind of network.
    """
    values = dict(checkpoint.config)
    values.pop("alphabet", None)
    try:
        if values.pop("architecture", None) != ARCHITECTURE:
            raise TypeError("another architecture")
        return CRNNConfig.from_dict(values)
    except TypeError as error:
        raise WeightsError(f"these weights are of no CRNN: {error}.", "Give weights of a recogniser.") from error
