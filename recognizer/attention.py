"""Self-attention over a crop's time steps, in place of the LSTM.

Blocks as the global mixing of SVTR (Du et al. 2022, "SVTR: Scene Text Recognition with a Single Visual Model"), which
PP-OCRv3 and later put behind convolutions just so. Where a step is comes from a depthwise convolution (Chu et al. 2021,
"Conditional Positional Encodings for Vision Transformers"), so that crops of any width can be read.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

HEADS = 4
# Steps that the positional convolution sees, a little more than a character.
_NEAR = 5
# How much wider a block's inner layer is.
_INNER = 2


class MixingBlock(nn.Module):
    """Each step looks at all others, then goes through a small network of its own; both add to what was there.

    Call: (N, T, C) → the same shape; C a multiple of HEADS.
    """

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.place = nn.Conv1d(channels, channels, _NEAR, padding=_NEAR // 2, groups=channels)
        self.norms = nn.ModuleList([nn.LayerNorm(channels), nn.LayerNorm(channels)])
        self.queries = nn.Linear(channels, 3 * channels)
        self.mixed = nn.Linear(channels, channels)
        self.inner = nn.Sequential(
            nn.Linear(channels, _INNER * channels), nn.GELU(), nn.Linear(_INNER * channels, channels)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: Tensor) -> Tensor:
        """(N, T, C) → (N, T, C)."""
        steps = steps + self.place(steps.transpose(1, 2)).transpose(1, 2)
        n, count, channels = steps.shape
        heads = self.queries(self.norms[0](steps)).view(n, count, 3, HEADS, channels // HEADS).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(heads[0], heads[1], heads[2])  # (N, HEADS, T, C / HEADS)
        steps = steps + self.dropout(self.mixed(seen.transpose(1, 2).reshape(n, count, channels)))
        mixed: Tensor = steps + self.dropout(self.inner(self.norms[1](steps)))
        return mixed


class AttentionSequence(nn.Module):
    """Blocks of self-attention between two widths.

    Args:
        inputs: Channels of what comes in.
        outputs: Channels of what goes out, a multiple of HEADS; the blocks work on so many.
        layers: How many blocks.
        dropout: In training.

    Raises:
        ValueError: If the outputs cannot be shared out among the heads.
    """

    def __init__(self, inputs: int, outputs: int, layers: int, dropout: float) -> None:
        super().__init__()
        if outputs % HEADS:
            raise ValueError(f"{outputs} channels cannot be shared out among {HEADS} heads")
        self.enter = nn.Linear(inputs, outputs)
        self.blocks = nn.Sequential(*(MixingBlock(outputs, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(outputs)

    def forward(self, steps: Tensor) -> Tensor:
        """(N, T, inputs) → (N, T, outputs)."""
        mixed: Tensor = self.norm(self.blocks(self.enter(steps)))
        return mixed
