"""How good a detector is: its loss on fixed crops, and its words on fixed pages through the real post-processing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr_doc.detectors.detector import WordDetector
from ocr_doc.detectors.network import CraftLight
from ocr_doc.training.detector_data import CropOptions, LabelledPage, PageSource, crops_of_page
from ocr_doc.training.detector_loss import detector_loss
from ocr_doc.training.real_pages import PageEntry, is_covered

_SEED = 20_011
"""Far from the seeds that people choose for training, so that no training draws these pages."""

_BATCH = 8


class TorchEngine:
    """Runs a network of PyTorch as the detector's engine.

    Call: (N, 3, H, W) float32 in [0, 1] → (N, 2, H/2, W/2) float32.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()
        self._device = next(network.parameters()).device

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of a batch; see the class."""
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device, memory_format=torch.channels_last)
            return np.asarray(self._network(batch).float().cpu().numpy(), dtype=np.float32)


class DetectorValidation:
    """Fixed pages and crops, drawn once.

    Args:
        source: Draws the pages.
        crops: How they become crops for the loss.
        pages: How many.
        held_out: Real pages.
    """

    def __init__(self, source: PageSource, crops: CropOptions, pages: int, held_out: Sequence[PageEntry] = ()) -> None:
        self._held_out = held_out
        generators = [np.random.default_rng([_SEED, number]) for number in range(pages)]
        self._pages = [source(rng) for rng in generators]
        chosen = chain.from_iterable(
            list(crops_of_page(page, rng, crops))[:2] for page, rng in zip(self._pages, generators, strict=True)
        )
        self._crops = list(chosen)

    def score(self, network: CraftLight) -> dict[str, float]:
        """Loss on the crops; precision, recall and F1 of the words at IoU 0.5, of real pages by names with "real_"."""
        detector = WordDetector(TorchEngine(network))

        def find(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
            return [np.array(word.quad) for word in detector.detect(image)]

        scores = {"loss": self._loss(network), **word_scores(find, self._pages)}
        if self._held_out:
            real = word_scores(find, (entry.load() for entry in self._held_out))
            scores.update({f"real_{name}": value for name, value in real.items()})
        return scores

    def _loss(self, network: CraftLight) -> float:
        network.eval()
        device = next(network.parameters()).device
        losses = []
        with torch.inference_mode():
            for start in range(0, len(self._crops), _BATCH):
                part = self._crops[start : start + _BATCH]
                pixels = torch.from_numpy(np.stack([c.pixels for c in part])).to(device).permute(0, 3, 1, 2).float()
                targets = torch.from_numpy(np.stack([c.maps for c in part])).to(device)
                losses.append(float(detector_loss(network.logits(pixels / 255.0), targets)))
        return float(np.mean(losses)) if losses else 0.0


def word_scores(
    find: Callable[[NDArray[np.uint8]], list[NDArray[np.float64]]], pages: Iterable[LabelledPage]
) -> dict[str, float]:
    """Precision, recall and F1 of the words at IoU 0.5, without those in places of which nothing is known.

    Args:
        find: The detector: pixels (H, W, 3) uint8 RGB → quads (4, 2).
        pages: Pages whose truth is known.
    """
    matched = found = real = 0
    for page in pages:
        words = [quad for quad in find(page.image) if not is_covered(quad, page.unknown)]
        truth = [np.asarray(word.quad) for word in page.words if not is_covered(word.quad, page.unknown)]
        matched += matched_quads(words, truth)
        found, real = found + len(words), real + len(truth)
    f1 = 2 * matched / max(1, found + real)
    return {"precision": matched / max(1, found), "recall": matched / max(1, real), "f1": f1}


def quad_iou(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over union of two convex quads (4, 2)."""
    first, second = np.asarray(a, dtype=np.float32), np.asarray(b, dtype=np.float32)
    shared, _ = cv2.intersectConvexConvex(first, second)
    union = cv2.contourArea(first) + cv2.contourArea(second) - shared
    return float(shared / union) if union > 0 else 0.0


def matched_quads(
    found: Sequence[NDArray[np.floating]], truth: Sequence[NDArray[np.floating]], least: float = 0.5
) -> int:
    """How many quads of both sides pair up, each used once, best pairs first, at an IoU of at least `least`."""
    if not found or not truth:
        return 0
    a, b = np.stack(found), np.stack(truth)
    apart = (a.min(axis=1)[:, None] > b.max(axis=1)[None]) | (a.max(axis=1)[:, None] < b.min(axis=1)[None])
    pairs = [(quad_iou(a[i], b[j]), i, j) for i, j in zip(*np.nonzero(~apart.any(axis=2)), strict=True)]
    seen_a: set[int] = set()
    seen_b: set[int] = set()
    for iou, i, j in sorted(pairs, reverse=True):
        if iou < least:
            break
        if i not in seen_a and j not in seen_b:
            seen_a.add(i)
            seen_b.add(j)
    return len(seen_a)
