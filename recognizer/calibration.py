"""From what the network believes to how often it is right.

Platt 1999, "Probabilistic Outputs for Support Vector Machines": log odds by a line. A network that was trained on
harder print than it meets is more often right than it says; two numbers, fitted on real words that it never learned
from, say by how much (`ocr-doc-evaluate` fits them, `ocr-doc-train export` writes them down).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, log

# Odds beyond these are not told apart.
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """A word's confidence as a probability; the default changes nothing.

    Attributes:
        slope: Of the log odds; above 0, so that a surer word stays surer.
        offset: Of the log odds, in nats.

    Raises:
        ValueError: If the slope is not above 0, or one of them is no number.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (isfinite(self.slope) and isfinite(self.offset) and self.slope > 0):
            raise ValueError(f"a slope above 0 and an offset are needed, not {self.slope} and {self.offset}")

    def __call__(self, confidence: float) -> float:
        """The probability in [0, 1] that a word of this confidence, in [0, 1], is right."""
        if self == _NONE or not 0.0 < confidence < 1.0:
            return confidence
        odds = self.slope * log_odds(confidence) + self.offset
        return 1 / (1 + exp(-odds)) if odds > 0 else exp(odds) / (1 + exp(odds))


def log_odds(confidence: float) -> float:
    """Nats for it and against it; bounded, so that a confidence of 0 or 1 has odds too."""
    bounded = min(max(confidence, _LEAST), 1 - _LEAST)
    return log(bounded / (1 - bounded))


_NONE = Calibration()
