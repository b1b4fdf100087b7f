"""`ocr-doc-train lines`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.training.labellers import image_names, load_detector, load_reader
from ocr_doc.training.lines import (
    LabelledLine,
    read_lined_pages,
    read_lines,
    read_transcripts,
    words_of_page,
    write_lines,
)
from ocr_doc.training.transcripts import crops_of_transcript

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
    without = image_names(args.without) if args.without else frozenset()
    if args.transcripts:
        detect, read = load_detector(args.weights), load_reader(args.weights)
        lines: Iterator[LabelledLine] = (
            crop
            for pixels, text in read_transcripts(args.pages, args.split, without)
            for crop in crops_of_transcript(pixels, text, detect, read, words=args.words)
        )
    elif args.words:
        detect = load_detector(args.weights)
        pages = read_lined_pages(args.pages, args.split, without)
        lines = (word for page in pages for word in words_of_page(page, detect))
    else:
        lines = read_lines(args.pages, args.split, without)
    written, left_out = write_lines(lines, args.folder, load_reader(args.weights) if args.recase else None)
    if not written:
        raise InputBrokenError(f"{args.pages}: no line could be cut out of it.", "Check --split, boxes and texts.")
    _LOG.info("%d lines written, %d left out: reading and label too different", written, left_out)
    return 0
