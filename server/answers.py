"""What clients get: the answers' forms, from which the OpenAPI file and the clients' types are made."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class ErrorDetail(BaseModel):
    """Why a request was not answered as asked."""

    code: str = Field(examples=["input_broken"])
    message: str
    remedy: str


class ErrorAnswer(BaseModel):
    """The answer to each request that fails."""

    error: ErrorDetail
    request_id: str


class Region(BaseModel):
    """One word: its text, its page, and its place there in pixels, origin top left."""

    text: str
    confidence: float = Field(ge=0, le=1)
    bbox: list[float] = Field(min_length=4, max_length=4)
    page: int = Field(ge=1)


class PageSize(BaseModel):
    """A page, in pixels."""

    number: int
    width: int
    height: int
    warnings: list[str]


class OcrAnswer(BaseModel):
    """What was read of one document."""

    request_id: str
    filename: str
    image_size: list[int] = Field(description="Width and height of the first page", min_length=2, max_length=2)
    pages: list[PageSize]
    regions: list[Region]
    region_count: int
    full_text: str
    inference_ms: float
    document: dict[str, Any] | None = Field(None, description="The result in the schema ocr-doc/1")
    annotated: list[str] | None = Field(None, description="The pages with boxes, JPEG in base64")


class FailedFile(BaseModel):
    """One document of several that could not be read."""

    filename: str
    error: ErrorDetail


class ManyAnswer(BaseModel):
    """What was read of several documents, in their order."""

    request_id: str
    results: list[OcrAnswer | FailedFile]


class Prediction(BaseModel):
    """What stands in the image of a word or line."""

    filename: str
    prediction: str
    confidence: float
    request_id: str


JobState = Literal["waiting", "running", "done", "cancelled"]


class JobFile(BaseModel):
    """One document of a job."""

    filename: str
    state: Literal["waiting", "running", "done", "failed"]
    pages: int | None
    pages_done: int
    error: ErrorDetail | None = None


class JobAnswer(BaseModel):
    """A job and how far it is."""

    job_id: str
    state: JobState
    files: list[JobFile]
    pages: int = Field(description="Pages of all documents that could be opened")
    pages_done: int
    request_id: str = ""


Status = Literal["ok", "starting", "stopping"]


class Health(BaseModel):
    """Whether the service lives or is ready."""

    status: Status
    version: str


class Home(Health):
    """What / answers to clients that ask for JSON."""

    service: str = "ocr-doc"
    docs: str = "/docs"


class StatsAnswer(BaseModel):
    """What the service has done since it started."""

    uptime_seconds: float
    requests: int
    answers: dict[str, int] = Field(description="Requests by kind of status")
    documents: int
    pages: int
    words: int
    characters: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    queue_length: int
    in_work: int
    jobs_running: int
    live_cameras: int


class FormatInfo(BaseModel):
    """One form in which a result can be had."""

    name: str
    media_type: str
    suffix: str


class FormatsAnswer(BaseModel):
    """The forms in which a result can be had."""

    formats: list[FormatInfo]
