"""`ocr-doc-train recognizer`: its options and what runs on them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ocr_doc.core.errors import UsageError
from ocr_doc.recognizer.network import CRNNConfig
from ocr_doc.training.recognizer_data import CropMix
from ocr_doc.training.recognizer_loop import RecognizerTraining, train_recognizer
from ocr_doc.training.schedule import Schedule


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a recogniser's training."""
    parser.add_argument("folder", type=Path, help="folder of the run: weights, state, metrics, curves")
    parser.add_argument("--minutes", type=float, help="length in minutes, resumed runs added up")
    parser.add_argument("--steps", type=int, help="length in steps; the earlier end counts")
    parser.add_argument(
        "--words", action="append", default=[], metavar="SOURCE[=SHARE]",
        help="real crops: a list of image<TAB>text lines or an MJSynth folder, and their share of all crops "
        "(0.2); may be given more than once",
    )  # fmt: skip
    parser.add_argument("--validation", type=Path, help="real crops to measure on, never trained on")
    parser.add_argument("--signs", type=float, default=0.35, help="share of drawn crops that look like photographs")
    parser.add_argument("--area", type=int, default=5120, help="pixel columns of a step's crops (%(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (%(default)s)")
    parser.add_argument("--warmup", type=int, default=300, help="steps of warm-up (%(default)s)")
    parser.add_argument("--transformer", action="store_true", help="put a spatial transformer in front")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw crops (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads of the network on a CPU (PyTorch's choice)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "float32"))
    parser.add_argument("--resume", action="store_true", help="go on from the folder's last state")
    parser.add_argument("--from", dest="start_from", type=Path, help="weights to start from (fine-tuning)")
    parser.add_argument("--fonts", type=Path, nargs="*", help="font folders (those of the system)")
    parser.add_argument("--font-cache", type=Path, help="file that keeps the list of usable fonts between runs")


def word_source(text: str) -> tuple[Path, float]:
    """A source of real crops and its share.

    Raises:
        UsageError: If the share is no number between 0 and 1.
    """
    name, found, share = text.rpartition("=")
    if not found:
        return Path(text), 0.2
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise UsageError(f"--words {text}: {share!r} is no share.", "Give a number above 0, up to 1.")
    return Path(name), value


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    minutes = 120.0 if args.minutes is None and args.steps is None else args.minutes
    real = tuple(word_source(text) for text in args.words)
    if sum(share for _, share in real) > 1.0:
        raise UsageError("The shares of --words add up to more than 1.", "Lower them.")
    config = RecognizerTraining(
        folder=args.folder,
        schedule=Schedule(args.rate, steps=args.steps, minutes=minutes, warmup=args.warmup),
        network=CRNNConfig(classes=0, transformer=args.transformer),
        mix=CropMix(
            real=real,
            signs=args.signs,
            seed=args.seed,
            cache=args.font_cache,
            fonts=None if args.fonts is None else tuple(args.fonts),
        ),
        area=args.area,
        seed=args.seed,
        workers=args.workers,
        threads=args.threads,
        device=args.device,
        precision=args.precision,
        resume=args.resume,
        start_from=args.start_from,
        validation=args.validation,
    )
    train_recognizer(config)
    return 0
