"""Draws the README's pictures anew: `python docs/pictures.py`. A page with its words boxed, and the text beside it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ocr_doc import Document, OCRPipeline

ROOT = Path(__file__).parent.parent
HEIGHT = 1100
# Below this a word is drawn in the second colour.
SURE = 0.5


def picture(page: Path, document: Document) -> Image.Image:
    """The first page with its words boxed, and the text that came out."""
    image = Image.open(page).convert("RGB")
    draw = ImageDraw.Draw(image, "RGBA")
    for word in document.pages[0].words:
        colour = (20, 120, 220) if word.confidence >= SURE else (230, 120, 0)
        draw.polygon([*word.quad], outline=(*colour, 255), fill=(*colour, 28))
    image = image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)
    lines = document.pages[0].text.splitlines()
    size = min(22.0, (HEIGHT - 40) / max(1, len(lines)) / 1.25)
    font = ImageFont.load_default(size)
    width = round(max(font.getlength(line) for line in lines)) + 60
    sheet = Image.new("RGB", (image.width + width, HEIGHT), (250, 250, 250))
    sheet.paste(image, (0, 0))
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        pen.text((image.width + 30, 20 + number * size * 1.25), line, fill=(30, 30, 30), font=font)
    return sheet


def main() -> None:
    """Draws all pictures."""
    with OCRPipeline() as ocr:
        for name in ("receipt.png", "letter_de.png"):
            page = ROOT / "samples" / name
            target = ROOT / "docs" / "images" / f"{page.stem}.png"
            picture(page, ocr(page)).quantize(64).save(target, optimize=True)


if __name__ == "__main__":
    main()
