"""The engines that run a network: ONNX Runtime on the CPU, torch on CUDA.

The rest of ocr-doc knows the `Engine` protocol alone. `OnnxEngine` is the only thing that knows ONNX Runtime, and
`TorchEngine` the only thing outside the networks and training that knows torch; both are imported when first used.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import DependencyError, OcrDocError, UsageError, WeightsError
from ocr_doc.weights.manifest import Entry, Manifest, WeightFile
from ocr_doc.weights.occupancy import Occupancy

if TYPE_CHECKING:
    from torch.nn import Module

Device = Literal["auto", "cpu", "cuda"]
Item = TypeVar("Item")
Result = TypeVar("Result")
# Rebuilds a network from its entry's config. Given by the caller: weights may not know detectors and recognizer.
Builder = Callable[[Mapping[str, object]], "Module"]

_LOG = logging.getLogger(__name__)
_FIT_REMEDY = "Use the weights that ship with ocr-doc, or export yours again."
# A page of the detector's largest input has some 6 million values; several at once, in a service, have more.
_KEPT = 2**23
_TORCH_REMEDY = "Install it with: pip install 'ocr-doc[torch]'"


class Engine(Protocol):
    """A network that is ready to run.

    Calls from several threads at once are safe.

    Attributes:
        device: "cpu" or "cuda".
        name: The network's name in the manifest.
    """

    device: str
    name: str

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Runs the network on a batch, (N, C, H, W) float32; the output's shape is the network's own.

        Raises:
            EngineMemoryError: If memory does not suffice; a smaller batch may pass.
            WeightsError: If the network does not take this shape.
        """
        ...

    def close(self) -> None:
        """Frees the network and its memory; later calls fail. Closing twice is fine."""
        ...


class EngineMemoryError(OcrDocError):
    """A batch does not fit into the device's memory."""


def _out_of_memory(name: str, device: str, shape: tuple[int, ...]) -> EngineMemoryError:
    size = " × ".join(str(n) for n in shape)
    other = ", or use --device cpu" if device == "cuda" else ""
    return EngineMemoryError(f"{name}: a batch of {size} does not fit into the memory of the {device.upper()} device.",
                             f"Lower --batch-size or --max-megapixels{other}.")  # fmt: skip


def available_cores() -> int:
    """Cores that this process may use. ONNX Runtime's own default is the machine's, however few a container has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxEngine:
    """A network in ONNX Runtime on the CPU.

    Args:
        model: The bytes of an ONNX model with one input (N, C, H, W) float32 and one output.
        name: What to call it in messages.
        threads: Threads within one run; None for as many as there are cores for this process.
        arena: Whether ONNX Runtime keeps freed memory for the next run. The detector's large maps are otherwise asked
            of the system and given back layer by layer, which takes up to a third of its time. What a run of more than
            `_KEPT` values takes is given back in any case. Crops are small and of many shapes: no arena for them.
        spin: Whether threads wait for one another in a loop during a run. They sleep as soon as it ends: detector,
            crops and layout take turns, and a thread that spins while numpy or OpenCV works takes a core from them.
        occupancy: Who else is at work. Callers side by side run on one thread each: a run that is split over threads
            waits for the slowest of them at each layer. None for all threads at all times.
        split: Whether a run of a caller that is alone is split over the threads. Off where there are many batches,
            which `run_all` runs side by side.

    Raises:
        WeightsError: If the bytes are no such model.
    """

    device = "cpu"

    def __init__(
        self, model: bytes, name: str = "model", threads: int | None = None, arena: bool = False, spin: bool = True,
        occupancy: Occupancy | None = None, split: bool = True,
    ) -> None:  # fmt: skip
        # Its telemetry starts with the import unless this is set; ocr-doc tells nobody anything.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime as ort  # noqa: PLC0415 - 0.1 s, and no cost to those who run on CUDA

        self.name = name
        threads = threads or available_cores()
        self._threads, self._split, self._occupancy = threads, split and threads > 1, occupancy
        self._lock = threading.Lock()
        self._narrow: Any | None = None  # the same on one thread, made when callers first meet

        def make(count: int) -> Any:  # noqa: ANN401 - ONNX Runtime has no types
            options = ort.SessionOptions()
            options.intra_op_num_threads = count
            options.inter_op_num_threads = 1  # the networks are chains: nothing runs side by side
            options.enable_cpu_mem_arena = arena
            options.enable_mem_pattern = False  # plans memory for one shape; ours vary
            options.log_severity_level = 4  # it would write to the user's stderr what we raise as an error
            options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
            options.add_session_config_entry("session.force_spinning_stop", "1")
            return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

        self._make_narrow = partial(make, 1)
        try:
            session = make(threads if self._split else 1)
        except Exception as fault:  # ONNX Runtime's exceptions have no common base of their own
            raise WeightsError(f"{name} is no ONNX model that ONNX Runtime {ort.__version__} reads: {_line(fault)}.",
                               "Export it again, or update onnxruntime.") from fault  # fmt: skip
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type != "tensor(float)" or len(outputs) != 1:
            found = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
            raise WeightsError(f"{name} must have one float input (N, C, H, W) and one output, but has {found}.",
                               "Export it with ocr-doc-train.")  # fmt: skip
        self._session: Any | None = session
        self._input = inputs[0].name
        self._give_back = ort.RunOptions()
        if arena:
            self._give_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        session = self._session_of_now()
        try:
            options = self._give_back if batch.size > _KEPT else None
            return np.asarray(session.run(None, {self._input: batch}, options)[0], dtype=np.float32)
        except MemoryError as fault:
            raise _out_of_memory(self.name, self.device, batch.shape) from fault
        except Exception as fault:
            if _is_memory(fault):
                raise _out_of_memory(self.name, self.device, batch.shape) from fault
            raise WeightsError(f"{self.name} does not take a batch of shape {batch.shape}: {_line(fault)}.",
                               _FIT_REMEDY) from fault  # fmt: skip

    def close(self) -> None:
        """See `Engine`."""
        with self._lock:
            self._session = self._narrow = None

    @property
    def lanes(self) -> int:
        """How many batches are best run at once by a caller that has several."""
        crowded = self._occupancy is not None and self._occupancy.crowded
        return 1 if self._split or crowded else self._threads

    def _session_of_now(self) -> Any:  # noqa: ANN401 - ONNX Runtime has no types
        """The session on all threads for a caller that is alone, else the one on a single thread."""
        crowded = self._split and self._occupancy is not None and self._occupancy.crowded
        with self._lock:
            if self._session is None:
                raise RuntimeError(f"engine {self.name} is closed")
            if crowded and self._narrow is None:
                self._narrow = self._make_narrow()
            return self._narrow if crowded else self._session


class TorchEngine:
    """A network in torch, on CUDA or the CPU.

    Convolutions run channels last, which tensor cores want, and on CUDA under bfloat16 where the device has it, which
    keeps float32's range and so needs no care for overflow. A lock lets one thread in at a time: a module under
    autocast is not made for several, and one stream keeps the device busy.

    Args:
        module: The network with its weights; it is moved to the device and set to evaluation.
        device: "cuda" or "cpu".
        name: What to call it in messages.
        half: Whether to compute in bfloat16; None for yes on a CUDA device that supports it.
    """

    def __init__(self, module: Module, device: str = "cpu", name: str = "model", half: bool | None = None) -> None:
        torch = _torch()
        self.name, self.device = name, device
        self._half = bool(device == "cuda" and torch.cuda.is_bf16_supported()) if half is None else half
        moved: Any = module.eval().to(device)
        self._module: Module | None = moved.to(memory_format=torch.channels_last)
        self._lock = threading.Lock()

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Engine`."""
        torch = _torch()
        with self._lock, torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=self._half):
            if self._module is None:
                raise RuntimeError(f"engine {self.name} is closed")
            try:
                tensor = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device)
                output = self._module(tensor.contiguous(memory_format=torch.channels_last)).float().cpu()
                return np.asarray(output.numpy(), dtype=np.float32)
            except RuntimeError as fault:
                if "CUDA error" in str(fault):
                    raise  # the device's fault, not the batch's
                if not _is_memory(fault):
                    raise WeightsError(f"{self.name} does not take a batch of shape {batch.shape}: {_line(fault)}.",
                                       _FIT_REMEDY) from fault  # fmt: skip
        # Outside the handler: its traceback would hold on to the tensors whose memory a smaller batch needs.
        if self.device == "cuda":
            torch.cuda.empty_cache()
        raise _out_of_memory(self.name, self.device, batch.shape)

    def close(self) -> None:
        """See `Engine`."""
        with self._lock:
            self._module = None
        if self.device == "cuda":
            _torch().cuda.empty_cache()


def run_all(engine: Engine, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Does work that runs the engine once for each item, on as many threads as pay; results in the items' order.

    One run on all threads waits for the slowest at each layer; several runs side by side do not.

    Args:
        engine: Its `lanes`, if it has any, say on how many threads.
        work: Called with each item.
        items: What there is to do.
    """
    lanes: int = getattr(engine, "lanes", 1)
    if lanes == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(lanes, "ocr-doc-run") as pool:
        yield from pool.map(work, items)


def open_engine(
    manifest: Manifest, entry: Entry, device: Device = "auto", build: Builder | None = None,
    threads: int | None = None, occupancy: Occupancy | None = None, exact: bool = True,
) -> Engine:  # fmt: skip
    """Makes a listed network ready to run.

    Args:
        manifest: Where the entry stands.
        entry: The network.
        device: "auto" is CUDA where there is a device and a torch that can use it, else the CPU. On the CPU the ONNX
            file runs; torch runs there only if the entry has no ONNX file.
        build: Rebuilds the network for torch; without it only ONNX can run.
        threads: Threads on the CPU; None for as many as there are cores for this process.
        occupancy: Who else is at work; see `OnnxEngine`.
        exact: Whether the CPU computes in floating point where there is a graph in integers, too.

    Raises:
        WeightsError: If a file is missing, damaged or does not fit the network.
        DependencyError: If CUDA is asked for and there is none, or torch is needed and not installed.
        UsageError: If the device is of no known name, or threads is below 1.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"There is no device {device!r}.", "Choose auto, cpu or cuda.")
    if threads is not None and threads < 1:
        raise UsageError(f"{threads} threads cannot run a network.", "Give a number of 1 or more.")
    tensors, floats, integers = entry.file("safetensors") if build else None, entry.file("onnx"), entry.file("int8")
    graph = floats or integers if exact else integers or floats
    if device == "cuda":
        _require_cuda()
        if build is None or tensors is None:
            raise WeightsError(f"{entry.name} in {manifest.folder} has no safetensors file, which CUDA needs.",
                               "Use --device cpu, or weights that have one.")  # fmt: skip
    on_cuda = build is not None and tensors is not None and device != "cpu" and has_cuda()
    if build is not None and tensors is not None and (on_cuda or graph is None):
        if threads and not on_cuda:
            _torch().set_num_threads(threads)
        _LOG.debug("%s: torch on %s", entry.name, "cuda" if on_cuda else "cpu")
        return TorchEngine(load_module(manifest, entry, tensors, build), "cuda" if on_cuda else "cpu", entry.name)
    if graph is None:
        raise WeightsError(f"{entry.name} in {manifest.folder} has no ONNX file, which the CPU needs.",
                           "Use weights that have one.")  # fmt: skip
    _LOG.debug("%s: ONNX Runtime, %s", entry.name, graph.file)
    return OnnxEngine(
        manifest.read(graph),
        entry.name,
        threads,
        entry.kind == "detector",
        occupancy=occupancy,
        split=entry.kind not in ("recognizer", "codes"),
    )


def load_module(manifest: Manifest, entry: Entry, file: WeightFile, build: Builder) -> Module:
    """The network of an entry with its weights, on the CPU.

    Raises:
        WeightsError: If the file is missing, damaged or does not fit the network.
        DependencyError: If torch or safetensors is not installed.
    """
    _torch()
    try:
        from safetensors.torch import load  # noqa: PLC0415 - optional, like torch
    except ImportError:
        raise DependencyError("safetensors is not installed.", _TORCH_REMEDY) from None
    data = manifest.read(file)
    try:
        module = build(entry.config)
        module.load_state_dict(load(data))
    except Exception as fault:  # safetensors' error is a bare Exception; a config of other keys fails in any way
        raise WeightsError(f"{file.file} in {manifest.folder} does not fit the network {entry.name}: {_line(fault)}.",
                           "Use weights and manifest of one and the same training run.") from fault  # fmt: skip
    return module


def has_cuda() -> bool:
    """Whether a CUDA device and a torch that can use it are there.

    Looks at the driver and at torch's version file first, so that torch (a second or more) is imported only where
    both speak for CUDA.
    """
    return driver_devices() > 0 and _torch_is_for_cuda() and bool(_torch().cuda.is_available())


def driver_devices() -> int:
    """CUDA devices that the driver shows to this process, 0 without a driver; asked without torch."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value


def _torch_is_for_cuda() -> bool:
    """Whether the torch that an import would find was built for CUDA."""
    try:
        spec = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        return False
    if spec is None or spec.origin is None:
        return False
    try:
        version = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return True  # a torch of another make: let torch itself say
    return re.search(r"^cuda\s*(?::[^=]+)?=\s*None\b", version, re.MULTILINE) is None


def _require_cuda() -> None:
    if driver_devices() == 0:
        raise DependencyError("There is no CUDA device: no NVIDIA driver, or it shows none to this process.",
                              "Use --device cpu, or check nvidia-smi and CUDA_VISIBLE_DEVICES.")  # fmt: skip
    if not has_cuda():
        raise DependencyError("torch for CUDA is not installed, or does not fit the driver.",
                              f"{_TORCH_REMEDY}; or use --device cpu.")  # fmt: skip


def _torch() -> Any:  # noqa: ANN401 - torch is optional, so its types are too
    try:
        import torch  # noqa: PLC0415 - a second or more, and optional
    except ImportError:
        raise DependencyError("torch is not installed.", _TORCH_REMEDY) from None
    return torch


def _is_memory(fault: Exception) -> bool:
    """Whether a fault of ONNX Runtime or torch means that memory ran out; only their messages tell."""
    return re.search(r"bad_alloc|failed to allocate|out of memory|can't allocate memory", str(fault), re.I) is not None


def _line(fault: Exception) -> str:
    """The first line of a fault's message."""
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0].rstrip(".:")
