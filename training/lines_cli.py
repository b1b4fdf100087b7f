"""`ocr-doc-train lines`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.training.labellers import load_detector, load_reader, load_recaser
from ocr_doc.training.lines import (
    LabelledLine,
    read_lined_pages,
    read_lines,
    read_transcripts,
    words_of_page,
    write_lines,
)
from ocr_doc.training.set_cli import add_set_arguments, chosen_pages
from ocr_doc.training.transcripts import crops_of_transcript

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of cutting lines."""
    add_set_arguments(parser, "folder for the crops; FOLDER.tsv beside it lists them")
    parser.add_argument("--words", action="store_true", help="cut the lines into words, as the detector finds them")
    parser.add_argument("--recase", action="store_true", help="let the recogniser's reading decide upper or lower case")


def run(args: argparse.Namespace) -> int:
    """Cuts lines as the options say; returns the exit code."""
    pages = chosen_pages(args)
    if args.transcripts:
        detect, read = load_detector(args.weights), load_reader(args.weights)
        lines: Iterator[LabelledLine] = (
            crop
            for pixels, text in read_transcripts(*pages)
            for crop in crops_of_transcript(pixels, text, detect, read, words=args.words)
        )
    elif args.words:
        detect = load_detector(args.weights)
        lines = (word for page in read_lined_pages(*pages) for word in words_of_page(page, detect))
    else:
        lines = read_lines(*pages)
    written, left_out = write_lines(lines, args.folder, load_recaser(args.weights) if args.recase else None)
    if not written:
        raise InputBrokenError(f"{args.pages}: no line could be cut out of it.", "Check --split, boxes and texts.")
    _LOG.info("%d lines written, %d left out: reading and label too different", written, left_out)
    return 0
