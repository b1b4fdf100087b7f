"""`ocr-doc-train vocabulary`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from importlib.metadata import version
from pathlib import Path

from ocr_doc.core.files import write_whole
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.vocabulary import write_vocabulary
from ocr_doc.training.vocabulary import RAREST, word_levels
from ocr_doc.weights.manifest import Entry, write_entry

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of making a vocabulary."""
    parser.add_argument("weights", type=Path, help="folder of weights; ocr-doc takes it as --weights")
    parser.add_argument("name", help="the vocabulary's name in the manifest")
    parser.add_argument("--rarest", type=float, default=RAREST, help="Zipf value of the rarest words (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Makes a vocabulary as the options say; returns the exit code."""
    levels = word_levels(Alphabet(), args.rarest)
    file = args.weights / f"{args.name}.gz"
    write_whole(file, write_vocabulary(levels))
    recipe = {"data": [f"word frequencies of wordfreq {version('wordfreq')} by Robyn Speer and others"],
              "commands": [f"ocr-doc-train vocabulary {args.weights} {args.name} --rarest {args.rarest}"]}  # fmt: skip
    entry = Entry(args.name, "vocabulary", (), licence="CC-BY-SA-4.0", recipe=recipe, metrics={"words": len(levels)})
    write_entry(args.weights, entry, [file])
    _LOG.info("%d words written", len(levels))
    return 0
