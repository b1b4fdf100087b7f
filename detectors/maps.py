"""Score maps to words and characters.

CRAFT's reference code draws one full-page mask per component, so that its cost grows as components × pixels. Here the
points that are text are listed once, and sums and extremes over that list serve all components together.

Units: points of the maps. Point (row i, column j) stands for position (x, y) = (j + 0.5, i + 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.detectors.gaussian import visible_share
from ocr_doc.detectors.lines_apart import gaps_between_lines
from ocr_doc.detectors.profile import peaks_and_valleys

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


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
        quads: (1 + N, 4, 2) float64 corners, clockwise from the text's own top left: of the word, then of each of its
            characters in reading order; at least one.
        confidence: Mean of its characters' highest region scores, in [0, 1].
    """

    quads: Array
    confidence: float

    @property
    def quad(self) -> Array:
        """The word's corners (4, 2)."""
        return np.asarray(self.quads[0])

    @property
    def characters(self) -> tuple[Array, ...]:
        """Its characters' corners, (4, 2) each."""
        return tuple(self.quads[1:])


@dataclass(frozen=True, slots=True)
class _Points:
    """Points of components, N in all; `owner` is the component of each."""

    rows: Integers
    columns: Integers
    region: Array
    affinity: Array
    owner: Integers


@dataclass(frozen=True, slots=True)
class _Components:
    """Components of a page's maps: their points, their boxes, those that are text, and how they and the page lie."""

    labels: NDArray[np.int32]
    stats: NDArray[np.int32]
    points: _Points
    kept: Integers
    directions: Array
    aspects: Array
    lean: float | None


@dataclass(frozen=True, slots=True)
class _Rows:
    """Components that are text, K of them, as rows in the directions of their own text.

    Attributes:
        along: (K, 2) unit vectors along the text.
        limits: (K, 4) left, top, right and bottom of the text in its own axes.
        starts: (K,) where the first bins lie, along the text.
        bounds: (K + 1,) where each row's bins begin among all, and where the last one's end.
        region, affinity: Highest scores in each bin, which is a point long.
    """

    along: Array
    limits: Array
    starts: Array
    bounds: Integers
    region: Array
    affinity: Array


def decode_maps(scores: NDArray[np.float32], options: MapOptions | None = None) -> list[MapWord]:
    """Finds the words of one page.

    Args:
        scores: (2, H, W) float32 in [0, 1]: region and affinity.
        options: How.

    Returns:
        Words in no particular order.
    """
    options = options or MapOptions()
    found = _parted(scores, options)
    return _words(_rows(found, scores[0], options), options) if len(found.kept) else []


def _parted(scores: NDArray[np.float32], options: MapOptions) -> _Components:
    """The components, lines of text that touch parted."""
    region, affinity = scores
    mask = (region > options.region) | (affinity > options.affinity)
    found = _components(mask, scores, options)
    gaps = gaps_between_lines(region, found.labels, found.stats, found.kept, found.lean or 0.0)
    if not len(gaps[0]):
        return found
    mask[gaps] = False
    return _components(mask, scores, options)


def _components(mask: NDArray[np.bool_], scores: NDArray[np.float32], options: MapOptions) -> _Components:
    """The components of a mask (H, W), with what is known of each from sums over the whole map."""
    region, affinity = scores
    count, marked, boxes, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)
    labels, stats = np.asarray(marked, dtype=np.int32), np.asarray(boxes, dtype=np.int32)
    width = mask.shape[1]
    places = np.flatnonzero(mask)
    rows = places // width
    columns = places - rows * width
    owner = labels.ravel()[places].astype(np.int64)
    values, tying = (plane.ravel()[places].astype(np.float64) for plane in (region, affinity))
    peaks, ties = np.zeros(count), np.zeros(count)
    np.maximum.at(peaks, owner, values)
    np.maximum.at(ties, owner, tying)
    directions, aspects = _directions(count, owner, columns.astype(np.float64), rows.astype(np.float64), values)
    # Nothing ties a single "l" or "|", however long; it stands across the text and not along it.
    aspects = np.where(ties > options.affinity, aspects, 1.0)
    kept = np.flatnonzero(peaks >= options.peak)
    kept = kept[np.argsort(-peaks[kept], kind="stable")][: options.most_words]
    lean = _page_lean(directions[kept], aspects[kept], options)
    points = _Points(rows, columns, values, tying, owner)
    return _Components(labels, stats, points, kept, directions, aspects, lean)


def _directions(count: int, owner: Integers, x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
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


def _rows(found: _Components, region: NDArray[np.float32], options: MapOptions) -> _Rows:
    """The components that are text, their directions settled."""
    kept, boxes = found.kept, found.stats[found.kept].astype(np.int64)
    points = _kept_points(found)
    own, begins = points.owner, np.searchsorted(points.owner, np.arange(len(kept)))
    along = _settled(found.directions[kept], found.aspects[kept], boxes, found.lean, options)
    cosine, sine = along[own].T
    x, y = points.columns + 0.5, points.rows + 0.5
    u, v = x * cosine + y * sine, y * cosine - x * sine
    starts = np.minimum.reduceat(u, begins) - 0.5
    ends = np.maximum.reduceat(u, begins) + 0.5
    tops, bottoms = np.minimum.reduceat(v, begins) - 0.5, np.maximum.reduceat(v, begins) + 0.5
    turned = np.stack([starts, tops, ends, bottoms], axis=1)
    limits = np.where(along[:, 1:] == 0.0, _edges(region, points, boxes, options.region), turned)
    bins = (u - starts[own]).astype(np.int64)
    bounds = np.concatenate([[0], np.cumsum(np.maximum.reduceat(bins, begins) + 1)])
    bins += bounds[own]
    profile, ties = np.zeros(bounds[-1]), np.zeros(bounds[-1])
    np.maximum.at(profile, bins, points.region)
    np.maximum.at(ties, bins, points.affinity)
    return _Rows(along, limits, starts, bounds, profile, ties)


def _kept_points(found: _Components) -> _Points:
    """The points of the components that are text, one component after the other, each from above to below.

    Components go by their places in `found.kept` here.
    """
    places = np.full(len(found.stats), -1)
    places[found.kept] = np.arange(len(found.kept))
    points = found.points
    owner = places[points.owner]
    chosen = np.flatnonzero(owner >= 0)
    # Numbers of few bits are sorted several times as fast.
    few = np.min_scalar_type(len(found.kept))
    chosen = chosen[np.argsort(owner[chosen].astype(few), kind="stable")]
    return _Points(
        points.rows[chosen], points.columns[chosen], points.region[chosen], points.affinity[chosen], owner[chosen]
    )


def _settled(directions: Array, aspects: Array, boxes: Integers, lean: float | None, options: MapOptions) -> Array:
    """The unit vectors (K, 2) along the text of components.

    Short components are nearly round, so that only long ones are believed, and those of middle length only where they
    stray far from the page's direction. Text that climbs or falls is taken to be read upwards, as on the spines of
    forms. What rises by less than a fifth of its height over its length is upright: that box is the tighter one.
    """
    long = aspects >= options.long
    angles = np.where(long, directions, lean or 0.0)
    if lean is not None:
        straying = np.abs(angles - lean) >= np.radians(options.straying)
        angles = np.where(long & (aspects < 2 * options.long) & ~straying, lean, angles)
    angles = np.where(angles > np.pi * 0.4, angles - np.pi, angles)
    widths, heights = boxes[:, 2], boxes[:, 3]
    rises = np.where(np.abs(angles) < np.pi / 4, np.abs(np.tan(angles)) * widths, np.inf)
    angles[long & (rises < 0.2 * np.maximum(1.0, heights - rises))] = 0.0
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _edges(region: NDArray[np.float32], points: _Points, boxes: Integers, threshold: float) -> Array:
    """Where the region score crosses the threshold left, above, right and below of components (K, 4), between points.

    The crossing is interpolated between the outermost points and those just outside, which halves the error of
    boxes a few points high.
    """
    height, width = region.shape
    x, y, w, h = boxes.T[:4]
    numbers = np.arange(len(boxes))
    edges = []
    for places, others, last, first, limit, sign in (
        (points.columns, points.rows, x, y, width, -1),
        (points.rows, points.columns, y, x, height, -1),
        (points.columns, points.rows, x + w - 1, y, width, 1),
        (points.rows, points.columns, y + h - 1, x, height, 1),
    ):
        outermost = np.flatnonzero(places == last[points.owner])
        owner, scores = points.owner[outermost], points.region[outermost]
        inner = np.maximum.reduceat(scores, np.searchsorted(owner, numbers))
        # The first of the highest; where nothing is scored at all, the box's own corner.
        highest = np.flatnonzero(scores == inner[owner])
        beside = others[outermost[highest[np.searchsorted(owner[highest], numbers)]]]
        beside = np.where(inner > 0, beside, first)
        beyond = last + sign
        inside = (beyond >= 0) & (beyond < limit)
        across = np.where(inside, beyond, last)
        outer = region[beside, across] if places is points.columns else region[across, beside]
        fall = inner - outer
        steep = fall > 1e-6
        part = np.where(steep, (inner - threshold) / np.where(steep, fall, 1.0), 0.5)
        edges.append(last + 0.5 + sign * np.where(inside, part.clip(0.0, 1.0), 0.5))
    return np.stack(edges, axis=1)


def _words(rows: _Rows, options: MapOptions) -> list[MapWord]:
    """The words of components: usually one each, more where affinity fails between characters."""
    # The threshold left this share of each box; the ends lack half a character's loss each.
    share = visible_share(options.region)
    middles = (rows.limits[:, 1] + rows.limits[:, 3]) / 2
    heights = (rows.limits[:, 3] - rows.limits[:, 1]) / share
    profile, affinity = rows.region.tolist(), rows.affinity.tolist()
    spans: list[tuple[float, float]] = []
    owners: list[int] = []
    found: list[tuple[int, float]] = []  # of each word how many spans it has, and its confidence
    each = zip(
        rows.limits.tolist(), heights.tolist(), rows.starts.tolist(), pairwise(rows.bounds.tolist()), strict=True
    )
    for owner, ((left, _, right, _), height, first, (start, stop)) in enumerate(each):
        scores, ties = profile[start:stop], affinity[start:stop]
        peaks, valleys = peaks_and_valleys(scores, options.valley)
        cuts = [first + k + 0.5 for k in valleys]
        breaks = [n + 1 for n, k in enumerate(valleys) if max(ties[max(0, k - 1) : k + 2]) < options.split]
        for a, b in pairwise([0, *breaks, len(peaks)]):
            begin = left if a == 0 else cuts[a - 1]
            end = right if b == len(peaks) else cuts[b - 1]
            margin = min(0.55 * height, end - begin) * (1 - share) / (2 * share)
            limits = [begin - margin if a == 0 else begin, *cuts[a : b - 1], end + margin if b == len(peaks) else end]
            spans.append((limits[0], limits[-1]))
            spans.extend(pairwise(limits))
            owners += [owner] * len(limits)
            found.append((len(limits), min(1.0, max(0.0, sum(scores[k] for k in peaks[a:b]) / (b - a)))))
    own = np.array(owners)
    quads = _quads(np.array(spans), (middles - heights / 2)[own], (middles + heights / 2)[own], rows.along[own])
    ends = accumulate(count for count, _ in found)
    return [MapWord(quads[end - count : end], sure) for (count, sure), end in zip(found, ends, strict=True)]


def _quads(spans: Array, tops: Array, bottoms: Array, along: Array) -> Array:
    """Corners (N, 4, 2), clockwise from the top left, of boxes given in the axes of their own text."""
    corners = np.empty((len(spans), 4, 2))
    corners[:, (0, 3), 0], corners[:, (1, 2), 0] = spans[:, :1], spans[:, 1:]
    corners[:, :2, 1], corners[:, 2:, 1] = tops[:, None], bottoms[:, None]
    cosines, sines = along.T
    turns = np.stack([cosines, sines, -sines, cosines], axis=1).reshape(-1, 2, 2)
    return np.asarray(corners @ turns)
