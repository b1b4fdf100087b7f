"""A recogniser's temperature: what its scores are divided by so that its confidences come true.

Guo et al. 2017, "On Calibration of Modern Neural Networks". Fitted on crops that training never saw; the export divides
the last layer's weights by it, so that nothing is left to do when a page is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.ctc import best_paths
from ocr_doc.recognizer.network import CRNN
from ocr_doc.training.readers import LabelledCrop
from ocr_doc.training.recognizer_data import fit_crop

# Tried one by one: the loss has one minimum, and a finer answer than this would be noise.
TEMPERATURES = tuple(round(0.6 + 0.05 * n, 2) for n in range(49))
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Fit:
    """A temperature and what it does.

    Attributes:
        temperature: The best of those tried.
        words: Crops it was fitted on.
        right: Share of them read right, whatever the case.
        loss_before, loss_after: Mean negative log-likelihood of "right" and "wrong" under the confidences, in nats.
        confidence_before, confidence_after: Mean confidence; near `right` where confidences come true.
    """

    temperature: float
    words: int
    right: float
    loss_before: float
    loss_after: float
    confidence_before: float
    confidence_after: float


def fit_temperature(network: CRNN, alphabet: Alphabet, crops: Iterable[LabelledCrop]) -> Fit:
    """Fits the temperature of a recogniser.

    Case does not count, since many labels have all letters in upper case.

    Raises:
        InputBrokenError: If no crop can be read.
    """
    outputs: list[NDArray[np.float32]] = []
    right: list[bool] = []
    network.eval()
    for crop in crops:
        fitted = fit_crop(crop.load(), crop.text, alphabet, expected=False)
        if fitted is None:
            continue
        with torch.inference_mode():
            outputs.append(network(torch.from_numpy(fitted.pixels)[None, None]).numpy())
        labels = best_paths(outputs[-1], alphabet.blank)[0].labels
        right.append(alphabet.decode(labels).strip().casefold() == crop.text.casefold())
    if not outputs:
        raise InputBrokenError("No crop of the list can be read.", "Give other crops.")
    results = {temperature: _confidences(outputs, temperature, alphabet.blank) for temperature in TEMPERATURES}
    truth = np.array(right)
    losses = {temperature: _loss(found, truth) for temperature, found in results.items()}
    best = min(losses, key=lambda temperature: losses[temperature])
    return Fit(
        best, len(right), float(truth.mean()), losses[1.0], losses[best],
        float(results[1.0].mean()), float(results[best].mean()),
    )  # fmt: skip


def _confidences(outputs: Sequence[NDArray[np.float32]], temperature: float, blank: int) -> NDArray[np.float64]:
    scaled = [output / np.float32(temperature) for output in outputs]
    shown = [each - np.log(np.exp(each).sum(axis=2, keepdims=True)) for each in scaled]
    return np.array([best_paths(each, blank)[0].confidence for each in shown])


def _loss(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bounded = np.clip(confidences, _LEAST, 1 - _LEAST)
    return float(-np.where(right, np.log(bounded), np.log(1 - bounded)).mean())


def cooled(tensors: dict[str, Tensor], temperature: float) -> dict[str, Tensor]:
    """A recogniser's weights whose scores are divided by a temperature; `CRNN`'s last layer is linear."""
    return {
        name: tensor / temperature if name in ("output.weight", "output.bias") else tensor
        for name, tensor in tensors.items()
    }
