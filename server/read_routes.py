"""The routes that read: documents as forms or in base64, single words, and results written anew."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from ocr_doc import Document
from ocr_doc.core.errors import OcrDocError
from ocr_doc.core.formats import Format
from ocr_doc.export import document_from_dict, to_dict
from ocr_doc.server.answers import (
    ErrorAnswer,
    ErrorDetail,
    FailedFile,
    ManyAnswer,
    OcrAnswer,
    PageSize,
    Prediction,
    Region,
)
from ocr_doc.server.decoding import Upload
from ocr_doc.server.faults import Refusal, refusal
from ocr_doc.server.formats import choose_format, content_type
from ocr_doc.server.pictures import boxed, page_picture
from ocr_doc.server.requests import Base64Body, OcrForm, ReadOptions, Wanted, WordForm, checked_name
from ocr_doc.server.service import Seen, Service
from ocr_doc.server.work import Ticket

router = APIRouter()
FormatName = Annotated[str | None, Query(alias="format", max_length=100, description="See /api/formats")]
_OTHERS = (400, 401, 403, 404, 406, 408, 413, 415, 422, 500, 503)
ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": ErrorAnswer} for status in _OTHERS}
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,")
_FILES = {
    "content": {"application/json": {}, "text/plain": {}, "application/octet-stream": {}},
    "description": "The answer, or the result in the form that was asked for",
}


def service_of(request: Request) -> Service:
    """The service behind an application."""
    return cast(Service, request.app.state.service)


def request_id_of(request: Request) -> str:
    """The id of a request, as in the header X-Request-ID of its answer."""
    return cast(str, request.state.request_id)


async def received(upload: UploadFile) -> Upload:
    """A file of a form."""
    name = checked_name(upload.filename)
    return Upload(name, await upload.read())


@router.post("/api/ocr", response_model=OcrAnswer | ManyAnswer, responses={**ERRORS, 200: _FILES}, operation_id="ocr")
async def ocr(
    request: Request,
    form: Annotated[OcrForm, Form(media_type="multipart/form-data")],
    format_name: FormatName = None,
) -> Response:
    """Reads one or several documents.

    One document is answered by an OcrAnswer, or by the result itself where ?format= or Accept names one of the
    formats; several by a ManyAnswer, in which a document that cannot be read does not fail the others.
    """
    chosen = choose_format(format_name, request.headers.get("accept"))
    service_of(request).documents.check_room()
    if len(form.files) == 1:
        return await _answer(request, await received(form.files[0]), form, form, chosen)
    if chosen is not None:
        message = "Several results cannot share one answer of a format."
        raise Refusal(400, "usage", message, "Leave the format out, or send a job (/api/batch).")
    for file in form.files:
        checked_name(file.filename)
    results: list[OcrAnswer | FailedFile] = []
    for file in form.files:
        upload = await received(file)
        try:
            results.append(await _read(request, upload, form, _answerer(request, upload, form)))
        except (OcrDocError, Refusal) as error:
            why = refusal(error)
            if why.status >= 500:
                raise
            detail = ErrorDetail(code=why.code, message=why.message, remedy=why.remedy)
            results.append(FailedFile(filename=upload.name, error=detail))
    answer = ManyAnswer(request_id=request_id_of(request), results=results)
    return Response(await run_in_threadpool(_json, answer), media_type="application/json")


@router.post("/api/ocr/base64", response_model=OcrAnswer, responses={**ERRORS, 200: _FILES}, operation_id="ocr_base64")
async def ocr_base64(request: Request, body: Base64Body, format_name: FormatName = None) -> Response:
    """Reads one document that comes in JSON, in base64."""
    chosen = choose_format(format_name, request.headers.get("accept"))
    service_of(request).documents.check_room()
    try:
        data = base64.b64decode(_DATA_URL.sub("", body.data, count=1), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(
            400, "no_base64", "The data is not base64.", "Encode the file's bytes as RFC 4648 says."
        ) from error
    return await _answer(request, Upload(checked_name(body.filename), data), body, body, chosen)


@router.post("/predict", response_model=Prediction, responses=ERRORS, operation_id="predict")
async def predict(request: Request, form: Annotated[WordForm, Form(media_type="multipart/form-data")]) -> Prediction:
    """Reads the image of one word or line, without looking for words in it."""
    service = service_of(request)
    upload = await received(form.file)
    reading = await service.words.do(
        lambda ticket: service.read_word(upload, ticket), service.settings.seconds, request.is_disconnected
    )
    return Prediction(
        filename=upload.name,
        prediction=reading.text,
        confidence=round(reading.confidence, 4),
        request_id=request_id_of(request),
    )


@router.post("/api/export", response_class=Response, responses={**ERRORS, 200: _FILES}, operation_id="export")
async def export(request: Request, document: dict[str, Any], format_name: FormatName = None) -> Response:
    """Writes a document of the schema ocr-doc/1, such as a corrected one, in another format."""
    chosen = choose_format(format_name or "text", None)
    assert chosen is not None

    def write(_: Ticket) -> bytes:
        try:
            return chosen.render(document_from_dict(document))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
            remedy = "Send what /api/ocr?format=json gave."
            raise Refusal(422, "no_document", "This is no document of the schema ocr-doc/1.", remedy) from error

    service = service_of(request)
    data = await service.documents.do(write, service.settings.seconds, request.is_disconnected)
    return Response(data, media_type=content_type(chosen))


async def _answer(
    request: Request, upload: Upload, options: ReadOptions, wanted: Wanted, chosen: Format | None
) -> Response:
    if chosen is None:
        if not wanted.document:  # nothing shows the fields then
            options = options.model_copy(update={"fields": False})
        answerer = _answerer(request, upload, wanted)
        answer = await _read(request, upload, options, lambda *parts: _json(answerer(*parts)))
        return Response(answer, media_type="application/json")
    if not chosen.fields:
        options = options.model_copy(update={"fields": False})
    data = await _read(request, upload, options, lambda document, *_: chosen.render(document))
    name = f"{upload.name.rpartition('.')[0] or upload.name}{chosen.suffixes[0]}"
    return Response(data, media_type=content_type(chosen), headers={"Content-Disposition": _disposition(name)})


_Finish = Callable[[Document, list[bytes], float], Any]


async def _read(request: Request, upload: Upload, options: ReadOptions, finish: _Finish) -> Any:  # noqa: ANN401 - what finish gives
    """Reads a document in turn; `finish` makes the answer of it, in the same thread."""
    service, settings = service_of(request), service_of(request).settings
    annotate = isinstance(options, Wanted) and options.annotate
    changes = options.changes()

    def work(ticket: Ticket) -> Any:  # noqa: ANN401
        start = time.monotonic()
        pictures: list[bytes] = []

        def keep(seen: Seen) -> None:
            pictures.append(page_picture(seen.image.pixels))

        document = service.read(upload, changes, ticket, settings.max_pages, keep if annotate else None)
        return finish(document, pictures, (time.monotonic() - start) * 1000)

    return await service.documents.do(work, settings.seconds, request.is_disconnected)


def _answerer(request: Request, upload: Upload, wanted: Wanted) -> Callable[[Document, list[bytes], float], OcrAnswer]:
    """Makes the answer for a document."""
    request_id = request_id_of(request)

    def finish(document: Document, pictures: list[bytes], milliseconds: float) -> OcrAnswer:
        first = document.pages[0]
        regions = [
            Region(text=word.text, confidence=word.confidence, bbox=list(word.box), page=page.number)
            for page in document
            for word in page.words
        ]
        # Empty unless it was asked for.
        annotated = [boxed(picture, page) for picture, page in zip(pictures, document.pages, strict=False)]
        return OcrAnswer(
            request_id=request_id,
            filename=upload.name,
            image_size=[first.width, first.height],
            pages=[PageSize(number=p.number, width=p.width, height=p.height, warnings=[*p.warnings]) for p in document],
            regions=regions,
            region_count=len(regions),
            full_text=document.text,
            inference_ms=round(milliseconds, 1),
            document=to_dict(document) if wanted.document else None,
            annotated=[base64.b64encode(data).decode() for data in annotated] if wanted.annotate else None,
        )

    return finish


def _json(answer: BaseModel) -> bytes:
    return answer.model_dump_json(exclude_none=True).encode()


def _disposition(name: str) -> str:
    return f"inline; filename*=UTF-8''{quote(name)}"


__all__ = ["ERRORS", "FormatName", "received", "request_id_of", "router", "service_of"]
