"""The options that every training run has on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ocr_doc.core.errors import UsageError
from ocr_doc.training.loop import STATE_FILE
from ocr_doc.training.schedule import Schedule

DEFAULT_MINUTES = 120.0
DEFAULT_SHARE = 0.2


def add_run_arguments(parser: argparse.ArgumentParser, rate: float, warmup: int) -> None:
    """Adds the options of a run.

    Args:
        parser: The command's parser.
        rate: Default of the highest learning rate.
        warmup: Default of the steps of warm-up.
    """
    parser.add_argument("folder", type=Path, help="folder of the run: weights, state, metrics, curves")
    parser.add_argument("--minutes", type=float, help=f"length in minutes, resumed runs added up ({DEFAULT_MINUTES:g})")
    parser.add_argument("--steps", type=int, help="length in steps; the earlier end counts")
    parser.add_argument("--rate", type=float, default=rate, help="highest learning rate (%(default)s)")
    parser.add_argument("--warmup", type=int, default=warmup, help="steps of warm-up (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the examples (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw examples (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads of the network on a CPU (PyTorch's choice)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (%(default)s)")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "float32"), help="(%(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's last state")
    parser.add_argument("--from", dest="start_from", type=Path, help="weights to start from (fine-tuning)")
    add_font_arguments(parser)


def add_font_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of whatever draws text."""
    parser.add_argument("--fonts", type=Path, nargs="+", help="font folders (those of the system)")
    parser.add_argument("--font-cache", type=Path, help="file that keeps the list of usable fonts between runs")


def run_options(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `TrainingOptions` that the command line gives.

    Raises:
        UsageError: If a number is out of range, or the folder holds a run that would be lost.
    """
    for name in ("minutes", "steps", "rate"):
        value = getattr(args, name)
        if value is not None and not value > 0:
            raise UsageError(f"--{name} {value}: too small.", "Give a number above 0.")
    for name in ("warmup", "workers", "threads", "seed"):
        value = getattr(args, name)
        if value < 0:
            raise UsageError(f"--{name} {value}: too small.", "Give 0 or more.")
    if not args.resume and (args.folder / STATE_FILE).exists():
        raise UsageError(f"{args.folder} holds a run already.", "Go on with --resume, or name another folder.")
    minutes = DEFAULT_MINUTES if args.minutes is None and args.steps is None else args.minutes
    return {
        "folder": args.folder,
        "schedule": Schedule(args.rate, steps=args.steps, minutes=minutes, warmup=args.warmup),
        "seed": args.seed,
        "workers": args.workers,
        "threads": args.threads,
        "device": args.device,
        "precision": args.precision,
        "resume": args.resume,
        "start_from": args.start_from,
    }


def sources_and_shares(option: str, texts: Sequence[str]) -> tuple[tuple[Path, float], ...]:
    """Sources of real examples, as SOURCE or SOURCE=SHARE, and their shares of all examples.

    Args:
        option: What gave them, for errors.
        texts: As given.

    Raises:
        UsageError: If a share is no number above 0, up to 1, or all together are more than 1.
    """
    sources = tuple(_source_and_share(option, text) for text in texts)
    if sum(share for _, share in sources) > 1.0 + 1e-9:
        raise UsageError(f"The shares of {option} add up to more than 1.", "Lower them.")
    return sources


def _source_and_share(option: str, text: str) -> tuple[Path, float]:
    name, found, share = text.rpartition("=")
    if not found:
        return Path(text), DEFAULT_SHARE
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not name or not 0.0 < value <= 1.0:
        raise UsageError(f"{option} {text}: {share!r} is no share.", "Write SOURCE=SHARE, the share above 0, up to 1.")
    return Path(name), value
