"""The records of a result: Character < Word < Line < Block < Page < Document.

All are immutable and hold plain Python values, so that they travel between processes and into JSON as they are.
Text is derived from the ordered records only and never kept beside them. Coordinates: see `ocr_doc.core.geometry`.
Confidences lie in [0, 1].
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ocr_doc.core.field_records import Fields
from ocr_doc.core.files import write_whole
from ocr_doc.core.formats import find_format
from ocr_doc.core.geometry import Box, Quad, quad_box, union_box

WordSource = Literal["crnn", "characters", "pdf", "shape"]
BlockKind = Literal[
    "paragraph",
    "heading",
    "table",
    "side_note",
    "footnote",
    "header",
    "footer",
    "page_number",
    "vertical",
]
RowKind = Literal["text", "header", "item", "continuation", "total"]
ColumnKind = Literal["text", "number", "quantity", "unit_price", "amount"]
SCHEMA = "ocr-doc/1"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of a character and its probability."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a word.

    Attributes:
        quad: Where it stands, or None where only its text is known.
        alternatives: Other readings, most probable first; empty unless asked for.
    """

    text: str
    confidence: float
    quad: Quad | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class WordReading:
    """One of several readings of a word.

    Attributes:
        confidence: Probability in [0, 1] that the text is right as a whole.
        source: What read it.
        pattern: The pattern that it was made to fit; empty for a free reading.
        cost: Nats by which it is less probable than the free reading of the same source; 0 for a free one.
    """

    text: str
    confidence: float
    source: WordSource = "crnn"
    pattern: str = ""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """One word as read.

    Attributes:
        confidence: Probability in [0, 1] that the text is right as a whole.
        quad: Its corners on the page, clockwise from the text's own top left.
        characters: One record per character of `text`, or empty.
        source: What read it: the CRNN, the character classifier, the PDF's text layer, or its shape (a tick box).
        readings: All readings of a word that was read in more than one way, the one that counts among them.
        notes: What is to be known of it, a clause each: readings of different length, a pattern that nothing fits.
    """

    text: str
    confidence: float
    quad: Quad
    characters: tuple[Character, ...] = ()
    source: WordSource = "crnn"
    readings: tuple[WordReading, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence of {self.text!r} is {self.confidence}, not in [0, 1]")
        if self.characters and "".join(c.text for c in self.characters) != self.text:
            raise ValueError(f"characters of {self.text!r} do not spell it")

    @property
    def box(self) -> Box:
        """The upright box (x0, y0, x1, y1) around the quad."""
        return quad_box(self.quad)


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one line, in reading order; never empty."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        """The upright box (x0, y0, x1, y1) around all words."""
        return union_box(word.box for word in self.words)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, in reading order; never empty.

    Attributes:
        kind: What it is; "vertical" is text that runs another way than most of the page.
        level: 1 (largest) to 3 for a heading, 0 for all else.
    """

    lines: tuple[Line, ...]
    kind: BlockKind = "paragraph"
    level: int = 0

    @property
    def text(self) -> str:
        """The lines, one each."""
        return "\n".join(line.text for line in self.lines)

    @property
    def box(self) -> Box:
        """The upright box (x0, y0, x1, y1) around all lines."""
        return union_box(line.box for line in self.lines)


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that stand together in a row, set apart from the rest of it.

    Attributes:
        box: The upright box around the words; of a ruled table's cell, its rules.
        words: Left to right, line by line; empty for an empty cell of a ruled table.
        row: Its row, from 0: of the table, or of the page for a cell of `Page.rows`.
        column: Its column, from 0: of the table, or its place in the row where the row is in no table.
        row_span: How many rows it takes.
        column_span: How many columns it takes.
    """

    box: Box
    words: tuple[Word, ...]
    row: int = 0
    column: int = 0
    row_span: int = 1
    column_span: int = 1

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page as a bill is read: its cells from left to right; never empty.

    Attributes:
        kind: "item" has an amount, "continuation" goes on with the text of the item before it, "total" adds amounts up,
            "header" names columns; "text" is all else.
    """

    cells: tuple[Cell, ...]
    kind: RowKind = "text"

    @property
    def text(self) -> str:
        """The cells, joined by tabs."""
        return "\t".join(cell.text for cell in self.cells)

    @property
    def box(self) -> Box:
        """The upright box (x0, y0, x1, y1) around all cells."""
        return union_box(cell.box for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        box: The upright box around it.
        cells: Row by row, each row from left to right; no two lie over one another. Places without a cell are empty.
        columns: What each column holds.
        ruled: Whether its cells are those of printed rules; else the white between its columns tells them.
    """

    box: Box
    cells: tuple[Cell, ...]
    columns: tuple[ColumnKind, ...]
    ruled: bool = False

    @property
    def grid(self) -> tuple[tuple[str, ...], ...]:
        """The texts by row and column; a cell that spans several places has its text in the first."""
        rows = [[""] * len(self.columns) for _ in range(max((c.row + c.row_span for c in self.cells), default=0))]
        for cell in self.cells:
            rows[cell.row][cell.column] = cell.text
        return tuple(tuple(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        number: Its number in the file, from 1.
        width, height: Pixels of the page as given (EXIF rotation applied, PDF drawn at `dpi`).
        dpi: Resolution that the file states or that a PDF was drawn at; None where unknown.
        rotation: Degrees clockwise (0, 90, 180, 270) that the page was turned by to be read.
        skew: Degrees clockwise by which the text lines lean.
        warnings: What the user should know of this page, a sentence each.
        rows: All rows in reading order as cells: the label at the left and its amount at the right are of one row.
        tables: Ruled ones and others, in reading order. Their words stand in the blocks, too.
    """

    number: int
    width: int
    height: int
    blocks: tuple[Block, ...] = ()
    dpi: float | None = None
    rotation: int = 0
    skew: float = 0.0
    warnings: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in reading order."""
        return tuple(word for line in self.lines for word in line.words)

    @property
    def text(self) -> str:
        """The page's text: lines as they stand, a blank line between blocks."""
        return "\n\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What read a document: our version, the device, and the names of the networks."""

    version: str = ""
    device: str = ""
    detector: str = ""
    recognizer: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """All pages of one input, in the file's order.

    Attributes:
        source: The path or name that it was read from; "<array>" and the like for data without a name.
        fields: What it says as a bill; None where nothing looked for them.
    """

    source: str
    pages: tuple[Page, ...] = ()
    engine: EngineInfo = field(default_factory=EngineInfo)
    fields: Fields | None = None

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages)

    @property
    def text(self) -> str:
        """The text of all pages, a form feed between pages as `pdftotext` writes it."""
        return "\n\f".join(page.text for page in self.pages)

    @property
    def words(self) -> Sequence[Word]:
        """All words of all pages in reading order."""
        return [word for page in self.pages for word in page.words]

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:  # noqa: A002
        """Writes the document to a file, whole or not at all.

        Args:
            path: Where to; folders on the way are made, an older file is replaced.
            format: "json" or "text"; None takes what the path's suffix means.

        Raises:
            UsageError: If the format is unknown.
            OutputError: If the file cannot be written.
        """
        write_whole(path, find_format(format, path).render(self))
