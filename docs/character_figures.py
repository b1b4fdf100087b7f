"""Measures how well the classifier names single characters, without detector, recogniser or neighbours.

    python docs/character_figures.py LIST [--among 0123456789]

`LIST` has a line `image<TAB>character` each, images in the folder of its name. `--among` says which characters may
stand there (all capitals and digits). Prints the share that is right, and that with O and 0 as one.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import argparse
import string
from pathlib import Path

import numpy as np

from ocr_doc.networks import Networks
from ocr_doc.options import EngineOptions
from ocr_doc.page_image import InputOptions
from ocr_doc.recognizer.crops import to_grey
from ocr_doc.sources import read_pages
from ocr_doc.training.characters_real import whole_picture


def main() -> None:
    """Reads the pictures of a list and prints the shares that are right."""
    parser = argparse.ArgumentParser(description="How well single characters are named.")
    parser.add_argument("list", type=Path)
    parser.add_argument(
        "--among", default=string.digits + string.ascii_uppercase, help="characters that may stand there"
    )
    parser.add_argument("--weights", type=Path, help="folder of weights (those that ship)")
    args = parser.parse_args()
    lines = [line.split("\t") for line in args.list.read_text(encoding="utf-8").splitlines()]
    pixels = [next(read_pages(args.list.with_suffix("") / name, InputOptions())).pixels for name, _ in lines]
    classifier = Networks(EngineOptions("cpu", None, args.weights)).characters()
    probabilities = classifier.probabilities([whole_picture(to_grey(each)) for each in pixels])
    allowed = [k for k, symbol in enumerate(classifier.symbols) if symbol and symbol in args.among]
    read = [classifier.symbols[allowed[k]] for k in probabilities[:, allowed].argmax(axis=1)]
    truth = [character for _, character in lines]
    for name, form in (("exact", str), ("O and 0 folded", lambda text: text.replace("O", "0"))):
        print(f"{name}: {np.mean([form(a) == form(b) for a, b in zip(read, truth, strict=True)]):.3f} of {len(lines)}")


if __name__ == "__main__":
    main()
