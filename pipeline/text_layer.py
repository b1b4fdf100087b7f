"""A PDF page's own text: what it says and where, before anybody has judged it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ocr_doc.core.geometry import Box, Quad

PdfText = Literal["auto", "use", "ignore"]


@dataclass(frozen=True, slots=True)
class LayerWord:
    """One word of a text layer.

    Attributes:
        text: What the layer says; U+FFFD stands for characters that its font maps to none.
        quad: Corners in pixels of the page as drawn, clockwise from the text's own top left; within the page.
        characters: Text and quad of each character.
        font: Names the font within its page; what is wrong with one word's encoding is wrong with its font's others.
        owner: Numbers the object of the page that it is of, in the order of drawing.
        visible: Whether the page means to show it: False for the hidden text that OCR programs lay over their scans.
        mapped: Whether each of its characters has a Unicode value that text can have.
    """

    text: str
    quad: Quad
    characters: tuple[tuple[str, Quad], ...]
    font: int = 0
    owner: int = 0
    visible: bool = True
    mapped: bool = True


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The text of a page, and what else on it may be text.

    Attributes:
        words: In the order of the file.
        pictures: Boxes in pixels of images and drawings, within the page; they may show text that no word stands for.
    """

    words: tuple[LayerWord, ...] = ()
    pictures: tuple[Box, ...] = ()
