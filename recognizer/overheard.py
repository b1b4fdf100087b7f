"""Characters beyond a row's ends that the recogniser reads along with the row.

The classifier judges ink that stands by itself (`row_ends`). The recogniser reads letters that touch, that were cut in
two, or that stand behind an emblem as well: what it surely reads in a crop that is longer than the row, before or
behind the same text, belongs to the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Quad, quad_around, quad_longer, quad_part, quad_size
from ocr_doc.recognizer.crops import MARGIN_ALONG, rectify
from ocr_doc.recognizer.reader import ReadCharacter, Reading
from ocr_doc.recognizer.serial import Row, is_sound

Read = Callable[[Sequence[NDArray[np.uint8]], Sequence[int]], Sequence[Reading]]
Ends = tuple[bool, bool]

# How far beyond an end is read, in heights: the next character, and one behind an emblem.
REACHES = (0.8, 2.0)
# Each character beyond is read at least so surely in one of these crops, and there are at most so many.
SURE, MOST = 0.9, 3
# Half of what a character takes of the row, in heights.
HALF = 0.45
# Rows of fewer characters are as often scraps of a picture.
LEAST = 2


@dataclass(frozen=True, slots=True)
class _Look:
    """A crop to be read: of which row, with so many heights more before its start and behind its end."""

    row: int
    before: float = 0.0
    behind: float = 0.0


def with_overheard(grey: NDArray[np.uint8], rows: Sequence[Row], ends: Sequence[Ends], read: Read) -> list[Row]:
    """Rows with the characters that the recogniser reads beyond their ends.

    Args:
        grey: (H, W) uint8, the page.
        rows: Found on it.
        ends: Of each row, whether it may go on before its start and behind its end.
        read: The recogniser: reads crops, given how many characters are expected in each.

    Returns:
        The rows in their order, some of them longer.
    """
    asked = [i for i, row in enumerate(rows) if any(ends[i]) and len(row.characters) >= LEAST and is_sound(row)]
    looks = [look for i in asked for look in _looks(i, *ends[i])]
    crops = [rectify(grey, np.array(quad_longer(rows[look.row].quad, look.before, look.behind))) for look in looks]
    readings = dict(zip(looks, read(crops, [len(rows[look.row].characters) for look in looks]), strict=True))
    longer = list(rows)
    for i in asked:
        heard = [(look, _beyond(readings[_Look(i)], readings[look], look)) for look in looks if look.row == i]
        before = _places(rows[i], [each for each in heard if each[0].before])
        behind = _places(rows[i], [each for each in heard if each[0].behind])
        if before or behind:
            longer[i] = _longer(rows[i], before, behind)
    return longer


def _places(row: Row, heard: Sequence[tuple[_Look, Sequence[ReadCharacter]]]) -> list[Quad]:
    """Where the characters beyond an end stand: the most that a look is sure of, seen from as near as may be."""
    sure = [beyond for _, beyond in heard if beyond and min(c.confidence for c in beyond) >= SURE]
    if not sure:
        return []
    text = _text(max(sure, key=len))
    return next(_quads(row, look, beyond) for look, beyond in heard if _text(beyond) == text)


def _looks(row: int, before: bool, behind: bool) -> list[_Look]:
    """At the row itself, and at what is longer than it."""
    return [
        _Look(row),
        *(_Look(row, before=reach) for reach in REACHES if before),
        *(_Look(row, behind=reach) for reach in REACHES if behind),
    ]


def _beyond(own: Reading, reading: Reading, look: _Look) -> list[ReadCharacter]:
    """What a longer crop has beside the text of the row; nothing where it reads that otherwise."""
    text, longer = (_text(_inked(each)) for each in (own, reading))
    characters = _inked(reading)
    more = len(characters) - len(_inked(own))
    if len(text) < LEAST or not 1 <= more <= MOST:
        return []
    if look.before and longer.endswith(text):
        return characters[:more]
    return characters[-more:] if look.behind and longer.startswith(text) else []


def _inked(reading: Reading) -> list[ReadCharacter]:
    """Letters and digits; a stroke between groups is as often an emblem."""
    return [character for character in reading.characters if character.text.isalnum()]


def _text(characters: Sequence[ReadCharacter]) -> str:
    """What characters spell, O and 0 as one, which a longer crop may well change."""
    return "".join(character.text for character in characters).upper().replace("O", "0")


def _quads(row: Row, look: _Look, beyond: Sequence[ReadCharacter]) -> list[Quad]:
    """Where characters of a longer crop stand; CTC tells it to a part of a letter, so each takes what is free."""
    width, height = quad_size(row.quad)
    length = width + (look.before + look.behind + 2 * MARGIN_ALONG) * height
    shift = (look.before + MARGIN_ALONG) * height
    middles = [(character.start + character.end) / 2 * length - shift for character in beyond]
    between = [(one + other) / 2 for one, other in pairwise(middles)]
    free = (-look.before * height, 0.0) if look.before else (width, width + look.behind * height)
    borders = [free[0], *between, free[1]]
    found = []
    for middle, left, right in zip(middles, borders, borders[1:], strict=False):
        start, end = max(left, middle - HALF * height), min(right, middle + HALF * height)
        found.append(quad_part(row.quad, start / width, end / width))
    return found


def _longer(row: Row, before: Sequence[Quad], behind: Sequence[Quad]) -> Row:
    """The row from the first to the last of its characters."""
    characters = (*before, *row.characters, *behind)
    quad = quad_around(row.quad, (row.quad, *before, *behind))
    return replace(row, quad=quad, characters=characters, places=())
