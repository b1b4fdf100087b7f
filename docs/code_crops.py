"""Crops of drawn codes in the fonts that training keeps apart unless told `--every-face`, to measure a recogniser on.

    python docs/code_crops.py FOLDER --count 1200 --seed 99991

writes FOLDER/*.png and FOLDER.tsv, a line `image<TAB>text` each, as `ocr-doc-train recognizer --validation` takes them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.code_glyphs import code_faces
from ocr_doc.training.code_words import render_code
from ocr_doc.training.faces import find_faces
from ocr_doc.weights.manifest import load_manifest


def main() -> None:
    """Draws the crops."""
    parser = argparse.ArgumentParser(description="Crops of drawn codes in the fonts that are kept for measuring.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1200, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=99991, help="(%(default)s)")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    alphabet = Alphabet(load_manifest().entry("recognizer").alphabet or "")
    faces, rng = code_faces(tuple(find_faces(None, None)), apart=True), np.random.default_rng(args.seed)
    lines: list[str] = []
    while len(lines) < args.count:
        for sample in render_code(rng, faces, alphabet):
            name = f"{len(lines):05d}.png"
            Image.fromarray(sample.pixels).save(args.folder / name)
            lines.append(f"{name}\t{sample.text}\n")
    args.folder.with_suffix(".tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
