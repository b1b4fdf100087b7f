"""Readers of labelled word crops.

- A list: a text file with a line `image<TAB>text` for each crop; images are beside the list, or in the folder of the
  list's name, or under absolute paths.
- MJSynth's layout (Jaderberg et al. 2014): a folder with `annotation_train.txt`, a line `./1/2/3_WORD_4.jpg 4` for each
  crop, the text between the underscores of the file's name.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.recognizer.alphabet import Alphabet

MJSYNTH_LIST = "annotation_train.txt"
SEE = "See docs/training.md for the forms of data."
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """A crop on disk and what it says.

    Attributes:
        path: The image's file; plain text, of which millions take a third of the memory that `Path`s would.
        text: What it says.
    """

    path: str
    text: str

    def load(self) -> NDArray[np.uint8]:
        """The pixels, (h, w) uint8 grey.

        Raises:
            InputMissingError: If there is no such file.
            InputBrokenError: If the file is no image or damaged.
        """
        return read_grey(Path(self.path))


def read_grey(path: Path) -> NDArray[np.uint8]:
    """The pixels of an image file, (h, w) uint8 grey.

    Raises:
        InputMissingError: If there is no such file.
        InputBrokenError: If it is no image or damaged.
    """
    try:
        # By numpy, since OpenCV itself cannot open every name on every system.
        data = np.fromfile(path, dtype=np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    except OSError as error:
        raise InputMissingError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from error
    except cv2.error as error:
        raise InputBrokenError(f"{path}: cannot be decoded ({error.err}).", "Remove it from the list.") from error
    if pixels is None:
        raise InputBrokenError(f"{path}: not an image, or damaged.", "Remove it from the list.")
    return np.asarray(pixels, dtype=np.uint8)


def as_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture (h, w) as (h, w, 3), which is what a detector sees."""
    return np.repeat(grey[:, :, None], 3, axis=2)


def read_rows(path: Path) -> list[str]:
    """The lines of a text file, blank ones included.

    Raises:
        InputMissingError: If it cannot be read.
        InputBrokenError: If it is no UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputMissingError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputBrokenError(f"{path}: no UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error
    # Not splitlines(): that also splits at signs that a label may hold.
    return text.split("\n")


def read_crops(source: Path, alphabet: Alphabet) -> list[LabelledCrop]:
    """Reads a list or an MJSynth folder; the images themselves are not opened.

    Args:
        source: The list file, or a folder that holds `annotation_train.txt`.
        alphabet: Texts are brought to its form; crops that it cannot write are left out, which a warning tells.

    Raises:
        InputMissingError: If the source is not there.
        InputBrokenError: If it names no crop that can be learned from, or a line is not of its form.
    """
    if source.is_dir():
        crops = _read_mjsynth(source)
    elif source.exists():
        crops = _read_list(source)
    else:
        raise InputMissingError(f"{source}: no such list or folder.", "Check the path.")
    usable: list[LabelledCrop] = []
    unknown: Counter[str] = Counter()
    left_out = 0
    for crop in crops:
        text = alphabet.normalise(crop.text)
        if text and alphabet.covers(text):
            usable.append(LabelledCrop(crop.path, text))
        else:
            left_out += 1
            unknown.update(symbol for symbol in set(text) if symbol not in alphabet)
    if left_out:
        signs = " ".join(symbol for symbol, _ in unknown.most_common(20)) or "none, some are empty"
        _LOG.warning("%s: %d texts left out; signs outside the alphabet: %s", source, left_out, signs)
    if not usable:
        raise InputBrokenError(f"{source}: names no crop with a text that can be learned.", SEE)
    return usable


def _read_list(source: Path) -> Iterator[LabelledCrop]:
    folder = source.with_suffix("")
    bases = [folder, source.parent] if folder.is_dir() else [source.parent]
    for number, line in enumerate(read_rows(source), start=1):
        if not line.strip():
            continue
        name, tab, text = line.partition("\t")
        if not tab:
            raise InputBrokenError(f"{source}: line {number} has no tab.", "Write each line as image<TAB>text.")
        yield LabelledCrop(_first_there(base / name for base in bases), text)


def _first_there(paths: Iterable[Path]) -> str:
    """The first path where there is a file, else the last of them."""
    path = Path()
    for path in paths:
        if path.exists():
            break
    return str(path)


def _read_mjsynth(folder: Path) -> Iterator[LabelledCrop]:
    listing = folder / MJSYNTH_LIST
    if not listing.is_file():
        raise InputMissingError(f"{listing}: no such file.", "Give MJSynth's folder, or a list file.")
    for line in read_rows(listing):
        name = line.split(" ")[0]
        parts = Path(name).stem.split("_")
        if len(parts) >= 3:
            yield LabelledCrop(str(folder / name), parts[1])
