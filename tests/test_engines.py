"""The engines: the same numbers from ONNX Runtime and torch, clear errors, threads, no early imports."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from ocr_doc.core.errors import DependencyError, UsageError, WeightsError
from ocr_doc.weights import compare, engines
from ocr_doc.weights.engines import (
    EngineMemoryError,
    OnnxEngine,
    TorchEngine,
    driver_devices,
    has_cuda,
    open_engine,
    run_all,
)
from ocr_doc.weights.manifest import Entry, Manifest, write_entry
from ocr_doc.weights.occupancy import Occupancy

SIZES = ["n", 1, "h", "w"]


def onnx_model(*nodes: onnx.NodeProto, constants: Mapping[str, NDArray[np.generic]], rank: int = 4) -> bytes:
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SIZES[:rank])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


class Net(torch.nn.Module):
    """One convolution of stride 4: (N, 1, H, W) → (N, C, H / 4, W / 4)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, channels, 4, stride=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def build(config: Mapping[str, object]) -> torch.nn.Module:
    return Net(int(str(config["channels"])))


@pytest.fixture
def weights(tmp_path: Path) -> Manifest:
    torch.manual_seed(3)
    net = Net(5)
    constants = {"w": net.conv.weight.detach().numpy(), "b": net.conv.bias.detach().numpy()}
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], kernel_shape=[4, 4], strides=[4, 4])
    (tmp_path / "net.onnx").write_bytes(onnx_model(node, constants=constants))
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    write_entry(tmp_path, Entry("net", "detector", (), {"channels": 5}), ["net.onnx", "net.safetensors"])
    write_entry(tmp_path, Entry("graph", "detector", (), {"channels": 5}), ["net.onnx"])
    return write_entry(tmp_path, Entry("tensors", "detector", (), {"channels": 5}), ["net.safetensors"])


def batch(count: int = 2, width: int = 64) -> NDArray[np.float32]:
    return np.random.default_rng(count * width).random((count, 1, 32, width), dtype=np.float32)


def test_callers_side_by_side_get_the_same_numbers(weights: Manifest) -> None:
    occupancy = Occupancy()
    engine = open_engine(weights, weights.entry("detector", "net"), "cpu", build, threads=2, occupancy=occupancy)
    with occupancy:
        alone = engine(batch())
        with occupancy:
            assert occupancy.crowded
            assert np.array_equal(engine(batch()), alone)
        assert not occupancy.crowded
        assert np.array_equal(engine(batch()), alone)
    engine.close()
    with occupancy, occupancy, pytest.raises(RuntimeError, match="closed"):
        engine(batch())


def test_batches_side_by_side_come_in_their_order(weights: Manifest) -> None:
    together = threading.Barrier(2, timeout=10)

    def work(count: int) -> int:
        together.wait()  # passes only when two are here
        return len(engine(batch(count)))

    data = (weights.folder / "net.onnx").read_bytes()
    engine = OnnxEngine(data, threads=2, split=False)
    assert engine.lanes == 2
    assert list(run_all(engine, work, (1, 2, 3, 4))) == [1, 2, 3, 4]
    assert OnnxEngine(data, threads=2).lanes == OnnxEngine(data, threads=1, split=False).lanes == 1
    assert list(run_all(OnnxEngine(data, threads=1), lambda n: n, (3, 1))) == [3, 1]


def test_both_engines_compute_the_same(weights: Manifest) -> None:
    graph = open_engine(weights, weights.entry("detector", "net"), "cpu", build, threads=1)
    tensors = open_engine(weights, weights.entry("detector", "tensors"), "cpu", build)
    assert isinstance(graph, OnnxEngine)
    assert isinstance(tensors, TorchEngine)
    assert (graph.name, graph.device) == ("net", "cpu")
    for width in (32, 64, 2048):
        output = graph(batch(width=width))
        assert output.shape == (2, 5, 8, width // 4)
        assert output.dtype == np.float32
        assert tensors(batch(width=width)) == pytest.approx(output, abs=1e-5)


def test_torch_engine_in_bfloat16_gives_float32_near_by() -> None:
    net = Net(3)
    half = TorchEngine(net, half=True)(batch())
    assert half.dtype == np.float32
    full = TorchEngine(net, half=False)(batch())
    assert half == pytest.approx(full, abs=0.05)
    assert not np.array_equal(half, full)


def test_many_threads_get_their_own_results(weights: Manifest) -> None:
    for name in ("graph", "tensors"):
        engine = open_engine(weights, weights.entry("detector", name), "cpu", build, threads=1)
        inputs = [batch(1 + i % 3, 32 * (1 + i % 5)) for i in range(40)]
        alone = [engine(x) for x in inputs]
        with ThreadPoolExecutor(8) as pool:
            for ours, theirs in zip(pool.map(engine, inputs), alone, strict=True):
                assert np.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("name", ["graph", "tensors"])
def test_a_batch_of_the_wrong_shape_is_a_clear_error(weights: Manifest, name: str) -> None:
    engine = open_engine(weights, weights.entry("detector", name), "cpu", build)
    with pytest.raises(WeightsError, match=r"shape \(1, 3, 32, 32\)"):
        engine(np.zeros((1, 3, 32, 32), np.float32))


@pytest.mark.parametrize("name", ["graph", "tensors"])
def test_a_closed_engine_fails_and_closes_again(weights: Manifest, name: str) -> None:
    engine = open_engine(weights, weights.entry("detector", name), "cpu", build)
    engine.close()
    engine.close()
    with pytest.raises(RuntimeError, match="closed"):
        engine(batch())


def test_bytes_that_are_no_model(weights: Manifest, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="net is no ONNX model"):
        OnnxEngine(b"not a model", "net")
    node = helper.make_node("Relu", ["x"], ["y"])
    with pytest.raises(WeightsError, match="one float input"):
        OnnxEngine(onnx_model(node, constants={}, rank=3), "net")


def test_weights_that_do_not_fit_their_network(weights: Manifest) -> None:
    wrong = Entry("tensors", "detector", weights.entry("detector", "tensors").files, {"channels": 7})
    with pytest.raises(WeightsError, match=r"net\.safetensors in .* does not fit the network tensors") as caught:
        open_engine(weights, wrong, "cpu", build)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_never_reaches_an_engine(weights: Manifest) -> None:
    for name, file in (("graph", "net.onnx"), ("tensors", "net.safetensors")):
        path = weights.folder / file
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        with pytest.raises(WeightsError, match=rf"{file} is damaged"):
            open_engine(weights, weights.entry("detector", name), "cpu", build)


def test_integers_serve_whoever_does_not_need_exact_scores(weights: Manifest) -> None:
    (weights.folder / "net.int8.onnx").write_bytes(
        onnx_model(helper.make_node("Mul", ["x", "w"], ["y"]), constants={"w": np.float32(7)})
    )
    both = Entry("both", "detector", (), {"channels": 5})
    manifest = write_entry(weights.folder, both, ["net.onnx", "net.int8.onnx"])
    alone = write_entry(weights.folder, Entry("alone", "detector", (), {"channels": 5}), ["net.int8.onnx"])
    entry, pixels = manifest.entry("detector", "both"), batch()
    assert [file.format for file in entry.files] == ["onnx", "int8"]
    np.testing.assert_allclose(open_engine(manifest, entry, "cpu", exact=False)(pixels), pixels * 7)
    assert open_engine(manifest, entry, "cpu")(pixels).shape == (2, 5, 8, 16)
    # What there is serves both.
    entry = alone.entry("detector", "alone")
    np.testing.assert_allclose(open_engine(alone, entry, "cpu")(pixels), pixels * 7)
    assert open_engine(manifest, manifest.entry("detector", "graph"), "cpu", exact=False)(pixels).shape == (2, 5, 8, 16)


def test_what_an_entry_lacks_is_named(weights: Manifest) -> None:
    with pytest.raises(WeightsError, match="no ONNX file"):
        open_engine(weights, weights.entry("detector", "tensors"), "cpu")
    with pytest.raises(UsageError, match="no device 'tpu'"):
        open_engine(weights, weights.entry("detector"), "tpu")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="0 threads"):
        open_engine(weights, weights.entry("detector"), "cpu", threads=0)


@pytest.mark.parametrize("kept", [2**23, 0])
def test_an_arena_changes_no_result(weights: Manifest, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr("ocr_doc.weights.engines._KEPT", kept)
    data = weights.read(weights.entry("detector", "graph").files[0])
    plain, pooled = OnnxEngine(data), OnnxEngine(data, arena=True)
    for count in (1, 3, 2):
        np.testing.assert_array_equal(pooled(batch(count)), plain(batch(count)))


@pytest.mark.parametrize("arena", [False, True])
def test_onnx_runtime_out_of_memory_is_told_apart(arena: bool) -> None:
    node = helper.make_node("Expand", ["x", "shape"], ["y"])
    engine = OnnxEngine(onnx_model(node, constants={"shape": np.array([1, 10**13, 1, 1])}), arena=arena)
    with pytest.raises(EngineMemoryError, match="1 × 1 × 32 × 64 does not fit into the memory"):
        engine(batch(1))


def test_torch_out_of_memory_is_told_apart() -> None:
    class Greedy(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.empty(10**15)

    with pytest.raises(EngineMemoryError, match="does not fit"):
        TorchEngine(Greedy())(batch())


class FakeDriver:
    """Stands for libcuda."""

    def __init__(self, devices: int, state: int = 0) -> None:
        self.devices, self.state = devices, state

    def cuInit(self, flags: int) -> int:  # noqa: N802 - the driver's name
        return self.state

    def cuDeviceGetCount(self, count: object) -> int:  # noqa: N802 - the driver's name
        count._obj.value = self.devices  # type: ignore[attr-defined]
        return 0


@pytest.mark.parametrize(("devices", "state", "found"), [(2, 0, 2), (0, 0, 0), (2, 100, 0)])
def test_devices_are_counted_by_the_driver(
    monkeypatch: pytest.MonkeyPatch, devices: int, state: int, found: int
) -> None:
    monkeypatch.setattr(engines.ctypes, "CDLL", lambda name: FakeDriver(devices, state))
    assert driver_devices() == found


def test_no_driver_no_device(monkeypatch: pytest.MonkeyPatch, weights: Manifest) -> None:
    def absent(name: str) -> None:
        raise OSError(f"{name}: no such file")

    monkeypatch.setattr(engines.ctypes, "CDLL", absent)
    assert not has_cuda()
    entry = weights.entry("detector", "net")
    assert isinstance(open_engine(weights, entry, "auto", build), OnnxEngine)
    with pytest.raises(DependencyError, match="no CUDA device") as caught:
        open_engine(weights, entry, "cuda", build)
    assert "--device cpu" in caught.value.remedy


@pytest.mark.parametrize(
    ("line", "for_cuda"), [("cuda: Optional[str] = None", 0), ("cuda: Optional[str] = '12.8'", 1), ("cuda = None", 0)]
)
def test_the_make_of_torch_is_known_without_importing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, for_cuda: int
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise AssertionError('torch was imported')")
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '9'\n{line}\nhip: Optional[str] = None\n")
    code = "from ocr_doc.weights import engines; print(int(engines._torch_is_for_cuda()))"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == str(for_cuda)


def test_a_device_without_a_torch_for_it(monkeypatch: pytest.MonkeyPatch, weights: Manifest) -> None:
    monkeypatch.setattr(engines, "driver_devices", lambda: 1)
    monkeypatch.setattr(engines, "_torch_is_for_cuda", lambda: False)
    entry = weights.entry("detector", "net")
    assert isinstance(open_engine(weights, entry, "auto", build), OnnxEngine)
    with pytest.raises(DependencyError, match="torch for CUDA is not installed"):
        open_engine(weights, entry, "cuda", build)


def test_importing_the_engines_imports_no_engine() -> None:
    code = (
        "import sys, ocr_doc.weights.engines, ocr_doc.recognizer.reader\n"
        "heavy = {'torch', 'onnxruntime', 'safetensors', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_onnx_on_the_cpu_needs_no_torch(weights: Manifest) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"  # an import of torch fails now
        "import numpy as np\n"
        "from ocr_doc.weights.manifest import load_manifest\n"
        "from ocr_doc.weights.engines import open_engine\n"
        f"m = load_manifest({str(weights.folder)!r})\n"
        "e = open_engine(m, m.entry('detector', 'net'), 'cpu', build=lambda config: 1 / 0)\n"
        "assert e(np.zeros((1, 1, 32, 32), np.float32)).shape == (1, 5, 8, 8)\n"
        "try:\n"
        "    open_engine(m, m.entry('detector', 'tensors'), 'cpu', build=lambda config: 1 / 0)\n"
        "except Exception as fault:\n"
        "    print(type(fault).__name__, fault)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("DependencyError torch is not installed.")
    assert "pip install" in result.stdout


@pytest.mark.skipif(driver_devices() == 0, reason="no CUDA device")
def test_cuda_computes_what_the_cpu_does(weights: Manifest) -> None:
    engine = open_engine(weights, weights.entry("detector", "net"), "auto", build)
    assert engine.device == "cuda"
    on_cpu = open_engine(weights, weights.entry("detector", "net"), "cpu", build)
    assert engine(batch()) == pytest.approx(on_cpu(batch()), abs=0.05)
    engine.close()


def test_the_comparison_times_what_is_there_and_says_what_is_not(
    weights: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    write_entry(weights.folder, Entry("r", "recognizer", (), {}, "ab"), ["net.onnx"])
    options = ["recognizer", "--weights", str(weights.folder), "--rounds", "1", "--threads", "1"]
    assert compare.main([*options, "--engine", "onnx", "--engine", "torch"]) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [row[0].strip() for row in rows] == ["engine", "---", "onnx", "torch"]
    first, one_round, memory = (float(cell.split()[0]) for cell in rows[2][1:])
    assert 0 < first < 60
    assert 0 <= one_round < 60_000
    assert memory > 10
    assert rows[3][1].strip() == "not run: r has no file for it"
