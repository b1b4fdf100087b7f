"""Score maps to words and characters.

CRAFT's reference code draws one full-page mask per component, so that its cost grows as components × pixels. Here a few
sums over the whole map serve all components at once, and what is left is done inside each component's own rectangle.

Units: points of the maps. Point (row i, column j) stands for position (x, y) = (j + 0.5, i + 0.5).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.detectors.gaussian import visible_share
from ocr_doc.detectors.lines_apart import gaps_between_lines
from ocr_doc.detectors.profile import peaks_and_valleys

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MapOptions:
    """How maps are read.

    Attributes:
        region: Region score from which a point belongs to a word; low enough for faint print, whose peaks are low.
        affinity: Affinity score from which a point ties characters into a word.
        split: Affinity below which a valley between two characters parts two words after all.
        peak: Region score that a word must reach somewhere; size plays no part, so that a single "." or "1" stays. Low:
            what is doubtful here is settled by reading it.
        valley: A dip parts two characters where it falls below this share of the lower of their peaks.
        long: Words at least this many times as long as high tell a direction; shorter ones take the page's.
        straying: Degrees by which a word of less than twice that length must stray from the page's direction to be
            believed; ascenders and commas alone make it stray by less.
        most_words: Only so many of the strongest words are kept, which bounds the work on pages of pure noise.
    """

    region: float = 0.25
    affinity: float = 0.4
    split: float = 0.15
    peak: float = 0.4
    valley: float = 0.85
    long: float = 2.5
    straying: float = 12.0
    most_words: int = 6000


@dataclass(frozen=True, slots=True)
class MapWord:
    """A word found in the maps.

    Attributes:
        quad: (4, 2) float64 corners, clockwise from the text's own top left.
        confidence: Mean of its characters' highest region scores, in [0, 1].
        characters: One quad (4, 2) per character, in reading order; at least one.
    """

    quad: Array
    confidence: float
    characters: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class _Blob:
    """A component: its points, and the unit vector along its text."""

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    region: Array
    affinity: Array
    edges: tuple[float, float, float, float]
    along: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Components:
    """Components of a page's maps: their points, their boxes, those that are text, and how they and the page lie."""

    labels: NDArray[np.int32]
    stats: NDArray[np.int32]
    kept: NDArray[np.int64]
    directions: Array
    aspects: Array
    lean: float | None


def decode_maps(scores: NDArray[np.float32], options: MapOptions | None = None) -> list[MapWord]:
    """Finds the words of one page.

    Args:
        scores: (2, H, W) float32 in [0, 1]: region and affinity.
        options: How.

    Returns:
        Words in no particular order.
    """
    options = options or MapOptions()
    words: list[MapWord] = []
    for blob in _blobs(scores, options):
        words.extend(_words(blob, options))
    return words


def _blobs(scores: NDArray[np.float32], options: MapOptions) -> list[_Blob]:
    """The components, their directions settled."""
    region, affinity = scores
    mask = (region > options.region) | (affinity > options.affinity)
    found = _components(mask, scores, options)
    gaps = gaps_between_lines(region, found.labels, found.stats, found.kept, found.lean or 0.0)
    if len(gaps[0]):
        mask[gaps] = False
        found = _components(mask, scores, options)
    labels, stats = found.labels, found.stats
    blobs = []
    for k in found.kept:
        x, y, w, h = (int(v) for v in stats[k, :4])
        inside = labels[y : y + h, x : x + w] == k
        r, c = np.nonzero(inside)
        along = _settled(float(found.directions[k]), float(found.aspects[k]), (w, h), found.lean, options)
        blobs.append(
            _Blob(
                c + x,
                r + y,
                region[r + y, c + x].astype(np.float64),
                affinity[r + y, c + x].astype(np.float64),
                _edges(region, (x, y, w, h), inside, options.region),
                along,
            )
        )
    return blobs


def _components(mask: NDArray[np.bool_], scores: NDArray[np.float32], options: MapOptions) -> _Components:
    """The components of a mask (H, W), with what is known of each from sums over the whole map."""
    region, affinity = scores
    count, marked, boxes, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)
    labels, stats = np.asarray(marked, dtype=np.int32), np.asarray(boxes, dtype=np.int32)
    rows, columns = np.nonzero(mask)
    owner, values = labels[rows, columns], region[rows, columns].astype(np.float64)
    peaks = np.zeros(count)
    np.maximum.at(peaks, owner, values)
    ties = np.zeros(count)
    np.maximum.at(ties, owner, affinity[rows, columns].astype(np.float64))
    directions, aspects = _directions(count, owner, columns.astype(np.float64), rows.astype(np.float64), values)
    # Nothing ties a single "l" or "|", however long; it stands across the text and not along it.
    aspects = np.where(ties > options.affinity, aspects, 1.0)
    kept = np.flatnonzero(peaks >= options.peak)
    kept = kept[np.argsort(-peaks[kept], kind="stable")][: options.most_words]
    lean = _page_lean(directions[kept], aspects[kept], options)
    return _Components(labels, stats, kept, directions, aspects, lean)


def _directions(count: int, owner: NDArray[np.int32], x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    """Principal axis of each component, radians in (-π/2, π/2], and its length over its width; from second moments."""
    mass = np.maximum(np.bincount(owner, weight, count), 1e-9)
    cx, cy = np.bincount(owner, weight * x, count) / mass, np.bincount(owner, weight * y, count) / mass
    dx, dy = x - cx[owner], y - cy[owner]
    # 1/12 is the variance of a point's own square; it keeps one-point components round.
    xx = np.bincount(owner, weight * dx * dx, count) / mass + 1 / 12
    yy = np.bincount(owner, weight * dy * dy, count) / mass + 1 / 12
    xy = np.bincount(owner, weight * dx * dy, count) / mass
    spread = np.hypot(xx - yy, 2 * xy)
    aspect = np.sqrt((xx + yy + spread) / np.maximum(xx + yy - spread, 1e-9))
    return 0.5 * np.arctan2(2 * xy, xx - yy), aspect


def _page_lean(directions: Array, aspects: Array, options: MapOptions) -> float | None:
    """Direction of the page's lines in radians, by its long words; None where too few agree."""
    long = directions[(aspects >= 1.5 * options.long) & (np.abs(directions) < np.pi / 4)]
    if len(long) < 3:
        return None
    lean = float(np.median(long))
    if np.mean(np.abs(long - lean) < np.radians(3.0)) <= 0.5:
        return None
    return lean if abs(lean) > np.radians(0.7) else 0.0


def _settled(
    direction: float, aspect: float, size: tuple[int, int], lean: float | None, options: MapOptions
) -> tuple[float, float]:
    """The unit vector along a component's text.

    Short components are nearly round, so that only long ones are believed, and those of middle length only where they
    stray far from the page's direction. Text that climbs or falls is taken to be read upwards, as on the spines of
    forms. What rises by less than a fifth of its height over its length is upright: that box is the tighter one.
    """
    angle = direction if aspect >= options.long else lean or 0.0
    middling = options.long <= aspect < 2 * options.long
    if middling and lean is not None and abs(angle - lean) < np.radians(options.straying):
        angle = lean
    if angle > np.pi * 0.4:
        angle -= np.pi
    rise = abs(np.tan(angle)) * size[0] if abs(angle) < np.pi / 4 else np.inf
    if aspect >= options.long and rise < 0.2 * max(1.0, size[1] - rise):
        angle = 0.0
    return float(np.cos(angle)), float(np.sin(angle))


def _edges(
    region: NDArray[np.float32], box: tuple[int, int, int, int], inside: NDArray[np.bool_], threshold: float
) -> tuple[float, float, float, float]:
    """Where the region score crosses the threshold left, above, right and below of a component, between points.

    The crossing is interpolated between the outermost points and those just outside, which halves the error of
    boxes a few points high.
    """
    x, y, w, h = box
    height, width = region.shape
    edges = []
    for axis, start, size, limit, sign in (
        (1, x, w, width, -1), (0, y, h, height, -1), (1, x, w, width, 1), (0, y, h, height, 1),
    ):  # fmt: skip
        last = start if sign < 0 else start + size - 1
        beyond = last + sign
        border = last + 0.5
        if not 0 <= beyond < limit:
            edges.append(border + 0.5 * sign)
            continue
        if axis == 1:
            inner, outer = region[y : y + h, last] * inside[:, last - start], region[y : y + h, beyond]
        else:
            inner, outer = region[last, x : x + w] * inside[last - start], region[beyond, x : x + w]
        k = inner.argmax()
        score = float(inner[k])
        fall = score - float(outer[k])
        part = (score - threshold) / fall if fall > 1e-6 else 0.5
        edges.append(border + sign * min(1.0, max(0.0, part)))
    return edges[0], edges[1], edges[2], edges[3]


def _words(blob: _Blob, options: MapOptions) -> list[MapWord]:
    """The words of a component: usually one, more where affinity fails between characters."""
    (cosine, sine), x, y = blob.along, blob.columns + 0.5, blob.rows + 0.5
    upright = sine == 0.0
    u, v = (x, y) if upright else (x * cosine + y * sine, y * cosine - x * sine)
    if upright:
        left, top, right, bottom = blob.edges
    else:
        left, top, right, bottom = u.min() - 0.5, v.min() - 0.5, u.max() + 0.5, v.max() + 0.5
    # The threshold left this share of each box; the ends lack half a character's loss each.
    share = visible_share(options.region)
    middle, height = (top + bottom) / 2, (bottom - top) / share
    top, bottom = middle - height / 2, middle + height / 2
    first = float(u.min()) - 0.5
    bins = (u - first).astype(np.int64)
    profile, ties = np.zeros(bins.max() + 1), np.zeros(bins.max() + 1)
    np.maximum.at(profile, bins, blob.region)
    np.maximum.at(ties, bins, blob.affinity)
    scores, tied = profile.tolist(), ties.tolist()
    peaks, valleys = peaks_and_valleys(scores, options.valley)
    cuts = [first + k + 0.5 for k in valleys]
    breaks = [n for n, k in enumerate(valleys) if max(tied[max(0, k - 1) : k + 2]) < options.split]
    words = []
    for a, b in zip([0, *(n + 1 for n in breaks)], [*(n + 1 for n in breaks), len(peaks)], strict=True):
        begin = left if a == 0 else cuts[a - 1]
        end = right if b == len(peaks) else cuts[b - 1]
        margin = min(0.55 * height, end - begin) * (1 - share) / (2 * share)
        limits = [begin - margin if a == 0 else begin, *cuts[a : b - 1], end + margin if b == len(peaks) else end]
        quad, *characters = _quads([(limits[0], limits[-1]), *itertools.pairwise(limits)], top, bottom, blob.along)
        confidence = min(1.0, max(0.0, sum(scores[k] for k in peaks[a:b]) / (b - a)))
        words.append(MapWord(quad, confidence, tuple(characters)))
    return words


def _quads(spans: list[tuple[float, float]], top: float, bottom: float, along: tuple[float, float]) -> Array:
    """Corners (N, 4, 2), clockwise from the top left, of boxes of one height given in the text's own axes."""
    corners = np.array([((a, top), (b, top), (b, bottom), (a, bottom)) for a, b in spans], dtype=np.float64)
    cosine, sine = along
    return np.asarray(corners @ np.array([[cosine, sine], [-sine, cosine]]))
