"""One engine for many threads: calls of the same shape that wait at the same time run as one batch.

A page's words are spread over widths, and a client that sends single words sends one at a time; so the networks would
see small batches however many clients there are. Here whoever comes first runs, and takes along the calls that wait
with it. No call waits for company while it is alone.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_doc.weights.engines import Engine

Batch = NDArray[np.float32]
# As the recogniser's own: on the CPU larger ones gain nothing and take memory, so that whole pages never share a batch.
MAX_ELEMENTS = {"cpu": 2**18, "cuda": 2**24}


@dataclass(slots=True, eq=False)
class _Call:
    """One thread's call.

    Attributes:
        batch: What it brings.
        output: What it takes home, once done.
        fault: What it raises instead.
        taken: Whether it is part of a batch that runs.
        done: Whether that batch has run.
    """

    batch: Batch
    output: Batch | None = None
    fault: BaseException | None = None
    taken: bool = False
    done: bool = False


class BatchingEngine:
    """An `Engine` around another that runs few batches at a time, each made of as many waiting calls as fit.

    Args:
        engine: What runs the network.
        size: Most items (crops) in a joined batch.
        delay: Seconds that a call waits for company; only while another call was here in the last run's time.
        lanes: Batches that run at once: as many as there are cores whose threads do not help one another.
    """

    def __init__(self, engine: Engine, size: int = 64, delay: float = 0.0, lanes: int = 1) -> None:
        self.device, self.name = engine.device, engine.name
        self.runs = self.calls = 0
        self._engine, self._size, self._delay = engine, size, delay
        self._elements = MAX_ELEMENTS.get(engine.device, MAX_ELEMENTS["cpu"])
        self._turn = threading.Condition()
        self._waiting: list[_Call] = []
        self._lanes, self._running = lanes, 0
        self._company = False

    def __call__(self, batch: Batch) -> Batch:
        """See `Engine`. What a call gets back does not depend on what it was batched with, beyond rounding."""
        call = _Call(batch)
        with self._turn:
            self.calls += 1
            self._waiting.append(call)
            self._company = self._company or self._running > 0
            while not call.done and (call.taken or self._running >= self._lanes):
                self._turn.wait()
            leads = not call.done
            if leads:
                self._running += 1
                self._waiting.remove(call)
        if leads:
            self._lead(call)
        if call.fault is not None:
            raise call.fault
        assert call.output is not None
        return call.output

    @property
    def lanes(self) -> int:
        """How many batches a caller that has several best brings at once; see `ocr_doc.weights.engines.run_all`."""
        return min(self._lanes, getattr(self._engine, "lanes", 1))

    def close(self) -> None:
        """See `Engine`."""
        self._engine.close()

    def _lead(self, call: _Call) -> None:
        """Runs a call and those that it takes along, and gives the turn back."""
        group = [call]
        try:
            if self._delay and self._company and self._joins(call.batch, 1):
                time.sleep(self._delay)
            with self._turn:
                group = self._take(call)
                self._company = bool(self._waiting)
            self._run(group)
        except BaseException as fault:
            for each in group:
                each.fault = fault
        finally:
            with self._turn:
                self.runs += 1
                for each in group:
                    each.done = True
                self._running -= 1
                self._turn.notify_all()

    def _take(self, call: _Call) -> list[_Call]:
        """The calls of one shape that fit into a batch with this one, the longest waiting first."""
        group, count = [call], len(call.batch)
        for other in list(self._waiting):
            if other.batch.shape[1:] == call.batch.shape[1:] and self._joins(other.batch, count):
                group.append(other)
                other.taken = True
                count += len(other.batch)
                self._waiting.remove(other)
        return group

    def _joins(self, batch: Batch, count: int) -> bool:
        total = count + len(batch)
        return total <= self._size and total * int(np.prod(batch.shape[1:])) <= self._elements

    def _run(self, group: list[_Call]) -> None:
        try:
            outputs = self._engine(np.concatenate([each.batch for each in group]) if len(group) > 1 else group[0].batch)
        except Exception as fault:
            if len(group) == 1:
                group[0].fault = fault
            else:  # what is wrong with one call must not fail its neighbours
                for each in group:
                    self._run([each])
            return
        start = 0
        for each in group:
            # A copy: a slice would keep the output of all alive as long as the last of them.
            part = outputs[start : start + len(each.batch)]
            each.output = part.copy() if len(group) > 1 else part
            start += len(each.batch)
