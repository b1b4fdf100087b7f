"""Characters that the recogniser reads beyond a row's ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_doc.core.geometry import box_quad, quad_box
from ocr_doc.recognizer.overheard import Read, with_overheard
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.recognizer.serial import Row

PAGE = np.full((120, 400), 200, np.uint8)
# Four characters 40 pixels high, 20 wide.
ROW = Row(box_quad((150, 40, 230, 80)), tuple(box_quad((x, 40, x + 18, 80)) for x in (151, 171, 191, 211)))


def _reading(text: str, confidence: float = 0.99) -> Reading:
    """Characters evenly over the crop, the first and last of them as sure as said."""
    places = np.linspace(0, 1, len(text) + 1)
    sure = [confidence, *[0.99] * (len(text) - 2), confidence]
    characters = [
        ReadCharacter(c, p, float(a), float(b)) for c, p, a, b in zip(text, sure, places, places[1:], strict=False)
    ]
    return Reading(text, 0.9, tuple(characters))


def _reads(*texts: str, confidence: float = 0.99) -> Read:
    """One that reads the narrowest crop as the first text, and so on."""

    def read(crops: Sequence[NDArray[np.uint8]], expected: Sequence[int]) -> list[Reading]:
        assert list(expected) == [4] * len(crops)
        widths = sorted({crop.shape[1] for crop in crops})
        return [_reading(texts[widths.index(crop.shape[1])], confidence) for crop in crops]

    return read


def test_what_is_read_before_a_rows_text_belongs_to_it() -> None:
    [row] = with_overheard(PAGE, [ROW], [(True, False)], _reads("ABCD", "XABCD", "ABCD"))
    assert len(row.characters) == 5
    left, top, right, bottom = quad_box(row.quad)
    assert (top, right, bottom) == (40, 230, 80)
    assert 105 < left < 135
    assert row.characters[1:] == ROW.characters


def test_what_is_read_behind_a_rows_text_belongs_to_it() -> None:
    [row] = with_overheard(PAGE, [ROW], [(False, True)], _reads("ABCD", "ABCD-", "ABCD-12"))
    assert len(row.characters) == 6
    assert quad_box(row.quad)[0] == 150
    assert quad_box(row.quad)[2] > 245


def test_a_ring_may_be_read_otherwise_in_a_longer_crop() -> None:
    [row] = with_overheard(PAGE, [ROW], [(True, False)], _reads("AO0D", "XA0OD", "A00D"))
    assert len(row.characters) == 5


@pytest.mark.parametrize(
    ("texts", "confidence"),
    [
        (("ABCD", "XABCD", "YXABCD"), 0.8),  # in doubt
        (("ABCD", "XABGD", "XABGD"), 0.99),  # the text itself is read otherwise
        (("ABCD", "ABCDX", "ABCDX"), 0.99),  # at the end at which nothing was added
        (("ABCD", "-ABCD", ".ABCD"), 0.99),  # neither letter nor digit
        (("ABCD", "ABCD", "WXYZABCD"), 0.99),  # another word
        (("", "ABCD", "ABCD"), 0.99),
    ],
)
def test_rows_stay_as_they_are(texts: tuple[str, ...], confidence: float) -> None:
    [row] = with_overheard(PAGE, [ROW], [(True, False)], _reads(*texts, confidence=confidence))
    assert row is ROW


def test_nothing_is_read_beyond_ends_that_are_not_free() -> None:
    def read(crops: Sequence[NDArray[np.uint8]], _expected: Sequence[int]) -> list[Reading]:
        assert not crops
        return []

    single = Row(ROW.quad, ROW.characters[:1])
    rows = [ROW, single]
    assert with_overheard(PAGE, rows, [(False, False), (True, True)], read) == rows
