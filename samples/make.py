"""Draws the sample documents and their truth: run `python samples/make.py` after `training/install-fonts.sh`.

Every name, address and number is invented. Beside each sample NAME.* stands its text, NAME.txt (a form feed between
pages); truth.json has the words of every page with their quads.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from sheet import SUPER, Faces, Finished, Sheet, capture, turned

from ocr_doc.training import degrade
from ocr_doc.training import page_marks as marks
from ocr_doc.training.faces import default_folders, find_faces
from ocr_doc.training.page_canvas import Colour, Pen

FOLDER = Path(__file__).parent
TEXTS = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))


def money(amount: Decimal) -> str:
    """An amount with two decimals."""
    return f"{amount:,.2f}"


def receipt(faces: Faces) -> list[Finished]:
    """A long thermal receipt on a desk."""
    text, sheet = TEXTS["receipt"], Sheet(640, 1620, (44, 44, 50))
    pen = faces.pen("PT Mono|DejaVu Sans Mono", 27.0, stretch=0.86, technique="thermal", rows=24)
    wide = pen.sized(1.12, stretch=1.35)
    y = 84.0
    for i, line in enumerate(text["head"]):
        sheet.row(y, wide if i == 0 else pen, (320, "c", line))
        y += 44 if i == 0 else 32
    y = _till_rows(sheet, pen, _till_rule(sheet, pen, y, "-"), text["facts"])
    y = _till_rule(sheet, pen, y, "-")
    total = Decimal(0)
    for name, count, price in text["items"]:
        amount = count * Decimal(price)
        total += amount
        if count == 1:
            sheet.row(y, pen, (_TILL[0], "l", name), (_TILL[1], "r", money(amount)))
        else:
            sheet.row(y, pen, (_TILL[0], "l", name))
            y += 32
            sheet.row(y, pen, (_TILL[0] + 48, "l", f"{count} x {price}"), (_TILL[1], "r", money(amount)))
        y += 32
    y = _till_rule(sheet, pen, y, "=") + 8
    sheet.row(y, wide, (_TILL[0], "l", "TOTAL GBP"), (_TILL[1], "r", money(total)))
    sheet.gap()
    cash = Decimal(text["cash"])
    y = _till_rows(sheet, pen, y + 42, [["Cash", money(cash)], ["Change", money(cash - total)]])
    y = _till_rule(sheet, pen, y, "-")
    for name, net, tax in text["tax"]:
        sheet.row(y, pen, (_TILL[0], "l", name), (400, "r", net), (_TILL[1], "r", tax))
        y += 32
    y = _till_rule(sheet, pen, y, "-") + 6
    for line in text["foot"]:
        sheet.row(y, pen, (320, "c", line))
        y += 32
    marks.barcode(np.random.default_rng(4), sheet.canvas, (140 * SUPER, y * SUPER), (360 * SUPER, 66 * SUPER))
    sheet.gap()
    sheet.row(y + 100, pen, (320, "c", text["code"]))
    return [_on_desk(sheet, y + 128)]


_TILL = (52.0, 588.0)


def _till_rows(sheet: Sheet, pen: Pen, y: float, rows: Sequence[Sequence[str]]) -> float:
    for name, value in rows:
        sheet.row(y, pen, (_TILL[0], "l", name), (_TILL[1], "r", value))
        y += 32
    return y


def _till_rule(sheet: Sheet, pen: Pen, y: float, sign: str) -> float:
    count = int((_TILL[1] - _TILL[0]) * SUPER / pen.glyph(sign).advance)
    sheet.row(y, pen, (_TILL[0], "l", sign * count))
    sheet.lines.pop()
    sheet.gap()
    return y + 32


def _on_desk(sheet: Sheet, end: float) -> Finished:
    """A strip of thermal paper, unevenly heated, torn off at `end`, lying on a dark desk."""
    rng = np.random.default_rng(21)
    art = sheet.canvas.art
    heat = 0.72 + 0.28 * degrade.smooth_noise(rng, (art.shape[0], art.shape[1]), 500)[..., None]
    heat = heat * (1 - 0.25 * (rng.random(art.shape[1]) < 0.006))[None, :, None]
    art[:] = (255 - (255 - art) * heat).astype(np.uint8)
    desk: Colour = (84, 76, 70)
    teeth = [(x, end + (9 if i % 2 else 0)) for i, x in enumerate(range(0, sheet.width + 12, 12))]
    edge = np.array([*teeth, (sheet.width, sheet.height), (0, sheet.height)]) * SUPER
    cv2.fillPoly(art, [edge.astype(np.int32)], desk)
    sheet.box((0, 0, 24, sheet.height), -1, desk)
    sheet.box((sheet.width - 24, 0, sheet.width, sheet.height), -1, desk)
    sheet.box((0, 0, sheet.width, 22), -1, desk)
    ground = np.full((sheet.height, sheet.width, 3), desk, np.uint8)
    warp = degrade.Warp(turned(sheet, -0.7, 0.99).matrix, amplitude=2.5, cycles=0.6)
    return capture(sheet, 1, warp, 0.8, ground)


def invoice(faces: Faces) -> list[Finished]:
    """An invoice of two pages as an office scanner sees it at 150 dots per inch."""
    text = TEXTS["invoice"]
    pen, bold = faces.pen("Carlito|Liberation Sans", 20), faces.pen("Carlito|Liberation Sans", 20, True)
    first, second = Sheet(1240, 1754), Sheet(1240, 1754)
    y = _letterhead(first, pen, bold, text)
    y = _table_head(first, bold, y, text["columns"])
    subtotal = Decimal(0)
    split = text["first_page_items"]
    for number, (code, name, count, price) in enumerate(text["items"], 1):
        if number == split + 1:
            first.row(y + 40, pen, (1160, "r", f"Carried forward {money(subtotal)}"))
            y = _table_head(second, bold, _running_head(second, pen, bold, text), text["columns"])
        amount = count * Decimal(price)
        subtotal += amount
        cells = ((80, "l", str(number)), (130, "l", code), (290, "l", name), (800, "r", str(count)))
        sheet = first if number <= split else second
        sheet.row(y, pen, *cells, (970, "r", price), (1160, "r", money(amount)))
        sheet.rule((70, y + 14), (1170, y + 14), colour=(190, 190, 190))
        y += 42
    _totals(second, (pen, bold), y, subtotal, text)
    for number, sheet in enumerate((first, second), 1):
        sheet.rule((70, 1640), (1170, 1640))
        for i, line in enumerate(text["footer"]):
            sheet.row(1670 + 26 * i, pen.sized(0.8), (620, "c", line))
        sheet.row(1730, pen.sized(0.8), (1160, "r", f"Page {number} of 2"))
    return [capture(first, 2, turned(first, -0.35), 0.6), capture(second, 3, turned(second, 0.25), 0.6)]


def _letterhead(sheet: Sheet, pen: Pen, bold: Pen, text: dict[str, list[str]]) -> float:
    navy: Colour = (25, 45, 95)
    sheet.box((80, 70, 140, 130), -1, navy)
    sheet.box((96, 86, 124, 114), -1, (255, 255, 255))
    sheet.row(116, bold.sized(2.1), (165, "l", text["sender"][0]), colour=navy)
    for i, line in enumerate(text["sender"][1:]):
        sheet.row(90 + 27 * i, pen.sized(0.9), (1160, "r", line))
    sheet.gap()
    for i, line in enumerate(text["receiver"]):
        sheet.row(270 + 30 * i, pen, (80, "l", line))
    sheet.gap()
    for i, (name, value) in enumerate(text["facts"]):
        sheet.row(270 + 30 * i, pen, (760, "l", name), (1160, "r", value))
    sheet.gap()
    sheet.row(500, bold.sized(1.7), (80, "l", text["title"][0]))
    sheet.gap()
    return sheet.prose(548, pen, (80, 1160), text["opening"][0], 30) + 30


def _running_head(sheet: Sheet, pen: Pen, bold: Pen, text: dict[str, list[str]]) -> float:
    sheet.row(100, bold, (80, "l", text["sender"][0]), (1160, "r", text["title"][0]))
    sheet.gap()
    return 180.0


def _table_head(sheet: Sheet, bold: Pen, y: float, names: Sequence[str]) -> float:
    sheet.box((70, y - 28, 1170, y + 14), -1, (40, 60, 105))
    aligned = zip((80, 130, 290, 800, 970, 1160), "lllrrr", names, strict=True)
    sheet.row(y, bold, *aligned, colour=(255, 255, 255))
    return y + 48


def _totals(sheet: Sheet, pens: tuple[Pen, Pen], y: float, subtotal: Decimal, text: dict[str, list[str]]) -> None:
    pen, bold = pens
    tax = (subtotal * Decimal("0.19")).quantize(Decimal("0.01"))
    sheet.gap()
    y += 20
    for name, amount in (("Subtotal", subtotal), ("VAT 19%", tax)):
        sheet.row(y, pen, (760, "l", name), (1160, "r", f"{money(amount)} EUR"))
        y += 38
    sheet.rule((750, y - 26), (1170, y - 26), 2)
    sheet.row(y + 6, bold.sized(1.15), (760, "l", "Total due"), (1160, "r", f"{money(subtotal + tax)} EUR"))
    sheet.gap()
    y += 100
    for paragraph in text["terms"]:
        y = sheet.prose(y, pen, (80, 1160), paragraph, 30) + 18
    for name, value in text["bank"]:
        sheet.row(y, pen, (80, "l", name), (260, "l", value))
        y += 30
    sheet.gap()


def letter(faces: Faces, name: str, families: str, size: float, turn: float) -> list[Finished]:
    """A letter with sender, receiver, date, subject, paragraphs and a signature."""
    text, sheet = TEXTS[name], Sheet(1000, 1414, (28, 28, 40))
    pen, bold = faces.pen(families, size), faces.pen(families, size, True)
    for i, line in enumerate(text["sender"]):
        sheet.row(90 + 27 * i, bold if i == 0 else pen, (110, "l", line))
    sheet.gap()
    for i, line in enumerate(text["receiver"]):
        sheet.row(260 + 27 * i, pen, (110, "l", line))
    sheet.gap()
    sheet.row(400, pen, (890, "r", text["date"]))
    sheet.gap()
    sheet.row(470, bold, (110, "l", text["subject"]))
    sheet.gap()
    y = 530.0
    for paragraph in text["body"]:
        y = sheet.prose(y, pen, (110, 900), paragraph, size * 1.42) + 16
    _signature(sheet, 130, y + 55)
    sheet.row(y + 110, pen, (110, "l", text["signed"]))
    return [capture(sheet, 5, turned(sheet, turn), 0.6)]


def _signature(sheet: Sheet, x: float, y: float) -> None:
    """A pen's loops, smaller towards the end."""
    t = np.linspace(0, 1, 400)
    size = 30 * np.exp(-1.6 * t)
    xs = x + 190 * t + size * np.sin(31 * t + 1)
    ys = y + size * np.sin(44 * t) + 14 * t
    points = (np.stack([xs, ys], 1) * SUPER).astype(np.int32)
    cv2.polylines(sheet.canvas.art, [points], False, (35, 35, 90), 2 * SUPER, cv2.LINE_AA)


def languages(faces: Faces) -> list[Finished]:
    """A line in each of many languages, in the faces of screens and offices in turn."""
    text, sheet = TEXTS["languages"], Sheet(900, 1130, (30, 30, 36))
    families = ("Liberation Sans|Arimo", "Liberation Serif|Tinos", "Carlito", "DejaVu Serif", "Liberation Mono|Cousine")
    sheet.row(80, faces.pen(families[0], 26, True), (70, "l", text["title"]))
    sheet.gap()
    for i, (name, line) in enumerate(text["lines"]):
        y = 140 + 42.0 * i
        sheet.row(y, faces.pen(families[0], 18), (70, "l", name))
        sheet.row(y, faces.pen(families[i % len(families)], 20), (230, "l", line))
        sheet.lines[-2:] = [f"{name} {line}"]
    return [capture(sheet, 9, turned(sheet, 0.2), 0.5)]


def notice(faces: Faces) -> list[Finished]:
    """A notice and its reply form, two pages of one bit as from a fax."""
    text = TEXTS["notice"]
    pen, bold = faces.pen("Tinos|Liberation Serif", 34), faces.pen("Tinos|Liberation Serif", 34, True)
    first, second = Sheet(1654, 2339, (0, 0, 0)), Sheet(1654, 2339, (0, 0, 0))
    for sheet, title in zip((first, second), text["titles"], strict=True):
        sheet.row(200, bold.sized(1.5), (827, "c", title))
        sheet.gap()
        sheet.rule((160, 240), (1494, 240), 3)
    y = 340.0
    for paragraph in text["body"]:
        y = first.prose(y, pen, (160, 1494), paragraph, 48) + 28
    for number, line in enumerate(text["agenda"], 1):
        first.row(y, pen, (220, "l", f"{number}."), (290, "l", line))
        y += 56
    first.gap()
    for i, line in enumerate(text["signed"]):
        first.row(y + 120 + 48 * i, pen, (160, "l", line))
    typed = faces.pen("Courier Prime|Liberation Mono", 34)
    y = 380.0
    for label, value in text["fields"]:
        second.row(y, pen, (160, "l", label))
        second.row(y - 4, typed, (620, "l", value))
        second.lines[-2:] = [f"{label} {value}"]
        second.rule((600, y + 12), (1494, y + 12), 2)
        y += 96
    second.gap()
    for ticked, line in text["choices"]:
        second.box((170, y - 30, 204, y + 4), 2)
        if ticked:
            second.rule((174, y - 26), (200, y), 3)
            second.rule((200, y - 26), (174, y), 3)
        second.row(y, pen, (240, "l", line))
        y += 72
    second.gap()
    second.prose(y + 60, pen, (160, 1494), text["small_print"], 48)
    pages = (capture(first, 7, turned(first, 0.4), 0.8), capture(second, 8, turned(second, -0.5), 0.8))
    return [_faxed(page) for page in pages]


def _faxed(page: Finished) -> Finished:
    bits = np.where(page.image < 150, 0, 255).astype(np.uint8)
    return Finished(bits, page.words, page.text)


def serial_plate(faces: Faces) -> list[Finished]:
    """A photograph of a machine's rating plate."""
    text, rng = TEXTS["serial_plate"], np.random.default_rng(9)
    sheet = Sheet(1200, 800, (38, 38, 42))
    paint = degrade.smooth_noise(rng, (sheet.canvas.height, sheet.canvas.width), 300)[..., None]
    sheet.canvas.art[:] = (np.array([46, 74, 66]) * (0.7 + 0.5 * paint)).astype(np.uint8)
    sheet.box((130, 110, 1070, 690), -1, (196, 198, 202))
    sheet.box((146, 126, 1054, 674), 3)
    for x, y in ((175, 155), (1025, 155), (175, 645), (1025, 645)):
        cv2.circle(sheet.canvas.art, (x * SUPER, y * SUPER), 15 * SUPER, (110, 112, 116), -1, cv2.LINE_AA)
        sheet.rule((x - 9, y - 5), (x + 9, y + 5), 2)
    narrow, bold = faces.pen("Barlow Condensed|Liberation Sans Narrow", 34), faces.pen("Barlow Condensed", 58, True)
    stamped = faces.pen("Share Tech Mono|OCR B", 62, tracking=0.06)
    sheet.row(220, bold, (600, "c", text["maker"]))
    sheet.rule((210, 250), (990, 250), 2)
    y = 320.0
    for label, value in text["facts"]:
        large = label == text["facts"][-1][0]
        y += 18 if large else 0
        sheet.row(y, narrow, (210, "l", label))
        sheet.row(y + 4, stamped if large else stamped.sized(0.62), (470, "l", value))
        sheet.lines[-2:] = [f"{label} {value}"]
        y += 66 if not large else 88
    sheet.row(y + 26, narrow.sized(0.8), (210, "l", text["foot"][0]), (990, "r", text["foot"][1]))
    return [_photographed(capture(sheet, 10, turned(sheet, 0), 0.6), rng)]


def _photographed(page: Finished, rng: np.random.Generator) -> Finished:
    """Brushed metal, light from one side, a camera held at an angle."""
    height, width = page.image.shape[:2]
    brushed = cv2.GaussianBlur(rng.normal(0, 26, (height, width)).astype(np.float32), (0, 0), sigmaX=25, sigmaY=0.6)
    light = np.linspace(1.12, 0.72, width)[None, :] * np.linspace(1.05, 0.9, height)[:, None]
    lit = np.clip((page.image + np.asarray(brushed)[..., None] * 3) * light[..., None], 0, 255).astype(np.uint8)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners + np.array([(-70, -10), (60, -60), (10, 50), (-50, 70)], np.float32)
    warp = degrade.Warp(np.asarray(cv2.getPerspectiveTransform(corners, seen), np.float64))
    image = cv2.GaussianBlur(warp.apply(lit, np.full_like(lit, 30)), (0, 0), 0.8)
    return Finished(np.asarray(image, np.uint8), tuple(warp.move(word, width) for word in page.words), page.text)


SAMPLES: dict[str, Callable[[Faces], list[Finished]]] = {
    "receipt.png": receipt,
    "invoice.pdf": invoice,
    "letter_de.png": lambda faces: letter(faces, "letter_de", "Caladea|Liberation Serif", 21, 0.3),
    "letter_fr.png": lambda faces: letter(faces, "letter_fr", "Courier Prime|Liberation Mono", 19, -0.6),
    "languages.png": languages,
    "notice.tiff": notice,
    "serial_plate.jpg": serial_plate,
}


def save(pages: Sequence[Finished], path: Path) -> None:
    """Writes pages in the format of the suffix, and their text beside."""
    images = [Image.fromarray(page.image) for page in pages]
    if path.suffix == ".pdf":
        # A fixed date, so that the same drawing gives the same file.
        when = time.struct_time((2025, 3, 14, 12, 0, 0, 4, 73, 0))
        rest = {"save_all": True, "append_images": images[1:], "creationDate": when, "modDate": when}
        images[0].save(path, resolution=150, quality=72, **rest)
    elif path.suffix == ".tiff":
        bits = [image.convert("1", dither=Image.Dither.NONE) for image in images]
        bits[0].save(path, save_all=True, append_images=bits[1:], compression="group4", dpi=(200, 200))
    elif path.suffix == ".jpg":
        images[0].save(path, quality=88)
    else:
        images[0].convert("L").save(path, optimize=True, dpi=(120, 120))
    path.with_suffix(".txt").write_text("\n\f".join(page.text for page in pages) + "\n", encoding="utf-8")


def truth(pages: Sequence[Finished]) -> list[dict[str, object]]:
    """What truth.json says of a file: size and words of each page."""
    return [
        {
            "width": page.image.shape[1],
            "height": page.image.shape[0],
            "words": [{"text": w.text, "quad": w.quad.astype(float).round(1).tolist()} for w in page.words],
        }
        for page in pages
    ]


def main() -> None:
    """Draws all samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="*", default=default_folders(), help="folders with fonts")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="where the samples go")
    options = parser.parse_args()
    faces = Faces(find_faces(options.fonts))
    known = {}
    for name, draw in SAMPLES.items():
        pages = draw(faces)
        save(pages, options.output / name)
        known[name] = truth(pages)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(pages, ensure_ascii=False)}" for name, pages in known.items())
    partial = options.output / f"truth.json.{os.getpid()}"
    partial.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    partial.replace(options.output / "truth.json")


if __name__ == "__main__":
    main()
