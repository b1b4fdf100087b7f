"""The application: routes, middleware, and what is started and stopped with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from ocr_doc import OCRPipeline
from ocr_doc.server import job_routes, live_route, read_routes, status_routes
from ocr_doc.server.faults import Refusal
from ocr_doc.server.guard import BodyRefused, Guard
from ocr_doc.server.service import Service
from ocr_doc.server.settings import Settings

_DESCRIPTION = (
    "Reads bills, receipts, invoices, letters and forms: PDFs and images to text, or to words with their places."
)
_CODES = {404: "not_found", 405: "wrong_method", 400: "bad_request"}


def create_app(settings: Settings | None = None, pipeline: OCRPipeline | None = None) -> FastAPI:
    """Makes the application; its networks are loaded when it is started.

    Args:
        settings: How it runs; None for the defaults.
        pipeline: Reads documents; None makes one by the settings.
    """
    service = Service(settings or Settings(), pipeline)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(service.start))
        yield
        await warming
        await service.close()

    app = FastAPI(
        title="ocr-doc", version=service.version, description=_DESCRIPTION, lifespan=life, docs_url=None, redoc_url=None
    )
    app.state.service = service
    for routes in (read_routes, job_routes, status_routes, live_route):
        app.include_router(routes.router)
    app.add_middleware(Guard, service=service)
    if service.settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.settings.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After", "Location"],
        )
    app.add_exception_handler(StarletteHTTPException, _http_fault)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    return app


async def _http_fault(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException | HTTPException)
    if isinstance(error, BodyRefused):
        why = error.refusal
    else:
        code = _CODES.get(error.status_code, "refused")
        why = Refusal(error.status_code, code, f"{str(error.detail).rstrip('.')}.", "See /docs.")
    headers = {**(error.headers or {}), **why.headers}
    return JSONResponse(why.body(request.state.request_id), why.status, headers)


async def _wrong_request(request: Request, error: Exception) -> JSONResponse:
    """Names the first field that is wrong, and never repeats what was sent in it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "the request"
    why = Refusal(422, "bad_request", f"{place[:100]}: {first['msg']}.", "See /docs for the fields and their values.")
    return JSONResponse(why.body(request.state.request_id), why.status)
