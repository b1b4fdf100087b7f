"""How good a recogniser is: errors of greedy reading on crops that training never sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from ocr_doc.core.errors import InputBrokenError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.network import CRNN
from ocr_doc.training.readers import read_crops
from ocr_doc.training.recognizer_data import Batch, CropStream, collate, fit_crop

_BATCH = 32


class RecognizerValidation:
    """Fixed crops: synthetic ones drawn once, and real ones where there are any.

    Args:
        stream: Draws the synthetic crops.
        real: A list or folder of real crops (see `ocr_doc.training.readers`), or None.
        crops: How many of each kind.

    Raises:
        InputBrokenError: If a real crop cannot be read, or none can be measured on.
    """

    def __init__(self, stream: CropStream, real: Path | None, crops: int) -> None:
        self._alphabet = stream.alphabet
        drawn = iter(stream)
        self.sets: dict[str, list[Batch]] = {"synthetic": []}
        while sum(len(batch.texts) for batch in self.sets["synthetic"]) < crops:
            self.sets["synthetic"].append(next(drawn))
        if real:
            self.sets["real"] = list(_fixed_batches(real, self._alphabet, crops))

    @torch.inference_mode()
    def score(self, network: CRNN) -> dict[str, float]:
        """Character error rate and share of texts that are exactly right, for each set."""
        network.eval()
        device = next(network.parameters()).device
        metrics: dict[str, float] = {}
        for name, batches in self.sets.items():
            errors = characters = exact = crops = 0
            for batch in batches:
                best = network(batch.pixels.to(device)).argmax(-1).cpu()
                for row, truth in zip(best, batch.texts, strict=True):
                    text = self._alphabet.decode(torch.unique_consecutive(row).tolist())
                    errors += edit_distance(text, truth)
                    characters += len(truth)
                    exact += text == truth
                    crops += 1
            metrics[f"{name}_cer"] = errors / max(1, characters)
            metrics[f"{name}_exact"] = exact / max(1, crops)
        return metrics


def _fixed_batches(source: Path, alphabet: Alphabet, crops: int) -> Iterator[Batch]:
    listed = read_crops(source, alphabet)[:crops]
    fitted = [(fit_crop(crop.load(), crop.text, alphabet, False), crop.text) for crop in listed]
    pool = sorted(((c, t) for c, t in fitted if c is not None), key=lambda item: item[0].width)
    if not pool:
        raise InputBrokenError(f"{source}: every crop is too wide to read at once.", "Give crops of words or lines.")
    for start in range(0, len(pool), _BATCH):
        yield collate(pool[start : start + _BATCH], alphabet)


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance between two texts (Wagner and Fischer 1974)."""
    row = list(range(len(b) + 1))
    for i, symbol in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (symbol != other))
    return row[-1]
