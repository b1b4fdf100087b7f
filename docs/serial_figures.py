"""Measures how well codes are read, with `--serial always`.

    python docs/serial_figures.py codes LIST [N]     pictures of one code each, all that is read on them
    python docs/serial_figures.py plates LIST [N]    photographs of plates: the tallest row counts, letters and digits

`LIST` has a line `image<TAB>code` each, images in the folder of its name; N of them, from the first on. Rendered codes
come from `python -m ocr_doc.evaluation.rendered_codes`; a third column, the look, is told apart.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from ocr_doc import OCRPipeline, Word


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
    return text.upper().replace("O", "0")


def main() -> None:
    """Reads the pictures of a list and prints the shares that are right."""
    what, path, *rest = sys.argv[1:]
    read_as = {"codes": codes, "plates": plates}[what]
    lines = Path(path).read_text(encoding="utf-8").splitlines()[: int(rest[0]) if rest else None]
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    with OCRPipeline(serial="always", fields=False) as ocr:
        for name, truth, *look in (line.split("\t") for line in lines):
            [page] = ocr(Path(path).with_suffix("") / name).pages
            read = read_as(page.words)
            for group in ("all", *look):
                right[group].append((read == truth, folded(read) == folded(truth)))
    for group, results in right.items():
        exact, alike = (sum(each) / len(results) for each in zip(*results, strict=True))
        print(f"{group}: {len(results)}, exact {exact:.3f}, O and 0 folded {alike:.3f}")


if __name__ == "__main__":
    main()
