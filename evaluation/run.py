"""A run: all engines read all samples, taking turns sample by sample, so that a busy machine slows them alike."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ocr_doc.core.errors import DependencyError, InputBrokenError, OcrDocError
from ocr_doc.evaluation.engines import EngineChoice, PageReading, Timed, Worker
from ocr_doc.evaluation.score import Reading, Score, boxes_to_read, score_crop, score_page, total
from ocr_doc.evaluation.sets import LabelledSet, Sample
from ocr_doc.evaluation.stages import ReadWord
from ocr_doc.page_image import InputOptions
from ocr_doc.sources import read_pages

_LOG = logging.getLogger(__name__)
# What every engine opens by itself; anything else is drawn for all of them once.
_PLAIN = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run gave.

    Attributes:
        labelled: The set as chosen.
        scores: By engine, in the order asked for.
        missing: Engines that are not installed, a line each.
    """

    labelled: LabelledSet
    scores: tuple[Score, ...]
    missing: tuple[str, ...] = ()


def evaluate(
    labelled: LabelledSet,
    choices: Sequence[EngineChoice],
    required: bool = True,
    progress: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Reads a set with engines and scores them.

    Args:
        labelled: The set.
        choices: The engines.
        required: Whether a peer that is not installed is an error; otherwise it is left out and told.
        progress: Called after each sample.

    Raises:
        DependencyError: If a required engine, or ocr-doc itself, lacks something.
        OcrDocError: If ocr-doc cannot be set up, or an engine could read no sample at all.
    """
    missing: list[str] = []
    with ExitStack() as stack:
        workers: list[Worker] = []
        for choice in choices:
            try:
                workers.append(stack.enter_context(Worker(choice)))
            except DependencyError as error:
                if required or choice.name == "ocr-doc":
                    raise
                missing.append(str(error))
        runs = [_Run(worker, labelled) for worker in workers]
        for number, sample in enumerate(labelled.samples):
            with _plain(sample) as image:
                for run in runs:
                    if number == 0:
                        run.warm_up(image)
                    run.read(sample, image)
            progress()
    return Evaluation(labelled, tuple(run.score() for run in runs), tuple(missing))


class _Run:
    """One engine's way through the set."""

    def __init__(self, worker: Worker, labelled: LabelledSet) -> None:
        self._worker = worker
        self._labelled = labelled
        self._measure_boxes = labelled.has_word_boxes and worker.own_boxes
        self._crops = labelled.kind == "crops"
        self._ask_boxes = labelled.has_boxes
        self._readings: list[Reading] = []
        self._failures: list[OcrDocError] = []
        self._peak = 0

    def warm_up(self, image: Path) -> None:
        """Reads the first sample once for nothing: loading the networks is no sample's time."""
        try:
            self._call(image)
        except OcrDocError:
            _LOG.debug("%s failed to warm up", self._worker.name, exc_info=True)  # told when it is read in earnest

    def read(self, sample: Sample, image: Path) -> None:
        """Reads and scores a sample. A failure is told in the score; the sample then counts as read without a word."""
        try:
            timed = self._call(image)
            on_truth = self._worker.read_boxes(image, boxes_to_read(sample)).value if self._ask_boxes else None
        except OcrDocError as error:
            _LOG.warning("%s: %s", sample.name, error)
            self._failures.append(error)
            timed, on_truth = Timed(ReadWord("") if self._crops else PageReading("", ()), 0.0, 0), None
        self._peak = max(self._peak, timed.peak)
        if self._crops:
            self._readings.append(score_crop(sample, timed.value, timed.seconds))
        else:
            self._readings.append(score_page(sample, timed.value, timed.seconds, on_truth, self._measure_boxes))

    def score(self) -> Score:
        """The sum of it all."""
        if len(self._failures) == len(self._readings):
            raise self._failures[0]
        return total(self._worker.name, self._readings, self._labelled, self._peak, [str(e) for e in self._failures])

    def _call(self, image: Path) -> Timed:
        return self._worker.read_crop(image) if self._crops else self._worker.read_page(image)


@contextmanager
def _plain(sample: Sample) -> Iterator[Path]:
    """The sample as a file that every engine opens: the file itself, or its page drawn into one."""
    if sample.image.suffix.lower() in _PLAIN:
        yield sample.image
        return
    pages = list(read_pages(sample.image, InputOptions(pages=str(sample.page))))
    if len(pages) != 1:
        raise InputBrokenError(f"{sample.image}: has no page {sample.page}.", "Correct the label.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        Image.fromarray(pages[0].pixels).save(path)
        yield path
