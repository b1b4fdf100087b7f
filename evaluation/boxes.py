"""Boxes: how much they share, which found box belongs to which true one, and rows for sets that have no order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.geometry import Box
from ocr_doc.evaluation.texts import Matches

# A found box is right where it shares this much of what both cover together: the limit of ICDAR's challenges.
IOU = 0.5


def intersections(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """Common areas, (len(a), len(b)), in square pixels."""
    one = np.asarray(a, dtype=np.float64).reshape(-1, 1, 4)
    two = np.asarray(b, dtype=np.float64).reshape(1, -1, 4)
    sides = np.minimum(one[..., 2:], two[..., 2:]) - np.maximum(one[..., :2], two[..., :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=-1))


def areas(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """Areas, (N,), in square pixels."""
    all_boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return np.asarray(np.clip(all_boxes[:, 2:] - all_boxes[:, :2], 0, None).prod(axis=1))


def ious(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """Intersection over union of each with each, (len(a), len(b)), in [0, 1]."""
    common = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None] - common
    return np.asarray(common / np.maximum(union, 1e-9))


def shares_of_smaller(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """Common area as a share of the smaller box, (len(a), len(b)), in [0, 1]: 1 where one lies within the other."""
    smaller = np.minimum(areas(a)[:, None], areas(b)[None])
    return np.asarray(intersections(a, b) / np.maximum(smaller, 1e-9))


def detection(truth: Sequence[Box], found: Sequence[Box]) -> Matches:
    """Found boxes against true ones: pairs of an IoU of 0.5 or more, each box in one at most, the best pairs first."""
    overlap = ious(truth, found)
    hits = 0
    first, second = np.nonzero(overlap >= IOU)
    used: tuple[set[int], set[int]] = (set(), set())
    for k in np.argsort(-overlap[first, second], kind="stable"):
        i, j = int(first[k]), int(second[k])
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            hits += 1
    return Matches(hits, len(found), len(truth))


def rows_of(boxes: Sequence[Box]) -> list[list[int]]:
    """Puts boxes into rows from top to bottom, each from left to right; numbers into `boxes`.

    Only for sets whose labels have no order of their own, and for engines that give lines as they find them. A box
    joins the row before it if their middles are nearer than half of the lower height. Deliberately plain: a truth must
    not depend on the layout analysis that it measures.
    """
    rows: list[tuple[float, float, list[int]]] = []
    for i in sorted(range(len(boxes)), key=lambda i: (boxes[i][1] + boxes[i][3]) / 2):
        middle, height = (boxes[i][1] + boxes[i][3]) / 2, boxes[i][3] - boxes[i][1]
        if rows and abs(rows[-1][0] - middle) < 0.5 * min(height, rows[-1][1]):
            _, low, members = rows.pop()
            members.append(i)
            middles = [(boxes[k][1] + boxes[k][3]) / 2 for k in members]
            rows.append((sum(middles) / len(middles), min(low, height), members))
        else:
            rows.append((middle, height, [i]))
    return [sorted(members, key=lambda i: boxes[i]) for _, _, members in rows]


def parts_of(box: Box, text: str) -> list[tuple[str, Box]]:
    """The words of a text with the parts of its box that they take by their share of the characters."""
    x0, y0, x1, y1 = box
    step = (x1 - x0) / max(len(text), 1)
    parts: list[tuple[str, Box]] = []
    place = 0
    for word in text.split():
        start = text.index(word, place)
        place = start + len(word)
        parts.append((word, (x0 + start * step, y0, x0 + place * step, y1)))
    return parts
