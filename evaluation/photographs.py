"""Photographs of a set's pages, as a telephone takes them of a receipt on a table: a set to measure readers on.

    python -m ocr_doc.evaluation.photographs receipts.jsonl photos --split dev

writes photos/*.jpg and photos.jsonl, a set of the same texts. Each page lies on a rough table, a little curled and seen
at an angle, in light that comes from one side, half of them under the shadow of whoever takes the picture. Training has
no part in how they are drawn. With `--changes` only some of this happens, to see what each costs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_doc.core.errors import OcrDocError
from ocr_doc.evaluation.sets import Choice, read_names, read_set
from ocr_doc.page_image import InputOptions
from ocr_doc.sources import read_pages

Rng = np.random.Generator
Picture = NDArray[np.float32]
LONG_SIDE = 1500
"""Pixels of a page's longer side in its photograph, about; the table around it comes on top."""

CHANGES = ("curl", "angle", "light", "camera")
"""What happens to a page beside its size and the table: `camera` stands for its blur and its noise."""


def photograph(rng: Rng, page: NDArray[np.uint8], changes: Collection[str] = CHANGES) -> NDArray[np.uint8]:
    """A page, (h, w, 3) uint8 RGB and not empty, as a photograph, (H, W, 3) uint8 RGB; `changes` are of `CHANGES`."""
    factor = LONG_SIDE / max(page.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    page = np.asarray(cv2.resize(page, None, fx=factor, fy=factor, interpolation=how), np.uint8)
    if "curl" in changes:
        page = _curled(rng, page)
    height, width = page.shape[:2]
    shape = round(1.25 * height), round(1.35 * width)
    matrix = _view(rng, (height, width), shape, "angle" in changes)
    whole = np.dstack([page, np.full((height, width), 255, np.uint8)])
    warped = cv2.warpPerspective(whole, matrix, shape[::-1], flags=cv2.INTER_LINEAR)
    seen = np.multiply(warped, 1 / 255, dtype=np.float32)
    share = seen[..., 3:]
    picture = _table(rng, shape) * (1 - share) + seen[..., :3] * share
    if "light" in changes:
        picture = _lit(rng, picture)
    if "camera" in changes:
        picture = _taken(rng, picture)
    return np.asarray(np.clip(picture, 0, 1) * 255, dtype=np.uint8)


def _curled(rng: Rng, page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = page.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = np.sin(x / width * np.pi * rng.uniform(0.5, 1.5) + rng.uniform(0, 6))
    y += wave * np.float32(rng.uniform(0, 0.012) * height)
    return np.asarray(cv2.remap(page, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def _view(rng: Rng, page: tuple[int, int], shape: tuple[int, int], angle: bool) -> NDArray[np.float64]:
    """The projection (3, 3) of a page of a height and width into the middle of a picture, at an angle or straight."""
    (height, width), (rows, columns) = page, shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = np.add(corners, ((columns - width) / 2, (rows - height) / 2))
    if not angle:
        return np.asarray(cv2.getPerspectiveTransform(corners, moved.astype(np.float32)))
    moved += rng.uniform(-0.07, 0.07, (4, 2)) * (width, height)
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.normal(0, 5), 1)
    return np.asarray(turn @ cv2.getPerspectiveTransform(corners, moved.astype(np.float32)))


def _table(rng: Rng, shape: tuple[int, int]) -> Picture:
    """Something of one colour with a coarse and a fine grain."""
    rows, columns = shape
    coarse = rng.random((rows // 40 + 2, columns // 40 + 2, 3), dtype=np.float32)
    grain = np.asarray(cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)) * 0.6 + 0.7
    fine = rng.normal(0, 0.03, (rows, columns, 1))
    return np.asarray(np.clip(rng.uniform(0.15, 0.6, 3) * grain + fine, 0, 1), dtype=np.float32)


def _lit(rng: Rng, picture: Picture) -> Picture:
    """Warm light that falls unevenly, and in half of the pictures a shadow."""
    rows, columns = picture.shape[:2]
    light = rng.uniform(0.45, 1.0, (3, 3)).astype(np.float32)
    light = np.asarray(cv2.resize(light, (columns, rows), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    if rng.random() < 0.5:
        shadow = np.ones((rows, columns), np.float32)
        corners = (rng.uniform(-0.2, 1.2, (4, 2)) * (columns, rows)).astype(np.int32)
        cv2.fillPoly(shadow, [corners], 0.55)
        light *= np.asarray(cv2.GaussianBlur(shadow, (0, 0), 15))
    return np.asarray(picture * light[..., None] * np.array([1.0, 0.95, 0.88], np.float32), dtype=np.float32)


def _taken(rng: Rng, picture: Picture) -> Picture:
    """What the camera makes of it: not quite sharp, and with noise."""
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.1)), dtype=np.float32)
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(0.02)
    return picture


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the set; returns the exit code."""
    parser = argparse.ArgumentParser(description="Photographs the pages of a set.")
    parser.add_argument("set", type=Path, help="labelled pages, as ocr-doc-evaluate takes them")
    parser.add_argument("folder", type=Path, help="folder for the photographs; FOLDER.jsonl beside it lists them")
    parser.add_argument("--split", help="only pages whose split says so")
    parser.add_argument("--only", type=Path, metavar="LIST", help="only these pages, as for ocr-doc-evaluate")
    parser.add_argument("--count", type=int, help="at most so many pages")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    parser.add_argument(
        "--changes", nargs="*", choices=CHANGES, default=CHANGES, help="what happens to the pages (%(default)s)"
    )
    args = parser.parse_args(argv)
    try:
        only = read_names(args.only) if args.only else None
        samples = read_set(args.set, Choice(args.split, only, args.count, args.seed)).samples
        args.folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for number, sample in enumerate(samples):
            page = next(read_pages(sample.image, InputOptions())).pixels
            target = args.folder / f"{number:04d}.jpg"
            taken = photograph(np.random.default_rng((args.seed, number)), page, args.changes)
            Image.fromarray(taken).save(target, quality=70)
            lines.append(json.dumps({"image": f"{args.folder.name}/{target.name}", "text": sample.text}) + "\n")
    except OcrDocError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    args.folder.with_suffix(".jsonl").write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
