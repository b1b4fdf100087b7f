"""The network of the character classifier: few convolutions, since a page may hold a thousand characters.

After Teo Keng Boon 2024, "Two-stage Approach for Industrial OCR": an image classifier over the detector's character
boxes. The blocks are those of He et al. 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ocr_doc.recognizer.character_crops import SIDE


@dataclass(frozen=True)
class CharacterNetConfig:
    """What it takes to rebuild a network.

    Attributes:
        classes: Output classes, the reject class included.
        channels: Of the three stages, at 16, 8 and 4 pixels a side.
        blocks: Residual blocks in each stage.
        hidden: Units before the output.
        dropout: Before the output, in training.
        context: Units that look at the other characters of a row; 0 for a network that sees each character alone.
    """

    classes: int
    channels: tuple[int, ...] = (24, 48, 96)
    blocks: tuple[int, ...] = (0, 1, 1)
    hidden: int = 128
    dropout: float = 0.1
    context: int = 0

    def to_dict(self) -> dict[str, object]:
        """Plain values for a checkpoint or the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> CharacterNetConfig:
        """The reverse of `to_dict`; lists count as tuples."""
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return cls(**plain)  # type: ignore[arg-type]


def _conv(inputs: int, outputs: int, side: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Block(nn.Module):
    """Two convolutions beside which the input goes through unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels, 3, 1)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape out as in."""
        return torch.relu(x + self.second(self.first(x)))


class _Face(nn.Module):
    """What the other characters of a row say of one: not which it is, but in which face it is drawn.

    A narrow plain ring is an O where zeros are slashed and letters are all of one width, and a 0 elsewhere. Others are
    told by sums that know no order, so there are no neighbours to guess from.
    """

    def __init__(self, hidden: int, units: int) -> None:
        super().__init__()
        self.first = nn.Linear(3 * hidden, units)
        self.second = nn.Linear(units, hidden)
        # At the start the others say nothing: weights that know no rows can be gone on from.
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, features: Tensor, there: Tensor) -> Tensor:
        """Features (N, L, hidden) with what the row adds to them.

        Args:
            features: (N, L, hidden) of L characters of N rows.
            there: (N, L) 1 for a character, 0 for a place left blank.
        """
        kept = features * there[..., None]
        others = kept.sum(1, keepdim=True) - kept
        count = there.sum(1)[:, None, None] - there[..., None]
        mean = others / count.clamp_min(1.0)
        most = kept.amax(1, keepdim=True).expand_as(features) * (count > 0.5)
        added: Tensor = self.second(torch.relu(self.first(torch.cat([features, mean, most], dim=2))))
        return features + added


class CharacterNet(nn.Module):
    """Names characters.

    Args:
        config: Its shape.
    """

    temperature: Tensor

    def __init__(self, config: CharacterNetConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        inputs = 1
        for stage, (channels, blocks) in enumerate(zip(config.channels, config.blocks, strict=True)):
            layers.append(_conv(inputs, channels, 3 if stage else 5, 2))
            layers += [_Block(channels) for _ in range(blocks)]
            inputs = channels
        self.body = nn.Sequential(*layers)
        side = SIDE >> len(config.channels)
        self.neck = nn.Sequential(nn.Flatten(), nn.Linear(inputs * side * side, config.hidden), nn.ReLU(inplace=True))
        self.face = _Face(config.hidden, config.context) if config.context else None
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.hidden, config.classes))
        # Guo et al. 2017: one number, found on examples that training did not see, makes confidences probabilities.
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores whose softmax are probabilities.

        Args:
            pixels: (N, L, SIDE, SIDE) float32 in [0, 1]: N rows of L characters; L = 1 for characters that nothing is
                known of the row of. Blank crops, of one grey level, fill up rows that are shorter.

        Returns:
            (N, L, classes) float32; class 0 is the reject class.
        """
        rows, length = pixels.shape[:2]
        features = self.neck(self.body(pixels.reshape(-1, 1, SIDE, SIDE))).reshape(rows, length, -1)
        there = (pixels.amax((2, 3)) > pixels.amin((2, 3))).to(features.dtype)
        return self.scores(features, there)

    def packed(self, pixels: Tensor, places: Tensor, length: int) -> Tensor:
        """Scores (M, classes) of characters whose rows are told by numbers, so that no blanks are computed.

        Args:
            pixels: (M, 1, SIDE, SIDE).
            places: (M,) int64, each another: a row's number times `length`, plus the place in the row.
            length: Characters of a row, at most.
        """
        found = self.neck(self.body(pixels))
        rows = int(places.max()) // length + 1
        features = found.new_zeros(rows * length, found.shape[1]).index_copy(0, places, found)
        there = found.new_zeros(rows * length).index_fill(0, places, 1.0)
        scores = self.scores(features.reshape(rows, length, -1), there.reshape(rows, length))
        return scores.reshape(rows * length, -1)[places]

    def scores(self, features: Tensor, there: Tensor) -> Tensor:
        """Scores (N, L, classes) of features (N, L, hidden), of which `there` (N, L) says whose are of a character."""
        if self.face is not None:
            features = self.face(features, there)
        scores: Tensor = self.head(features)
        return scores / self.temperature


def build_characters(config: Mapping[str, object]) -> CharacterNet:
    """The network of a configuration with "architecture" among its values."""
    values = {key: value for key, value in config.items() if key != "architecture"}
    return CharacterNet(CharacterNetConfig.from_dict(values))
