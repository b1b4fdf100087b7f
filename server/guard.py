"""What every request passes first: its id, the token, and limits on what it sends and how slowly."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
import uuid
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ocr_doc.server.faults import Refusal, busy, refusal, stopping
from ocr_doc.server.service import Service
from ocr_doc.server.work import Gone

_LOG = logging.getLogger(__name__)
# Probes, and the page itself, which asks for the token.
_OPEN = re.compile(r"/|/static/[^/]+|/docs|/openapi\.json|/favicon\.ico|/api/health|/api/ready")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# Who is refused while still sending hears why only if what it sends is taken a little longer.
_DRAIN_SECONDS = 5.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
}


class BodyRefused(HTTPException):
    """A refusal that FastAPI lets through while it reads a form; everything else it calls a 400."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.status, why.message)
        self.refusal = why


class Guard:
    """ASGI middleware in front of all routes; answers refusals and faults in the one form that there is.

    Args:
        app: What comes behind.
        service: Its settings say the limits.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service, self._settings = app, service, service.settings
        self._held = 0  # bytes of all requests that are not answered yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        body = _Body(receive, self._settings.upload_bytes, self._settings.upload_seconds, self)
        answer = _Answer(send, request_id)
        try:
            try:
                self._check(scope, headers)
                await self._app(scope, body, answer)
            except Gone:
                await answer.refuse(Refusal(499, "gone", "The client has left.", "Nothing is to be done."))
            except Exception as error:
                if answer.started:
                    raise
                await answer.refuse(refusal(error))
            if not body.complete and answer.status >= 400:
                await body.drain(_DRAIN_SECONDS)
        finally:
            self._held -= body.size
            route = getattr(scope.get("route"), "path", None)
            self._service.stats.answered(route or "other", answer.status)

    def take(self, size: int) -> None:
        """Counts bytes received.

        Raises:
            Refusal: If all requests together hold too many.
        """
        if self._held + size > self._settings.held_bytes:
            raise busy(5)
        self._held += size

    def _check(self, scope: Scope, headers: Headers) -> None:
        method, path = scope["method"], scope["path"]
        if method != "OPTIONS" and not _OPEN.fullmatch(path) and not authorised(headers, self._settings.token):
            raise Refusal(401, "unauthorised", "The token is missing or wrong.", "Send: Authorization: Bearer TOKEN")
        if method not in _CHANGING:
            return
        if not same_site(headers, self._settings.origins):
            raise Refusal(403, "cross_site", "Other web pages may not call this service.", "Allow it with --origin.")
        if self._service.stopping.is_set():
            raise stopping()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._settings.upload_bytes:
            raise too_large(self._settings.upload_bytes)


class _Body:
    """The request's body as it comes, within limits of size and time."""

    def __init__(self, receive: Receive, limit: int, seconds: float, guard: Guard) -> None:
        self._receive, self._limit, self._guard = receive, limit, guard
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        self.size = 0
        self.complete = False

    async def __call__(self) -> Message:
        if self.complete:
            return await self._receive()  # waits for the client to leave, as long as it takes
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._deadline - time.monotonic()))
        except asyncio.TimeoutError as error:
            what = f"The request did not come within {self._seconds:g} s."
            raise BodyRefused(Refusal(408, "too_slow_upload", what, "Send it faster, or in parts.")) from error
        if message["type"] == "http.disconnect":
            self.complete = True
            return message
        size = len(message.get("body", b""))
        if self.size + size > self._limit:
            raise BodyRefused(too_large(self._limit))
        try:
            self._guard.take(size)
        except Refusal as why:
            raise BodyRefused(why) from why
        self.size += size
        self.complete = not message.get("more_body", False)
        return message

    async def drain(self, seconds: float) -> None:
        """Takes what still comes, for a while, and drops it."""
        latest = time.monotonic() + seconds
        try:
            while True:
                message = await asyncio.wait_for(self._receive(), max(0.0, latest - time.monotonic()))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
        except asyncio.TimeoutError:
            return


class _Answer:
    """The answer as it goes, with the headers that all answers have."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._request_id = send, request_id
        self.status = 500
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in {**_HEADERS, "X-Request-ID": self._request_id}.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def refuse(self, why: Refusal) -> None:
        """Answers a refusal."""
        data = json.dumps(why.body(self._request_id), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **why.headers}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": why.status, "headers": raw})
        await self({"type": "http.response.body", "body": data})


def authorised(headers: Headers, token: str | None) -> bool:
    """Whether a request brings the token, where there is one."""
    if token is None:
        return True
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and same_token(given.strip(), token)


def same_token(given: str, token: str) -> bool:
    """Compares in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), token.encode())


def same_site(headers: Headers, origins: tuple[str, ...]) -> bool:
    """Whether a request comes from our own page, from an allowed one, or from no web page at all.

    A page elsewhere cannot read our answers, but its forms could still keep the service of its visitor busy.
    """
    origin = headers.get("origin")
    if origin is None or origin in origins or "*" in origins:
        return True
    return urlsplit(origin).netloc == headers.get("host")


def too_large(limit: int) -> Refusal:
    """The request has too many bytes."""
    what = f"The request is larger than the limit of {limit / 1e6:g} MB."
    return Refusal(413, "upload_too_large", what, "Send smaller files, or fewer at once.")
