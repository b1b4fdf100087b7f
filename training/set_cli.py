"""The options of the commands that cut up or label sets of real pages."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.training.readers import read_rows


def add_set_arguments(parser: argparse.ArgumentParser, folder: str) -> None:
    """Adds the options of a set of pages.

    Args:
        parser: The command's parser.
        folder: What the folder is for that is written.
    """
    parser.add_argument("pages", type=Path, help="file of JSON lines, one page each (see docs/training.md)")
    parser.add_argument("folder", type=Path, help=folder)
    parser.add_argument("--split", help="only pages of this split")
    parser.add_argument("--without", type=Path, help="JSON list of images to leave out")
    parser.add_argument("--only", type=Path, help="JSON list of images, all others are left out")
    parser.add_argument("--transcripts", action="store_true", help="pages have a text of many lines and no boxes")
    parser.add_argument("--weights", type=Path, help="folder of weights to find and read words with (those that ship)")


def chosen_pages(args: argparse.Namespace) -> tuple[Path, str | None, Collection[str], Collection[str] | None]:
    """The set and which of its pages are wanted: file, split, images to leave out, the only images to take.

    Raises:
        InputMissingError: If a list cannot be read.
        InputBrokenError: If it is no JSON list of names.
    """
    without = _image_names(args.without) if args.without else frozenset()
    return args.pages, args.split, without, _image_names(args.only) if args.only else None


def _image_names(path: Path) -> frozenset[str]:
    try:
        names = json.loads("\n".join(read_rows(path)))
    except ValueError as error:
        raise InputBrokenError(f"{path}: no JSON ({error}).", "Correct the file.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputBrokenError(f"{path}: no JSON list of names.", "Write the images' names in brackets.")
    return frozenset(names)
