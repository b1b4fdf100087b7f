"""`ocr-doc-train rows`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.training.labellers import EVERY_SIGN, load_cutter
from ocr_doc.training.lines import write_lines
from ocr_doc.training.readers import read_crops

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of cutting rows of codes."""
    parser.add_argument("photos", type=Path, help="photos of codes with labels (image<TAB>text a line)")
    parser.add_argument("folder", type=Path, help="folder for the rows; FOLDER.tsv beside it lists them")
    parser.add_argument("--weights", type=Path, help="folder of weights to find rows with (those that ship)")


def run(args: argparse.Namespace) -> int:
    """Cuts rows as the options say; returns the exit code."""
    photos = read_crops(args.photos, EVERY_SIGN)
    written, _ = write_lines(load_cutter(args.weights).rows(photos), args.folder)
    if not written:
        raise InputBrokenError(f"{args.photos}: no label fits what its photo shows.", "Check the list.")
    _LOG.info("%d rows written, %d photos left out: their labels fit nowhere", written, len(photos) - written)
    return 0
