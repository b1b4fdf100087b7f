"""Pictures of pages: small enough to be sent, and with the words boxed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.records import Page

# Longest side: letters of a page of A4 can still be read.
MAX_SIDE = 1600
_QUALITY = 82
_SURE = 0.5  # words less sure than this are drawn in the second colour
_BLUE, _ORANGE = (220, 120, 20), (0, 120, 230)  # in OpenCV's order


def page_picture(pixels: NDArray[np.uint8]) -> bytes:
    """A page, (H, W, 3) uint8 RGB, as a JPEG of at most MAX_SIDE pixels a side."""
    scale = min(1.0, MAX_SIDE / max(pixels.shape[:2]))
    if scale < 1.0:
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return _jpeg(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), dtype=np.uint8))


def boxed(picture: bytes, page: Page) -> bytes:
    """A page's picture with its words boxed; unsure ones in another colour."""
    pixels = cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    scale = pixels.shape[1] / page.width, pixels.shape[0] / page.height
    for word in page.words:
        corners = np.round(np.array(word.quad) * scale).astype(np.int32)
        cv2.polylines(pixels, [corners], True, _BLUE if word.confidence >= _SURE else _ORANGE, 1, cv2.LINE_AA)
    return _jpeg(np.asarray(pixels, dtype=np.uint8))


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
