"""The character classifier: crops of single characters to probabilities, many at once.

After Teo Keng Boon 2024, "Two-stage Approach for Industrial OCR": no neighbour can talk a 0 into being an O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.character_crops import SIDE
from ocr_doc.recognizer.reader import ReadCharacter
from ocr_doc.weights.engines import Engine

Floats = NDArray[np.float32]
REJECT = 0
"""The class of what is no character."""
# Crops that run at once: enough to keep two cores busy, few enough for their caches.
BATCH = 256
# Other readings of a character that are told.
ALTERNATIVES = 3
# Alternatives less probable than this are noise.
_LEAST = 0.001


@dataclass(frozen=True, slots=True)
class SerialReading:
    """A row of text read character by character.

    Attributes:
        characters: From left to right, their places in fractions of the quad's width; may reach a little beyond [0, 1].
        cost: Nats of the whole reading: of its characters, and of ink that none of them explains.
    """

    characters: tuple[ReadCharacter, ...]
    cost: float = 0.0

    @property
    def text(self) -> str:
        """The characters, joined."""
        return "".join(character.text for character in self.characters)

    @property
    def confidence(self) -> float:
        """Probability that all characters are right, as if they were independent; 0 without any."""
        return float(np.prod([c.confidence for c in self.characters])) if self.characters else 0.0


class CharacterClassifier:
    """Names characters. Safe to call from several threads.

    Args:
        engine: (N, L, SIDE, SIDE) float32 in [0, 1], N rows of L characters → scores (N, L, classes) whose softmax are
            probabilities. A network that knows no rows may give (N, classes) for L = 1.
        symbols: Names the classes behind the reject class; a symbol may be longer than one character.

    Raises:
        WeightsError: If the network's output does not fit the symbols; found by one small run.
    """

    def __init__(self, engine: Engine, symbols: str | Sequence[str]) -> None:
        self.engine = engine
        self.symbols: tuple[str, ...] = ("", *symbols)
        shape = engine(np.zeros((1, 1, SIDE, SIDE), np.float32)).shape
        self.reads_rows = len(shape) == 3
        if shape not in ((1, len(self.symbols)), (1, 1, len(self.symbols))):
            raise WeightsError(
                f"The network {engine.name} gives {shape}, not one score for each of {len(self.symbols)} classes.",
                "Use weights and manifest of one and the same training run.",
            )

    def probabilities(self, crops: Sequence[Floats]) -> Floats:
        """Probabilities (N, classes) of crops, each (SIDE, SIDE) float32 in [0, 1]; class 0 is no character."""
        if not len(crops):
            return np.zeros((0, len(self.symbols)), np.float32)
        parts = [
            self.engine(np.ascontiguousarray(np.stack(crops[k : k + BATCH])[:, None]))
            for k in range(0, len(crops), BATCH)
        ]
        return _softmax(np.concatenate(parts).reshape(len(crops), -1))

    def of_rows(self, rows: Sequence[Sequence[Floats]]) -> list[Floats]:
        """Probabilities (N, classes) of each row's characters, which are looked at together.

        The others of a row say in which face a character is drawn: whether zeros are slashed, and an I has serifs.
        A network that knows no rows looks at each alone.
        """
        found: list[Floats] = [np.zeros((0, len(self.symbols)), np.float32)] * len(rows)
        if not self.reads_rows:
            flat = self.probabilities([crop for row in rows for crop in row])
            return np.split(flat, np.cumsum([len(row) for row in rows])[:-1]) if len(rows) else []
        filled = [i for i, row in enumerate(rows) if len(row)]
        longest = max(1, BATCH // max((len(rows[i]) for i in filled), default=1))
        for k in range(0, len(filled), longest):
            some = filled[k : k + longest]
            batch = np.zeros((len(some), max(len(rows[i]) for i in some), SIDE, SIDE), np.float32)
            for place, i in enumerate(some):
                batch[place, : len(rows[i])] = rows[i]
            scores = self.engine(batch)
            for place, i in enumerate(some):
                found[i] = _softmax(scores[place, : len(rows[i])])
        return found

    def alternatives(self, row: Floats, count: int = ALTERNATIVES) -> tuple[tuple[str, float], ...]:
        """The most probable characters of one row of probabilities, best first; the reject class is none."""
        order = np.argsort(-row[1:], kind="stable")[:count] + 1
        return tuple((self.symbols[k], float(row[k])) for k in order if row[k] >= _LEAST or k == order[0])


def _softmax(scores: Floats) -> Floats:
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True), dtype=np.float32)
