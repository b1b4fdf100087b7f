"""The detector's loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_TEXT = 0.1
"""Targets above this are text; all others are background, of which only the hardest points count."""

_LEAST_SHARE = 0.01
"""Share of the points that count at least, so that batches without text teach too."""


def detector_loss(logits: Tensor, targets: Tensor, known: Tensor | None = None, ratio: float = 3.0) -> Tensor:
    """Cross entropy with the soft targets, with online hard negative mining as in CRAFT.

    Most of a page is easy background. Of each map, all points of text count, and the `ratio` times as many background
    points with the largest loss. The targets' own entropy is taken off, so that a perfect network has loss 0.

    Args:
        logits: (N, 2, H, W) before the sigmoid.
        targets: The same shape, in [0, 1].
        known: (N, H, W) bool, the points that count; None for all.
        ratio: Background points for each point of text.

    Returns:
        A scalar, at least 0.
    """
    logits = logits.float()
    entropy = torch.special.entr(targets) + torch.special.entr(1.0 - targets)
    loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none") - entropy
    total = logits.new_zeros(())
    for channel in range(targets.shape[1]):
        values, wanted = loss[:, channel].flatten(), targets[:, channel].flatten()
        if known is not None:
            values, wanted = values[known.flatten()], wanted[known.flatten()]
        text = wanted > _TEXT
        points = int(text.sum())
        kept = min(max(int(ratio * points), int(_LEAST_SHARE * len(values))), len(values) - points)
        hardest = values[~text].topk(kept, sorted=False).values
        total = total + (values[text].sum() + hardest.sum()) / max(1, points + kept)
    return total
