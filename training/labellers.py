"""The networks at hand as helpers that label real examples for the next ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad
from ocr_doc.detectors.detector import WordDetector
from ocr_doc.detectors.factory import build_detector
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.characters import CharacterClassifier
from ocr_doc.recognizer.characters_network import build_characters
from ocr_doc.recognizer.network import build_crnn
from ocr_doc.recognizer.reader import WordReader
from ocr_doc.training.alignment import LineAligner
from ocr_doc.training.characters_real import WordCutter
from ocr_doc.training.letter_case import cased_by_height
from ocr_doc.training.lines import Detect, ReadCrop, Recase, recased
from ocr_doc.weights.engines import open_engine
from ocr_doc.weights.manifest import load_manifest

# Labels of codes may hold signs that no network knows: new classes are what training is for.
EVERY_SIGN = Alphabet("".join(chr(c) for c in range(0x20, 0x17F) if chr(c).isprintable()))


def load_detector(weights: Path | None) -> Detect:
    """What finds the words of a page, (H, W, 3) uint8 RGB; None for the weights that ship.

    Raises:
        WeightsError: If the weights cannot be used.
    """
    manifest = load_manifest(weights)
    detector = WordDetector(open_engine(manifest, manifest.entry("detector"), build=build_detector))

    def detect(page: NDArray[np.uint8]) -> list[Quad]:
        return [word.quad for word in detector.detect(page)]

    return detect


def load_reader(weights: Path | None) -> ReadCrop:
    """What reads a crop; see `load_detector`."""
    manifest = load_manifest(weights)
    entry = manifest.entry("recognizer")
    reader = WordReader(open_engine(manifest, entry, build=build_crnn), Alphabet(entry.alphabet or ""))

    def read(crop: NDArray[np.uint8]) -> str:
        return reader.read([crop])[0].text

    return read


def load_recaser(weights: Path | None) -> Recase:
    """What gives labels the case that is printed: the reader's, or taller letters' own; see `load_detector`."""
    read, align = load_reader(weights), load_aligner(weights)

    def recase(crop: NDArray[np.uint8], label: str) -> str | None:
        text = recased(label, read(crop))
        return None if text is None else cased_by_height(crop, text, align)

    return recase


def load_aligner(weights: Path | None) -> LineAligner:
    """What finds the characters of a labelled line; see `load_detector`."""
    manifest = load_manifest(weights)
    entry = manifest.entry("recognizer")
    return LineAligner(open_engine(manifest, entry, build=build_crnn), Alphabet(entry.alphabet or ""))


def load_cutter(weights: Path | None) -> WordCutter:
    """What finds the row and the characters of a labelled photo of a code; see `load_detector`."""
    manifest = load_manifest(weights)
    finder, namer = manifest.entry("detector"), manifest.entry("characters")
    return WordCutter(
        WordDetector(open_engine(manifest, finder, build=build_detector)),
        CharacterClassifier(open_engine(manifest, namer, build=build_characters), namer.alphabet or ""),
    )
