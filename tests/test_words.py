"""Drawn word crops; drawn with Pillow's own face, so that no font need be installed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("fontTools")
pytest.importorskip("wordfreq")
pytest.importorskip("faker")

from ocr_doc.training import text as text_module
from ocr_doc.training import words
from ocr_doc.training.contact_sheet import contact_sheet
from ocr_doc.training.faces import default_face
from ocr_doc.training.text import TextSource
from ocr_doc.training.words import render_word


@pytest.fixture(scope="module")
def texts() -> TextSource:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "FURTHER_LANGUAGES", {})
        patch.setattr(text_module, "LANGUAGES", {"en": 1, "fr": 1})
        patch.setattr(text_module, "LOCALES", ("en_US",))
        patch.setattr(text_module, "WORDS_PER_LANGUAGE", 500)
        patch.setattr(text_module, "POOL", 40)
        return TextSource()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 1.0]))
def test_any_seed_gives_two_crops_of_one_text(texts: TextSource, seed: int, signs: float) -> None:
    pair = render_word(np.random.default_rng(seed), (default_face(),), texts, signs)
    assert pair[0].text == pair[1].text
    assert texts.alphabet.covers(pair[0].text)
    assert texts.alphabet.normalise(pair[0].text) == pair[0].text != ""
    for sample in pair:
        assert sample.pixels.dtype == np.uint8
        assert sample.pixels.ndim == 2
        assert 9 <= sample.pixels.shape[0] <= 64
        assert sample.pixels.shape[1] >= 3


def test_a_seed_draws_the_same_again_and_another_does_not(texts: TextSource) -> None:
    faces = (default_face(),)
    first, again = (render_word(np.random.default_rng(4), faces, texts)[0] for _ in range(2))
    assert first.text == again.text
    assert (first.pixels == again.pixels).all()
    other = render_word(np.random.default_rng(5), faces, texts)[0]
    assert other.text != first.text or other.pixels.shape != first.pixels.shape


def test_letters_can_be_told_from_their_paper(texts: TextSource) -> None:
    rng = np.random.default_rng(9)
    crops = [sample.pixels for _ in range(60) for sample in render_word(rng, (default_face(),), texts, 0.0)]
    contrast = np.array([np.ptp(np.percentile(crop, (2, 98))) for crop in crops])
    assert np.mean(contrast > 40) > 0.9
    # Not all alike either: faint and black print, large and small.
    assert contrast.std() > 20
    assert len({crop.shape[0] for crop in crops}) > 15


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_texts_are_cut_to_the_longest(texts: TextSource, seed: int, longest: int) -> None:
    sample, _ = render_word(np.random.default_rng(seed), (default_face(),), texts, 0.3, longest)
    assert 1 <= len(sample.text) <= longest


def test_the_label_is_what_the_face_can_draw(texts: TextSource) -> None:
    capitals = replace(default_face(), characters=frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    rng = np.random.default_rng(2)
    labels = [render_word(rng, (capitals,), texts)[0].text for _ in range(40)]
    assert set("".join(labels)) <= capitals.characters | {" "}


def test_letters_beyond_a_to_z_get_a_face_that_has_them(texts: TextSource) -> None:
    plain = replace(default_face(), family="plain")
    whole = replace(plain, family="whole", characters=plain.characters | frozenset("àâçéèêëîïôœùûÀÂÇÉÈÊËÎÏÔŒÙÛ"))
    french = [text for text in (texts.accented(np.random.default_rng(n)) for n in range(60)) if not text.isascii()]
    kept = [
        words._set_in(np.random.default_rng(n), (plain, whole), False, False, text) for n, text in enumerate(french)
    ]
    whole_ones = [face.family == "whole" and text == wanted for (face, text), wanted in zip(kept, french, strict=True)]
    assert len(french) > 40
    assert np.mean(whole_ones) > 0.85  # picked once, half of them would be


def test_a_sheet_shows_all_crops(texts: TextSource) -> None:
    rng = np.random.default_rng(3)
    samples = [sample for _ in range(4) for sample in render_word(rng, (default_face(),), texts)]
    sheet = contact_sheet(samples, columns=3)
    assert sheet.shape == (3 * 64, 3 * 230)
    cells = sheet.reshape(3, 64, 3, 230).min(axis=(1, 3)).ravel()
    assert (cells[:8] < 200).all()
    assert cells[8] == 255


def test_high_stops_may_stand_off_a_little_and_make_no_word() -> None:
    font = default_face().load(40)
    tight, _ = words._spaced(font, "land; “So", words._Setting(blank=1.5))
    thin, length = words._spaced(font, "land; “So", words._Setting(blank=1.5, thin=7.0))
    assert [piece for _, piece in tight] == ["land;", " ", "“So"]
    assert [piece for _, piece in thin] == ["land", ";", " ", "“", "So"]
    places = {piece: x for x, piece in thin}
    assert places[";"] == pytest.approx(font.getlength("land") + 7.0)
    assert length > places["So"] > places["“"] + font.getlength("“") + 6.9
