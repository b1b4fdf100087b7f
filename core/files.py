"""Files written whole or not at all."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from ocr_doc.core.errors import OutputError

_counter = itertools.count()


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file under a temporary name in the same folder and moves it into place.

    Whoever reads `path` sees the old file or the whole new one, even if this process is killed. Folders on the way are
    made. A link is followed; a device or pipe is written to as it is.

    Raises:
        OutputError: If the file cannot be written; nothing is left behind then.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path}: is a folder, not a file.", "Name a file in it.")
    # Not derived from the target's name, which may already be as long as a name can be.
    part = target.parent / f".ocr-doc-{os.getpid()}-{next(_counter)}.part"
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        remedy = "Check the path, its permissions and the free space, or choose another place."
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}.", remedy) from error
