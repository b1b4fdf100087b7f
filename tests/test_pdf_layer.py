"""Text layers of PDFs that the tests make: what PDFium sees, as words in pixels of the page as drawn."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.geometry import quad_angle, quad_box
from ocr_doc.glyphs import Glyph, words_of
from ocr_doc.page_image import PageImage
from ocr_doc.sources import InputOptions, read_pages
from ocr_doc.text_layer import TextLayer

HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def make_pdf(content: str, *, fonts: Sequence[str] = (HELVETICA,), page: str = "", extra: Sequence[str] = ()) -> bytes:
    """A PDF of one page, 200 × 100 points unless `page` says otherwise; fonts /F1..., objects from 5 on are `extra`."""
    box = "" if "/MediaBox" in page else "/MediaBox[0 0 200 100]"
    names = "".join(f"/F{i}{font}" for i, font in enumerate(fonts, 1))
    resources = f"/Resources<</Font<<{names}>>/XObject<</Im 5 0 R>>>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>",
        "<</Type/Pages/Count 1/Kids[4 0 R]>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        f"<</Type/Page/Parent 2 0 R/Contents 3 0 R{resources}{box}{page}>>",
        *extra,
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(data)}\n%%EOF"
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def stream(entries: str, content: str) -> str:
    return f"<<{entries}/Length {len(content)}>>stream\n{content}\nendstream"


def text(words: str, x: float = 20, y: float = 50, size: float = 12, font: int = 1) -> str:
    return f"BT /F{font} {size} Tf {x} {y} Td ({words}) Tj ET\n"


GREY_IMAGE = stream(
    "/Type/XObject/Subtype/Image/Width 2/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/ASCIIHexDecode",
    "40C0>",
)


def page_of(data: bytes, dpi: int = 144) -> PageImage:
    [page] = read_pages(io.BytesIO(data), InputOptions(dpi=dpi, pdf_renderer="pdfium", text_layer=True))
    return page


def layer_of(data: bytes) -> TextLayer:
    layer = page_of(data).layer
    assert layer is not None
    return layer


def texts(layer: TextLayer) -> list[str]:
    return [word.text for word in layer.words]


def ink_box(page: PageImage) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(page.pixels[:, :, 0] < 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_words_stand_on_their_ink() -> None:
    page = page_of(make_pdf(text("Rechnung")))
    assert page.layer is not None
    [word] = page.layer.words
    assert word.text == "Rechnung"
    assert "".join(character for character, _ in word.characters) == "Rechnung"
    x0, y0, x1, y1 = quad_box(word.quad)
    left, top, right, bottom = ink_box(page)
    assert x0 <= left + 1 and y0 <= top + 1 and x1 >= right - 1 and y1 >= bottom - 1
    assert x1 - x0 <= 1.1 * (right - left) and y1 - y0 <= 1.3 * (bottom - top)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", ["", "/CropBox[10 20 180 90]"])
def test_turned_and_cropped_pages(turn: int, crop: str) -> None:
    page = page_of(make_pdf(text("Rechnung", 40, 60), page=f"{crop}/Rotate {turn}"))
    assert page.layer is not None
    [word] = page.layer.words
    assert quad_angle(word.quad) % 360 == pytest.approx(turn, abs=0.1)
    x0, y0, x1, y1 = quad_box(word.quad)
    left, top, right, bottom = ink_box(page)
    assert abs(left - x0) < 6 and abs(top - y0) < 6 and abs(right - x1) < 6 and abs(bottom - y1) < 6


@pytest.mark.parametrize("angle", [-170, -90, -45, -10, 3, 15, 45, 60, 90, 135])
def test_text_at_any_angle(angle: int) -> None:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    page = page_of(
        make_pdf(f"BT /F1 12 Tf {c:f} {s:f} {-s:f} {c:f} 100 100 Tm (Rechnung) Tj ET", page="/MediaBox[0 0 200 200]")
    )
    assert page.layer is not None
    [word] = page.layer.words
    assert quad_angle(word.quad) == pytest.approx(-angle, abs=0.1)
    a, b, _, d = np.array(word.quad)
    sides = np.hypot(*(b - a)), np.hypot(*(d - a))
    assert sides == pytest.approx((2 * 54.7, 24 * 1.02), abs=0.5)
    centre = np.array(word.quad).mean(axis=0)
    left, top, right, bottom = ink_box(page)
    assert np.hypot(*(centre - ((left + right) / 2, (top + bottom) / 2))) < 5


def test_spaces_gaps_and_jumps_part_words() -> None:
    content = text("To pay") + text("12.50", 120) + text("now", 20, 30)
    assert texts(layer_of(make_pdf(content))) == ["To", "pay", "12.50", "now"]
    kerned = "BT /F1 12 Tf 20 50 Td [(To) -900 (tal) 60 (ly)] TJ ET"
    assert texts(layer_of(make_pdf(kerned))) == ["To", "tally"]
    # Spaced type within an object, and two objects with less than a space between them.
    spaced = (
        "BT /F1 12 Tf 3 Tc 20 50 Td (Total) Tj ET" + text("88045", 20, 20) + text("Ulm", 56, 20) + text("er", 76, 20)
    )
    assert texts(layer_of(make_pdf(spaced))) == ["Total", "88045", "Ulmer"]


def test_raised_figures_stay_with_their_word() -> None:
    content = "BT /F1 12 Tf 20 50 Td (m) Tj /F1 7 Tf 4 Ts (2) Tj ET"
    assert texts(layer_of(make_pdf(content))) == ["m2"]


def test_text_printed_twice_counts_once() -> None:
    bold = "".join(text("Total 9.90", 20 + shift, 50) for shift in (0, 0.4, 0.8))
    assert texts(layer_of(make_pdf(bold))) == ["Total", "9.90"]
    letters = "".join(text(c, 20 + 7.2 * i + shift) for i, c in enumerate("TALLY") for shift in (0, 0.3))
    assert texts(layer_of(make_pdf(letters, fonts=[HELVETICA.replace("Helvetica", "Courier")]))) == ["TALLY"]


def test_the_same_word_in_two_places_counts_twice() -> None:
    assert texts(layer_of(make_pdf(text("EUR 1 EUR 1") + text("EUR 1", 20, 36)))) == ["EUR", "1"] * 3


def test_ligatures_are_taken_apart() -> None:
    cmap = stream("", "begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
                      "2 beginbfchar <41> <00660066 0069> <42> <FB01> endbfchar endcmap")  # fmt: skip
    font = HELVETICA.replace("/Encoding", "/ToUnicode 6 0 R/Encoding")
    [word] = layer_of(make_pdf(text("oABn"), fonts=[font], extra=[GREY_IMAGE, cmap])).words
    assert word.text == "offifin"
    edges = [quad_box(quad)[0] for _, quad in word.characters]
    assert edges == sorted(set(edges))


def test_words_off_the_page_are_none_and_words_across_its_edge_are_cut() -> None:
    layer = layer_of(make_pdf(text("gone", -90) + text("far", 20, 300) + text("across", 180, 50)))
    [word] = layer.words
    assert word.text == "across"
    assert max(x for x, _ in word.quad) == 400


def test_an_empty_layer_is_none() -> None:
    assert page_of(make_pdf("0 g 0 0 10 10 re f")).layer is None
    assert page_of(make_pdf(text("   "))).layer is None


def test_hidden_text_is_marked() -> None:
    mode3 = "BT 3 Tr /F1 12 Tf 20 70 Td (ghost) Tj ET 0 Tr\n"
    layer = layer_of(make_pdf(mode3 + text("seen")))
    assert [(word.text, word.visible) for word in layer.words] == [("ghost", False), ("seen", True)]


@pytest.mark.parametrize(("order", "visible"), [("text first", False), ("image first", True)])
def test_text_under_an_image_is_hidden(order: str, visible: bool) -> None:
    image = "q 160 0 0 60 10 20 cm /Im Do Q\n"
    content = text("beneath") + image if order == "text first" else image + text("beneath")
    layer = layer_of(make_pdf(content, extra=[GREY_IMAGE]))
    assert [word.visible for word in layer.words] == [visible]
    assert [tuple(round(side) for side in box) for box in layer.pictures] == [(20, 40, 340, 160)]


def test_images_within_forms_are_found_where_they_are_drawn() -> None:
    form = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 50 50]/Matrix[1 0 0 1 5 0]/Resources<</XObject<</Im 6 0 R>>>>",
        "q 20 0 0 10 0 0 cm /Im Do Q",
    )
    layer = layer_of(make_pdf(text("x") + "q 2 0 0 2 100 10 cm /Im Do Q", extra=[form, GREY_IMAGE]))
    assert [tuple(round(side) for side in box) for box in layer.pictures] == [(220, 140, 300, 180)]


def test_rules_and_specks_are_no_pictures() -> None:
    speck = "q 3 0 0 3 10 10 cm /Im Do Q 0 0 m 10 10 20 20 30 0 c S 5 5 100 50 re S\n"
    assert layer_of(make_pdf(text("x") + speck, extra=[GREY_IMAGE])).pictures == ()


def test_letters_drawn_as_curves_are_a_picture() -> None:
    letters = "".join(
        f"{x} 20 m {x} 40 {x + 9} 40 {x + 9} 20 c {x} 0 {x + 9} 0 {x} 20 c f\n" for x in range(20, 180, 12)
    )
    layer = layer_of(make_pdf(text("x", 20, 80) + letters))
    assert len(layer.pictures) == 14


def test_a_font_without_unicode_map() -> None:
    descendant = "<</Type/Font/Subtype/CIDFontType2/BaseFont/Odd/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type/FontDescriptor/FontName/Odd/Flags 4/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80/FontBBox[0 -200 1000 800]>>/DW 600>>"  # noqa: E501
    font = f"<</Type/Font/Subtype/Type0/BaseFont/Odd/Encoding/Identity-H/DescendantFonts[{descendant}]>>"
    content = text("fine") + "BT /F2 12 Tf 20 20 Td <00240025002600270028> Tj ET"
    layer = layer_of(make_pdf(content, fonts=[HELVETICA, font]))
    assert {word.text: word.mapped for word in layer.words}["fine"]
    assert not all(word.mapped for word in layer.words)


def test_private_codes_are_no_text() -> None:
    cmap = stream("", "begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
                      "1 beginbfrange <41> <5A> <F041> endbfrange endcmap")  # fmt: skip
    font = HELVETICA.replace("/Encoding", "/ToUnicode 6 0 R/Encoding")
    [word] = layer_of(make_pdf(text("AB"), fonts=[font], extra=[GREY_IMAGE, cmap])).words
    assert (word.text, word.mapped, len(word.characters)) == ("\ufffd\ufffd", False, 2)


def test_what_a_filled_form_shows_is_text() -> None:
    look = stream(
        f"/Type/XObject/Subtype/Form/BBox[0 0 90 20]/Resources<</Font<</F1{HELVETICA}>>>>", text("9.99", 2, 4)
    )
    field = "<</Type/Annot/Subtype/Widget/FT/Tx/T(total)/V(9.99)/F 4/Rect[80 20 170 40]/P 4 0 R/AP<</N 6 0 R>>>>"
    data = make_pdf(text("Total", 20, 24), page="/Annots[7 0 R]", extra=[GREY_IMAGE, look, field])
    data = data.replace(b"/AcroForm<</Fields[]>>", b"/AcroForm<</Fields[7 0 R]>>")
    found = {word.text: quad_box(word.quad) for word in layer_of(data).words}
    assert set(found) == {"Total", "9.99"}
    assert found["9.99"][0] == pytest.approx(2 * 82, abs=2)


# The geometry alone


def glyph(character: str, x: float, y: float = 50.0, owner: int = 0, em: float = 10.0) -> Glyph:
    return Glyph(character, (x, y), (1.0, 0.0), (0.0, -1.0), 0.6 * em, em, -0.2 * em, 0.8 * em, owner)


@given(st.lists(st.tuples(st.sampled_from("abl1.\u0301 \u200b"), st.floats(-50, 250), st.floats(-50, 150))))
def test_words_lie_on_the_page_and_spell_their_characters(glyphs: list[tuple[str, float, float]]) -> None:
    for word in words_of((glyph(c.strip(), x, y) for c, x, y in glyphs), 200, 100):
        assert word.text and not any(c.isspace() for c in word.text)
        assert "".join(character for character, _ in word.characters) == word.text
        for quad in (word.quad, *(quad for _, quad in word.characters)):
            assert all(0 <= x <= 200 and 0 <= y <= 100 for x, y in quad)


def test_an_accent_of_its_own_joins_its_letter() -> None:
    glyphs = [glyph("e", 20), Glyph("\u0301", (20.0, 50.0), (1.0, 0.0), (0.0, -1.0), 0.0, 10.0, -2.0, 8.0, 1)]
    [word] = words_of([*glyphs, glyph("t", 26)], 200, 100)
    assert (word.text, len(word.characters)) == ("ét", 2)


def test_characters_without_width_are_not_shown() -> None:
    [word] = words_of([glyph("a", 20), glyph("\u200b", 26), glyph("b", 26)], 200, 100)
    assert word.text == "ab"
    assert words_of([glyph("\u200b", 20)], 200, 100) == ()
