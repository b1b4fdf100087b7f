"""ocr-doc as an engine of the evaluation: the public pipeline and nothing else."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ocr_doc.api import OCRPipeline
from ocr_doc.core.geometry import Box, box_quad
from ocr_doc.core.records import Word
from ocr_doc.evaluation.boxes import parts_of
from ocr_doc.evaluation.engines import EngineChoice, PageReading
from ocr_doc.evaluation.fields import found_fields
from ocr_doc.evaluation.stages import ReadWord
from ocr_doc.page_image import InputOptions
from ocr_doc.recognizer.colours import is_coloured, word_crop
from ocr_doc.recognizer.crops import to_grey
from ocr_doc.sources import read_pages


def peak_memory(who: int = resource.RUSAGE_SELF) -> int:
    """The most memory that this process, or any ended child of it, has held, in bytes."""
    peak = resource.getrusage(who).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class OcrDoc:
    """The pipeline.

    Args:
        choice: Its setup and options.
        pipeline: Used instead of one made of the setup.
    """

    own_boxes = True

    def __init__(self, choice: EngineChoice, pipeline: OCRPipeline | None = None) -> None:
        threads = {} if choice.threads is None else {"threads": choice.threads}
        self._ocr = pipeline or OCRPipeline(**{**threads, **choice.setup}, **choice.options)

    def read_page(self, image: Path) -> PageReading:
        """See `Engine`."""
        document = self._ocr(image)
        words = (part for page in document for word in page.words for part in _parts(word))
        return PageReading(document.text, tuple(words), found_fields(document.fields))

    def read_crop(self, image: Path) -> ReadWord:
        """See `Engine`."""
        [reading] = self._ocr.recognize_crops([image])
        return ReadWord(reading.text, None, reading.confidence)

    def read_boxes(self, image: Path, boxes: Sequence[Box]) -> list[str] | None:
        """See `Engine`. The crops are cut as the pipeline cuts its own, with the same margin."""
        pixels = next(read_pages(image, InputOptions())).pixels
        grey, colours = to_grey(pixels), pixels if is_coloured(pixels) else None
        crops = [word_crop(grey, colours, np.array(box_quad(box))) for box in boxes]
        return [reading.text for reading in self._ocr.recognize_crops(crops)]

    def peak_memory(self) -> int:
        """See `Engine`."""
        return peak_memory()


def _parts(word: Word) -> list[ReadWord]:
    """The word; several if its text should hold a space."""
    return [ReadWord(text, box, word.confidence) for text, box in parts_of(word.box, word.text)]
