"""`ocr-doc-train export`: its options and what runs on them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, UsageError
from ocr_doc.training.detector_cli import SyntheticPages, listed_pages
from ocr_doc.training.export import export_weights
from ocr_doc.training.faces import find_faces
from ocr_doc.training.quantise import example_crops
from ocr_doc.training.readers import read_rows
from ocr_doc.training.real_pages import MixedPages
from ocr_doc.training.run_cli import DEFAULT_SHARE, add_font_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of an export."""
    parser.add_argument("checkpoint", type=Path, help="weights that a training wrote, or CRAFT's .pth")
    parser.add_argument("weights", type=Path, help="folder of weights; ocr-doc takes it as --weights")
    parser.add_argument("name", help="the network's name in the manifest")
    parser.add_argument("--licence", default="Apache-2.0", help="licence of the weights (%(default)s)")
    parser.add_argument("--temperature", type=float, default=1.0, help="a recogniser's, see `temperature` (1)")
    parser.add_argument(
        "--calibration", type=float, nargs=2, metavar=("SLOPE", "OFFSET"),
        help="of a recogniser's confidences, as ocr-doc-evaluate fits them (none)",
    )  # fmt: skip
    parser.add_argument(
        "--codes", action="store_true", help="a recogniser for codes, which --serial always uses in place of the other"
    )
    parser.add_argument(
        "--quantise", action="store_true",
        help="a detector's graph for the CPU in integers, whose ranges are seen on drawn pages",
    )  # fmt: skip
    parser.add_argument(
        "--pages", action="append", default=[], metavar="LIST[=SHARE]",
        help="with --quantise: real pages as `ocr-doc-train pages` writes them, and their share of all pages "
        f"({DEFAULT_SHARE})",
    )  # fmt: skip
    add_font_arguments(parser)
    parser.add_argument("--recipe", type=Path, help="JSON file: how the weights were made")
    parser.add_argument("--metrics", type=Path, help="JSON file: what was measured on them")


def run(args: argparse.Namespace) -> int:
    """Exports as the options say; returns the exit code."""
    if args.pages and not args.quantise:
        raise UsageError("--pages without --quantise.", "They are looked at for a graph in integers only.")
    export_weights(
        args.checkpoint,
        args.weights,
        args.name,
        args.licence,
        _values(args.recipe),
        _values(args.metrics),
        args.temperature,
        None if args.calibration is None else (args.calibration[0], args.calibration[1]),
        args.codes,
        _crops(args) if args.quantise else (),
    )
    return 0


def _crops(args: argparse.Namespace) -> list[NDArray[np.uint8]]:
    """What a detector sees."""
    drawn = SyntheticPages(tuple(find_faces(args.fonts, args.font_cache)))
    return example_crops(MixedPages(drawn, listed_pages(args.pages)))


def _values(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        values = json.loads("\n".join(read_rows(path)))
    except ValueError as error:
        raise InputBrokenError(f"{path}: no JSON ({error}).", "Correct the file.") from error
    if not isinstance(values, dict):
        raise InputBrokenError(f"{path}: holds no JSON object.", "Write names and values in braces.")
    return values
