"""Pages of sentences in the languages of Europe, as printed and scanned, to measure what each language is read to.

    pip install django polib
    python docs/language_pages.py pages
    python docs/language_figures.py pages.jsonl

The sentences are what the web framework Django says in each language, which no training draws: eight pages of twenty
lines a language, in common faces (Debian's fonts-dejavu, fonts-liberation, fonts-open-sans, fonts-lato and
fonts-crosextra-carlito).
Writes pages/*.png and pages.jsonl: one JSON object a page, with its language as `split`, its lines' boxes and texts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import django
import numpy as np
import polib
from PIL import Image, ImageDraw, ImageFont

LANGUAGES = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "sk", "sl", "hr", "hu", "ro", "sv", "da", "nb", "fi", "is",
    "et", "lv", "lt", "tr", "ca", "sq", "ga",
)  # fmt: skip
FACES = (
    "DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "LiberationSans-Regular", "LiberationSerif-Regular",
    "LiberationMono-Regular", "OpenSans-Regular", "Lato-Regular", "Carlito-Regular",
)  # fmt: skip
PAGES, LINES = 8, 20
WIDTH, MARGIN = 1100, 60
# Pixels of the em: the print of letters at about 100 to 200 dpi.
_SIZES = (15, 26)


def sentences(language: str) -> list[str]:
    """What Django says, without its placeholders, in an order of its own for each language."""
    found: set[str] = set()
    for path in sorted(Path(django.__path__[0]).rglob(f"locale/{language}/LC_MESSAGES/django.po")):
        for message in polib.pofile(str(path)):
            text = message.msgid if language == "en" else message.msgstr
            if 12 <= len(text) <= 90 and not set(text) & set("%{}<>\n\\"):
                found.add(" ".join(text.split()))
    texts = sorted(found)
    np.random.default_rng(1).shuffle(texts)
    return texts


def draw(
    rng: np.random.Generator, texts: Iterator[str], fonts: list[Path]
) -> tuple[Image.Image, list[dict[str, object]]]:
    """A page of one face and size, as a scanner sees it, and its lines."""
    size = int(rng.integers(*_SIZES))
    font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), size)
    step = int(size * rng.uniform(1.3, 1.8))
    image = Image.new("L", (WIDTH, 2 * MARGIN + LINES * step), 255)
    canvas, lines = ImageDraw.Draw(image), []
    for row in range(LINES):
        words, text = next(texts).split(), ""
        while words and font.getlength(f"{text} {words[0]}") < WIDTH - 2 * MARGIN:
            text = f"{text} {words.pop(0)}".strip()
        at = (MARGIN, MARGIN + row * step)
        canvas.text(at, text, fill=int(rng.integers(0, 70)), font=font)
        lines.append({"box": [float(v) for v in canvas.textbbox(at, text, font=font)], "text": text})
    pixels = cv2.GaussianBlur(np.asarray(image), (0, 0), float(rng.uniform(0.3, 0.8))).astype(np.float32)
    pixels += rng.normal(0, rng.uniform(0, 8), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), lines


def _forever(texts: list[str]) -> Iterator[str]:
    while True:
        yield from texts


def main() -> None:
    """Draws the pages."""
    parser = argparse.ArgumentParser(description="Pages of sentences in many languages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"), help="(%(default)s)")
    args = parser.parse_args()
    fonts = sorted(path for path in args.fonts.rglob("*.ttf") if path.stem in FACES)
    if len(fonts) < len(FACES):
        missing = ", ".join(sorted(set(FACES) - {path.stem for path in fonts}))
        parser.error(f"{args.fonts} lacks {missing}")
    args.folder.mkdir(parents=True, exist_ok=True)
    with args.folder.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
        for language in LANGUAGES:
            texts, rng = _forever(sentences(language)), np.random.default_rng(7)
            for number in range(PAGES):
                image, lines = draw(rng, texts, fonts)
                name = f"{language}_{number}.png"
                image.save(args.folder / name)
                page = {"image": f"{args.folder.name}/{name}", "split": language, "lines": lines}
                file.write(json.dumps(page, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
