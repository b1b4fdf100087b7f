"""Measures how much print is read whose ground has a colour of its own: `python docs/colour_figures.py`.

Cards of six words, ink and ground in two colours of chance; those apart in which both are nearly as light.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline

CARDS = 60
WORDS = (
    *("invoice", "total", "amount", "2024", "receipt", "customer"),
    *("number", "payment", "balance", "discount", "street", "4711"),
)
# Least distance of the two colours, of 442 between black and white; lightness that differs less is faint, of 255.
APART, FAINT = 90, 40
LIGHTNESS = (0.299, 0.587, 0.114)


def main() -> None:
    """Draws the cards, reads them, and prints the shares of words that come out exactly."""
    rng = np.random.default_rng(2)
    font = ImageFont.load_default(size=34)
    right: dict[str, list[bool]] = {"all": [], "faint in grey": []}
    with OCRPipeline(fields=False) as ocr:
        for _ in range(CARDS):
            ink, ground = rng.uniform(0, 255, (2, 3))
            while np.linalg.norm(ink - ground) < APART:
                ink, ground = rng.uniform(0, 255, (2, 3))
            card = Image.new("RGB", (900, 300), tuple(ground.astype(int)))
            words = [WORDS[i] for i in rng.permutation(len(WORDS))[:6]]
            for place, word in enumerate(words):
                corner = 40 + 300 * (place % 3), 60 + 100 * (place // 3)
                ImageDraw.Draw(card).text(corner, word, fill=tuple(ink.astype(int)), font=font)
            [page] = ocr(np.asarray(card)).pages
            read = {word.text for word in page.words}
            kinds = right if abs((ink - ground) @ LIGHTNESS) < FAINT else ["all"]
            for kind in kinds:
                right[kind] += [word in read for word in words]
    for kind, results in right.items():
        print(f"{kind}: {len(results)} words, {np.mean(results):.3f} read exactly")


if __name__ == "__main__":
    main()
