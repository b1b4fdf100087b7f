"""The detector's network: a light U-shape that scores regions and affinities.

The outputs are those of CRAFT (Baek et al. 2019, "Character Region Awareness for Text Detection"): for each point of
the page how central it is in a character, and how central between two characters of one word. The body is ours, cut to
about 6.9 GMAC a megapixel so that a CPU draws the maps of a receipt in about a tenth of a second. It uses plain 3×3
convolutions (depthwise ones save arithmetic, not time, on a CPU), keeps the same arithmetic on each level, and adds
skips where CRAFT concatenates them, which halves the decoder's cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 32
"""Height and width of the input are multiples of this."""

_PRIOR_LOGIT = -2.5
"""Start of the output's bias: most points of a page are no text, and a network that knows starts faster."""


@dataclass(frozen=True, slots=True)
class CraftLightConfig:
    """Shape of a `CraftLight`.

    Attributes:
        channels: Channels at strides 2, 4, 8, 16 and 32; any five numbers fit.
        blocks: 3×3 convolutions that follow the strided one on each of these levels.
        finest: Stride at which the scores are found, 2 or 4; those of 4 are enlarged to 2, which takes less time and
            finds less of small print (docs/networks.md).
    """

    channels: tuple[int, int, int, int, int] = (16, 32, 64, 128, 128)
    blocks: tuple[int, int, int, int, int] = (1, 1, 1, 1, 3)
    finest: int = 2

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return {"architecture": "craft-light", **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CraftLightConfig:
        """From `to_dict`'s values, also after a way through JSON.

        Raises:
            ValueError: If the values are another architecture's.
        """
        if values.get("architecture", "craft-light") != "craft-light":
            raise ValueError(f"a craft-light configuration is needed, not {values.get('architecture')!r}")
        default = cls()
        channels = tuple(int(v) for v in values.get("channels", default.channels))
        blocks = tuple(int(v) for v in values.get("blocks", default.blocks))
        if len(channels) != 5 or len(blocks) != 5:
            raise ValueError(f"five levels are needed, not channels {channels} and blocks {blocks}")
        finest = int(values.get("finest", default.finest))
        if finest not in (2, 4):
            raise ValueError(f"scores are found at stride 2 or 4, not {finest}")
        return cls(channels, blocks, finest)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class CraftLight(nn.Module):
    """Pixels to score maps.

    Call: (N, 3, H, W) float32 RGB in [0, 1], H and W multiples of 32 → (N, 2, H/2, W/2) scores in [0, 1]; channel 0 is
    the region, channel 1 the affinity. `logits` gives the same before the sigmoid, for the loss.
    """

    def __init__(self, config: CraftLightConfig | None = None) -> None:
        super().__init__()
        self.config = config or CraftLightConfig()
        widths = self.config.channels
        before = (3, *widths[:-1])
        self.down = nn.ModuleList(
            nn.Sequential(_conv(i, o, stride=2), *(_conv(o, o) for _ in range(n)))
            for i, o, n in zip(before, widths, self.config.blocks, strict=True)
        )
        first = 0 if self.config.finest == 2 else 1
        # The k-th brings level first + k + 1 to the channels of the one above, before the upsampling, where it is four
        # times cheaper.
        self.match = nn.ModuleList(nn.Conv2d(widths[k + 1], widths[k], 1) for k in range(first, 4))
        self.merge = nn.ModuleList(_conv(w, w) for w in widths[first:4])
        self.head = nn.Sequential(_conv(widths[first], widths[first]), nn.Conv2d(widths[first], 2, 1))
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        last = self.head[-1]
        assert isinstance(last, nn.Conv2d) and last.bias is not None
        nn.init.normal_(last.weight, std=0.01)
        nn.init.constant_(last.bias, _PRIOR_LOGIT)

    def logits(self, pixels: Tensor) -> Tensor:
        """The scores before the sigmoid: (N, 3, H, W) in [0, 1] → (N, 2, H/2, W/2)."""
        level = pixels * 4.0 - 2.0
        levels: list[Tensor] = []
        for down in self.down:
            level = down(level)
            levels.append(level)
        # From the coarsest up to the finest level; there are as many of the first two as levels are merged.
        for match, merge, skip in zip(reversed(self.match), reversed(self.merge), reversed(levels[:-1]), strict=False):
            level = F.interpolate(match(level), scale_factor=2.0, mode="nearest")
            level = merge(level + skip)
        scores: Tensor = self.head(level)
        if self.config.finest == 4:
            scores = F.interpolate(scores, scale_factor=2.0, mode="bilinear")
        return scores

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores in [0, 1]; see the class."""
        return torch.sigmoid(self.logits(pixels))


def multiply_adds(network: nn.Module, height: int = 1024, width: int = 1024) -> int:
    """Multiply-adds of all convolutions of `network` for one image of this size, counted on a run."""
    total = 0

    def count(module: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        total += output[0].numel() * module.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, height, width))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return total
