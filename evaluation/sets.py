"""Labelled sets: pages or word crops with what they say.

- JSON lines: `{"image": "a/b.png", "words": [{"box": [x0, y0, x1, y1], "text": "..."}]}`, or "lines" of the same form,
  or "text" alone; "split" if wanted, and of a bill "fields": any of "company", "date", "address", "total". Images are
  relative to the file.
- TSV: `image<TAB>text`, word crops; images in the folder of the file's name or beside the file.
- A folder: `x.png` (or any image or PDF) with `x.txt` beside it; a form feed in the text parts the pages.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from ocr_doc.batch import READABLE_SUFFIXES
from ocr_doc.core.errors import InputBrokenError, InputEmptyError, InputMissingError, UsageError
from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.boxes import parts_of, rows_of

Kind = Literal["pages", "crops"]
_SEE = "See docs/evaluation.md for the forms of sets."


@dataclass(frozen=True, slots=True)
class TruthWord:
    """A word that is there: its text without white space, and its box in pixels where the set gives one."""

    text: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class TruthLine:
    """Words of one line in reading order, and the line's box where the set gives one."""

    words: tuple[TruthWord, ...]
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A page or a crop and what it says.

    Attributes:
        name: As the set names it.
        image: The file.
        text: All of it, in reading order.
        lines: The same as lines. A truth without boxes is one line.
        page: Which page of the file, from 1.
        fields: What it says as a bill, as labelled: any of those that `ocr_doc.evaluation.fields` compares.
    """

    name: str
    image: Path
    text: str
    lines: tuple[TruthLine, ...]
    page: int = 1
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[TruthWord, ...]:
        """All words, line by line."""
        return tuple(word for line in self.lines for word in line.words)


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Samples of one kind.

    Attributes:
        name: Of the file or folder.
        kind: Whether images are pages or crops of single words.
        samples: In the order in which they are read.
    """

    name: str
    kind: Kind
    samples: tuple[Sample, ...]

    @property
    def has_word_boxes(self) -> bool:
        """Whether each word has a box of its own, so that detection can be measured."""
        return self.kind == "pages" and all(word.box is not None for each in self.samples for word in each.words)

    @property
    def has_boxes(self) -> bool:
        """Whether each line or each word has a box, so that the recogniser can be measured alone."""
        lines = [line for each in self.samples for line in each.lines]
        return self.kind == "pages" and bool(lines) and all(line.box is not None for line in lines)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which samples of a set.

    Attributes:
        split: Only those whose "split" says so; those without one always count.
        only: Only these, by name; None for all.
        count: At most so many, drawn by `seed`; None for all.
        seed: Of the order in which samples are read. The same seed always gives the same samples.
        crops: Whether a folder holds word crops and not pages.
    """

    split: str | None = None
    only: Collection[str] | None = None
    count: int | None = None
    seed: int = 0
    crops: bool = False


def read_set(path: Path, choice: Choice | None = None) -> LabelledSet:
    """Reads a set's labels; images are looked for, but not opened.

    Args:
        path: A file of JSON lines, a TSV file, or a folder.
        choice: Which samples.

    Raises:
        InputMissingError: If the set or an image of it is not there.
        InputBrokenError: If a label is not of its form.
        InputEmptyError: If there is no sample in it.
        UsageError: If the choice leaves none.
    """
    choice = choice or Choice()
    kind: Kind = "crops" if choice.crops else "pages"
    samples: Iterator[tuple[str | None, Sample]]
    if path.is_dir():
        samples = _read_folder(path)
    elif not path.exists():
        raise InputMissingError(f"{path}: no such set.", "Check the path.")
    elif path.suffix.lower() == ".tsv":
        kind, samples = "crops", _read_tsv(path)
    else:
        samples = _read_json_lines(path)
    first = next(samples, None)
    if first is None:
        raise InputEmptyError(f"{path}: holds no labelled image.", _SEE)
    chosen = _choose(path, chain([first], samples), choice)
    for sample in chosen:
        if not sample.image.is_file():
            raise InputMissingError(f"{path}: its image {sample.image} is not there.", "Check the set's folder.")
    return LabelledSet(path.stem or str(path), kind, chosen)


def _choose(path: Path, samples: Iterator[tuple[str | None, Sample]], choice: Choice) -> tuple[Sample, ...]:
    splits: set[str] = set()
    chosen = []
    for split, sample in samples:
        splits |= {split} - {None}  # type: ignore[arg-type]  # the difference holds no None
        if choice.split in (None, split) or split is None:
            chosen.append(sample)
    if not chosen:
        raise UsageError(f"{path}: has no split {choice.split!r}.", f"Choose one of {', '.join(sorted(splits))}.")
    if choice.only is not None:
        chosen = [sample for sample in chosen if sample.name in choice.only]
        if not chosen:
            raise UsageError(f"{path}: has none of the images asked for.", "Name them as the set does.")
    random.Random(choice.seed).shuffle(chosen)
    return tuple(chosen[: choice.count])


def read_names(path: Path) -> frozenset[str]:
    """A list of images: a JSON list, or a name a line.

    Raises:
        InputMissingError, InputBrokenError: If it cannot be read.
    """
    text = read_text(path)
    if not text.lstrip().startswith("["):
        return frozenset(line.strip() for line in text.split("\n") if line.strip())
    try:
        names = json.loads(text)
        return frozenset(map(str, names))
    except ValueError as error:
        raise InputBrokenError(f"{path}: no JSON list ({error}).", "Correct it, or write a name a line.") from error


def read_text(path: Path) -> str:
    """A text file.

    Raises:
        InputMissingError: If it cannot be read.
        InputBrokenError: If it is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputMissingError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputBrokenError(f"{path}: no UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    # Not splitlines(): that also splits at signs that a label may hold.
    for number, row in enumerate(read_text(path).split("\n"), start=1):
        if row.strip():
            yield number, row.rstrip("\r")


def _read_json_lines(path: Path) -> Iterator[tuple[str | None, Sample]]:
    for number, row in _rows(path):
        try:
            page = json.loads(row)
            name = str(page["image"])
            lines, text = _labels(page)
            split = page.get("split")
            fields = tuple((str(key), str(value)) for key, value in page.get("fields", {}).items())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputBrokenError(f"{path}: line {number} describes no page ({error!r}).", _SEE) from error
        yield split, Sample(name, path.parent / name, text, lines, fields=fields)


def _labels(page: dict[str, Any]) -> tuple[tuple[TruthLine, ...], str]:
    """Lines and text of one page's labels."""
    if page.get("words"):
        boxes, texts = _parts(page["words"])
        lines = tuple(
            TruthLine(
                tuple(TruthWord(*part) for i in row for part in parts_of(boxes[i], texts[i])),
                _around([boxes[i] for i in row]),
            )
            for row in rows_of(boxes)
        )
    elif page.get("lines"):
        boxes, texts = _parts(page["lines"])
        order = [i for row in rows_of(boxes) for i in row]
        lines = tuple(_line(boxes[i], texts[i]) for i in order)
    else:
        return text_lines(str(page["text"])), str(page["text"])
    if "text" in page:
        return lines, str(page["text"])
    order_text = "\n".join(" ".join(texts[i] for i in row) for row in rows_of(boxes))
    return tuple(line for line in lines if line.words), order_text


def _parts(parts: list[dict[str, Any]]) -> tuple[list[Box], list[str]]:
    boxes: list[Box] = []
    for part in parts:
        x0, y0, x1, y1 = (float(value) for value in part["box"])
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise ValueError("a box needs numbers")
        boxes.append((x0, y0, x1, y1))
    return boxes, [str(part["text"]) for part in parts]


def _line(box: Box, text: str) -> TruthLine:
    words = text.split()
    # The box of a line of one word is that word's.
    return TruthLine(tuple(TruthWord(word, box if len(words) == 1 else None) for word in words), box)


def _around(boxes: list[Box]) -> Box:
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return min(x0s), min(y0s), max(x1s), max(y1s)


def text_lines(text: str) -> tuple[TruthLine, ...]:
    """A text without boxes as one long line: where its lines stand on the page is not known."""
    words = tuple(TruthWord(word) for word in text.split())
    return (TruthLine(words),) if words else ()


def _read_tsv(path: Path) -> Iterator[tuple[str | None, Sample]]:
    folder = path.with_suffix("")
    bases = [folder, path.parent] if folder.is_dir() else [path.parent]
    for number, row in _rows(path):
        name, tab, text = row.partition("\t")
        if not tab:
            raise InputBrokenError(f"{path}: line {number} has no tab.", "Write each line as image<TAB>text.")
        image = next((base / name for base in bases if (base / name).exists()), bases[-1] / name)
        yield None, Sample(name, image, text, text_lines(text))


def _read_folder(folder: Path) -> Iterator[tuple[str | None, Sample]]:
    for image in sorted(folder.iterdir()):
        label = image.with_suffix(".txt")
        if image.suffix.lower() in READABLE_SUFFIXES and label.is_file():
            pages = read_text(label).rstrip("\f\n").split("\f")
            for number, text in enumerate(pages, start=1):
                name = image.name if len(pages) == 1 else f"{image.name}#{number}"
                yield None, Sample(name, image, text, text_lines(text), number)
