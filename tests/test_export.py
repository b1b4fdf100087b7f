from __future__ import annotations

import io
import json
import os
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.errors import OutputError, UsageError
from ocr_doc.core.records import Alternative, Block, Cell, Character, Document, EngineInfo, Line, Page, Row, Table, Word
from ocr_doc.export import document_from_dict, document_from_json, render_json, to_dict, write_document

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "ocr-doc-1.schema.json").read_text())
QUAD = ((1.0, 2.0), (30.5, 2.0), (30.5, 12.25), (1.0, 12.25))

coordinates = st.floats(-1e5, 1e5)
points = st.tuples(coordinates, coordinates)
quads = st.tuples(points, points, points, points)
probabilities = st.floats(0, 1)
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)


@st.composite
def words(draw: st.DrawFn) -> Word:
    text = draw(texts)
    alternatives = st.lists(st.builds(Alternative, texts, probabilities), max_size=2).map(tuple)
    characters = tuple(Character(c, draw(probabilities), draw(st.none() | quads), draw(alternatives)) for c in text)
    source = draw(st.sampled_from(["crnn", "characters", "pdf"]))
    return Word(text, draw(probabilities), draw(quads), characters if draw(st.booleans()) else (), source)


lines = st.builds(Line, st.lists(words(), min_size=1, max_size=3).map(tuple))
blocks = st.builds(Block, st.lists(lines, min_size=1, max_size=2).map(tuple), st.sampled_from(["paragraph", "table"]))
pages = st.builds(
    Page,
    number=st.integers(1, 999),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    blocks=st.lists(blocks, max_size=2).map(tuple),
    dpi=st.none() | st.floats(1, 1200),
    rotation=st.sampled_from([0, 90, 180, 270]),
    skew=st.floats(-45, 45),
    warnings=st.lists(st.text(max_size=5), max_size=2).map(tuple),
)
documents = st.builds(
    Document, st.text(), st.lists(pages, max_size=2).map(tuple), st.builds(EngineInfo, st.text(), st.text(), st.text())
)


def test_rows_and_tables_survive_json() -> None:
    words = [Word(text, 0.5, QUAD) for text in ("Tea", "1.20", "Tea")]
    block = Block((Line(tuple(words[:2])), Line((words[2],))), "table")
    head = Block((Line((Word("Bill", 0.9, QUAD),)),), "heading", 2)
    box = (1.0, 2.0, 30.5, 12.25)
    cells = (Cell(box, (words[0],)), Cell(box, (words[1],), 0, 1), Cell(box, (), 1, 0, 1, 2))
    rows = (Row(cells[:2], "item"), Row((Cell(box, (words[2],), 1),)))
    page = Page(1, 100, 50, (head, block), rows=rows, tables=(Table(box, cells, ("text", "amount"), True),))
    document = Document("a.png", (page,))
    data = render_json(document)
    jsonschema.validate(json.loads(data), SCHEMA)
    assert document_from_json(data) == document
    assert json.loads(data)["pages"][0]["rows"][0]["cells"][1]["words"] == [2]
    assert page.tables[0].grid == (("Tea", "1.20"), ("", ""))
    broken = to_dict(document)
    broken["pages"][0]["rows"][0]["cells"][0]["words"] = [99]
    with pytest.raises(ValueError, match="schema"):
        document_from_dict(broken)


def small(text: str = "Tést") -> Document:
    characters = tuple(Character(c, 0.5, QUAD) for c in text)
    page = Page(1, 100, 50, (Block((Line((Word(text, 0.75, QUAD, characters),)),)),), warnings=("Careful.",))
    return Document("a.png", (page,), EngineInfo("1", "cpu", "d", "r"))


@settings(deadline=None, max_examples=25)
@given(documents)
def test_json_round_trip_and_schema(document: Document) -> None:
    data = to_dict(document)
    jsonschema.validate(data, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert document_from_dict(data) == document
    rendered = render_json(document)
    assert json.loads(rendered) == data
    assert document_from_json(rendered) == document


def test_schema_is_sound_and_strict() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = to_dict(small())
    data["pages"][0]["blocks"][0]["lines"][0]["words"][0]["confidence"] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**to_dict(small()), "extra": 1}, SCHEMA)


def test_numpy_numbers_become_plain_ones() -> None:
    corner = np.float32(1.5)
    quad = ((corner, corner),) * 4
    word = Word("x", np.float32(0.5), quad, (Character("x", np.float64(0.5), quad),))  # type: ignore[arg-type]
    page = Page(
        np.int64(1), np.int64(9), np.int32(9), (Block((Line((word,)),)),), dpi=np.float32(72), skew=np.float32(1)
    )  # type: ignore[arg-type]

    def check(value: object) -> None:
        assert type(value) in (dict, list, str, int, float, type(None))
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(part)

    check(to_dict(Document("x", (page,))))


@pytest.mark.parametrize(
    "data", [{}, {"schema": "ocr-doc/2"}, {"schema": "ocr-doc/1"}, [], {"schema": "ocr-doc/1", "pages": 3}]
)
def test_foreign_json_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"ocr-doc/1"):
        document_from_dict(data)  # type: ignore[arg-type]


def test_one_line_of_json_for_each_word() -> None:
    rendered = render_json(small()).decode()
    assert sum('"quad"' in line for line in rendered.splitlines()) == 1
    assert "Tést" in rendered


def test_source_that_is_no_utf8() -> None:
    name = os.fsdecode(b"caf\xe9.png")
    assert document_from_json(render_json(Document(name))).source == name


def test_text() -> None:
    page = small().pages[0]
    stream = io.BytesIO()
    write_document(Document("a", (page, page)), stream, "text")
    assert stream.getvalue().decode() == "Tést\n\fTést\n"
    empty = io.BytesIO()
    write_document(Document("a"), empty, "text")
    assert empty.getvalue() == b""


def test_save_makes_folders_and_goes_by_suffix(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "out.JSON"
    small().save(target)
    assert document_from_json(target.read_bytes()) == small()
    small().save(str(tmp_path / "out.txt"))
    assert (tmp_path / "out.txt").read_text() == "Tést\n"
    small().save(tmp_path / "out.dat", "text")
    assert (tmp_path / "out.dat").read_text() == "Tést\n"
    assert {path.name for path in tmp_path.iterdir()} == {"a", "out.txt", "out.dat"}


@pytest.mark.parametrize(("name", "format"), [("out.xyz", None), ("out", None), ("out.json", "docx")])
def test_unknown_formats_name_the_known(tmp_path: Path, name: str, format: str | None) -> None:  # noqa: A002
    with pytest.raises(UsageError, match=r"json \(\.json\), text"):
        small().save(tmp_path / name, format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_failure_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, step: str
) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    write = Path.write_bytes

    def fail(path: Path, argument: object) -> int:
        if step == "write_bytes":
            write(path, b"half")
        raise fault

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(OutputError if isinstance(fault, OSError) else KeyboardInterrupt, match=r"No space|^$"):
        small().save(target)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert target.read_text() == "old"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"out\.json: cannot be written"):
        small().save(tmp_path / "file" / "out.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        small().save(tmp_path / "folder.json")


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "out.txt")
    small().save(tmp_path / "link.txt")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "out.txt").read_text() == "Tést\n"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no devices")
def test_a_device_is_written_to_and_kept() -> None:
    small().save("/dev/null", "json")
    assert Path("/dev/null").is_char_device()
