"""The command line: `ocr-doc INPUT... [-o OUT]`.

Arguments are parsed before anything heavy is imported, so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_doc.core.errors import ExitCode, InputMissingError, OcrDocError, OutputError, UsageError

if TYPE_CHECKING:
    from ocr_doc.api import OCRPipeline
    from ocr_doc.batch import BatchItem, Plan
    from ocr_doc.core.formats import Format
    from ocr_doc.core.records import Document
    from ocr_doc.terminal import Progress

_EPILOG = """
examples:
  ocr-doc invoice.pdf                     the text, on standard output
  ocr-doc invoice.pdf -o invoice.json     words, boxes and confidences
  ocr-doc scans/ -o out/                  every PDF and image below scans/, one result each
  ocr-doc - -o - --format json < page.png

exit codes: 0 ok, 1 internal fault, 2 usage, 3 input missing, 4 empty, 5 broken, 6 of no known kind, 7 too large,
8 password, 9 no pages, 10 weights, 11 output, 12 package or device missing, 13 some of several failed, 130 interrupted
"""
# Parsed arguments that are options of a call or of the engines; the rest is the command line's own.
_READING = (
    *("dpi", "pages", "password", "pdf_renderer", "pdf_text", "orientation"),
    *("min_confidence", "min_legibility", "vocabulary", "quality", "beam_width", "batch_size", "characters", "fields"),
    *("serial", "pattern"),
)
_ENGINE = ("device", "threads", "weights", "jobs")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        An `ExitCode`. Usage faults that argparse finds, `--help` and `--version` leave by SystemExit, as it does.
    """
    arguments = build_parser().parse_args(argv)
    from ocr_doc.terminal import log_to_stderr, terminable  # noqa: PLC0415 - see the module's docstring

    level = logging.DEBUG if arguments.debug else logging.ERROR if arguments.quiet else logging.WARNING
    try:
        with log_to_stderr(level), terminable():
            return _run(arguments)
    except OcrDocError as error:
        return _tell(arguments.debug, str(error), error.exit_code)
    except KeyboardInterrupt:
        return _tell(False, "interrupted; results written so far are kept.", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return ExitCode.OUTPUT  # whoever read our output has seen enough, as in `ocr-doc book.pdf | head`
    except Exception as error:
        text = f"internal fault: {type(error).__name__}: {error}. Please report it with the output of --debug."
        return _tell(arguments.debug, text, ExitCode.INTERNAL)


def build_parser() -> argparse.ArgumentParser:
    """The parser. Options that are not given are absent from its result: their defaults are those of `Options`."""
    parser = argparse.ArgumentParser(
        prog="ocr-doc",
        description="Reads documents: PDFs and images to text or JSON, offline.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="a PDF or image, a folder, or - for standard input")
    add("-o", "--output", metavar="OUT", default=None, help="a file (.json, .txt), a folder, or - (default: text to -)")
    add(
        "--format",
        metavar="NAME",
        default=None,
        help="json, text, layout, markdown, paragraphs[-hyphens] (as OUT ends)",
    )
    add("--pages", metavar="RANGE", help="pages to read, such as 1-3,7")
    add("--password", help="opens encrypted PDFs")
    add("--dpi", type=_number(int, 1), help="resolution at which PDF pages are drawn (200)")
    add("--pdf-renderer", choices=("auto", "poppler", "pdfium"), help="what draws PDF pages (auto)")
    add("--pdf-text", choices=("auto", "use", "ignore"), help="what of a PDF's own text is used (auto: what is sound)")
    turns = [str(degrees) for degrees in (0, 90, 180, 270)]
    add("--orientation", choices=("auto", *turns), help="degrees clockwise to turn pages by (auto: found out)")
    add("--max-megapixels", type=_number(float, 0.000001), metavar="N", help="largest page that is read (178)")
    add("--min-confidence", type=_number(float, 0, 1), metavar="P", help="leave out words below this, 0 to 1 (0)")
    add("--min-legibility", type=_number(float, 0, 1), metavar="P",
        help="leave out what reads like no text: smudges, rules; 0 to 1 (0.4)")  # fmt: skip
    add("--characters", action=argparse.BooleanOptionalAction, help="a record for each character in JSON (yes)")
    add("--fields", action=argparse.BooleanOptionalAction, help="date, total and other fields of bills in JSON (yes)")
    add("--serial", choices=("auto", "always", "never"), help="read codes character by character (auto: what looks so)")
    add("--pattern", metavar="PATTERN",
        help="what codes look like: AAAA9999999, a regular expression, or iso6346, ean, vin, iban, luhn")  # fmt: skip
    add("--vocabulary", action=argparse.BooleanOptionalAction, help="known words decide where print is in doubt (yes)")
    add("--quality", choices=("fast", "best"), help="best looks at doubtful print more than once (fast)")
    add("--beam-width", type=_number(int, 1), metavar="N", help="readings kept while a word is decoded (1: greedy)")
    add("--lexicon", metavar="FILE", help="words, one a line, that a beam search prefers")
    add("--batch-size", type=_number(int, 1), metavar="N", help="word crops read at once, at most (64)")
    add("--device", choices=("auto", "cpu", "cuda"), help="what runs the networks (auto: CUDA if there, else CPU)")
    add("--threads", type=_number(int, 1), metavar="N", help="threads on the CPU (as many as this process may use)")
    add(
        "--jobs",
        type=_number(int, 1),
        metavar="N",
        help="documents, or pages of one, read at once (3; 1 on one thread)",
    )
    add("--weights", metavar="DIR", help="a folder of weights instead of those that ship; lstm for the LSTM recogniser")
    add("--resume", action="store_true", default=False, help="leave out files whose result is in OUT already")
    add("--debug", action="store_true", default=False, help="show tracebacks and what is going on")
    add("--quiet", action="store_true", default=False, help="no progress, warnings or summary; errors only")
    add("--version", action=_Version, nargs=0, help="show the version and exit")
    return parser


def options_from(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments as `OCRPipeline` takes them: those of the engines, and those of `Options`; only what was given."""
    given = vars(arguments)
    reading = {name: given[name] for name in _READING if name in given}
    if reading.get("orientation", "auto") != "auto":
        reading["orientation"] = int(reading["orientation"])
    if "max_megapixels" in given:
        reading["max_pixels"] = max(1, round(given["max_megapixels"] * 1_000_000))
    if "lexicon" in given:
        reading["lexicon"] = _lexicon(given["lexicon"])
    return {name: given[name] for name in _ENGINE if name in given}, reading


def make_pipeline(arguments: argparse.Namespace, chosen: Format) -> OCRPipeline:
    """A pipeline with the given options, whose results are written in the chosen format."""
    from ocr_doc.api import OCRPipeline  # noqa: PLC0415 - see the module's docstring

    engine, reading = options_from(arguments)
    reading.setdefault("fields", chosen.fields)
    return OCRPipeline(**engine, **reading)


def _run(arguments: argparse.Namespace) -> int:
    """Decides where the results go: standard output, one file, or a folder."""
    inputs, output = arguments.inputs, arguments.output
    folders = [name for name in inputs if name != "-" and os.path.isdir(name)]  # noqa: PTH112 - "" is no folder
    if output in (None, "-"):
        _refuse_folders(folders)
        _refuse_resume(arguments)
        return _to_stdout(arguments)
    into_folder = os.path.isdir(output) or output.endswith(("/", os.sep))  # noqa: PTH112
    if not into_folder and (folders or len(inputs) > 1):
        if Path(output).suffix:
            _refuse_folders(folders)
            raise UsageError(f"{output}: is one file, but there are several inputs.", "Give a folder: -o OUT/")
        into_folder = True
    if not into_folder:
        _refuse_resume(arguments)
        return _to_file(arguments, Path(output))
    from ocr_doc.batch import plan_run  # noqa: PLC0415 - see the module's docstring

    plan = plan_run(inputs, Path(output), _format(arguments.format or "json", None).suffixes[0], arguments.resume)
    if len(inputs) == 1 and not folders and plan.jobs:
        return _to_file(arguments, plan.jobs[0].output)
    return _to_folder(arguments, plan)


def _refuse_folders(folders: Sequence[str]) -> None:
    if folders:
        raise InputMissingError(f"{folders[0]}: is a folder, not a file.", "Read all of it into a folder with -o OUT/")


def _refuse_resume(arguments: argparse.Namespace) -> None:
    if arguments.resume:
        raise UsageError("--resume: no folder of results to go on with.", "Give one, -o OUT/, or leave --resume out.")


def _to_file(arguments: argparse.Namespace, output: Path) -> int:
    chosen = _format(arguments.format, output)
    [source] = arguments.inputs
    if source != "-" and os.path.realpath(source) == os.path.realpath(output):
        raise UsageError(f"{source}: its result would replace it.", "Choose another output.")
    with make_pipeline(arguments, chosen) as ocr:
        document = ocr(source)
    document.save(output, chosen.name)
    _warn(arguments, document)
    return ExitCode.OK


def _to_stdout(arguments: argparse.Namespace) -> int:
    from ocr_doc.batch import written  # noqa: PLC0415 - see the module's docstring
    from ocr_doc.terminal import Quiet, guarded_stdout  # noqa: PLC0415 - see the module's docstring

    chosen = _format(arguments.format or "text", None)
    inputs = arguments.inputs
    if len(inputs) > 1 and chosen.name != "text":
        raise UsageError(f"Several results of format {chosen.name} cannot share one stream.", "Give a folder: -o OUT/")
    with guarded_stdout() as stream, make_pipeline(arguments, chosen) as ocr:

        def write(document: Document) -> None:
            try:
                stream.write(chosen.render(document))
                stream.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                message = f"Standard output cannot be written: {error.strerror}."
                raise OutputError(message, "Check the free space, or give -o FILE.") from error

        if len(inputs) == 1:
            document = ocr(inputs[0])
            write(document)
            _warn(arguments, document)
            return ExitCode.OK
        # Not as soon as each is finished: here they have to be in their order.
        items = (written(item, write) for item in ocr.stream(inputs))
        read, failed = _tell_all(arguments, items, Quiet())
    return _summary(arguments, read, failed)


def _to_folder(arguments: argparse.Namespace, plan: Plan) -> int:
    from ocr_doc.terminal import progress  # noqa: PLC0415 - see the module's docstring

    chosen = _format(arguments.format or "json", None)

    def save(number: int, document: Document) -> None:
        document.save(plan.jobs[number].output, chosen.name)

    with make_pipeline(arguments, chosen) as ocr, progress(len(plan.jobs), wanted=not arguments.quiet) as bar:
        items = ocr.stream((job.source for job in plan.jobs), finished=save)
        read, failed = _tell_all(arguments, items, bar)
    return _summary(arguments, read, failed, plan)


def _tell_all(arguments: argparse.Namespace, items: Iterable[BatchItem], bar: Progress) -> tuple[int, int]:
    """Tells warnings, and each error in a line, as documents come. Counts results and errors."""
    read = failed = 0
    for item in items:
        if item.document is not None:
            _warn(arguments, item.document, bar.write)
        if item.error is not None:
            line = _line(str(item.error))
            bar.write(f"{item.traceback}{line}" if arguments.debug else line)
        read, failed = read + (item.error is None), failed + (item.error is not None)
        bar.update()
    return read, failed


def _summary(arguments: argparse.Namespace, read: int, failed: int, plan: Plan | None = None) -> int:
    if not arguments.quiet:
        counts = [f"{read} read", f"{failed} failed"]
        if plan is not None and plan.done:
            counts.append(f"{plan.done} done before")
        if plan is not None and plan.skipped:
            counts.append(f"{plan.skipped} skipped (no PDF or image)")
        print(f"ocr-doc: {', '.join(counts)}.", file=sys.stderr)
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _format(name: str | None, path: Path | None) -> Format:
    import ocr_doc.export  # noqa: PLC0415 - see the module's docstring

    return ocr_doc.export.find_format(name, path)


def _lexicon(path: str) -> tuple[str, ...]:
    try:
        words = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputMissingError(f"{path}: the lexicon cannot be read: {error}.", "Give a UTF-8 text file.") from error
    return tuple(word.strip() for word in words if word.strip())


def _warn(arguments: argparse.Namespace, document: Document, write: Callable[[str], object] | None = None) -> None:
    """Tells what is to be known of a document's pages."""
    if arguments.quiet:
        return
    for page in document:
        for warning in page.warnings:
            line = _line(f"{document.source}: page {page.number}: {warning}")
            print(line, file=sys.stderr) if write is None else write(line)


def _tell(debug: bool, text: str, code: ExitCode) -> int:
    if debug:
        traceback.print_exc()
    print(_line(text), file=sys.stderr)
    return code


def _line(text: str) -> str:
    """A message as one line that any terminal can show."""
    encoding = sys.stderr.encoding or "ascii"
    return "ocr-doc: " + " ".join(text.split()).encode(encoding, "backslashreplace").decode(encoding)


def _number(kind: type[int] | type[float], low: float, high: float = float("inf")) -> Callable[[str], float]:
    """An argparse type: a number of that kind within [low, high]."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no {'whole ' if kind is int else ''}number") from None
        if not low <= value <= high:
            limits = f"{low:g} or more" if high == float("inf") else f"from {low:g} to {high:g}"
            raise argparse.ArgumentTypeError(f"{text} is not {limits}")
        return value

    return parse


class _Version(argparse.Action):
    """Looks the version up only when asked: reading the package's metadata takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        import ocr_doc  # noqa: PLC0415

        print(f"ocr-doc {ocr_doc.__version__}")
        parser.exit()
