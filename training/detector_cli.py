"""`ocr-doc-train detector`: its options and what runs on them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr_doc.core.errors import UsageError
from ocr_doc.detectors.network import CraftLightConfig
from ocr_doc.training.detector_data import CropOptions, LabelledPage
from ocr_doc.training.detector_loop import DetectorTraining, train_detector
from ocr_doc.training.faces import Face, find_faces
from ocr_doc.training.pages import render_page
from ocr_doc.training.real_pages import PageEntry, read_page_list
from ocr_doc.training.run_cli import DEFAULT_SHARE, add_run_arguments, run_options, sources_and_shares


@dataclass(frozen=True, slots=True)
class SyntheticPages:
    """Draws synthetic pages with these faces."""

    faces: tuple[Face, ...]

    def __call__(self, rng: np.random.Generator) -> LabelledPage:
        """A new page."""
        return render_page(rng, self.faces)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a detector's training."""
    add_run_arguments(parser, rate=2e-3, warmup=100)
    parser.add_argument(
        "--pages",
        action="append",
        default=[],
        metavar="LIST[=SHARE]",
        help="real pages: a list as `ocr-doc-train pages` writes it, and its share of all pages "
        f"({DEFAULT_SHARE}); may be given more than once, the other pages are drawn",
    )
    parser.add_argument("--validation", type=Path, help="a list of real pages to measure on, never trained on")
    parser.add_argument("--batch", type=int, default=8, help="crops a step (%(default)s)")
    parser.add_argument("--side", type=int, default=384, help="side of a crop in pixels (%(default)s)")
    shape = CraftLightConfig()
    group = parser.add_argument_group("shape of the network; --from has one of its own")
    group.add_argument("--channels", type=int, nargs=5, default=shape.channels, help="of each level (%(default)s)")
    group.add_argument("--blocks", type=int, nargs=5, default=shape.blocks,
                       help="convolutions of each level after the first (%(default)s)")  # fmt: skip
    group.add_argument("--finest", type=int, choices=(2, 4), default=shape.finest,
                       help="stride at which the scores are found (%(default)s)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    if args.batch < 1 or args.side < 64 or args.side % 32:
        raise UsageError(f"--batch {args.batch} --side {args.side}: no batch of crops.",
                         "Give a batch of 1 or more, and a side that is a multiple of 32, 64 or more.")  # fmt: skip
    if min(args.channels) < 1 or min(args.blocks) < 0:
        raise UsageError("The network's shape has a number that is too small.", "Give channels of 1 or more.")
    real = listed_pages(args.pages)
    config = DetectorTraining(
        **run_options(args),
        network=CraftLightConfig(tuple(args.channels), tuple(args.blocks), args.finest),
        crops=CropOptions(side=args.side),
        batch=args.batch,
        real=real,
        held_out=read_page_list(args.validation) if args.validation else (),
    )
    train_detector(config, SyntheticPages(tuple(find_faces(args.fonts, args.font_cache))))
    return 0


def listed_pages(lists: Sequence[str]) -> tuple[tuple[tuple[PageEntry, ...], float], ...]:
    """The pages that `--pages` names, each list with its share of all pages.

    Args:
        lists: As given, LIST or LIST=SHARE.

    Raises:
        UsageError: If a share is none.
        InputMissingError, InputBrokenError: If a list cannot be read.
    """
    return tuple((read_page_list(path), share) for path, share in sources_and_shares("--pages", lists))
