"""Codes as dies press them: monoline letters of one width, as on number plates and type plates.

No font of a computer looks so. Every letter has as much room as any other, M and W too; rings are upright and nearly
square, with round corners; strokes are as thick everywhere and round at their ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

# Paths of each letter, parted by "|", in tenths of its width and height from the top left; "r" rounds a corner, "z"
# joins the end to the start. Where dies differ a letter has several forms.
_FORMS: dict[str, tuple[str, ...]] = {
    "0": ("0,0r 10,0r 10,10r 0,10r z",),
    "1": ("2,2 5,0 5,10", "5,0 5,10", "2,2 5,0 5,10|1,10 9,10", "1,1.6 5,0 5,10"),
    "2": ("0,2.4 0,0r 10,0r 10,4.6r 0,10 10,10", "0,2.8 0,0r 10,0r 10,5r 0,6.5r 0,10 10,10"),
    "3": ("0,2 0,0r 10,0r 10,4.7r 3.5,4.7|5,4.7 10,4.7r 10,10r 0,10r 0,8", "0,0 10,0 4.5,4 10,4r 10,10r 0,10r 0,8"),
    "4": ("7.5,10 7.5,0 0,7 10,7", "8,10 8,4|2.5,0 0,6.6 10,6.6", "7.5,10 7.5,0 6,0 0,6.8 10,6.8"),
    "5": ("9.5,0 0.5,0 0.5,4.2 10,4.2r 10,10r 0,10r 0,8", "9.5,0 1,0 0.3,5 3,3.8 10,3.8r 10,10r 0,10r 0,8"),
    "6": ("10,2 10,0r 0,0r 0,10r 10,10r 10,4.4r 0,4.4", "7.5,0 0,5.5r 0,10r 10,10r 10,4.6r 0.6,4.6"),
    "7": ("0,0 10,0 3.5,10", "0,0 10,0 10,2 4,6.5r 4,10", "0,1.6 0,0 10,0 4,10"),
    "8": ("0.4,0r 9.6,0r 9.6,4.6r 0.4,4.6r z|0,4.6r 10,4.6r 10,10r 0,10r z",),
    "9": ("0,8 0,10r 10,10r 10,0r 0,0r 0,5.6r 10,5.6", "2.5,10 10,4.5r 10,0r 0,0r 0,5.4r 9.4,5.4"),
    "A": ("0,10 5,0 10,10|1.6,6.8 8.4,6.8", "0,10 4.3,0 5.7,0 10,10|1.6,6.8 8.4,6.8"),
    "B": ("0,0 9.4,0r 9.4,4.7r 0,4.7|0,0 0,10 10,10r 10,4.7r 5,4.7",),
    "C": ("10,2.6 10,0r 0,0r 0,10r 10,10r 10,7.4",),
    "D": ("0,0 10,0r 10,10r 0,10 z", "-1,0 10,0r 10,10r -1,10|0.8,0 0.8,10"),
    "E": ("10,0 0,0 0,10 10,10|0,4.8 8,4.8",),
    "F": ("10,0 0,0 0,10|0,4.8 8,4.8",),
    "G": ("10,2.6 10,0r 0,0r 0,10r 10,10r 10,5.4 5.5,5.4", "10,2.6 10,0r 0,0r 0,10r 10,10r 10,5.4 5.5,5.4|10,8 10,10"),
    "H": ("0,0 0,10|10,0 10,10|0,4.8 10,4.8",),
    "I": ("2,0 8,0|5,0 5,10|2,10 8,10", "0,0 10,0|5,0 5,10|0,10 10,10"),
    "J": ("10,0 10,10r 0,10r 0,7", "4,0 10,0 10,10r 0,10r 0,7.5"),
    "K": ("0,0 0,10|10,0 0,6|3,4.4 10,10", "0,0 0,10|10,0 0,5|0,5 10,10"),
    "L": ("0,0 0,10 10,10",),
    "M": ("0,10 0,0 5,5 10,0 10,10", "0,10 0,0 5,7.5 10,0 10,10", "0,10 0,0 5,4 10,0 10,10"),
    "N": ("0,10 0,0 10,10 10,0",),
    "P": ("0,10 0,0 10,0r 10,5.4r 0,5.4",),
    "Q": ("0,0r 10,0r 10,10r 0,10r z|4.6,5.8 10.6,10.6", "0,0r 10,0r 10,10r 0,10r z|4.2,6.6 9.8,9.8"),
    "R": ("0,10 0,0 10,0r 10,5.2r 0,5.2|5,5.2 10,10",),
    "S": ("10,2.4 10,0r 0,0r 0,4.7r 10,4.7r 10,10r 0,10r 0,7.6", "10,2.4 10,0r 0,0r 0,3.6r 10,6.4r 10,10r 0,10r 0,7.6"),
    "T": ("0,0 10,0|5,0 5,10",),
    "U": ("0,0 0,10r 10,10r 10,0",),
    "V": ("0,0 5,10 10,0", "0,0 4.3,10 5.7,10 10,0"),
    "W": ("0,0 0,10 5,5 10,10 10,0", "0,0 2.2,10 5,3 7.8,10 10,0", "0,0 1,10 5,4 9,10 10,0", "0,0 0,10 5,6 10,10 10,0"),
    "X": ("0,0 10,10|10,0 0,10",),
    "Y": ("0,0 5,5 10,0|5,5 5,10", "0,0 5,4 10,0|5,4 5,10"),
    "Z": ("0,0 10,0 0,10 10,10",),
    "-": ("1.5,5 8.5,5",),
    ".": ("5,10 5,10",),
}  # fmt: skip
_NARROW = frozenset("1I.")
# A die's ring is O and 0 at once. Where zeros are marked, which is seldom, an O is an O.
_MARKED = 0.12
_SLASH = "1.5,8 8.5,2"
# Letters are drawn so many times larger, so that edges are soft.
_FINE = 4

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dies:
    """One set of dies.

    Attributes:
        width, height: Of a letter's strokes from middle to middle, in pixels.
        stroke: How thick they are, in pixels.
        corner: Radius of round corners, in pixels.
        forms: Which of its forms each letter has.
        marked: Whether zeros have a stroke inside.
    """

    width: float
    height: float
    stroke: float
    corner: float
    forms: dict[str, int]
    marked: bool

    def fit(self, text: str) -> str:
        """The text in what these dies have; an O is a zero, unless zeros are marked."""
        text = text.upper() if self.marked else text.upper().replace("O", "0")
        return "".join(c for c in text if c in _FORMS or c in " O").strip()

    def room(self, letter: str) -> float:
        """Columns of a letter from edge to edge."""
        if letter == " ":
            return self.width * 0.5
        left, right = self._columns(letter)
        return right - left + self.stroke

    def draw(self, letter: str) -> NDArray[np.float32]:
        """A letter's ink, (height + stroke, room) in [0, 1]; what reaches beyond is cut off, as by the die's edge."""
        left, _ = self._columns(letter)
        size = round(self.room(letter)), round(self.height + self.stroke)
        sheet = np.zeros((size[1] * _FINE, size[0] * _FINE), np.uint8)
        for points, closed in self._paths(letter):
            fine = (points - (left, 0) + self.stroke / 2) * _FINE * 16
            thick = max(1, round(self.stroke * _FINE))
            cv2.polylines(sheet, [np.round(fine).astype(np.int32)], closed, 255, thick, cv2.LINE_AA, 4)
        ink = cv2.resize(sheet, size, interpolation=cv2.INTER_AREA)
        return np.asarray(ink / np.float32(255), dtype=np.float32)

    def _columns(self, letter: str) -> tuple[float, float]:
        if letter not in _NARROW:
            return 0.0, self.width
        every = np.concatenate([points for points, _ in self._paths(letter)])[:, 0]
        return float(every.min()), float(every.max())

    def _paths(self, letter: str) -> list[tuple[Points, bool]]:
        shape = "0" if letter == "O" else letter
        form = _FORMS[shape][self.forms.get(shape, 0)]
        if letter == "0" and self.marked:
            form += "|" + _SLASH
        scale = np.array([self.width / 10, self.height / 10])
        return [
            (_rounded(points * scale, round_, closed, self.corner), closed) for points, round_, closed in _parsed(form)
        ]


def pick_dies(rng: np.random.Generator, cap: float) -> Dies:
    """A set of dies of letters `cap` pixels high."""
    room = cap * float(np.clip(rng.normal(0.52, 0.07), 0.38, 0.75))
    stroke = room * float(rng.uniform(0.15, 0.25))  # with thicker ones nothing would be left inside a B
    width = room - stroke
    forms = {letter: int(rng.integers(len(kinds))) for letter, kinds in _FORMS.items()}
    corner = width * float(rng.uniform(0.36, 0.6))  # with smaller ones a ring would be a D
    return Dies(width, cap - stroke, stroke, corner, forms, rng.random() < _MARKED)


@cache
def _parsed(form: str) -> tuple[tuple[Points, tuple[bool, ...], bool], ...]:
    """Points in tenths, which of them are round, and whether the path is closed, of each path."""
    paths = []
    for path in form.split("|"):
        marks = path.split()
        closed = marks[-1] == "z"
        marks = marks[:-1] if closed else marks
        points = np.array([[float(v) for v in mark.rstrip("r").split(",")] for mark in marks])
        paths.append((points, tuple(mark.endswith("r") for mark in marks), closed))
    return tuple(paths)


def _rounded(points: Points, round_: tuple[bool, ...], closed: bool, radius: float) -> Points:
    """A path whose round corners are bent: quarters of circles, smaller where the next corner is near."""
    bent: list[Points] = []
    steps = np.linspace(0, 1, 8)[:, None]
    for i, corner in enumerate(points):
        if not round_[i] or (not closed and i in (0, len(points) - 1)):
            bent.append(corner[None])
            continue
        before, after = points[i - 1] - corner, points[(i + 1) % len(points)] - corner
        reach = min(radius, *(float(np.hypot(*edge)) / 2 for edge in (before, after)))
        start, end = (corner + edge * reach / np.hypot(*edge) for edge in (before, after))
        # A rational curve of degree two with this weight in the middle is a quarter of a circle.
        blend = (1 - steps) ** 2, np.sqrt(2) * steps * (1 - steps), steps**2
        bent.append((blend[0] * start + blend[1] * corner + blend[2] * end) / sum(blend))
    return np.concatenate(bent)
