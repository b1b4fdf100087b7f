"""A detector's graph with convolutions in eight-bit integers, which a CPU computes in a half to a third of the time.

After Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
by ONNX Runtime's own tool: each weight and each value between layers becomes one of 256 steps of its range. The ranges
of weights are known, a channel at a time; those of values are seen on crops of pages.
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
from ocr_doc.training.detector_data import CropOptions, PageSource, crop_stream
from ocr_doc.training.packages import require
from ocr_doc.weights.engines import OnnxEngine

# Convolutions of fewer channels gain nothing: ONNX Runtime has direct ones in floating point, and copies in integers.
_LEAST_CHANNELS = 32
# Crops that the ranges are seen on, and others that the result is checked on.
_SEEN, _CHECKED = 64, 16
_SEED = 0
# On average, scores may differ by so much.
_TOLERANCE = 0.01


def example_crops(source: PageSource) -> list[NDArray[np.uint8]]:
    """Crops as a detector learns from them, the same for the same pages.

    Args:
        source: Draws or reads the pages.

    Returns:
        As many as `quantised` takes, each (H, W, 3) uint8 RGB.
    """
    stream = crop_stream(source, np.random.default_rng(_SEED), CropOptions())
    return [crop.pixels for crop in islice(stream, _SEEN + _CHECKED)]


def quantised(graph: bytes, name: str, crops: Sequence[NDArray[np.uint8]]) -> bytes:
    """The graph of a detector with its wide convolutions in integers.

    Args:
        graph: ONNX, from (N, 3, H, W) float32 in [0, 1] to scores.
        name: Of the network.
        crops: What the network sees, two at least, (H, W, 3) uint8 RGB each; the last ones, a fifth, are for the check.

    Returns:
        ONNX with the same input and output.

    Raises:
        DependencyError: If the package `onnx` is missing.
        WeightsError: If the scores become others.
    """
    require("onnx")
    import onnx  # noqa: PLC0415 - may be missing
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static  # noqa: PLC0415 - wants onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    batches = [np.divide(crop.transpose(2, 0, 1)[None], 255, dtype=np.float32) for crop in crops]
    seen = len(batches) - max(1, len(batches) * _CHECKED // (_SEEN + _CHECKED))
    with tempfile.TemporaryDirectory() as folder:
        whole, prepared, done = (Path(folder, f"{step}.onnx") for step in ("whole", "prepared", "done"))
        whole.write_bytes(graph)
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)  # batch normalisation becomes part of weights
        quantize_static(
            prepared, done, _Reader(batches[:seen]), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8, per_channel=True, nodes_to_quantize=_wide(onnx.load(prepared).graph),
            # Weights of seven bits: with eight, sums overflow on processors without instructions for such products.
            reduce_range=True,
        )  # fmt: skip
        integers = done.read_bytes()
    _compare(graph, integers, name, batches[seen:])
    return integers


class _Reader:
    """Batches one after the other, as ONNX Runtime's `CalibrationDataReader` gives them."""

    def __init__(self, batches: Sequence[NDArray[np.float32]]) -> None:
        self._left: Iterator[NDArray[np.float32]] = iter(batches)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next one, None after the last."""
        batch = next(self._left, None)
        return None if batch is None else {"pixels": batch}


def _wide(graph: Any) -> list[str]:  # noqa: ANN401 - onnx has no types
    """The names of the convolutions that integers make quicker."""
    shapes = {weights.name: weights.dims for weights in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if shapes[node.input[1]][1] >= _LEAST_CHANNELS]


def _compare(graph: bytes, integers: bytes, name: str, batches: Sequence[NDArray[np.float32]]) -> None:
    wanted, found = OnnxEngine(graph, name), OnnxEngine(integers, name)
    apart = float(np.mean([np.abs(found(batch) - wanted(batch)).mean() for batch in batches]))
    # Asked this way round, so that scores that are no numbers do not pass either.
    if not apart <= _TOLERANCE:
        raise WeightsError(f"{name}: in integers its scores differ by {apart:.3f} on average.", "Export it without.")
