"""Random codes in ten industrial looks that training never draws: a set to measure readers of serial codes on.

    python -m ocr_doc.evaluation.rendered_codes FOLDER --fonts A.ttf B.ttf --count 2000

writes FOLDER/*.png and FOLDER.tsv, a line `image<TAB>code<TAB>look` each. Half of the signs are ones that people and
machines confuse. Where a face draws two of them alike nobody can tell them apart, so a plant takes another face: fonts
in which a pair differs by less than `LEAST` are left out, and a line says so. Give fonts that training does not use.
"""

from __future__ import annotations

import argparse
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.float32]
Rng = np.random.Generator
LOOK_ALIKES = "0O1Il5S8B2Z"
CAP = 44
"""Pixels from the top of a capital to its foot, as codes are drawn; pictures are up to half that size."""
PAIRS = ("0O", "1I", "1l", "Il", "5S", "8B", "2Z")
LEAST = 0.25
"""Ink in which the two of a pair differ, relative to the ink of one, from which they count as different to a reader."""
# What of a shape is left to see at the size and sharpness of the pictures: a blur of so much of a capital's height.
_SEEN = 1 / 32


@dataclass(frozen=True, slots=True)
class RenderedCode:
    """A picture (h, w) uint8 of one code, what it says, and the look it is in."""

    pixels: NDArray[np.uint8]
    text: str
    look: str


def _noise(rng: Rng, shape: tuple[int, ...], cell: float, along: float = 1.0) -> Mask:
    size = max(2, int(shape[0] / cell) + 1), max(2, int(shape[1] / (cell * along)) + 1)
    small = rng.random(size, dtype=np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _grid(shape: tuple[int, ...]) -> tuple[Mask, Mask]:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return y, x


def _chalk(rng: Rng, mask: Mask) -> Mask:
    slate = 0.18 + 0.1 * _noise(rng, mask.shape, 25)
    return np.asarray(slate + mask * np.clip(_noise(rng, mask.shape, 1.3) * 1.4, 0.15, 1) * 0.6, dtype=np.float32)


def _branded(rng: Rng, mask: Mask) -> Mask:
    y, x = _grid(mask.shape)
    rings = np.sin((y + 14 * _noise(rng, mask.shape, 40, 5)) * 0.55) * 0.07
    burn = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.2)) * 0.35 + mask * 0.25
    return np.asarray(0.72 + rings + 0.00005 * x - burn, dtype=np.float32)


def _cardboard(rng: Rng, mask: Mask) -> Mask:
    _, x = _grid(mask.shape)
    flutes = np.sin(x * 2 * np.pi / rng.uniform(9, 14))
    press = np.clip(1.0 + 0.35 * flutes, 0.3, 1)
    return np.asarray(0.62 + 0.05 * flutes + 0.08 * (_noise(rng, mask.shape, 1.5) - 0.5) - 0.38 * mask * press)


def _halftone(rng: Rng, mask: Mask) -> Mask:
    y, x = _grid(mask.shape)
    pitch = rng.uniform(3.6, 4.6)
    screen = np.cos((x + y) * np.pi / pitch) * np.cos((x - y) * np.pi / pitch) * 0.5 + 0.5
    tone = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8)) * 0.75
    return np.asarray(0.93 - 0.75 * (screen < tone), dtype=np.float32)


def _hatched(rng: Rng, mask: Mask) -> Mask:
    y, x = _grid(mask.shape)
    metal = 0.55 + 0.14 * (_noise(rng, mask.shape, 1.0, 40) - 0.5)
    lines = (np.sin((x + y) * 2 * np.pi / rng.uniform(3.5, 5)) > -0.3).astype(np.float32)
    return np.asarray(metal - 0.33 * mask * lines, dtype=np.float32)


def _rusty(rng: Rng, mask: Mask) -> Mask:
    flakes = np.clip((_noise(rng, mask.shape, 6) - 0.25) * 6, 0, 1)
    rust = 0.35 + 0.25 * _noise(rng, mask.shape, 9)
    return np.asarray(rust + mask * flakes * (0.85 - rust), dtype=np.float32)


def _bottle(rng: Rng, mask: Mask) -> Mask:
    """Round a cylinder: narrower and darker towards both ends."""
    h, w = mask.shape
    angle = np.linspace(-0.85, 0.85, w, dtype=np.float32)
    source = (np.sin(angle) / np.sin(0.85) * 0.5 + 0.5) * (w - 1)
    bend = np.cos(angle) * 4
    y, _ = _grid(mask.shape)
    map_x = np.repeat(source[None].astype(np.float32), h, axis=0)
    wound = np.asarray(cv2.remap(mask, map_x, y + bend[None].astype(np.float32) - 2, cv2.INTER_LINEAR))
    light = np.cos(angle * 1.1)[None] * 0.75 + 0.1
    return np.asarray(light * (1 - 0.7 * wound), dtype=np.float32)


def _embroidered(rng: Rng, mask: Mask) -> Mask:
    y, x = _grid(mask.shape)
    thread = 0.5 + 0.5 * np.sin((2 * x + y) * 2 * np.pi / 7)
    weave = 0.06 * np.sin(x * 2 * np.pi / 4) * np.sin(y * 2 * np.pi / 4)
    return np.asarray(0.25 + weave + mask * (0.35 + 0.3 * thread), dtype=np.float32)


def _ghosted(rng: Rng, mask: Mask) -> Mask:
    """Printed twice, a little apart, as on a film that slipped."""
    ghost = np.roll(mask, (int(rng.integers(2, 4)), int(rng.integers(3, 6))), axis=(0, 1))
    return np.asarray(0.85 - 0.6 * mask - 0.2 * ghost * (1 - mask) + 0.03 * _noise(rng, mask.shape, 30))


def _glass(rng: Rng, mask: Mask) -> Mask:
    """Etched into glass: milky strokes, streaks of light, something dark behind."""
    y, x = _grid(mask.shape)
    behind = 0.2 + 0.2 * _noise(rng, mask.shape, 30)
    streak = np.exp(-(((x - 0.7 * y - rng.uniform(0, mask.shape[1])) / 12) ** 2)) * 0.35
    return np.asarray(behind + np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0)) * 0.32 + streak, dtype=np.float32)


LOOKS: dict[str, Callable[[Rng, Mask], Mask]] = {
    "chalk": _chalk, "branded": _branded, "cardboard": _cardboard, "halftone": _halftone, "hatched": _hatched,
    "rusty": _rusty, "bottle": _bottle, "embroidered": _embroidered, "ghosted": _ghosted, "glass": _glass,
}  # fmt: skip


def difference(font: Path, pair: str) -> float:
    """How much of their ink two characters of a font do not share where they stand in a row, from 0 to 2.

    Both are drawn on one base line, blurred a little, and moved over one another to where they differ least.
    """
    first, second = (_alone(_scaled(font), c) for c in pair)
    least = min(float(np.abs(first - np.roll(second, shift, axis=1)).sum()) for shift in range(-4, 5))
    return least / max(float(first.sum()), float(second.sum()), 1.0)


def telling_fonts(fonts: Sequence[Path]) -> list[Path]:
    """Those fonts in which the characters of each of `PAIRS` differ by at least `LEAST`."""
    return [font for font in fonts if min(difference(font, pair) for pair in PAIRS) >= LEAST]


def _scaled(path: Path) -> ImageFont.FreeTypeFont:
    """A font whose capitals are `CAP` pixels high."""
    font = ImageFont.truetype(str(path), CAP)
    return font.font_variant(size=CAP * CAP / -font.getbbox("H", anchor="ls")[1])


def _alone(font: ImageFont.FreeTypeFont, text: str) -> Mask:
    image = Image.new("L", (4 * CAP, 3 * CAP))
    left, _, right, _ = font.getbbox(text, anchor="ls")
    ImageDraw.Draw(image).text((2 * CAP - (left + right) / 2, 2 * CAP), text, fill=255, font=font, anchor="ls")
    pixels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), CAP * _SEEN), dtype=np.float32)


def rendered_codes(fonts: Sequence[Path], count: int, seed: int = 1) -> Iterator[RenderedCode]:
    """Codes of six to ten signs, looks and fonts in turn.

    Args:
        fonts: Files of fonts.
        count: How many.
        seed: Of chance.
    """
    names = list(LOOKS)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        font = _scaled(fonts[number // len(names) % len(fonts)])
        text, look = _code(rng), names[number % len(names)]
        yield RenderedCode(_seen(rng, LOOKS[look](rng, _drawn(rng, font, text))), text, look)


def _code(rng: Rng) -> str:
    every = string.ascii_uppercase + string.digits
    signs = [LOOK_ALIKES if rng.random() < 0.5 else every for _ in range(int(rng.integers(6, 11)))]
    return "".join(s[int(rng.integers(len(s)))] for s in signs)


def _drawn(rng: Rng, font: ImageFont.FreeTypeFont, text: str) -> Mask:
    gap = CAP * float(rng.uniform(0.04, 0.2))
    widths = [font.getlength(c) + gap for c in text]
    image = Image.new("L", (round(sum(widths) + 2.2 * CAP), round(CAP * 2.2)))
    draw, x = ImageDraw.Draw(image), 1.1 * CAP
    for c, width in zip(text, widths, strict=True):
        draw.text((x, CAP * 1.6), c, fill=255, font=font, anchor="ls")
        x += width
    return np.asarray(np.asarray(image, dtype=np.float32) / np.float32(255))


def _seen(rng: Rng, picture: Mask) -> NDArray[np.uint8]:
    """A camera's picture: a little turned, blurred, noisy, at half the size or more."""
    h, w = picture.shape
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), float(rng.normal(0, 0.8)), 1.0)
    picture = np.asarray(cv2.warpAffine(picture, turn, (w, h), borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)
    scale = float(rng.uniform(0.5, 1.0))
    size = round(w * scale), round(h * scale)
    picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 0.9))), dtype=np.float32)
    picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * 0.02
    return np.asarray(np.clip(picture, 0, 1) * 255, dtype=np.uint8)


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the set; returns the exit code."""
    parser = argparse.ArgumentParser(description="Renders random codes in ten industrial looks.")
    parser.add_argument("folder", type=Path, help="folder for the pictures; FOLDER.tsv beside it lists them")
    parser.add_argument("--fonts", type=Path, nargs="+", required=True, help="font files")
    parser.add_argument("--count", type=int, default=2000, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    args = parser.parse_args(argv)
    fonts = telling_fonts(args.fonts)
    for font in sorted(set(args.fonts) - set(fonts)):
        sys.stderr.write(f"{font}: draws look-alikes too much alike; left out\n")
    if not fonts:
        parser.error("no font is left")
    args.folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, code in enumerate(rendered_codes(fonts, args.count, args.seed)):
        name = f"{number:05d}.png"
        Image.fromarray(code.pixels).save(args.folder / name)
        lines.append(f"{name}\t{code.text}\t{code.look}\n")
    args.folder.with_suffix(".tsv").write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
