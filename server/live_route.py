"""The live camera: pictures come as fast as the browser sends them, and the newest one is read."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.datastructures import Headers

from ocr_doc import Document
from ocr_doc.core.errors import OcrDocError
from ocr_doc.server.decoding import Upload
from ocr_doc.server.faults import Refusal, refusal
from ocr_doc.server.guard import same_site, same_token
from ocr_doc.server.service import Service
from ocr_doc.server.work import Gone, Ticket

router = APIRouter()
_MAX_FRAME = 4_000_000  # bytes; a camera's JPEG of 2 megapixels has a quarter of that
_HELLO_SECONDS = 10.0
_CLOSE_POLICY, _CLOSE_TOO_BIG, _CLOSE_BUSY, _CLOSE_AWAY = 1008, 1009, 1013, 1001
# Frames are read to be looked at for a moment: no more than what is drawn over them.
_CHANGES: dict[str, object] = {"characters": False, "fields": False, "orientation": 0}


class _Newest:
    """The newest frame; an older one that was not taken is dropped."""

    def __init__(self) -> None:
        self._frame: bytes | None = None
        self._number = 0
        self._there = asyncio.Event()

    def put(self, frame: bytes) -> None:
        """Puts a frame in place of the one before."""
        self._frame, self._number = frame, self._number + 1
        self._there.set()

    async def take(self) -> tuple[int, bytes]:
        """Waits for a frame; gives it with its number, from 1."""
        await self._there.wait()
        self._there.clear()
        assert self._frame is not None
        return self._number, self._frame


@router.websocket("/api/live")
async def live(socket: WebSocket) -> None:
    """Frames in, words out.

    The client sends {"token": ...} as text first, {} where there is no token; then each frame as the bytes of an image
    file. For each frame that is read it gets {"frame": its number from 1, "width", "height", "ms", "words":
    [{"text", "confidence", "quad"}]}, and {"frame", "error"} for one that cannot be read.
    """
    service: Service = socket.app.state.service
    await socket.accept()
    if not await _admitted(socket, service):
        return
    service.cameras += 1
    newest = _Newest()
    reading = asyncio.create_task(_read_frames(socket, service, newest))
    try:
        while not service.stopping.is_set():
            try:
                frame = await asyncio.wait_for(socket.receive_bytes(), 1.0)
            except asyncio.TimeoutError:
                continue
            if len(frame) > _MAX_FRAME:
                await socket.close(_CLOSE_TOO_BIG)
                return
            newest.put(frame)
        await socket.close(_CLOSE_AWAY)
    except (WebSocketDisconnect, KeyError, RuntimeError):
        pass  # gone, or sent text where a frame is meant
    finally:
        service.cameras -= 1
        reading.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await reading


async def _admitted(socket: WebSocket, service: Service) -> bool:
    """Looks at where the client comes from, its token, and whether there is room for one more."""
    try:
        hello = json.loads(await asyncio.wait_for(socket.receive_text(), _HELLO_SECONDS))
        token = str(hello.get("token", "")) if isinstance(hello, dict) else ""
    except (asyncio.TimeoutError, ValueError, KeyError, WebSocketDisconnect):
        token = ""
    settings = service.settings
    headers = Headers(scope=socket.scope)
    right = settings.token is None or same_token(token, settings.token)
    room = service.cameras < settings.live and service.status == "ok"
    if right and room and same_site(headers, settings.origins):
        return True
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(_CLOSE_BUSY if right and not room else _CLOSE_POLICY)
    return False


async def _read_frames(socket: WebSocket, service: Service, newest: _Newest) -> None:
    """Reads the newest frame, again and again."""

    async def here() -> bool:
        return False

    while True:
        number, frame = await newest.take()
        start = time.monotonic()

        def work(ticket: Ticket, frame: bytes = frame) -> Document:
            return service.read(Upload("frame", frame), _CHANGES, ticket, 1)

        try:
            document = await service.documents.do(work, service.settings.seconds, here)
        except Gone:
            continue
        except (OcrDocError, Refusal) as error:
            why = refusal(error)
            await socket.send_json({"frame": number, "error": {"code": why.code, "message": why.message}})
            await asyncio.sleep(float(why.retry_after or 0))
            continue
        [page] = document.pages
        words = [{"text": w.text, "confidence": w.confidence, "quad": [list(p) for p in w.quad]} for w in page.words]
        ms = round((time.monotonic() - start) * 1000, 1)
        answer = {"frame": number, "width": page.width, "height": page.height, "ms": ms, "words": words}
        await socket.send_json(answer)
