"""Words cut out of labelled lines by a detector."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from ocr_doc.core.geometry import box_quad
from ocr_doc.training.lines import LinedPage, read_lined_pages, words_of_page

LINES = (((10.0, 10.0, 190.0, 30.0), "TOTAL 9.90"), ((10.0, 50.0, 190.0, 70.0), "ONE TWO THREE"))


def page() -> LinedPage:
    pixels = np.full((100, 200), 255, np.uint8)
    pixels[12:28, 12:80] = 10
    pixels[12:28, 120:180] = 60
    return LinedPage(pixels, LINES)


def test_words_get_the_labels_of_their_line_from_left_to_right() -> None:
    found = [box_quad((120, 12, 180, 28)), box_quad((12, 12, 80, 28))]
    words = list(words_of_page(page(), lambda _: found))
    assert [word.text for word in words] == ["TOTAL", "9.90"]
    middles = [int(word.pixels[word.pixels.shape[0] // 2, word.pixels.shape[1] // 2]) for word in words]
    assert middles == [10, 60]


def test_a_line_with_more_or_fewer_words_than_its_label_teaches_nothing() -> None:
    found = [box_quad((12, 52, 80, 68)), box_quad((120, 52, 180, 68))]
    assert list(words_of_page(page(), lambda _: found)) == []


def test_a_word_over_two_lines_or_outside_all_belongs_to_none() -> None:
    found = [box_quad((10, 10, 190, 70)), box_quad((10, 80, 60, 95))]
    assert list(words_of_page(page(), lambda _: found)) == []


def test_pages_are_chosen_by_split_and_name(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), page().pixels)
    line = [{"box": [1, 2, 30, 12], "text": "A\tB"}]
    rows = [{"image": name, "split": split, "lines": line} for name, split in (("a.png", "train"), ("b.png", "dev"))]
    (tmp_path / "set.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    [only] = read_lined_pages(tmp_path / "set.jsonl", "train")
    assert only.lines == (((1.0, 2.0, 30.0, 12.0), "A B"),)
    assert list(read_lined_pages(tmp_path / "set.jsonl", "train", {"a.png"})) == []
