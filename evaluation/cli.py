"""`ocr-doc-evaluate SET`: reads a labelled set with ocr-doc and its peers, and reports what was lost where."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_doc.core.errors import DependencyError, ExitCode, OcrDocError, UsageError

if TYPE_CHECKING:
    from ocr_doc.evaluation.engines import EngineChoice
    from ocr_doc.evaluation.run import Evaluation

_ENGINES = ("ocr-doc", "tesseract", "rapidocr")
_EPILOG = """
examples:
  ocr-doc-evaluate scans/                        a folder of x.png with x.txt, all engines that are installed
  ocr-doc-evaluate forms.jsonl -n 25 --engine ocr-doc -o report.html
  ocr-doc-evaluate pages.jsonl --split dev --weights mine/ --option beam_width=8 -o report.json

exit codes: those of ocr-doc; 13 if some samples could not be read
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        An `ExitCode`. Usage faults that argparse finds and `--help` leave by SystemExit, as it does.
    """
    arguments = build_parser().parse_args(argv)
    from ocr_doc.terminal import log_to_stderr, terminable  # noqa: PLC0415 - --help answers at once

    try:
        with log_to_stderr(logging.DEBUG if arguments.debug else logging.WARNING), terminable():
            return _run(arguments)
    except OcrDocError as error:
        return _tell(arguments.debug, str(error), error.exit_code)
    except KeyboardInterrupt:
        return _tell(False, "interrupted; no report was written.", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return ExitCode.OUTPUT  # whoever read our output has seen enough, as in `... | head`
    except Exception as error:
        text = f"internal fault: {type(error).__name__}: {error}. Please report it with the output of --debug."
        return _tell(arguments.debug, text, ExitCode.INTERNAL)


def build_parser() -> argparse.ArgumentParser:
    """The parser."""
    parser = argparse.ArgumentParser(
        prog="ocr-doc-evaluate",
        description="Reads a labelled set with ocr-doc and its peers, and reports what was lost where.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "set",
        type=Path,
        metavar="SET",
        help="a file of JSON lines (pages), a .tsv (crops), or a folder of x.png + x.txt",
    )
    add("-o", "--output", type=Path, metavar="REPORT", help="a .html, .md or .json file (a table is shown anyway)")
    add("--engine", action="append", choices=_ENGINES, help="may be repeated (all that are installed)")
    add("--split", help="only samples of this split")
    add("--only", type=Path, metavar="LIST", help="only the images in this file: a JSON list, or a name a line")
    add("-n", type=_count, metavar="N", help="at most so many samples, drawn by --seed (all)")
    add("--seed", type=int, default=0, metavar="N", help="of the order in which samples are read and drawn (0)")
    add("--crops", action="store_true", help="the folder holds crops of single words, not pages")
    add("--weights", metavar="DIR", help="a folder of weights for ocr-doc instead of those that ship")
    add("--device", choices=("auto", "cpu", "cuda"), help="what runs ocr-doc's networks (auto)")
    add("--threads", type=_count, metavar="N", help="threads for each engine (as many as each takes)")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of ocr-doc's calls; repeatable")
    add("--pictures", type=_count, default=60, metavar="N", help="words pictured in an HTML report, at most (60)")
    add("--debug", action="store_true", help="show tracebacks and what is going on")
    add("--quiet", action="store_true", help="no progress")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if find_spec("rapidfuzz") is None:
        raise DependencyError(
            "The evaluation needs a package that is not installed: rapidfuzz.",
            "Install it with: pip install 'ocr-doc[evaluate]'",
        )
    from ocr_doc.evaluation.report import find_writer, show, write  # noqa: PLC0415 - needs rapidfuzz
    from ocr_doc.evaluation.run import evaluate  # noqa: PLC0415
    from ocr_doc.evaluation.sets import Choice, read_names, read_set  # noqa: PLC0415
    from ocr_doc.terminal import progress  # noqa: PLC0415

    if arguments.output is not None:
        find_writer(arguments.output)  # a suffix that means nothing is told before hours of work
    only = read_names(arguments.only) if arguments.only else None
    choice = Choice(arguments.split, only, arguments.n, arguments.seed, arguments.crops)
    labelled = read_set(arguments.set, choice)
    choices = _choices(arguments)
    with progress(len(labelled.samples), wanted=not arguments.quiet) as bar:
        evaluation = evaluate(labelled, choices, required=bool(arguments.engine), progress=bar.update)
    for line in evaluation.missing:
        print(f"ocr-doc-evaluate: {line}", file=sys.stderr)
    print(show(evaluation), end="")
    if arguments.output is not None:
        write(evaluation, arguments.output, arguments.pictures)
    return _exit_code(evaluation)


def _choices(arguments: argparse.Namespace) -> list[EngineChoice]:
    from ocr_doc.evaluation.engines import EngineChoice  # noqa: PLC0415
    from ocr_doc.options import EngineOptions, Options  # noqa: PLC0415

    setup = {name: getattr(arguments, name) for name in ("weights", "device") if getattr(arguments, name) is not None}
    options = dict(map(_option, arguments.option))
    EngineOptions(**setup)  # a wrong option is told before anything is read
    Options().changed(**options)
    names = dict.fromkeys(arguments.engine or _ENGINES)
    return [EngineChoice(name, setup, options, arguments.threads) for name in names]


def _option(text: str) -> tuple[str, Any]:
    """`name=value`; the value as JSON where it is JSON, else as it stands."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--option {text}: has no value.", "Write it as NAME=VALUE, such as beam_width=8.")
    try:
        return name.replace("-", "_"), json.loads(value)
    except ValueError:
        return name.replace("-", "_"), value


def _exit_code(evaluation: Evaluation) -> int:
    return ExitCode.SOME_FAILED if any(score.failures for score in evaluation.scores) else ExitCode.OK


def _tell(debug: bool, text: str, code: ExitCode) -> int:
    if debug:
        traceback.print_exc()
    encoding = sys.stderr.encoding or "ascii"
    line = " ".join(text.split()).encode(encoding, "backslashreplace").decode(encoding)
    print(f"ocr-doc-evaluate: {line}", file=sys.stderr)
    return code


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value
