"""Text that looks like a document's: names, addresses, amounts, dates, codes, prose. All of it invented.

Words come from the frequency lists of `wordfreq`, in several languages; everything else is composed here.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.random import Generator

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "fi", "cs", "hu", "ro", "tr", "ms")
_LANGUAGE_WEIGHTS = np.array([8, 4, 4, 2, 2, 1.5, 1.5, 1, 1, 1, 1, 1, 1, 1, 1, 2])
_CURRENCIES = ("", "", "", "", "$", "€", "£", "RM", "EUR", "USD", "CHF", "kr")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
           "January", "February", "March", "April", "June", "July", "August", "September", "October", "November",
           "December", "Januar", "Februar", "März", "Oktober", "Dezember", "janvier", "février", "août")  # fmt: skip
_LABELS = ("Date", "Invoice No", "Name", "Address", "Tel", "Fax", "Phone", "E-mail", "Total", "Subtotal", "Tax", "GST",
           "VAT", "Amount", "Qty", "Unit Price", "Description", "Cashier", "Table", "Customer", "Order No.", "Ref",
           "Signature", "Account", "Due date", "Rounding", "Change", "Cash", "Discount", "Balance", "Item", "Code",
           "Rechnungsnummer", "Datum", "Kunde", "Betrag", "MwSt.", "Summe", "Lieferdatum", "Menge", "Preis",
           "Facture", "Client", "Montant", "TVA", "Quantité", "Prix unitaire", "Adresse", "Fecha", "Importe",
           "Serial No", "Model", "Approved by", "Department", "Title", "Project", "Remarks", "Page", "Member ID",
           "Document No", "Time", "Payment", "Terminal", "Approval Code", "Batch", "Trace No", "Visa Card")  # fmt: skip
_COMPANY_ENDS = ("SDN BHD", "GmbH", "Ltd", "Ltd.", "Inc.", "S.A.", "AG", "B.V.", "Co.", "& Co. KG", "& Sons", "SARL",
                 "ENTERPRISE", "TRADING", "STORE", "MARKET", "RESTAURANT", "CAFE", "HARDWARE", "PHARMACY", "Bros.",
                 "S/B", "LLC", "s.r.l.", "Services", "Group", "Bakery", "Books")  # fmt: skip
_STREETS = ("JALAN {}", "Jalan {}", "{} Street", "{} Road", "{} Ave.", "{}straße", "{}weg", "{}gasse", "rue {}",
            "av. de {}", "Calle {}", "via {}", "{} Lane", "{}laan", "ul. {}", "{}gatan", "TAMAN {}")  # fmt: skip
_PHRASES = ("THANK YOU", "Thank you, please come again", "TAX INVOICE", "INVOICE", "RECEIPT", "Cash Receipt",
            "GOODS SOLD ARE NOT RETURNABLE", "Goods sold are not refundable", "Vielen Dank für Ihren Einkauf",
            "Merci de votre visite", "CUSTOMER COPY", "ORIGINAL", "DUPLICATE", "PAID", "Gracias por su compra",
            "CONFIDENTIAL", "STATEMENT OF ACCOUNT", "PURCHASE ORDER", "Delivery Note", "Lieferschein", "RECHNUNG",
            "FACTURE", "Bon de commande", "APPLICATION FORM", "Terms and conditions apply", "E. & O.E.",
            "PLEASE KEEP THIS RECEIPT", "*** END ***", "Welcome!", "Self Service", "Have a nice day :)",
            "For office use only", "Please print clearly", "Keep the invoice for applicable returns")  # fmt: skip
_SIGNS = ("EXIT", "STOP", "OPEN", "SALE", "HOTEL", "TAXI", "BAR", "PHARMACY", "NO PARKING", "PUSH", "PULL", "CAUTION",
          "DANGER", "CLOSED", "24 HOURS", "PARKING", "SCHOOL", "BUS STOP", "FIRE EXIT", "AUSFAHRT FREIHALTEN",
          "SORTIE", "ENTRÉE", "WELCOME", "RESTAURANT", "COFFEE", "Bakery", "FOR RENT", "BANK", "POLICE")  # fmt: skip


@cache
def vocabulary(language: str) -> tuple[str, ...]:
    """The 8,000 most frequent words of a language, most frequent first."""
    from wordfreq import top_n_list  # noqa: PLC0415 - slow to import, and only training has it

    return tuple(w for w in top_n_list(language, 8000) if any(c.isalpha() for c in w))


def pick(rng: Generator, choices: tuple[str, ...]) -> str:
    """One of the choices, all as likely."""
    return choices[int(rng.integers(len(choices)))]


def language(rng: Generator) -> str:
    """A language, the frequent ones in documents more often."""
    return LANGUAGES[int(rng.choice(len(LANGUAGES), p=_LANGUAGE_WEIGHTS / _LANGUAGE_WEIGHTS.sum()))]


def word(rng: Generator, lang: str) -> str:
    """A lower-case word, frequent ones more often."""
    words = vocabulary(lang)
    return words[int(len(words) * rng.random() ** 2.5)]


def content_word(rng: Generator, lang: str) -> str:
    """A longer word, capitalised."""
    for _ in range(8):
        found = word(rng, lang)
        if len(found) >= 4:
            break
    return found.capitalize()


def prose(rng: Generator, lang: str, count: int) -> list[str]:
    """Some words of running text with its punctuation, numbers and capitals."""
    words: list[str] = []
    start = True
    for _ in range(count):
        token = word(rng, lang)
        chance = rng.random()
        if chance < 0.03:
            token = str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
        elif chance < 0.05:
            token = any_field(rng)
            words.extend(token.split())
            continue
        elif chance < 0.12 or start:
            token = token.capitalize()
        start = False
        chance = rng.random()
        if chance < 0.09:
            token += ","
        elif chance < 0.17:
            token += pick(rng, (".", ".", ".", ".", "!", "?", ":", ";"))
            start = token[-1] in ".!?"
        elif chance < 0.19:
            token = pick(rng, ('"{}"', "({})", "“{}”", "„{}“", "«{}»", "'{}'", "‘{}’", "[{}]")).format(token)
        elif chance < 0.20:
            token = f"{token}-{word(rng, lang)}"
        elif chance < 0.207:
            words.append(pick(rng, ("-", "–", "&", "—", "/", "+")))
        words.append(token)
    return words


def amount(rng: Generator) -> str:
    """A price, with or without currency, in one of the ways that countries write it."""
    value = float(rng.integers(0, 10 ** int(rng.integers(2, 7)))) / 100
    text = f"{value:,.2f}" if rng.random() < 0.6 else f"{value:.2f}"
    if rng.random() < 0.3:
        text = text.translate(str.maketrans(",.", pick(rng, (".,", " ,", "',"))))
    sign = pick(rng, _CURRENCIES)
    chance = rng.random()
    if chance < 0.06:
        text = pick(rng, ("-{}", "{}-", "({})")).format(text)
    if not sign:
        return text
    return pick(rng, ("{0}{1}", "{0} {1}", "{1} {0}")).format(sign, text)


def plain_amount(rng: Generator) -> str:
    """An amount without its currency, as in a column."""
    return f"{float(rng.integers(0, 10 ** int(rng.integers(3, 6)))) / 100:.2f}"


def date(rng: Generator) -> str:
    """A date in one of many ways of writing it."""
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(1950, 2035))
    name = pick(rng, _MONTHS)
    return pick(rng, (
        f"{day:02d}/{month:02d}/{year}", f"{day:02d}-{month:02d}-{year}", f"{day:02d}.{month:02d}.{year}",
        f"{year}-{month:02d}-{day:02d}", f"{day}/{month}/{year % 100:02d}", f"{day} {name} {year}",
        f"{name} {day}, {year}", f"{day}. {name} {year}", f"{day:02d}-{name[:3]}-{year}",
        f"{day:02d}{name[:3].upper()}{year % 100:02d}", f"{day:02d}.{month:02d}.{year % 100:02d}",
    ))  # fmt: skip


def time(rng: Generator) -> str:
    """A time of day."""
    hour, minute, second = int(rng.integers(0, 24)), int(rng.integers(0, 60)), int(rng.integers(0, 60))
    half = f"{(hour - 1) % 12 + 1}:{minute:02d}"
    return pick(rng, (f"{hour:02d}:{minute:02d}", f"{hour:02d}:{minute:02d}:{second:02d}", f"{half}PM", f"{half} AM"))


def code(rng: Generator) -> str:
    """A number or code: article, order, licence, registration."""
    pattern = pick(rng, ("######", "########-A", "AA-#####", "A######", "###-###-###", "#############", "AA####AA",
                         "(######-A)", "AAA/##/####", "#/###", "##-####", "AAAA####", "###.###.###", "AA ## AA ####",
                         "##########", "#### #### ####", "****####", "No.##", "#A", "##%", "#-##-##"))  # fmt: skip
    letters = string.ascii_uppercase
    digits = rng.integers(0, 10, len(pattern))
    picks = rng.integers(0, 26, len(pattern))
    drawn = {"#": lambda i: str(digits[i]), "A": lambda i: letters[picks[i]]}
    return "".join(drawn[c](i) if c in drawn else c for i, c in enumerate(pattern))


def phone(rng: Generator) -> str:
    """A telephone number."""
    digits = "".join(str(d) for d in rng.integers(0, 10, 9))
    return pick(rng, (
        f"0{digits[0]}-{digits[1:]}", f"+{digits[:2]} {digits[2:4]} {digits[4:]}", f"0{digits}",
        f"({digits[:3]}) {digits[3:6]}-{digits[5:]}", f"0{digits[:2]} {digits[2:5]} {digits[5:]}",
    ))  # fmt: skip


def person(rng: Generator) -> str:
    """A person's name."""
    lang = language(rng)
    first, last = content_word(rng, lang), content_word(rng, lang)
    return pick(
        rng, (f"{first} {last}", f"{first[0]}. {last}", f"Dr. {first} {last}", f"{last}, {first}", f"Mr {last}")
    )


def company(rng: Generator) -> str:
    """A company's name."""
    lang = language(rng)
    name = " ".join(content_word(rng, lang) for _ in range(int(rng.integers(1, 4))))
    text = f"{name} {pick(rng, _COMPANY_ENDS)}"
    return text.upper() if rng.random() < 0.4 else text


def address(rng: Generator) -> list[str]:
    """An address, one to three lines."""
    lang = language(rng)
    street = pick(rng, _STREETS).format(content_word(rng, lang))
    number = str(rng.integers(1, 400))
    first = pick(rng, (f"{street} {number}", f"{number}, {street}", f"No. {number}, {street},", f"{number} {street}"))
    town = f"{rng.integers(1000, 99999):05d} {content_word(rng, lang)}"
    lines = [first, pick(rng, (town, f"{town}, {content_word(rng, lang)}", f"{content_word(rng, lang)}, {town}"))]
    if rng.random() < 0.3:
        lines.append(pick(rng, ("Deutschland", "FRANCE", "SELANGOR.", "United Kingdom", "Selangor Darul Ehsan", "USA")))
    return [line.upper() for line in lines] if rng.random() < 0.4 else lines


def email(rng: Generator) -> str:
    """An e-mail or web address."""
    user, host = content_word(rng, "en").lower(), content_word(rng, "en").lower()
    return pick(rng, (f"{user}@{host}.com", f"info@{host}.de", f"www.{host}.com", f"https://{host}.org/{user}",
                      f"{user}.{host}@mail.{host}.net"))  # fmt: skip


def label(rng: Generator) -> str:
    """The name of a field."""
    text = pick(rng, _LABELS)
    return text.upper() if rng.random() < 0.25 else text


def item(rng: Generator) -> str:
    """The name of an article on a receipt or an invoice."""
    lang = language(rng)
    words = [content_word(rng, lang) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.4:
        words.append(
            pick(rng, ("500ML", "1kg", "2x", "10'S", "A4", "12cm", "250g", "(L)", "1.5L", "70GSM", "#4", "XL"))
        )
    text = " ".join(words)
    return text.upper() if rng.random() < 0.5 else text


def phrase(rng: Generator) -> str:
    """A standing phrase of documents."""
    return pick(rng, _PHRASES)


def sign(rng: Generator) -> str:
    """A few words as on a sign."""
    if rng.random() < 0.4:
        return pick(rng, _SIGNS)
    lang = language(rng)
    text = " ".join(content_word(rng, lang) for _ in range(int(rng.integers(1, 3))))
    return text.upper() if rng.random() < 0.6 else text


def serial(rng: Generator) -> str:
    """A serial number or plate, three to ten characters."""
    letters = np.array(list(string.ascii_uppercase + string.digits * 2))
    text = "".join(rng.choice(letters, int(rng.integers(3, 10))))
    cut = int(rng.integers(1, len(text)))
    return pick(rng, (text, text, f"{text[:cut]} {text[cut:]}", f"{text[:cut]}-{text[cut:]}"))


def any_field(rng: Generator) -> str:
    """A value of any kind."""
    makers: tuple[Callable[[Generator], str], ...] = (amount, date, code, phone, person, email, time, company, item)
    return makers[int(rng.integers(len(makers)))](rng)
