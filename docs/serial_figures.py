"""Measures how well codes are read, by ocr-doc with `--serial always` or by a peer.

    python docs/serial_figures.py codes LIST [N]     pictures of one code each, all that is read on them
    python docs/serial_figures.py plates LIST [N]    photographs of plates: the tallest row counts, letters and digits

`LIST` has a line `image<TAB>code` each, images in the folder of its name; N of them, from the first on. Rendered codes
come from `python -m ocr_doc.evaluation.rendered_codes`; a third column, the look, is told apart. `--weights` takes a
folder of weights, `--engine` reads codes with `tesseract` (its program) or `rapidocr` (its package), each as one line.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import argparse
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from ocr_doc import OCRPipeline, Word
from ocr_doc.evaluation.peers import RapidOcr


def codes(words: Iterable[Word]) -> str:
    """All that was read."""
    return "".join(word.text for word in words)


def plates(words: Iterable[Word]) -> str:
    """The letters and digits of the tallest row of two or more."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=_middle):
        row = rows[-1] if rows else []
        offset = abs(_middle(word) - sum(map(_middle, row)) / len(row)) if row else 0.0
        if row and offset < 0.5 * min(_height(word), *map(_height, row)):
            row.append(word)
        else:
            rows.append([word])
    best, code = 0.0, ""
    for row in rows:
        text = "".join(
            c for word in sorted(row, key=lambda word: word.box[0]) for c in word.text.upper() if c.isalnum()
        )
        height = float(median(map(_height, row)))
        if height > best and len(text) > 1:
            best, code = height, text
    return code


def _middle(word: Word) -> float:
    return (word.box[1] + word.box[3]) / 2


def _height(word: Word) -> float:
    return word.box[3] - word.box[1]


def folded(text: str) -> str:
    """With O and 0 as one."""
    return text.replace("O", "0")


@contextmanager
def reader(
    engine: str, weights: Path | None, chosen: Callable[[Iterable[Word]], str]
) -> Iterator[Callable[[Path], str]]:
    """What reads the code of a picture; of ocr-doc's words those that `chosen` says."""
    if engine == "tesseract":
        yield _tesseract
    elif engine == "rapidocr":
        peer = RapidOcr()
        yield lambda path: "".join(peer.read_crop(path).text.split())
    else:
        with OCRPipeline(serial="always", fields=False, weights=weights) as ocr:
            yield lambda path: chosen(word for page in ocr(path).pages for word in page.words)


def _tesseract(path: Path) -> str:
    # As one line: as one word, which `evaluation.peers` asks it for, it reads 0.010 of the codes instead of 0.136.
    done = subprocess.run(
        ["tesseract", str(path), "-", "--psm", "7"], capture_output=True, encoding="utf-8", check=True
    )
    return "".join(done.stdout.split())


def main() -> None:
    """Reads the pictures of a list and prints the shares that are right."""
    parser = argparse.ArgumentParser(description="How well codes are read.")
    parser.add_argument("what", choices=("codes", "plates"))
    parser.add_argument("list", type=Path)
    parser.add_argument("count", type=int, nargs="?", help="so many from the first on (all)")
    parser.add_argument("--engine", choices=("ocr-doc", "tesseract", "rapidocr"), default="ocr-doc")
    parser.add_argument("--weights", type=Path, help="folder of weights (those that ship)")
    args = parser.parse_args()
    if args.what == "plates" and args.engine != "ocr-doc":
        parser.error("a peer's words have no heights to tell the tallest row by")
    lines = args.list.read_text(encoding="utf-8").splitlines()[: args.count]
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    with reader(args.engine, args.weights, {"codes": codes, "plates": plates}[args.what]) as read_code:
        for name, truth, *look in (line.split("\t") for line in lines):
            read = read_code(args.list.with_suffix("") / name)
            for group in ("all", *look):
                right[group].append((read == truth, folded(read) == folded(truth)))
    for group, results in right.items():
        exact, alike = (sum(each) / len(results) for each in zip(*results, strict=True))
        print(f"{group}: {len(results)}, exact {exact:.3f}, O and 0 folded {alike:.3f}")


if __name__ == "__main__":
    main()
