"""`ocr-doc-train characters`: its options and what runs on them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ocr_doc.core.errors import UsageError
from ocr_doc.training.characters_loop import CharactersTraining, train_characters
from ocr_doc.training.characters_real import Group, hold_out, read_class_folders
from ocr_doc.training.labellers import EVERY_SIGN, load_cutter
from ocr_doc.training.readers import read_crops
from ocr_doc.training.run_cli import add_run_arguments, run_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a classifier's training."""
    add_run_arguments(parser, rate=2e-3, warmup=100)
    parser.add_argument("--classes", type=Path, action="append", default=[], metavar="DIR",
                        help="pictures of single characters, a folder for each class")  # fmt: skip
    parser.add_argument("--words", type=Path, action="append", default=[], metavar="LIST",
                        help="word crops with labels (image<TAB>text a line), cut into characters")  # fmt: skip
    parser.add_argument("--share", type=float, default=0.5, help="share of real characters in a step (%(default)s)")
    parser.add_argument("--hold", type=float, default=0.2, help="share of real pictures to measure on (%(default)s)")
    parser.add_argument("--weights", type=Path, help="folder of weights to cut words with (those that ship)")
    parser.add_argument("--frozen", action="store_true",
                        help="learn only what names the features that --from finds: half the time a step")  # fmt: skip
    parser.add_argument("--batch", type=int, default=256, help="crops of a step (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    for name in ("share", "hold"):
        if not 0.0 <= getattr(args, name) < 1.0:
            raise UsageError(f"--{name} {getattr(args, name)}: no share.", "Give a number from 0 to below 1.")
    options = run_options(args)
    if args.frozen and args.start_from is None and not args.resume:
        raise UsageError("--frozen without weights to start from.", "Give --from.")
    learned, held = hold_out(_real(args), args.hold)
    fonts = None if args.fonts is None else tuple(args.fonts)
    train_characters(
        CharactersTraining(
            **options,
            batch=args.batch,
            fonts=fonts,
            cache=args.font_cache,
            real=learned,
            held=held,
            share=args.share,
            frozen=args.frozen,
        )
    )
    return 0


def _real(args: argparse.Namespace) -> list[Group]:
    groups = [group for folder in args.classes for group in read_class_folders(folder)]
    if args.words:
        cutter = load_cutter(args.weights)
        for listed in args.words:
            groups += cutter.cut(read_crops(listed, EVERY_SIGN))
    return groups
