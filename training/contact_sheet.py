"""Drawn crops side by side with what they say, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr_doc.training.words import WordSample


def contact_sheet(samples: Sequence[WordSample], columns: int = 6) -> NDArray[np.uint8]:
    """Crops with their labels beneath, for looking at: (H, W) uint8."""
    cell_w, cell_h = 230, 64
    rows = -(-len(samples) // columns)
    sheet = Image.new("L", (columns * cell_w, rows * cell_h), 255)
    draw = ImageDraw.Draw(sheet)
    for n, sample in enumerate(samples):
        x, y = n % columns * cell_w, n // columns * cell_h
        h, w = sample.pixels.shape
        scale = min(36 / h, (cell_w - 6) / w)
        small = cv2.resize(sample.pixels, (max(1, int(w * scale)), max(1, int(h * scale))))
        sheet.paste(Image.fromarray(small), (x, y))
        draw.text((x, y + 40), sample.text, fill=0, font=_font_default())
    return np.asarray(sheet)


@lru_cache(maxsize=1)
def _font_default() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(13)
