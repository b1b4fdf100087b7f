"""The family of errors: each knows its exit code and says the remedy.

A message is one line: what the fault is and where. The remedy is a second sentence: what to do about it.
Only the command line turns errors into exit codes; the library raises and never exits.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; 0 is success. Codes 1 and 2 are Python's and argparse's own."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT_MISSING = 3
    INPUT_EMPTY = 4
    INPUT_BROKEN = 5
    INPUT_UNSUPPORTED = 6
    INPUT_TOO_LARGE = 7
    PASSWORD = 8
    NO_PAGES = 9
    WEIGHTS = 10
    OUTPUT = 11
    DEPENDENCY = 12
    SOME_FAILED = 13
    INTERRUPTED = 130


class OcrDocError(Exception):
    """Base of all errors that ocr-doc raises on purpose.

    Args:
        message: One line: the file or thing, and what is wrong with it.
        remedy: One line: what the user can do.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class UsageError(OcrDocError):
    """An option or argument that makes no sense."""

    exit_code = ExitCode.USAGE


class InputMissingError(OcrDocError):
    """The input does not exist, is a folder where a file is meant, or cannot be opened."""

    exit_code = ExitCode.INPUT_MISSING


class InputEmptyError(OcrDocError):
    """The input holds no bytes."""

    exit_code = ExitCode.INPUT_EMPTY


class InputBrokenError(OcrDocError):
    """The input is of a known kind but damaged."""

    exit_code = ExitCode.INPUT_BROKEN


class InputUnsupportedError(OcrDocError):
    """The input is of no kind that ocr-doc reads."""

    exit_code = ExitCode.INPUT_UNSUPPORTED


class InputTooLargeError(OcrDocError):
    """A page has more pixels than the limit; found before anything is decoded."""

    exit_code = ExitCode.INPUT_TOO_LARGE


class PasswordError(OcrDocError):
    """A PDF needs a password, or the one given is wrong."""

    exit_code = ExitCode.PASSWORD


class NoPagesError(OcrDocError):
    """A document without pages, or a page range that selects none."""

    exit_code = ExitCode.NO_PAGES


class WeightsError(OcrDocError):
    """A weight file is missing, damaged or does not fit its network."""

    exit_code = ExitCode.WEIGHTS


class OutputError(OcrDocError):
    """The result cannot be written."""

    exit_code = ExitCode.OUTPUT


class DependencyError(OcrDocError):
    """A package or program that this option needs is not installed."""

    exit_code = ExitCode.DEPENDENCY
