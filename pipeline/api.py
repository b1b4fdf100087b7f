"""The way of a document: pages, words found, words read, layout, result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from types import TracebackType

import ocr_doc.export  # noqa: F401 - makes the writers known to Document.save
from ocr_doc.batch import BatchItem, read_all
from ocr_doc.core.errors import UsageError
from ocr_doc.core.field_records import Check, Field, Fields, LineItem
from ocr_doc.core.records import Alternative, Block, Character, Document, Line, Page, Word, WordReading
from ocr_doc.detectors.detector import SURELY_TEXT, DetectedWord
from ocr_doc.layout.page import lay_out
from ocr_doc.layout.slope import page_skew
from ocr_doc.networks import Detector, Networks, Reader
from ocr_doc.options import Device, EngineOptions, Options
from ocr_doc.page_text import PageReader
from ocr_doc.recognizer.colours import legible_grey
from ocr_doc.recognizer.reader import Reading
from ocr_doc.serial import SerialBranch
from ocr_doc.side_by_side import default_jobs, in_order
from ocr_doc.sources import PageImage, Source, read_pages, source_name
from ocr_doc.weights.engines import Engine

__all__ = [
    "Alternative",
    "Block",
    "Character",
    "Check",
    "Document",
    "Field",
    "Fields",
    "Line",
    "LineItem",
    "OCRPipeline",
    "Page",
    "Source",
    "Word",
    "WordReading",
]


class OCRPipeline:
    """Reads documents.

    A pipeline does not change once it is made: its options are the defaults of each call, a call's own options hold
    for that call alone, and several threads may call at once. The networks are loaded when the first page needs them,
    so an unreadable input is told at once; `close`, or a `with` block, frees them.

        with OCRPipeline() as ocr:
            document = ocr("invoice.pdf", pages="1-3")

    A source is a path, the bytes of a file, a binary file object, an array (H, W), (H, W, 3) or (H, W, 4), a
    Pillow image, or `PageImages` that something else reads; see `ocr_doc.sources.read_pages`, and there for the errors
    it raises.

    Args:
        device: "auto" (CUDA where there is one, else the CPU), "cpu" or "cuda".
        weights: A folder of weights, or "lstm" for the LSTM recogniser that ships; None for what else ships.
        threads: Threads on the CPU; None for as many as this process may use.
        detector: Finds words instead of our network.
        recognizer: Reads crops instead of our network.
        wrap_engine: Put around each of our networks when it is loaded; see `ocr_doc.networks.Networks`.
        jobs: Documents that `stream` reads at once, or pages of a document; None for 3, 1 on a single thread,
            and 1 where a detector or recogniser is handed in, which would be called by several threads.
        **options: Defaults of all calls; see `ocr_doc.options.Options`.

    Raises:
        UsageError: If an option is unknown or its value out of range.
    """

    def __init__(
        self,
        device: Device = "auto",
        weights: str | os.PathLike[str] | None = None,
        *,
        threads: int | None = None,
        detector: Detector | None = None,
        recognizer: Reader | None = None,
        wrap_engine: Callable[[Engine], Engine] | None = None,
        jobs: int | None = None,
        **options: object,
    ) -> None:
        self.options = Options().changed(**options)
        self._networks = Networks(EngineOptions(device, threads, weights, jobs), detector, recognizer, wrap_engine)
        # What was handed in may not be made for several threads: whoever knows that it is says so by `jobs`.
        handed_in = detector is not None or recognizer is not None
        self._jobs = jobs or (1 if handed_in else default_jobs(threads))

    def __call__(self, source: Source, **options: object) -> Document:
        """Reads a document.

        Args:
            source: See the class.
            **options: Of this call, in place of the pipeline's.

        Raises:
            OcrDocError: If the source cannot be read, an option is wrong, or the weights cannot be loaded.
        """
        return self._read(source, self.options.changed(**options), self._jobs)

    def pages(self, source: Source, **options: object) -> Iterator[Page]:
        """Reads a document page by page, in constant memory; see `__call__`."""
        return self._pages(source, self.options.changed(**options), self._jobs)

    def stream(
        self,
        sources: Iterable[Source],
        *,
        finished: Callable[[int, Document], object] | None = None,
        **options: object,
    ) -> Iterator[BatchItem]:
        """Reads many documents, in their order; a bad one is an item with an error and the next one is read.

        As many as the pipeline's `jobs` are read at once, and no more than these taken from `sources` ahead.

        Args:
            sources: See the class.
            finished: Called with a source's number, from 0, and its document as soon as that is read, in whichever
                thread read it and before documents that come earlier: whoever saves it there loses nothing by an
                interruption. An OcrDocError that it raises is the item's.
            **options: Of this call, in place of the pipeline's.

        Raises:
            UsageError: If an option is wrong.
            WeightsError, DependencyError: From the iterator, if no network can run.
        """
        chosen = self.options.changed(**options)
        return read_all(sources, lambda source, check: self._read(source, chosen, 1, check), self._jobs, finished)

    def detect_words(self, image: Source, **options: object) -> list[DetectedWord]:
        """Finds the words of one page without reading them; what may be a smudge is left out.

        Raises:
            UsageError: If the source has several pages and `pages` does not choose one of them.
        """
        chosen = self.options.changed(**options)
        page = _only_page(image, chosen)
        with self._networks.occupancy:
            found = self._networks.detector(chosen).detect(page.pixels)
        return [word for word in found if word.confidence >= SURELY_TEXT]

    def recognize_crops(self, images: Iterable[Source], **options: object) -> list[Reading]:
        """Reads images that each hold one word or line, without looking for words in them.

        Returns:
            One reading for each image, in their order; confidences, not calibrated, and spans as the recogniser gives
            them.

        Raises:
            UsageError: If a source has several pages and `pages` does not choose one of them.
        """
        chosen = self.options.changed(**options)
        pages = [_only_page(image, chosen) for image in images]
        crops = [legible_grey(page.pixels) for page in pages]
        reader = cache(lambda: self._networks.reader(chosen))
        with self._networks.occupancy:
            readings = list(reader().read(crops)) if crops else []
            serial = self._serial(chosen, reader) if crops else None
            if serial is None:
                return readings
            return [
                serial.read_crop(page.pixels, reading, lambda: self._networks.detector(chosen))
                for page, reading in zip(pages, readings, strict=True)
            ]

    def close(self) -> None:
        """Frees the networks; later calls fail. Closing twice is fine."""
        self._networks.close()

    def __enter__(self) -> OCRPipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, source: Source, options: Options, jobs: int, check: Callable[[], None] = lambda: None) -> Document:
        """A document, up to `jobs` of its pages read at once; `check` is called before each page."""
        pages = tuple(self._pages(source, options, jobs, check))
        fields = _fields(pages) if options.fields else None
        return Document(source_name(source), pages, self._networks.info(options), fields)

    def _pages(
        self, source: Source, options: Options, jobs: int, check: Callable[[], None] = lambda: None
    ) -> Iterator[Page]:
        # Networks are loaded when a page needs them: one without a readable page is told before, and one whose pages
        # bring their text may need none.
        networks = self._networks
        detector, reader = cache(lambda: networks.detector(options)), cache(lambda: networks.reader(options))
        serial = cache(lambda: self._serial(options, reader))
        page_reader = PageReader(detector, reader, options, serial, lambda: networks.calibration(options))

        def read(image: PageImage, wanted: Callable[[], None]) -> Page:
            wanted()
            check()
            with networks.occupancy:
                return _read_page(image, page_reader)

        return in_order(read_pages(source, options.input), read, jobs)

    def _serial(self, options: Options, reader: Callable[[], Reader]) -> SerialBranch | None:
        """What reads codes, or None where no word is to be read a second time."""
        networks = self._networks
        return SerialBranch(networks.characters, options, reader) if networks.reads_codes(options) else None


def _read_page(image: PageImage, reader: PageReader) -> Page:
    text = reader.read(image)
    layout = lay_out(text.words, image.pixels)
    height, width = image.pixels.shape[:2]
    return Page(
        number=image.number,
        width=width,
        height=height,
        blocks=layout.blocks,
        dpi=image.dpi,
        rotation=text.rotation,
        skew=page_skew(text.words),
        warnings=(*image.warnings, *text.warnings),
        rows=layout.rows,
        tables=layout.tables,
    )


def _fields(pages: Sequence[Page]) -> Fields:
    from ocr_doc.fields.find import find_fields  # noqa: PLC0415 - its many patterns take a tenth of a second to compile

    return find_fields(pages)


def _only_page(source: Source, options: Options) -> PageImage:
    pages = read_pages(source, replace(options.input, text_layer=False))
    first = next(pages)
    if next(pages, None) is not None:
        remedy = 'Choose one, such as pages="1", or read the document as a whole.'
        raise UsageError(f"{source_name(source)}: has several pages where one image is meant.", remedy)
    return first
