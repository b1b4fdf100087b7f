"""Jobs: many documents read in the background, with news page by page and results kept for a while on disk."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocr_doc.server.answers import ErrorDetail, JobAnswer, JobFile, JobState
from ocr_doc.server.faults import Refusal, busy

# Sent where there is no news, so that nobody on the way takes the line for dead.
KEEP_ALIVE_SECONDS = 15.0


@dataclass(eq=False)
class Job:
    """Documents that are read in the background. Touched by the event loop's thread only.

    Attributes:
        id: Hard to guess, since it opens the results.
        folder: Where uploads, results and pictures lie.
        files: What became of each document.
        changes: Options, as `OCRPipeline` takes them.
        images: Whether pictures of the pages are kept.
    """

    folder: Path
    files: list[JobFile]
    changes: Mapping[str, object]
    images: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: JobState = "waiting"
    news: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    ended: float | None = None
    task: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, request_id: str = "") -> JobAnswer:
        """The job as clients see it."""
        return JobAnswer(
            job_id=self.id,
            state=self.state,
            files=self.files,
            pages=sum(file.pages or 0 for file in self.files),
            pages_done=sum(file.pages_done for file in self.files),
            request_id=request_id,
        )

    def page_done(self, index: int, pages: int) -> None:
        """Notes that one more page of a document is read."""
        file = self.files[index]
        file.pages, file.pages_done = pages, file.pages_done + 1
        self.tell("page", {"file": index, "page": file.pages_done, "pages": pages})

    def file_done(self, index: int, error: Refusal | None = None) -> None:
        """Notes that a document is read, or cannot be."""
        file = self.files[index]
        file.state = "done" if error is None else "failed"
        if error is not None:
            file.error = ErrorDetail(code=error.code, message=error.message, remedy=error.remedy)
        self.tell("file", {"file": index, "state": file.state, "error": file.error and file.error.model_dump()})

    def end(self, state: JobState) -> None:
        """Notes that nothing more happens."""
        self.state, self.ended = state, time.monotonic()
        self.tell("end", {"state": state})

    def tell(self, kind: str, data: dict[str, object]) -> None:
        """Adds news and wakes those who listen."""
        self.news.append((kind, data))
        self._changed.set()
        self._changed = asyncio.Event()

    async def listen(self, after: int) -> AsyncIterator[tuple[int, str, dict[str, object]] | None]:
        """The news after the first so many, as they come; None where there was none for a while."""
        for number in itertools.count(after):
            while number >= len(self.news):
                if self.ended is not None:
                    return
                changed = self._changed
                try:
                    await asyncio.wait_for(changed.wait(), KEEP_ALIVE_SECONDS)
                except asyncio.TimeoutError:
                    yield None
            yield number + 1, *self.news[number]


class JobStore:
    """All jobs. The oldest that are done make room.

    Args:
        folder: Where their folders lie.
        limit: Most jobs.
        seconds: How long results are kept.
    """

    def __init__(self, folder: Path, limit: int, seconds: float) -> None:
        self._folder, self._limit, self._seconds = folder, limit, seconds
        self._jobs: dict[str, Job] = {}

    @property
    def running(self) -> int:
        """Jobs that are not done."""
        return sum(job.ended is None for job in list(self._jobs.values()))

    def make_room(self) -> None:
        """Removes what is too old, and the oldest job that is done where there is no room for one more.

        Raises:
            Refusal: If all jobs are still running.
        """
        ended = sorted((job.ended, job.id) for job in self._jobs.values() if job.ended is not None)
        for at, key in ended:
            if time.monotonic() - at > self._seconds or len(self._jobs) >= self._limit:
                self.remove(key)
        if len(self._jobs) >= self._limit:
            raise busy(30)

    def new(self, names: list[str], changes: Mapping[str, object], images: bool) -> Job:
        """A new job with its folder. Raises as `make_room`."""
        self.make_room()
        files = [JobFile(filename=name, state="waiting", pages=None, pages_done=0) for name in names]
        job = Job(self._folder, files, changes, images)
        job.folder = self._folder / job.id
        job.folder.mkdir(parents=True)
        self._jobs[job.id] = job
        return job

    def get(self, key: str) -> Job:
        """The job of that id.

        Raises:
            Refusal: If there is none.
        """
        job = self._jobs.get(key)
        if job is None or (job.ended is not None and time.monotonic() - job.ended > self._seconds):
            raise Refusal(404, "no_job", "There is no such job, or it is gone.", "Jobs are kept for a while only.")
        return job

    def remove(self, key: str) -> None:
        """Ends a job and removes all that it left."""
        job = self._jobs.pop(key, None)
        if job is None:
            return
        if job.task is not None:
            job.task.cancel()
        if job.ended is None:
            job.end("cancelled")
        shutil.rmtree(job.folder, ignore_errors=True)
