"""What `ocr-doc-evaluate` counts of fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocr_doc.core.field_records import Field, Fields
from ocr_doc.core.geometry import box_quad
from ocr_doc.core.records import Word
from ocr_doc.evaluation.engines import PageReading
from ocr_doc.evaluation.fields import field_matches, found_fields, normal
from ocr_doc.evaluation.score import score_page
from ocr_doc.evaluation.sets import read_set
from ocr_doc.evaluation.texts import Rate


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("company", "MR. D.I.Y. (M) SDN BHD", "Mr D.I.Y (M) Sdn. Bhd."),
        ("date", "25/12/2018", "2018-12-25"),
        ("date", "12/28/2017", "2017-12-28"),
        ("date", "24 MAR 18", "2018-03-24"),
        ("date", "25032018", "2018-03-25"),
        ("total", "RM 1,007.5", "1007.50"),
        ("total", "9", "9.00"),
    ],
)
def test_one_form(name: str, one: str, other: str) -> None:
    assert normal(name, one) == normal(name, other)


def test_matches_count_what_is_labelled() -> None:
    truth = [("company", "A LTD"), ("total", "9.00"), ("date", "01/02/2018"), ("colour", "red")]
    found = [("company", "A Ltd."), ("total", "9.90"), ("address", "1 High Street")]
    assert field_matches(truth, found) == {
        "field_company": Rate(1, 1),
        "field_total": Rate(0, 1),
        "field_date": Rate(0, 1),
    }


def test_a_document_without_fields_has_none_to_compare() -> None:
    assert found_fields(None) is None
    word = Word("9.00", 0.9, box_quad((0, 0, 9, 9)))
    fields = Fields(total=Field("9.00", 1, (word,), 0.9, "label"))
    assert found_fields(fields) == (("total", "9.00"),)


def test_labels_of_a_set_are_counted(tmp_path: Path) -> None:
    page = {"image": "a.png", "text": "TOTAL 9.00", "fields": {"total": "9.00"}}
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "set.jsonl").write_text(json.dumps(page))
    [sample] = read_set(tmp_path / "set.jsonl").samples
    right = score_page(sample, PageReading("TOTAL 9.00", (), (("total", "9.00"),)), 0.1)
    assert right.counts["field_total"] == Rate(1, 1)
    without = score_page(sample, PageReading("TOTAL 9.00", ()), 0.1)
    assert "field_total" not in without.counts
