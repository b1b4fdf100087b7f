"""Signs that documents hold now and then, each among what it stands with: 2 × 4,21, N.º 7, •••• 1234, ¿qué?, 21 °C.

Drawn at random they would come so seldom, and in such odd company, that a network takes them for what looks like them:
a × for an x, a ¿ for a bracket, a row of dots for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_CURRENCIES = ("€", "£", "¥", "¢", "₹", "₺", "$", "zł", "Kč", "Ft", "lei", "kr", "RM", "TL")
_BEFORE = ("€", "£", "¥", "₹", "₺", "$")
_DOTS = "•••··*xX"
_UNITS = ("m²", "m³", "cm²", "cm³", "km²", "mm²", "µm", "µF", "µg", "°C", "°F", "°", "kg/m³", "l/m²", "kWh/m²")
_PAIRS = tuple(tuple(pair) for pair in ("„”", "„“", "“”", "‘’", "‚‘", "«»", "»«", "“„", "””"))
# Between units and cents, and between thousands.
_POINTS = ((",", "."), (".", ","), (",", " "), (".", "'"), (",", " "))
_MARKS = ("®", "™", "©", "†", "*", "¹", "²", "³", "°")


def rare_sign(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """A text with one of the signs, as long as a detector's crop.

    Args:
        rng: Source of chance.
        word: Draws a word.

    Returns:
        At least one symbol; the caller leaves out what its alphabet cannot write.
    """
    makers = (_times, _hidden, _listed, _ordinal, _asked, _measured, _money, _grouped, _quoted, _marked)
    weights = (0.16, 0.14, 0.12, 0.12, 0.12, 0.08, 0.1, 0.06, 0.06, 0.04)
    return makers[int(rng.choice(len(makers), p=weights))](rng, word)


def _one(rng: np.random.Generator, choices: str | tuple[str, ...]) -> str:
    return str(choices[int(rng.integers(len(choices)))])


def _amount(rng: np.random.Generator) -> str:
    """An amount in any of the ways to part thousands and cents."""
    point, group = _POINTS[int(rng.integers(len(_POINTS)))]
    units = int(10 ** rng.uniform(0, 4.5))
    return f"{units:,}".replace(",", group) + f"{point}{int(rng.integers(100)):02d}"


def _times(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """How many of what, or how long by how wide."""
    count, gap = str(int(10 ** rng.uniform(0, 2.2))), " " if rng.random() < 0.6 else ""
    draw = rng.random()
    if draw < 0.2:
        return "×"
    sign = "×" if rng.random() < 0.85 else "x"
    if draw < 0.5:
        return f"{count}{gap}{sign}{gap}{_amount(rng)}"
    if draw < 0.65:
        return f"{count}{sign} {word()}"
    if draw < 0.75:
        return f"{count}{sign}"
    return f"{count}{gap}{sign}{gap}{int(10 ** rng.uniform(0, 3))}" + _one(rng, ("", "", " mm", " cm", "mm"))


def _hidden(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """The end of the number of a card or an account."""
    dots = _one(rng, _DOTS) * int(rng.choice([3, 4, 4, 4, 4, 8]))
    digits = f"{int(rng.integers(10_000)):04d}"
    draw = rng.random()
    if draw < 0.35:
        return dots
    if draw < 0.8:
        return dots + (" " if rng.random() < 0.7 else "") + digits
    return f"{word()} {dots} {digits}"


def _listed(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """What a dot begins, or parts."""
    dot, draw = _one(rng, "••·"), rng.random()
    if draw < 0.25:
        return dot
    if draw < 0.6:
        return f"{dot} {word()}"
    if draw < 0.7:
        return dot + word()
    return f"{word()} {dot} {word()}"


def _ordinal(rng: np.random.Generator, word: Callable[[], str]) -> str:
    number = str(int(10 ** rng.uniform(0, 3.5)))
    if rng.random() < 0.4:
        return number + _one(rng, ("º", "ª", ".º", ".ª", "°"))
    sign = _one(rng, ("N.º", "n.º", "Nº", "nº", "N°", "n°", "N.°", "№", "C.ª", "M.ª", "§", "§§", "Art.º"))
    draw = rng.random()
    return sign if draw < 0.5 else f"{sign} {number}" if draw < 0.8 else f"{sign} {word()}"


def _asked(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """Asked or called in Spanish; one end of it as often, since detectors cut words."""
    opening, closing = ("¿", "?") if rng.random() < 0.65 else ("¡", "!")
    words = " ".join(word() for _ in range(int(rng.integers(1, 4))))
    words = words[:1].upper() + words[1:] if rng.random() < 0.6 else words
    return opening + words + (closing if rng.random() < 0.5 else "")


def _measured(rng: np.random.Generator, word: Callable[[], str]) -> str:
    draw = rng.random()
    number = f"{int(10 ** rng.uniform(0, 3))}" + (f",{int(rng.integers(10))}" if rng.random() < 0.3 else "")
    if draw < 0.25:
        return _one(rng, "±÷±") + (" " if rng.random() < 0.4 else "") + number + _one(rng, ("", "%", " %", " mm"))
    if draw < 0.45:
        return (number if rng.random() < 0.4 else "") + _one(rng, "½¼¾½") + _one(rng, ("", "", " kg", " l", " h"))
    unit = _one(rng, _UNITS)
    return unit if rng.random() < 0.2 else f"{number}{' ' if rng.random() < 0.7 else ''}{unit}"


def _money(rng: np.random.Generator, word: Callable[[], str]) -> str:
    if rng.random() < 0.4:
        return _one(rng, _BEFORE) + (" " if rng.random() < 0.25 else "") + _amount(rng)
    return _amount(rng) + (" " if rng.random() < 0.8 else "") + _one(rng, _CURRENCIES)


def _grouped(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """Digits in groups that thin spaces part."""
    text = f"{int(10 ** rng.uniform(3, 8)):,}".replace(",", " ")
    return text + _one(rng, ("", "", ",00", ",5", " €", " %"))


def _quoted(rng: np.random.Generator, word: Callable[[], str]) -> str:
    opening, closing = _PAIRS[int(rng.integers(len(_PAIRS)))]
    draw = rng.random()
    if draw < 0.3:
        return opening + word()
    return word() + closing if draw < 0.5 else opening + word() + closing


def _marked(rng: np.random.Generator, word: Callable[[], str]) -> str:
    if rng.random() < 0.2:
        return f"© {int(rng.integers(1980, 2031))}" + ("" if rng.random() < 0.5 else f" {word()}")
    return word() + _one(rng, _MARKS)
