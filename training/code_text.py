"""Random codes: serial numbers, plates, lots, dates, amounts, readings of meters."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np

DIGITS, UPPER, LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
SIGNS = "-/.:#+*()&,_=<>%"
SYMBOLS = DIGITS + UPPER + LOWER + SIGNS
"""What the classifier knows, in the order of its classes behind the reject class."""
# What people and machines confuse comes oftener, that it be learned.
LOOK_ALIKES = "0O0OO1Il1IllLL5S8B2ZDQGC7TJ6UV4AMNWHK"


def random_code(rng: np.random.Generator) -> str:
    """A code of one to fourteen characters."""
    makers = (_upper, _digits, _mixed, _parted, _dated, _alike, _signs, _ringed)
    chosen: Callable[[np.random.Generator], str] = makers[
        int(rng.choice(8, p=(0.22, 0.11, 0.12, 0.11, 0.05, 0.21, 0.04, 0.14)))
    ]
    return chosen(rng)


def _of(rng: np.random.Generator, letters: str, low: int, high: int) -> str:
    return "".join(letters[int(i)] for i in rng.integers(0, len(letters), int(rng.integers(low, high))))


def _upper(rng: np.random.Generator) -> str:
    return _of(rng, UPPER + DIGITS, 3, 11)


def _digits(rng: np.random.Generator) -> str:
    return _of(rng, DIGITS, 1, 13)


def _mixed(rng: np.random.Generator) -> str:
    return _of(rng, UPPER + DIGITS + LOWER, 3, 11)


def _parted(rng: np.random.Generator) -> str:
    sign = str(rng.choice(list("-/.: ")))
    return sign.join(_of(rng, UPPER + DIGITS, 1, 6) for _ in range(int(rng.integers(2, 5))))[:14].strip()


def _dated(rng: np.random.Generator) -> str:
    sign = str(rng.choice(list("./-:")))
    start = str(rng.choice(["", "", "EXP", "LOT", "L", "BB", "Exp."]))
    return start + sign.join(f"{int(rng.integers(0, 60)):02d}" for _ in range(int(rng.integers(2, 4))))


def _alike(rng: np.random.Generator) -> str:
    return _of(rng, LOOK_ALIKES, 4, 12)


def _signs(rng: np.random.Generator) -> str:
    return "".join(_of(rng, UPPER + DIGITS, 1, 3) + _of(rng, SIGNS, 1, 2) for _ in range(int(rng.integers(2, 4))))


def _ringed(rng: np.random.Generator) -> str:
    """Rings of one kind alone, O or 0: which it is, no other ring tells."""
    code = list(_of(rng, UPPER.replace("O", "") + DIGITS.replace("0", ""), 5, 11))
    ring = "O0"[int(rng.integers(2))]
    for place in rng.choice(len(code), int(rng.integers(1, 4)), replace=False):
        code[int(place)] = ring
    return "".join(code)
