"""The manifest: which weights there are, what they are, and bytes that are what the manifest says.

A folder of weights holds `manifest.json` and the files that it lists. One entry is one network; its files are the same
network in several forms: ONNX for the CPU, in floating point and in integers, safetensors for torch. Words and how
common they are make an entry, too, of one gzipped file. Nothing is ever downloaded. A file is read once: the bytes that
were checked are the bytes that the engine gets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from ocr_doc.core.errors import OutputError, WeightsError

Kind = Literal["detector", "recognizer", "codes", "characters", "vocabulary"]
"""What an entry is for; "codes" is a recogniser of text without language, used where all words are codes."""
Format = Literal["onnx", "int8", "safetensors", "gz"]
"""What a file holds; "int8" is an ONNX graph with its wide layers in integers, quicker and nearly the same."""
SCHEMA = "ocr-doc-weights/1"
NAME = "manifest.json"
_REMEDY = "Reinstall ocr-doc, or name a whole folder of weights with --weights DIR; nothing is downloaded."
_SHIPPED = Path(__file__).parent
# How the name of a file of each form ends; the longer of two that fit comes first.
_SUFFIXES: dict[Format, str] = {"int8": ".int8.onnx", "onnx": ".onnx", "safetensors": ".safetensors", "gz": ".gz"}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of an entry.

    Attributes:
        file: Its name in the manifest's folder, no path.
        format: What is in it.
        sha256: 64 lower-case hexadecimal digits.
        bytes: Its size.
    """

    file: str
    format: Format
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One trained network.

    Attributes:
        name: Its name, unique among the networks of its kind.
        kind: What it does.
        files: The network in each form that there is.
        config: What it takes to rebuild the architecture; the network's module knows the keys.
        alphabet: Symbols in the order of the classes: the recogniser's, whose class 0 is the blank, or the character
            classifier's, whose class 0 is what is no character; None for others.
        licence: Of the weights, which is not always that of the code.
        recipe: How it was made: command, seed, data.
        metrics: What was measured on it.
        calibration: Slope and offset of a recogniser's confidences, see `ocr_doc.recognizer.calibration`; None to take
            them as they are.
    """

    name: str
    kind: Kind
    files: tuple[WeightFile, ...]
    config: Mapping[str, object] = field(default_factory=dict)
    alphabet: str | None = None
    licence: str = ""
    recipe: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, object] = field(default_factory=dict)
    calibration: tuple[float, float] | None = None

    def file(self, format: Format) -> WeightFile | None:  # noqa: A002 - the field's own name
        """The network in one form, or None."""
        return next((f for f in self.files if f.format == format), None)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The entries of one folder."""

    folder: Path
    entries: tuple[Entry, ...]

    def entry(self, kind: Kind, name: str | None = None) -> Entry:
        """The network of that name, or the first of its kind.

        Raises:
            WeightsError: If none is listed.
        """
        names = [e.name for e in self.entries if e.kind == kind]
        for entry in self.entries:
            if entry.kind == kind and name in (None, entry.name):
                return entry
        wanted = f"no {kind}" if name is None else f"no {kind} named {name!r}"
        listed = f" (listed: {', '.join(names)})" if names else ""
        raise WeightsError(f"{self.folder / NAME} lists {wanted}{listed}.", _REMEDY)

    def lists(self, kind: Kind) -> bool:
        """Whether there is a network of this kind."""
        return any(entry.kind == kind for entry in self.entries)

    def read(self, file: WeightFile) -> bytes:
        """The bytes of a listed file, checked.

        Raises:
            WeightsError: If the file is not listed, is missing or cannot be read, or differs from what the manifest
                says; names the file, the hash expected and the folder tried.
        """
        path = self.folder / file.file
        if not any(file in entry.files for entry in self.entries):
            raise WeightsError(f"{path} is not listed in {self.folder / NAME}.", _REMEDY)
        wanted = f"expected SHA-256 {file.sha256}, folder tried: {self.folder}"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise WeightsError(f"Weight file {file.file} is missing ({wanted}).", _REMEDY) from None
        except OSError as fault:
            raise WeightsError(
                f"Weight file {file.file} cannot be read: {fault.strerror} ({wanted}).", _REMEDY
            ) from None
        if len(data) != file.bytes:
            raise WeightsError(
                f"Weight file {file.file} is damaged: {len(data)} bytes instead of {file.bytes} ({wanted}).", _REMEDY
            )
        found = hashlib.sha256(data).hexdigest()
        if found != file.sha256:
            raise WeightsError(f"Weight file {file.file} is damaged: its SHA-256 is {found} ({wanted}).", _REMEDY)
        return data


def load_manifest(folder: str | os.PathLike[str] | None = None) -> Manifest:
    """Reads the manifest of a folder; the files themselves are checked when they are read.

    Args:
        folder: Where the weights are; None for those that ship with ocr-doc, the name of a folder among them ("lstm")
            for others that ship.

    Raises:
        WeightsError: If there is no manifest or it is not one of this version.
    """
    place = _SHIPPED if folder is None else _place(Path(folder))
    path = place / NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise WeightsError(f"{path} cannot be read: {fault.strerror}.", _REMEDY) from None
    except ValueError as fault:
        raise WeightsError(f"{path} is damaged: {fault}.", _REMEDY) from None
    try:
        schema = _typed(values, "schema", str)
        if schema != SCHEMA:
            raise ValueError(f"its schema is {schema!r}, not {SCHEMA!r}")
        return Manifest(place, tuple(_entry(item) for item in _typed(values, "entries", list)))
    except ValueError as fault:
        raise WeightsError(f"{path} is no manifest of weights: {fault}.", _REMEDY) from None


def _place(folder: Path) -> Path:
    """The folder, or where there is none such and only a name is given, the one of that name that ships."""
    beside = _SHIPPED / folder.name
    return beside if folder == Path(folder.name) and not folder.exists() and (beside / NAME).is_file() else folder


def _typed(values: object, key: str, kind: type[_T]) -> _T:
    """The value of a key, if it is there and of its kind."""
    if not isinstance(values, dict) or not isinstance(value := values.get(key), kind) or isinstance(value, bool):
        raise ValueError(f"{key!r} is missing or no {kind.__name__}")
    return value


def _entry(values: object) -> Entry:
    name, kind = _typed(values, "name", str), _typed(values, "kind", str)
    if kind not in get_args(Kind):
        raise ValueError(f"{name!r} is of unknown kind {kind!r}")
    alphabet = None if kind in ("detector", "vocabulary") else _typed(values, "alphabet", str)
    return Entry(
        name, cast("Kind", kind), tuple(_file(item) for item in _typed(values, "files", list)),
        _typed(values, "config", dict), alphabet, _typed(values, "licence", str), _typed(values, "recipe", dict),
        _typed(values, "metrics", dict), _calibration(values),
    )  # fmt: skip


def _calibration(values: object) -> tuple[float, float] | None:
    if not isinstance(values, dict) or "calibration" not in values:
        return None
    numbers = _typed(values, "calibration", list)
    if len(numbers) != 2 or not all(type(n) in (int, float) for n in numbers) or not numbers[0] > 0:
        raise ValueError(f"'calibration' is {numbers!r}, not a slope above 0 and an offset")
    return float(numbers[0]), float(numbers[1])


def _file(values: object) -> WeightFile:
    name, form = _typed(values, "file", str), _typed(values, "format", str)
    if form not in get_args(Format):
        raise ValueError(f"{name!r} is of unknown format {form!r}")
    # A manifest may come with somebody else's weights: it must not reach out of its folder.
    if name != Path(name).name or "\\" in name or name in ("", ".", ".."):
        raise ValueError(f"{name!r} is not a plain file name")
    return WeightFile(name, cast("Format", form), _typed(values, "sha256", str).lower(), _typed(values, "bytes", int))


def write_entry(folder: str | os.PathLike[str], entry: Entry, files: Sequence[str | os.PathLike[str]]) -> Manifest:
    """Lists freshly trained weights in a folder's manifest, with their sizes and hashes.

    An entry of the same kind and name is replaced in its place; a new one comes last. The manifest is written under a
    temporary name and moved.

    Args:
        folder: Where the weights are; its manifest is made if there is none.
        entry: What to list; its own `files` are ignored.
        files: The network in each form, in that folder; the suffix (.onnx, .int8.onnx, .safetensors, .gz) tells which.

    Returns:
        The manifest as written.

    Raises:
        WeightsError: If the manifest that is there is damaged.
        OutputError: If a file is not in the folder, has another suffix, or the manifest cannot be written.
    """
    place = Path(folder)
    fresh = replace(entry, files=tuple(_measure(place, Path(f)) for f in files))
    entries = list(load_manifest(place).entries) if (place / NAME).exists() else []
    same = [i for i, old in enumerate(entries) if (old.kind, old.name) == (fresh.kind, fresh.name)]
    if same:
        entries[same[0]] = fresh
    else:
        entries.append(fresh)
    values = {"schema": SCHEMA, "entries": [_plain(e) for e in entries]}
    part = place / f".{NAME}.{os.getpid()}"
    try:
        part.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(place / NAME)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise OutputError(f"{place / NAME} cannot be written: {fault.strerror}.", "Choose another folder.") from None
    return load_manifest(place)


def _plain(entry: Entry) -> dict[str, object]:
    values = asdict(entry)
    if entry.alphabet is None:
        del values["alphabet"]
    if entry.calibration is None:
        del values["calibration"]
    return values


def _measure(folder: Path, file: Path) -> WeightFile:
    form = next((form for form, suffix in _SUFFIXES.items() if file.name.endswith(suffix)), None)
    if form is None or not (folder / file.name).is_file() or file not in (Path(file.name), folder / file.name):
        raise OutputError(
            f"{file} is no weight file in {folder}.", f"Put a {' or '.join(_SUFFIXES.values())} file into that folder."
        )
    data = (folder / file.name).read_bytes()
    return WeightFile(file.name, form, hashlib.sha256(data).hexdigest(), len(data))
