"""From a row of text to its characters: where to cut is decided by what the cuts look like.

The detector's boxes are tried first. Where the classifier is not sure of all of them, every sensible place to cut is a
node of a graph, every piece between two nodes is classified, and the cheapest way through the graph is the reading
(over-segmentation and search: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", part V). A
piece that holds half a character, or two, is told by the reject class.

Units: columns of a `Strip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.recognizer.character_crops import ROW_HEIGHT, Strip, character_crop
from ocr_doc.recognizer.characters import CharacterClassifier, SerialReading
from ocr_doc.recognizer.reader import ReadCharacter

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Cut = tuple[int, int]

# The detector's boxes are taken as they are where each character is at least so probable.
SURE = 0.9
# Columns between two places to cut, where nothing else suggests one.
STEP = 5
# Narrowest and widest piece that may be a character, relative to the text's height.
NARROW, WIDE = 0.11, 1.25
# No character is wider than this, or than so many times the median of the detector's, whichever is more.
NORMAL, BROAD = 0.78, 1.7
# Nats that ink costs which no character explains, for a stretch as long as the text is high.
UNEXPLAINED = 5.0
# Even blank columns cost a little, so that a character keeps its own.
BLANK = 0.15
# Nats that each piece costs beside its improbability, and a sign more than a letter or digit.
PIECE, SIGN = 0.05, 1.0
# What stands at a row's end and is so probably no character is an emblem beside it.
EMBLEM = 0.5
# Readings of a piece whose probabilities count together where cuts are chosen.
TOGETHER = 2
# Columns whose grey levels spread by less than this share of the row's spread are blank.
ACTIVE = 0.22
_LEAST = 1e-6
# A small letter so probable says that a row has small letters.
_SMALL = 0.8
# Nats between the likeliest O and the likeliest 0 of a row from which its rings are of two kinds, and nats within which
# a ring is in doubt.
RINGS_APART, DOUBT = 0.5, 1.5
# Letters whose small form is the same shape.
_SAME_SHAPE = "CKOPSUVWXYZ"


@dataclass(frozen=True, slots=True)
class Lattice:
    """Pieces of a row, each from a node to a later one.

    Attributes:
        nodes: Columns, ascending.
        ends: (N, 2) the first and last node of each piece.
        cuts: (N, 2) columns of each piece's character, half open.
        log_probs: (N, classes) of each piece.
        skips: Nats to pass from each node to the next without a character.
    """

    nodes: NDArray[np.int64]
    ends: NDArray[np.int64]
    cuts: NDArray[np.int64]
    log_probs: Floats
    skips: Doubles

    def arriving(self) -> list[list[int]]:
        """For each node the pieces that end there."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for piece, end in enumerate(self.ends[:, 1].tolist()):
            found[end].append(piece)
        return found


def build_lattices(
    strips: Sequence[Strip],
    hints: Sequence[Sequence[Cut]],
    others: Sequence[Sequence[int]],
    classifier: CharacterClassifier,
) -> list[Lattice]:
    """Lattices of rows; all rows share two batches of the network.

    Args:
        strips: The rows.
        hints: Of each, the detector's characters.
        others: Of each, further places to cut, such as those between the CRNN's characters.
        classifier: Names pieces.
    """
    simple = [_boxes(strip, cuts) for strip, cuts in zip(strips, hints, strict=True)]
    known = _classified(strips, simple, classifier)
    doubtful = [i for i, p in enumerate(known) if not _is_sure(p, simple[i], strips[i])]
    graphs = {i: _graph(strips[i], hints[i], others[i]) for i in doubtful}
    searched = _classified([strips[i] for i in doubtful], [graphs[i][2] for i in doubtful], classifier)
    lattices = []
    for i, strip in enumerate(strips):
        if i in graphs:
            nodes, ends, cuts = graphs[i]
            probabilities = searched[doubtful.index(i)]
        else:
            cuts, probabilities = simple[i], known[i]
            nodes, ends = _chain(strip, cuts)
        lattices.append(Lattice(nodes, ends, cuts, _logs(probabilities), _skips(strip, nodes)))
    return lattices


def name_together(
    lattices: Sequence[Lattice], strips: Sequence[Strip], classifier: CharacterClassifier
) -> list[Lattice]:
    """Lattices in which the pieces of the cheapest way are named anew, those of a row looked at together.

    Whether a ring is an O or a 0 depends on the face, and of that the other characters of the row tell.
    """
    if not classifier.reads_rows:
        return list(lattices)
    paths = [cheapest(lattice, piece_costs(lattice.log_probs, classifier.symbols))[0] for lattice in lattices]
    crops = [
        [character_crop(strip.pixels, *lattice.cuts[piece].tolist()) for piece in path]
        for lattice, strip, path in zip(lattices, strips, paths, strict=True)
    ]
    found = []
    for lattice, path, probabilities in zip(lattices, paths, classifier.of_rows(crops), strict=True):
        log_probs = lattice.log_probs.copy()
        log_probs[path] = _logs(probabilities)
        found.append(replace(lattice, log_probs=log_probs))
    return found


def boxes_worth(
    strips: Sequence[Strip], hints: Sequence[Sequence[Cut]], classifier: CharacterClassifier
) -> list[float]:
    """How many characters the detector's boxes hold, by the classifier: the sum of their probabilities to be one."""
    boxes = [_boxes(strip, cuts) for strip, cuts in zip(strips, hints, strict=True)]
    return [float(p[:, 1:].max(axis=1, initial=0.0).sum()) for p in _classified(strips, boxes, classifier)]


def read_lattice(lattice: Lattice, strip: Strip, classifier: CharacterClassifier) -> SerialReading:
    """The cheapest reading of a row."""
    best = either_case(lattice.log_probs, classifier.symbols)[:, 1:].max(axis=1, initial=-99.0)
    costs = piece_costs(lattice.log_probs, classifier.symbols)
    whole, total = cheapest(lattice, costs)
    path = _without_emblems(whole, lattice.log_probs)
    cost = total - float(costs[whole].sum()) - float(best[path].sum())
    characters = []
    for piece, row in zip(path, np.exp(_named(lattice.log_probs[path], classifier.symbols)), strict=True):
        alternatives = classifier.alternatives(row)
        text, confidence = alternatives[0]
        characters.append(placed(text, confidence, lattice.cuts[piece], strip, alternatives))
    return SerialReading(tuple(characters), cost)


def _without_emblems(path: list[int], log_probs: Floats) -> list[int]:
    """The pieces of a row without those at its ends that are no characters: birds, seals, wheelchairs beside a code.

    Within a row such a piece is a character that is damaged.
    """
    kept = [piece for piece in path if log_probs[piece, 0] < np.log(EMBLEM)]
    return path[path.index(kept[0]) : path.index(kept[-1]) + 1] if kept else path


def piece_costs(log_probs: Floats, symbols: Sequence[str]) -> Doubles:
    """Nats (N,) of taking each piece for a character, whichever it is.

    Whether a round thing is an O or a 0 says nothing of where to cut: the likeliest few readings count together. Each
    piece costs a little, and a sign more, so that an O is no C and a bracket.
    """
    if not len(log_probs):
        return np.zeros(0)
    likely = np.partition(np.exp(log_probs[:, 1:].astype(np.float64)), -TOGETHER, axis=1)[:, -TOGETHER:].sum(axis=1)
    sign = np.array([not symbol.isalnum() for symbol in symbols[1:]])[log_probs[:, 1:].argmax(axis=1)]
    return np.asarray(-np.log(np.maximum(likely, _LEAST)) + PIECE + SIGN * sign)


def placed(
    text: str, confidence: float, cut: NDArray[np.int64], strip: Strip, alternatives: tuple[tuple[str, float], ...]
) -> ReadCharacter:
    """A character with its place as fractions of the quad's width."""
    width = max(1e-6, strip.pixels.shape[1] - 2 * strip.start)
    start, end = (float(c - strip.start) / width for c in cut)
    return ReadCharacter(text, min(1.0, confidence), start, end, alternatives)


def cheapest(lattice: Lattice, costs: Doubles) -> tuple[list[int], float]:
    """The pieces of the cheapest way from the first node to the last, given each piece's cost; and the way's cost."""
    count = len(lattice.nodes)
    total, back = np.full(count, np.inf), np.full(count, -1)
    total[0] = 0.0
    arriving = lattice.arriving()
    for node in range(1, count):
        total[node] = total[node - 1] + lattice.skips[node - 1]
        for piece in arriving[node]:
            cost = total[lattice.ends[piece, 0]] + costs[piece]
            if cost < total[node]:
                total[node], back[node] = cost, piece
    path, node = [], count - 1
    while node > 0:
        piece = int(back[node])
        if piece < 0:
            node -= 1
        else:
            path.append(piece)
            node = int(lattice.ends[piece, 0])
    return path[::-1], float(total[-1])


def either_case(log_probs: Floats, symbols: Sequence[str]) -> Floats:
    """Log-probabilities in which a letter whose small form has the same shape has that one's share, too, and it back.

    A blurred row tells an x from an X by a pixel or two. Which of both it is, the row as a whole says, or a pattern.
    """
    summed = log_probs.copy()
    for a, b in _pairs(symbols):
        summed[:, a] = summed[:, b] = np.logaddexp(log_probs[:, a], log_probs[:, b])
    return np.asarray(summed)


def one_case(log_probs: Floats, symbols: Sequence[str]) -> Floats:
    """The characters (N, classes) of a row, letters that may be of either case made capitals.

    Codes are mostly in capitals. A row with small letters of another shape than their capitals' stays as it is.
    """
    pairs = _pairs(symbols)
    alike = {k for pair in pairs for k in pair}
    small = [k for k, symbol in enumerate(symbols) if symbol.islower() and k not in alike]
    if small and (log_probs[:, small].max(axis=1, initial=-99.0) > np.log(_SMALL)).any():
        return log_probs
    capitals = either_case(log_probs, symbols)
    capitals[:, [b for _, b in pairs]] = np.log(_LEAST)
    return capitals


def _named(log_probs: Floats, symbols: Sequence[str]) -> Floats:
    return two_rings(one_case(log_probs, symbols), symbols)


def two_rings(log_probs: Floats, symbols: Sequence[str]) -> Floats:
    """The characters (N, classes) of a row, its rings told apart by one another where each alone is in doubt.

    A code's face draws O in one way and 0 in another. So rings that differ are both, those that do not are the same.
    """
    known = {symbol: k for k, symbol in enumerate(symbols)}
    if "0" not in known or "O" not in known or not len(log_probs):
        return log_probs
    zero, letter = known["0"], known["O"]
    rings = np.flatnonzero(np.isin(log_probs[:, 1:].argmax(axis=1) + 1, (zero, letter)))
    if len(rings) < 2:
        return log_probs
    margins = (log_probs[rings, letter] - log_probs[rings, zero]).astype(np.float64)
    ordered = np.sort(margins)
    if ordered[-1] - ordered[0] > RINGS_APART:
        widest = int(np.diff(ordered).argmax())
        moved = margins - np.clip(ordered[widest : widest + 2].mean(), -DOUBT, DOUBT)
    else:
        moved = np.full(len(rings), margins.mean())
    named = log_probs.copy()
    both = np.logaddexp(log_probs[rings, letter], log_probs[rings, zero])
    named[rings, letter] = both - np.logaddexp(0.0, -moved)
    named[rings, zero] = both - np.logaddexp(0.0, moved)
    return np.asarray(named, dtype=np.float32)


def _pairs(symbols: Sequence[str]) -> list[tuple[int, int]]:
    """Classes of capitals and their small forms of the same shape."""
    known = {symbol: k for k, symbol in enumerate(symbols)}
    return [(known[c], known[c.lower()]) for c in _SAME_SHAPE if c in known and c.lower() in known]


def activity(strip: Strip) -> Floats:
    """How much stands in each column, in [0, 1]: the spread of its grey levels.

    The margin above and below counts too: within the text's own rows a 1 that fills them is of one grey level.
    """
    smooth = cv2.blur(strip.pixels[1:-1], (3, 1))
    spread = np.asarray(smooth.max(axis=0) - smooth.min(axis=0), dtype=np.float32)
    # What spreads as little as the blankest columns is the ground's own grain.
    low, high = np.quantile(spread, (0.05, 0.9))
    return np.asarray(np.clip((spread - low) / max(float(high - low), 0.1), 0.0, 1.0), dtype=np.float32)


def _boxes(strip: Strip, cuts: Sequence[Cut]) -> NDArray[np.int64]:
    """The detector's boxes, drawn in to where something stands."""
    active = activity(strip) > ACTIVE
    boxes, end = [], 0
    for left, right in sorted(cuts):
        box = _drawn_in(active, max(left, end), max(right, end + 1))
        end = box[1]
        if box[0] < min(end, len(active)):
            boxes.append((box[0], min(end, len(active))))
    return np.array(boxes, dtype=np.int64).reshape(-1, 2)


def _drawn_in(active: NDArray[np.bool_], left: int, right: int) -> Cut:
    left, right = max(0, left), min(len(active), right)
    inside = np.flatnonzero(active[left:right])
    if not len(inside):
        return left, max(right, left + 1)
    # A column of air on either side, as in training.
    return max(left, left + int(inside[0]) - 1), min(right, left + int(inside[-1]) + 2)


def _is_sure(probabilities: Floats, cuts: NDArray[np.int64], strip: Strip) -> bool:
    """Whether the detector's own boxes need no search: all are characters beyond doubt, of a likely width."""
    if not len(probabilities) or float(probabilities[:, 1:].max(axis=1).min()) < SURE:
        return False
    return bool((cuts[:, 1] - cuts[:, 0]).max() <= WIDE * ROW_HEIGHT)


def _graph(
    strip: Strip, hints: Sequence[Cut], others: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Nodes, and for each piece its nodes and its columns."""
    width = strip.pixels.shape[1]
    active = activity(strip)
    places = {0, width} | {c for cut in hints for c in cut} | set(others) | set(_valleys(active))
    nodes = sorted(min(max(0, p), width) for p in places)
    kept: list[int] = []
    for node in nodes:  # of places next to one another one is enough
        if not kept or node - kept[-1] >= 2:
            kept.append(node)
    kept[-1] = width
    filled: list[int] = [kept[0]]
    for node in kept[1:]:
        gap = node - filled[-1]
        parts = max(1, round(gap / STEP))
        filled += [filled[-1] + gap * k // parts for k in range(1, parts)] + [node]
    widest = WIDE * ROW_HEIGHT
    if len(hints) >= 3:  # the detector's characters say how wide one is here: a narrow face's pairs are no wide letters
        widest = min(widest, max(NORMAL * ROW_HEIGHT, BROAD * float(np.median([b - a for a, b in hints]))))
    ends, cuts = [], []
    seen: set[Cut] = set()
    on = active > ACTIVE
    for i, left in enumerate(filled):
        for j in range(i + 1, len(filled)):
            cut = _drawn_in(on, left, filled[j])
            if cut[1] - cut[0] > widest or filled[j] - left > WIDE * ROW_HEIGHT:
                break
            # Nodes in the blank beside a character make the same piece many times over; the tightest ones do.
            if filled[j] - left < NARROW * ROW_HEIGHT or cut in seen or not on[left : filled[j]].any():
                continue
            seen.add(cut)
            ends.append((i, j))
            cuts.append(cut)
    return (
        np.array(filled, dtype=np.int64),
        np.array(ends, dtype=np.int64).reshape(-1, 2),
        np.array(cuts, dtype=np.int64).reshape(-1, 2),
    )


def _valleys(active: Floats) -> list[int]:
    """Columns with less in them than those beside them."""
    smooth = np.convolve(active, np.ones(3, np.float32) / 3, mode="same")
    middle = smooth[1:-1]
    low = (middle <= smooth[:-2]) & (middle < smooth[2:]) & (middle < 0.8)
    return [int(k) + 1 for k in np.flatnonzero(low)]


def _chain(strip: Strip, cuts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes and pieces of boxes that stand one after the other."""
    width = strip.pixels.shape[1]
    nodes = sorted({0, width, *cuts.ravel().tolist()})
    index = {node: i for i, node in enumerate(nodes)}
    ends = [(index[a], index[b]) for a, b in cuts.tolist()]
    return np.array(nodes, dtype=np.int64), np.array(ends, dtype=np.int64).reshape(-1, 2)


def _skips(strip: Strip, nodes: NDArray[np.int64]) -> Doubles:
    cost = BLANK + UNEXPLAINED * np.where((a := activity(strip)) > ACTIVE, a, 0.0)
    # Beyond the quad's ends there may be anything: the next word, a frame.
    outer = round(strip.start * 0.8)
    cost[:outer], cost[len(cost) - outer :] = 0.0, 0.0
    sums = np.concatenate([[0.0], np.cumsum(cost)]) / ROW_HEIGHT
    return np.asarray(np.diff(sums[nodes]))


def _classified(
    strips: Sequence[Strip], cuts: Sequence[NDArray[np.int64]], classifier: CharacterClassifier
) -> list[Floats]:
    """Probabilities of each row's pieces, from one batch."""
    crops = [
        character_crop(strip.pixels, left, right)
        for strip, some in zip(strips, cuts, strict=True)
        for left, right in some.tolist()
    ]
    probabilities = classifier.probabilities(crops)
    return np.split(probabilities, np.cumsum([len(some) for some in cuts])[:-1]) if strips else []


def _logs(probabilities: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities, _LEAST)), dtype=np.float32)
