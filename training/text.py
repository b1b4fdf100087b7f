"""Real-looking text: words of several languages, prices, dates, addresses, codes, e-mails, and random strings.

Words come from wordfreq's frequency lists (`further_words` has those of languages it lacks), names and addresses from
Faker; both are drawn once into pools when a `TextSource` is made, so that drawing a text costs microseconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.further_words import FURTHER_LANGUAGES, further_words
from ocr_doc.training.packages import require
from ocr_doc.training.prose import prose
from ocr_doc.training.rare_signs import rare_sign

# Weights of the languages: what bills and letters of the first users are written in, English first.
LANGUAGES = {
    "en": 16, "de": 4, "fr": 4, "es": 2, "it": 2, "ms": 2, "nl": 1, "pt": 1, "pl": 1, "cs": 1, "sv": 1, "da": 0.5,
    "nb": 0.5, "fi": 0.7, "hu": 0.7, "ro": 0.7, "tr": 0.7, "lt": 0.4, "lv": 0.4, "sk": 0.4, "is": 0.4, "sh": 0.4,
}  # fmt: skip
LOCALES = (
    "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_PT", "pl_PL", "cs_CZ", "sv_SE", "tr_TR", "hu_HU",
    "ro_RO", "fi_FI", "da_DK", "no_NO", "sk_SK", "hr_HR", "lv_LV", "lt_LT",
)  # fmt: skip
WORDS_PER_LANGUAGE = 12_000
POOL = 1_500
# Of the texts with rare symbols, the share that are words with letters beyond a to z; the others hold rare signs.
_ACCENTED = 0.7
# A letter in fewer of a language's words than this is a foreign one there, or, as a first letter, no first letter.
_AT_HOME, _AT_FIRST = 8, 3
# Share of the accented words that begin with the letter, as a capital: few names do, and sentences seldom.
_INITIAL = 0.25
# A language's weight to this power is its share of the accented words: the smaller ones have most of the letters.
_EVENED = 0.25
# Share of the words that come by their true frequency.
AS_WRITTEN = 0.4
# What receipts say over and over, in the spelling of the trade.
RECEIPT_WORDS = [
    "TOTAL", "SUBTOTAL", "TAX", "CASH", "CHANGE", "INVOICE", "RECEIPT", "DATE", "TIME", "QTY", "PRICE", "AMOUNT",
    "ITEM", "DESCRIPTION", "DISCOUNT", "ROUNDING", "GST", "SST", "VAT", "MWST", "TVA", "IVA", "RM", "EUR", "USD",
    "CHF", "NO.", "TEL", "FAX", "BILL", "TABLE", "CASHIER", "COUNTER", "MEMBER", "POINTS", "THANK", "YOU", "PLEASE",
    "COME", "AGAIN", "GOODS", "SOLD", "ARE", "NOT", "RETURNABLE", "EXCHANGE", "SDN", "BHD", "(M)", "CO.", "LTD",
    "GMBH", "S.A.", "INC.", "JALAN", "TAMAN", "LOT", "NET", "GROSS", "BALANCE", "DUE", "PAID", "VISA", "MASTERCARD",
    "APPROVAL", "CODE", "TERMINAL", "ID", "REG", "SUMME", "BAR", "RÜCKGELD", "STEUER", "DATUM", "RECHNUNG", "BETRAG",
    "TOTALE", "CONTANTE", "RESTO", "SCONTRINO", "IMPORTE", "FACTURA", "FECHA", "PAGADO", "MONTANT", "PAYÉ", "REÇU",
    "SERVI", "PAR", "TICKET", "CLIENT", "ITEMS", "INCLUSIVE", "EXCLUSIVE", "SR", "ZRL", "OPEN", "CLOSE", "RATE",
    "UNIT", "PCS", "KG", "LTR", "PKT", "BTL", "BOX", "SET", "EA", "@", "%", "TAX(RM)", "AMT(RM)", "GST:",
]  # fmt: skip
# First letters whose capitals have their shape: only height tells them, so either is drawn as often.
ALIKE = frozenset("cosuvwxz")
_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE = _DIGITS + _UPPER
# What stands between a label and its value, and between two words, each as often as it is listed.
_JOINTS = [":"] * 8 + ["-", "-", "@", "@", "&", "&", "/", "*", "x", "X", "=", "#", "+", "!", "|", "–", "%"]
_MARKS = "()[]{}<>/\\|-_=+*#@&%$!?.,:;'\"~^`"


def _grouped(value: int, separator: str) -> str:
    return f"{value:,}".replace(",", separator)


@dataclass(frozen=True)
class TextSource:
    """Draws texts that an alphabet can write.

    Args:
        alphabet: What the texts are made of; letters and digits of ASCII are among it.
        seed: Seeds the pools; the draws themselves take their own generator.
        rare: Share of the texts that hold letters beyond a to z, or rare signs: as seldom as they are written, once
            in ten thousand letters, they would not be learned.

    Raises:
        DependencyError: If wordfreq, faker or simplemma is not installed.
    """

    alphabet: Alphabet = field(default_factory=Alphabet)
    seed: int = 0
    rare: float = 0.15
    _languages: list[str] = field(init=False, repr=False)
    _words: list[list[str]] = field(init=False, repr=False)
    _accented: list[list[str]] = field(init=False, repr=False)
    _accented_weights: NDArray[np.float64] = field(init=False, repr=False)
    _initials: list[list[str]] = field(init=False, repr=False)
    _language_weights: NDArray[np.float64] = field(init=False, repr=False)
    _pools: dict[str, list[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require("wordfreq", "faker", "simplemma")
        from wordfreq import top_n_list  # noqa: PLC0415  (loads tables: only when text is drawn)

        lists: list[Sequence[str]] = [top_n_list(language, WORDS_PER_LANGUAGE) for language in LANGUAGES]
        lists += [further_words(language, WORDS_PER_LANGUAGE) for language in FURTHER_LANGUAGES]
        words = []
        for listed in lists:
            written = (self.alphabet.normalise(word) for word in listed)
            words.append([word for word in written if word and self.alphabet.covers(word)])
        languages = {**LANGUAGES, **FURTHER_LANGUAGES}
        weights = np.array(list(languages.values()))
        object.__setattr__(self, "_languages", list(languages))
        object.__setattr__(self, "_words", words)
        by_letter = [_by_letter(listed, _AT_HOME) for listed in words]
        homes = Counter(letter for letters in by_letter for letter in letters)
        pairs = zip(by_letter, weights**_EVENED, strict=True)
        shares = [weight / homes[letter] ** 0.5 for letters, weight in pairs for letter in letters]
        object.__setattr__(self, "_accented", [having for letters in by_letter for having in letters.values()])
        object.__setattr__(self, "_accented_weights", np.cumsum(shares))
        initials = [_by_letter(listed, _AT_FIRST, 1) for listed in words]
        object.__setattr__(self, "_initials", [begun for letters in initials for begun in letters.values()])
        object.__setattr__(self, "_language_weights", np.cumsum(weights / weights.sum()))
        object.__setattr__(self, "_pools", self._draw_pools())

    def _draw_pools(self) -> dict[str, list[str]]:
        from faker import Faker  # noqa: PLC0415

        pools: dict[str, list[str]] = {"name": [], "street": [], "city": [], "company": [], "email": []}
        for n, locale in enumerate(LOCALES):
            fake = Faker(locale)
            fake.seed_instance(self.seed * 1000 + n)
            makers: dict[str, Callable[[], str]] = {
                "name": fake.name, "street": fake.street_address, "city": fake.city, "company": fake.company,
                "email": fake.email,
            }  # fmt: skip
            for kind, make in makers.items():
                drawn = (self.alphabet.normalise(make().replace("\n", ", ")) for _ in range(POOL // len(LOCALES)))
                pools[kind] += [text for text in drawn if self.alphabet.covers(text)]
        return pools

    def word(self, rng: np.random.Generator) -> str:
        """A word of a language: as often as people write it, or flattened, so that rare words teach rare letters."""
        words = self._words[int(np.searchsorted(self._language_weights, rng.random()))]
        if rng.random() < AS_WRITTEN:
            return words[int(len(words) ** rng.random()) - 1]  # Zipf's law: the r-th word comes 1 / r as often
        return words[int(len(words) * rng.random() ** 2)]

    def accented(self, rng: np.random.Generator) -> str:
        """One or two words, one with a letter beyond a to z; letters of few languages come nearly as often."""
        if not self._accented:  # an alphabet without such letters
            return self.styled_word(rng)
        word = self._initial(rng) if self._initials and rng.random() < _INITIAL else self._with_accent(rng)
        draw = rng.random()
        if draw < 0.75:
            return word
        return f"{word} {self.word(rng)}" if draw < 0.88 else f"{self.word(rng)} {word}"

    def _with_accent(self, rng: np.random.Generator) -> str:
        place = rng.random() * self._accented_weights[-1]
        listed = self._accented[int(np.searchsorted(self._accented_weights, place))]
        return self._styled(listed[int(len(listed) * rng.random() ** 2)], rng)

    def _initial(self, rng: np.random.Generator) -> str:
        listed = self._initials[int(rng.integers(len(self._initials)))]
        word = listed[int(rng.integers(len(listed)))]
        word = word[:1].upper() + word[1:] if rng.random() < 0.75 else word.upper()
        return self._punctuated(word, rng)

    def rarity(self, rng: np.random.Generator) -> str:
        """A text with rare letters or a rare sign."""
        if rng.random() < _ACCENTED:
            return self.accented(rng)
        text = self.alphabet.normalise(rare_sign(rng, lambda: self._capital(rng)))
        return text if self.alphabet.covers(text) else self.accented(rng)

    def _capital(self, rng: np.random.Generator) -> str:
        """A word, at times with a capital."""
        word = self.word(rng)
        return word[:1].upper() + word[1:] if rng.random() < 0.4 else word

    def styled_word(self, rng: np.random.Generator) -> str:
        """A word in lower, title or upper case, at times with punctuation."""
        return self._styled(self.word(rng) if rng.random() < 0.8 else str(rng.choice(RECEIPT_WORDS)), rng)

    def _styled(self, word: str, rng: np.random.Generator) -> str:
        style = rng.random()
        if style < 0.27:
            word = word.upper() if self.alphabet.covers(word.upper()) else word
        elif style < (0.63 if word[:1] in ALIKE else 0.47):
            word = word[:1].upper() + word[1:]
        return self._punctuated(word, rng)

    def prose(self, rng: np.random.Generator) -> str:
        """A piece of a line of a book or letter, covered by the alphabet."""
        n = int(np.searchsorted(self._language_weights, rng.random()))
        text = self.alphabet.normalise(prose(rng, self._words[n], self._languages[n]))
        return text if self.alphabet.covers(text) else self.styled_word(rng)

    def _punctuated(self, word: str, rng: np.random.Generator) -> str:
        draw = rng.random()
        if draw < 0.12:
            return word + str(rng.choice(list(".,:;!?")))
        if draw < 0.16:
            pair = ["()", "[]", '""', "''", "„“", "«»", "“”", "‘’"][int(rng.integers(8))]
            return pair[0] + word + pair[1]
        if draw < 0.18:
            return word + str(rng.choice(["-", ".-", "*", "®", "™", "'s", "...", "…", ")", "/", "(", "™"]))
        if draw < 0.20:
            return str(rng.choice(["-", "*", "#", "•", "@", "&", "(", "=", "§", "–"])) + word
        if draw < 0.23:
            return word + str(rng.choice(["-", "/", "&", ".", "'", ":", "_", "@"])) + self.word(rng)
        return word

    def price(self, rng: np.random.Generator) -> str:
        """An amount of money as shops in many countries print it."""
        units = int(10 ** rng.uniform(0, 5 if rng.random() < 0.3 else 2.6)) - 1
        cents = f"{int(rng.integers(100)):02d}" if rng.random() < 0.6 else str(rng.choice(["00", "99", "50", "95"]))
        comma = rng.random() < 0.4
        point, group = (",", ".") if comma else (".", ",")
        text = (_grouped(units, group) if rng.random() < 0.7 else str(units)) + point + cents
        draw = rng.random()
        if draw < 0.25:
            text = str(rng.choice(["€", "$", "£", "RM", "RM ", "€ ", "$ ", "¥", "EUR ", "CHF ", "₹", "S$"])) + text
        elif draw < 0.4:
            text += str(rng.choice([" €", "€", " EUR", " kr", " zł", " Kč", "-", " A", " B", "*", " SR", " T", "%"]))
        elif draw < 0.46:
            text = "-" + text
        elif draw < 0.48:
            text = f"({text})"
        return text

    def number(self, rng: np.random.Generator) -> str:
        """Digits: counts, phone numbers, account numbers; doubled digits over-sampled."""
        length = int(rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13], p=_number_weights()))
        digits = "".join(rng.choice(list(_DIGITS), length))
        if rng.random() < 0.3:
            digits = _doubled(digits, rng)
        draw = rng.random()
        if draw < 0.12:
            return str(rng.choice(["No.", "#", "x", "No", "Nr.", "+", "(", "ID:", "Tel:", "*"])) + digits
        if draw < 0.2:
            return digits + str(rng.choice(["%", ".", ")", ":", "x", "X", " x", "kg", " pcs", "g", "ml", "°", "*"]))
        if draw < 0.23:
            return " ".join(digits)
        if draw < 0.34 and length > 4:
            cut = int(rng.integers(2, length - 1))
            return digits[:cut] + str(rng.choice(["-", " ", "/", ".", "-"])) + digits[cut:]
        return digits

    def entry(self, rng: np.random.Generator) -> str:
        """A label or value, a sign and a value, or a part of that; any spaces, since only the image can tell."""
        joint = str(rng.choice(_JOINTS))
        gaps = ["" if rng.random() < 0.4 else " " for _ in range(2)]
        makers = (self.price, self.number, self.date, self.code, self.styled_word)
        value = makers[int(rng.choice(len(makers), p=(0.3, 0.3, 0.1, 0.1, 0.2)))](rng)
        label = makers[int(rng.choice(len(makers), p=(0.03, 0.07, 0.15, 0.05, 0.7)))](rng)
        draw = rng.random()
        label, value = ("", value) if draw < 0.2 else (label, "") if draw < 0.5 else (label, value)
        text = f"{label}{gaps[0]}{joint}{gaps[1]}{value}"
        return f"({text})" if rng.random() < 0.08 else text

    def date(self, rng: np.random.Generator) -> str:
        """A date or a time of day."""
        day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1950, 2035))
        if rng.random() < 0.35:
            hour, minute, second = (int(rng.integers(n)) for n in (24, 60, 60))
            text = f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if rng.random() < 0.5 else "")
            return text + str(rng.choice(["", "", " PM", " AM", "PM", "AM", " Uhr", "h"]))
        sep = str(rng.choice(["/", "/", "-", ".", " "]))
        name = str(rng.choice(["Jan", "FEB", "Mar", "Apr", "MAY", "June", "Juli", "août", "Sep", "OCT", "Nov", "Dez"]))
        forms = (
            f"{day:02d}{sep}{month:02d}{sep}{year}", f"{year}-{month:02d}-{day:02d}", f"{day} {name} {year}",
            f"{day:02d}{sep}{month:02d}{sep}{year % 100:02d}", f"{name} {day}, {year}", f"{day}{sep}{month}{sep}{year}",
        )  # fmt: skip
        return forms[int(rng.integers(len(forms)))]

    def code(self, rng: np.random.Generator) -> str:
        """A code without language: letters and digits, look-alikes and doubles among them."""
        length = int(rng.integers(2, 13))
        draw = rng.random()
        if draw < 0.5:
            text = "".join(rng.choice(list(_CODE), length))
        elif draw < 0.75:
            head = int(rng.integers(1, 4))
            text = "".join(rng.choice(list(_UPPER), head)) + "".join(rng.choice(list(_DIGITS), length))
        else:
            text = "".join(rng.choice(list("0OoQD1Il|i5Ss8B2Zz6G9gqUVvuCcKkXxWw"), length))
        if rng.random() < 0.25:
            text = _doubled(text, rng)
        if rng.random() < 0.25 and len(text) > 3:
            cut = int(rng.integers(1, len(text)))
            text = text[:cut] + str(rng.choice(["-", "/", ".", " ", ":"])) + text[cut:]
        return text

    def noise(self, rng: np.random.Generator) -> str:
        """Any symbols of the alphabet, so that none stays untaught."""
        symbols = self.alphabet.symbols[1:]
        if rng.random() < 0.35:
            symbols = _MARKS + _DIGITS
        return "".join(rng.choice(list(symbols), int(rng.integers(1, 8))))

    def contact(self, rng: np.random.Generator) -> str:
        """A name, address, company, e-mail or web address."""
        kind = str(rng.choice(["name", "street", "city", "company", "email", "web"]))
        if kind == "web":
            return f"www.{self.word(rng)}{rng.choice(['.com', '.de', '.fr', '.com.my', '.org', '.eu', '.it'])}"
        pool = self._pools[kind]
        if not pool:  # an alphabet without "@" has no e-mails
            return self.word(rng)
        text = pool[int(rng.integers(len(pool)))]
        if rng.random() < 0.75:  # the detector cuts words, so whole lines are the exception
            parts = text.split()
            text = parts[int(rng.integers(len(parts)))]
        return text.upper() if rng.random() < 0.3 and self.alphabet.covers(text.upper()) else text

    def text(self, rng: np.random.Generator) -> str:
        """A text of one to about five words, at least one symbol, covered by the alphabet."""
        draw = rng.random() if rng.random() >= self.rare else -1.0
        if draw < 0.0:
            text = self.rarity(rng)
        elif draw < 0.50:
            text = self.styled_word(rng)
        elif draw < 0.64:
            text = " ".join(self.styled_word(rng) for _ in range(int(rng.integers(2, 4))))
        elif draw < 0.70:
            text = self.prose(rng)
        elif draw < 0.76:
            text = self.entry(rng)
        else:
            makers = (self.price, self.number, self.date, self.code, self.noise, self.contact)
            text = makers[int(rng.choice(len(makers), p=(0.25, 0.25, 0.12, 0.18, 0.06, 0.14)))](rng)
        text = self.alphabet.normalise(text)
        if text and self.alphabet.covers(text):
            return text
        return "".join(rng.choice(list(_DIGITS), int(rng.integers(1, 9))))


def _by_letter(words: list[str], least: int, looked_at: int | None = None) -> dict[str, list[str]]:
    """The words with each letter beyond a to z, if at least so many have it; the commonest words first."""
    letters: dict[str, list[str]] = {}
    for word in words:
        if word.isalpha():
            for letter in {letter for letter in word[:looked_at] if not letter.isascii()}:
                letters.setdefault(letter, []).append(word)
    return {letter: letters[letter] for letter in sorted(letters) if len(letters[letter]) >= least}


def _number_weights() -> list[float]:
    weights = [3, 2, 3, 2, 3, 2, 1.5, 1.5, 1, 1, 1, 0.7, 0.7]
    return [weight / math.fsum(weights) for weight in weights]


def _doubled(text: str, rng: np.random.Generator) -> str:
    """The text with one character, at times two, written twice or thrice."""
    at = int(rng.integers(len(text)))
    return text[:at] + text[at] * int(rng.integers(1, 3)) + text[at:]
