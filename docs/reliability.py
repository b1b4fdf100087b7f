"""Draws how often words of a confidence are right, from reports of ocr-doc-evaluate.

python docs/reliability.py docs/images/reliability.png "receipts=receipts.json" "books=books.json"
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

# Fewer words than this in a bin say little.
FEW = 20


def draw(target: Path, reports: dict[str, Path]) -> None:
    """One line for each report: the share of right words over the mean confidence of each bin."""
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="as it should be")
    for name, path in reports.items():
        score = json.loads(path.read_text(encoding="utf-8"))["engines"][0]
        bins = [(mean, right) for _, _, words, mean, right in score["reliability"] if words >= FEW]
        axes.plot(*zip(*bins, strict=True), marker="o", label=f"{name}, error {score['calibration_error']:.3f}")
    axes.set(xlabel="confidence", ylabel="share of words that are right", xlim=(0, 1), ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(target, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), {name: Path(path) for name, _, path in (a.partition("=") for a in sys.argv[2:])})
