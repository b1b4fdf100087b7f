"""Load: `python -m ocr_doc.server.load http://127.0.0.1:8000 page.png` says what a service on this machine can take.

For each number of clients: requests a second, the spread of their times, how many were put off (503), and whether every
answer said the same; and the memory of the service where Prometheus' numbers tell it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True)
class Measured:
    """What one number of clients saw.

    Attributes:
        clients: How many sent at once.
        seconds: From the first request to the last answer.
        times: Seconds of each request that was answered, sorted.
        put_off: Answers of 503; each was tried again.
        failed: Statuses of answers that were neither.
        texts: How often each answer came, by its hash; one where all said the same.
        memory: The service's megabytes afterwards; 0 where unknown.
    """

    clients: int
    seconds: float
    times: list[float]
    put_off: int
    failed: Counter[int]
    texts: Counter[str]
    memory: float

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        """The time below which that share of requests was answered."""
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))] if self.times else 0.0


class _Run:
    """Requests that some clients share."""

    def __init__(self, address: str, path: str, field: str, file: Path, requests: int) -> None:
        self._address, self._path, self._field, self._file = address, path, field, file
        self._left, self._lock = requests, threading.Lock()
        self._data = file.read_bytes()
        self.times: list[float] = []
        self.put_off = 0
        self.failed: Counter[int] = Counter()
        self.texts: Counter[str] = Counter()

    def client(self) -> None:
        """Sends until none is left."""
        with httpx.Client(base_url=self._address, timeout=600, trust_env=False) as http:
            while self._take():
                self._send(http)

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _send(self, http: httpx.Client) -> None:
        while True:
            start = time.perf_counter()
            answer = http.post(self._path, files={self._field: (self._file.name, self._data)})
            seconds = time.perf_counter() - start
            with self._lock:
                if answer.status_code == 503:
                    self.put_off += 1
                elif answer.is_success:
                    self.times.append(seconds)
                    said = re.sub(rb'"request_id":"[^"]*"', b"", answer.content)
                    self.texts[hashlib.sha256(said).hexdigest()[:12]] += 1
                    return
                else:
                    self.failed[answer.status_code] += 1
                    return
            time.sleep(float(answer.headers.get("retry-after", 1)))


def measure(address: str, file: Path, clients: int, requests: int, words: bool) -> Measured:
    """Sends a file again and again.

    Args:
        address: Of the service.
        file: What to send.
        clients: How many send at once.
        requests: How many requests in all.
        words: Whether the file is the image of one word (/predict), else a document as text.
    """
    path, field = ("/predict", "file") if words else ("/api/ocr?format=text", "files")
    run = _Run(address, path, field, file, requests)
    threads = [threading.Thread(target=run.client) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return Measured(clients, seconds, sorted(run.times), run.put_off, run.failed, run.texts, _memory(address))


def _memory(address: str) -> float:
    found = re.search(r"^process_resident_memory_bytes (\S+)", httpx.get(f"{address}/metrics").text, re.MULTILINE)
    return float(found[1]) / 1e6 if found else 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints a table; 1 if a request failed or answers differed."""
    parser = argparse.ArgumentParser(prog="python -m ocr_doc.server.load", description=__doc__)
    parser.add_argument("address")
    parser.add_argument("file", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64], metavar="N")
    parser.add_argument("--requests", type=int, default=100, metavar="N", help="for each number of clients (100)")
    parser.add_argument("--words", action="store_true", help="the file is the image of one word")
    arguments = parser.parse_args(argv)
    address = arguments.address.rstrip("/")
    measure(address, arguments.file, 1, 2, arguments.words)  # the first ones pay for what is loaded late
    write = sys.stdout.write
    write("| clients | a second | p50 s | p95 s | put off | failed | different answers | memory MB |\n")
    write("|---|---|---|---|---|---|---|---|\n")
    wrong = False
    for clients in arguments.clients:
        got = measure(address, arguments.file, clients, arguments.requests, arguments.words)
        spread = f"{got.quantile(0.5):.2f} | {got.quantile(0.95):.2f}"
        failed = sum(got.failed.values())
        numbers = f"{got.put_off} | {failed} | {len(got.texts)} | {got.memory:.0f}"
        write(f"| {clients} | {got.rate:.2f} | {spread} | {numbers} |\n")
        sys.stdout.flush()
        wrong = wrong or bool(failed) or len(got.texts) != 1
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
