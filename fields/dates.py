"""Dates in a row's text: figures and month names in English, German, French, Spanish, Italian and Malay.

The order of day and month is not told by a date such as 03/04/2018. Other dates of the page may show it; else the day
is taken first, as most of the world writes it, unless the page looks American. The other reading is kept beside it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ocr_doc.fields.labels import fold

_MONTHS = """
    january jan januar jaenner janvier janv enero ene gennaio gen januari
    february feb februar fevrier fev fevr febrero febbraio februari
    march mar maerz marz mrz mars marzo mac
    april apr avril avr abril abr aprile
    may mai mayo maggio mag mei
    june jun juni juin junio giugno giu
    july jul juli juillet juil julio luglio lug julai
    august aug aout agosto ago ogos
    september sep sept septembre septiembre setiembre settembre set
    october oct oktober okt octobre octubre ottobre ott
    november nov novembre noviembre
    december dec dezember dez decembre diciembre dic dicembre disember dis
"""
_D = r"[0-9OoQlI|SB]"
_SLIPS = str.maketrans("OoQlI|SB", "00011158")
# A stroke or a point; beside a right one, a misread one.
_SEPARATOR = r" ?[./\-,:]{1,2} ?"
_NUMERIC = re.compile(
    rf"(?<![\w.,/-])(?P<a>{_D}{{1,2}})(?P<sep>{_SEPARATOR})(?P<b>{_D}{{1,2}}){_SEPARATOR}"
    rf"(?P<y>[12][09O]{_D}{{2}}(?!\d{{3}}(?!:))|{_D}{{2}}(?=\d\d:)|{_D}{{2}}(?![\d/.-]\d|\d))"
)
_ISO = re.compile(
    rf"(?<![\w./-])(?P<y>(?:19|20|2O){_D}{{2}})(?P<sep> ?[./-] ?)(?P<b>{_D}{{1,2}}) ?[./-] ?(?P<a>{_D}{{1,2}})"
)
_DAY_MONTH = re.compile(
    r"(?<![\w./])(?P<a>[0-3]?[0-9OlI])(?:st|nd|rd|th|er|º|°|ª)?[ .,/\-]{0,2}(?:de |of )?"
    r"(?P<month>[^\W\d_][\w]{2,9})[ .,/\-']{0,2}(?:del? )?(?P<y>(?:19|20|2O)[0-9Ol]{2}|[0-9O]{2}(?!\d|:))",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    r"(?<!\w)(?P<month>[^\W\d_]{3,9})[ .\-]{0,2}(?P<a>[0-3]?\d)(?:st|nd|rd|th)?[ .,\-']{1,2}(?P<y>(?:19|20)\d{2})",
    re.IGNORECASE,
)
# No separators, or separators read as strokes; only beside a label.
_COMPACT = (
    re.compile(r"(?<!\d)(?P<y>20\d\d)(?P<b>0[1-9]|1[0-2])(?P<a>[0-2]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>[0-2]\d|3[01])(?P<b>0[1-9]|1[0-2])(?P<y>20\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>[0-2]\d|3[01])[1lI|7/.](?P<b>0[1-9]|1[0-2])[1lI|7/.](?P<y>20\d\d)"),
    re.compile(r"(?<![\d:])(?P<a>[0-2]\d|3[01]) ?[./-]? ?(?P<b>0[1-9]|1[0-2]) ?[./-] ?(?P<y>(?:20)?[1-3]\d)(?![\d:])"),
)
# Two-digit years up to this one are of this century.
LAST_SHORT_YEAR = 69


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a row's text.

    Attributes:
        value: As it is most probably meant.
        start, end: Where it stands.
        other: With day and month exchanged, where nothing on the date itself tells; else None.
        trust: In [0, 1]; below 1 where a slip was set right.
    """

    value: datetime.date
    start: int
    end: int
    other: datetime.date | None = None
    trust: float = 1.0


def dates_in(text: str, month_first: bool = False, *, compact: bool = False) -> list[FoundDate]:
    """All dates of a text, left to right.

    Args:
        text: A row's text.
        month_first: Which order 03/04/2018 is read in.
        compact: Whether figures without separators may be dates: true beside a label.
    """
    found = [*_numeric(text, month_first), *_iso(text), *_named(text)]
    if compact and not found:
        found = list(_squeezed(text))
    kept: list[FoundDate] = []
    for each in sorted(found, key=lambda date: (date.start, -date.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def day_month_order(texts: Sequence[str]) -> str | None:
    """What the dates of a page tell of their order: "dmy", "mdy", or None where none tells or they differ."""
    seen = set()
    for text in texts:
        for match in _matches(text):
            a, b = _figures(match["a"]), _figures(match["b"])
            if a > 12 >= b:
                seen.add("dmy")
            elif b > 12 >= a:
                seen.add("mdy")
    return seen.pop() if len(seen) == 1 else None


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Dates in figures; what has colons or commas alone is a time of day or a list."""
    return (match for match in _NUMERIC.finditer(text) if any(c in "/.-" for c in match.group()))


def _numeric(text: str, month_first: bool) -> Iterator[FoundDate]:
    for match in _matches(text):
        a, b, year = _figures(match["a"]), _figures(match["b"]), _year(match["y"])
        # A struck zero is read as 8, where no day and no month begins with one.
        repaired = (a > 80 or b > 80) and len(match["a"]) == len(match["b"]) == 2
        a, b = (a - 80 if a > 80 else a), (b - 80 if b > 80 else b)
        plain, turned = _date(year, b, a), _date(year, a, b)
        # Points are written between day and month where the day comes first.
        exchange = month_first and match["sep"].strip() != "." and turned is not None
        value, other = (turned, plain) if exchange else (plain or turned, turned if plain else None)
        if value is not None:
            other = other if other != value else None
            yield FoundDate(value, *match.span(), other, 0.6 if repaired else _trust(match))


def _iso(text: str) -> Iterator[FoundDate]:
    for match in _ISO.finditer(text):
        value = _date(_year(match["y"]), _figures(match["b"]), _figures(match["a"]))
        if value is not None:
            yield FoundDate(value, *match.span(), trust=_trust(match))


def _named(text: str) -> Iterator[FoundDate]:
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for match in pattern.finditer(text):
            month = _months().get(fold(match["month"]))
            value = month and _date(_year(match["y"]), month, _figures(match["a"]))
            if value:
                yield FoundDate(value, *match.span())


def _squeezed(text: str) -> Iterator[FoundDate]:
    for pattern in _COMPACT:
        for match in pattern.finditer(text):
            value = _date(_year(match["y"]), int(match["b"]), int(match["a"]))
            if value is not None:
                yield FoundDate(value, *match.span(), trust=0.6)


@cache
def _months() -> dict[str, int]:
    rows = [row.split() for row in _MONTHS.strip().splitlines()]
    return {fold(name): number for number, names in enumerate(rows, 1) for name in names}


def _figures(text: str) -> int:
    return int(text.translate(_SLIPS))


def _year(text: str) -> int:
    year = _figures(text)
    return year if len(text) == 4 else year + (2000 if year <= LAST_SHORT_YEAR else 1900)


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _trust(match: re.Match[str]) -> float:
    return 1.0 if not any(c.isalpha() or c == "|" for c in match.group()) else 0.8
