"""Crops in doubt seen once more: a little higher, a little lower, a little blurred; what all looks agree on counts.

Averaging what a network says of one picture under small changes is test-time augmentation (Krizhevsky et al. 2012). The
changes here leave every column in its place, so that the looks can be averaged time step by time step, before decoding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Nats of the best path through all time steps; a crop that is surer than this gains nothing from another look.
DOUBTFUL = -0.7
# Share of a pixel's value that comes from its neighbours in the blurred look.
_BLUR = 0.5
_LEAST = 1e-12


def look_again(run: Callable[[Floats], Floats], crops: Floats, log_probs: Floats) -> Floats:
    """Looks again at the crops that are in doubt.

    Args:
        run: The network, (N, 1, H, W) → log-probabilities (N, T, classes).
        crops: (N, 1, H, W) in [0, 1].
        log_probs: What the network said of them, (N, T, classes).

    Returns:
        The same for crops that are sure; for others the logarithm of the mean probability over all looks.
    """
    doubtful = np.flatnonzero(log_probs.max(axis=2).sum(axis=1) < DOUBTFUL)
    if not len(doubtful):
        return log_probs
    chosen = crops[doubtful]
    looks = [log_probs[doubtful], *(run(change(chosen)) for change in (_higher, _lower, _blurred))]
    mean = np.mean([np.exp(look) for look in looks], axis=0)
    averaged: Floats = log_probs.copy()
    averaged[doubtful] = np.log(np.maximum(mean, _LEAST))
    return averaged


def _higher(crops: Floats) -> Floats:
    return np.concatenate([crops[:, :, 1:], crops[:, :, -1:]], axis=2)


def _lower(crops: Floats) -> Floats:
    return np.concatenate([crops[:, :, :1], crops[:, :, :-1]], axis=2)


def _blurred(crops: Floats) -> Floats:
    left = np.concatenate([crops[..., :1], crops[..., :-1]], axis=3)
    right = np.concatenate([crops[..., 1:], crops[..., -1:]], axis=3)
    return np.asarray((1 - _BLUR) * crops + _BLUR / 2 * (left + right), dtype=np.float32)
