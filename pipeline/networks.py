"""The networks of a pipeline: loaded when first needed, once, and shared by all calls and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import UsageError
from ocr_doc.core.records import EngineInfo
from ocr_doc.detectors.detector import DetectedWord, WordDetector
from ocr_doc.options import EngineOptions, Options
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.calibration import Calibration
from ocr_doc.recognizer.characters import CharacterClassifier
from ocr_doc.recognizer.lexicon import Lexicon
from ocr_doc.recognizer.reader import ReaderOptions, Reading, WordReader
from ocr_doc.recognizer.vocabulary import Vocabulary
from ocr_doc.weights.engines import Builder, Engine, open_engine
from ocr_doc.weights.manifest import Entry, Kind, Manifest, load_manifest
from ocr_doc.weights.occupancy import Occupancy

if TYPE_CHECKING:
    from torch.nn import Module


class Detector(Protocol):
    """Finds words on a page; `ocr_doc.detectors.detector.WordDetector` and whatever takes its place."""

    def detect(self, pixels: NDArray[np.uint8], /) -> Sequence[DetectedWord]:
        """The words of a page, (H, W, 3) uint8 RGB, in any order."""


class Reader(Protocol):
    """Reads crops; `ocr_doc.recognizer.reader.WordReader` and whatever takes its place."""

    def read(self, crops: Sequence[NDArray[np.uint8]], /, expected: Sequence[int] | None = None) -> Sequence[Reading]:
        """One reading for each crop, (H, W) uint8; `expected` says how many characters the detector saw in each."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A detector, ready, and what runs it; no engine behind one that was handed in."""

    detector: Detector
    name: str
    engine: Engine | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """A character classifier, ready, and what runs it."""

    classifier: CharacterClassifier
    engine: Engine


@dataclass(frozen=True, slots=True)
class _Read:
    """How to make a reader with a call's options, and what runs it."""

    make: Callable[[Options], Reader]
    name: str
    engine: Engine | None = None
    calibration: Calibration = field(default_factory=Calibration)


class Networks:
    """The detector and the recogniser of a pipeline.

    Args:
        options: Where the weights are and what runs them.
        detector: Used instead of our network.
        recognizer: Used instead of our network; decoding options (beam, lexicon, batch size) are its own business then.
        wrap: Put around each engine that is opened, such as one that batches the calls of many threads.
    """

    def __init__(
        self,
        options: EngineOptions,
        detector: Detector | None = None,
        recognizer: Reader | None = None,
        wrap: Callable[[Engine], Engine] | None = None,
    ) -> None:
        self.occupancy = Occupancy()
        """Entered by whoever reads a page: engines share the cores by it."""
        self._options = options
        self._wrap = wrap
        self._lock = threading.RLock()
        self._closed = False
        self._given = None if detector is None else _Found(detector, type(detector).__name__)
        self._handed = None if recognizer is None else _Read(lambda _: recognizer, type(recognizer).__name__)
        self._found: dict[bool, _Found] = {}  # in floating point, and in integers where there is such a graph
        self._read: dict[tuple[Kind, bool], _Read] = {}  # for words and for codes, the same way
        self._own_reader = recognizer is None
        self._named: _Named | None = None
        self._words: Vocabulary | None = None

    def detector(self, options: Options) -> Detector:
        """The detector for a call's options; loaded if no call needed it before.

        Raises:
            WeightsError: If the weights are missing, damaged or do not fit.
            DependencyError: If the device is not there, or what runs it is not installed.
            UsageError: After `close`.
        """
        return self._loaded_detector(_exact(options)).detector

    def reader(self, options: Options) -> Reader:
        """A reader with a call's options; the network is loaded if no call needed it before.

        Raises:
            WeightsError, DependencyError, UsageError: As `detector` does.
        """
        return self._loaded_reader(options).make(options)

    def reads_codes(self, options: Options) -> bool:
        """Whether words go to the character classifier, too.

        Where nobody asks for it, a reader that was handed in is left alone, and weights may lack a classifier.
        """
        if options.serial != "auto":
            return options.serial == "always"
        return self._own_reader and (self._named is not None or self._manifest("characters").lists("characters"))

    def calibration(self, options: Options) -> Calibration:
        """How sure words of a confidence are; those of a reader that was handed in are as sure as it says.

        Raises:
            WeightsError, DependencyError, UsageError: As `detector` does.
        """
        return self._loaded_reader(options).calibration

    def characters(self) -> CharacterClassifier:
        """The character classifier; loaded if no call needed it before.

        Raises:
            WeightsError, DependencyError, UsageError: As `detector` does.
        """
        with self._lock:
            self._check_open()
            if self._named is None:
                engine, entry = self._open("characters", _build_characters)
                self._named = _Named(CharacterClassifier(engine, entry.alphabet or ""), engine)
            return self._named.classifier

    def info(self, options: Options) -> EngineInfo:
        """What reads documents with a call's options; loads both networks."""
        found, read = self._loaded_detector(_exact(options)), self._loaded_reader(options)
        devices = sorted({part.engine.device for part in (found, read) if part.engine is not None})
        return EngineInfo(version("ocr-doc"), ", ".join(devices), found.name, read.name)

    def close(self) -> None:
        """Frees the networks; closing twice is fine."""
        with self._lock:
            self._closed = True
            for part in (*self._found.values(), *self._read.values(), self._named):
                if part is not None and part.engine is not None:
                    part.engine.close()
            self._given = self._handed = self._named = None
            self._found.clear()
            self._read.clear()

    def _loaded_detector(self, exact: bool) -> _Found:
        with self._lock:
            self._check_open()
            if self._given is not None:
                return self._given
            if exact not in self._found:
                engine, _ = self._open("detector", _build_detector, exact)
                self._found[exact] = _Found(WordDetector(engine), engine.name, engine)
            return self._found[exact]

    def _loaded_reader(self, options: Options) -> _Read:
        with self._lock:
            self._check_open()
            if self._handed is not None:
                return self._handed
            kind: Kind = "codes" if options.serial == "always" and self._has_codes() else "recognizer"
            exact = _exact(options)
            if (kind, exact) not in self._read:
                engine, entry = self._open(kind, _build_recognizer, exact)
                alphabet = Alphabet(entry.alphabet or "")
                make = partial(_make_reader, engine, alphabet, self._vocabulary)
                self._read[kind, exact] = _Read(make, engine.name, engine, Calibration(*(entry.calibration or ())))
            return self._read[kind, exact]

    def _has_codes(self) -> bool:
        """Whether a recogniser is listed for codes; a recogniser of the user's own reads them itself."""
        chosen = load_manifest(self._options.weights)
        if chosen.lists("codes") or chosen.lists("recognizer"):
            return chosen.lists("codes")
        return load_manifest().lists("codes")

    def _vocabulary(self) -> Vocabulary:
        """The words and how common they are; read if no call needed them before."""
        with self._lock:
            if self._words is None:
                manifest = self._manifest("vocabulary")
                entry = manifest.entry("vocabulary")
                self._words = Vocabulary.parse(manifest.read(entry.files[0]))
            return self._words

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("This pipeline is closed.", "Make a new OCRPipeline.")

    def _open(self, kind: Kind, build: Builder, exact: bool = True) -> tuple[Engine, Entry]:
        manifest = self._manifest(kind)
        entry = manifest.entry(kind)
        device, threads = self._options.device, self._options.threads
        engine = open_engine(manifest, entry, device, build, threads, self.occupancy, exact)
        return engine if self._wrap is None else self._wrap(engine), entry

    def _manifest(self, kind: Kind) -> Manifest:
        """The manifest that lists a kind of network."""
        manifest = load_manifest(self._options.weights)
        if self._options.weights is not None and not manifest.lists(kind):
            # A folder with one fine-tuned network replaces that one; the others are those that ship.
            manifest = load_manifest()
        return manifest


def _exact(options: Options) -> bool:
    """Whether networks compute in floating point, where integers are quicker and nearly as good.

    Codes are not read by integers: the rules of `serial="always"` were found with scores in floating point, and of 751
    plates detected in integers 18 fewer came out (docs/engines.md).
    """
    return options.quality == "best" or options.serial == "always"


def _make_reader(engine: Engine, alphabet: Alphabet, words: Callable[[], Vocabulary], options: Options) -> Reader:
    # A beam of one reading is greedy decoding, which the reader does faster without a beam.
    beam = 0 if options.beam_width == 1 else options.beam_width
    lexicon = None if options.lexicon is None else Lexicon(options.lexicon)
    vocabulary = words() if options.vocabulary and lexicon is None else None
    second_look = options.quality == "best"
    return WordReader(
        engine,
        alphabet,
        ReaderOptions(beam, lexicon, vocabulary, second_look=second_look, batch_size=options.batch_size),
    )


def _build_detector(config: Mapping[str, object]) -> Module:
    from ocr_doc.detectors.factory import build_detector  # noqa: PLC0415 - torch, which is optional

    return build_detector(config)


def _build_recognizer(config: Mapping[str, object]) -> Module:
    from ocr_doc.recognizer.network import build_crnn  # noqa: PLC0415 - torch, which is optional

    return build_crnn(config)


def _build_characters(config: Mapping[str, object]) -> Module:
    from ocr_doc.recognizer.characters_network import build_characters  # noqa: PLC0415 - torch, which is optional

    return build_characters(config)
