"""The house around the code: packaging, the rooms and what the documents promise of them."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import importlib.metadata
import importlib.resources
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

import ocr_doc
from ocr_doc.cli import build_parser
from ocr_doc.core import errors
from ocr_doc.core.errors import ExitCode, OcrDocError
from ocr_doc.options import EngineOptions, Options

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# Neither shipped nor a room.
NO_ROOMS = {"docs", "samples", "tests"}
# A script for a checkout: it installs system packages, which no Python package should seem to do.
NOT_SHIPPED = {"training/install-fonts.sh"}
# The only modules outside training that may import torch at their top: no page read on a CPU comes by them.
TORCH_MODULES = {
    "detectors.craft_vgg",
    "detectors.factory",
    "detectors.network",
    "recognizer.attention",
    "recognizer.network",
    "recognizer.characters_network",
}


@cache
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@cache
def rooms() -> dict[str, str]:
    """Package of each folder, as setup.cfg maps them."""
    pairs = (line.split(" = ") for line in setup()["options"]["package_dir"].strip().splitlines())
    return {folder: package for package, folder in pairs}


def modules() -> Iterator[tuple[str, Path]]:
    """The name below `ocr_doc` and the file of each module."""
    for folder, package in rooms().items():
        room = "" if package == "ocr_doc" else f"{folder}."
        for file in sorted((ROOT / folder).glob("*.py")):
            yield room + file.stem, file


def tables(document: str) -> list[list[str]]:
    """The cells of each table row of a document."""
    lines = (DOCS / document).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def fences(document: Path) -> list[str]:
    """The code blocks of a document."""
    return re.findall(r"^```\w*\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_every_room_is_packaged() -> None:
    """A package that setup.cfg forgets is left out of the wheel without a word."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(rooms())
    assert not folders & NO_ROOMS
    assert sorted(setup()["options"]["packages"].split()) == sorted(rooms().values())


def test_rooms_are_flat() -> None:
    assert [path for room in rooms() for path in (ROOT / room).glob("*/*.py")] == []


def test_data_files_are_packaged() -> None:
    patterns = {package: text.split(", ") for package, text in setup()["options.package_data"].items()}
    for folder, package in rooms().items():
        for file in (ROOT / folder).iterdir():
            if file.is_dir() or file.suffix == ".py" or f"{folder}/{file.name}" in NOT_SHIPPED:
                continue
            assert any(fnmatch.fnmatch(file.name, p) for p in patterns.get(package, [])), f"{file} is not shipped"


def test_installed_package_holds_its_data() -> None:
    assert importlib.resources.files("ocr_doc").joinpath("py.typed").is_file()
    for manifest in ("manifest.json", "lstm/manifest.json"):
        assert importlib.resources.files("ocr_doc.weights").joinpath(manifest).is_file()


def test_no_room_is_a_module_of_its_own() -> None:
    """Two copies of a class, `core.records.Word` and `ocr_doc.core.records.Word`, would not be each other's equals."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert not loaded & set(rooms()), "a room was imported by its folder's name"
    assert not (ROOT / "conftest.py").exists(), "pytest would put the root on sys.path"
    assert not (ROOT / "tests" / "__init__.py").exists(), "pytest would put the root on sys.path"


def test_imports_are_absolute_and_inside_the_package() -> None:
    for name, file in modules():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
            names = _imported(node)
            assert not {n.partition(".")[0] for n in names} & set(rooms()), f"{name} imports a room by its folder"


def test_version_is_told_once() -> None:
    version = setup()["metadata"]["version"]
    assert ocr_doc.__version__ == version
    assert importlib.metadata.version("ocr-doc") == version
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(.+?)\]", changelog, re.MULTILINE)[1] == version  # type: ignore[index]


def test_inference_needs_no_training_package() -> None:
    """torch, torchvision, scipy and matplotlib cost seconds at start-up, or are not there at all."""
    names = [f"ocr_doc.{name}" for name, _ in modules() if not name.startswith("training.")]
    light = [name.removesuffix(".__init__") for name in names if name.removeprefix("ocr_doc.") not in TORCH_MODULES]
    light.remove("ocr_doc.__main__")  # runs the program
    assert len(light) > 30
    code = (
        "import importlib, sys\n"
        "heavy = ('torch', 'torchvision', 'scipy', 'matplotlib', 'onnx', 'safetensors', 'faker', 'wordfreq')\n"
        "heavy += ('simplemma',)\n"
        "sys.modules.update(dict.fromkeys(heavy))\n"  # None makes an import of it fail
        f"for name in {light}: importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_rooms_import_what_the_table_says() -> None:
    """The table of docs/architecture.md, against each import; lint-imports checks the ways round a corner too."""
    table = {row[0].strip("`/"): row[2] for row in tables("architecture.md") if row[0].endswith("/`")}
    assert set(table) == set(rooms())
    above = set(rooms()) - {"training", "evaluation", "server"}
    allowed = {
        room: (above if text == "all above" else set(re.findall(r"\w+", text))) | {room}
        for room, text in table.items()
        if text != "nothing of ours"
    }
    for folder, package in rooms().items():
        used = {_room(name) for file in (ROOT / folder).glob("*.py") for name in _imports(file)} - {""}
        assert used <= allowed.get(folder, {folder}), f"{package} imports more than docs/architecture.md allows"


def test_every_pipeline_module_is_under_the_contract() -> None:
    layers = setup()["importlinter:contract:layers"]["layers"]
    assert {file.stem for file in (ROOT / "pipeline").glob("*.py")} - {"__init__"} <= set(re.findall(r"\w+", layers))


def test_errors_document_is_complete() -> None:
    rows = {row[0]: row for row in tables("errors.md") if row[0].isdigit()}
    assert {int(code) for code in rows} == {int(code) for code in ExitCode}
    for code in ExitCode:
        assert f"`{code.name}`" in rows[str(int(code))][1]
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, OcrDocError)]
    for kind in kinds:
        assert f"`{kind.__name__}`" in rows[str(int(kind.exit_code))][2]


def test_command_line_document_names_every_option() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    known = {name for action in build_parser()._actions for name in action.option_strings if name.startswith("--")}
    told = set(re.findall(r"`(--[a-z-]+)", text))
    assert told == known


def test_python_document_names_everything_public() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    options = [field.name for kind in (Options, EngineOptions) for field in fields(kind)]
    assert [name for name in (*ocr_doc.__all__, *options) if f"`{name}" not in text] == []


def test_json_document_names_every_key() -> None:
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    schema = json.loads((DOCS / "ocr-doc-1.schema.json").read_text(encoding="utf-8"))

    def keys(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            yield from part.get("properties", {})
            for value in part.values():
                yield from keys(value)

    found = set(keys(schema))
    assert len(found) > 20
    assert [key for key in sorted(found) if f"`{key}`" not in text] == []


@pytest.mark.parametrize("document", [*ROOT.glob("*.md"), *DOCS.glob("*.md")], ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (document.parent / target).exists(), f"{document} links to {target}, which is not there"


def test_python_examples_compile() -> None:
    for document in (ROOT / "README.md", DOCS / "python.md"):
        for block in fences(document):
            if "ocr_doc" in block and not block.startswith((".venv", "ocr-doc", "python")):
                compile(block, str(document), "exec")


def test_ci_runs_the_commands_of_the_readme() -> None:
    commands = [line for block in fences(ROOT / "README.md") for line in block.splitlines() if ".venv/bin/" in line]
    assert len(commands) >= 4
    script = " ".join((ROOT / ".ci" / "run").read_text(encoding="utf-8").replace(" --quiet", "").split())
    for command in commands:
        for part in command.split(" && "):
            assert part.partition("  #")[0].strip() in script, f".ci/run does not run: {part}"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        yield from _imported(node)


def _room(name: str) -> str:
    """The folder of an imported name; empty where it is not ours."""
    first, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    return "" if first != "ocr_doc" else part if part in rooms() else "pipeline"
