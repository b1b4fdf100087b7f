"""Which stage lost a word: not found, cut wrong, misread, split or joined.

Truth words and read words are linked where they share at least half of the smaller one: in area where the truth has
word boxes, else in characters of the aligned texts, line by line where the truth has lines. From the links follows what
became of each truth word. The words that are right or elsewhere add up to exactly the hits of the bag of words
(`texts.word_matches`), so the stages explain word recall without remainder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.boxes import IOU, areas, intersections, ious, shares_of_smaller
from ocr_doc.evaluation.sets import TruthLine, TruthWord
from ocr_doc.evaluation.texts import aligned, ends_differ, fold

# Two words that share this much of the smaller one are about the same ink.
SHARED = 0.5


class Stage(Enum):
    """What became of a truth word.

    Attributes:
        RIGHT: Read right, where it stands.
        ELSEWHERE: Not read where it stands, but a spare word of the same text was read somewhere else.
        NOT_FOUND: No read word is linked to it: the detector saw nothing there, or the reader saw no text in it.
        CUT_WRONG: One word is linked to it, read wrong, and its crop is to blame.
        MISREAD: One word is linked to it, well cut and read wrong.
        SPLIT: Several words are linked to it.
        JOINED: A word linked to it is linked to other truth words, too.
    """

    RIGHT = "right"
    ELSEWHERE = "elsewhere"
    NOT_FOUND = "not found"
    CUT_WRONG = "cut wrong"
    MISREAD = "misread"
    SPLIT = "split"
    JOINED = "joined"


LOST = (Stage.NOT_FOUND, Stage.CUT_WRONG, Stage.MISREAD, Stage.SPLIT, Stage.JOINED)


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word as an engine read it; no white space in its text.

    Attributes:
        box: Where, in pixels of the page; None if the engine does not say.
        confidence: In [0, 1]; None if the engine does not say.
    """

    text: str
    box: Box | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one truth word.

    Attributes:
        truth: The word.
        stage: What became of it.
        read: The words linked to it, in the engine's order; of a right word the one that is it.
        place: Where it is or is looked for: its box, else its line's, else None.
    """

    truth: TruthWord
    stage: Stage
    read: tuple[ReadWord, ...]
    place: Box | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of all words of a page.

    Attributes:
        verdicts: One for each truth word, in the truth's order.
        extra: Read words that belong to no truth word.
        right: For each read word, in the engine's order, whether it is a truth word's own reading (`Stage.RIGHT`) or
            matched by text alone (`Stage.ELSEWHERE`).
    """

    verdicts: tuple[Verdict, ...]
    extra: tuple[ReadWord, ...]
    right: tuple[bool, ...]


def judge(lines: Sequence[TruthLine], read: Sequence[ReadWord], on_truth: Sequence[str] | None = None) -> Judgement:
    """Says what became of each truth word of a page.

    Args:
        lines: The truth.
        read: What an engine read, in its reading order.
        on_truth: What the engine's recogniser alone reads in each truth word's box, in order; None if not asked.
    """
    truth = [(word, line) for line in lines for word in line.words]
    if any(word.box is None for word in read):
        lines = (TruthLine(tuple(word for word, _ in truth)),)  # no places to compare: one long line
    texts, outputs = [fold(word.text) for word, _ in truth], [fold(word.text) for word in read]
    links = _links(lines, read)
    own = _exact(links, texts, outputs)
    spare = _spare(texts, outputs, own)
    taken = set(own.values())
    left = {i: [j for j in links[i] if j not in taken] for i in links if i not in own}
    shared_by = Counter(j for i in left for j in left[i])
    verdicts = []
    for i, (word, line) in enumerate(truth):
        members = [own[i]] if i in own else left.get(i, [])
        if i in own:
            stage = Stage.RIGHT
        elif i in spare:
            stage = Stage.ELSEWHERE
        elif not members:
            stage = Stage.NOT_FOUND
        elif any(shared_by[j] > 1 for j in members):
            stage = Stage.JOINED
        elif len(members) > 1:
            stage = Stage.SPLIT
        else:
            stage = _wrong(word, read[members[0]], on_truth[i] if on_truth else None)
        verdicts.append(Verdict(word, stage, tuple(read[j] for j in sorted(members)), word.box or line.box))
    right = taken.union(spare.values())
    extra = tuple(word for j, word in enumerate(read) if j not in right and not shared_by[j])
    return Judgement(tuple(verdicts), extra, tuple(j in right for j in range(len(read))))


def _wrong(truth: TruthWord, read: ReadWord, on_truth: str | None) -> Stage:
    """Whether the crop or the reader is to blame for a word that was found by one box and read wrong.

    With a truth box: the crop, if it does not fit, or if the same reader reads the truth box right. Without one: the
    crop, if characters are missing or too many at the ends and nothing else is wrong.
    """
    if truth.box is not None and read.box is not None:
        fits = ious([truth.box], [read.box])[0, 0] >= IOU
        right_there = on_truth is not None and fold(on_truth) == fold(truth.text)
        return Stage.MISREAD if fits and not right_there else Stage.CUT_WRONG
    return Stage.CUT_WRONG if ends_differ(fold(truth.text), fold(read.text)) else Stage.MISREAD


def _links(lines: Sequence[TruthLine], read: Sequence[ReadWord]) -> dict[int, list[int]]:
    """Numbers of the read words that each truth word is linked to, the closest first."""
    closeness: dict[int, list[tuple[float, int]]] = defaultdict(list)
    start = 0
    boxed = all(word.box is not None for word in read)
    for line, members in zip(lines, words_of_lines(lines, read), strict=True):
        if boxed and all(word.box is not None for word in line.words):
            found = _links_by_box(line, read)
        else:
            found = _links_by_text(line, [read[j].text for j in members], members)
        for i, j, share in found:
            closeness[start + i].append((-share, j))
        start += len(line.words)
    return {i: [j for _, j in sorted(closeness[i])] for i in range(start)}


def _links_by_box(line: TruthLine, read: Sequence[ReadWord]) -> Iterator[tuple[int, int, float]]:
    """Truth word, read word and share of the smaller area; of the whole page, since rows are only guessed."""
    boxes = [word.box for word in line.words if word.box is not None]
    others = [word.box for word in read if word.box is not None]
    shares = shares_of_smaller(boxes, others)
    overlap = ious(boxes, others)
    for i, j in np.argwhere(shares >= SHARED).tolist():
        # Among boxes that all lie within one another, the better fit is the closer one.
        yield i, j, float(shares[i, j] + overlap[i, j])


def _links_by_text(line: TruthLine, texts: Sequence[str], numbers: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    """Truth word, read word and share of the shorter word's characters that are aligned with the other's."""
    truth = [fold(word.text) for word in line.words]
    read = [fold(text) for text in texts]
    owners, others = _owners(truth), _owners(read)
    common: Counter[tuple[int, int]] = Counter()
    for a, b in aligned(" ".join(truth), " ".join(read)):
        i, j = owners[a], others[b]
        if i is not None and j is not None:
            common[i, j] += 1
    for (i, j), count in common.items():
        share = count / max(min(len(truth[i]), len(read[j])), 1)
        if share >= SHARED:
            yield i, numbers[j], share


def _owners(words: Sequence[str]) -> list[int | None]:
    """Of each character of the words joined by spaces: which word it is of; None for a space."""
    owners: list[int | None] = []
    for i, word in enumerate(words):
        owners += [None] * (i > 0) + [i] * len(word)
    return owners


def words_of_lines(lines: Sequence[TruthLine], read: Sequence[ReadWord]) -> list[list[int]]:
    """Numbers of the read words that lie in each line, in the engine's order.

    A word belongs to the line that covers most of it, if that is half of it; all belong to a truth's one line without
    a box.
    """
    members: list[list[int]] = [[] for _ in lines]
    if len(lines) == 1 and lines[0].box is None:
        members[0] = list(range(len(read)))
        return members
    places = [(number, word.box) for number, word in enumerate(read) if word.box is not None]
    boxes = [box for _, box in places]
    cover = np.zeros((len(lines), len(boxes)))
    for i, line in enumerate(lines):
        parts = [word.box for word in line.words if word.box is not None]
        if len(parts) < len(line.words) and line.box is not None:
            parts = [line.box]
        cover[i] = intersections(parts, boxes).sum(axis=0)
    cover /= np.maximum(areas(boxes), 1e-9)
    for k, (number, _) in enumerate(places):
        if lines and cover[:, k].max() >= SHARED:
            members[int(cover[:, k].argmax())].append(number)
    return members


def _exact(links: dict[int, list[int]], texts: Sequence[str], outputs: Sequence[str]) -> dict[int, int]:
    """Truth words and the read words that are linked to them and say the same; each in one pair at most."""
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for i, linked in links.items():
        for j in linked:
            if j not in used and texts[i] == outputs[j]:
                pairs[i] = j
                used.add(j)
                break
    return pairs


def _spare(texts: Sequence[str], outputs: Sequence[str], own: dict[int, int]) -> dict[int, int]:
    """Truth words not read where they stand, and spare read words of the same text from anywhere on the page."""
    taken = set(own.values())
    spare: dict[str, list[int]] = defaultdict(list)
    for j in reversed(range(len(outputs))):
        if j not in taken:
            spare[outputs[j]].append(j)
    return {i: spare[text].pop() for i, text in enumerate(texts) if i not in own and spare[text]}
