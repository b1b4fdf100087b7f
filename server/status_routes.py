"""The routes that tell how the service is, and its web page."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import HTMLResponse

from ocr_doc.server.answers import ErrorAnswer, FormatInfo, FormatsAnswer, Health, Home, StatsAnswer
from ocr_doc.server.faults import Refusal
from ocr_doc.server.formats import all_formats, media_type
from ocr_doc.server.read_routes import service_of

router = APIRouter()
_STATIC = files("ocr_doc.server").joinpath("static")
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_CLOSED: dict[int | str, dict[str, Any]] = {401: {"model": ErrorAnswer}}


@router.get("/", response_model=Home, operation_id="home")
async def home(request: Request) -> Response:
    """The web page; to clients that ask for JSON, how the service is."""
    service = service_of(request)
    accept = request.headers.get("accept", "")
    if "text/html" in accept or not accept:
        return _static("index.html")
    answer = Home(status=service.status, version=service.version)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/api/health", operation_id="health")
async def health(request: Request) -> Health:
    """Whether the process lives."""
    service = service_of(request)
    return Health(status=service.status, version=service.version)


@router.get("/api/ready", responses={503: {"model": ErrorAnswer}}, operation_id="ready")
async def ready(request: Request) -> Health:
    """Whether the networks are loaded and requests are taken."""
    service = service_of(request)
    if service.status != "ok":
        message = "The service is stopping." if service.status == "stopping" else "The networks are being loaded."
        raise Refusal(503, service.status, message, "Try again in a while.", 1)
    return Health(status=service.status, version=service.version)


@router.get("/api/stats", responses=_CLOSED, operation_id="stats")
async def stats(request: Request) -> StatsAnswer:
    """What the service has done since it started."""
    return StatsAnswer.model_validate(service_of(request).stats.summary())


@router.get("/api/formats", responses=_CLOSED, operation_id="formats")
async def formats() -> FormatsAnswer:
    """The formats in which results can be had."""
    return FormatsAnswer(
        formats=[FormatInfo(name=f.name, media_type=media_type(f), suffix=f.suffixes[0]) for f in all_formats()]
    )


@router.get("/metrics", response_class=Response, responses=_CLOSED, operation_id="metrics")
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    return Response(service_of(request).stats.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """The routes, drawn from the OpenAPI file without anything from elsewhere."""
    return _static("docs.html")


@router.get("/favicon.ico", include_in_schema=False)
async def favicon() -> Response:
    """The page's icon."""
    return _static("icon.svg")


@router.get("/static/{name}", include_in_schema=False)
async def static(name: Annotated[str, PathPart(pattern=r"^[a-z_]+\.(css|js|svg)$")]) -> Response:
    """A part of the web page."""
    return _static(name)


def _static(name: str) -> HTMLResponse:
    file = _STATIC.joinpath(name)
    if not file.is_file():
        raise Refusal(404, "not_found", "There is no such file.", "See / for the page.")
    kind = _TYPES[name.rpartition(".")[2]]
    return HTMLResponse(file.read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
