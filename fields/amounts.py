"""Numbers and amounts of money in a row's text, with the slips of readers set right.

Which of point and comma is the decimal sign, the page as a whole decides; letters that stand for digits (O for 0, l
for 1, S for 5) are taken as such where a number with a decimal sign is mostly digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

# What stands beside an amount, as printed or misread, and its ISO 4217 code. The dollar is many countries' sign.
_PRINTED = """
    MYR: RM MYR RN RH; EUR: € EUR EURO EUROS; USD: $ US$ USD; GBP: £ GBP; CHF: CHF SFR; SGD: S$ SGD
    IDR: RP IDR; JPY: ¥ JPY; INR: ₹ INR; AUD: A$ AUD; CAD: CA$ C$ CAD; NZD: NZ$ NZD; HKD: HK$ HKD; BND: BND
    THB: THB ฿; PLN: PLN; SEK: SEK; NOK: NOK; DKK: DKK; CZK: CZK; HUF: HUF; PHP: ₱ PHP; MXN: MXN; ARS: ARS
    COP: COP; BRL: BRL R$; TRY: ₺ TRY; MAD: MAD DH
"""
CURRENCIES = {
    sign: code.strip()
    for code, _, signs in (entry.partition(":") for entry in _PRINTED.replace("\n", ";").split(";"))
    for sign in signs.split()
}
_SIGNS = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_SLIPS = str.maketrans("OoQDlI|!iSsBZzgq", "0000111115582299")
_DIGIT = r"[0-9OoQDlI|!iSsBZz]"
# Two plain digits end a number: what follows in "9.00SR" is a tax code.
_DECIMALS = rf"(?:[.,'’]|(?<=\d) ?\. ?(?=\d))(?:\d\d(?=[A-Za-z]{{1,3}}\b)|{_DIGIT}+)"
_NUMBER = re.compile(
    r"(?:(?<![^\W_])|(?<=[xX]))(?P<open>\()?(?P<minus>[-–−] ?)?"
    rf"(?:(?P<before>(?i:{_SIGNS}))[ \t]?:?[ \t]?)?(?P<minus2>[-–−] ?)?"
    rf"(?P<digits>[0-9OoQDlISB]{_DIGIT}*(?:{_DECIMALS})*|\.[0-9]{{2}})"
    rf"(?P<code>[A-Za-z]{{1,3}}\b)?(?P<minus3>-(?!\w))?(?: ?(?P<after>(?i:{_SIGNS}))(?!\w))?"
)
# What a decimal sign turns into when it is misread; only tried beside a label that promises an amount.
_TORN = re.compile(r"(?<![\w.,])(?P<whole>\d{1,6}) ?[ ;·*'_~-] ?(?P<cents>\d\d)(?![\w.,])")
_WHOLE = re.compile(r"(?<![\w.,/:-])(?P<whole>\d{3,7})(?![\w.,/:%-])")
# What a percentage, a date, a time or a longer code has behind a number and before it.
_GOES_ON, _GOES_BEFORE = re.compile(r" ?%|[/:.,]\d|[-/]\w|\w"), re.compile(r"(?:[\d\w][/:.,#]|\d[-–])$")
_POINTS, _COMMAS = re.compile(r"\d\.\d\d(?![\d.,])"), re.compile(r"\d,\d\d(?![\d.,])")
MONEY_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a row's text.

    Attributes:
        value: With its sign.
        start, end: Where it stands.
        decimals: Digits after the decimal sign.
        currency: ISO 4217, where a sign or code stands beside it; else empty.
        trust: In [0, 1]; below 1 where a slip was set right.
    """

    value: Decimal
    start: int
    end: int
    decimals: int
    currency: str = ""
    trust: float = 1.0

    @property
    def is_money(self) -> bool:
        """Whether it is written as an amount: with cents, or with a currency."""
        return self.decimals == MONEY_DECIMALS or (bool(self.currency) and self.decimals == 0)


def written(value: Decimal) -> str:
    """An amount in its written form, such as 1234.50."""
    return f"{value:.2f}"


def decimal_sign(texts: Iterable[str]) -> str:
    """The decimal sign of a page: whichever of point and comma stands before two digits more often."""
    points = commas = 0
    for text in texts:
        points += len(_POINTS.findall(text))
        commas += len(_COMMAS.findall(text))
    return "," if commas > points else "."


@lru_cache(maxsize=1024)
def numbers_in(text: str, sign: str = ".") -> tuple[Number, ...]:
    """All numbers of a text that are no percentages, dates, times or codes, left to right.

    Each row of a page is asked for its numbers several times.

    Args:
        text: A row's text.
        sign: The decimal sign of the page.
    """
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        number = _number(match, text, sign)
        if number is None:
            continue
        last = found[-1] if found else None
        # A space parts the thousands where a comma parts the cents: "1 234,50".
        if sign == "," and last and text[last.end : number.start] == " " and _is_thousands(last, number):
            found[-1] = replace(number, value=1000 * last.value + number.value, start=last.start)
        else:
            found.append(number)
    return tuple(found)


def _is_thousands(head: Number, tail: Number) -> bool:
    return head.decimals == 0 and 0 < head.value < 1000 and tail.decimals == MONEY_DECIMALS and 100 <= tail.value < 1000


def torn_amount(text: str, start: int, end: int) -> Number | None:
    """The last amount of a part of a text whose decimal sign was lost or misread: "60 30", "60:30", "6030"."""
    for pattern in (_TORN, _WHOLE):
        matches = list(pattern.finditer(text, start, end))
        if matches:
            digits = matches[-1].group("whole") + (matches[-1].groupdict().get("cents") or "")
            return Number(Decimal(digits) / 100, matches[-1].start(), matches[-1].end(), MONEY_DECIMALS, trust=0.5)
    return None


def _number(match: re.Match[str], text: str, sign: str) -> Number | None:
    digits = match["digits"].replace(" ", "")
    slips = sum(c.isalpha() or c in "|!" for c in digits)
    separated = any(c in ".,'’" for c in digits)
    if slips and (not separated or slips > 2 * sum(c.isdigit() for c in digits)):
        return None
    rest = text[match.end() : match.end() + 3]
    start = match.start("digits")
    if _GOES_ON.match(rest) or _GOES_BEFORE.search(text, max(start - 3, 0), start):
        return None
    parsed = _value(digits.translate(_SLIPS).replace("’", "'"), sign)
    if parsed is None:
        return None
    value, decimals = parsed
    negative = match["minus"] or match["minus2"] or match["minus3"] or (match["open"] and rest.startswith(")"))
    printed = (match["before"] or match["after"] or "").upper()
    trust = 0.8**slips * (0.9 if " " in match["digits"] else 1.0)
    start = match.start("before") if match["before"] else start
    currency = CURRENCIES.get(printed, "")
    return Number(-value if negative else value, start, match.end(), decimals, currency, trust)


def _value(digits: str, sign: str) -> tuple[Decimal, int] | None:
    """Value and decimals of digits with separators; None where they make no number."""
    parts = re.split(r"[.,']", digits)
    separators = [c for c in digits if c in ".,'"]
    if not separators:
        return (Decimal(digits), 0) if len(digits) < 10 else None
    last, tail = separators[-1], parts[-1]
    grouped = all(len(part) == 3 for part in parts[1:-1]) and 0 < len(parts[0]) <= 3
    if len(separators) > 1 and not grouped:
        return None
    thousands = len(tail) == 3 and grouped and parts[0] != "0" and (last != sign or len(separators) > 1)
    if last == "'" or (thousands and len(set(separators)) == 1):
        return (Decimal("".join(parts)), 0) if len(tail) == 3 and grouped else None
    if len(tail) != MONEY_DECIMALS and last != sign:
        return None
    if len(parts[0]) > 1 and parts[0].startswith("0"):
        return None
    return Decimal(f"{''.join(parts[:-1]) or '0'}.{tail}"), len(tail)
