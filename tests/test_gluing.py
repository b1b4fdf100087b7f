"""Words that a narrow gap parts, and the quotes of a page."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.geometry import as_quad, box_quad
from ocr_doc.core.records import Character, Word
from ocr_doc.gluing import glue_words
from ocr_doc.quotes import like_quotes

HEIGHT = 20.0


def line(*parts: str | float, top: float = 0.0, turn: float = 0.0) -> list[Word]:
    """Words of a line, as wide as half a height a character; a number is the gap before the next, in heights."""
    words, x, gap = [], 0.0, 0.5
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for part in parts:
        if isinstance(part, float):
            gap = part
            continue
        x += gap * HEIGHT if words else 0.0
        right = x + len(part) * HEIGHT / 2
        quad = np.array(box_quad((x, top, right, top + HEIGHT))) @ rotation
        letters = tuple(Character(c, 0.9, as_quad(quad)) for c in part)
        words.append(Word(part, 0.8, as_quad(quad), letters))
        x, gap = right, 0.5
    return words


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize("turn", [0.0, 0.2, -0.2, 1.57])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("tree", 0.1, ";", "and"), ["tree;", "and"]),
        (("www.", 0.1, "dominos.com.", 0.15, "my/terms", "for"), ["www.dominos.com.my/terms", "for"]),
        (("www", 0.1, ".shop.de"), ["www.shop.de"]),
        (("urn:cen.", 0.1, "eu:en16931:2017"), ["urn:cen.eu:en16931:2017"]),
        (("Mail", "info@muster-", 0.1, "firma.de"), ["Mail", "info@muster-firma.de"]),
        (("max.", 0.0, "m@firma.de"), ["max.m@firma.de"]),
        (("ann@shop.com.", 0.1, "my"), ["ann@shop.com.my"]),
        (("WWW.SHOP.COM.", 0.1, "MY"), ["WWW.SHOP.COM.MY"]),
        (("http://a.de/b", 0.1, "/c"), ["http://a.de/b/c"]),
        (("Summe", "1.406,", 0.1, "82"), ["Summe", "1.406,82"]),
        (("“", 0.2, "Young"), ["“Young"]),
        (
            ("he", "said", "to", "them", "in", "haste", 0.2, ":", "go"),
            ["he", "said", "to", "them", "in", "haste:", "go"],
        ),
    ],
)
def test_what_is_one_word_is_glued(parts: tuple[str | float, ...], expected: list[str], turn: float) -> None:
    words = glue_words(line(*parts, turn=turn))
    assert texts(words) == expected
    for word in words:
        assert "".join(c.text for c in word.characters) == word.text


@pytest.mark.parametrize(
    "parts",
    [
        ("tree", 0.6, ";", "and"),  # a full space, as the French set it
        ("TOTAL", 0.1, ":", "5.00"),  # a label, as bills print it
        ("Promo", 0.1, "@9.99"),
        ("E-Mail:", 0.1, "info@firma.de"),
        ("Tel.", 0.1, "12"),
        ("Mail.", 0.3, "m@firma.de"),
        ("3.", 0.3, "25", "Stück"),
        ("12,", 0.1, "375"),
        ("www.shop.de", 0.1, "Berlin"),
        ("www.shop.de.", 0.3, "Ein", 0.3, "Foto"),
        ("kaethe@oezdemir.example.", 0.3, "Ein", 0.3, "Foto", 0.3, "des"),
        ("kaethe@oezdemir.example.", 0.3, "my"),
        ("info@firma.de", 0.1, "oder"),
        ("THANK", "YOU", 0.1, "!"),
    ],
)
def test_what_is_two_words_stays_two(parts: tuple[str | float, ...]) -> None:
    words = line(*parts)
    assert glue_words(words) == words


def test_words_of_other_lines_are_no_neighbours() -> None:
    words = [*line("tree"), *line(2.2, ";", top=1.2 * HEIGHT)]
    assert len(glue_words(words)) == 2


def test_a_glued_word_is_around_its_parts_and_as_sure_as_both() -> None:
    [word] = glue_words(line("www.", 0.2, "shop.de"))
    assert word.confidence == pytest.approx(0.64)
    assert word.box == pytest.approx((0.0, 0.0, (11 / 2 + 0.2) * HEIGHT, HEIGHT))


@given(st.lists(st.sampled_from(["www.", ";", "a@", "1.", "50", "“", "word", ":", "urn:", "."]), max_size=12))
def test_no_character_is_lost(parts: list[str]) -> None:
    spaced = [piece for part in parts for piece in (0.1, part)][1:]
    assert "".join(texts(glue_words(line(*spaced)))) == "".join(parts)


def test_a_page_has_one_kind_of_quotes() -> None:
    words = line("It’s", "nature’s", "“way,”", "d’or", "qu’il", "ain't", '"so')
    assert texts(like_quotes(words)) == ["It’s", "nature’s", "“way,”", "d’or", "qu’il", "ain’t", "“so"]
    words = line("It's", "nature's", '"way,"', "ain’t")
    assert texts(like_quotes(words)) == ["It's", "nature's", '"way,"', "ain't"]


def test_a_page_of_both_kinds_keeps_both() -> None:
    words = line("It’s", "nature’s", "ain't", "don't", "“so”")
    assert like_quotes(words) == words


def test_guillemets_that_nothing_closes_are_opening_quotes() -> None:
    words = like_quotes(line("“and”", "“so”", "“on”", "«It", "«"))
    assert texts(words) == ["“and”", "“so”", "“on”", "“It", "“"]
    assert "".join(c.text for c in words[3].characters) == "“It"
    french = line("«oui»", "«non»", "l’eau", "d’or", "qu’il", "”", "”", "”")
    assert like_quotes(french) == french


def test_signs_of_units_are_no_quotes() -> None:
    words = line("“so”", "“and”", "it’s", '6"HT', "5'", "1990's", '12"')
    assert like_quotes(words) == words
