"""Makes a set of labelled lines out of PDFs: `python docs/pdf_lines.py FOLDER TARGET --seed 5`.

A PDF that a program wrote says where its words stand, so a folder of one's own invoices is training data. Each first
page is drawn at some resolution to TARGET/NAME.png, and TARGET.jsonl lists the pages with boxes and texts of their
lines. Words that stand further apart than they are high are lines of their own. Needs poppler.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from ocr_doc.core.geometry import Box

POINTS_PER_INCH = 72
RESOLUTIONS = [110, 130, 150, 175, 200]
_LINE = re.compile(r"<line[^>]*>(.*?)</line>", re.DOTALL)
_WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')
Word = tuple[Box, str]


def lines_of(file: Path) -> Iterator[list[Word]]:
    """The lines of a PDF's first page, boxes in points."""
    command = ["pdftotext", "-l", "1", "-bbox-layout", str(file), "-"]
    page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in _LINE.finditer(page):
        words = [(_box(word.groups()[:4]), html.unescape(word[5])) for word in _WORD.finditer(line[1])]
        yield from _parted(words)


def _box(numbers: Sequence[str]) -> Box:
    x0, y0, x1, y1 = map(float, numbers)
    return x0, y0, x1, y1


def _parted(words: Sequence[Word]) -> Iterator[list[Word]]:
    cuts = [i for i, ((a, _), (b, _)) in enumerate(pairwise(words), start=1) if b[0] - a[2] >= b[3] - b[1]]
    for start, end in pairwise([0, *cuts, len(words)]):
        if start < end:
            yield list(words[start:end])


def write_set(folder: Path, target: Path, seed: int, without: Collection[str], only: Collection[str] | None) -> int:
    """Draws the pages of a folder and lists them; returns how many."""
    rng = random.Random(seed)
    target.mkdir(parents=True, exist_ok=True)
    rows = []
    for file in sorted(folder.glob("*.pdf")):
        if file.name in without or (only is not None and file.name not in only):
            continue
        dpi = rng.choice(RESOLUTIONS)
        picture = target / file.stem
        command = ["pdftoppm", "-r", str(dpi), "-l", "1", "-png", "-gray", "-singlefile", str(file), str(picture)]
        subprocess.run(command, check=True)
        scale = dpi / POINTS_PER_INCH
        lines = [
            {
                "box": [side(box[i] for box, _ in words) * scale for i, side in enumerate((min, min, max, max))],
                "text": " ".join(text for _, text in words),
            }
            for words in lines_of(file)
        ]
        rows.append(json.dumps({"image": f"{target.name}/{picture.name}.png", "lines": lines}, ensure_ascii=False))
    target.with_name(f"{target.name}.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return len(rows)


def main() -> None:
    """Runs as a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with the PDFs")
    parser.add_argument("target", type=Path, help="folder for the pages; TARGET.jsonl beside it lists them")
    parser.add_argument("--seed", type=int, default=0, help="of the resolutions")
    parser.add_argument("--without", type=Path, help="JSON list of files to leave out")
    parser.add_argument("--only", type=Path, help="JSON list of files, all others are left out")
    args = parser.parse_args()
    without, only = (json.loads(each.read_text("utf-8")) if each else None for each in (args.without, args.only))
    pages = write_set(args.folder, args.target, args.seed, without or (), only)
    sys.stdout.write(f"{pages} pages\n")


if __name__ == "__main__":
    main()
