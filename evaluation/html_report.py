"""The HTML report: one file with all tables and the worst words pictured."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from ocr_doc.core.errors import OcrDocError
from ocr_doc.core.geometry import Box, union_box
from ocr_doc.evaluation.run import Evaluation
from ocr_doc.evaluation.score import Score
from ocr_doc.evaluation.sets import Sample
from ocr_doc.evaluation.stages import LOST, Verdict
from ocr_doc.evaluation.tables import Table, tables
from ocr_doc.page_image import InputOptions
from ocr_doc.sources import read_pages

# Room around a pictured word, in heights of it: enough to see what the crop missed.
_ROOM = 0.6
# Pictures are drawn at most so high and wide, in pixels, to keep the page small.
_HEIGHT, _WIDTH = 48, 480
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #1c1c1c; }
table { border-collapse: collapse; margin: 0.6em 0 1.6em; }
th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
table.words td, table.words th { text-align: left; }
table.words td.text { font-family: ui-monospace, monospace; white-space: pre-wrap; }
img { display: block; max-width: 480px; }
svg { display: block; margin-bottom: 1.6em; }
"""


def to_html(evaluation: Evaluation, pictures: int) -> str:
    """The report as one page that needs no other file.

    Args:
        evaluation: The run.
        pictures: Words pictured of each engine, at most.
    """
    title = f"{evaluation.labelled.name}: {len(evaluation.labelled.samples)} {evaluation.labelled.kind}"
    parts = [_tag("h1", title), *(_table(table) for table in tables(evaluation))]
    parts += [_tag("p", line) for line in evaluation.missing]
    for score in evaluation.scores:
        parts += [_tag("p", f"{score.engine}: {line}") for line in score.failures]
        if score.calibration is not None:
            parts += [_tag("h2", f"Reliability of {score.engine}"), _reliability(score)]
        parts += _worst_words(score, pictures)
    head = f'<meta charset="utf-8">{_tag("title", title)}<style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"


def worst(score: Score, count: int) -> list[tuple[Sample, Verdict]]:
    """The worst of the lost words, each stage taking its turn: most characters wrong first, then the most confident."""

    def badness(item: tuple[Sample, Verdict]) -> tuple[float, float]:
        verdict = item[1]
        text = " ".join(word.text for word in verdict.read)
        confidence = max((word.confidence or 0.0 for word in verdict.read), default=0.0)
        return -Levenshtein.normalized_distance(verdict.truth.text.casefold(), text.casefold()), -confidence

    queues = [sorted((v for v in score.verdicts if v[1].stage is stage), key=badness) for stage in LOST]
    turns = (item for turn in zip_longest(*queues) for item in turn if item is not None)
    return [item for item, _ in zip(turns, range(count), strict=False)]


def _worst_words(score: Score, count: int) -> Iterator[str]:
    chosen = worst(score, count)
    if not chosen:
        return
    yield _tag("h2", f"Worst words of {score.engine}")
    chosen.sort(key=lambda item: (item[0].name, LOST.index(item[1].stage)))
    rows: dict[int, str] = {}
    for _, group in groupby(chosen, key=lambda item: (item[0].image, item[0].page)):
        items = list(group)
        page = _pixels(items[0][0])  # each page is opened once, and one at a time
        for sample, verdict in items:
            rows[id(verdict)] = _word_row(sample, verdict, page, whole=not _place(verdict) and len(sample.words) == 1)
    header = "".join(_tag("th", name) for name in ("picture", "truth", "read", "stage", "confidence", "image"))
    by_stage = sorted(chosen, key=lambda item: LOST.index(item[1].stage))
    yield f'<table class="words"><tr>{header}</tr>' + "\n".join(rows[id(v)] for _, v in by_stage) + "</table>"


def _word_row(sample: Sample, verdict: Verdict, page: NDArray[np.uint8], whole: bool) -> str:
    read = " ".join(word.text for word in verdict.read) or "–"
    sure = ", ".join(f"{word.confidence:.2f}" for word in verdict.read if word.confidence is not None)
    place = _place(verdict)
    picture = _picture(page, None if whole else place) if whole or place else "–"
    cells = [f"<td>{picture}</td>", _tag("td", verdict.truth.text, "text"), _tag("td", read, "text")]
    cells += [_tag("td", text) for text in (verdict.stage.value, sure, sample.name)]
    return f"<tr>{''.join(cells)}</tr>"


def _place(verdict: Verdict) -> Box | None:
    """Where to look: around the truth word's own box and what was read of it; its line's box if nothing was."""
    boxes = [word.box for word in verdict.read if word.box is not None]
    if verdict.truth.box is not None:
        boxes.append(verdict.truth.box)
    return union_box(boxes) if boxes else verdict.place


def _picture(page: NDArray[np.uint8], place: Box | None) -> str:
    """A piece of the page as an inline picture; all of it without a place."""
    height, width = page.shape[:2]
    x0, y0, x1, y1 = place or (0.0, 0.0, float(width), float(height))
    room = 0.0 if place is None else _ROOM * (y1 - y0)
    top, bottom = max(0, round(y0 - room)), min(height, round(y1 + room))
    left, right = max(0, round(x0 - room)), min(width, round(x1 + room))
    if top >= bottom or left >= right:
        return "–"
    piece = page[top:bottom, left:right]
    factor = min(_HEIGHT / piece.shape[0], _WIDTH / piece.shape[1])
    size = max(1, round(piece.shape[1] * factor)), max(1, round(piece.shape[0] * factor))
    scaled = cv2.resize(piece, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    data = cv2.imencode(".jpg", cv2.cvtColor(scaled, cv2.COLOR_RGB2BGR))[1].tobytes()
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _pixels(sample: Sample) -> NDArray[np.uint8]:
    try:
        return next(read_pages(sample.image, InputOptions(pages=str(sample.page)))).pixels
    except OcrDocError:  # no engine could read it either, and the report says why
        return np.zeros((0, 0, 3), dtype=np.uint8)


def _reliability(score: Score) -> str:
    """The share of right words over their confidence; on the diagonal a confidence means what it says."""
    assert score.calibration is not None
    points = [(240 * b.confidence, 240 - 240 * b.right, b.words) for b in score.calibration.bins]
    most = max(words for _, _, words in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 8 * (words / most) ** 0.5:.1f}" fill="#2a6fb0" fill-opacity="0.7"/>'
        for x, y, words in points
    )
    frame = '<rect width="240" height="240" fill="none" stroke="#999"/>'
    line = '<line x1="0" y1="240" x2="240" y2="0" stroke="#999" stroke-dasharray="4"/>'
    labels = '<text x="120" y="262" text-anchor="middle">mean confidence, 0 to 1</text>'
    labels += '<text x="-120" y="-8" transform="rotate(-90)" text-anchor="middle">share right, 0 to 1</text>'
    return f'<svg width="300" height="280" viewBox="-30 -8 300 280">{frame}{line}{dots}{labels}</svg>'


def _table(table: Table) -> str:
    lines: Sequence[str] = [_row("th", table.header), *(_row("td", row) for row in table.rows)]
    return f"{_tag('h2', table.title)}\n<table>{''.join(lines)}</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(_tag(tag, cell) for cell in cells) + "</tr>"


def _tag(name: str, text: str, kind: str = "") -> str:
    return f"<{name}{f' class={kind}' if kind else ''}>{html.escape(text)}</{name}>"
