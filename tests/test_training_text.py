"""Drawn texts: always writable, of every kind that bills show, doubles more often than chance would bring them."""

from __future__ import annotations

import re
from collections import Counter
from copy import copy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("wordfreq")
pytest.importorskip("faker")
pytest.importorskip("simplemma")

from ocr_doc.core.errors import DependencyError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training import text as module
from ocr_doc.training.further_words import FURTHER_LANGUAGES, further_words
from ocr_doc.training.prose import prose
from ocr_doc.training.rare_signs import rare_sign
from ocr_doc.training.text import TextSource


def _source(seed: int = 0) -> TextSource:
    """A source of fewer words, which is quicker made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FURTHER_LANGUAGES", {"sq": 1})
        patch.setattr(module, "LANGUAGES", {"en": 3, "de": 2, "pl": 1})
        patch.setattr(module, "LOCALES", ("en_US", "de_DE"))
        patch.setattr(module, "WORDS_PER_LANGUAGE", 2000)
        patch.setattr(module, "POOL", 60)
        return TextSource(seed=seed)


@pytest.fixture(scope="module")
def source() -> TextSource:
    return _source()


def _with_share(source: TextSource, rare: float) -> TextSource:
    """The same pools with another share of rare texts."""
    other = copy(source)
    object.__setattr__(other, "rare", rare)
    return other


def _has_double(text: str) -> bool:
    return any(a == b for a, b in pairwise(text))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_every_text_can_be_written_and_learned(source: TextSource, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        text = source.text(rng)
        assert text
        assert source.alphabet.covers(text)
        assert source.alphabet.normalise(text) == text


def test_a_seed_gives_the_same_texts_again(source: TextSource) -> None:
    def draw(texts: TextSource, seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [texts.text(rng) for _ in range(80)]

    assert draw(source, 1) == draw(source, 1) == draw(_source(), 1)
    assert draw(source, 1) != draw(source, 2)


def test_doubles_come_more_often_than_by_chance(source: TextSource) -> None:
    """Codes of 2 to 13 signs out of 34 or more have a double in one of six; numbers likewise in fewer than half."""
    rng = np.random.default_rng(5)
    codes = [source.code(rng) for _ in range(1500)]
    assert np.mean([_has_double(code) for code in codes]) > 0.25
    short = [digits for _ in range(3000) if len(digits := source.number(rng)) == 3 and digits.isdigit()]
    assert len(short) > 100
    assert np.mean([_has_double(digits) for digits in short]) > 0.3  # chance: 0.19


def test_all_kinds_of_text_come(source: TextSource) -> None:
    rng = np.random.default_rng(6)
    texts = [source.text(rng) for _ in range(3000)]
    patterns = (
        r"\d,\d\d\b", r"\d\.\d\d\b", r"\d\.\d{3},\d\d", r"\d{4}-\d\d-\d\d", r"\d\d/\d\d/\d{2,4}", r"\d\d:\d\d",
        r"€|\$|RM", r"\w@\w", r"www\.", r"^[A-Z]{4,}$", r"^[a-z]{4,}$", r"^[A-ZÄÖÜ][a-zäöüß]{3,}$", r"[äöüß]",
        r"[ąćęłńśźż]", r" ", r"^\d{6,}$", r"[A-Z]\d|\d[A-Z]", r"[(\[\"„«]\w+[)\]\"“»]",
    )  # fmt: skip
    for pattern in patterns:
        assert any(re.search(pattern, text) for text in texts), pattern


def test_signs_stand_with_and_without_spaces(source: TextSource) -> None:
    rng = np.random.default_rng(9)
    entries = [source.entry(rng) for _ in range(2000)]
    for form in (r"\w: ", r"\w : ", r"\w :\w", r"\w:\w", r"^: ", r"\w :$", r"\w @ ", r"\w -\w"):
        assert sum(bool(re.search(form, entry)) for entry in entries) > 5, form
    assert any(re.fullmatch(r"\d( \d){2,}", source.number(rng)) for _ in range(2000))


def test_no_symbol_stays_untaught(source: TextSource) -> None:
    rng = np.random.default_rng(7)
    seen = set("".join(source.noise(rng) for _ in range(4000)))
    assert seen == set(source.alphabet.symbols) - {" "}


def test_every_letter_of_a_language_comes_alike(source: TextSource) -> None:
    rng = np.random.default_rng(11)
    text = "".join(source.accented(rng) for _ in range(4000)).lower()
    counts = {letter: text.count(letter) for letter in "äöüąćęłóśż"}
    assert min(counts.values()) > 150, counts  # as people write, ś would be one letter in 20,000
    assert max(counts.values()) < 6 * min(counts.values()), counts  # ä is a letter of five languages


def test_rare_signs_come_with_what_they_stand_with(source: TextSource) -> None:
    rng = np.random.default_rng(12)
    texts = [rare_sign(rng, lambda: "word") for _ in range(6000)]
    patterns = (
        r"^\d+ × \d", r"^\d+× word", r"^×$", r"^•{4}$", r"^·{4} \d{4}$", r"^[*]{4}", r"^• word", r"word · word",
        r"^N\.º", r"^n° \d", r"^\d+ª$", r"^¿[Ww]ord( word)*\?$", r"^¡[Ww]ord", r"^±\d", r"\d+ m²", r"\d+ ?°C", r"½",
        r"^€\d", r"₺", r"zł$", r"^\d{1,3}( \d{3})+", r"^„word”$", r"^»word«$", r"word™", r"^© \d{4}",
    )  # fmt: skip
    for pattern in patterns:
        assert any(re.search(pattern, text) for text in texts), pattern
    assert all(text == text.strip() != "" for text in texts)


def test_letters_of_few_languages_come_nearly_as_often_as_others(source: TextSource) -> None:
    rng = np.random.default_rng(14)
    met = Counter("".join(source.accented(rng).lower() for _ in range(4000)))
    assert min(met[letter] for letter in "äöüąęłńśźżëç") > max(met[letter] for letter in "äöüąęłńśźżëç") / 7


def test_languages_that_wordfreq_lacks_have_words(source: TextSource) -> None:
    for language, word in (("sq", "është"), ("ga", "bhí")):
        words = further_words(language, 500)
        assert len(words) == len(set(words)) == 500
        assert word in words[:60]
        assert sum(not word.isascii() for word in words[200:]) > 60
    assert {"sq", "ga"} <= set(FURTHER_LANGUAGES)
    assert further_words("sq", 3) == ("të", "e", "në")
    rng = np.random.default_rng(15)
    drawn = {source.word(rng) for _ in range(3000)}
    assert {"një", "për"} <= drawn


def test_values_stand_about_a_sign_with_any_spaces(source: TextSource) -> None:
    rng = np.random.default_rng(16)
    texts = [source.entry(rng) for _ in range(30_000)]
    for pattern in (r"\d{4}-\d", r"\d{4} -\d", r"\d{4}- \d", r"\d{4} - \d", r"^\(\d.* -\d.*\)$"):
        assert any(re.search(pattern, text) for text in texts), pattern


@pytest.mark.parametrize("rare", [0.0, 1.0])
def test_the_share_of_rare_texts_is_kept(source: TextSource, rare: float) -> None:
    rng, texts = np.random.default_rng(13), _with_share(source, rare)
    share = np.mean([not texts.text(rng).isascii() for _ in range(1500)])
    assert share > 0.8 if rare else share < 0.25


def test_a_smaller_alphabet_keeps_texts_within_it() -> None:
    small = Alphabet(" 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FURTHER_LANGUAGES", {})
        patch.setattr(module, "LANGUAGES", {"en": 1})
        patch.setattr(module, "LOCALES", ("en_US",))
        patch.setattr(module, "WORDS_PER_LANGUAGE", 500)
        patch.setattr(module, "POOL", 20)
        texts = TextSource(small)
    rng = np.random.default_rng(8)
    assert all(small.covers(texts.text(rng)) for _ in range(300))
    rare = _with_share(texts, 1.0)
    assert all(small.covers(rare.text(rng)) for _ in range(300))


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wordfreq", None)
    with pytest.raises(DependencyError, match="wordfreq"):
        TextSource()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["en", "fr", "de", "xx"]), st.integers(2, 9))
def test_prose_is_words_of_its_list_with_signs_between_them(seed: int, language: str, longest: int) -> None:
    words = ["the", "of", "house", "river", "stone", "over"]
    text = prose(np.random.default_rng(seed), words, language, longest)
    found = re.findall(r"[a-z]+", text.lower())
    assert {word for word in found if word != "s"} <= set(words)
    assert 2 <= sum(word != "s" for word in found) <= longest
    assert "  " not in text
    assert text == text.strip()


def test_prose_has_what_books_have() -> None:
    rng = np.random.default_rng(2)
    lines = [prose(rng, ["the", "of", "house", "river"], "en") for _ in range(2000)]
    for sign in (r"\w—\w", r"“\w", r"[.,]”", r"\w-$", r"; ", r"[.!?] [A-Z]", r"\w’s\b"):
        assert sum(bool(re.search(sign, line)) for line in lines) > 5, sign
    french = [prose(rng, ["le", "mot"], "fr") for _ in range(2000)]
    assert sum(" ;" in line or " !" in line for line in french) > 20
    assert not any(" ;" in line or " !" in line for line in lines)
