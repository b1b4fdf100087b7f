"""PDFium's view of a page, to a text layer: which words stand where, and where there are pictures.

PDFium gives characters in the order of the file, each with an origin, a matrix and a box, and it puts in the spaces
that a gap means. All calls here need PDFium's lock, which the caller holds. Imported only once a PDF is read.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

from ocr_doc.core.geometry import Box, quad_box, transform_quads
from ocr_doc.glyphs import UNKNOWN, Glyph, words_of
from ocr_doc.text_layer import LayerWord, TextLayer

Floats: TypeAlias = NDArray[np.float64]
Handle: TypeAlias = Any  # pointers and structures of PDFium, which ctypes does not type

# How far a word reaches below and above its baseline, in ems, at most: about its ink. What fonts state of themselves
# ranges from nothing to several lines.
LOW, HIGH = -0.22, 0.8
# Less than this from bottom to top, in ems, is a font that states nothing.
LEAST_HEIGHT = 0.4
# Pictures lower or narrower than this, in points, show no text.
LEAST_PICTURE = 6.0
# A drawing of fewer curves is a frame or an ornament and no text.
LEAST_CURVES = 24
_INVISIBLE_MODES = (3, 7)  # neither filled nor stroked; for clipping only
_LINE_END_HYPHEN = 2  # PDFium's code for it
# A soft hyphen that is drawn is a hyphen; characters without width say nothing, and part no word either.
_NOTHING = {"\u00ad": "-", **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "\u200b")}
_DEPTH = 15  # of forms within forms; PDFium itself goes no deeper


@dataclass(frozen=True, slots=True)
class _Text:
    """A text object of a page: its number in the order of drawing, its font, and whether it shows."""

    number: int
    font: int
    visible: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    """An image or a drawing of curves.

    Attributes:
        box: In pixels of the page; may reach beyond it.
        number: Its place in the order of drawing.
        covers: Whether nothing drawn before it shows through.
        curves: How many a drawing has; None for an image.
    """

    box: Box
    number: int
    covers: bool
    curves: int | None = None


def read_layer(page: pypdfium2.PdfPage, width: int, height: int) -> TextLayer:
    """Reads the text layer of a page.

    Args:
        page: An open page; annotations count only once they are flattened into it.
        width: Pixels across that the page is drawn with.
        height: Pixels down.

    Raises:
        PdfiumError: If PDFium cannot read the page's text.
    """
    matrix = _page_matrix(page, width, height)
    texts, pictures = _objects(page, matrix)
    with contextlib.closing(page.get_textpage()) as textpage:
        words = words_of(_glyphs(textpage, texts, matrix), width, height)
    covers = [picture for picture in pictures if picture.covers]
    words = tuple(replace(word, visible=word.visible and not _covered(word, covers)) for word in words)
    least = LEAST_PICTURE * float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    shown = (_shown(picture.box, width, height) for picture in _with_letters(pictures))
    return TextLayer(words, tuple(box for box in shown if min(box[2] - box[0], box[3] - box[1]) >= least))


def _page_matrix(page: pypdfium2.PdfPage, width: int, height: int) -> Floats:
    """From the page's own units, y up, to pixels of its drawing: (2, 3)."""
    left, bottom, right, top = page.get_bbox()
    w, h = right - left, top - bottom
    # To [0, 1] across and down, for each clockwise turn that the page asks for.
    unit = {
        0: ((1 / w, 0, -left / w), (0, -1 / h, top / h)),
        90: ((0, 1 / h, -bottom / h), (1 / w, 0, -left / w)),
        180: ((-1 / w, 0, right / w), (0, 1 / h, -bottom / h)),
        270: ((0, -1 / h, top / h), (-1 / w, 0, right / w)),
    }[page.get_rotation()]
    return np.array(unit) * np.array([[width], [height]], dtype=np.float64)


def _objects(page: pypdfium2.PdfPage, matrix: Floats) -> tuple[dict[int, _Text], list[_Picture]]:
    """The text objects by address and the pictures of a page, those of nested forms too."""
    texts: dict[int, _Text] = {}
    pictures: list[_Picture] = []
    fonts: dict[int | None, int] = {}
    for number, (item, kind, place) in enumerate(_walk(page, matrix)):
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            font = fonts.setdefault(_address(raw.FPDFTextObj_GetFont(item)), len(fonts))
            visible = raw.FPDFTextObj_GetTextRenderMode(item) not in _INVISIBLE_MODES and _opacity(item) > 0
            texts[_address(item) or 0] = _Text(number, font, visible)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) @ _own_matrix(item)[:, :2].T + _own_matrix(item)[:, 2]
            covers = not raw.FPDFPageObj_HasTransparency(item)
            pictures.append(_Picture(_bounds(square, place), number, covers))
        elif kind == raw.FPDF_PAGEOBJ_PATH and (curves := _curves(item)):
            sides = [ctypes.c_float() for _ in range(4)]
            if raw.FPDFPageObj_GetBounds(item, *sides):
                x0, y0, x1, y1 = (side.value for side in sides)
                corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
                pictures.append(_Picture(_bounds(corners, place), number, False, curves))
    return texts, pictures


def _walk(page: pypdfium2.PdfPage, matrix: Floats) -> Iterator[tuple[Handle, int, Floats]]:
    """Each object in the order of drawing, its kind, and the matrix (2, 3) from its surroundings to pixels."""

    def walk(
        holder: Handle, count: Handle, get: Handle, place: Floats, depth: int
    ) -> Iterator[tuple[Handle, int, Floats]]:
        for index in range(max(0, count(holder))):
            item = get(holder, index)
            kind = raw.FPDFPageObj_GetType(item) if item else raw.FPDF_PAGEOBJ_UNKNOWN
            yield item, kind, place
            if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEPTH:
                inner = _chained(place, _own_matrix(item))
                yield from walk(item, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, inner, depth + 1)

    return walk(page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, matrix, 1)


def _glyphs(textpage: pypdfium2.PdfTextPage, texts: dict[int, _Text], matrix: Floats) -> Iterator[Glyph]:
    """The characters in the order of the file; those that PDFium put in are spaces."""
    handle = textpage.raw
    own, box, x, y = raw.FS_MATRIX(), raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    nowhere = Glyph("", (0.0, 0.0), (1.0, 0.0), (0.0, -1.0), 0.0, 1.0, 0.0, 0.0)
    for index in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(handle, index)
        text = _text(code, raw.FPDFText_HasUnicodeMapError(handle, index) == 1)
        if not text or (raw.FPDFText_IsGenerated(handle, index) == 1 and code != _LINE_END_HYPHEN):
            yield nowhere
            continue
        placed = raw.FPDFText_GetMatrix(handle, index, own) and raw.FPDFText_GetLooseCharBox(handle, index, box)
        if not placed or not raw.FPDFText_GetCharOrigin(handle, index, x, y):
            continue
        text_object = texts.get(_address(raw.FPDFText_GetTextObject(handle, index)) or 0, _Text(-1, -1, True))
        size = raw.FPDFText_GetFontSize(handle, index)
        glyph = _glyph(text, (own.a, own.b, own.c, own.d), size, (x.value, y.value), box, matrix, text_object)
        if glyph is not None:
            yield glyph


def _glyph(
    text: str,
    own: tuple[float, float, float, float],
    size: float,
    origin: tuple[float, float],
    box: Handle,
    matrix: Floats,
    owner: _Text,
) -> Glyph | None:
    """A character in pixels; None where its matrix gives it no size."""
    (m00, m01, m02), (m10, m11, m12) = matrix.tolist()

    def turned(dx: float, dy: float) -> tuple[float, float]:
        return m00 * dx + m01 * dy, m10 * dx + m11 * dy

    a, b, c, d = own
    (ax, ay), (ux, uy) = turned(a, b), turned(c, d)
    reach, tall = (ax * ax + ay * ay) ** 0.5, (ux * ux + uy * uy) ** 0.5
    em = abs(size) * tall
    if not (reach > 0 and 0.01 < em < 1e6):
        return None
    ax, ay, ux, uy = ax / reach, ay / reach, ux / tall, uy / tall
    x, y = origin
    # The box is the upright one around the character's own, whose middle it shares; so its sides follow at any angle.
    mx, my = turned((box.left + box.right) / 2 - x, (box.bottom + box.top) / 2 - y)
    bw, bh = (abs(side) for side in turned(box.right - box.left, box.top - box.bottom))
    advance = 2 * abs(mx * ax + my * ay)
    middle = mx * ux + my * uy
    across = (bw - advance * abs(ax)) / abs(ay) if abs(ay) > abs(ax) else (bh - advance * abs(ay)) / abs(ax)
    low, high = max(middle - across / 2, LOW * em), min(middle + across / 2, HIGH * em)
    if high - low < LEAST_HEIGHT * em:
        low, high = LOW * em, HIGH * em
    page = m00 * x + m01 * y + m02, m10 * x + m11 * y + m12
    return Glyph(text, page, (ax, ay), (ux, uy), advance, em, low, high, owner.number, owner.font, owner.visible)


def _text(code: int, unmapped: bool) -> str:
    """What a code of PDFium's says: a character, `UNKNOWN`, or nothing for a space."""
    if code == _LINE_END_HYPHEN:
        return "-"
    # Surrogates and private codes name a glyph to their font's maker and to nobody else.
    private = 0xD800 <= code <= 0xF8FF or code >= 0xF0000
    if unmapped or private or code in (0, 0xFFFD, 0xFFFE, 0xFFFF):
        return UNKNOWN
    character = chr(code)
    if character in _NOTHING or character.isspace():
        return _NOTHING.get(character, "")
    return character if character.isprintable() else UNKNOWN


def _own_matrix(item: Handle) -> Floats:
    """An object's matrix, (2, 3)."""
    m = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(item, m):
        return np.eye(2, 3)
    return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f]])


def _chained(outer: Floats, inner: Floats) -> Floats:
    """The matrix (2, 3) that does `inner` first and `outer` then."""
    return np.asarray(outer[:, :2] @ inner + np.array([[0, 0, 1]]) * outer[:, 2:])


def _bounds(corners: Floats, place: Floats) -> Box:
    x0, y0 = transform_quads(corners, place).min(axis=0).tolist()
    x1, y1 = transform_quads(corners, place).max(axis=0).tolist()
    return x0, y0, x1, y1


def _curves(path: Handle) -> int:
    """How many curves a path has."""
    segments = (raw.FPDFPath_GetPathSegment(path, i) for i in range(raw.FPDFPath_CountSegments(path)))
    return sum(raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_BEZIERTO for segment in segments)


def _opacity(item: Handle) -> int:
    """Of a text's fill, 0 to 255."""
    colour = [ctypes.c_uint() for _ in range(4)]
    return int(colour[3].value) if raw.FPDFPageObj_GetFillColor(item, *colour) else 255


def _address(pointer: Handle) -> int | None:
    return ctypes.cast(pointer, ctypes.c_void_p).value if pointer else None


def _covered(word: LayerWord, covers: list[_Picture]) -> bool:
    """Whether an image was drawn over a word afterwards: OCR programs hide their text so, too."""
    x0, y0, x1, y1 = quad_box(word.quad)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return any(
        word.owner < cover.number and cover.box[0] <= x <= cover.box[2] and cover.box[1] <= y <= cover.box[3]
        for cover in covers
    )


def _with_letters(pictures: list[_Picture]) -> Iterator[_Picture]:
    """Images, and drawings where there are curves enough for letters."""
    total = sum(picture.curves or 0 for picture in pictures)
    return (picture for picture in pictures if picture.curves is None or total >= LEAST_CURVES)


def _shown(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies on the page."""
    x0, y0, x1, y1 = box
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
