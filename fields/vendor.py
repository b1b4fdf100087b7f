"""Who wrote a bill, and where they are: names by what only names of firms hold, else by their place on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_doc.core.field_records import Field, FieldRule
from ocr_doc.core.geometry import Box
from ocr_doc.core.records import Word
from ocr_doc.fields.dates import dates_in
from ocr_doc.fields.labels import find_labels
from ocr_doc.fields.phrases import Kind
from ocr_doc.fields.rows import FAR, Row
from ocr_doc.fields.spelling import accents_usual, find_form, mended
from ocr_doc.fields.totals import word_confidence


def _words(text: str) -> list[str]:
    """The words of a list; an underscore is a space within one."""
    return [word.replace("_", " ") for word in text.split()]


# Forms of firms (behind a number KG is a weight), which end a name; a name may have two, as in "GmbH & Co. KG".
_FORMS = (
    *(r"(?i:S[DO0U]N[.,]?\s?[BI8][HNM][DO0]\b\.?)", r"(?i:BERHAD)\b", r"BHD\b\.?", r"(?i:S ?/ ?B)\b\.?"),
    *(r"SB\b(?=\s*\(|\s*$)", r"P\.?L\.?T\.?\b", r"(?i:GMBH)\b", r"UG\b", r"AG\b", r"OHG\b", r"(?i:GBR)\b"),
    r"(?<!\d[ \t])KG\b",
    *(r"(?i:e\. ?K\.)", r"(?i:LTD)\b\.?", r"(?i:LIMITED)\b", r"LLC\b\.?", r"LLP\b", r"(?:INC|Inc)\b\.?", r"(?i:PLC)\b"),
    *(r"(?:CORP|Corp)\b\.?", r"(?i:S\.?A\.?R\.?L)\b\.?", r"SAS\b", r"S\.A\.S\.", r"EURL\b", r"SASU\b", r"S\.A\.(?!\w)"),
    *(r"S\.?L\.?U?\.(?!\w)", r"(?i:S\.?R\.?L)\b\.?", r"(?:S\.?p\.?A|SPA|S\.P\.A)\b\.?", r"(?i:S\.?N\.?C)\b\.?"),
    *(r"BV\b", r"B\.V\.", r"PTE\b\.?(?: LTD\b\.?)?", r"PTY\b\.?"),
)
_FORM = re.compile(rf"\b(?:{'|'.join(_FORMS)})")
# Words that end many names, and stand in others' middle.
_WEAK_FORM = re.compile(
    r"\b(?:CO\.?(?! *(?:REG|NO))|ENTERPRISES?|TRADING|COMPANY(?! *(?:REG|NO))|& CO)(?!\w)", re.IGNORECASE
)
# "S/B" with one sign misread, and "SDN" whose "BHD" was not read: no name ends in it alone.
_MISREAD_SB = re.compile(r"(?<=\w )(?:S ?/ ?[D8]|5 ?/ ?B)(?=\s*[(\[]|\s*$)", re.IGNORECASE)
_LONE_SDN = re.compile(r"(?<=\w )SDN\.?$", re.IGNORECASE)
_SDN_BHD = re.compile(r"\b(?!SDN\.? ?BHD)S[DO0U]N[.,]?\s?[BI8][HNM][DO0]\b\.?", re.IGNORECASE)
# Words that name a firm's business.
_BUSINESSES = """
    RESTAURANTS? RESTORAN RESTO CAF[EÉ] BISTRO KAFE KOPITIAM BAKER(?:Y|IES) HARDWARE STATIONERY MINI_?MARKET
    SUPERMARKET
    HYPERMARKET MARKET MARKT MART STORES? SHOP BOOKSTORES? BOOKS? PHARMACY FARMASI CLINIC KLINIK HOTEL KEDAI
    PASAR_?RAYA
    PERNIAGAAN PERUSAHAAN RUNCIT INDUSTR(?:Y|IES) MARKETING SERVICES? SUPPL(?:Y|IES) CENTRE CENTER GROUP HOLDINGS?
    RETAIL
    PETROL(?:EUM)? STATION PARKING CONFECTIONERY FOODS? KITCHEN GRILL ELECTRICAL ELECTRONICS? FURNISHING FLORIST
    BAZAR
    GROCER[SY]? DISTRIBUTORS? TRADERS? AGENCY GALLERY SALON
    APOTHEKE B[AÄ]CKEREI METZGEREI GASTHAUS GASTHOF KAUFHAUS BUCHHANDLUNG TANKSTELLE WERKSTATT
    PHARMACIE BOULANGERIE LIBRAIRIE BRASSERIE EPICERIE MAGASIN
    SUPERMERCADO FARMACIA PANADER[IÍ]A TIENDA FERRETER[IÍ]A LIBRER[IÍ]A
    RISTORANTE TRATTORIA PIZZERIA PANIFICIO NEGOZIO SUPERMERCATO ALIMENTARI
"""
_BUSINESS = re.compile(rf"\b(?:{'|'.join(_words(_BUSINESSES))})\b", re.IGNORECASE)
# Words of addresses.
_PLACES = r"""
    JALAN JLN JL LORONG LRG TAMAN TMN LOT KAMPUNG (?<!\d.)KG BANDAR SEKSYEN LEBUH LEBUHRAYA PERSIARAN PUSAT KAWASAN
    WISMA MENARA
    PLAZA BLOCK BLK UNIT LEVEL FLOOR BATU SELANGOR JOHOR KUALA_LUMPUR PENANG PAHANG SARAWAK SABAH
    STREET ST ROAD RD AVENUE AVE LANE BOULEVARD BLVD DRIVE SUITE HIGHWAY P[.]?O[.]?_?BOX
    PLATZ ALLEE GASSE POSTFACH RUE CHEMIN IMPASSE QUAI ROUTE AUTOROUTE
    CALLE AVENIDA AVDA PASEO CARRETERA VIA VIALE PIAZZA CORSO STRADA
"""
_STREET = re.compile(
    rf"\b(?:{'|'.join(_words(_PLACES))})\b|(?:STRASSE|STRA[ẞß]E|WEG|STR\.)(?!\w)|\bN[O0]\.? ?:?\d|\bC/ ?\w",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"(?<![\d-])(?:D-|F-|E-|I-)?\d{5}(?![\d.,-])\s*,?\s*[^\W\d]|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\b[A-Z]{2} \d{5}\b"
)
# A registration number and all that follows it: no part of a name.
_REGISTRATION = re.compile(
    r"\s*[\[({]?\s*(?:(?:C[O0]\.?\s*)?(?:REG\.?)?\s*(?:N[O0])?\s*[.:]*\s*)?"
    r"(?:[A-Z]{1,3}\s?)?\d{5,}\s?[-–.]?\s?[A-Z0-9]?\b\s*[\])}]?.*$",
    re.IGNORECASE,
)
# What stands between the parts of a sender's line.
_PARTS = re.compile(r"\s*[·•●∙‧|■]\s*|\s[-–—*.]\s|,\s")
_SIGNS = " \t·•●∙‧|■-–—*.,"
_WEB = re.compile(r"@\w|www\.|\.com\b|\.my\b|https?:|^\s*\w{2,}\.[a-z]{2,}\s*$", re.IGNORECASE)
_NOT_ISSUER = re.compile(
    r"\b(?:FORMERLY|FKA|LICEN[SC]EE|OPERATED BY|MANAGED BY|A MEMBER OF|POWERED BY|LICENSED TO)\b", re.IGNORECASE
)
# Rows from the top in which a name may stand without a form of firm, and with one.
TOP_ROWS, NAMED_ROWS = 8, 14
# A customer's address is at most so many rows.
CUSTOMER_ROWS = 4
MIN_LETTERS = 3
# A gap in heights that parts a name from what stands beside it.
NAME_GAP = 1.8
_LABELLED = re.compile(r"\s*[^\W\d]+(?: [^\W\d]+)? ?:\s*(?=\w)")
# What a name's row ends with that goes on in the next one.
_GOES_ON = re.compile(r"(?:&|\b(?:AND|DAN|UND|ET))\s*$", re.IGNORECASE)
# What speaks for a row: that it has a form of firm, a business, or neither; and what each row from the top, or a place
# beyond the head of the page, takes from it.
FORM, BUSINESS, PLAIN = 3.0, 1.6, 0.6
ROW_COST, FOOT_COST = 0.12, 2.2
# Digits of the shortest registration number, and signs between two forms of one name, as in "GmbH & Co. KG".
MIN_REGISTRATION, MAX_FORM_GAP = 5, 7
# Signs before a label that begins a row: brackets and stars.
LABEL_START = 2
_HOURS = re.compile(r"\d[.:]\d\d ?[ap]m\b|\bMON-|\bMO-", re.IGNORECASE)
_PHONE = re.compile(r"\d[\d -]{5,}\d\s*$")
# Labels that begin no name.
_NO_NAME = {
    Kind.TITLE,
    Kind.OTHER_NUMBER,
    Kind.NUMBER,
    Kind.DATE,
    Kind.TOTAL,
    Kind.PAID,
    Kind.COUNT,
    Kind.DESCRIPTION,
    Kind.CUSTOMER,
}


@dataclass(frozen=True, slots=True)
class _Name:
    """A candidate: rows `first` to `last`, where the name starts in the first and where it ends in the last."""

    first: int
    last: int
    start: int
    end: int
    score: float
    rule: FieldRule


def find_vendor(rows: Sequence[Row], *, is_bill: bool) -> tuple[Field | None, Field | None]:
    """Vendor and address.

    Args:
        rows: Of the document.
        is_bill: Whether other fields were found; a name by its place alone is only taken from a bill.
    """
    barred = _customer_rows(rows)
    heights = sorted(row.height for row in rows)
    usual = max(heights[len(heights) // 2], 1e-6) if heights else 1.0
    names = [_candidate(rows, i, usual) for i in range(len(rows)) if i not in barred and (is_bill or i < NAMED_ROWS)]
    found = [name for name in names if name is not None and (is_bill or name.rule == "name")]
    if not found:
        return None, None
    best = max(found, key=lambda name: (name.score, -name.first))
    spans = [[0, len(rows[i].text)] for i in range(best.first, best.last + 1)]
    spans[0][0], spans[-1][1] = best.start, best.end
    parts = [(rows[best.first + i], start, end) for i, (start, end) in enumerate(spans)]
    words = tuple(word for row, start, end in parts for word in row.words_in(start, end))
    text = " ".join(row.text[start:end] for row, start, end in parts)
    trust = min(0.95, 0.35 + 0.15 * best.score)
    vendor = Field(
        _written_name(text, words, rows),
        rows[best.last].page,
        words,
        max(trust, 0.1) * word_confidence(words),
        best.rule,
    )
    return vendor, _sender_line(rows, text) or _address(rows, best.last + 1, rows[best.last].box_in(*spans[-1]))


def _written_name(text: str, words: Sequence[Word], rows: Sequence[Row]) -> str:
    """A name with single spaces, without stray signs at its ends; its form and its common words spelled right."""
    text = mended(" ".join(text.split()), words, accents=accents_usual([row.text for row in rows]))
    text = _SDN_BHD.sub("SDN BHD", text)
    form = find_form(text)
    if form is not None and "SDN BHD" not in text.upper():
        text = f"{text[: form[0]]}SDN BHD{text[form[1] :]}"
    text = text.strip(" ,:;*-=~_\"'•·|>").removeprefix(". ").strip()
    return _LONE_SDN.sub("SDN BHD", _MISREAD_SB.sub("S/B", text))


def _customer_rows(rows: Sequence[Row]) -> set[int]:
    """Rows of the customer: the label's and those below it."""
    barred: set[int] = set()
    for i, row in enumerate(rows):
        labels = find_labels(row.text)
        if labels and Kind.CUSTOMER in labels[0].kinds and labels[0].start <= 2 and Kind.TITLE not in labels[0].kinds:
            barred |= set(range(i, i + CUSTOMER_ROWS))
    return barred


def _candidate(rows: Sequence[Row], i: int, usual: float) -> _Name | None:
    row = rows[i]
    end = _form_end(row.text)
    has_form = end is not None
    if end is None:
        if i >= TOP_ROWS:
            return None
        end = _name_end(row.text)
    text = row.text[:end]
    if not _may_name(row.text, text, has_form=has_form) or (i > 0 and _NOT_ISSUER.search(rows[i - 1].text)):
        return None
    business = _BUSINESS.search(text) or _WEAK_FORM.search(text)
    score = FORM if has_form else BUSINESS if business else PLAIN
    # Past the head of the page a name is as good at the foot: a sender's line, or who owns the shop.
    score -= ROW_COST * i if i < NAMED_ROWS else FOOT_COST
    score += 0.4 * min(max(row.height / usual - 1.0, 0.0), 1.0) + 0.8 * _followed_by_address(rows, i)
    score += 0.8 * (sum(word.confidence for word in row.words) / len(row.words) - 1.0)
    first = _joined(rows, i, text, has_form=has_form)
    if text.lstrip().startswith("("):
        score -= 1.0  # a second name
    if first == i and _letters(_bare(text)) < MIN_LETTERS:
        score -= 1.5  # "Bistro & Cafe" alone tells what it is and not who
    last, end = _continued(rows, i, end, has_form=has_form)
    start = max(_cell_start(row, end), _label_end(row.text, end)) if first == i else 0
    return _Name(first, last, start, end, score, "name" if has_form or business else "position")


def _form_end(text: str) -> int | None:
    """Where a name with a form of firm ends: behind the form, or the forms that follow one another."""
    matches = list(_FORM.finditer(text)) or list(_MISREAD_SB.finditer(text))
    if not matches:
        misread = find_form(text)
        return misread[1] if misread is not None else None
    end = matches[0].end()
    for match in matches[1:]:
        if match.start() - end > MAX_FORM_GAP:
            break
        end = match.end()
    return end


def _cell_start(row: Row, end: int) -> int:
    """Where a name starts that ends at `end`: at its own cell, if that holds more than a form of firm.

    Names are set in wide letters and words, so a cell that stands close before is of the name as well.
    """
    start = row.text.rfind(FAR, 0, end) + 1
    while start and _letters(_bare(row.text[start:end])) >= MIN_LETTERS:
        first, _ = row.span(start, end)
        if row.boxes[first][0] - row.boxes[first - 1][2] > NAME_GAP * row.height:
            return start
        start = row.text.rfind(FAR, 0, start - 1) + 1
    return 0


def _label_end(text: str, end: int) -> int:
    """Where a name starts behind a label, as in "Dimiliki: Banh Mi Cafe Sdn Bhd"."""
    match = _LABELLED.match(text[:end])
    return match.end() if match and _letters(_bare(text[match.end() : end])) >= MIN_LETTERS else 0


def _name_end(text: str) -> int:
    match = _REGISTRATION.search(text)
    return match.start() if match and text[: match.start()].strip() else len(text)


def _may_name(row: str, text: str, *, has_form: bool) -> bool:
    """Whether a row's text, up to the name's end, can be a name at all."""
    if _letters(text) < MIN_LETTERS or sum(c.isdigit() for c in text) > _letters(text) or _NOT_ISSUER.search(text):
        return False
    kinds = {kind for label in find_labels(row) for kind in label.kinds if label.start <= LABEL_START}
    if kinds & {Kind.GREETING, Kind.CONTACT} or dates_in(text):
        return False
    if has_form:
        return True
    if any(pattern.search(text) for pattern in (_WEB, _POSTCODE, _HOURS, _PHONE)):
        return False
    # "Harbour Lane Grocers" is a name though lanes stand in addresses.
    if _STREET.search(text) and (any(c.isdigit() for c in text) or not _BUSINESS.search(text)):
        return False
    return not kinds & _NO_NAME


def _followed_by_address(rows: Sequence[Row], i: int) -> bool:
    """Whether the next row is a registration number or an address."""
    if i + 1 >= len(rows):
        return False
    text = rows[i + 1].text
    return bool(_STREET.search(text) or _POSTCODE.search(text) or _is_registration(text))


def _is_registration(text: str) -> bool:
    return _REGISTRATION.match(text) is not None and sum(c.isdigit() for c in text) >= MIN_REGISTRATION


def _joined(rows: Sequence[Row], i: int, text: str, *, has_form: bool) -> int:
    """The row where a name begins that ends in row i: earlier ones too where this one cannot stand alone."""
    first = i
    while first > max(0, i - 2):
        broken = text.count(")") > text.count("(")
        generic = has_form and _letters(_bare(text)) < MIN_LETTERS
        above = rows[first - 1]
        if (
            not (broken or generic or _GOES_ON.search(above.text))
            or not _near(above, rows[first])
            or not _may_name(above.text, above.text, has_form=False)
        ):
            break
        first -= 1
        text = f"{above.text} {text}"
    return first


def _continued(rows: Sequence[Row], i: int, end: int, *, has_form: bool) -> tuple[int, int]:
    """Where a name ends that row i begins: in the next row, where that holds nothing but a form or a business."""
    if has_form or end < len(rows[i].text) or i + 1 >= len(rows) or not _near(rows[i], rows[i + 1]):
        return i, end
    text = rows[i + 1].text
    below = text[: _form_end(text) or _name_end(text)]
    whole = _letters(_bare(below)) == 0 and bool(_FORM.search(below) or _WEAK_FORM.search(below))
    numbers = any(Kind.OTHER_NUMBER in label.kinds for label in find_labels(text))  # "Company No: 123456"
    return (i + 1, len(below)) if whole and not numbers else (i, end)


def _near(above: Row, below: Row) -> bool:
    """Whether two rows are of one size and follow one another closely."""
    return below.box[1] - above.box[3] < below.height * 1.2 and 0.6 < above.height / max(below.height, 1e-6) < 1.7


def _bare(text: str) -> str:
    """What is left of a name without forms, businesses and brackets."""
    text = re.sub(r"\([^)]*\)?", " ", text)
    return _WEAK_FORM.sub(" ", _FORM.sub(" ", _BUSINESS.sub(" ", text)))


def _letters(text: str) -> int:
    return sum(c.isalpha() for c in text)


def _sender_line(rows: Sequence[Row], name: str) -> Field | None:
    """The address in the line above a letter's window or at its foot: "Name · Street 1 · 12345 Town"."""
    for row in rows:
        for start, end in row.cells():
            rest = row.text[start + len(name) : end]
            if not row.text[start:end].casefold().startswith(name.casefold()) or not (parts := _sender_parts(rest)):
                continue
            words = row.words_in(end - len(rest.lstrip(_SIGNS)), end)
            words = tuple(word for word in words if any(c.isalnum() for c in word.text))
            return Field(" ".join(parts), row.page, words, 0.8 * word_confidence(words), "format")
    return None


def _sender_parts(rest: str) -> list[str]:
    """Street, town and what else stands behind a name; none where that is no address of two parts."""
    parts = [part.strip(_SIGNS) for part in _PARTS.split(rest) if part.strip(_SIGNS)]
    if len(parts) < 2 or not any(_POSTCODE.search(part) for part in parts):
        return []
    # The sign behind the name may have been too small to be found.
    begins = _PARTS.match(rest) or (rest[0].isspace() and any(c.isdigit() for c in parts[0]))
    return parts if begins else []


def _address(rows: Sequence[Row], start: int, name: Box) -> Field | None:
    """The rows of an address below a name in a box: from the first that looks like one to the last that does."""
    taken: list[int] = []
    for i in range(start, min(len(rows), start + 8)):
        text = rows[i].text
        kinds = {kind for label in find_labels(text) for kind in label.kinds if label.start <= LABEL_START}
        looks = bool(_STREET.search(text) or _POSTCODE.search(text)) and not kinds & {Kind.OTHER_NUMBER, Kind.CONTACT}
        stop = kinds & {Kind.CONTACT, Kind.TITLE, Kind.DATE, Kind.NUMBER, Kind.TOTAL} or dates_in(text)
        if taken and (stop or _is_registration(text) or kinds & {Kind.OTHER_NUMBER, Kind.TAX}) and not looks:
            break
        if looks:
            taken.append(i)
        elif taken and sum(c.isalpha() for c in text) >= MIN_LETTERS and i == taken[-1] + 1:
            if not text.rstrip().endswith(",") and not rows[i - 1].text.rstrip().endswith(","):
                break
            taken.append(i)
        elif stop and taken:
            break
    if not taken:
        return None
    cells = [(rows[i], *cell) for i in taken for cell in _cells_below(rows[i], name)]
    words = tuple(word for row, first, last in cells for word in row.words_in(first, last))
    value = " ".join(" ".join(row.text[first:last] for row, first, last in cells).split())
    certain = any(_POSTCODE.search(rows[i].text) for i in taken)
    return Field(value, rows[taken[0]].page, words, (0.8 if certain else 0.5) * word_confidence(words), "format")


def _cells_below(row: Row, name: Box) -> list[tuple[int, int]]:
    """The cells of an address's row that are of it: below the name, or looking like an address; all where none is."""
    cells = [(start, end) for start, end in row.cells() if row.text[start:end].strip()]
    kept = []
    for start, end in cells:
        left, _, right, _ = row.box_in(start, end)
        text = row.text[start:end]
        if (left < name[2] and right > name[0]) or _STREET.search(text) or _POSTCODE.search(text):
            kept.append((start, end))
    return kept or cells
