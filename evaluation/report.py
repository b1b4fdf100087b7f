"""Reports: a table for the console, Markdown, JSON; the HTML page is in `html_report`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ocr_doc.core.errors import UsageError
from ocr_doc.core.files import write_whole
from ocr_doc.evaluation.html_report import to_html
from ocr_doc.evaluation.run import Evaluation
from ocr_doc.evaluation.score import Score
from ocr_doc.evaluation.stages import Stage, Verdict
from ocr_doc.evaluation.tables import Table, tables
from ocr_doc.evaluation.texts import Matches, Rate

Writer = Callable[[Evaluation, int], str]


def find_writer(path: Path) -> Writer:
    """The writer that the path's suffix means.

    Raises:
        UsageError: If it means none.
    """
    writers: dict[str, Writer] = {
        ".html": to_html,
        ".md": lambda evaluation, _: to_markdown(evaluation),
        ".json": lambda evaluation, _: to_json(evaluation),
    }
    if path.suffix.lower() not in writers:
        raise UsageError(f"{path}: its suffix names no report.", f"Choose one of {', '.join(writers)}.")
    return writers[path.suffix.lower()]


def write(evaluation: Evaluation, path: Path, pictures: int) -> None:
    """Writes a report in the form that the path's suffix means.

    Args:
        evaluation: The run.
        path: Where to.
        pictures: Words pictured in HTML, at most.

    Raises:
        UsageError: If the suffix means no report.
        OutputError: If it cannot be written.
    """
    write_whole(path, find_writer(path)(evaluation, pictures).encode())


def show(evaluation: Evaluation) -> str:
    """The tables for a console, in columns."""
    return f"{_title(evaluation)}\n\n" + "\n".join(_columns(table) for table in tables(evaluation))


def to_markdown(evaluation: Evaluation) -> str:
    """The tables as Markdown."""
    parts = [f"# {_title(evaluation)}\n"]
    for table in tables(evaluation):
        lines = [table.header, tuple("---" for _ in table.header), *table.rows]
        body = "\n".join("| " + " | ".join(map(_escaped, line)) + " |" for line in lines)
        parts.append(f"## {table.title}\n\n{body}\n")
    parts += [f"{line}\n" for line in (*evaluation.missing, *_failures(evaluation))]
    return "\n".join(parts)


def to_json(evaluation: Evaluation) -> str:
    """Everything that was counted, and each word that was not read right."""
    content = {
        "set": evaluation.labelled.name,
        "kind": evaluation.labelled.kind,
        "samples": [sample.name for sample in evaluation.labelled.samples],
        "missing": list(evaluation.missing),
        "engines": [_score(score) for score in evaluation.scores],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _score(score: Score) -> dict[str, Any]:
    calibration = score.calibration
    return {
        "engine": score.engine,
        "failures": list(score.failures),
        "peak_memory_bytes": score.peak,
        "seconds": [round(reading.seconds, 4) for reading in score.readings],
        "metrics": {name: _count(count) for name, count in score.counts.items()},
        "stages": {stage.value: count for stage, count in score.stages.items()},
        "extra_words": score.extra,
        "confusions": [[a, b, n] for (a, b), n in score.confused.most_common()],
        "calibration_error": None if calibration is None else round(calibration.error, 4),
        "calibration_fit": None if calibration is None or calibration.fit is None else asdict(calibration.fit),
        "reliability": []
        if calibration is None
        else [[b.low, b.high, b.words, round(b.confidence, 4), round(b.right, 4)] for b in calibration.bins],
        "lost": [_lost(sample.name, verdict) for sample, verdict in score.verdicts if verdict.stage is not Stage.RIGHT],
    }


def _count(count: Rate | Matches) -> dict[str, Any]:
    if isinstance(count, Rate):
        return {"count": count.count, "total": count.total, "value": count.value and round(count.value, 4)}
    return {
        "hits": count.hits,
        "found": count.found,
        "truth": count.truth,
        "precision": round(count.precision, 4),
        "recall": round(count.recall, 4),
        "f1": round(count.f1, 4),
    }


def _lost(name: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "image": name,
        "truth": verdict.truth.text,
        "stage": verdict.stage.value,
        "read": [word.text for word in verdict.read],
        "confidence": [word.confidence for word in verdict.read],
        "place": verdict.place,
    }


def _title(evaluation: Evaluation) -> str:
    labelled = evaluation.labelled
    return f"{labelled.name}: {len(labelled.samples)} {labelled.kind}"


def _failures(evaluation: Evaluation) -> list[str]:
    return [f"{score.engine}: {line}" for score in evaluation.scores for line in score.failures]


def _columns(table: Table) -> str:
    lines = [table.header, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.header))]
    rows = ("  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in lines)  # fmt: skip
    return f"{table.title}\n" + "".join(f"  {row.rstrip()}\n" for row in rows)


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`").replace("*", "\\*").replace("_", "\\_")
