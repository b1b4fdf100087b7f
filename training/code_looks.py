"""Industrial looks: what a code is made of, and how light falls on it.

Each look turns ink, a mask in [0, 1], into grey levels in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ocr_doc.training.code_glyphs import CAP, Mask

Look = Callable[[np.random.Generator, Mask], Mask]


def noise(rng: np.random.Generator, shape: tuple[int, ...], cell: float, along: float = 1.0) -> Mask:
    """Noise in [0, 1] with grains of `cell` pixels, `along` times as long as high."""
    size = max(2, int(shape[0] / cell) + 1), max(2, int(shape[1] / (cell * along)) + 1)
    small = rng.random(size, dtype=np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def ground(rng: np.random.Generator, shape: tuple[int, ...], level: float, depth: float = 0.3) -> Mask:
    """A surface: even, grainy, brushed, with a gradient, stripes or patches of another shade."""
    surface = np.full(shape, level, dtype=np.float32)
    if rng.random() < 0.6:
        surface += (noise(rng, shape, rng.uniform(1, 30), rng.choice([1.0, 1.0, 4.0, 20.0])) - 0.5) * rng.uniform(
            0, depth
        )
    if rng.random() < 0.3:
        surface += (noise(rng, shape, 1.0, rng.choice([1.0, 30.0])) - 0.5) * rng.uniform(0, depth)
    if rng.random() < 0.1:  # rough: cast iron, stone, old wood; the grain is as deep as ink is dark
        rough = noise(rng, shape, rng.uniform(2, 9), rng.choice([1.0, 1.0, 1.0, 6.0]))
        surface += (rough - 0.5) * rng.uniform(depth, depth * 2.2)
    if rng.random() < 0.35:
        slope = np.add.outer(np.linspace(-1, 1, shape[0]) * rng.normal(), np.linspace(-1, 1, shape[1]) * rng.normal())
        surface += (slope * rng.uniform(0, depth * 0.6)).astype(np.float32)
    if rng.random() < 0.12:  # a picture on the plate, or something printed before
        x, y = rng.integers(0, shape[1]), rng.integers(0, shape[0])
        radius = int(rng.uniform(0.3, 1.5) * CAP)
        blob = cv2.circle(np.zeros(shape, np.float32), (int(x), int(y)), radius, 1.0, -1)
        surface += cv2.GaussianBlur(blob, (0, 0), rng.uniform(0.5, 6)) * rng.uniform(-depth, depth)
    return surface


def _two_levels(rng: np.random.Generator, least: float = 0.16) -> tuple[float, float]:
    """Paper and ink: mostly dark on light, often faint."""
    while True:
        paper, ink = sorted(rng.random(2), reverse=True)
        if paper - ink > least:
            return (float(paper), float(ink)) if rng.random() < 0.62 else (float(ink), float(paper))


def flat(rng: np.random.Generator, mask: Mask) -> Mask:
    """Print, paint or a label."""
    paper, ink = _two_levels(rng)
    back, front = ground(rng, mask.shape, paper, 0.25), ground(rng, mask.shape, ink, 0.15)
    if rng.random() < 0.2:
        mask = mask * np.clip(noise(rng, mask.shape, rng.uniform(1.5, 12)) * rng.uniform(1.2, 3.5), 0.1, 1)
    if rng.random() < 0.12:
        edge = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        back = back + (float(rng.random()) - back) * edge  # a contour or shadow
    return np.asarray(back * (1 - mask) + front * mask, dtype=np.float32)


def relief(rng: np.random.Generator, mask: Mask) -> Mask:
    """Engraved or embossed: no ink, only edges that catch the light or lie in shadow."""
    surface = ground(rng, mask.shape, float(rng.uniform(0.3, 0.75)), 0.25)
    height = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.8, 2.6)))
    angle = rng.uniform(0, 2 * np.pi)
    dy, dx = np.gradient(height)
    shade = (dx * np.cos(angle) + dy * np.sin(angle)) * rng.uniform(1.2, 3.4)
    fill = rng.normal(0, 0.14) if rng.random() < 0.7 else 0.0
    gloss = np.abs(shade) * rng.uniform(0, 0.4)
    return np.asarray(surface + shade + fill * height + gloss, dtype=np.float32)


def painted_relief(rng: np.random.Generator, mask: Mask) -> Mask:
    """Embossed and painted, as number plates are: ink with a lit and a shadowed edge."""
    paper, ink = _two_levels(rng, 0.2)
    back = ground(rng, mask.shape, paper, 0.3)
    height = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.8, 2.0)))
    angle = rng.uniform(0, 2 * np.pi)
    dy, dx = np.gradient(height)
    shade = (dx * np.cos(angle) + dy * np.sin(angle)) * rng.uniform(0.2, 1.2)
    return np.asarray(back + (ink - back) * mask + shade, dtype=np.float32)


def stencilled(rng: np.random.Generator, mask: Mask) -> Mask:
    """Sprayed through a stencil: bridges in the letters, soft edges, spatter."""
    h, w = mask.shape
    cut = mask.copy()
    thick = max(2, round(CAP * rng.uniform(0.05, 0.1)))
    if rng.random() < 0.5:
        y = int(h / 2 + rng.normal(0, 0.08) * CAP)
        cut[y : y + thick] = 0
    else:
        pitch = CAP * rng.uniform(0.5, 0.9)
        for x in np.arange(rng.uniform(0, pitch), w, pitch):
            cut[:, int(x) : int(x) + thick] = 0
    cut = np.asarray(cv2.GaussianBlur(cut, (0, 0), float(rng.uniform(0.6, 2.0))))
    cut = np.maximum(cut, (rng.random(mask.shape) > 0.996).astype(np.float32) * (cv2.blur(mask, (15, 15)) > 0.05))
    return flat(rng, np.asarray(cut, dtype=np.float32))


def pinned(rng: np.random.Generator, mask: Mask) -> Mask:
    """Dimples, one bright and one dark side each; for dotted ink above all, yet strokes are scribed the same way."""
    surface = ground(rng, mask.shape, float(rng.uniform(0.25, 0.7)), 0.3)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 1.4)))
    shift = max(1, round(CAP * 0.03))
    angle = rng.uniform(0, 2 * np.pi)
    step = (round(shift * np.sin(angle)), round(shift * np.cos(angle)))
    bright, dark = np.roll(soft, step, (0, 1)), np.roll(soft, (-step[0], -step[1]), (0, 1))
    return np.asarray(
        surface + bright * rng.uniform(0.1, 0.6) - dark * rng.uniform(0.1, 0.6) - soft * rng.uniform(0, 0.2),
        dtype=np.float32,
    )


def lit(rng: np.random.Generator, mask: Mask) -> Mask:
    """A display: bars or dots that glow, or dark ones on a lit panel."""
    glow = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1.0, 6.0))) * rng.uniform(0, 0.5)
    back = ground(rng, mask.shape, float(rng.uniform(0, 0.3)), 0.1)
    picture = back + mask * rng.uniform(0.3, 0.9) + glow
    return np.asarray(picture if rng.random() < 0.6 else 1 - picture, dtype=np.float32)


def hollow(rng: np.random.Generator, mask: Mask) -> Mask:
    """Outlined letters."""
    thick = int(rng.integers(2, 4))
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=thick - 1)
    return flat(rng, np.asarray(np.clip(mask - inner, 0, 1), dtype=np.float32))


LOOKS: tuple[tuple[Look, float], ...] = (
    (flat, 0.36), (painted_relief, 0.14), (relief, 0.16), (stencilled, 0.07), (pinned, 0.11), (lit, 0.12),
    (hollow, 0.04),
)  # fmt: skip


# Share of codes whose paint came off in places.
_WEATHERED = 0.22


def dressed(rng: np.random.Generator, mask: Mask) -> Mask:
    """The ink in one of the looks, drawn by weight, with what the years add to it."""
    weights = np.array([weight for _, weight in LOOKS])
    look = LOOKS[int(rng.choice(len(LOOKS), p=weights / weights.sum()))][0]
    mask = _worn(rng, mask)
    if rng.random() >= _WEATHERED:
        return _marked(rng, look(rng, mask))
    picture = look(rng, _peeled(rng, mask))
    if rng.random() < 0.5:  # what took the paint has roughened the ground as well
        grain = noise(rng, mask.shape, rng.uniform(2, 9), rng.choice([1.0, 1.0, 1.0, 3.0])) - 0.5
        picture = picture + grain * rng.uniform(0.1, 0.5)
    return _marked(rng, picture)


def _peeled(rng: np.random.Generator, mask: Mask) -> Mask:
    """Paint that came off in chips or wore away in spots: strokes are broken, what is left of them is whole."""
    left = np.ones_like(mask)
    size = rng.uniform(0.7, 1.6)
    for _ in range(int(mask.size / CAP**2 * rng.uniform(1, 18) / size**2)):
        middle = (int(rng.integers(mask.shape[1])), int(rng.integers(mask.shape[0])))
        axes = (max(1, round(rng.uniform(1, 6) * size)), max(1, round(rng.uniform(1, 4) * size)))
        cv2.ellipse(left, middle, axes, float(rng.uniform(0, 180)), 0, 360, 0.0, -1, cv2.LINE_AA)
    if rng.random() < 0.6:
        left = np.asarray(cv2.GaussianBlur(left, (0, 0), float(rng.uniform(0.7, 3.0))), dtype=np.float32)
    return np.asarray(mask * left, dtype=np.float32)


def _worn(rng: np.random.Generator, mask: Mask) -> Mask:
    draw = rng.random()
    kernel = np.ones((2, 2), np.uint8)
    if draw < 0.2:
        return np.asarray(cv2.dilate(mask, kernel, iterations=int(rng.integers(1, 6))), dtype=np.float32)
    if draw < 0.28:
        return np.asarray(cv2.erode(mask, kernel), dtype=np.float32)
    if draw < 0.45:
        # Uneven edges, as of a bad print or a threshold set too low.
        rough = cv2.GaussianBlur(mask, (0, 0), 1.5) + (noise(rng, mask.shape, rng.uniform(1.5, 5)) - 0.5) * 0.5
        return np.asarray(np.clip((rough - rng.uniform(0.3, 0.6)) * 6 + 0.5, 0, 1), dtype=np.float32)
    return mask


def _marked(rng: np.random.Generator, picture: Mask) -> Mask:
    """Scratches, rules, glare, bands of light and specks over it."""
    h, w = picture.shape
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 6))):
            (x0, x1), (y0, y1) = rng.integers(0, w, 2), rng.integers(0, h, 2)
            shade = float(rng.random())
            cv2.line(picture, (int(x0), int(y0)), (int(x1), int(y1)), shade, int(rng.integers(1, 3)), cv2.LINE_AA)
    if rng.random() < 0.12:  # a frame or rule close by
        y = int(rng.choice([rng.uniform(0, 0.2), rng.uniform(0.82, 1.0)]) * h)
        cv2.line(picture, (0, y), (w, y), float(rng.random()), int(rng.integers(1, 5)))
    if rng.random() < 0.08:
        glare = cv2.circle(np.zeros_like(picture), (int(rng.integers(w)), int(rng.integers(h))), CAP // 2, 1.0, -1)
        picture = picture + cv2.GaussianBlur(glare, (0, 0), CAP / 3) * rng.uniform(0.2, 0.8)
    if rng.random() < 0.08:  # a lamp or a window in something shiny: a band of light across
        x0, x1 = rng.uniform(-0.2, 1.2, 2) * w
        band = np.zeros_like(picture)
        cv2.line(band, (int(x0), -CAP), (int(x1), h + CAP), 1.0, int(rng.integers(2, CAP)), cv2.LINE_AA)
        picture = picture + cv2.GaussianBlur(band, (0, 0), float(rng.uniform(1, CAP / 4))) * rng.uniform(0.15, 0.7)
    if rng.random() < 0.08:
        picture = np.where(rng.random(picture.shape) > 0.99, rng.random(), picture).astype(np.float32)
    return np.asarray(picture, dtype=np.float32)
