"""A network's graph with its wide layers in eight-bit integers, which a CPU computes in a half to a third of the time.

After Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
by ONNX Runtime's own tool: each weight and each value between layers becomes one of 256 steps of its range. The ranges
of weights are known, a channel at a time; those of values are seen on examples.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import WeightsError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.training.detector_data import CropOptions, PageSource, crop_stream
from ocr_doc.training.packages import require
from ocr_doc.training.recognizer_data import EASY_POOLS, MAX_WIDTH, CropMix, CropStream
from ocr_doc.weights.engines import OnnxEngine

Floats = NDArray[np.float32]

# Convolutions of fewer channels gain nothing: ONNX Runtime has direct ones in floating point, and copies in integers.
_LEAST_CHANNELS = 32
# Examples that the ranges are seen on, and others that the result is checked on.
_SEEN, _CHECKED = 64, 16
_SEED = 0
# On average, the score of a place that changes most may change by so much of what there is from 0 to 1.
_TOLERANCE = 0.02


def page_examples(source: PageSource) -> list[Floats]:
    """What a detector sees as it learns, the same for the same pages.

    Args:
        source: Draws or reads the pages.

    Returns:
        Batches of one crop, (1, 3, H, W) in [0, 1], as many as `quantised` takes.
    """
    stream = crop_stream(source, np.random.default_rng(_SEED), CropOptions())
    crops = [crop.pixels for crop in islice(stream, _SEEN + _CHECKED)]
    return [np.divide(crop.transpose(2, 0, 1)[None], 255, dtype=np.float32) for crop in crops]


def word_examples(mix: CropMix, alphabet: Alphabet) -> list[Floats]:
    """What a recogniser sees as it learns, the same for the same mix.

    Args:
        mix: Where the crops come from.
        alphabet: Of the recogniser.

    Returns:
        Batches of crops of like width, (N, 1, 32, W) in [0, 1], as many as `quantised` takes.
    """
    stream = CropStream(mix, alphabet, MAX_WIDTH, start=EASY_POOLS)
    return [batch.pixels.numpy() for batch in islice(stream, _SEEN + _CHECKED)]


def quantised(graph: bytes, name: str, examples: Sequence[Floats]) -> bytes:
    """The graph of a network with its wide layers in integers.

    Args:
        graph: ONNX, from pixels (N, C, H, W) float32 in [0, 1] to scores: of a detector (N, 2, h, w) in [0, 1], of a
            recogniser (N, T, classes) log-probabilities.
        name: Of the network.
        examples: What the network sees, two batches at least; the last ones, a fifth, are for the check.

    Returns:
        ONNX with the same input and output.

    Raises:
        DependencyError: If the package `onnx` is missing.
        WeightsError: If there is no wide layer, or the scores become others.
    """
    require("onnx")
    import onnx  # noqa: PLC0415 - may be missing
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static  # noqa: PLC0415 - wants onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    seen = len(examples) - max(1, len(examples) * _CHECKED // (_SEEN + _CHECKED))
    with tempfile.TemporaryDirectory() as folder:
        whole, prepared, done = (Path(folder, f"{step}.onnx") for step in ("whole", "prepared", "done"))
        whole.write_bytes(graph)
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)  # batch normalisation becomes part of weights
        wide = _wide(onnx.load(prepared).graph)
        if not wide:  # the tool would take an empty list for all layers
            raise WeightsError(f"{name} has no layer that integers make quicker.", "Export it without.")
        quantize_static(
            prepared, done, _Reader(examples[:seen]), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, per_channel=True, nodes_to_quantize=wide,
            # Weights of seven bits: with eight, sums overflow on processors without instructions for such products.
            reduce_range=True,
        )  # fmt: skip
        integers = done.read_bytes()
    _compare(graph, integers, name, examples[seen:])
    return integers


class _Reader:
    """Batches one after the other, as ONNX Runtime's `CalibrationDataReader` gives them."""

    def __init__(self, batches: Sequence[Floats]) -> None:
        self._left: Iterator[Floats] = iter(batches)

    def get_next(self) -> dict[str, Floats] | None:
        """The next one, None after the last."""
        batch = next(self._left, None)
        return None if batch is None else {"pixels": batch}


def _wide(graph: Any) -> list[str]:  # noqa: ANN401 - onnx has no types
    """The names of the layers that integers make quicker."""
    shapes = {weights.name: weights.dims for weights in graph.initializer}
    convolutions = [node.name for node in graph.node if node.op_type == "Conv"
                    and shapes[node.input[1]][1] >= _LEAST_CHANNELS]  # fmt: skip
    products = [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in shapes]
    # The first takes the columns of a crop, which ONNX Runtime turns and multiplies at once in floating point; of the
    # last one's sums each is a score.
    return convolutions + products[1:-1]


def _compare(graph: bytes, integers: bytes, name: str, batches: Sequence[Floats]) -> None:
    wanted, found = OnnxEngine(graph, name), OnnxEngine(integers, name)
    apart = float(np.mean([_apart(found(batch), wanted(batch)) for batch in batches]))
    # Asked this way round, so that scores that are no numbers do not pass either.
    if not apart <= _TOLERANCE:
        raise WeightsError(f"{name}: in integers its scores differ by {apart:.3f} on average.", "Export it without.")


def _apart(found: Floats, wanted: Floats) -> float:
    """How much the score that differs most differs at a place of the page or a time step, on average."""
    if wanted.ndim == 3:
        return float(np.abs(np.exp(found) - np.exp(wanted)).max(axis=2).mean())
    return float(np.abs(found - wanted).max(axis=1).mean())
