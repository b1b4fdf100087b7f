"""`ocr-doc-train average`: the mean of two trainings of one network.

Wortsman et al. 2022, "Robust fine-tuning of zero-shot models": the mean of the weights before and after a fine-tuning
mostly keeps what the first knew and has what the second learned.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of averaging."""
    parser.add_argument("first", type=Path, help="weights, such as those that a fine-tuning started from")
    parser.add_argument("second", type=Path, help="weights of the same shape, such as those that it ended with")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument("--share", type=float, default=0.5, help="of the second in the mean (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Averages as the options say; returns the exit code."""
    if not 0.0 <= args.share <= 1.0:
        raise UsageError(f"--share {args.share}: no share.", "Give a number from 0 to 1.")
    mean = mean_checkpoint(load_checkpoint(args.first), load_checkpoint(args.second), args.share)
    save_checkpoint(args.target, mean)
    _LOG.info("%d tensors averaged", len(mean.tensors))
    return 0


def mean_checkpoint(first: Checkpoint, second: Checkpoint, share: float) -> Checkpoint:
    """The weighted mean of two checkpoints.

    Args:
        first: Weights.
        second: Weights of the same shape.
        share: Of the second, in [0, 1].

    Returns:
        Their mean, with the notes of the second; tensors of whole numbers (counters) are the second's.

    Raises:
        WeightsError: If they are of different shapes.
    """
    # Weights of an earlier version lack the settings that came later.
    known = first.config.keys() & second.config.keys()
    alike = all(first.config[key] == second.config[key] for key in known)
    if not alike or _shapes(first) != _shapes(second):
        raise WeightsError("these weights are of two different networks.", "Give two trainings of one network.")
    tensors = {
        name: (1 - share) * first.tensors[name] + share * tensor if tensor.is_floating_point() else tensor
        for name, tensor in second.tensors.items()
    }
    return Checkpoint(tensors, second.config, second.notes)


def _shapes(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in checkpoint.tensors.items()}
