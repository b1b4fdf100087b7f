"""`ocr-doc-train characters`: its options and what runs on them."""

from __future__ import annotations

import argparse

from ocr_doc.training.characters_loop import CharactersTraining, train_characters
from ocr_doc.training.run_cli import add_run_arguments, run_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a classifier's training."""
    add_run_arguments(parser, rate=2e-3, warmup=100)
    parser.add_argument("--batch", type=int, default=256, help="crops of a step (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    fonts = None if args.fonts is None else tuple(args.fonts)
    train_characters(CharactersTraining(**run_options(args), batch=args.batch, fonts=fonts, cache=args.font_cache))
    return 0
