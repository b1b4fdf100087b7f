"""Printed rules: the straight lines of tables and forms, found in the page's pixels.

A rule is thin: what stands a little over and a little under it is lighter than the rule itself. That holds for a grey
hairline as for a black one, on white and on tinted paper, and for hardly anything within letters over a length of
several letters. So no threshold for ink is needed; what is thin is kept where it goes on for long enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.layout.slope import Floats

Pixels = NDArray[np.uint8]

# Pixels are taken together until text is about so many pixels high; rules as thin as one pixel stay.
WORKING_HEIGHT = 12.0
MAX_STEP = 4
# How much darker than both sides a rule is, of 255, and how thick at most, in heights of text.
CONTRAST = 20
THICKNESS = 0.3
# A hairline with its blurred edges is at most so many of the pooled pixels thick.
HAIRLINE = 2
# The shortest piece of a rule, and the widest gap between two pieces, in heights of text.
PIECE = 1.4
GAP = 1.2
# The shortest rule, in heights of text: less is a dash, or the upright of a large letter.
SHORTEST = 1.8
# How many of the columns within a piece are looked at to tell which rows may hold one.
SAMPLES = 4
# Pieces whose places differ by less than this, in heights of text, are of one rule.
SAME_PLACE = 0.25
# On pages that lean by more than so many degrees, pieces would be too short: they are turned first.
LEVEL = 0.4
# More pieces than this are a pattern, such as a hatched ground or a photograph.
MAX_PIECES = 4000


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in the frame in which the page's text is level, in its pixels.

    Attributes:
        across: (H, 3): y, x0, x1 of each.
        down: (V, 3): x, y0, y1 of each.
    """

    across: Floats
    down: Floats


def find_rules(pixels: Pixels, angle: float, height: float) -> Rules:
    """The rules of a page, level and upright ones; none at all where none are level.

    Args:
        pixels: The page, (H, W, 3) uint8 RGB.
        angle: Degrees clockwise by which its text runs.
        height: The usual height of its text, in pixels.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    turn = round(angle / 90.0)
    lean = angle - 90.0 * turn
    level, back = _levelled(np.asarray(grey, dtype=np.uint8), turn, lean)
    step = int(np.clip(height / WORKING_HEIGHT, 1, MAX_STEP))
    across = _straight(level, height, step)
    # Without level rules there is no table, and most pages have none.
    down = _straight(np.asarray(cv2.transpose(level), dtype=np.uint8), height, step) if len(across) else across
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    to_frame = np.array([[cos, sin], [-sin, cos]])
    return Rules(_placed(across, back, to_frame, level=True), _placed(down, back, to_frame, level=False))


def _levelled(grey: Pixels, turn: int, lean: float) -> tuple[Pixels, Floats]:
    """The page turned so that its text is about level, and the matrix (2, 3) from there to pixels of the page."""
    height, width = grey.shape
    quarters = turn % 4
    back = np.array(
        {
            0: ((1, 0, 0), (0, 1, 0)),
            1: ((0, -1, width), (1, 0, 0)),
            2: ((-1, 0, width), (0, -1, height)),
            3: ((0, 1, 0), (-1, 0, height)),
        }[quarters],
        dtype=np.float64,
    )
    grey = np.ascontiguousarray(np.rot90(grey, quarters))
    if abs(lean) <= LEVEL:
        return grey, back
    height, width = grey.shape
    cos, sin = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    size = int(width * cos + height * abs(sin)), int(width * abs(sin) + height * cos)
    turned = np.array([[cos, -sin], [sin, cos]])
    shift = np.array([width, height]) / 2 - turned @ (np.array(size) / 2)
    inner = np.hstack([turned, shift[:, None]])
    level = cv2.warpAffine(
        grey, inner, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(level, dtype=np.uint8), np.hstack(
        [back[:, :2] @ turned, back[:, :2] @ shift[:, None] + back[:, 2:]]
    )


def _straight(grey: Pixels, height: float, step: int) -> Floats:
    """Level rules of a page: (N, 3) y, x0, x1 in its pixels."""
    if min(grey.shape) < MAX_STEP * step:
        return np.zeros((0, 3))
    small = _pooled(grey, step)
    far = max(round(THICKNESS * height / step), 2)
    if min(small.shape) <= 2 * far:
        return np.zeros((0, 3))
    piece = max(round(PIECE * height / step), 3)
    likely = _likely(small, far, piece)
    if not len(likely):
        return np.zeros((0, 3))
    long = cv2.morphologyEx(
        _thin(lambda off: small[likely + far + off], far), cv2.MORPH_OPEN, np.ones((1, piece), np.uint8), borderValue=0
    )
    boxes, middles = _pieces(np.asarray(long, dtype=np.uint8), likely, small.shape[0] - 2 * far)
    if not 0 < len(boxes) < MAX_PIECES:
        return np.zeros((0, 3))
    flat = boxes[:, 3] <= 2 * THICKNESS * height / step + 0.02 * boxes[:, 2]
    pieces = np.stack([middles + far + 0.5, boxes[:, 0], boxes[:, 0] + boxes[:, 2]], axis=1)[flat] * step
    rules = _joined(pieces, height)
    return rules[rules[:, 2] - rules[:, 1] >= SHORTEST * height]


def _likely(small: Pixels, far: int, piece: int) -> NDArray[np.int64]:
    """The rows, `far` from the upper edge on, that may hold a piece of a rule: a few of most pages' thousands.

    A piece covers several of the columns that are looked at one after the other, so they tell which rows hold none.
    """
    apart = max(piece // SAMPLES, 1)
    some = np.ascontiguousarray(small[:, ::apart])
    thin = _thin(lambda off: some[far + off : len(some) - far + off], far)
    following = min(piece // apart, thin.shape[1])
    run = thin[:, : thin.shape[1] - following + 1]
    for off in range(1, following):
        run = run & thin[:, off : thin.shape[1] - following + 1 + off]
    return np.flatnonzero(run.max(axis=1))


def _thin(rows: Callable[[int], Pixels], far: int) -> Pixels:
    """Where a page is darker than what is above and below it: 255, else 0.

    Args:
        rows: Gives some rows of the page, or those that are so many below each of them.
        far: How far to look, in rows.
    """
    # A hairline is told from what is close to it, as text may stand near; a thick rule takes more distance.
    near, distant = (cv2.min(rows(-off), rows(off)) for off in (min(HAIRLINE, far), far))
    darker = cv2.subtract(cv2.max(near, distant), rows(0))
    return np.asarray(cv2.threshold(darker, CONTRAST - 1, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


def _pieces(long: Pixels, rows: NDArray[np.int64], height: int) -> tuple[Floats, Floats]:
    """Connected pieces: boxes (N, 4) x, y, width, height and the mean row (N,) of each.

    Rows without any are left out but for one between each two, since most are; labelling takes as long as the picture
    is high.

    Args:
        long: Some rows of a picture; all others are empty.
        rows: Which these are, from the top down.
        height: How many there are.
    """
    some = long.max(axis=1) > 0
    if not some.any():
        return np.zeros((0, 4)), np.zeros(0)
    inked = np.zeros(height, dtype=bool)
    inked[rows[some]] = True
    kept = np.flatnonzero(inked | np.roll(inked, 1))
    picture = np.zeros((len(kept), long.shape[1]), dtype=np.uint8)
    picture[inked[kept]] = long[some]
    # A rule that leans a little steps from row to row; its parts touch at corners.
    _, _, stats, middles = cv2.connectedComponentsWithStats(picture, connectivity=8)
    boxes = stats[1:, :4].astype(np.float64)
    moved = kept[stats[1:, cv2.CC_STAT_TOP]] - boxes[:, 1]
    boxes[:, 1] += moved
    return boxes, middles[1:, 1] + moved


def _pooled(grey: Pixels, step: int) -> Pixels:
    """Every `step` pixels as one: the darkest of those below one another, the lightest of those side by side.

    So a level hairline stays as dark as it is, and letters that stand close do not run together.
    """
    if step == 1:
        return grey
    height, width = grey.shape[0] // step * step, grey.shape[1] // step * step
    dark = grey[0:height:step]
    for row in range(1, step):
        dark = np.minimum(dark, grey[row:height:step])
    light = np.ascontiguousarray(dark[:, 0:width:step])
    for column in range(1, step):
        light = np.maximum(light, dark[:, column:width:step])
    return light


def _joined(pieces: Floats, height: float) -> Floats:
    """Pieces that lie in one line, as one rule each: letters that touch a rule, and worn print, part it."""
    rules: list[list[float]] = []
    open_rules: list[list[float]] = []
    for y, x0, x1 in pieces[np.argsort(pieces[:, 1], kind="stable")].tolist():
        open_rules = [rule for rule in open_rules if x0 - rule[2] <= GAP * height]
        near = [rule for rule in open_rules if abs(rule[3] - y) <= SAME_PLACE * height]
        if near:
            rule = min(near, key=lambda each: abs(each[3] - y))
            length, more = rule[2] - rule[1], x1 - x0
            rule[0] = (rule[0] * length + y * more) / max(length + more, 1e-6)
            # A rule may bend: what follows it continues from where it ends.
            rule[2], rule[3] = max(rule[2], x1), y
        else:
            rule = [y, x0, x1, y]
            rules.append(rule)
            open_rules.append(rule)
    return np.array([rule[:3] for rule in rules]).reshape(-1, 3)


def _placed(rules: Floats, back: Floats, to_frame: Floats, *, level: bool) -> Floats:
    """Rules of the turned page, in the frame."""
    place, start, end = rules.T
    ends = [np.stack([at, place] if level else [place, at], axis=1) for at in (start, end)]
    one, other = ((points @ back[:, :2].T + back[:, 2]) @ to_frame.T for points in ends)
    along, beside = (0, 1) if level else (1, 0)
    places = (one[:, beside] + other[:, beside]) / 2
    low, high = np.minimum(one[:, along], other[:, along]), np.maximum(one[:, along], other[:, along])
    return np.stack([places, low, high], axis=1)
