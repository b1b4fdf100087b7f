"""CRNN: convolutions, a bidirectional LSTM and CTC, with an optional spatial transformer in front.

Instead of the LSTM there can be self-attention (`recognizer/attention.py`), behind the same inputs and outputs.

Papers: Shi, Bai and Yao 2015, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition"; Jaderberg
et al. 2015, "Spatial Transformer Networks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ocr_doc.recognizer.attention import AttentionSequence
from ocr_doc.recognizer.crops import HEIGHT

# The size, height and width, at which the spatial transformer looks at every crop.
_SEEN = (32, 128)


@dataclass(frozen=True)
class CRNNConfig:
    """What it takes to rebuild a network.

    Attributes:
        classes: Output classes, the blank included.
        channels: Channels of the five stages; heights 32, 16, 8, 4, 2.
        blocks: Convolutions in each stage.
        hidden: Units of the LSTM in each direction; attention works on twice as many channels.
        layers: LSTM layers, or blocks of attention.
        dropout: Before the LSTM and the output, in training.
        transformer: Whether a spatial transformer straightens the crop first.
        sequence: What reads along the time steps, "lstm" or "attention".
        squeeze: Whether each stage weighs its channels by what the whole crop has of them.
    """

    classes: int
    channels: tuple[int, ...] = (16, 32, 64, 128, 208)
    blocks: tuple[int, ...] = (1, 1, 2, 2, 1)
    hidden: int = 160
    layers: int = 1
    dropout: float = 0.1
    transformer: bool = False
    sequence: Literal["lstm", "attention"] = "lstm"
    squeeze: bool = False

    def to_dict(self) -> dict[str, object]:
        """Plain values for a checkpoint or the manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> CRNNConfig:
        """The reverse of `to_dict`; lists count as tuples."""
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        return cls(**plain)  # type: ignore[arg-type]


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class SqueezeExcitation(nn.Module):
    """Weighs channels by their means over the crop (Hu, Shen and Sun 2018, "Squeeze-and-Excitation Networks").

    torchvision has the same; these few lines spare training that package.

    Args:
        channels: Of the maps.
        reduction: How many times fewer the layer between has.
    """

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        inner = max(1, channels // reduction)
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, inner, 1), nn.ReLU(inplace=True),
            nn.Conv2d(inner, channels, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        weighed: Tensor = x * self.weigh(x)
        return weighed


class SpatialTransformer(nn.Module):
    """Straightens a crop by an affine map that a small network finds; starts as the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.locate = nn.Sequential(
            _conv(1, 16), nn.MaxPool2d(2), _conv(16, 32), nn.MaxPool2d(2), _conv(32, 32), nn.AvgPool2d(4),
            nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.affine = nn.Linear(64, 6)
        nn.init.zeros_(self.affine.weight)
        self.affine.bias.data.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) → the same shape."""
        # Crops of any width are looked at in one size, since the linear layer has one.
        seen = nn.functional.interpolate(x, size=_SEEN, mode="bilinear", align_corners=False)
        theta = self.affine(self.locate(seen)).float().view(-1, 2, 3, 1, 1)
        # The sampling grid by hand, since ONNX knows affine_grid only from opset 20; and always in float32, since bf16
        # cannot tell one column of a wide crop from the next.
        height, width = x.shape[2], x.shape[3]
        columns = (2 * torch.arange(width, device=x.device) + 1) / width - 1  # (W)
        rows = ((2 * torch.arange(height, device=x.device) + 1) / height - 1)[:, None]  # (H, 1)
        grid = theta[:, :, 0] * columns + theta[:, :, 1] * rows + theta[:, :, 2]  # (N, 2, H, W)
        return nn.functional.grid_sample(
            x.float(), grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
        )


class CRNN(nn.Module):
    """Reads a batch of crops.

    Input: (N, 1, 32, W) float32 in [0, 1], W a multiple of 4. Output: log-probabilities (N, W / 4, classes).
    """

    def __init__(self, config: CRNNConfig) -> None:
        super().__init__()
        self.config = config
        # Halve the height five times, 32 → 1, the width only twice: a time step is 4 pixels wide.
        pools = [(2, 2), (2, 2), (2, 1), (2, 1), (2, 1)]
        stages: list[nn.Module] = [SpatialTransformer()] if config.transformer else []
        inputs = 1
        for outputs, blocks, pool in zip(config.channels, config.blocks, pools, strict=True):
            for _ in range(blocks):
                stages.append(_conv(inputs, outputs))
                inputs = outputs
            if config.squeeze:
                stages.append(SqueezeExcitation(outputs))
            stages.append(nn.MaxPool2d(pool))
        self.features = nn.Sequential(*stages)
        self.dropout = nn.Dropout(config.dropout)
        self.sequence = _sequence(inputs, config)
        self.output = nn.Linear(2 * config.hidden, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 32, W) → (N, W / 4, classes) log-probabilities."""
        if x.shape[2] != HEIGHT and not torch.onnx.is_in_onnx_export():
            raise ValueError(f"crops are {HEIGHT} pixels high, not {x.shape[2]}")
        maps = self.features(x * 2 - 1)  # (N, C, 1, W / 4)
        steps = self.dropout(maps.squeeze(2).transpose(1, 2))  # (N, W / 4, C)
        found = self.sequence(steps)
        hidden = found[0] if isinstance(found, tuple) else found  # an LSTM also gives its last state
        return nn.functional.log_softmax(self.output(self.dropout(hidden)), dim=-1)


def _sequence(inputs: int, config: CRNNConfig) -> nn.Module:
    """What reads along the time steps: (N, T, inputs) → (N, T, 2 * hidden)."""
    if config.sequence == "attention":
        return AttentionSequence(inputs, 2 * config.hidden, config.layers, config.dropout)
    if config.sequence == "lstm":
        return nn.LSTM(inputs, config.hidden, num_layers=config.layers, bidirectional=True, batch_first=True)
    raise ValueError(f'"lstm" or "attention" reads along the time steps, not {config.sequence!r}')


def build_crnn(config: Mapping[str, object]) -> CRNN:
    """The network of a configuration as the manifest or a checkpoint holds it."""
    return CRNN(CRNNConfig.from_dict(config))
