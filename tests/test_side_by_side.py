"""Work on several items at once: order, how far ahead, faults, and what happens when nobody wants the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.side_by_side import Stopped, default_jobs, in_order


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 4))
def test_results_come_in_the_order_of_the_items(pauses: list[int], jobs: int) -> None:
    def work(item: tuple[int, int], check: Callable[[], None]) -> int:
        check()
        time.sleep(item[1] / 1000)
        return item[0]

    assert list(in_order(enumerate(pauses), work, jobs)) == list(range(len(pauses)))


def test_as_many_work_at_once_as_wished() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def work(item: int, check: Callable[[], None]) -> int:
        meeting.wait()  # passes only when three are here
        return item

    assert list(in_order(range(6), work, 3)) == list(range(6))


def test_one_job_is_done_in_the_callers_thread() -> None:
    threads = in_order(range(3), lambda item, check: threading.current_thread(), 1)
    assert set(threads) == {threading.current_thread()}


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_fault_comes_in_its_turn(jobs: int) -> None:
    def work(item: int, check: Callable[[], None]) -> int:
        return 12 // item

    results = in_order((3, 2, 0, 1), work, jobs)
    assert [next(results), next(results)] == [4, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_fault_of_the_items_comes_after_what_was_taken(jobs: int) -> None:
    def items() -> Iterator[int]:
        yield from (1, 2, 3)
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        for result in in_order(items(), lambda item, check: item, jobs):
            found.append(result)
    assert found == [1, 2, 3]


def test_work_that_nobody_wants_any_more_ends() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work(item: int, check: Callable[[], None]) -> int:
        try:
            while item:
                begun.set()
                check()
                time.sleep(0.005)
        except Stopped:
            stopped.set()
            raise
        return item

    results = in_order(range(4), work, 2)
    assert next(results) == 0
    assert begun.wait(10)
    results.close()  # type: ignore[attr-defined]
    assert stopped.is_set()


def test_jobs_suit_the_threads() -> None:
    assert [default_jobs(threads) for threads in (1, 2, 3, 16)] == [1, 3, 3, 3]
    assert default_jobs(None) >= 1
