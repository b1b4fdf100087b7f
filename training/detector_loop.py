"""Training of the detector: pages drawn on the fly by worker processes; see `ocr_doc.training.loop` for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ocr_doc.core.errors import WeightsError
from ocr_doc.detectors.network import CraftLight, CraftLightConfig
from ocr_doc.training.checkpoints import Checkpoint
from ocr_doc.training.detector_data import CropOptions, PageSource, crop_stream
from ocr_doc.training.detector_loss import detector_loss
from ocr_doc.training.detector_validation import DetectorValidation
from ocr_doc.training.loop import Place, Task, TrainingOptions, train
from ocr_doc.training.real_pages import MixedPages, PageEntry

NAME = "detector"


@dataclass(frozen=True, slots=True)
class DetectorTraining(TrainingOptions):
    """A training run of a detector.

    Attributes:
        network: Shape of the network; `start_from`'s own where that is given.
        crops: How pages become examples.
        batch: Crops a step.
        validation_pages: Drawn pages of the validation, the same in every run.
        real: Real pages to learn from, each list with its share of all pages; the others are drawn.
        held_out: Real pages to measure on.
    """

    network: CraftLightConfig = field(default_factory=CraftLightConfig)
    crops: CropOptions = field(default_factory=CropOptions)
    batch: int = 8
    validation_pages: int = 24
    real: tuple[tuple[tuple[PageEntry, ...], float], ...] = ()
    held_out: tuple[PageEntry, ...] = ()


class _Crops(IterableDataset[tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]]):
    """Crops without end; each worker process has a stream of its own."""

    def __init__(self, source: PageSource, options: CropOptions, seed: tuple[int, ...]) -> None:
        self.source, self.options, self.seed = source, options, seed

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]]:
        worker = get_worker_info()
        number = worker.id if worker else 0
        if worker:
            cv2.setNumThreads(1)  # the other cores are for the network and the other workers
        rng = np.random.default_rng([*self.seed, number])
        for crop in crop_stream(self.source, rng, self.options):
            yield crop.pixels, crop.maps, crop.known


class DetectorTask(Task[CraftLight, list[Tensor]]):
    """Maps of regions and affinities, measured by the words that come out of them.

    Args:
        options: The run.
        source: Draws the pages.
        known: The checkpoint whose shape the network must have, or None.
    """

    name, report_steps, least_is_best = NAME, 20, False

    def __init__(self, options: DetectorTraining, source: PageSource, known: Checkpoint | None) -> None:
        self.options, self.source = options, source
        self.shape = detector_shape(known) if known else options.network

    def network(self) -> CraftLight:
        """See `Task`."""
        return CraftLight(self.shape)

    def config(self) -> dict[str, Any]:
        """See `Task`."""
        return self.shape.to_dict()

    def batches(self, step: int, counts: Mapping[str, int], place: Place) -> Iterable[list[Tensor]]:
        """See `Task`: pixels (N, side, side, 3) uint8, maps (N, 2, side/2, side/2) float32, known (N, ...) bool."""
        options = self.options
        source = MixedPages(self.source, options.real) if options.real else self.source
        return DataLoader(
            _Crops(source, options.crops, (options.seed, step)),
            options.batch,
            num_workers=options.workers,
            pin_memory=place.device.type == "cuda",
            # Forked workers inherit OpenCV's and PyTorch's thread pools without their threads and wait for them for
            # ever.
            multiprocessing_context="spawn" if options.workers else None,
        )

    def loss(self, network: CraftLight, batch: list[Tensor], place: Place) -> Tensor:
        """See `Task`."""
        # (N, H, W, 3) bytes are channels-last already: the permuted view needs no copy of its own.
        pixels = batch[0].to(place.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255.0)
        targets = batch[1].to(place.device, non_blocking=True)
        with place.autocast():
            logits = network.logits(pixels)
        return detector_loss(logits, targets, batch[2].to(place.device, non_blocking=True))

    def validation(self) -> Callable[[CraftLight], dict[str, float]]:
        """See `Task`."""
        options = self.options
        return DetectorValidation(self.source, options.crops, options.validation_pages, options.held_out).score

    def worth(self, metrics: Mapping[str, float]) -> float:
        """See `Task`."""
        return metrics.get("real_f1", metrics["f1"])


def train_detector(config: DetectorTraining, source: PageSource) -> dict[str, float]:
    """Trains a detector and leaves its weights in `config.folder`.

    Args:
        config: The run.
        source: Draws the pages; must be picklable, since worker processes are spawned.

    Returns:
        The last validation's metrics.

    Raises:
        OcrDocError: See `ocr_doc.training.loop.train`.
    """

    def open_task(known: Checkpoint | None) -> DetectorTask:
        return DetectorTask(config, source, known)

    return train(config, NAME, open_task)


def detector_shape(checkpoint: Checkpoint) -> CraftLightConfig:
    """The network's shape that a checkpoint holds.

    Raises:
        WeightsError: If the checkpoint is of another kind of network.
    """
    try:
        return CraftLightConfig.from_dict(checkpoint.config)
    except (ValueError, TypeError) as error:
        raise WeightsError(f"these weights are of no detector: {error}.", "Give weights of a detector.") from error
