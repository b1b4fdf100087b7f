"""Typescripts of plays: wide spaces, names beside or between speeches, two pages in one picture."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ocr_doc.core.records import Word
from ocr_doc.layout.page import arrange

HEIGHT, STEP = 20.0, 17.0


def typed(line: str, x: float, y: float) -> list[Word]:
    """A line of a typewriter: each sign STEP wide, so that a space is nearly as wide as the type is high.

    Words without tall letters are lower, as a detector's boxes are.
    """
    words, at = [], 0
    for text in line.split(" "):
        if text:
            x0, x1, y1 = x + STEP * at, x + STEP * (at + len(text)), y + HEIGHT
            y0 = y + HEIGHT / 4 if set(text) <= set("acemnorsuvwxz-.,") else y
            words.append(Word(text, 0.9, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))))
        at += len(text) + 1
    return words


def page(lines: Sequence[str], x: float = 100.0, y: float = 100.0, pitch: float = 33.0) -> list[Word]:
    return [word for place, line in enumerate(lines) for word in typed(line, x, y + pitch * place)]


def texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def lines_of(words: Sequence[Word]) -> list[str]:
    return [line.text for block in arrange(words) for line in block.lines]


TEXT = (
    "the dance of the sun which was a turning dance",
    "the slow dance of the moon and also the dance of",
    "the long night which was a dance without a step",
    "but she had not danced the dance that we hoped",
    "  the sun with its court of joys and of the moon",
    "with its court of sorrows and the long death we",
    "saw with its court of pains had danced before us",
    "and we waited for her to be led out to the lawn",
)


@pytest.mark.parametrize("cut", range(36, 46))
def test_spaces_of_a_typewriter_that_stand_below_one_another_part_nothing(cut: int) -> None:
    # At the same place in all lines but two, as may happen where all signs are as wide; and a little wider than most.
    lines = [line if place < 2 else line[:cut].rstrip() + "  " + line[cut + 1 :] for place, line in
             enumerate(TEXT)]  # fmt: skip
    assert lines_of(page(lines)[::-1]) == [" ".join(line.split()) for line in lines]


@pytest.mark.parametrize("lower", [0.0, 5.0, -5.0])
def test_names_beside_what_is_said_of_them_stay_in_its_line(lower: float) -> None:
    cast = {
        "JEAN.": ("a fisherman of forty years who now", "makes sandals and plays at ball and", "is married to Maiten"),
        "GRACIEN": ("a young man of seventeen years who", "sings and makes verses for a living", "friend of Jean"),
        "MAITEN.": ("a grave and handsome woman who is", "older by two years than her husband", "mother of Pierre"),
        "MAYA.": ("a cousin from the other side of the", "mountains and of unknown parentage", "dark and slim"),
    }
    words, expected, y = [], [], 100.0
    for name, lines in cast.items():
        words += typed(name, 100, y + lower) + page(lines, 290, y)
        expected += [f"{name} {lines[0]}", *lines[1:]]
        y += 3 * 33.0
    # What a pen left at the edge, read as signs.
    marks = typed(")", 60, 116) + typed("1", 60, 215) + typed("X)", 40, 314)
    found = [[word for word in line.split() if word not in (")", "1", "X)")] for line in lines_of(marks + words)]
    assert [" ".join(line) for line in found if line] == expected


SPEECHES = (
    "           Jean", "I have come to ask for your", "advice in a matter of law", "           Moi", "It is six now.",
    "           Jean", "And you think that with all", "these children you may still", "go out?", "           Moi",
    "I cannot well get rid of them", "           Jean", "Oh no.", "           Moi", "It is not that I want to go",
    "but they have asked me so often", "           Jean", "Who has?", "           Moi", "Why, the old priest.",
    "           Jean", "You reason like my own niece", "she has", "           Moi", "And so?",
)  # fmt: skip


@pytest.mark.parametrize("offset", [0.0, 12.0])
def test_two_pages_of_a_play_are_read_one_after_the_other(offset: float) -> None:
    left = page(SPEECHES, 100, 100)
    right = page([line.upper() for line in (*SPEECHES[6:], *SPEECHES[:6])], 900, 100 + offset, 34.0)
    found = texts([word for block in arrange(right + left) for line in block.lines for word in line.words])
    assert found == texts(left + right)


def test_a_play_with_names_at_the_left_is_read_across() -> None:
    said = ("Where have you been all day, my son?", "At the harbour.", "And what did you do there?", "I saw boats go",
            "That is no work for a man.", "It is for me, and I like it well.", "Then go again.", "I will.")  # fmt: skip
    names = ("FATHER", "SON", "FATHER", "SON", "FATHER", "SON", "FATHER", "SON")
    words = [w for y, (name, speech) in enumerate(zip(names, said, strict=True)) for w in
             typed(name, 100, 100 + 33 * y) + typed(speech, 330, 103 + 33 * y)]  # fmt: skip
    assert lines_of(words) == [f"{name} {speech}" for name, speech in zip(names, said, strict=True)]
