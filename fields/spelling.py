"""Names of firms spelled as firms are: their forms, their lines of business, and what readers mix up.

A name's own words cannot be checked: who is to say that it is not "Kwik". But most names hold words that many names
hold, and of these a reader that was unsure is set right where it misread a sign or two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

from ocr_doc.core.records import Word

# A word that was read more surely than this stands as it was read.
SURE = 0.97
# From so many letters on a known word may differ by one sign, and by two.
ONE_OFF, TWO_OFF = 6, 10
# On a page where fewer words than this have an accent, an accent in capitals is a speck.
ACCENTED = 0.02
# How many signs the two words of "Sdn Bhd" may differ by together.
FORM_OFF = 2

_WORD = re.compile(r"[^\W_]+")
# The form without its space; what is left of a text without the form's letters; what stands between its two words.
_FORM = "SDNBHD"
_NO_FORM = dict.fromkeys(map(ord, _FORM))
_BETWEEN = re.compile(r"[.,!;]?\s?")
_COMMON = """
    RESTAURANT RESTAURANTS RESTORAN KOPITIAM BAKERY BAKERIES HARDWARE STATIONERY MINIMARKET SUPERMARKET HYPERMARKET
    MARKET STORES BOOKSTORE PHARMACY CLINIC PERNIAGAAN PERUSAHAAN RUNCIT INDUSTRY INDUSTRIES MARKETING SERVICE SERVICES
    SUPPLY SUPPLIES CENTRE CENTER HOLDINGS RETAIL PETROLEUM STATION PARKING CONFECTIONERY KITCHEN ELECTRICAL ELECTRONIC
    ELECTRONICS FURNISHING FURNITURE FLORIST GROCER GROCERY DISTRIBUTOR DISTRIBUTORS TRADERS TRADING AGENCY GALLERY
    ENTERPRISE ENTERPRISES COMPANY LIMITED BEVERAGE BEVERAGES RESOURCES DEVELOPMENT ENGINEERING ADVERTISING
    INTERNATIONAL TECHNOLOGY TECHNOLOGIES COMMUNICATIONS TELECOMMUNICATIONS MANAGEMENT COSMETICS AUTOMOTIVE PLANTATION
    PROPERTIES PRODUCTS SOLUTIONS VENTURES BROTHERS MALAYSIA SINGAPORE DISTRIBUTION
    APOTHEKE BÄCKEREI METZGEREI GASTHAUS KAUFHAUS BUCHHANDLUNG TANKSTELLE WERKSTATT GESELLSCHAFT
    PHARMACIE BOULANGERIE LIBRAIRIE BRASSERIE EPICERIE MAGASIN SOCIETE
    SUPERMERCADO FARMACIA PANADERÍA TIENDA FERRETERÍA LIBRERÍA
    RISTORANTE TRATTORIA PIZZERIA PANIFICIO NEGOZIO SUPERMERCATO ALIMENTARI
"""


def find_form(text: str) -> tuple[int, int] | None:
    """Where "Sdn Bhd" stands in a text though a sign or two of it were misread; None where it does not."""
    words = [(match.group().upper(), match.start(), match.end()) for match in _WORD.finditer(text)]
    joined = [_BETWEEN.fullmatch(text, a[2], b[1]) is not None for a, b in pairwise(words)]
    for count in (2, 3, 1):  # the form's own two words; torn apart; glued together
        off = FORM_OFF if count > 1 else 1
        for place in range(len(words) - count + 1):
            parts = words[place : place + count]
            letters = "".join(part for part, _, _ in parts)
            # Nearly all words are told by their length, or share too few letters with the form.
            if abs(len(letters) - len(_FORM)) > off or len(letters.translate(_NO_FORM)) > off:
                continue
            if any(part.isdigit() for part, _, _ in parts) or not all(joined[place : place + count - 1]):
                continue
            if _distance(letters, _FORM, off) <= off:
                end = parts[-1][2]
                return parts[0][1], end + (text[end : end + 1] == ".")
    return None


def mended(name: str, words: Iterable[Word], *, accents: bool) -> str:
    """A name with its form and its common words as they are spelled, where they were not read surely.

    Args:
        name: As read, with single spaces.
        words: That it was read from.
        accents: Whether letters with accents are usual on the page.
    """
    unsure = {part for word in words if word.confidence < SURE for part in word.text.split()}
    parts = name.split(" ")
    for place, part in enumerate(parts):
        if part not in unsure:
            continue
        between = 0 < place < len(parts) - 1 and parts[place - 1][-1:].isalpha() and parts[place + 1][:1].isalpha()
        parts[place] = "&" if part == "8" and between else _mended_word(part, accents=accents)
    return " ".join(parts)


def accents_usual(texts: Sequence[str]) -> bool:
    """Whether letters with accents are usual among texts."""
    words = [word for text in texts for word in text.split() if any(map(str.isalpha, word))]
    return sum(not word.isascii() and _bare(word) != word for word in words) > ACCENTED * len(words)


def _mended_word(word: str, *, accents: bool) -> str:
    """A word; the common one that it nearly is, in its own case."""
    if not accents and word.isupper():
        word = _bare(word)
    letters = word.strip(".,()")
    known = _nearest(letters.upper()) if letters.isalpha() else None
    if known is None:
        return word
    cased = known if letters.isupper() else known.capitalize() if letters[0].isupper() else known.lower()
    return word.replace(letters, cased)


def _nearest(word: str) -> str | None:
    off = 2 if len(word) >= TWO_OFF else 1 if len(word) >= ONE_OFF else 0
    if not off or word in _common():
        return None
    # Another ending is another word: one store and several.
    near = [known for known in _common() if known[-2:] == word[-2:] and _distance(word, known, off) <= off]
    # Between two words, such as a singular and its plural, nothing decides.
    best = sorted(near, key=lambda known: _distance(word, known, off))
    tied = len(best) > 1 and _distance(word, best[0], off) == _distance(word, best[1], off)
    return best[0] if best and not tied else None


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.split())


def _bare(word: str) -> str:
    """A word without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _distance(one: str, other: str, most: int) -> int:
    """Levenshtein distance of short words; anything above `most` is `most + 1`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return min(row[-1], most + 1)
