"""Work in turn: a bounded number of requests is read or waits, each with a time limit, and none on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ocr_doc.server.faults import busy, stopping, too_slow

Result = TypeVar("Result")
# How often a waiting request looks whether its client is still there.
LOOK_SECONDS = 0.25
GRACE_SECONDS = 1.0


class Gone(Exception):  # noqa: N818
    """Nobody waits for the answer any more."""


class Ticket:
    """Leave to work on one request: says whether somebody still waits, and how long it may take.

    Args:
        seconds: How long the work may take once it has begun.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline = float("inf")
        self._gone = threading.Event()

    @property
    def begun(self) -> bool:
        """Whether the clock runs."""
        return self.deadline < float("inf")

    def begin(self) -> None:
        """Starts the clock; called anew for each page of a job."""
        self.deadline = time.monotonic() + self.seconds

    def drop(self) -> None:
        """Says that nobody waits any more."""
        self._gone.set()

    def check(self) -> None:
        """Looks whether to go on; to be called between the parts of the work.

        Raises:
            Gone: If nobody waits for it.
            Refusal: If it takes too long.
        """
        if self._gone.is_set():
            raise Gone
        if time.monotonic() > self.deadline:
            raise too_slow(self.seconds)


class Desk:
    """Takes work, as much as fits, and has it done by threads.

    Args:
        workers: Pieces of work that are done at once.
        queue: Pieces that may wait beyond these.
        wait_seconds: Longest wait.
    """

    def __init__(self, workers: int, queue: int, wait_seconds: float, name: str = "reading") -> None:
        self.workers, self.queue = workers, queue
        self._wait_seconds = wait_seconds
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._taken = 0
        self._closed = False
        self._mean = 1.0  # seconds of a piece of work, the last ones counting most
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def taken(self) -> int:
        """Pieces that are done or wait."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Pieces that wait."""
        return max(0, self._taken - self.workers)

    def check_room(self) -> None:
        """Looks whether one more piece would be taken.

        Raises:
            Refusal: If not: 503 with the time after which there should be room.
        """
        if self._closed:
            raise stopping()
        if self._taken >= self.workers + self.queue:
            raise busy(self._mean * (self.waiting + 1) / self.workers)

    async def do(
        self,
        work: Callable[[Ticket], Result],
        seconds: float,
        gone: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Has a piece of work done by a thread.

        Args:
            work: What to do; it calls `Ticket.check` now and then.
            seconds: How long it may take.
            gone: Whether the client has left; asked while the work waits or is done.

        Raises:
            Refusal: If there is no room, no turn came in time, or the work took too long.
            Gone: If the client has left; the work is dropped.
            Exception: Whatever the work raises.
        """
        self.check_room()
        ticket = Ticket(seconds)

        def piece() -> Result:
            ticket.begin()
            ticket.check()
            start = time.monotonic()
            try:
                return work(ticket)
            finally:
                self._mean += 0.1 * (time.monotonic() - start - self._mean)

        loop = asyncio.get_running_loop()
        self._taken += 1
        self._idle.clear()
        piece_done = self._threads.submit(piece)
        # Counted by the thread's end and not by ours: who leaves early does not make room before the thread does.
        piece_done.add_done_callback(lambda _: _call_soon(loop, self._done))
        future = asyncio.wrap_future(piece_done)
        try:
            return await self._watch(future, ticket, gone)
        finally:
            if not future.done():
                ticket.drop()
                future.cancel()

    async def close(self, seconds: float) -> None:
        """Takes no more, waits for what there is, and frees the threads."""
        self._closed = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _watch(
        self, future: asyncio.Future[Result], ticket: Ticket, gone: Callable[[], Awaitable[bool]]
    ) -> Result:
        latest = time.monotonic() + self._wait_seconds
        while True:
            done, _ = await asyncio.wait({future}, timeout=LOOK_SECONDS)
            if done:
                return future.result()
            now = time.monotonic()
            if not ticket.begun and now > latest:
                raise busy(self._mean * (self.waiting + 1) / self.workers)
            # The work itself looks at its clock; this is for work that is stuck where it cannot.
            if now > ticket.deadline + GRACE_SECONDS:
                raise too_slow(ticket.seconds)
            if await gone():
                raise Gone

    def _done(self) -> None:
        self._taken -= 1
        if not self._taken:
            self._idle.set()


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has closed before the last thread ended
        loop.call_soon_threadsafe(call)
