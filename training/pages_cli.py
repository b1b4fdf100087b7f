"""`ocr-doc-train pages`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.core.geometry import Box
from ocr_doc.training.labellers import load_aligner, load_detector, load_reader
from ocr_doc.training.lines import LinedPage, read_lined_pages, read_transcripts
from ocr_doc.training.page_canvas import PageWord
from ocr_doc.training.real_pages import label_page, write_page_list
from ocr_doc.training.set_cli import add_set_arguments, chosen_pages
from ocr_doc.training.transcripts import lines_of_transcript

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of labelling pages."""
    add_set_arguments(parser, "folder for the pages; FOLDER.jsonl beside it lists them")


def run(args: argparse.Namespace) -> int:
    """Labels pages as the options say; returns the exit code."""
    pages, words, unknown = write_page_list(_labelled(args), args.folder)
    if not words:
        raise InputBrokenError(f"{args.pages}: no word could be found in it.", "Check --split, boxes and texts.")
    _LOG.info("%d pages with %d words written, %d places unknown", pages, words, unknown)
    return 0


def _labelled(args: argparse.Namespace) -> Iterator[tuple[NDArray[np.uint8], Sequence[PageWord], Sequence[Box]]]:
    align, detect = load_aligner(args.weights), load_detector(args.weights)
    for page in _lined(args):
        yield page.pixels, *label_page(page, align, detect)


def _lined(args: argparse.Namespace) -> Iterator[LinedPage]:
    chosen = chosen_pages(args)
    if not args.transcripts:
        yield from read_lined_pages(*chosen)
        return
    detect, read = load_detector(args.weights), load_reader(args.weights)
    for pixels, text in read_transcripts(*chosen):
        yield LinedPage(pixels, tuple(lines_of_transcript(pixels, text, detect, read)))
