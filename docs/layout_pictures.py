"""Draws invoices as a grid of characters, beside `pdftotext -layout`: `python docs/layout_pictures.py FOLDER`.

FOLDER holds PDFs, such as those of the ZUGFeRD corpus (https://github.com/ZUGFeRD/corpus, Apache-2.0); ten of them,
spread evenly over their names, are drawn. Needs poppler's pdftotext and the font DejaVu Sans Mono.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ocr_doc import OCRPipeline
from ocr_doc.export.layout_format import page_grid

IMAGES = Path(__file__).parent / "images"
COUNT = 10
# Cells of the grid, and what is drawn at most, in pixels, columns and lines.
CELL_WIDTH, CELL_HEIGHT = 6, 12
COLUMNS, LINES = 160, 90
PAPER, INK, TITLE = 255, 20, 110


def grid(title: str, text: str) -> Image.Image:
    """Text with each character in a cell of its own."""
    lines = [line[:COLUMNS] for line in text.split("\f", maxsplit=1)[0].splitlines()[:LINES]]
    width = CELL_WIDTH * (max(map(len, lines), default=0) + 4)
    sheet = Image.new("L", (max(width, 320), CELL_HEIGHT * (len(lines) + 4)), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 10)
    pen.text((2 * CELL_WIDTH, CELL_HEIGHT), title, fill=TITLE, font=font)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            if character != " ":
                pen.text(((column + 2) * CELL_WIDTH, (row + 2.5) * CELL_HEIGHT), character, fill=INK, font=font)
    return sheet


def main(folder: Path) -> None:
    """Draws ten invoices of a folder."""
    files = sorted(folder.glob("*.pdf"))
    chosen = files[:: max(len(files) // COUNT, 1)][:COUNT]
    with OCRPipeline() as ocr:
        for file in chosen:
            command = ["pdftotext", "-layout", "-l", "1", str(file), "-"]
            theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            [page] = ocr(file, pages="1", fields=False).pages
            parts = grid("ocr-doc --format layout", page_grid(page)), grid("pdftotext -layout", theirs)
            size = sum(part.width for part in parts) + CELL_WIDTH, max(part.height for part in parts)
            sheet = Image.new("L", size, PAPER)
            sheet.paste(parts[0], (0, 0))
            sheet.paste(parts[1], (parts[0].width + CELL_WIDTH, 0))
            ImageDraw.Draw(sheet).line((parts[0].width, 0, parts[0].width, size[1]), fill=TITLE)
            sheet.quantize(8).save(IMAGES / f"layout-{file.stem}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
