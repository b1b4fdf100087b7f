"""Who is at work with the networks at this moment."""

from __future__ import annotations

import threading
from types import TracebackType


class Occupancy:
    """Counts those who are at work, each in a `with` block of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    @property
    def crowded(self) -> bool:
        """Whether more than one is at work."""
        return self._count > 1

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._count -= 1
