"""The manifest of weights: what ships is whole, damage is named, nothing else gets in."""

from __future__ import annotations

import hashlib
import json
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ocr_doc import OCRPipeline
from ocr_doc.core.errors import ExitCode, OutputError, WeightsError
from ocr_doc.weights.manifest import NAME, SCHEMA, Entry, Format, WeightFile, load_manifest, write_entry

SAMPLES = Path(__file__).parents[1] / "samples"
READER = Entry("tiny", "recognizer", (), {"classes": 3}, "aß", "Apache-2.0", {"seed": 1}, {"cer": 0.5})
DETECTOR = Entry("eye", "detector", (), {"channels": [1, 2]}, None, "Apache-2.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(b"graph")
    (tmp_path / "tiny.safetensors").write_bytes(b"tensors")
    (tmp_path / "eye.onnx").write_bytes(b"eye")
    write_entry(tmp_path, READER, ["tiny.onnx", tmp_path / "tiny.safetensors"])
    write_entry(tmp_path, DETECTOR, ["eye.onnx"])
    return tmp_path


@pytest.mark.parametrize("shipped", [None, "lstm"])
def test_what_ships_is_what_the_manifest_lists(shipped: str | None) -> None:
    manifest = load_manifest(shipped)
    listed = {file.file for entry in manifest.entries for file in entry.files}
    there = {p.name for p in manifest.folder.iterdir() if p.suffix in (".onnx", ".safetensors", ".gz")}
    assert there == listed
    for entry in manifest.entries:
        form: Format = "gz" if entry.kind == "vocabulary" else "onnx"
        assert entry.licence and entry.recipe and entry.file(form), entry.name
        for file in entry.files:
            assert len(manifest.read(file)) == file.bytes


@pytest.mark.parametrize("options", [{"weights": "lstm"}, {"quality": "best"}, {}])
def test_all_that_ships_reads(options: dict[str, str]) -> None:
    with OCRPipeline(**options) as ocr:  # type: ignore[arg-type]
        document = ocr(SAMPLES / "receipt.png")
    assert document.engine.recognizer == load_manifest(options.get("weights")).entry("recognizer").name
    truth, found = (Counter(text.split()) for text in ((SAMPLES / "receipt.txt").read_text("utf-8"), document.text))
    assert (truth & found).total() > 0.9 * truth.total()


def test_letters_beyond_a_to_z_are_read_as_they_are_printed() -> None:
    with OCRPipeline() as ocr:
        found = ocr(SAMPLES / "languages.png").text
    truth = (SAMPLES / "languages.txt").read_text("utf-8")
    assert (Counter(truth.split()) & Counter(found.split())).total() > 0.88 * len(truth.split())
    rare, read = (Counter(c for c in text if not c.isascii()) for text in (truth, found))
    assert (rare & read).total() > 0.88 * rare.total()


def test_pages_are_read_with_integers_and_codes_are_not() -> None:
    manifest = load_manifest()
    forms = {entry.kind: {file.format for file in entry.files} for entry in manifest.entries}
    assert forms["detector"] == forms["recognizer"] == {"onnx", "int8", "safetensors"}
    assert forms["codes"] == forms["characters"] == {"onnx", "safetensors"}


def test_a_folder_of_ones_own_goes_before_one_that_ships(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    folder.rename(folder.parent / "lstm")
    assert load_manifest("lstm").entry("recognizer").name == "tiny"
    with pytest.raises(WeightsError, match="cannot be read"):
        load_manifest("else/lstm")


def test_written_entries_come_back(folder: Path) -> None:
    manifest = load_manifest(folder)
    entry = manifest.entry("recognizer")
    assert replace(entry, files=()) == READER
    assert manifest.entry("detector", "eye") == replace(DETECTOR, files=manifest.entry("detector").files)
    onnx = entry.file("onnx")
    assert onnx == WeightFile("tiny.onnx", "onnx", hashlib.sha256(b"graph").hexdigest(), 5)
    assert manifest.read(onnx) == b"graph"
    assert DETECTOR.file("onnx") is None


def test_an_entry_is_replaced_in_its_place_and_others_stay(folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(b"better graph")
    manifest = write_entry(folder, replace(READER, metrics={"cer": 0.1}), [folder / "tiny.onnx"])
    assert [e.name for e in manifest.entries] == ["tiny", "eye"]
    entry = manifest.entry("recognizer", "tiny")
    assert entry.metrics == {"cer": 0.1}
    assert [manifest.read(file) for file in entry.files] == [b"better graph"]
    assert sorted(p.name for p in folder.iterdir()) == ["eye.onnx", NAME, "tiny.onnx", "tiny.safetensors"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [(None, "missing"), (b"grap", "4 bytes instead of 5"), (b"grapH", "its SHA-256 is")],
    ids=["missing", "cut", "one bit"],
)
def test_a_damaged_file_is_named_with_hash_folder_and_remedy(folder: Path, data: bytes | None, fault: str) -> None:
    manifest = load_manifest(folder)
    path = folder / "tiny.onnx"
    path.unlink() if data is None else path.write_bytes(data)
    file = manifest.entry("recognizer").file("onnx")
    assert file is not None
    with pytest.raises(WeightsError, match=fault) as caught:
        manifest.read(file)
    message = str(caught.value)
    for part in ("tiny.onnx", file.sha256, str(folder), "--weights"):
        assert part in message
    assert "\n" not in message
    assert caught.value.exit_code == ExitCode.WEIGHTS


def test_a_folder_in_a_files_place_is_a_clear_error(folder: Path) -> None:
    (folder / "eye.onnx").unlink()
    (folder / "eye.onnx").mkdir()
    manifest = load_manifest(folder)
    with pytest.raises(WeightsError, match=r"eye\.onnx cannot be read"):
        manifest.read(manifest.entry("detector").files[0])


def test_an_unlisted_file_is_not_read(folder: Path) -> None:
    (folder / "other.onnx").write_bytes(b"graph")
    file = WeightFile("other.onnx", "onnx", hashlib.sha256(b"graph").hexdigest(), 5)
    with pytest.raises(WeightsError, match="not listed"):
        load_manifest(folder).read(file)


def test_an_unknown_name_lists_those_there_are(folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"no recognizer named 'big' \(listed: tiny\)"):
        load_manifest(folder).entry("recognizer", "big")


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"manifest\.json cannot be read") as caught:
        load_manifest(tmp_path)
    assert str(tmp_path) in str(caught.value)


def _values(**changes: object) -> dict[str, object]:
    file = {"file": "a.onnx", "format": "onnx", "sha256": "0" * 64, "bytes": 1} | changes.pop("_file", {})  # type: ignore[operator]
    entry = {
        "name": "a", "kind": "recognizer", "files": [file], "config": {}, "alphabet": "ab", "licence": "x",
        "recipe": {}, "metrics": {},
    }  # fmt: skip
    return {"schema": SCHEMA, "entries": [{k: v for k, v in (entry | changes).items() if v is not None}]}


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ("{", "damaged"),
        ([], "schema"),
        ({"schema": "other/9", "entries": []}, "other/9"),
        ({"schema": SCHEMA}, "'entries' is missing"),
        (_values(alphabet=None), "'alphabet' is missing"),
        (_values(kind="speller"), "unknown kind 'speller'"),
        (_values(_file={"format": "pickle"}), "unknown format 'pickle'"),
        (_values(_file={"file": "../../etc/passwd"}), "plain file name"),
        (_values(_file={"file": "..\\a.onnx"}), "plain file name"),
        (_values(_file={"bytes": True}), "'bytes' is missing or no int"),
        (_values(_file={"sha256": 5}), "'sha256' is missing or no str"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(tmp_path: Path, values: object, fault: str) -> None:
    text = values if isinstance(values, str) else json.dumps(values)
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=fault):
        load_manifest(tmp_path)


def test_the_pattern_of_wrong_manifests_is_right_without_its_faults(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(_values()), encoding="utf-8")
    assert load_manifest(tmp_path).entry("recognizer").alphabet == "ab"


def test_only_weight_files_in_the_folder_are_listed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = (folder / NAME).read_bytes()
    away = tmp_path_factory.mktemp("away") / "far.onnx"
    away.write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    for file in (away, Path("notes.txt"), Path("absent.onnx")):
        with pytest.raises(OutputError, match="no weight file"):
            write_entry(folder, READER, [file])
    assert (folder / NAME).read_bytes() == before


def test_no_network_is_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    manifest = load_manifest(folder)
    (folder / "eye.onnx").unlink()
    with pytest.raises(WeightsError, match="missing"):
        manifest.read(manifest.entry("detector").files[0])
