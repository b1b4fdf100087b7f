"""Crops as the network gets them: whole, or in pieces where they are very wide."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.crops import HEIGHT, PIXELS_PER_CHARACTER, NormalCrop, normalise

# The widest piece that the network gets, about 100 characters at height 32: a bound on shapes and memory.
PIECE = 2048
# What a piece sees beyond the steps that are kept of it, about two words: enough for the LSTM to know where it is.
CONTEXT = 128
# The widest crop in all; text of such an aspect (512:1) does not exist, so what is wider is squeezed into it.
WIDEST = 16384


@dataclass(frozen=True, slots=True)
class Piece:
    """What the network gets at once: a crop, or a part of a very wide one.

    Attributes:
        crop: Index of the crop.
        pixels: (HEIGHT, W) float32.
        keep: The columns of `pixels` whose time steps count, start and end; the rest is context.
        width: Columns of the whole crop without padding.
        last: Whether the crop ends with this piece.
    """

    crop: int
    pixels: NDArray[np.float32]
    keep: tuple[int, int]
    width: int
    last: bool = True


def bounded(crop: NDArray[np.uint8], characters: int) -> NormalCrop:
    """The crop as the network sees it, at most WIDEST columns of it; squeezed where it would be wider."""
    height, width = crop.shape[:2]
    if width * HEIGHT > WIDEST * height:
        size = (max(1, WIDEST * height // HEIGHT), height)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return normalise(crop, min(max(0, characters), WIDEST // PIXELS_PER_CHARACTER))


def cut_pieces(index: int, crop: NormalCrop) -> list[Piece]:
    """A crop whole, or if wider than a piece, pieces of equal width whose kept columns join without overlap."""
    padded = crop.pixels.shape[1]
    if padded <= PIECE:
        return [Piece(index, crop.pixels, (0, padded), crop.width)]
    pieces, done = [], 0
    while done < padded:
        # The last piece is moved back to end where the crop ends, so that it is as wide as the others.
        start = min(max(0, done - CONTEXT), padded - PIECE)
        last = start + PIECE == padded
        end = padded if last else start + PIECE - CONTEXT
        pixels = crop.pixels[:, start : start + PIECE]
        pieces.append(Piece(index, pixels, (done - start, end - start), crop.width, last))
        done = end
    return pieces
