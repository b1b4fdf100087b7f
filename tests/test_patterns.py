"""Patterns of codes and check digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.errors import UsageError
from ocr_doc.options import Options
from ocr_doc.recognizer.check_digits import CHECKS
from ocr_doc.recognizer.patterns import parse_pattern

EXPRESSIONS = [
    r"[A-Z]{3}-?\d{4}", "(?:AB|CD){1,2}x*", "a+b?c{2,}", r"[^0-9]{2}\d", r"\w{3,5}|9+", "(a|b(c|d)+)*e", r"[\d.]+",
    "x{0}y", r"\.\-[]a]", "a{,2}b", "(a*)*c", "^AB$|^C", "[a-c]{2}?d", ".{2}",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(st.data())
def test_an_expression_fits_what_python_says(expression: str, data: st.DataObject) -> None:
    drawn = data.draw(st.one_of(st.text("ABCDabcdexy01-.9]", max_size=7), st.from_regex(expression, fullmatch=True)))
    if all("!" <= c <= "~" for c in drawn):  # no row of text holds other signs
        assert parse_pattern(expression).fits(drawn) == bool(re.fullmatch(expression, drawn))


def test_a_template_stands_for_letters_and_digits() -> None:
    pattern = parse_pattern("AA-99aX")
    assert pattern.fits("QZ-07bK")
    assert pattern.fits("QZ-07b5")
    assert not pattern.fits("QZ-07BK")
    assert not pattern.fits("Q1-07bK")
    assert not pattern.fits("QZ07bK")


@pytest.mark.parametrize("source", ["", "[", "(?=a)b", "a{5000}", r"\b", r"(a)\1", "*"])
def test_what_is_no_pattern_is_told_in_a_line(source: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_pattern(source)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError):
        Options(pattern=source)


def test_a_pattern_needs_the_branch() -> None:
    with pytest.raises(UsageError):
        Options(serial="never", pattern="99")
    with pytest.raises(UsageError):
        Options().changed(serial="sometimes")


GOOD = {
    "iso6346": ["CSQU3054383", "MSKU6011672"], "ean": ["4006381333931", "73513537"], "gtin": ["012345678905"],
    "vin": ["1M8GDM9AXKP042788", "11111111111111111"], "iban": ["DE89370400440532013000", "GB29NWBK60161331926819"],
    "luhn": ["4539148803436467", "490154203237518"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in GOOD.items() for code in codes])
def test_check_digits(name: str, code: str) -> None:
    expression, check = CHECKS[name]
    assert re.fullmatch(expression, code)
    assert parse_pattern(name).fits(code)
    assert check(code)
    assert not check("")
    # One digit off is always found.
    place = next(i for i, c in reversed(list(enumerate(code))) if c.isdigit())
    assert not check(code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :])


def test_every_check_has_an_example() -> None:
    assert GOOD.keys() == CHECKS.keys()
