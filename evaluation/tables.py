"""An evaluation as tables: the one content of all reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ocr_doc.evaluation.fields import FIELDS
from ocr_doc.evaluation.run import Evaluation
from ocr_doc.evaluation.score import Score
from ocr_doc.evaluation.stages import LOST, Stage
from ocr_doc.evaluation.texts import Matches, Rate

# Rows of the confusion table; what is rarer than the twentieth is chance.
CONFUSIONS = 20
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(evaluation: Evaluation) -> list[Table]:
    """All tables of a report that hold something."""
    scores = evaluation.scores
    made = [_metrics(scores, evaluation.labelled.kind == "crops")]
    if evaluation.labelled.kind == "pages":
        made.append(_stages(scores))
    made += [_confusions(score) for score in scores if score.confused]
    made += [_reliability(score) for score in scores if score.calibration is not None]
    return made


def _metrics(scores: Sequence[Score], crops: bool) -> Table:
    rows: list[tuple[str, Callable[[Score], str]]]
    if crops:
        rows = [
            ("words right", lambda s: _rate(s, "accuracy")),
            ("words right, a-z 0-9 alone", lambda s: _rate(s, "accuracy_alnum")),
            ("CER, with case", lambda s: _rate(s, "cer")),
        ]
    else:
        rows = [
            ("word F1", lambda s: _matches(s, "words", "f1")),
            ("word precision", lambda s: _matches(s, "words", "precision")),
            ("word recall", lambda s: _matches(s, "words", "recall")),
            ("CER", lambda s: _rate(s, "cer")),
            ("CER without spaces", lambda s: _rate(s, "cer_nospace")),
            ("WER", lambda s: _rate(s, "wer")),
            ("reading order", lambda s: _rate(s, "order")),
            ("space precision", lambda s: _matches(s, "spaces", "precision")),
            ("space recall", lambda s: _matches(s, "spaces", "recall")),
            ("detection F1 (IoU 0.5)", lambda s: _matches(s, "detection", "f1")),
            ("detection precision", lambda s: _matches(s, "detection", "precision")),
            ("detection recall", lambda s: _matches(s, "detection", "recall")),
            ("recogniser CER on truth boxes", lambda s: _rate(s, "recogniser_cer")),
            *((f"field {name} right", lambda s, name=name: _rate(s, f"field_{name}")) for name in FIELDS),
        ]
    rows += [
        ("calibration error", lambda s: f"{s.calibration.error:.4f}" if s.calibration else _NONE),
        ("seconds, mean", lambda s: _seconds(s)[0]),
        ("seconds, median", lambda s: _seconds(s)[1]),
        ("peak memory, MB", lambda s: f"{s.peak / 1e6:.0f}"),
        ("samples", lambda s: str(len(s.readings))),
        ("failed", lambda s: str(len(s.failures))),
    ]
    cells = tuple((name, *(cell(score) for score in scores)) for name, cell in rows)
    kept = tuple(row for row in cells if set(row[1:]) != {_NONE})
    return Table("Metrics", ("", *(score.engine for score in scores)), kept)


def _stages(scores: Sequence[Score]) -> Table:
    def cell(count: int, words: int) -> str:
        return f"{count} ({count / max(words, 1):.1%})"

    words = [sum(score.stages.values()) for score in scores]
    rows = [("truth words", *(str(n) for n in words))]
    for stage in (Stage.RIGHT, Stage.ELSEWHERE, *LOST):
        shares = (cell(score.stages[stage], n) for score, n in zip(scores, words, strict=True))
        rows.append((stage.value, *shares))
    rows.append(("extra words", *(cell(score.extra, n) for score, n in zip(scores, words, strict=True))))
    return Table("What became of each word", ("", *(score.engine for score in scores)), tuple(rows))


def _confusions(score: Score) -> Table:
    rows = tuple((_shown(a), _shown(b), str(n)) for (a, b), n in score.confused.most_common(CONFUSIONS))
    return Table(f"Characters confused by {score.engine}", ("truth", "read", "times"), rows)


def _shown(character: str) -> str:
    return {"": "nothing", " ": "space"}.get(character, character)


def _reliability(score: Score) -> Table:
    assert score.calibration is not None
    rows = tuple(
        (f"{b.low:.1f} to {b.high:.1f}", str(b.words), f"{b.confidence:.3f}", f"{b.right:.3f}")
        for b in score.calibration.bins
    )
    fit = score.calibration.fit
    told = "" if fit is None else f"; slope {fit.slope:g}, offset {fit.offset:g} would fit"
    error = f"expected calibration error {score.calibration.error:.4f}"
    title = f"Reliability of {score.engine}'s confidence ({error}{told})"
    return Table(title, ("confidence", "words", "mean confidence", "right"), rows)


def _rate(score: Score, name: str) -> str:
    count = score.counts.get(name)
    return f"{count.value:.4f}" if isinstance(count, Rate) and count.value is not None else _NONE


def _matches(score: Score, name: str, which: str) -> str:
    count = score.counts.get(name)
    return f"{getattr(count, which):.4f}" if isinstance(count, Matches) else _NONE


def _seconds(score: Score) -> tuple[str, str]:
    taken = sorted(reading.seconds for reading in score.readings)
    return f"{sum(taken) / len(taken):.3f}", f"{taken[len(taken) // 2]:.3f}"
