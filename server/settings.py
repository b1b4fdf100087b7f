"""All settings of the service, once: the command line builds this object and everything else is handed it."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from ocr_doc.core.errors import UsageError
from ocr_doc.options import Device, EngineOptions
from ocr_doc.weights.engines import available_cores

MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service runs and what it refuses.

    Attributes:
        host, port: Where it listens.
        token: What clients must send as a bearer token; None for no token.
        origins: Origins of other web pages that may call it; none by default.
        device, threads, weights: See `ocr_doc.options.EngineOptions`.
        workers: Documents read at once; None for one more than the cores, so that one is laid out and written while
            the networks see others.
        queue: Documents that may wait beyond these; the next one is answered 503.
        batch_size: Most crops of all clients that the recogniser sees at once.
        batch_delay: Seconds that a crop waits for company while other requests are being read.
        upload_mb: Largest request body, in megabytes.
        held_mb: Most megabytes of all request bodies together, received or being received.
        max_megapixels: Largest page.
        max_pages: Most pages of one request.
        job_pages: Most pages of one job.
        seconds: Longest time to read one request, and each page of a job.
        wait_seconds: Longest time to wait for a turn.
        upload_seconds: Longest time to receive a request.
        stop_seconds: How long a stop waits for what is being read.
        jobs: Jobs that are kept, running or done.
        job_minutes: How long a job's results are kept.
        live: Live cameras at once.

    Raises:
        UsageError: If a value is out of its range.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    origins: tuple[str, ...] = ()
    device: Device = "auto"
    threads: int | None = None
    weights: str | os.PathLike[str] | None = None
    workers: int | None = None
    queue: int = 64
    batch_size: int = 64
    batch_delay: float = 0.002
    upload_mb: float = 50
    held_mb: float = 500
    max_megapixels: float = 50
    max_pages: int = 100
    job_pages: int = 2000
    seconds: float = 120
    wait_seconds: float = 60
    upload_seconds: float = 60
    stop_seconds: float = 30
    jobs: int = 100
    job_minutes: float = 60
    live: int = 4

    def __post_init__(self) -> None:
        _ = self.engine  # its own checks
        # No waiting room is a choice; a limit that lets nothing through is a mistake.
        zero_is_fine = {"port", "queue", "live", "batch_delay"}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and (value < 0 or (value == 0 and field.name not in zero_is_fine)):
                raise UsageError(f"{field.name} is {value}.", "Give a number above 0.")
        if self.token is not None and not self.token.strip():
            raise UsageError("The token is empty.", "Give a long random one, or none at all.")

    @property
    def engine(self) -> EngineOptions:
        """What runs the networks."""
        return EngineOptions(self.device, self.threads, self.weights)

    @property
    def worker_count(self) -> int:
        """Documents read at once."""
        return self.workers or available_cores() + 1

    @property
    def max_pixels(self) -> int:
        """Pixels of the largest page."""
        return max(1, round(self.max_megapixels * MEGA))

    @property
    def upload_bytes(self) -> int:
        """Bytes of the largest request body."""
        return round(self.upload_mb * MEGA)

    @property
    def held_bytes(self) -> int:
        """Bytes of all request bodies together."""
        return round(self.held_mb * MEGA)
