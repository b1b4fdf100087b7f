"""The reader: crops of words in, texts with confidences and spans out.

A crop is scaled and padded for itself alone (`crops.normalise`); a batch holds crops of one padded width. So no batch
size and no neighbour changes what the network sees of a crop.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.crops import HEIGHT, WIDTH_STEP
from ocr_doc.recognizer.ctc import (
    Decoding,
    Prior,
    Symbol,
    beam_search,
    best_paths,
    mask_classes,
    part_confidences,
    rescore,
)
from ocr_doc.recognizer.doubts import settle_doubts
from ocr_doc.recognizer.lexicon import Lexicon
from ocr_doc.recognizer.looks import look_again
from ocr_doc.recognizer.pieces import Piece, bounded, cut_pieces
from ocr_doc.recognizer.vocabulary import Vocabulary
from ocr_doc.weights.engines import Engine, EngineMemoryError, run_all

_LOG = logging.getLogger(__name__)

# Crops prepared at a time; bounds memory on pages of thousands of words.
WINDOW = 1024
# A batch on the CPU gains nothing from size once all cores are busy, but takes memory; a GPU wants large ones.
_BATCH_PIXELS = {"cpu": 2**18, "cuda": 2**22}
# Crops are decoded together up to so many steps, and where the longest has at most so many times the shortest's.
_DECODED, _ALIKE = 2**12, 2.0
# A character is wider than CTC's peak: its span grows by up to this many steps a side, half way to its neighbour.
_REACH = 2.0


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """How crops are read.

    Attributes:
        beam_width: Prefixes that the beam search keeps; 0 for greedy decoding.
        lexicon: Known words that the beam search prefers; needs a beam.
        vocabulary: How common words are; decides words that the network is not sure of. None to go by the image alone.
        allowed: The only symbols that may appear; None for all. Confidences are those of the network without this
            rule, so that a symbol forced by it shows by its low confidence.
        second_look: Whether crops in doubt are looked at once more, see `ocr_doc.recognizer.looks`.
        batch_size: Crops in a batch at most.
        max_batch_pixels: Pixels in a batch at most (one crop always passes); None for a default by device.

    Raises:
        UsageError: If a number is out of range, or there is a lexicon without a beam.
    """

    beam_width: int = 0
    lexicon: Lexicon | None = None
    vocabulary: Vocabulary | None = None
    allowed: str | None = None
    second_look: bool = False
    batch_size: int = 64
    max_batch_pixels: int | None = None

    def __post_init__(self) -> None:
        if self.beam_width < 0:
            raise UsageError(f"The beam width is {self.beam_width}.", "Give 0 for greedy decoding, or 1 or more.")
        if self.batch_size < 1 or (self.max_batch_pixels is not None and self.max_batch_pixels < 1):
            raise UsageError("A batch must hold at least one crop and one pixel.", "Give larger limits.")
        if self.lexicon is not None and not self.beam_width:
            raise UsageError("A lexicon works in the beam search only.", "Give a beam width too, such as 10.")


@dataclass(frozen=True, slots=True)
class ReadCharacter:
    """One character as read.

    Attributes:
        confidence: Its largest probability within its span.
        start, end: Its span in fractions of the crop's width, in [0, 1]. Made from CTC's peaks, so good to about a
            quarter of the text height; a detector's character boxes are better.
        alternatives: Its most probable readings with their probabilities, itself among them; the character
            classifier gives them, the CRNN does not.
    """

    text: str
    confidence: float
    start: float
    end: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a crop; spaces at its ends are dropped.

    Attributes:
        confidence: P(text | image) in [0, 1] by the network; 0 for a crop without pixels.
        characters: One per character of `text`.
        word_confidences: P(word | its part of the image) for each part of `text` between spaces.
        source: What read it, "crnn" or "characters".
        others: Further readings of the same crop, by the other reader or without a pattern.
        notes: What is to be known of it, a clause each.
    """

    text: str
    confidence: float
    characters: tuple[ReadCharacter, ...] = ()
    word_confidences: tuple[float, ...] = ()
    source: Literal["crnn", "characters"] = "crnn"
    others: tuple[Reading, ...] = ()
    notes: tuple[str, ...] = ()


def certainty(text: str, confidence: float) -> float:
    """How sure a text is, a character, in [0, 1]: the geometric mean, where `confidence` is P(text); 0 without text."""
    return float(confidence ** (1 / len(text))) if text else 0.0


class WordReader:
    """Reads words with one network. Safe to call from several threads.

    Args:
        engine: (N, 1, HEIGHT, W) float32 in [0, 1] → log-probabilities (N, T, classes).
        alphabet: Names the classes.
        options: How to read.

    Raises:
        WeightsError: If the network's output does not fit the alphabet; found by one small run.
        UsageError: If no allowed symbol is in the alphabet.
    """

    def __init__(self, engine: Engine, alphabet: Alphabet, options: ReaderOptions | None = None) -> None:
        self.engine = engine
        self.alphabet = alphabet
        self.options = options or ReaderOptions()
        self._warned = False
        self._allowed: list[int] | None = None
        if self.options.allowed is not None:
            self._allowed = alphabet.encode("".join(c for c in self.options.allowed if c in alphabet))
            if not self._allowed:
                raise UsageError(f"The network knows none of the allowed symbols {self.options.allowed!r}.",
                                 "Allow others.")  # fmt: skip
        self._check(engine(np.ones((1, 1, HEIGHT, WIDTH_STEP), dtype=np.float32)), 1, WIDTH_STEP)

    def read(self, crops: Sequence[NDArray[np.uint8]], expected: Sequence[int] | None = None) -> list[Reading]:
        """Reads crops.

        Args:
            crops: Each (H, W) or (H, W, 3) uint8, upright, of any size; none is fine, and so are crops without pixels.
            expected: How many characters the detector saw in each, 0 where unknown. A crop that is too narrow for them
                is stretched, so that CTC has time steps enough for doubled characters.

        Returns:
            One reading per crop, in the order of the crops.

        Raises:
            EngineMemoryError: If even a single crop does not fit into memory.
            ValueError: If `expected` is not as long as `crops`.
        """
        if expected is not None and len(expected) != len(crops):
            raise ValueError(f"{len(expected)} expected lengths for {len(crops)} crops")
        readings = [Reading("", 0.0)] * len(crops)
        for start in range(0, len(crops), WINDOW):
            pieces = _all_pieces(crops, expected, range(start, min(start + WINDOW, len(crops))))
            for index, reading in self._read_pieces(pieces):
                readings[index] = reading
        return readings

    def log_probs(
        self, crops: Sequence[NDArray[np.uint8]], expected: Sequence[int] | None = None
    ) -> list[NDArray[np.float32]]:
        """What the network says of crops before anything is decided, for who has other evidence to weigh it with.

        Args:
            crops: As `read` takes them.
            expected: As `read` takes them.

        Returns:
            Of each crop (T, classes) log-probabilities; T is 0 for a crop without pixels.
        """
        found = [np.zeros((0, len(self.alphabet)), np.float32)] * len(crops)
        for index, _, row in self._log_probs(_all_pieces(crops, expected, range(len(crops)))):
            found[index] = row
        return found

    def _read_pieces(self, pieces: list[Piece]) -> Iterator[tuple[int, Reading]]:
        """Index and reading of each crop; crops are decoded while the network reads the next."""
        with ThreadPoolExecutor(1, "ocr-doc-decode") as decoder:
            decoded = [
                (crops, decoder.submit(self._readings, _padded(rows, self.alphabet.blank), scales))
                for crops, scales, rows in self._alike(pieces)
            ]
            for crops, readings in decoded:
                yield from zip(crops, readings.result(), strict=True)

    def _alike(self, pieces: list[Piece]) -> Iterator[tuple[list[int], list[float], list[NDArray[np.float32]]]]:
        """What `_log_probs` gives, in groups of about one length, whose steps are decoded together."""
        crops: list[int] = []
        scales: list[float] = []
        rows: list[NDArray[np.float32]] = []
        for crop, scale, row in self._log_probs(pieces):
            if rows and (len(rows[0]) > _ALIKE * len(row) or (len(rows) + 1) * len(rows[0]) > _DECODED):
                yield crops, scales, rows
                crops, scales, rows = [], [], []
            crops.append(crop)
            scales.append(scale)
            rows.append(row)
        if rows:
            yield crops, scales, rows

    def _log_probs(self, pieces: list[Piece]) -> Iterator[tuple[int, float, NDArray[np.float32]]]:
        """Of each crop its index, a time step in fractions of its width, and log-probabilities (T, classes)."""
        parts: dict[int, list[NDArray[np.float32]]] = {}  # of crops in several pieces, by crop
        # The sort is stable: a crop's pieces, all of one width, stay in order. The widest come first, so that batches
        # that run side by side end at about the same time.
        pieces = sorted(pieces, key=lambda piece: -piece.pixels.shape[1])
        batches = [
            batch
            for width, same in groupby(pieces, key=lambda piece: piece.pixels.shape[1])
            for batch in _batches(list(same), self._batch_limit(width))
        ]
        for batch, log_probs in zip(batches, run_all(self.engine, self._seen, batches), strict=True):
            stride = batch[0].pixels.shape[1] // log_probs.shape[1]
            for piece, row in zip(batch, log_probs, strict=True):
                parts.setdefault(piece.crop, []).append(row[piece.keep[0] // stride : piece.keep[1] // stride])
                if piece.last:
                    # Joined at the time steps, before decoding: no text is ever merged with another.
                    yield piece.crop, stride / piece.width, np.concatenate(parts.pop(piece.crop))

    def _seen(self, batch: list[Piece]) -> NDArray[np.float32]:
        """Log-probabilities (N, T, classes) of pieces of one width."""
        pixels = np.stack([piece.pixels for piece in batch])[:, None]
        log_probs = self._run(pixels)
        return look_again(self._run, pixels, log_probs) if self.options.second_look else log_probs

    def _batch_limit(self, width: int) -> int:
        limit = self.options.max_batch_pixels or _BATCH_PIXELS.get(self.engine.device, _BATCH_PIXELS["cpu"])
        return max(1, min(self.options.batch_size, limit // (HEIGHT * width)))

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities (N, T, classes) of a batch (N, 1, HEIGHT, W); in halves where memory is short."""
        try:
            return self._check(self.engine(batch), len(batch), batch.shape[3])
        except EngineMemoryError as fault:
            if len(batch) == 1:
                raise
            if not self._warned:
                _LOG.warning("%s Batches are halved where needed.", fault.message)
                self._warned = True
        half = len(batch) // 2
        return np.concatenate([self._run(batch[:half]), self._run(batch[half:])])

    def _check(self, output: NDArray[np.float32], count: int, width: int) -> NDArray[np.float32]:
        shape = output.shape
        if len(shape) == 3 and shape[0] == count and shape[2] != len(self.alphabet):
            raise WeightsError(
                f"The network {self.engine.name} has {shape[2]} classes, its alphabet {len(self.alphabet)} "
                f"({len(self.alphabet.symbols)} symbols and the blank).",
                "Use weights and manifest of one and the same training run.",
            )
        if len(shape) != 3 or shape[0] != count or shape[1] < 1 or WIDTH_STEP % (width / shape[1]):
            raise WeightsError(
                f"The network {self.engine.name} turns {count} crops of {width} columns into the shape {shape}, not "
                f"(crops, time steps, classes) with a whole number of steps to {WIDTH_STEP} columns.",
                "Use the weights of a recognizer.",
            )
        return output

    def _decode(self, log_probs: NDArray[np.float32]) -> list[Decoding]:
        """Decodings of a batch (N, T, classes)."""
        blank = self.alphabet.blank
        shown = log_probs if self._allowed is None else mask_classes(log_probs, self._allowed, blank)
        if self.options.beam_width:
            prior = self._prior(self.options.lexicon)
            found = [beam_search(row, self.options.beam_width, blank, prior) for row in shown]
        else:
            found = best_paths(shown, blank)
        if self._allowed is None:
            return found
        return [rescore(decoding, row, blank) for decoding, row in zip(found, log_probs, strict=True)]

    def _prior(self, lexicon: Lexicon | None) -> Prior | None:
        if lexicon is None:
            return None
        return lambda labels, complete: -lexicon.cost(self.alphabet.decode(labels), complete)

    def _readings(self, log_probs: NDArray[np.float32], scales: Sequence[float]) -> list[Reading]:
        """Readings of a batch (N, T, classes); `scales` are a time step of each in fractions of its crop's width."""
        decodings = self._decode(log_probs)
        words = word_confidences(log_probs, decodings, self.alphabet)
        if self.options.vocabulary is not None and self._allowed is None:
            decodings, words = self._settled(decodings, words, log_probs, self.options.vocabulary)
        return [self._reading(*each) for each in zip(decodings, words, scales, strict=True)]

    def _settled(
        self,
        decodings: list[Decoding],
        words: list[tuple[float, ...]],
        log_probs: NDArray[np.float32],
        vocabulary: Vocabulary,
    ) -> tuple[list[Decoding], list[tuple[float, ...]]]:
        """Decodings and their words' confidences after words in doubt were read again."""
        settled = settle_doubts(decodings, words, log_probs, self.alphabet, vocabulary)
        fresh = [n for n, (old, new) in enumerate(zip(decodings, settled, strict=True)) if old is not new]
        again = word_confidences(log_probs[fresh], [settled[n] for n in fresh], self.alphabet)
        for n, confidences in zip(fresh, again, strict=True):
            words[n] = confidences
        return settled, words

    def _reading(self, decoding: Decoding, words: tuple[float, ...], scale: float) -> Reading:
        symbols = decoding.symbols
        texts = [self.alphabet.symbols[symbol.label - 1] for symbol in symbols]
        inner = [i for i, text in enumerate(texts) if text != " "]
        kept = range(inner[0], inner[-1] + 1) if inner else range(0)
        spans = _spans(symbols)
        characters = tuple(
            ReadCharacter(texts[i], symbols[i].confidence, min(1.0, spans[i][0] * scale), min(1.0, spans[i][1] * scale))
            for i in kept
        )
        return Reading("".join(texts[i] for i in kept), min(1.0, decoding.confidence), characters, words)


def word_confidences(
    log_probs: NDArray[np.float32], decodings: Sequence[Decoding], alphabet: Alphabet
) -> list[tuple[float, ...]]:
    """The confidence of each word of each decoding, (N, T, classes)."""
    space = alphabet.encode(" ")[0] if " " in alphabet else alphabet.blank
    return part_confidences(log_probs, decodings, space, alphabet.blank)


def _spans(symbols: Sequence[Symbol]) -> list[tuple[float, float]]:
    """Start and end of each symbol in time steps, grown to near its neighbours; in order and without overlap."""
    spans = []
    for i, symbol in enumerate(symbols):
        before = (symbol.start - symbols[i - 1].end) / 2 if i else float(symbol.start)
        after = (symbols[i + 1].start - symbol.end) / 2 if i + 1 < len(symbols) else _REACH
        spans.append((symbol.start - min(before, _REACH), symbol.end + min(after, _REACH)))
    return spans


def _all_pieces(
    crops: Sequence[NDArray[np.uint8]], expected: Sequence[int] | None, wanted: Sequence[int]
) -> list[Piece]:
    """The pieces of the wanted crops, without those that have no pixels."""
    return [
        piece
        for index in wanted
        if crops[index].size
        for piece in cut_pieces(index, bounded(crops[index], expected[index] if expected is not None else 0))
    ]


def _padded(rows: Sequence[NDArray[np.float32]], blank: int) -> NDArray[np.float32]:
    """Log-probabilities of several crops as one array (N, T, classes); certain blanks, which say nothing, fill up."""
    filled = np.full((len(rows), max(map(len, rows)), rows[0].shape[1]), -np.inf, dtype=np.float32)
    filled[:, :, blank] = 0.0
    for place, row in zip(filled, rows, strict=True):
        place[: len(row)] = row
    return filled


def _batches(pieces: list[Piece], size: int) -> Iterator[list[Piece]]:
    for start in range(0, len(pieces), size):
        yield pieces[start : start + size]
