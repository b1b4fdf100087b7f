"""`ocr-doc-train export`: its options and what runs on them."""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, UsageError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.detector_cli import SyntheticPages, listed_pages
from ocr_doc.training.export import export_weights
from ocr_doc.training.faces import find_faces
from ocr_doc.training.quantise import page_examples, word_examples
from ocr_doc.training.readers import read_rows
from ocr_doc.training.real_pages import MixedPages
from ocr_doc.training.recognizer_data import CropMix
from ocr_doc.training.run_cli import DEFAULT_SHARE, add_font_arguments, sources_and_shares
from ocr_doc.weights.manifest import Kind


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
        help="a graph in integers, too, quicker on the CPU; its ranges are seen on drawn pages or words "
        "(a detector's or recogniser's)",
    )  # fmt: skip
    parser.add_argument(
        "--pages", action="append", default=[], metavar="LIST[=SHARE]",
        help="with --quantise, a detector's: real pages as `ocr-doc-train pages` writes them, and their share of all "
        f"pages ({DEFAULT_SHARE})",
    )  # fmt: skip
    parser.add_argument(
        "--words", action="append", default=[], metavar="SOURCE[=SHARE]",
        help="with --quantise, a recogniser's: labelled crops, and their share of all crops "
        f"({DEFAULT_SHARE})",
    )  # fmt: skip
    add_font_arguments(parser)
    parser.add_argument("--recipe", type=Path, help="JSON file: how the weights were made")
    parser.add_argument("--metrics", type=Path, help="JSON file: what was measured on them")


def run(args: argparse.Namespace) -> int:
    """Exports as the options say; returns the exit code."""
    if (args.pages or args.words) and not args.quantise:
        raise UsageError("--pages or --words without --quantise.", "They are seen for a graph in integers only.")
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
        partial(_examples, args) if args.quantise else None,
    )
    return 0


def _examples(args: argparse.Namespace, kind: Kind, alphabet: str | None) -> list[NDArray[np.float32]]:
    """What a detector or a recogniser sees."""
    if kind == "detector":
        drawn = SyntheticPages(tuple(find_faces(args.fonts, args.font_cache)))
        return page_examples(MixedPages(drawn, listed_pages(args.pages)))
    real = sources_and_shares("--words", args.words)
    fonts = None if args.fonts is None else tuple(args.fonts)
    return word_examples(CropMix(real, fonts=fonts, cache=args.font_cache), Alphabet(alphabet or ""))


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
