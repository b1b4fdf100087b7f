"""The routes of jobs: many documents read in the background."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Header, Request, Response
from fastapi import Path as PathPart
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse

from ocr_doc.core.errors import OcrDocError
from ocr_doc.core.formats import Format
from ocr_doc.export import document_from_json, find_format, render_json
from ocr_doc.server.answers import JobAnswer
from ocr_doc.server.decoding import Upload
from ocr_doc.server.faults import Refusal, refusal, too_many_pages
from ocr_doc.server.formats import choose_format, content_type
from ocr_doc.server.jobs import Job
from ocr_doc.server.pictures import page_picture
from ocr_doc.server.read_routes import ERRORS, FormatName, received, request_id_of, service_of
from ocr_doc.server.requests import JobForm, checked_name
from ocr_doc.server.service import Seen, Service
from ocr_doc.server.work import Gone, Ticket

_LOG = logging.getLogger(__name__)
router = APIRouter()
JobId = Annotated[str, PathPart(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Index = Annotated[int, PathPart(ge=0, lt=10_000)]
_EVENTS = {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Server-sent events"}


@router.post("/api/batch", status_code=202, response_model=JobAnswer, responses=ERRORS, operation_id="start_job")
async def start_job(
    request: Request, response: Response, form: Annotated[JobForm, Form(media_type="multipart/form-data")]
) -> JobAnswer:
    """Takes documents and reads them in the background.

    Each is opened before the answer comes: what cannot be opened is told there, and refused if it is all there is.
    """
    service = service_of(request)
    service.jobs.make_room()
    names = [checked_name(file.filename) for file in form.files]
    job = service.jobs.new(names, form.changes(), form.images)
    try:
        faults = []
        for index, file in enumerate(form.files):
            upload = await received(file)
            fault = await _look_into(request, service, job, index, upload)
            faults += [] if fault is None else [fault]
        if len(faults) == len(names):
            raise faults[0]
        pages = sum(file.pages or 0 for file in job.files)
        if pages > service.settings.job_pages:
            raise too_many_pages("the job", pages, service.settings.job_pages)
    except BaseException:
        service.jobs.remove(job.id)
        raise
    job.task = asyncio.create_task(_run(service, job))
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job.answer(request_id_of(request))


@router.get("/api/jobs/{job_id}", response_model=JobAnswer, responses=ERRORS, operation_id="job")
async def job(request: Request, job_id: JobId) -> JobAnswer:
    """Tells how far a job is."""
    return service_of(request).jobs.get(job_id).answer(request_id_of(request))


@router.delete("/api/jobs/{job_id}", status_code=204, responses=ERRORS, operation_id="remove_job")
async def remove_job(request: Request, job_id: JobId) -> None:
    """Ends a job and removes its results."""
    jobs = service_of(request).jobs
    jobs.remove(jobs.get(job_id).id)


@router.get("/api/jobs/{job_id}/events", response_class=Response, responses={**ERRORS, 200: _EVENTS},
            operation_id="job_events")  # fmt: skip
async def job_events(
    request: Request, job_id: JobId, last_event_id: Annotated[str | None, Header(max_length=20)] = None
) -> Response:
    """News of a job as it comes, as server-sent events: page, file and end.

    All news is told again from the start, or after that of Last-Event-ID.
    """
    found = service_of(request).jobs.get(job_id)
    after = int(last_event_id) if last_event_id is not None and last_event_id.isdecimal() else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(found, after), media_type="text/event-stream", headers=headers)


@router.get("/api/jobs/{job_id}/files/{index}", response_class=Response, responses=ERRORS,
            operation_id="job_result")  # fmt: skip
async def job_result(request: Request, job_id: JobId, index: Index, format_name: FormatName = None) -> Response:
    """The result of one document of a job, in any format; as JSON of the schema ocr-doc/1 without one."""
    chosen = choose_format(format_name, request.headers.get("accept")) or find_format("json")
    path = _of_file(service_of(request).jobs.get(job_id), index, ".json")
    return Response(await run_in_threadpool(_written, path, chosen), media_type=content_type(chosen))


@router.get("/api/jobs/{job_id}/files/{index}/pages/{page}", response_class=FileResponse, responses=ERRORS,
            operation_id="job_page")  # fmt: skip
async def job_page(request: Request, job_id: JobId, index: Index, page: Annotated[int, PathPart(ge=1)]) -> FileResponse:
    """The picture of a page, where the job was asked to keep it; there as soon as the page is read."""
    path = _of_file(service_of(request).jobs.get(job_id), index, f"-{page}.jpg")
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _of_file(found: Job, index: int, ending: str) -> Path:
    path = found.folder / f"{index}{ending}"
    if index >= len(found.files) or not path.is_file():
        raise Refusal(404, "no_result", "There is no such result, or not yet.", "The job tells how far it is.")
    return path


def _written(path: Path, chosen: Format) -> bytes:
    data = path.read_bytes()
    return data if chosen.name == "json" else chosen.render(document_from_json(data))


async def _look_into(request: Request, service: Service, found: Job, index: int, upload: Upload) -> Refusal | None:
    """Opens a document of a job that is about to start, and keeps it for later; gives what is wrong with it."""
    settings = service.settings

    def look(ticket: Ticket) -> int:
        count = service.count_pages(upload, found.changes, ticket)
        (found.folder / f"{index}.in").write_bytes(upload.data)
        return count

    try:
        found.files[index].pages = await service.words.do(look, settings.seconds, request.is_disconnected)
    except (OcrDocError, Refusal) as error:
        why = refusal(error)
        if why.status >= 500 or why.code == "too_many_pages":
            raise why from error
        found.file_done(index, why)
        return why
    return None


async def _run(service: Service, found: Job) -> None:
    """Reads a job's documents, one after the other."""
    found.state = "running"

    async def gone() -> bool:
        return found.ended is not None

    try:
        for index, file in enumerate(found.files):
            if file.state == "failed":
                continue
            try:
                work = _reading(service, found, index)
                await service.job_desk.do(work, service.settings.seconds, gone)
            except Gone:
                return
            except Exception as error:
                found.file_done(index, refusal(error))
            else:
                found.file_done(index)
            (found.folder / f"{index}.in").unlink(missing_ok=True)
    finally:
        if found.ended is None:
            found.end("done")


def _reading(service: Service, found: Job, index: int) -> Callable[[Ticket], None]:
    """The work of reading one document of a job, for a thread; it tells the event loop each page."""
    loop = asyncio.get_running_loop()
    file = found.files[index]

    def work(ticket: Ticket) -> None:
        file.state = "running"
        upload = Upload(file.filename, (found.folder / f"{index}.in").read_bytes())

        def seen(page: Seen) -> None:
            if found.images:
                (found.folder / f"{index}-{page.image.number}.jpg").write_bytes(page_picture(page.image.pixels))
            ticket.begin()  # the limit is for each page
            loop.call_soon_threadsafe(found.page_done, index, page.pages)

        document = service.read(upload, found.changes, ticket, service.settings.job_pages, seen)
        (found.folder / f"{index}.json").write_bytes(render_json(document))

    return work


async def _events(found: Job, after: int) -> AsyncIterator[bytes]:
    with suppress(asyncio.CancelledError):
        async for item in found.listen(after):
            if item is None:
                yield b": still here\n\n"
                continue
            number, kind, data = item
            yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
