"""Numbers as bills print them."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-+(]?\s?\d{1,3}(?:[.,' ]\d{3})+(?!\d)(?:[.,]\d{1,3})?|[-+(]?\s?\d+(?:[.,]\d{1,4})?")
# Letters and digits that may stand before or after a number: "EUR", "pcs", "SR".
_AFFIX = 4


def number(text: str) -> float | None:
    """The number that a cell holds, None where it holds none or more than that.

    A currency, a tax letter or a unit may stand before or after it: a few characters without digits.
    """
    found = _NUMBER.search(text)
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    if any(c.isdigit() for c in before + after) or _weight(before) > _AFFIX or _weight(after) > _AFFIX:
        return None
    digits = found.group().strip("-+( ").replace(" ", "").replace("'", "")
    point = max(digits.rfind("."), digits.rfind(","))
    if point >= 0 and len(digits) - point - 1 == 3 and digits[0] != "0":
        # "1.234" may be either; three digits behind a sign are thousands more often than not.
        point = -1
    whole = re.sub(r"[.,]", "", digits if point < 0 else digits[:point])
    value = float(whole + ("." + digits[point + 1 :] if point >= 0 else ""))
    negative = found.group().startswith("-") or after.strip().startswith("-") or found.group().startswith("(")
    return -value if negative else value


def has_cents(text: str) -> bool:
    """Whether a number has two digits behind its point, as amounts of money do."""
    return bool(re.search(r"\d[.,]\d{2}(?!\d)", text))


def _weight(text: str) -> int:
    return sum(map(str.isalnum, text))
