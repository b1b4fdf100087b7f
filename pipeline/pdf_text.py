"""Whether a page's text layer can be believed, and what of the page has to be read all the same.

A layer says what its maker wrote down, which need not be what the page shows: OCR programs lay guesses, unseen, over
their scans; fonts come without a Unicode map, or with a wrong one. So a word counts only if it can be seen; and of each
font a few words are read from the page: a font whose words say something else than what is seen is not believed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box, quad_box
from ocr_doc.recognizer.reader import Reading
from ocr_doc.text_layer import LayerWord, PdfText, TextLayer

# Reads words where they stand.
ReadWords = Callable[[Sequence[LayerWord]], Sequence[Reading]]

# Grey levels between ink and paper below which nothing is to be seen.
LEAST_CONTRAST = 12
# Words of each font that are read to check it, and fonts that are checked: those with the most text.
SAMPLE, MOST_FONTS = 4, 12
# A font whose words agree with what is seen by less than this is not believed...
AGREEMENT = 0.5
# ...if the reader is as sure as this of what it sees: of ornate or tiny print it is not.
SURE = 0.5
# With a larger share of its characters unreadable the layer is of no use: its spaces are not to be trusted either.
MOST_BROKEN = 0.3
# More pictures than this are looked at as one.
MOST_PICTURES = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of a page comes from its text layer.

    Attributes:
        words: Those that are believed.
        doubtful: Seen, but of a font that is not believed: to be read where they stand.
        regions: Boxes in pixels in which there may be text that no word of the layer stands for.
        warning: What the user should know; empty for nothing.
    """

    words: tuple[LayerWord, ...] = ()
    doubtful: tuple[LayerWord, ...] = ()
    regions: tuple[Box, ...] = ()
    warning: str = ""


def judge(layer: TextLayer, grey: NDArray[np.uint8], mode: PdfText, read: ReadWords) -> Verdict:
    """Decides what of a page's layer is used.

    Args:
        layer: The page's.
        grey: (H, W) uint8, the page as drawn.
        mode: "use" takes all that the layer says, seen or unseen, and reads nothing; "auto" checks it first.
        read: Reads words of the layer from the page; called at most once, with a sample.

    Returns:
        The verdict; no word and a region of the whole page where the layer is of no use.
    """
    if mode == "use":
        return Verdict(layer.words)
    height, width = grey.shape
    whole: tuple[Box, ...] = ((0.0, 0.0, float(width), float(height)),)
    seen = [word for word in layer.words if word.visible and _shows(grey, quad_box(word.quad))]
    if not seen:
        return Verdict(regions=whole)
    broken = _broken_fonts(seen, read)
    doubtful = tuple(word for word in seen if not word.mapped or word.font in broken)
    share = _length(doubtful) / _length(seen)
    if share > MOST_BROKEN:
        return Verdict(
            regions=whole, warning="its text layer does not say what the page shows, so the page was read instead."
        )
    words = tuple(word for word in seen if word.mapped and word.font not in broken)
    pictures = [box for box in layer.pictures if _shows(grey, box)]
    return Verdict(words, doubtful, tuple(_joined(pictures)))


def covered(quads: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which quads, (N, 4, 2), have their middle or half their area within one of the boxes, (M, 4)."""
    if not len(quads) or not len(boxes):
        return np.zeros(len(quads), dtype=bool)
    low, high = quads.min(axis=1)[:, None], quads.max(axis=1)[:, None]
    common = np.minimum(high, boxes[None, :, 2:]) - np.maximum(low, boxes[None, :, :2])
    area = np.clip(common, 0, None).prod(axis=2)
    middle = quads.mean(axis=1)[:, None]
    inside = ((middle >= boxes[None, :, :2]) & (middle <= boxes[None, :, 2:])).all(axis=2)
    # A long word found over several of the layer's is covered by all of them together.
    return np.asarray(inside.any(axis=1) | (area.sum(axis=1) >= 0.5 * (high - low)[:, 0].prod(axis=1)))


def _shows(grey: NDArray[np.uint8], box: Box) -> bool:
    """Whether there is anything but plain paper within a box."""
    height, width = grey.shape
    x0, y0 = int(min(max(box[0], 0), width - 1)), int(min(max(box[1], 0), height - 1))
    x1, y1 = int(min(max(np.ceil(box[2]), x0 + 1), width)), int(min(max(np.ceil(box[3]), y0 + 1), height))
    part = grey[y0:y1, x0:x1]
    return int(part.max()) - int(part.min()) >= LEAST_CONTRAST


def _broken_fonts(words: Sequence[LayerWord], read: ReadWords) -> set[int]:
    """The fonts whose words say something else than what is seen."""
    samples = _samples(words)
    asked = [word for sample in samples.values() for word in sample]
    if not asked:
        return set()
    readings = dict(zip(map(id, asked), read(asked), strict=True))
    broken = set()
    for font, sample in samples.items():
        sure = np.array([readings[id(word)].confidence for word in sample])
        alike = np.array([_likeness(word.text, readings[id(word)].text) for word in sample])
        if sure.mean() >= SURE and (sure * alike).sum() < AGREEMENT * sure.sum():
            broken.add(font)
    return broken


def _samples(words: Sequence[LayerWord]) -> dict[int, list[LayerWord]]:
    """A few words of each font by which it can be checked: long ones, of an alphabet that the reader knows."""
    of_font: dict[int, list[LayerWord]] = {}
    for word in words:
        if word.mapped and len(set(_folded(word.text))) >= 3 and all(_latin(c) for c in word.text):
            of_font.setdefault(word.font, []).append(word)
    fonts = sorted(of_font, key=lambda font: (-_length(of_font[font]), font))[:MOST_FONTS]
    # Of middle length: the longest words are web addresses and account numbers.
    return {font: sorted(of_font[font], key=lambda w: (abs(len(w.text) - 8), w.quad))[:SAMPLE] for font in fonts}


def _latin(character: str) -> bool:
    """Whether our reader's alphabet may have a character: others say nothing about their font."""
    return ord(character) < 0x250 or 0x2000 <= ord(character) < 0x2200


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum()) or text


def _likeness(a: str, b: str) -> float:
    """In [0, 1]: 1 for texts that are the same but for case, accents and signs."""
    return SequenceMatcher(None, _folded(a), _folded(b), autojunk=False).ratio()


def _length(words: Iterable[LayerWord]) -> int:
    return sum(len(word.text) for word in words)


def _joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes without overlap: those that meet become one, as the strips that scanners cut their pictures into."""
    joined: list[Box] = []
    for box in boxes:
        merged = box
        while True:
            meeting = [other for other in joined if _meet(merged, other)]
            if not meeting:
                break
            joined = [other for other in joined if other not in meeting]
            xs, ys, us, vs = zip(merged, *meeting, strict=True)
            merged = min(xs), min(ys), max(us), max(vs)
        joined.append(merged)
    if len(joined) > MOST_PICTURES:
        xs, ys, us, vs = zip(*joined, strict=True)
        return [(min(xs), min(ys), max(us), max(vs))]
    return joined


def _meet(a: Box, b: Box) -> bool:
    """Whether two boxes overlap or all but touch."""
    return a[0] <= b[2] + 2 and b[0] <= a[2] + 2 and a[1] <= b[3] + 2 and b[1] <= a[3] + 2
