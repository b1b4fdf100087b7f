"""A contact sheet of what a classifier confuses with what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.character_crops import SIDE
from ocr_doc.training.characters_data import CharacterCrop

FILE = "confusions.png"
_ROWS, _COLUMNS, _ZOOM, _LABEL = 24, 12, 2, 150


def confusions(crops: Sequence[CharacterCrop], texts: Sequence[str]) -> dict[tuple[str, str], list[CharacterCrop]]:
    """Crops that were read wrongly, by what they are and what was read; the commonest confusion first."""
    found: dict[tuple[str, str], list[CharacterCrop]] = defaultdict(list)
    for crop, text in zip(crops, texts, strict=True):
        if crop.text != text:
            found[crop.text, text].append(crop)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def draw_confusions(crops: Sequence[CharacterCrop], texts: Sequence[str], path: Path) -> int:
    """Writes the sheet: a row for each confusion, with its count and some of its crops.

    Returns:
        How many crops were read wrongly.
    """
    found = confusions(crops, texts)
    side = SIDE * _ZOOM + 2
    rows: list[NDArray[np.uint8]] = []
    for (truth, read), some in list(found.items())[:_ROWS]:
        sheet = np.full((side, _LABEL + _COLUMNS * side), 255, np.uint8)
        label = f"{truth or 'none'} as {read or 'none'}: {len(some)}"
        cv2.putText(sheet, label, (4, side // 2 + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
        for k, crop in enumerate(some[:_COLUMNS]):
            x = _LABEL + k * side
            picture = cv2.resize(crop.pixels, (SIDE * _ZOOM, SIDE * _ZOOM), interpolation=cv2.INTER_NEAREST)
            sheet[1:-1, x + 1 : x + side - 1] = (picture * 255).astype(np.uint8)
        rows.append(sheet)
    if rows:
        path.write_bytes(cv2.imencode(".png", np.vstack(rows))[1].tobytes())
    return sum(map(len, found.values()))
