"""How long a training runs, how fast it learns at each moment, and the average of its weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Schedule:
    """The length of a training and its learning rate: warm-up, then a cosine down to nearly nothing.

    Attributes:
        rate: Highest learning rate.
        steps: Steps in all, or None.
        minutes: Minutes in all, resumed runs added up, or None. Whichever end comes first counts.
        warmup: Steps over which the rate rises linearly.
        floor: The last rate as a share of the highest.
    """

    rate: float
    steps: int | None = None
    minutes: float | None = None
    warmup: int = 200
    floor: float = 0.01

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None:
            raise ValueError("a training needs an end: steps or minutes")

    def done(self, step: int, minutes: float) -> float:
        """Share of the training in [0, 1] that lies behind after `step` steps and `minutes` minutes."""
        by_steps = step / self.steps if self.steps else 0.0
        by_minutes = minutes / self.minutes if self.minutes else 0.0
        return min(1.0, max(by_steps, by_minutes))

    def rate_at(self, step: int, minutes: float) -> float:
        """The learning rate of step number `step`, from 0."""
        fall = 0.5 * (1.0 + math.cos(math.pi * self.done(step, minutes)))
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        return self.rate * rise * (self.floor + (1.0 - self.floor) * fall)


class Stopwatch:
    """Minutes that a training has run, those before a resume included."""

    def __init__(self, earlier: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._earlier, self._clock, self._start = earlier, clock, clock()

    @property
    def minutes(self) -> float:
        """Minutes so far."""
        return self._earlier + (self._clock() - self._start) / 60.0


class WeightAverage:
    """A moving average of a network's weights: what is shipped, since it is better and steadier than any one step.

    Args:
        network: Its weights now are the start.
        decay: Share that one step leaves; smaller at first, so that the random start is soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.tensors: dict[str, Tensor] = {k: v.detach().clone() for k, v in network.state_dict().items()}

    def update(self, network: nn.Module, step: int) -> None:
        """Takes in the weights after step number `step`, from 0."""
        share = 1.0 - min(self.decay, (1.0 + step) / (10.0 + step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if value.is_floating_point():
                    self.tensors[name].lerp_(value, share)
                else:
                    self.tensors[name].copy_(value)

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Goes on from saved averages."""
        for name, value in tensors.items():
            self.tensors[name].copy_(value)
