"""What the service does, without HTTP: documents and words read by shared networks, in turn, within limits."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ocr_doc
from ocr_doc import Document, OCRPipeline
from ocr_doc.page_image import PageImage, PageImages
from ocr_doc.recognizer.reader import Reading
from ocr_doc.server.answers import Status
from ocr_doc.server.batching import BatchingEngine
from ocr_doc.server.decoding import DecoderPool, Upload
from ocr_doc.server.jobs import JobStore
from ocr_doc.server.settings import Settings
from ocr_doc.server.stats import Stats
from ocr_doc.server.work import Desk, Ticket
from ocr_doc.weights.engines import Engine, available_cores

_LOG = logging.getLogger(__name__)
# Words wait for the network more than they work, and share its batches: so many can be under way at once.
_WORD_THREADS = 16
# Beyond one decoder for each document that is read: for single words, and to look into a job's files.
_MORE_DECODERS = 2
_JOB_THREADS = 1  # a job never takes more than one document's share from those who wait for an answer


@dataclass(frozen=True, slots=True)
class Seen:
    """What is told of a page as soon as it is read.

    Attributes:
        image: The page.
        pages: How many pages the document has.
    """

    image: PageImage
    pages: int


class Service:
    """The networks, the children that decode, the queues and the numbers of one service.

    Args:
        settings: How it runs.
        pipeline: Reads documents; None makes one by the settings.
    """

    def __init__(self, settings: Settings, pipeline: OCRPipeline | None = None) -> None:
        self.settings = settings
        self.version = ocr_doc.__version__
        self._temporary = tempfile.TemporaryDirectory(prefix="ocr-doc-serve-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self.engines: list[BatchingEngine] = []
        self.pipeline = pipeline or OCRPipeline(
            settings.device, settings.weights, threads=settings.threads, wrap_engine=self._batched, jobs=1
        )
        self.failure: Exception | None = None
        self.warm = threading.Event()
        self.stopping = threading.Event()
        self.documents = Desk(settings.worker_count, settings.queue, settings.wait_seconds)
        self.words = Desk(_WORD_THREADS, 4 * settings.queue, settings.wait_seconds, "words")
        self.job_desk = Desk(_JOB_THREADS, settings.jobs, float("inf"), "jobs")
        count = settings.worker_count + _JOB_THREADS + _MORE_DECODERS
        self.decoders = DecoderPool(count, settings.max_pixels, self.folder)
        self.jobs = JobStore(self.folder / "jobs", settings.jobs, settings.job_minutes * 60)
        self.cameras = 0
        self.stats = Stats(
            {
                "queue_length": ("Requests that wait", lambda: self.documents.waiting + self.words.waiting),
                "in_work": ("Requests that wait or are read", lambda: self.documents.taken + self.words.taken),
                "jobs_running": ("Jobs not done", lambda: self.jobs.running),
                "live_cameras": ("Live cameras", lambda: self.cameras),
            }
        )

    def start(self) -> None:
        """Starts the children and loads the networks; keeps what fails in `failure`."""
        try:
            self.decoders.start()
            blank = np.full((64, 256, 3), 255, dtype=np.uint8)
            self.pipeline.detect_words(blank)
            self.pipeline.recognize_crops([blank])
            self.decoders.wait()
            self.warm.set()
        except Exception as error:
            self.failure = error
            _LOG.error("the service cannot start: %s", error)

    @property
    def status(self) -> Status:
        """How it is."""
        return "stopping" if self.stopping.is_set() else "ok" if self.warm.is_set() else "starting"

    def read(
        self,
        upload: Upload,
        changes: Mapping[str, object],
        ticket: Ticket,
        max_pages: int,
        seen: Callable[[Seen], None] | None = None,
    ) -> Document:
        """Reads a document; to be called by a desk's thread.

        Args:
            upload: The document.
            changes: Options of this call, as `OCRPipeline` takes them.
            ticket: How long it may take.
            max_pages: Most pages.
            seen: Told each page once it is read.

        Raises:
            OcrDocError: If it cannot be read.
            Refusal: If it has too many pages or takes too long.
            Gone: If nobody waits for it any more.
        """
        options = self.pipeline.options.changed(**{**changes, "max_pixels": self.settings.max_pixels})
        start = time.monotonic()

        def watched(images: Iterator[PageImage], count: int) -> Iterator[PageImage]:
            for image in images:
                ticket.check()
                yield image  # comes back here once the page is read
                if seen is not None:
                    seen(Seen(image, count))

        with self.decoders.pages(upload, options.input, max_pages, ticket) as (count, images):
            document = self.pipeline(PageImages(upload.name, watched(images, count)), **changes)
        self.stats.read(time.monotonic() - start, len(document.pages), [word.text for word in document.words])
        return document

    def count_pages(self, upload: Upload, changes: Mapping[str, object], ticket: Ticket) -> int:
        """Counts the wanted pages of a document. Raises as `read`."""
        options = self.pipeline.options.changed(**{**changes, "max_pixels": self.settings.max_pixels})
        return self.decoders.count(upload, options.input, self.settings.job_pages, ticket)

    def read_word(self, upload: Upload, ticket: Ticket) -> Reading:
        """Reads the image of one word or line. Raises as `read`."""
        options = self.pipeline.options.changed(max_pixels=self.settings.max_pixels)
        start = time.monotonic()
        with self.decoders.pages(upload, options.input, 1, ticket) as (_, images):
            image = next(images)
        [reading] = self.pipeline.recognize_crops([image.pixels])
        self.stats.read(time.monotonic() - start, 0, [reading.text])
        return reading

    async def close(self) -> None:
        """Takes nothing new, finishes what there is as far as the time for it allows, and frees all."""
        self.stopping.set()
        latest = time.monotonic() + self.settings.stop_seconds
        for desk in (self.documents, self.words, self.job_desk):
            await desk.close(max(0.0, latest - time.monotonic()))
        self.decoders.close()
        self.pipeline.close()
        self._temporary.cleanup()

    def _batched(self, engine: Engine) -> Engine:
        # On a CPU a thread for each of several batches does more than several threads for one.
        lanes = self.settings.threads or available_cores() if engine.device == "cpu" else 1
        batching = BatchingEngine(engine, self.settings.batch_size, self.settings.batch_delay, lanes)
        self.engines.append(batching)
        return batching
