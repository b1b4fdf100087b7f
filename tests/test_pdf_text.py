"""Which text layers are believed, what is read all the same, and how both become one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from ocr_doc.api import OCRPipeline
from ocr_doc.core.errors import UsageError
from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.pdf_text import covered, judge
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.text_layer import LayerWord, TextLayer

HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
WHOLE = ((0.0, 0.0, 400.0, 200.0),)


def page_with(words: Sequence[LayerWord]) -> np.ndarray:
    """A white page with something black where each word stands."""
    page = np.full((200, 400), 255, np.uint8)
    for word in words:
        x0, y0, x1, y1 = (int(side) for side in quad_box(word.quad))
        page[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2 : 3] = 0
    return page


def word(text: str, row: int = 0, **changes: object) -> LayerWord:
    x = 20.0
    quads = [box_quad((x + 8 * i, 20.0 * row + 5, x + 8 * i + 8, 20.0 * row + 20)) for i in range(len(text))]
    quad = box_quad((x, 20.0 * row + 5, x + 8 * len(text), 20.0 * row + 20))
    return replace(LayerWord(text, quad, tuple(zip(text, quads, strict=True))), **changes)  # type: ignore[arg-type]


def says(confidence: float, change: Callable[[str], str] = str) -> Callable[[Sequence[LayerWord]], list[Reading]]:
    return lambda words: [Reading(change(each.text), confidence) for each in words]


def shifted(text: str) -> str:
    return "".join(chr(ord(c) + 3) for c in text)


def unread(words: Sequence[LayerWord]) -> list[Reading]:
    raise AssertionError(f"nothing is to be read, yet {words} are")


LINES = tuple(word(text, row) for row, text in enumerate(("Invoice", "Street", "Amount", "Thanks")))


def test_a_layer_that_says_what_is_seen_is_used() -> None:
    verdict = judge(TextLayer(LINES), page_with(LINES), "auto", says(0.9, str.lower))
    assert (verdict.words, verdict.doubtful, verdict.regions, verdict.warning) == (LINES, (), (), "")


def test_glyph_soup_is_read_again() -> None:
    verdict = judge(TextLayer(LINES), page_with(LINES), "auto", says(0.9, shifted))
    assert (verdict.words, verdict.regions) == ((), WHOLE)
    assert "does not say what the page shows" in verdict.warning


def test_an_unsure_reader_convicts_no_font() -> None:
    assert judge(TextLayer(LINES), page_with(LINES), "auto", says(0.3, shifted)).words == LINES


def test_one_broken_font_costs_only_its_words() -> None:
    odd = word("Jowm", 6, font=1)

    def read(words: Sequence[LayerWord]) -> list[Reading]:
        return [Reading("Zqay" if each is odd else each.text, 0.9) for each in words]

    verdict = judge(TextLayer((*LINES, odd)), page_with((*LINES, odd)), "auto", read)
    assert (verdict.words, verdict.doubtful, verdict.regions) == (LINES, (odd,), ())


def test_words_without_unicode_are_read_where_they_stand() -> None:
    bullet = word("\ufffd", 6, mapped=False)
    verdict = judge(TextLayer((*LINES, bullet)), page_with((*LINES, bullet)), "auto", says(0.9))
    assert (verdict.words, verdict.doubtful) == (LINES, (bullet,))


def test_a_layer_mostly_without_unicode_is_of_no_use() -> None:
    words = tuple(replace(each, mapped=False) for each in LINES)
    assert judge(TextLayer(words), page_with(words), "auto", unread).regions == WHOLE


@pytest.mark.parametrize("unseen", ["hidden", "white on white"])
def test_unseen_text_is_not_used(unseen: str) -> None:
    ghost = word("ghost", 6, visible=unseen != "hidden")
    page = page_with((*LINES, ghost) if unseen == "hidden" else LINES)
    assert judge(TextLayer((*LINES, ghost)), page, "auto", says(0.9)).words == LINES
    assert judge(TextLayer((ghost,)), page, "auto", unread).regions == WHOLE


def test_text_of_other_alphabets_is_not_checked_by_a_reader_that_does_not_know_them() -> None:
    words = (word("Рахунок"), word("Сума", 1))
    assert judge(TextLayer(words), page_with(words), "auto", unread).words == words


def test_use_takes_all_there_is() -> None:
    words = (*LINES, word("ghost", 6, visible=False), word("\ufffd", 7, mapped=False))
    assert judge(TextLayer(words, WHOLE), page_with(LINES), "use", unread).words == words


def test_pictures_that_meet_are_one_and_blank_ones_none() -> None:
    page = page_with(LINES)
    page[100:150, 200:300:2] = 0
    strips = ((200.0, 100.0, 300.0, 125.0), (200.0, 125.5, 300.0, 150.0))
    blank = (20.0, 170.0, 60.0, 190.0)
    verdict = judge(TextLayer(LINES, (*strips, blank)), page, "auto", says(0.9))
    assert verdict.regions == ((200.0, 100.0, 300.0, 150.0),)
    many = tuple((20.0 * i, 0.0, 20.0 * i + 10, 100.0) for i in range(1, 10))
    page[:100] = np.arange(400) % 4 * 80
    assert judge(TextLayer(LINES, many), page, "auto", says(0.9)).regions == ((20.0, 0.0, 190.0, 100.0),)


def test_what_counts_as_covered() -> None:
    quads = np.array([box_quad((0, 0, 40, 10)), box_quad((0, 0, 100, 10)), box_quad((200, 0, 240, 10))], float)
    boxes = np.array([(0, 0, 45, 10), (55, 0, 100, 10)], float)
    assert covered(quads, boxes).tolist() == [True, True, False]
    assert covered(quads[:0], boxes).tolist() == []
    assert covered(quads, boxes[:0]).tolist() == [False] * 3


# Through the pipeline. The detector sees black bars, the reader reads them as PAID and is unsure of all else.


class Bars:
    def __init__(self) -> None:
        self.looks: list[tuple[int, ...]] = []

    def detect(self, pixels: np.ndarray) -> list[DetectedWord]:
        self.looks.append(pixels.shape[:2])
        rows, columns = np.nonzero(pixels[:, :, 0] == 64)
        if not len(rows):
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [DetectedWord(box_quad(tuple(map(float, box))), 0.9, ())]  # type: ignore[arg-type]


class ReadsBars:
    def read(self, crops: Sequence[np.ndarray], expected: Sequence[int] | None = None) -> list[Reading]:
        paid = Reading("PAID", 0.8, tuple(ReadCharacter(c, 0.8, i / 4, (i + 1) / 4) for i, c in enumerate("PAID")))
        return [paid if (crop == 64).mean() > 0.5 else Reading("", 0.0) for crop in crops]


IMAGE = (
    "<</Type/XObject/Subtype/Image/Width 3/Height 3/ColorSpace/DeviceGray/BitsPerComponent 8"
    "/Filter/ASCIIHexDecode/Length 19>>stream\nFFFFFFFF40FFFFFFFF>\nendstream"
)
PICTURE = "q 120 0 0 60 20 20 cm /Im Do Q\n"  # its middle, a bar 40 × 20 points, says PAID


def make_pdf(content: str, font: str = HELVETICA, extra: Sequence[str] = ()) -> bytes:
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Count 1/Kids[4 0 R]>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Page/Parent 2 0 R/Contents 3 0 R/MediaBox[0 0 300 150]"
        f"/Resources<</Font<</F1{font}>>/XObject<</Im 5 0 R>>>>>>",
        IMAGE,
        *extra,
    ]
    body, offsets = "%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF".encode()  # noqa: E501


def text(words: str, y: int = 120, mode: int = 0) -> str:
    return f"BT {mode} Tr /F1 12 Tf 20 {y} Td ({words}) Tj ET\n"


@pytest.fixture
def bars() -> Bars:
    return Bars()


@pytest.fixture
def ocr(bars: Bars) -> OCRPipeline:
    return OCRPipeline(detector=bars, recognizer=ReadsBars(), dpi=72, pdf_renderer="pdfium")


def sources(ocr: OCRPipeline, data: bytes, **options: object) -> list[tuple[str, str]]:
    return sorted((each.text, each.source) for each in ocr(data, **options).words)


def test_a_page_with_sound_text_is_not_looked_at(ocr: OCRPipeline, bars: Bars) -> None:
    [page] = ocr(make_pdf(text("Total 9.90")))
    assert bars.looks == []
    assert (page.text, page.warnings, page.width, page.dpi) == ("Total 9.90", (), 300, 72)
    first = page.words[0]
    assert (first.source, first.confidence, len(first.characters)) == ("pdf", 1.0, 5)
    assert first.box == pytest.approx((20, 20.4, 48, 32.6), abs=2)
    [page] = ocr(make_pdf(text("Total 9.90")), characters=False)
    assert page.words[0].characters == ()


def test_pictures_on_a_page_with_text_are_read_and_merged(ocr: OCRPipeline, bars: Bars) -> None:
    data = make_pdf(text("Total 9.90") + PICTURE)
    assert sources(ocr, data) == [("9.90", "pdf"), ("PAID", "crnn"), ("Total", "pdf")]
    assert bars.looks == [(60, 120)], "only the picture is looked at"
    paid = next(each for each in ocr(data).words if each.text == "PAID")
    assert paid.box == pytest.approx((60, 90, 100, 110), abs=2)


def test_a_picture_under_words_of_the_layer_gives_no_second_ones(ocr: OCRPipeline) -> None:
    data = make_pdf(PICTURE + text("PA ID", 48).replace(" 20 48 Td", " 65 48 Td 1 g"))
    assert sources(ocr, data) == [("ID", "pdf"), ("PA", "pdf")]


def test_ocr_of_ocr_is_read_again(ocr: OCRPipeline, bars: Bars) -> None:
    scan = PICTURE.replace("120 0 0 60 20 20", "300 0 0 150 0 0")
    for data in (make_pdf(scan + text("PA1D", mode=3)), make_pdf(text("PA1D") + scan)):
        assert sources(ocr, data) == [("PAID", "crnn")]
        assert bars.looks.pop() == (150, 300)
        assert sources(ocr, data, pdf_text="use") == [("PA1D", "pdf")]
        assert bars.looks == []


def test_a_scan_with_a_stamped_number_keeps_both(ocr: OCRPipeline) -> None:
    scan = PICTURE.replace("120 0 0 60 20 20", "300 0 0 150 0 0")
    assert sources(ocr, make_pdf(scan + text("No 17", 10))) == [("17", "pdf"), ("No", "pdf"), ("PAID", "crnn")]


def test_ignore_and_pages_without_text_read_the_page(ocr: OCRPipeline) -> None:
    assert sources(ocr, make_pdf(text("Total") + PICTURE), pdf_text="ignore") == [("PAID", "crnn")]
    for mode in ("auto", "use"):
        assert sources(ocr, make_pdf(PICTURE + text("  ")), pdf_text=mode) == [("PAID", "crnn")]


def test_the_stages_alone_take_no_layer(ocr: OCRPipeline, bars: Bars) -> None:
    assert len(ocr.detect_words(make_pdf(text("Total") + PICTURE))) == 1
    assert bars.looks == [(150, 300)]


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(UsageError, match="'always' is no way to use a PDF's text"):
        OCRPipeline(pdf_text="always")


def test_real_networks_tell_soup_from_text() -> None:
    """A font's map that is three letters off: what can be copied is not what can be read."""
    cmap = ("begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
            "1 beginbfrange <21> <7A> <0024> endbfrange endcmap")  # fmt: skip
    soup = HELVETICA.replace("/Encoding", "/ToUnicode 6 0 R/Encoding")
    extra = [f"<</Length {len(cmap)}>>stream\n{cmap}\nendstream"]
    content = text("Invoice number 4711", 120) + text("Amount payable 119.00", 90) + text("Thank you", 60)
    with OCRPipeline(pdf_renderer="pdfium") as ocr:
        sound = ocr(make_pdf(content))
        assert {each.source for each in sound.words} == {"pdf"}
        broken = ocr(make_pdf(content, soup, extra))
        assert ocr(make_pdf(content, soup, extra), pdf_text="use").words[0].text == "Lqyrlfh"
    assert {each.source for each in broken.words} == {"crnn"}
    assert broken.pages[0].warnings
    assert set(sound.text.split()) & set(broken.text.split()) >= {"Invoice", "Amount", "Thank"}
