"""The command line: `ocr-doc-serve`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ocr_doc.core.errors import DependencyError, ExitCode, InputMissingError, OcrDocError
from ocr_doc.server.settings import Settings

TOKEN_VARIABLE = "OCR_DOC_TOKEN"
_NUMBERS: tuple[tuple[str, type[int] | type[float], str], ...] = (
    ("port", int, "where it listens; 0 takes a free one"),
    ("threads", int, "threads of a network on the CPU (as many as this process may use)"),
    ("workers", int, "documents read at once (one more than cores)"),
    ("queue", int, "documents that may wait beyond these; the next is answered 503"),
    ("batch-size", int, "most crops of all clients in one batch"),
    ("batch-delay", float, "seconds that a crop waits for company while others are read"),
    ("upload-mb", float, "largest request, in megabytes"),
    ("held-mb", float, "all requests together, in megabytes"),
    ("max-megapixels", float, "largest page"),
    ("max-pages", int, "most pages of one request"),
    ("job-pages", int, "most pages of one job"),
    ("seconds", float, "longest time to read a request, and each page of a job"),
    ("wait-seconds", float, "longest wait for a turn"),
    ("upload-seconds", float, "longest time to receive a request"),
    ("stop-seconds", float, "how long a stop waits for what is being read"),
    ("jobs", int, "jobs that are kept"),
    ("job-minutes", float, "how long a job's results are kept"),
    ("live", int, "live cameras at once"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the service until it is told to stop; gives an `ExitCode`."""
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return _serve(settings_from(arguments), arguments.log_level)
    except OcrDocError as error:
        print(f"ocr-doc-serve: {error}", file=sys.stderr)
        return error.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The parser; options that are not given are absent from its result."""
    parser = argparse.ArgumentParser(
        prog="ocr-doc-serve",
        description="Serves ocr-doc over HTTP, with a web page at /.",
        epilog=f"The token is read from the file of --token-file or the variable {TOKEN_VARIABLE}: on a command line "
        "every user of the machine could see it.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    defaults = {field.name: field.default for field in fields(Settings)}
    add("--host", help="where it listens (127.0.0.1: this machine only; 0.0.0.0: everywhere)")
    for name, kind, meaning in _NUMBERS:
        default = defaults[name.replace("-", "_")]
        add(f"--{name}", type=kind, metavar="N", help=meaning if default is None else f"{meaning} ({default})")
    add("--device", choices=("auto", "cpu", "cuda"), help="what runs the networks (auto)")
    add("--weights", metavar="DIR", help="a folder of weights instead of those that ship; lstm for the LSTM recogniser")
    add("--origin", dest="origins", action="append", metavar="URL", help="a web page elsewhere that may call it")
    add("--token-file", metavar="FILE", help="a file with the token that clients must send")
    levels = ("debug", "info", "warning", "error")
    add("--log-level", choices=levels, default="info", help="what is logged (info)")
    return parser


def settings_from(arguments: argparse.Namespace) -> Settings:
    """The settings that the arguments and the environment mean.

    Raises:
        UsageError: If one makes no sense.
        InputMissingError: If the token's file cannot be read.
    """
    known = {field.name for field in fields(Settings)}
    given: dict[str, Any] = {name: value for name, value in vars(arguments).items() if name in known}
    if "origins" in given:
        given["origins"] = tuple(given["origins"])
    token = os.environ.get(TOKEN_VARIABLE)
    if "token_file" in arguments:
        try:
            token = Path(arguments.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"{arguments.token_file}: the token cannot be read: {error}."
            raise InputMissingError(message, "Check the path and its permissions.") from error
    return Settings(**given, token=token)


def _serve(settings: Settings, log_level: str) -> int:
    try:
        import uvicorn  # noqa: PLC0415 - optional, and --help needs none of it

        from ocr_doc.server.app import create_app  # noqa: PLC0415
    except ImportError as error:
        message = f"The service needs a package that is not installed: {error.name}."
        raise DependencyError(message, "Install it with: pip install 'ocr-doc[server]'") from error
    app = create_app(settings)
    service = app.state.service

    class Server(uvicorn.Server):
        """Tells the service when it is asked to stop, so that open event streams and cameras end."""

        def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ANN401 - as uvicorn declares it
            service.stopping.set()
            super().handle_exit(sig, frame)

        async def on_tick(self, counter: int) -> bool:
            return await super().on_tick(counter) or service.failure is not None

    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=log_level,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
        server_header=False,
        ws_max_size=4_000_000,
    )
    Server(config).run()
    if isinstance(service.failure, OcrDocError):
        raise service.failure
    return ExitCode.INTERNAL if service.failure is not None else ExitCode.OK
