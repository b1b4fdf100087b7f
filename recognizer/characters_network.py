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
    """

    classes: int
    channels: tuple[int, ...] = (24, 48, 96)
    blocks: tuple[int, ...] = (0, 1, 1)
    hidden: int = 128
    dropout: float = 0.1

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
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.hidden, config.classes))
        # Guo et al. 2017: one number, found on examples that training did not see, makes confidences probabilities.
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores whose softmax are probabilities.

        Args:
            pixels: (N, 1, SIDE, SIDE) float32 in [0, 1].

        Returns:
            (N, classes) float32; class 0 is the reject class.
        """
        scores: Tensor = self.head(self.neck(self.body(pixels)))
        return scores / self.temperature


def build_characters(config: Mapping[str, object]) -> CharacterNet:
    """The network of a configuration with "architecture" among its values."""
    values = {key: value for key, value in config.items() if key != "architecture"}
    return CharacterNet(CharacterNetConfig.from_dict(values))
