"""`ocr-doc-train`: trains the networks and turns checkpoints into weights that ocr-doc loads."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from ocr_doc.core.errors import ExitCode, OcrDocError
from ocr_doc.training.packages import ALL, require


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns its exit code."""
    debug = False
    try:
        require(*ALL)
        args = _parser().parse_args(argv)
        debug = args.debug
        with _log_to_stderr(), _terminable():
            return int(args.run(args))
    except OcrDocError as error:
        if debug:
            raise
        print(f"ocr-doc-train: {error}", file=sys.stderr)
        return int(error.exit_code)
    except ImportError as error:
        if debug:
            raise
        print(f"ocr-doc-train: {error}. Install what training needs: pip install 'ocr-doc[train]'", file=sys.stderr)
        return int(ExitCode.DEPENDENCY)
    except KeyboardInterrupt:
        print("ocr-doc-train: interrupted; --resume goes on with a training.", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    # These need torch, an extra: imported here, so that its absence is one line and not a traceback.
    from ocr_doc.training import (  # noqa: PLC0415
        average_cli,
        characters_cli,
        detector_cli,
        export_cli,
        lines_cli,
        pages_cli,
        recognizer_cli,
        rows_cli,
        temperature_cli,
        vocabulary_cli,
    )

    debug = argparse.ArgumentParser(add_help=False)
    # Of the command too, without a default that would undo what stands before it.
    help_text = "show the traceback of an error"
    debug.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=help_text)
    parser = argparse.ArgumentParser(prog="ocr-doc-train", description=__doc__)
    parser.add_argument("--debug", action="store_true", help=help_text)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module, text in (
        ("recognizer", recognizer_cli, "train the recogniser on drawn and real word crops"),
        ("detector", detector_cli, "train the detector on pages drawn on the fly"),
        ("characters", characters_cli, "train the classifier of serial codes' characters"),
        ("lines", lines_cli, "cut labelled lines out of pages, for training the recogniser"),
        ("rows", rows_cli, "cut the rows of codes out of labelled photos, for training their recogniser"),
        ("pages", pages_cli, "find the characters of labelled pages, for training the detector"),
        ("average", average_cli, "average two trainings of one network"),
        ("temperature", temperature_cli, "fit what a recogniser's scores are divided by"),
        ("vocabulary", vocabulary_cli, "list words and how common they are, for words in doubt"),
        ("export", export_cli, "turn a checkpoint into weights that ocr-doc loads"),
    ):
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[debug])
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


@contextlib.contextmanager
def _log_to_stderr() -> Iterator[None]:
    """Shows ocr-doc's own log on standard error; other libraries' logs stay as they are."""
    logger = logging.getLogger("ocr_doc")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("ocr-doc-train: %(message)s"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Makes SIGTERM end a training as Ctrl-C does, so that what was learned is saved."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
