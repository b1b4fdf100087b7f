"""Many documents: which files to read, where each result goes, and what became of each."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_doc.core.errors import DependencyError, InputEmptyError, OcrDocError, UsageError, WeightsError
from ocr_doc.core.records import Document
from ocr_doc.side_by_side import Stopped, in_order
from ocr_doc.sources import STDIN, Source, source_name

READABLE_SUFFIXES = frozenset(
    {".pdf", ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif"}
    | {".heic", ".heif", ".hif", ".avif", ".jp2", ".j2k", ".jpx", ".pnm", ".pbm", ".pgm", ".ppm"}
)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """What became of one document: a result or an error.

    Attributes:
        source: Its path or name.
        document: The result, or None.
        error: What was wrong, or None. It holds no traceback, which would keep page images alive.
        traceback: The traceback as text; empty where all went well.
    """

    source: str
    document: Document | None = None
    error: OcrDocError | None = None
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read and the file to write."""

    source: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to do.

    Attributes:
        jobs: What to read.
        skipped: How many files of its folders are of no kind that ocr-doc reads.
        done: How many files have their result from an earlier run.
    """

    jobs: tuple[Job, ...]
    skipped: int
    done: int = 0


def read_all(
    sources: Iterable[Source],
    read: Callable[[Source, Callable[[], None]], Document],
    jobs: int = 1,
    finished: Callable[[int, Document], object] | None = None,
) -> Iterator[BatchItem]:
    """Reads documents, some at once, in their order; a bad one becomes an item with an error and the next one is read.

    Args:
        sources: The documents; taken as they are needed, up to `jobs` ahead.
        read: Reads one; see `ocr_doc.side_by_side.in_order` for the function that it is given.
        jobs: Documents that are read at once.
        finished: Called with a source's number, from 0, and its document as soon as that is read, in whichever thread
            read it and before documents that come earlier; an OcrDocError that it raises is the item's.

    Raises:
        WeightsError, DependencyError: If no network can run: no document could be read then. (A document that needs a
            missing package is an error of its own only where others have been read.)
    """
    working = False

    def one(numbered: tuple[int, Source], check: Callable[[], None]) -> BatchItem:
        number, source = numbered
        try:
            document = read(source, check)
            if finished is not None:
                finished(number, document)
        except (WeightsError, Stopped):
            raise
        except OcrDocError as error:
            return _failed(source, error, error)
        except Exception as error:  # a fault of ours in one document is no reason to lose the others
            message = f"{source_name(source)}: internal fault: {type(error).__name__}: {error}."
            return _failed(source, OcrDocError(message, "Please report it with the output of --debug."), error)
        return BatchItem(document.source, document)

    for item in in_order(enumerate(sources), one, jobs):
        if isinstance(item.error, DependencyError) and not working:
            raise item.error
        working = working or item.document is not None
        yield item


def written(item: BatchItem, write: Callable[[Document], object]) -> BatchItem:
    """An item whose document, where it has one, was written, or an item that says why it was not."""
    if item.document is None:
        return item
    try:
        write(item.document)
    except OcrDocError as error:
        return _failed(item.source, error, error)
    return item


def plan_run(inputs: Sequence[str], output: Path, suffix: str, resume: bool = False) -> Plan:
    """Finds the files of a run and names their results.

    A folder is searched to its bottom, hidden files and the output folder left aside; `output` mirrors its tree.
    `a.png` becomes `a.json`, but where `a.jpg` lies beside it they become `a.png.json` and `a.jpg.json`.

    Args:
        inputs: Files and folders. Files named here are read whatever their suffix.
        output: The folder of the results.
        suffix: Of the results, with dot.
        resume: Whether files that have a result, not older than they are, are left out.

    Raises:
        UsageError: If two files would get the same result, or a result would replace its source.
        InputEmptyError: If there is nothing to read.
    """
    found: list[tuple[Path, Path]] = []  # a file, and its place below the output folder
    skipped = 0
    for name in inputs:
        if name == STDIN:
            raise UsageError("Standard input has no name to call a result in a folder by.", "Give a file: -o FILE")
        path = Path(name)
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        for file in _files_below(path, output):
            if file.suffix.lower() in READABLE_SUFFIXES:
                found.append((file, file.relative_to(path)))
            else:
                skipped += 1
    if not found:
        raise InputEmptyError(f"{', '.join(inputs)}: no file in it that ocr-doc reads.", "Give PDFs or images.")
    targets = _result_names([place for _, place in found], suffix)
    jobs = tuple(Job(file, output / target) for (file, _), target in zip(found, targets, strict=True))
    _check(jobs)
    left = tuple(job for job in jobs if not (resume and _is_done(job)))
    return Plan(left, skipped, len(jobs) - len(left))


def _is_done(job: Job) -> bool:
    """Whether a job's result is there and not older than its source; results are written whole or not at all."""
    try:
        return job.output.is_file() and job.output.stat().st_mtime_ns >= job.source.stat().st_mtime_ns
    except OSError:
        return False  # whatever is wrong is told when the file is read


def _files_below(folder: Path, excluded: Path) -> Iterator[Path]:
    """Files of a folder and its subfolders, in the order of their names; links to folders are not followed."""
    hidden_from_walk = os.path.realpath(excluded)
    for place, folders, files in os.walk(folder):
        kept = (name for name in sorted(folders) if not name.startswith("."))
        folders[:] = [name for name in kept if os.path.realpath(Path(place, name)) != hidden_from_walk]
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


def _result_names(places: Sequence[Path], suffix: str) -> list[Path]:
    """A result's place for each file's: the stem where that is unmistakable, else the whole name."""
    short = [place.with_name(place.stem + suffix) for place in places]
    whole = [place.with_name(place.name + suffix) for place in places]
    # Compared without case: two names that differ by case only are one file on many disks.
    names = Counter(_folded(path) for path in (*short, *whole))
    return [s if names[_folded(s)] == 1 + (s == w) else w for s, w in zip(short, whole, strict=True)]


def _check(jobs: Sequence[Job]) -> None:
    first: dict[str, Job] = {}
    for job in jobs:
        other = first.setdefault(_folded(job.output), job)
        if other is not job:
            message = f"{other.source} and {job.source} would both be written to {job.output}."
            raise UsageError(message, "Read them in two runs with different output folders.")
        if _folded(Path(os.path.realpath(job.output))) == _folded(Path(os.path.realpath(job.source))):
            raise UsageError(f"{job.source}: its result would replace it.", "Choose another output.")


def _folded(path: Path) -> str:
    return os.fspath(path).casefold()


def _failed(source: Source, error: OcrDocError, cause: Exception) -> BatchItem:
    trace = "".join(traceback.format_exception(cause))
    error.__cause__ = error.__context__ = None
    return BatchItem(source_name(source), error=error.with_traceback(None), traceback=trace)
