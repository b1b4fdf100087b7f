"""`ocr-doc-train detector`: its options and what runs on them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ocr_doc.training.detector_data import CropOptions, LabelledPage
from ocr_doc.training.detector_loop import DetectorTraining, train_detector
from ocr_doc.training.faces import Face, find_faces
from ocr_doc.training.pages import render_page
from ocr_doc.training.schedule import Schedule


@dataclass(frozen=True, slots=True)
class SyntheticPages:
    """Draws synthetic pages with these faces."""

    faces: tuple[Face, ...]

    def __call__(self, rng: np.random.Generator) -> LabelledPage:
        """A new page."""
        return render_page(rng, self.faces)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a detector's training."""
    parser.add_argument("folder", type=Path, help="folder of the run: weights, state, metrics, curves")
    parser.add_argument("--minutes", type=float, help="length in minutes, resumed runs added up")
    parser.add_argument("--steps", type=int, help="length in steps; the earlier end counts")
    parser.add_argument("--batch", type=int, default=8, help="crops a step (%(default)s)")
    parser.add_argument("--side", type=int, default=384, help="side of a crop in pixels (%(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (%(default)s)")
    parser.add_argument("--warmup", type=int, default=100, help="steps of warm-up (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw pages (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads of the network on a CPU (PyTorch's choice)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda")
    parser.add_argument("--precision", default="auto", choices=("auto", "bf16", "float32"))
    parser.add_argument("--resume", action="store_true", help="go on from the folder's last state")
    parser.add_argument("--from", dest="start_from", type=Path, help="weights to start from (fine-tuning)")
    parser.add_argument("--fonts", type=Path, nargs="*", help="font folders (those of the system)")
    parser.add_argument("--font-cache", type=Path, help="file that keeps the list of usable fonts between runs")


def run(args: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit code."""
    minutes = 120.0 if args.minutes is None and args.steps is None else args.minutes
    config = DetectorTraining(
        folder=args.folder,
        schedule=Schedule(args.rate, steps=args.steps, minutes=minutes, warmup=args.warmup),
        crops=CropOptions(side=args.side),
        batch=args.batch,
        seed=args.seed,
        workers=args.workers,
        threads=args.threads,
        device=args.device,
        precision=args.precision,
        resume=args.resume,
        start_from=args.start_from,
    )
    train_detector(config, SyntheticPages(tuple(find_faces(args.fonts, args.font_cache))))
    return 0
