"""Readers of labelled word crops.

- A list: a text file with a line `image<TAB>text` for each crop; images are beside the list, or in the folder of the
  list's name, or under absolute paths.
- MJSynth's layout (Jaderberg et al. 2014): a folder with `annotation_train.txt`, a line `./1/2/3_WORD_4.jpg 4` for each
  crop, the text between the underscores of the file's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.recognizer.alphabet import Alphabet

MJSYNTH_LIST = "annotation_train.txt"


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """A crop on disk and what it says."""

    path: Path
    text: str

    def load(self) -> NDArray[np.uint8]:
        """The pixels, (h, w) uint8 grey.

        Raises:
            InputBrokenError: If the file is no image or damaged.
        """
        data = np.fromfile(self.path, dtype=np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
        if pixels is None:
            raise InputBrokenError(f"{self.path}: not an image, or damaged.", "Remove it from the list.")
        return np.asarray(pixels, dtype=np.uint8)


def read_crops(source: Path, alphabet: Alphabet) -> list[LabelledCrop]:
    """Reads a list or an MJSynth folder.

    Args:
        source: The list file, or a folder that holds `annotation_train.txt`.
        alphabet: Texts are brought to its form; crops that it cannot write are left out.

    Raises:
        InputMissingError: If the source is not there.
        InputBrokenError: If it names no crop that can be learned from.
    """
    if source.is_dir():
        crops = _read_mjsynth(source)
    elif source.is_file():
        crops = _read_list(source)
    else:
        raise InputMissingError(f"{source}: no such list or folder.", "Check the path.")
    normal = [LabelledCrop(crop.path, alphabet.normalise(crop.text)) for crop in crops]
    usable = [crop for crop in normal if crop.text and alphabet.covers(crop.text)]
    if not usable:
        raise InputBrokenError(f"{source}: names no crop with a text that can be learned.", "See docs/training.md.")
    return usable


def _read_list(source: Path) -> list[LabelledCrop]:
    folder = source.with_suffix("")
    base = folder if folder.is_dir() else source.parent
    crops = []
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        name, tab, text = line.partition("\t")
        if not tab:
            raise InputBrokenError(f"{source}: line {number} has no tab.", "Write each line as image<TAB>text.")
        path = base / name
        crops.append(LabelledCrop(path if path.exists() else source.parent / name, text))
    return crops


def _read_mjsynth(folder: Path) -> list[LabelledCrop]:
    listing = folder / MJSYNTH_LIST
    if not listing.is_file():
        raise InputMissingError(f"{listing}: no such file.", "Give MJSynth's folder, or a list file.")
    crops = []
    for line in listing.read_text(encoding="utf-8").splitlines():
        name = line.split(" ")[0]
        parts = Path(name).stem.split("_")
        if len(parts) >= 3:
            crops.append(LabelledCrop(folder / name, parts[1]))
    return crops
