"""Amounts whose decimal sign has faded."""

from __future__ import annotations

import pytest

from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.core.records import Character, Word
from ocr_doc.faded_points import NOTE, read_faded_points

HEIGHT, DIGIT, END = 20.0, 12.0, 400.0


def word(text: str, end: float = END, row: int = 0, digit: float = DIGIT) -> Word:
    """A word in figures of one width, that ends there."""
    begin, top = end - digit * len(text), 100.0 + 30 * row
    characters = [
        Character(c, 0.9, box_quad((begin + k * digit, top, begin + (k + 1) * digit, top + HEIGHT)))
        for k, c in enumerate(text)
    ]
    return Word(text, 0.9, box_quad((begin, top, end, top + HEIGHT)), tuple(characters))


def bill(sign: str = ".") -> list[Word]:
    """The amounts of a column, and a label."""
    return [
        word("Total", 150, 1),
        *(word(text.replace(".", sign), row=k + 1) for k, text in enumerate(("12.50", "3.00", "108.90"))),
    ]


def split(whole: str, decimals: str = "40", gap: float = 8.0, end: float = END, digit: float = DIGIT) -> list[Word]:
    return [word(whole, end - digit * len(decimals) - gap, digit=digit), word(decimals, end, digit=digit)]


@pytest.mark.parametrize("sign", [".", ","])
def test_the_sign_of_the_other_amounts_is_read(sign: str) -> None:
    *others, amount = read_faded_points([*bill(sign), *split("2")])
    assert others == bill(sign)
    assert amount.text == f"2{sign}40"
    assert amount.notes == (NOTE,)
    assert amount.confidence < 0.81
    assert quad_box(amount.quad) == (356, 100, 400, 120)
    assert [quad_box(c.quad) for c in amount.characters if c.quad][1] == (368, 100, 376, 120)


@pytest.mark.parametrize(
    ("parts", "text", "seen"),
    [
        (split("65.", "20"), "65.20", True),
        (split("65,", "20"), "65.20", True),
        (split("-1204", "20"), "-1204.20", False),
        (split("$7", "20"), "$7.20", False),
        (split("RM7", "20"), "RM7.20", False),
        (split("7", "20", gap=17, digit=24), "7.20", False),  # in double width
        ([word("7", 356), word("-", 370), word("20")], "7.20", True),
        ([word("7", 340, digit=20), word("·", 356), word("20", digit=20)], "7.20", True),
    ],
)
def test_parts_of_an_amount(parts: list[Word], text: str, seen: bool) -> None:
    amount = read_faded_points([*bill(), *parts])[-1]
    assert amount.text == text
    assert amount.notes == (() if seen else (NOTE,))
    assert "".join(c.text for c in amount.characters) == text


def test_amounts_of_a_column_that_has_faded_as_a_whole() -> None:
    column = [word("2", 240, k) for k in range(3)] + [word("40", 272, k) for k in range(3)]
    assert [w.text for w in read_faded_points([*bill(), *column])[4:]] == ["2.40"] * 3
    assert read_faded_points([*bill(), column[0], column[3]]) == [*bill(), column[0], column[3]]  # that one may be two


@pytest.mark.parametrize(
    "words",
    [
        [],
        split("2"),
        [*bill()[:3], *split("2")],  # too few amounts
        [*bill(), word("1,25", row=5), *split("2")],  # two signs
        [*bill(), *split("2", gap=17)],  # two columns
        [*bill(), *split("2", end=380)],  # elsewhere on the row
        [*bill(), *split("2", decimals="4")],
        [*bill(), *split("2", decimals="400")],
        [*bill(), *split("12345")],
        [*bill(), *split("a2")],
        [*bill(), word("03", 340), *split("2")],  # a telephone's number
        [*bill(), *split("2"), word("1", 420)],
    ],
)
def test_other_numbers_stay(words: list[Word]) -> None:
    assert read_faded_points(words) == words


def test_words_without_characters() -> None:
    bare = [Word(each.text, each.confidence, each.quad) for each in (*bill(), *split("2"))]
    amount = read_faded_points(bare)[-1]
    assert (amount.text, amount.characters) == ("2.40", ())
