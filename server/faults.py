"""Why a request is not answered as asked: one kind of error with its HTTP status, and one form in which it is told.

Nothing that is told holds a path of this machine, a stack trace or the name of an internal thing: faults of ours are
logged, and the client hears only that there was one.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from ocr_doc.core.errors import ExitCode, OcrDocError
from ocr_doc.weights.engines import EngineMemoryError

_LOG = logging.getLogger(__name__)

_STATUS = {
    ExitCode.USAGE: HTTPStatus.BAD_REQUEST,
    ExitCode.INPUT_EMPTY: HTTPStatus.BAD_REQUEST,
    ExitCode.INPUT_BROKEN: HTTPStatus.UNPROCESSABLE_CONTENT
    if hasattr(HTTPStatus, "UNPROCESSABLE_CONTENT")
    else HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.INPUT_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ExitCode.INPUT_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ExitCode.PASSWORD: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.NO_PAGES: HTTPStatus.UNPROCESSABLE_ENTITY,
}
# Remedies of the command line name its options; a client has fields instead.
_REMEDIES = {
    ExitCode.INPUT_TOO_LARGE: "Make the page smaller; for a PDF give a lower dpi.",
    ExitCode.PASSWORD: "Give the right one in the field password.",
    ExitCode.NO_PAGES: "Give other pages, or a file that has some.",
}


class Refusal(Exception):  # noqa: N818 - not always an error: a full queue is a normal answer
    """A request is not answered as asked.

    Args:
        status: The HTTP status.
        code: A word for programs, such as "too_large".
        message: One line: what is wrong.
        remedy: One line: what the client can do.
        retry_after: Seconds after which another try may help; None where none will.
    """

    def __init__(self, status: int, code: str, message: str, remedy: str, retry_after: int | None = None) -> None:
        super().__init__(status, code, message, remedy, retry_after)
        self.status, self.code, self.message, self.remedy, self.retry_after = status, code, message, remedy, retry_after

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.status == HTTPStatus.UNAUTHORIZED else {})

    def body(self, request_id: str) -> dict[str, object]:
        """The answer's JSON."""
        error = {"code": self.code, "message": self.message, "remedy": self.remedy}
        return {"error": error, "request_id": request_id}


def refusal(error: BaseException) -> Refusal:
    """How an error is told to a client; faults of ours are logged with their traceback."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, EngineMemoryError | MemoryError):
        return Refusal(413, "too_large", "Reading it takes more memory than there is.", "Send smaller pages.")
    if isinstance(error, OcrDocError) and error.exit_code in _STATUS:
        remedy = _REMEDIES.get(error.exit_code, error.remedy)
        return Refusal(_STATUS[error.exit_code], error.exit_code.name.lower(), error.message, remedy)
    _LOG.error("a request failed by a fault of ours", exc_info=error)
    return Refusal(500, "internal", "The service has a fault.", "Its log says more; the request_id finds the place.")


def busy(retry_after: float) -> Refusal:
    """The queue is full, or a turn did not come in time."""
    seconds = max(1, round(retry_after))
    return Refusal(503, "busy", "The service has all that it can take.", f"Try again in {seconds} s.", seconds)


def stopping() -> Refusal:
    """The service is about to stop."""
    return Refusal(503, "stopping", "The service is stopping.", "Try again in a while.", 5)


def too_slow(seconds: float) -> Refusal:
    """Reading took longer than allowed."""
    remedy = "Send fewer or smaller pages, or a job (/api/batch)."
    return Refusal(413, "too_slow", f"Reading it takes longer than the limit of {seconds:g} s.", remedy)


def too_many_pages(name: str, pages: int, limit: int) -> Refusal:
    """More pages than one request or job may have."""
    remedy = "Choose some of them with pages, such as 1-20, or send them in parts."
    return Refusal(413, "too_many_pages", f"{name}: {pages} pages are more than the limit of {limit}.", remedy)
