"""What is counted of a page or a crop, and how the counts of all become one engine's score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.boxes import detection
from ocr_doc.evaluation.calibration import Reliability, calibrate
from ocr_doc.evaluation.engines import PageReading
from ocr_doc.evaluation.fields import field_matches
from ocr_doc.evaluation.sets import LabelledSet, Sample
from ocr_doc.evaluation.stages import Judgement, ReadWord, Stage, Verdict, judge, words_of_lines
from ocr_doc.evaluation.texts import (
    Matches,
    Rate,
    alnum,
    character_errors,
    confusions,
    exact_errors,
    fold,
    letter_errors,
    order_kept,
    space_matches,
    word_errors,
    word_matches,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one engine made of one sample.

    Attributes:
        sample: The sample.
        words: The words read, in reading order; of a crop its one text.
        seconds: What it took.
        counts: By metric's name.
        judgement: What became of each word.
    """

    sample: Sample
    words: tuple[ReadWord, ...]
    seconds: float
    counts: dict[str, Rate | Matches]
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Score:
    """What one engine reached on a set.

    Attributes:
        engine: Its name.
        readings: One for each sample that it read.
        failures: Lines that tell of samples that it could not read.
        peak: The most memory that its process held, in bytes.
        counts: Sums over all samples, by metric's name; metrics that the set or the engine cannot give are absent.
        stages: How many truth words became what.
        extra: Read words that belong to no truth word.
        confused: How often (truth, read) characters were confused.
        calibration: Of the words that carry a confidence; None if none does.
    """

    engine: str
    readings: tuple[Reading, ...]
    failures: tuple[str, ...] = ()
    peak: int = 0
    counts: dict[str, Rate | Matches] = field(default_factory=dict)
    stages: dict[Stage, int] = field(default_factory=dict)
    extra: int = 0
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    calibration: Reliability | None = None

    @property
    def verdicts(self) -> tuple[tuple[Sample, Verdict], ...]:
        """All truth words with the samples that they are of."""
        return tuple((reading.sample, verdict) for reading in self.readings for verdict in reading.judgement.verdicts)


def score_page(
    sample: Sample,
    page: PageReading,
    seconds: float,
    on_truth: Sequence[str] | None = None,
    measure_boxes: bool = False,
) -> Reading:
    """Counts everything that a page tells.

    Args:
        sample: The truth.
        page: What was read.
        seconds: What it took.
        on_truth: What the recogniser alone read in the boxes of `boxes_to_read(sample)`; None if not asked.
        measure_boxes: Whether both sides have word boxes of their own.
    """
    truth, read = sample.text, page.text
    counts: dict[str, Rate | Matches] = {
        "words": word_matches(truth, read),
        "cer": character_errors(truth, read),
        "cer_nospace": letter_errors(truth, read),
        "wer": word_errors(truth, read),
        "order": order_kept(truth, read),
        "spaces": _spaces(sample, page.words),
        **({} if page.fields is None else field_matches(sample.fields, page.fields)),
    }
    by_word = None
    if measure_boxes:
        found = [word.box for word in page.words if word.box is not None]
        counts["detection"] = detection([word.box for word in sample.words if word.box is not None], found)
    if on_truth is not None:
        labels = _labels_of_boxes(sample)
        counts["recogniser_cer"] = sum(map(character_errors, labels, on_truth), Rate())
        by_word = on_truth if len(labels) == len(sample.words) else None
    return Reading(sample, page.words, seconds, counts, judge(sample.lines, page.words, by_word))


def boxes_to_read(sample: Sample) -> list[Box]:
    """The boxes on which the recogniser is measured alone: the words' if all have one, else the lines'."""
    words = [word.box for word in sample.words if word.box is not None]
    return words if len(words) == len(sample.words) else [line.box for line in sample.lines if line.box is not None]


def _labels_of_boxes(sample: Sample) -> list[str]:
    if all(word.box is not None for word in sample.words):
        return [word.text for word in sample.words]
    return [" ".join(word.text for word in line.words) for line in sample.lines]


def _spaces(sample: Sample, words: Sequence[ReadWord]) -> Matches:
    """Spaces line by line, so that a different reading order of lines costs none."""
    total = Matches()
    for line, members in zip(sample.lines, words_of_lines(sample.lines, words), strict=True):
        total += space_matches(" ".join(word.text for word in line.words), " ".join(words[j].text for j in members))
    return total


def score_crop(sample: Sample, read: ReadWord, seconds: float) -> Reading:
    """Counts everything that a word crop tells; case counts, since such sets are labelled as printed."""
    truth = sample.text
    counts: dict[str, Rate | Matches] = {
        "accuracy": Rate(int(truth == read.text), 1),
        "accuracy_alnum": Rate(int(alnum(truth) == alnum(read.text)), 1),
        "cer": exact_errors(truth, read.text),
    }
    words = tuple(ReadWord(text, None, read.confidence) for text in read.text.split())
    judgement = judge(sample.lines, words)
    # A crop's confidence is that of its text as a whole.
    whole = Judgement(judgement.verdicts, judgement.extra, (truth == read.text,))
    return Reading(sample, (read,), seconds, counts, whole)


def total(engine: str, readings: Sequence[Reading], labelled: LabelledSet, peak: int, failures: Sequence[str]) -> Score:
    """Adds up an engine's readings."""
    counts: dict[str, Rate | Matches] = {}
    confused: Counter[tuple[str, str]] = Counter()
    for reading in readings:
        for name, count in reading.counts.items():
            before = counts.get(name)
            counts[name] = count if before is None else before + count  # type: ignore[operator]  # of one kind by name
        confused += _confusions(reading, labelled.kind == "crops")
    verdicts = [verdict for reading in readings for verdict in reading.judgement.verdicts]
    seen = Counter(verdict.stage for verdict in verdicts)
    confidences = [
        (word.confidence, right)
        for reading in readings
        for word, right in zip(reading.words, reading.judgement.right, strict=True)
        if word.confidence is not None
    ]
    return Score(
        engine,
        tuple(readings),
        tuple(failures),
        peak,
        counts,
        {stage: seen[stage] for stage in Stage},
        sum(len(reading.judgement.extra) for reading in readings),
        confused,
        calibrate(confidences),
    )


def _confusions(reading: Reading, with_case: bool) -> Counter[tuple[str, str]]:
    """Of words with one reading only: the others' characters have no sure partner."""
    if with_case:
        return confusions(reading.sample.text, reading.words[0].text)
    found: Counter[tuple[str, str]] = Counter()
    for verdict in reading.judgement.verdicts:
        if verdict.stage in (Stage.MISREAD, Stage.CUT_WRONG):
            found += confusions(fold(verdict.truth.text), fold(verdict.read[0].text))
    return found
