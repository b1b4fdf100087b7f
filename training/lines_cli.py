"""`ocr-doc-train lines`: its options and what runs on them."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.core.geometry import Quad
from ocr_doc.detectors.detector import WordDetector
from ocr_doc.detectors.factory import build_detector
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import build_crnn
from ocr_doc.recognizer.reader import WordReader
from ocr_doc.training.lines import (
    Detect,
    LabelledLine,
    ReadCrop,
    read_lined_pages,
    read_lines,
    read_transcripts,
    words_of_page,
    write_lines,
)
from ocr_doc.training.readers import read_rows
from ocr_doc.training.transcripts import crops_of_transcript
from ocr_doc.weights.engines import open_engine
from ocr_doc.weights.manifest import load_manifest

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of cutting lines."""
    parser.add_argument("pages", type=Path, help="file of JSON lines, one page each (see docs/training.md)")
    parser.add_argument("folder", type=Path, help="folder for the crops; FOLDER.tsv beside it lists them")
    parser.add_argument("--split", help="only pages of this split")
    parser.add_argument("--without", type=Path, help="JSON list of images to leave out")
    parser.add_argument("--words", action="store_true", help="cut the lines into words, as the detector finds them")
    parser.add_argument("--transcripts", action="store_true", help="pages have a text of many lines and no boxes")
    parser.add_argument("--recase", action="store_true", help="let the recogniser's reading decide upper or lower case")
    parser.add_argument("--weights", type=Path, help="folder of weights to find and read words with (those that ship)")


def run(args: argparse.Namespace) -> int:
    """Cuts lines as the options say; returns the exit code."""
    without = _images(args.without) if args.without else frozenset()
    if args.transcripts:
        detect, read = _detector(args.weights), _reader(args.weights)
        lines: Iterator[LabelledLine] = (
            crop
            for pixels, text in read_transcripts(args.pages, args.split, without)
            for crop in crops_of_transcript(pixels, text, detect, read, words=args.words)
        )
    elif args.words:
        detect = _detector(args.weights)
        pages = read_lined_pages(args.pages, args.split, without)
        lines = (word for page in pages for word in words_of_page(page, detect))
    else:
        lines = read_lines(args.pages, args.split, without)
    written, left_out = write_lines(lines, args.folder, _reader(args.weights) if args.recase else None)
    if not written:
        raise InputBrokenError(f"{args.pages}: no line could be cut out of it.", "Check --split, boxes and texts.")
    _LOG.info("%d lines written, %d left out: reading and label too different", written, left_out)
    return 0


def _images(path: Path) -> frozenset[str]:
    try:
        names = json.loads("\n".join(read_rows(path)))
    except ValueError as error:
        raise InputBrokenError(f"{path}: no JSON ({error}).", "Correct the file.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputBrokenError(f"{path}: no JSON list of names.", "Write the images' names in brackets.")
    return frozenset(names)


def _detector(weights: Path | None) -> Detect:
    manifest = load_manifest(weights)
    detector = WordDetector(open_engine(manifest, manifest.entry("detector"), build=build_detector))

    def detect(page: NDArray[np.uint8]) -> list[Quad]:
        return [word.quad for word in detector.detect(page)]

    return detect


def _reader(weights: Path | None) -> ReadCrop:
    manifest = load_manifest(weights)
    entry = manifest.entry("recognizer")
    reader = WordReader(open_engine(manifest, entry, build=build_crnn), Alphabet(entry.alphabet or ""))

    def read(crop: NDArray[np.uint8]) -> str:
        return reader.read([crop])[0].text

    return read
