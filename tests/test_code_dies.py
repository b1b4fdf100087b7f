"""Letters of dies: each in its room, of one width, told from one another, and an O only where zeros are marked."""

from __future__ import annotations

import itertools
import string

import cv2
import numpy as np
import pytest

from ocr_doc.training.code_dies import pick_dies
from ocr_doc.training.code_glyphs import CAP, _pressed

LETTERS = (string.ascii_uppercase + string.digits).replace("O", "")


@pytest.mark.parametrize("seed", range(8))
def test_letters_fill_their_room_and_differ(seed: int) -> None:
    dies = pick_dies(np.random.default_rng(seed), CAP)
    drawn = {c: dies.draw(c) for c in LETTERS}
    for c, ink in drawn.items():
        assert ink.shape == (round(dies.height + dies.stroke), round(dies.room(c))) and ink.max() > 0.9
        rows = np.flatnonzero((ink > 0.5).any(axis=1))
        assert rows[0] <= 1 and rows[-1] >= ink.shape[0] - 2, c
    wide = {c: cv2.resize(ink, (24, CAP)) for c, ink in drawn.items() if c not in "1I"}
    for (a, first), (b, second) in itertools.combinations(wide.items(), 2):
        assert np.abs(first - second).sum() > 0.06 * first.sum(), (a, b)


def test_all_letters_but_the_narrow_ones_are_of_one_width() -> None:
    dies = pick_dies(np.random.default_rng(3), CAP)
    assert {dies.room(c) for c in LETTERS if c not in "1I"} == {dies.width + dies.stroke}
    assert dies.room("1") <= dies.room("M")


def test_an_o_is_a_zero_unless_zeros_are_marked() -> None:
    sets = [pick_dies(np.random.default_rng(seed), CAP) for seed in range(60)]
    assert {dies.marked for dies in sets} == {False, True}
    for dies in sets:
        assert dies.fit("o0-a#é") == ("O0-A" if dies.marked else "00-A")
        alike = np.array_equal(dies.draw("O"), dies.draw("0"))
        assert alike is not dies.marked


def test_a_pressed_code_says_where_its_letters_stand() -> None:
    rng = np.random.default_rng(5)
    dies = pick_dies(rng, CAP)
    code = _pressed(rng, "MW 17-Q", dies)
    assert "".join(glyph.text for glyph in code.glyphs) == "MW 17-Q"
    outside = code.mask.copy()
    for glyph in code.glyphs:
        inside = code.mask[int(glyph.top) : int(glyph.bottom), int(glyph.left) : round(glyph.right)]
        assert (inside.max() > 0.9) == (glyph.text != " ")
        outside[int(code.top) - 1 : int(code.bottom) + 1, int(glyph.left) : round(glyph.right)] = 0
    assert outside.max() == 0
    assert all(a.right <= b.left for a, b in zip(code.glyphs, code.glyphs[1:], strict=False))
