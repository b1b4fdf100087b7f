from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.batch import READABLE_SUFFIXES, Plan, plan_run
from ocr_doc.core.errors import InputEmptyError, UsageError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def results(plan: Plan, folder: Path, output: Path) -> dict[str, str]:
    return {str(job.source.relative_to(folder)): str(job.output.relative_to(output)) for job in plan.jobs}


def test_tree_is_mirrored(tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    touch(scans, "b.PDF", "a.png", "2024/jan/c.tif", "notes.md", "Makefile", ".hidden.png", ".git/x.png")
    plan = plan_run([str(scans)], out, ".json")
    assert results(plan, scans, out) == {"a.png": "a.json", "b.PDF": "b.json", "2024/jan/c.tif": "2024/jan/c.json"}
    assert plan.skipped == 2


def test_names_that_clash_keep_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a.jpg", "A.tif", "b.png", "sub/a.png", "a.png.png")
    plan = plan_run([str(tmp_path)], tmp_path / "out", ".json")
    assert results(plan, tmp_path, tmp_path / "out") == {
        "A.tif": "A.tif.json",
        "a.jpg": "a.jpg.json",
        "a.png": "a.png.json",
        "a.png.png": "a.png.png.json",
        "b.png": "b.json",
        "sub/a.png": "sub/a.json",
    }


NAMES = st.lists(st.sampled_from("abA"), min_size=1, max_size=2).map("".join)
SUFFIXES = st.lists(st.sampled_from([".png", ".jpg", ".json"]), min_size=0, max_size=2).map("".join)


@given(st.sets(st.tuples(NAMES, SUFFIXES).map("".join), min_size=1, max_size=12))
def test_no_two_files_share_a_result(names: set[str]) -> None:
    one_of_each_case = sorted({name.casefold(): name for name in sorted(names)}.values())
    plan = plan_run(one_of_each_case, Path("out"), ".json")
    outputs = {str(job.output).casefold() for job in plan.jobs}
    assert len(outputs) == len(plan.jobs) == len(one_of_each_case)


def test_output_folder_inside_the_input_is_not_read(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "out/old.png")
    assert len(plan_run([str(tmp_path)], tmp_path / "out", ".json").jobs) == 1


def test_what_has_a_result_is_left_out_on_request(tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "out"
    touch(scans, "done.png", "changed.png", "new.png", "deep/done.png", "odd.png")
    touch(out, "done.json", "changed.json", "deep/done.json", "new.txt")
    (out / "odd.json").mkdir()
    later = (out / "changed.json").stat().st_mtime + 10
    os.utime(scans / "changed.png", (later, later))
    plan = plan_run([str(scans)], out, ".json", resume=True)
    assert results(plan, scans, out) == {"changed.png": "changed.json", "new.png": "new.json", "odd.png": "odd.json"}
    assert plan.done == 2
    assert len(plan_run([str(scans)], out, ".json").jobs) == 5


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert len(plan_run([str(tmp_path)], tmp_path / "out", ".json").jobs) == 1


def test_named_files_are_taken_whatever_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "scan", "more/x.png")
    plan = plan_run([str(tmp_path / "scan"), str(tmp_path / "more"), "gone.png"], tmp_path, ".txt")
    assert [job.output.name for job in plan.jobs] == ["scan.txt", "x.txt", "gone.txt"]


def test_same_place_from_two_folders_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "1/a.png", "2/a.png")
    with pytest.raises(UsageError, match="both be written"):
        plan_run([str(tmp_path / "1"), str(tmp_path / "2")], tmp_path / "out", ".json")


def test_a_result_never_replaces_its_source(tmp_path: Path) -> None:
    touch(tmp_path, "a.json")
    with pytest.raises(UsageError, match="would replace it"):
        plan_run([str(tmp_path / "a.json")], tmp_path, ".json")


def test_nothing_to_read(tmp_path: Path) -> None:
    touch(tmp_path, "notes.md")
    with pytest.raises(InputEmptyError, match="no file in it"):
        plan_run([str(tmp_path)], tmp_path / "out", ".json")


def test_standard_input_has_no_place_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Standard input"):
        plan_run(["-"], tmp_path, ".json")


def test_readable_suffixes_are_lower_case() -> None:
    assert all(suffix.startswith(".") and suffix.islower() for suffix in READABLE_SUFFIXES)
