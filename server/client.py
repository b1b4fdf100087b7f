"""The service's client: `Client` and `AsyncClient`, which give the same records as ocr-doc itself.

    from ocr_doc.server.client import Client

    with Client("http://127.0.0.1:8000") as ocr:
        document = ocr.read("invoice.pdf", pages="1-3")
        document.text

Needs httpx (`pip install 'ocr-doc[client]'`) and nothing of the service.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

import httpx

from ocr_doc.core.records import Document
from ocr_doc.export import document_from_json

Answer = TypeVar("Answer")
File: TypeAlias = str | os.PathLike[str] | tuple[str, bytes]
"""A path, or a name and the bytes of a file."""


class ServiceError(Exception):
    """The service refused a request.

    Attributes:
        status: The HTTP status; 0 where the service could not be reached.
        code: A word for programs, such as "input_broken".
        message, remedy: What is wrong, and what can be done.
        retry_after: Seconds after which another try may help, or None.
    """

    def __init__(self, status: int, code: str, message: str, remedy: str, retry_after: float | None = None) -> None:
        super().__init__(status, code, message, remedy, retry_after)
        self.status, self.code, self.message, self.remedy, self.retry_after = status, code, message, remedy, retry_after

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


@dataclass(frozen=True, slots=True)
class WordReading:
    """What stands in the image of one word or line."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class JobFile:
    """One document of a job; `state` is waiting, running, done or failed."""

    filename: str
    state: str
    pages: int | None
    pages_done: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job and how far it is; `state` is waiting, running, done or cancelled."""

    id: str
    state: str
    files: tuple[JobFile, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """News of a job: `kind` is page, file or end; `data` says which."""

    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Call(Generic[Answer]):
    """A request, and what its answer means; the same for both clients."""

    method: str
    path: str
    parse: Callable[[httpx.Response], Answer]
    arguments: Mapping[str, Any]


def _read(file: File, options: Mapping[str, object]) -> _Call[Document]:
    return _Call("POST", "/api/ocr", lambda a: document_from_json(a.content), _form([file], options, "json"))


def _write(file: File, format_name: str, options: Mapping[str, object]) -> _Call[bytes]:
    return _Call("POST", "/api/ocr", lambda a: a.content, _form([file], options, format_name))


def _read_word(file: File) -> _Call[WordReading]:
    def parse(answer: httpx.Response) -> WordReading:
        data = answer.json()
        return WordReading(data["prediction"], data["confidence"])

    return _Call("POST", "/predict", parse, {"files": {"file": _part(file)}})


def _start(files: Iterable[File], options: Mapping[str, object]) -> _Call[Job]:
    return _Call("POST", "/api/batch", _job, _form(files, options, None))


def _look(job_id: str) -> _Call[Job]:
    return _Call("GET", f"/api/jobs/{quote(job_id, '')}", _job, {})


def _result(job_id: str, index: int) -> _Call[Document]:
    path = f"/api/jobs/{quote(job_id, '')}/files/{index}"
    return _Call("GET", path, lambda a: document_from_json(a.content), {"params": {"format": "json"}})


def _remove(job_id: str) -> _Call[None]:
    return _Call("DELETE", f"/api/jobs/{quote(job_id, '')}", lambda _: None, {})


def _stats() -> _Call[dict[str, Any]]:
    return _Call("GET", "/api/stats", lambda a: dict(a.json()), {})


def _formats() -> _Call[list[str]]:
    return _Call("GET", "/api/formats", lambda a: [each["name"] for each in a.json()["formats"]], {})


def _job(answer: httpx.Response) -> Job:
    data = answer.json()
    files = tuple(
        JobFile(
            each["filename"],
            each["state"],
            each["pages"],
            each["pages_done"],
            each["error"] and f"{each['error']['message']} {each['error']['remedy']}",
        )
        for each in data["files"]
    )
    return Job(data["job_id"], data["state"], files)


def _part(file: File) -> tuple[str, bytes]:
    return file if isinstance(file, tuple) else (Path(file).name, Path(file).read_bytes())


def _form(files: Iterable[File], options: Mapping[str, object], format_name: str | None) -> dict[str, Any]:
    data = {name: str(value) for name, value in options.items() if value is not None}
    params = {} if format_name is None else {"format": format_name}
    return {"files": [("files", _part(file)) for file in files], "data": data, "params": params}


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        error = answer.json()["error"]
        parts = error["code"], error["message"], error["remedy"]
    except (ValueError, KeyError, TypeError):
        parts = "unknown", f"The service answered {answer.status_code}.", "Check the address."
    after = answer.headers.get("retry-after", "")
    raise ServiceError(answer.status_code, *parts, float(after) if after.isdigit() else None)


def _unreached(error: httpx.HTTPError) -> ServiceError:
    reason = str(error) or type(error).__name__
    return ServiceError(0, "unreached", f"The service cannot be reached: {reason}.", "Check its address.")


def _pause(error: ServiceError, tries_left: int) -> float:
    """Seconds until the next try.

    Raises:
        ServiceError: If there is none.
    """
    if error.status != httpx.codes.SERVICE_UNAVAILABLE or error.retry_after is None or tries_left <= 0:
        raise error
    return error.retry_after * random.uniform(0.8, 1.2)  # so that clients do not all come back at once


def _event(lines: Mapping[str, str]) -> Event:
    return Event(lines["event"], json.loads(lines["data"]))


def _settings(address: str, token: str | None, timeout: float) -> dict[str, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return {"base_url": address, "headers": headers, "timeout": timeout, "trust_env": False}


class Client:
    """Speaks to a service; may be used by several threads.

    Args:
        address: Such as "http://127.0.0.1:8000".
        token: The service's token, if it wants one.
        timeout: Seconds to wait for an answer.
        tries: How often to ask while the service says that it is busy.
    """

    def __init__(self, address: str, token: str | None = None, timeout: float = 180.0, tries: int = 5) -> None:
        self._http = httpx.Client(**_settings(address, token, timeout))
        self._tries = tries

    def read(self, file: File, **options: object) -> Document:
        """Reads a document; options are those of `ocr_doc.options.Options` that the service takes.

        Raises:
            ServiceError: If the service refuses it or cannot be reached.
            OSError: If the file cannot be read.
        """
        return self._do(_read(file, options))

    def write(self, file: File, format: str, **options: object) -> bytes:  # noqa: A002
        """Reads a document and gives it in an output format. Raises as `read`."""
        return self._do(_write(file, format, options))

    def read_word(self, file: File) -> WordReading:
        """Reads the image of one word or line. Raises as `read`."""
        return self._do(_read_word(file))

    def start(self, files: Iterable[File], **options: object) -> Job:
        """Starts a job of many documents. Raises as `read`."""
        return self._do(_start(files, options))

    def job(self, job_id: str) -> Job:
        """Tells how far a job is. Raises as `read`."""
        return self._do(_look(job_id))

    def events(self, job_id: str) -> Iterator[Event]:
        """News of a job from its start, as it comes; ends with the job. Raises as `read`."""
        path = f"/api/jobs/{quote(job_id, '')}/events"
        lines: dict[str, str] = {}
        try:
            with self._http.stream("GET", path, timeout=httpx.Timeout(60.0)) as answer:
                if not answer.is_success:
                    answer.read()
                    _checked(answer)
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if name:
                        lines[name] = value
                    elif "event" in lines:
                        yield _event(lines)
                        lines = {}
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    def wait(self, job_id: str) -> Job:
        """Waits until a job is done. Raises as `read`."""
        for _ in self.events(job_id):
            pass
        return self.job(job_id)

    def result(self, job_id: str, index: int) -> Document:
        """What was read of one document of a job. Raises as `read`."""
        return self._do(_result(job_id, index))

    def remove(self, job_id: str) -> None:
        """Ends a job and removes its results. Raises as `read`."""
        self._do(_remove(job_id))

    def stats(self) -> dict[str, Any]:
        """What the service has done since it started. Raises as `read`."""
        return self._do(_stats())

    def formats(self) -> list[str]:
        """The names of all output formats. Raises as `read`."""
        return self._do(_formats())

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _do(self, call: _Call[Answer]) -> Answer:
        for left in range(self._tries - 1, -1, -1):
            try:
                return call.parse(_checked(self._http.request(call.method, call.path, **call.arguments)))
            except httpx.HTTPError as error:
                raise _unreached(error) from error
            except ServiceError as error:
                time.sleep(_pause(error, left))
        raise AssertionError("the last try gives an answer or raises")


class AsyncClient:
    """`Client` for asyncio; see there for arguments, results and errors."""

    def __init__(self, address: str, token: str | None = None, timeout: float = 180.0, tries: int = 5) -> None:
        self._http = httpx.AsyncClient(**_settings(address, token, timeout))
        self._tries = tries

    async def read(self, file: File, **options: object) -> Document:
        """See `Client.read`."""
        return await self._do(_read(file, options))

    async def write(self, file: File, format: str, **options: object) -> bytes:  # noqa: A002
        """See `Client.write`."""
        return await self._do(_write(file, format, options))

    async def read_word(self, file: File) -> WordReading:
        """See `Client.read_word`."""
        return await self._do(_read_word(file))

    async def start(self, files: Iterable[File], **options: object) -> Job:
        """See `Client.start`."""
        return await self._do(_start(files, options))

    async def job(self, job_id: str) -> Job:
        """See `Client.job`."""
        return await self._do(_look(job_id))

    async def events(self, job_id: str) -> AsyncIterator[Event]:
        """See `Client.events`."""
        path = f"/api/jobs/{quote(job_id, '')}/events"
        lines: dict[str, str] = {}
        try:
            async with self._http.stream("GET", path, timeout=httpx.Timeout(60.0)) as answer:
                if not answer.is_success:
                    await answer.aread()
                    _checked(answer)
                async for line in answer.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name:
                        lines[name] = value
                    elif "event" in lines:
                        yield _event(lines)
                        lines = {}
        except httpx.HTTPError as error:
            raise _unreached(error) from error

    async def wait(self, job_id: str) -> Job:
        """See `Client.wait`."""
        async for _ in self.events(job_id):
            pass
        return await self.job(job_id)

    async def result(self, job_id: str, index: int) -> Document:
        """See `Client.result`."""
        return await self._do(_result(job_id, index))

    async def remove(self, job_id: str) -> None:
        """See `Client.remove`."""
        await self._do(_remove(job_id))

    async def stats(self) -> dict[str, Any]:
        """See `Client.stats`."""
        return await self._do(_stats())

    async def formats(self) -> list[str]:
        """See `Client.formats`."""
        return await self._do(_formats())

    async def close(self) -> None:
        """See `Client.close`."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _do(self, call: _Call[Answer]) -> Answer:
        for left in range(self._tries - 1, -1, -1):
            try:
                return call.parse(_checked(await self._http.request(call.method, call.path, **call.arguments)))
            except httpx.HTTPError as error:
                raise _unreached(error) from error
            except ServiceError as error:
                await asyncio.sleep(_pause(error, left))
        raise AssertionError("the last try gives an answer or raises")
