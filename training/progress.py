"""What a training tells while it runs: metrics as JSON lines, curves as PNG, a bar on a terminal."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

METRICS_FILE = "metrics.jsonl"
CURVES_FILE = "curves.png"


class MetricsLog:
    """A file of JSON lines, one for each report: `{"kind": "train", "step": 100, "loss": 0.1}`.

    Args:
        folder: Where the file is; made if need be.
        resume: Add to the file that is there; otherwise it is begun anew.
    """

    def __init__(self, folder: Path, resume: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / METRICS_FILE
        if not resume:
            self.path.write_text("", encoding="utf-8")

    def write(self, kind: str, step: int, **values: float) -> None:
        """Adds a line at once, so that a kill loses none."""
        line = {"kind": kind, "step": step, **{k: round(float(v), 6) for k, v in values.items()}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """All lines; one that a kill cut short is passed over."""
        lines = []
        for text in self.path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                continue
        return lines


def draw_curves(log: MetricsLog) -> Path:
    """Draws each metric of `log` over the steps into `curves.png` beside it.

    Returns:
        The picture's path.
    """
    # Matplotlib is slow to import and needed by training only.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    series: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for line in log.read():
        for name, value in line.items():
            if name not in ("kind", "step"):
                series[name][line["kind"]].append((line["step"], value))
    figure = Figure(figsize=(7, 2.4 * max(1, len(series))), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (name, kinds) in enumerate(sorted(series.items()), start=1):
        axes = figure.add_subplot(len(series), 1, place, title=name, xlabel="step")
        for kind, points in kinds.items():
            axes.plot(*zip(*points, strict=True), label=kind, marker="." if len(points) < 50 else None)
        axes.grid(alpha=0.3)
        axes.legend()
    path = log.path.with_name(CURVES_FILE)
    temporary = path.with_name(f".{CURVES_FILE}")
    figure.savefig(temporary, format="png", dpi=90)
    temporary.replace(path)
    return path


class TrainingBar:
    """A bar of 0 to 100 %, on a terminal's stderr only."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def show(self, share: float, **values: str) -> None:
        """Moves the bar to `share` in [0, 1] and shows values behind it."""
        self._bar.n = round(100.0 * share, 1)
        self._bar.set_postfix(values, refresh=True)


@contextmanager
def training_bar(description: str) -> Iterator[TrainingBar]:
    """A bar that is closed in the end; `disable=None` is tqdm's way to say: only on a terminal.

    It is drawn in ASCII, since other signs crash or clutter some terminals; lines of the log stand above it.
    """
    style = "{desc} {percentage:3.0f}%|{bar}| {elapsed} {postfix}"
    with tqdm(total=100.0, desc=description, bar_format=style, disable=None, ascii=True, dynamic_ncols=True) as bar:
        if bar.disable:
            yield TrainingBar(bar)
            return
        with logging_redirect_tqdm([logging.getLogger("ocr_doc")]):
            yield TrainingBar(bar)
