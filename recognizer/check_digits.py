"""Check digits: whether a code can be right. A small registry; add a function and a line to `CHECKS`.

Each check takes a code without spaces and signs, in capitals, and says whether its check digit holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Check = Callable[[str], bool]
# ISO 6346: letters count from 10, multiples of 11 left out.
_CONTAINER = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 40) if n % 11), strict=False))
# ISO 3779 as the United States use it: letters to digits, and a weight for each place.
_VIN = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def container(code: str) -> bool:
    """ISO 6346: four letters and seven digits on a freight container, the last one a check."""
    if not re.fullmatch(r"[A-Z]{4}\d{7}", code, re.ASCII):
        return False
    total = sum((_CONTAINER[c] if c.isalpha() else int(c)) << i for i, c in enumerate(code[:10]))
    return total % 11 % 10 == int(code[10])


def gtin(code: str) -> bool:
    """GS1: EAN-8, UPC-A (12), EAN-13 and GTIN-14."""
    if not re.fullmatch(r"\d{8}|\d{12,14}", code, re.ASCII):
        return False
    return sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(reversed(code))) % 10 == 0


def vin(code: str) -> bool:
    """ISO 3779 with the check digit of North America, place 9."""
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", code, re.ASCII):
        return False
    total = sum((_VIN[c] if c.isalpha() else int(c)) * w for c, w in zip(code, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == code[8]


def iban(code: str) -> bool:
    """ISO 13616: the number, its start moved to its end, is 1 modulo 97."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", code, re.ASCII):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def luhn(code: str) -> bool:
    """ISO/IEC 7812: card numbers, IMEI."""
    if not re.fullmatch(r"\d{2,}", code, re.ASCII):
        return False
    doubled = (int(c) * (2 if i % 2 else 1) for i, c in enumerate(reversed(code)))
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


CHECKS: Mapping[str, tuple[str, Check]] = {
    "iso6346": (r"[A-Z]{3}[JRUZ]\d{7}", container),
    "ean": (r"\d{13}|\d{8}", gtin),
    "gtin": (r"\d{12,14}|\d{8}", gtin),
    "vin": (r"[A-HJ-NPR-Z0-9]{17}", vin),
    "iban": (r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", iban),
    "luhn": (r"\d{12,19}", luhn),
}
"""Names that stand for a pattern and its check digit."""
