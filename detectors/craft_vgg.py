"""The paper's own network: CRAFT on VGG16 with batch norm.

For those who have the public CRAFT weights (clovaai/CRAFT-pytorch, craft_mlt_25k.pth): the parameters bear the names of
that file. It costs about fifty times the light network's arithmetic. No weights of this form are shipped.

Paper: Baek et al. 2019, "Character Region Awareness for Text Detection". The body is VGG16 (Simonyan and Zisserman
2014) up to conv5, then a dilated convolution in place of its first dense layer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ocr_doc.core.errors import InputMissingError, WeightsError

# ImageNet's means and deviations of the channels, which the public weights expect.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_POOL = 0
_VGG16 = (64, 64, _POOL, 128, 128, _POOL, 256, 256, 256, _POOL, 512, 512, 512, _POOL, 512, 512)
"""Widths of VGG16's convolutions up to conv5_2."""

_SLICE_ENDS = (12, 19, 29, 39)
"""Layers, counted through the body, at which the public file's slices end: each time just before a ReLU."""

_REMEDY = "Use the file craft_mlt_25k.pth of CRAFT-pytorch, or safetensors with its names."


@dataclass(frozen=True, slots=True)
class CraftVggConfig:
    """Nothing can be chosen: the public weights fix the shape."""

    architecture: ClassVar[str] = "craft-vgg16"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return {"architecture": self.architecture}


class _Body(nn.Module):
    """VGG16 in the public file's slices."""

    def __init__(self) -> None:
        super().__init__()
        layers = _vgg_layers()
        starts = (0, *_SLICE_ENDS[:-1])
        slices = [
            nn.Sequential(OrderedDict((str(n), layers[n]) for n in range(start, end)))
            for start, end in zip(starts, _SLICE_ENDS, strict=True)
        ]
        self.slice1, self.slice2, self.slice3, self.slice4 = slices
        self.slice5 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.Conv2d(1024, 1024, 1),
        )

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Features at strides 2, 4, 8 and 16, and those of the dilated layers at 16."""
        # A slice ends before its ReLU, yet the public network's in-place ReLU, first in the next slice, changes what
        # the slice had given out. So the skips carry the ReLU's output, except the last, which no ReLU follows.
        second = F.relu(self.slice1(pixels))
        third = F.relu(self.slice2(second))
        fourth = F.relu(self.slice3(third))
        fifth = self.slice4(fourth)
        return second, third, fourth, fifth, self.slice5(fifth)


def _vgg_layers() -> list[nn.Module]:
    """The layers of VGG16 with batch norm, at the places that they have in the public file."""
    layers: list[nn.Module] = []
    inputs = 3
    for width in _VGG16:
        if width == _POOL:
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=False)]
            inputs = width
    return layers


class _Merge(nn.Module):
    """Features of two levels to fewer: 1×1, then 3×3."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, middle, 1), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) → (N, outputs, H, W)."""
        merged: Tensor = self.conv(features)
        return merged


class CraftVgg(nn.Module):
    """Pixels to score maps, by the paper's network.

    Call: (N, 3, H, W) float32 RGB in [0, 1], H and W multiples of 16 → (N, 2, H/2, W/2) scores in [0, 1]; channel 0 is
    the region, channel 1 the affinity.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: CraftVggConfig | None = None) -> None:
        super().__init__()
        self.config = config or CraftVggConfig()
        self.basenet = _Body()
        self.upconv1 = _Merge(1024 + 512, 512, 256)
        self.upconv2 = _Merge(512 + 256, 256, 128)
        self.upconv3 = _Merge(256 + 128, 128, 64)
        self.upconv4 = _Merge(128 + 64, 64, 32)
        self.conv_cls = nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 1), nn.ReLU(), nn.Conv2d(16, 2, 1),
        )  # fmt: skip
        # Not persistent: the public file has no such tensors.
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores; see the class."""
        second, third, fourth, fifth, last = self.basenet((pixels - self.mean) / self.std)
        features = self.upconv1(torch.cat([last, fifth], dim=1))
        for merge, skip in ((self.upconv2, fourth), (self.upconv3, third), (self.upconv4, second)):
            features = F.interpolate(features, size=skip.shape[2:], mode="bilinear", align_corners=False)
            features = merge(torch.cat([features, skip], dim=1))
        # The public weights were fitted to the scores themselves, without a sigmoid.
        scores: Tensor = self.conv_cls(features).clamp(0.0, 1.0)
        return scores


def load_public_craft(path: Path) -> CraftVgg:
    """Loads weights with the public file's names, for use and not for training.

    Only tensors are read: no code in the file runs, whoever made it.

    Args:
        path: A .safetensors file, or a .pth of PyTorch.

    Raises:
        InputMissingError: If there is no such file.
        WeightsError: If it is damaged, holds more than tensors, or is of another network.
    """
    network = CraftVgg()
    tensors = {name.removeprefix("module."): value for name, value in _tensors(path).items()}
    # Files written before PyTorch 0.4.1 do not count the batches, which only training needs.
    counters = {k: v for k, v in network.state_dict().items() if k.endswith("num_batches_tracked")}
    try:
        network.load_state_dict({**counters, **tensors})
    except RuntimeError as error:
        raise WeightsError(f"{path}: these are no weights of CRAFT on VGG16.", _REMEDY) from error
    return network.eval()


def _tensors(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise InputMissingError(f"{path}: no such file.", "Check the path.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file  # noqa: PLC0415 - an optional package, for this kind of file only

            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both readers raise errors of many kinds for damaged files
        raise WeightsError(f"{path}: damaged, or more than tensors.", _REMEDY) from error
    if not isinstance(tensors, Mapping) or not all(isinstance(v, Tensor) for v in tensors.values()):
        raise WeightsError(f"{path}: holds other things than named tensors.", _REMEDY)
    return tensors
