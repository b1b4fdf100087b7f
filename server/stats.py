"""What the service has done: numbers for people (/api/stats) and for Prometheus (/metrics)."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

# So many requests tell the percentiles.
RECENT = 1000
_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Stats:
    """Counts. Any thread may add to them.

    Args:
        gauges: Names of what changes up and down, with what it means and what tells it.
    """

    def __init__(self, gauges: Mapping[str, tuple[str, Callable[[], float]]]) -> None:
        self._lock = threading.Lock()
        self._started = time.time()
        self._gauges = gauges
        self._answers: Counter[str] = Counter()
        self._seconds: deque[float] = deque(maxlen=RECENT)
        self._pages = self._words = self._characters = 0
        self._total_seconds, self._read = 0.0, 0
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._answer_total = Total(
            "ocr_doc_requests", "Requests by route and status", ("route", "status"), registry=self.registry
        )
        self._page_total = Total("ocr_doc_pages", "Pages read", registry=self.registry)
        self._character_total = Total("ocr_doc_characters", "Characters read", registry=self.registry)
        self._duration = Histogram(
            "ocr_doc_read_seconds", "Seconds to read a request", buckets=_BUCKETS, registry=self.registry
        )
        for name, (meaning, tell) in gauges.items():
            Gauge(f"ocr_doc_{name}", meaning, registry=self.registry).set_function(tell)

    def answered(self, route: str, status: int) -> None:
        """Counts an answer."""
        with self._lock:
            self._answers[f"{status // 100}xx"] += 1
        self._answer_total.labels(route, str(status)).inc()

    def read(self, seconds: float, pages: int, words: Sequence[str]) -> None:
        """Counts what was read of one request, or of one document of a job."""
        characters = sum(map(len, words))
        with self._lock:
            self._seconds.append(seconds)
            self._total_seconds += seconds
            self._read += 1
            self._pages += pages
            self._words += len(words)
            self._characters += characters
        self._page_total.inc(pages)
        self._character_total.inc(characters)
        self._duration.observe(seconds)

    def summary(self) -> dict[str, object]:
        """The numbers of /api/stats; see `ocr_doc.server.answers.StatsAnswer`."""
        with self._lock:
            ordered = sorted(self._seconds)
            return {
                "uptime_seconds": round(time.time() - self._started, 1),
                "requests": sum(self._answers.values()),
                "answers": dict(self._answers),
                "documents": self._read,
                "pages": self._pages,
                "words": self._words,
                "characters": self._characters,
                "mean_ms": _ms(self._total_seconds / self._read if self._read else 0.0),
                "p50_ms": _ms(_quantile(ordered, 0.50)),
                "p95_ms": _ms(_quantile(ordered, 0.95)),
                **{name: int(tell()) for name, (_, tell) in self._gauges.items()},
            }

    def metrics(self) -> bytes:
        """The numbers in the text form of Prometheus."""
        return generate_latest(self.registry)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
