"""Several pieces of work at once, their results in order.

Python's threads do: the networks and OpenCV let go of the interpreter's lock while they compute, which is most of a
page's time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ocr_doc.weights.engines import available_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

# More would wait for the interpreter's lock: a third of a page's time is Python's. One more than two threads, so that
# cores have work while a third page waits for that lock.
_JOBS = 3


class Stopped(Exception):  # noqa: N818 - no error: nobody is told
    """Whoever wanted the results has gone."""


def default_jobs(threads: int | None) -> int:
    """How many pages are best read at once on so many threads; None for as many as this process may use."""
    return 1 if (threads or available_cores()) == 1 else _JOBS


def in_order(items: Iterable[Item], work: Callable[[Item, Callable[[], None]], Result], jobs: int) -> Iterator[Result]:
    """Does work on items, up to `jobs` at once, and gives the results in the order of the items.

    Items are taken no further ahead than that, so memory is bounded, and by the caller's own thread.

    Args:
        items: What to work on.
        work: Called with an item and a function that it calls now and then, which raises `Stopped` once the results
            are not wanted any more.
        jobs: At least 1; with 1 all happens in the caller's thread.

    Raises:
        Exception: What `work` or `items` raises, when its turn in the order comes.
    """
    if jobs == 1:
        yield from (work(item, _go_on) for item in items)
        return
    gone = threading.Event()

    def check() -> None:
        if gone.is_set():
            raise Stopped

    remaining = iter(items)
    waiting: deque[Future[Result]] = deque()
    fault: Exception | None = None
    with ThreadPoolExecutor(jobs, "ocr-doc-job") as pool:
        try:
            while True:
                while fault is None and len(waiting) < jobs:
                    try:
                        waiting.append(pool.submit(work, next(remaining), check))
                    except StopIteration:
                        break
                    except Exception as error:  # those before it are finished first
                        fault = error
                if not waiting:
                    break
                yield waiting.popleft().result()
        finally:
            gone.set()
            pool.shutdown(wait=False, cancel_futures=True)
    if fault is not None:
        raise fault


def _go_on() -> None:
    """Nobody goes while the work is done in their own thread."""
