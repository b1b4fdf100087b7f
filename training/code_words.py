"""Drawn codes as the recogniser sees them: whole rows in industrial looks, emblems among them left unread."""

from __future__ import annotations

import numpy as np

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.code_emblems import with_emblem
from ocr_doc.training.code_glyphs import draw_code
from ocr_doc.training.code_strips import Photo, photographed
from ocr_doc.training.code_text import random_code
from ocr_doc.training.faces import Face
from ocr_doc.training.words import WordSample

# Share of rows with an emblem, and of these with one between characters rather than at an end.
_EMBLEMS, _AMONG = 0.35, 0.5
# Share of emblems at an end that the detector's box takes in.
_TAKEN_IN = 0.4


def render_code(rng: np.random.Generator, faces: tuple[Face, ...], alphabet: Alphabet) -> tuple[WordSample, ...]:
    """Draws a random code and photographs it twice.

    Args:
        rng: Source of chance.
        faces: Faces to choose from.
        alphabet: What labels are made of.

    Returns:
        Crops as a detector cuts them; none, where the alphabet lacks a sign of the code.
    """
    code = draw_code(rng, random_code(rng), faces)
    if rng.random() < _EMBLEMS:
        code = with_emblem(rng, code, ends=1.0 - _AMONG)
    crops = [cut_word(rng, photo) for photo in photographed(rng, code, 2)]
    return tuple(crop for crop in crops if crop.text and crop.pixels.size and alphabet.covers(crop.text))


def cut_word(rng: np.random.Generator, photo: Photo) -> WordSample:
    """A photograph's row with margins as detectors leave them."""
    inked = [n for n, glyph in enumerate(photo.glyphs) if glyph.text.strip()]
    first, last = inked[0], inked[-1]
    if rng.random() < _TAKEN_IN:
        first, last = 0, len(photo.glyphs) - 1
    height = max(photo.bottom - photo.top, 4.0)
    left, right, above, below = rng.normal(0.08, 0.06, 4) * height
    h, w = photo.pixels.shape
    x0, x1 = photo.glyphs[first].left - left, photo.glyphs[last].right + right
    y0, y1 = photo.top - above, photo.bottom + below
    pixels = photo.pixels[max(0, round(y0)) : min(h, round(y1)), max(0, round(x0)) : min(w, round(x1))]
    return WordSample(np.ascontiguousarray(pixels), " ".join("".join(g.text for g in photo.glyphs).split()))
