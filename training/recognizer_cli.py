"""`ocr-doc-train recognizer`: its options and what runs on them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ocr_doc.core.errors import UsageError
from ocr_doc.recognizer.attention import HEADS
from ocr_doc.recognizer.network import CRNNConfig
from ocr_doc.training.recognizer_data import MAX_WIDTH, CropMix
from ocr_doc.training.recognizer_loop import RecognizerTraining, train_recognizer
from ocr_doc.training.run_cli import DEFAULT_SHARE, add_run_arguments, run_options, sources_and_shares


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a recogniser's training."""
    add_run_arguments(parser, rate=2e-3, warmup=300)
    parser.add_argument(
        "--words", action="append", default=[], metavar="SOURCE[=SHARE]",
        help="real crops: a list of image<TAB>text lines or an MJSynth folder, and their share of all crops "
        f"({DEFAULT_SHARE}); may be given more than once",
    )  # fmt: skip
    parser.add_argument("--validation", type=Path, help="real crops to measure on, never trained on")
    parser.add_argument(
        "--signs", type=float, default=0.27, help="share of drawn crops that look like photographs (%(default)s)"
    )
    parser.add_argument(
        "--codes", type=float, default=0.0,
        help="share of drawn crops that are codes without language in industrial looks (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--rare", type=float, default=0.15,
        help="share of drawn texts that hold letters beyond a to z or rare signs (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--every-face", action="store_true",
        help="draw codes in the fonts that are kept for measuring, too: for weights that are to know all of them",
    )  # fmt: skip
    parser.add_argument("--area", type=int, default=5120, help="pixel columns of a step's crops (%(default)s)")
    _add_shape(parser)


def _add_shape(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the network's shape; `--from` without `--reshape` has a shape of its own."""
    shape = CRNNConfig(classes=0)
    stages = len(shape.channels)
    group = parser.add_argument_group("shape of the network")
    group.add_argument(
        "--reshape", action="store_true", help="keep this shape with --from, whose parts that fit are used"
    )
    group.add_argument("--transformer", action="store_true", help="put a spatial transformer in front")
    group.add_argument("--channels", type=int, nargs=stages, default=shape.channels, help="of each stage (%(default)s)")
    group.add_argument(
        "--blocks", type=int, nargs=stages, default=shape.blocks, help="convolutions of each stage (%(default)s)"
    )
    group.add_argument("--squeeze", action="store_true", help="let each stage weigh its channels")
    group.add_argument(
        "--sequence", choices=("lstm", "attention"), default=shape.sequence,
        help="what reads along the time steps (%(default)s)",
    )  # fmt: skip
    group.add_argument("--layers", type=int, default=shape.layers, help="of it (%(default)s)")
    group.add_argument(
        "--hidden", type=int, default=shape.hidden,
        help="units of the LSTM in each direction, half the channels of attention (%(default)s)",
    )  # fmt: skip


def network_shape(args: argparse.Namespace) -> CRNNConfig:
    """The network that the options describe.

    Raises:
        UsageError: If a number is too small, or attention cannot share out its channels.
    """
    sizes = (*args.channels, *args.blocks, args.layers, args.hidden)
    if min(sizes) < 1:
        raise UsageError("The network's shape has a number below 1.", "Give 1 or more.")
    if args.sequence == "attention" and 2 * args.hidden % HEADS:
        raise UsageError(f"--hidden {args.hidden}: attention has {HEADS} heads to share it.", "Give an even number.")
    return CRNNConfig(
        classes=0,
        channels=tuple(args.channels),
        blocks=tuple(args.blocks),
        hidden=args.hidden,
        layers=args.layers,
        transformer=args.transformer,
        sequence=args.sequence,
        squeeze=args.squeeze,
    )


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    real = sources_and_shares("--words", args.words)
    for option in ("signs", "codes", "rare"):
        if not 0.0 <= getattr(args, option) <= 1.0:
            raise UsageError(f"--{option} {getattr(args, option)}: no share.", "Give a number from 0 to 1.")
    if args.area < MAX_WIDTH:
        raise UsageError(f"--area {args.area}: too small for the widest crop.", f"Give {MAX_WIDTH} or more.")
    fonts = None if args.fonts is None else tuple(args.fonts)
    config = RecognizerTraining(
        **run_options(args),
        network=network_shape(args),
        mix=CropMix(
            real=real,
            signs=args.signs,
            codes=args.codes,
            every_face=args.every_face,
            rare=args.rare,
            seed=args.seed,
            cache=args.font_cache,
            fonts=fonts,
        ),
        area=args.area,
        validation=args.validation,
        reshape=args.reshape,
    )
    train_recognizer(config)
    return 0
