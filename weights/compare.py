"""Times the engines that could run our networks on this machine: `python -m ocr_doc.weights.compare recognizer`.

Each engine runs in a process of its own, so that start-up (imports, loading, first run) and peak memory are its own.
Prints one Markdown row per engine. Weights may not know the networks, so `--build module:function` names the one that
rebuilds the network for torch; the defaults are names, looked up when run.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_doc.weights.engines import OnnxEngine, TorchEngine, available_cores, load_module
from ocr_doc.weights.manifest import Entry, Manifest, load_manifest

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

BUILDERS = {
    "detector": "ocr_doc.detectors.factory:build_detector",
    "recognizer": "ocr_doc.recognizer.network:build_crnn",
}
# What a page of a receipt asks for: the page, or its crops in their width buckets.
SHAPES = {
    "detector": [(1, 3, 1024, 736)],
    "recognizer": [(32, 1, 32, w) for w in (64, 96, 128, 192, 256)] + [(4, 1, 32, 512)],
}
ENGINES = ["onnx", "onnx-int8", "onnx-arena", "onnx-sleep", "torch", "torch-bf16", "cuda", "openvino"]


def open_by_name(engine: str, manifest: Manifest, entry: Entry, build: str, threads: int) -> Run:
    """One of ENGINES, ready to run.

    Raises:
        ImportError: If its package is not installed.
    """
    graph = entry.file("int8" if engine == "onnx-int8" else "onnx")
    if graph is not None and engine.startswith("onnx"):
        data = manifest.read(graph)
        return OnnxEngine(data, entry.name, threads, arena=engine == "onnx-arena", spin=engine != "onnx-sleep")
    if graph is not None and engine == "openvino":
        return _openvino(manifest.read(graph), threads)
    tensors = entry.file("safetensors")
    if tensors is None:
        raise ImportError(f"{entry.name} has no file for it")
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(threads)
    if engine == "cuda" and not torch.cuda.is_available():
        raise ImportError("no CUDA")
    module, function = build.split(":")
    network = load_module(manifest, entry, tensors, getattr(importlib.import_module(module), function))
    return TorchEngine(
        network, "cuda" if engine == "cuda" else "cpu", half=None if engine == "cuda" else "16" in engine
    )


def _openvino(model: bytes, threads: int) -> Run:
    openvino: Any = importlib.import_module("openvino")
    config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(io.BytesIO(model)), "CPU", config)
    return lambda batch: np.asarray(compiled(batch)[0])


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Measures one engine, `args.engine[0]`, in this process, which must be a fresh one.

    Args:
        args: The command line's; `born` is when the process was started, in seconds since the epoch.

    Returns:
        Seconds from `born` to the first result, seconds of one round over all shapes (median), peak memory in MB.
    """
    manifest = load_manifest(args.weights)
    entry = manifest.entry("detector" if args.kind == "detector" else "recognizer")
    rng = np.random.default_rng(0)
    batches = [rng.random(shape, dtype=np.float32) for shape in SHAPES[args.kind]]
    run = open_by_name(args.engine[0], manifest, entry, args.build or BUILDERS[args.kind], args.threads)
    run(batches[0])
    first = time.time() - args.born
    times = []
    for _ in range(args.rounds + 1):  # the first round warms up
        begun = time.perf_counter()
        for batch in batches:
            run(batch)
        times.append(time.perf_counter() - begun)
    return {"first": first, "round": float(np.median(times[1:])), "memory": _peak_megabytes()}


def _peak_megabytes() -> float:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)


def main(arguments: list[str] | None = None) -> int:
    """Runs every engine and writes the table; 0 if any ran."""
    parser = argparse.ArgumentParser(prog="python -m ocr_doc.weights.compare", description=__doc__)
    parser.add_argument("kind", choices=sorted(SHAPES))
    parser.add_argument("--weights", metavar="DIR", help="a folder of weights; default: those that ship")
    parser.add_argument("--build", metavar="MODULE:FUNCTION", help="rebuilds the network for torch")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only these engines")
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--born", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    return _child(args) if args.born else _table(args)


def _child(args: argparse.Namespace) -> int:
    try:
        found = measure(args)
    except ImportError as fault:
        sys.stderr.write(f"{fault}\n")
        return 3
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _table(args: argparse.Namespace) -> int:
    shapes = " + ".join("×".join(str(n) for n in shape) for shape in SHAPES[args.kind])
    sys.stdout.write(f"{args.kind}, {args.threads} threads, one round = {shapes}\n\n")
    sys.stdout.write("| engine | start to first result | one round | peak memory |\n|---|---|---|---|\n")
    ran = 0
    for engine in args.engine or ENGINES:
        command = [sys.executable, "-m", "ocr_doc.weights.compare", args.kind, "--engine", engine]
        command += ["--threads", str(args.threads), "--rounds", str(args.rounds)]
        command += ["--weights", args.weights] if args.weights else []
        command += ["--build", args.build] if args.build else []
        command += ["--born", str(time.time())]
        child = subprocess.run(command, capture_output=True, text=True, check=False)
        ran += child.returncode == 0
        sys.stdout.write(_row(engine, child) + "\n")
        sys.stdout.flush()
    return 0 if ran else 1


def _row(engine: str, child: subprocess.CompletedProcess[str]) -> str:
    if child.returncode:
        reason = (child.stderr.strip().splitlines() or ["failed"])[-1]
        return f"| {engine} | not run: {reason} | | |"
    found = json.loads(child.stdout)
    return f"| {engine} | {found['first']:.2f} s | {found['round'] * 1000:.0f} ms | {found['memory']:.0f} MB |"


if __name__ == "__main__":
    sys.exit(main())
