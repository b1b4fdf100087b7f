"""All options, once: the command line and Python build the same two objects.

`EngineOptions` are fixed when a pipeline is made. `Options` are values of one call: they are passed down and stick to
nothing, so calls with different options can run side by side.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from ocr_doc.core.errors import UsageError
from ocr_doc.page_image import DEFAULT_MAX_PIXELS, InputOptions, PdfRenderer
from ocr_doc.recognizer.patterns import parse_pattern
from ocr_doc.text_layer import PdfText

Device = Literal["auto", "cpu", "cuda"]
Orientation = Literal["auto", 0, 90, 180, 270]
Serial = Literal["auto", "always", "never"]
Quality = Literal["fast", "best"]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What runs the networks.

    Attributes:
        device: "auto" is CUDA where there is one, else the CPU.
        threads: Threads on the CPU; None for as many as this process may use.
        weights: A folder of weights with its manifest, or "lstm" for the LSTM recogniser that ships; None for what
            else ships.
        jobs: Documents, or pages of one, that are read at once; None for what suits the threads.

    Raises:
        UsageError: If a value is none of these.
    """

    device: Device = "auto"
    threads: int | None = None
    weights: str | os.PathLike[str] | None = None
    jobs: int | None = None

    def __post_init__(self) -> None:
        if self.device not in get_args(Device):
            raise UsageError(f"There is no device {self.device!r}.", f"Choose one of {', '.join(get_args(Device))}.")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"{self.threads} threads cannot run a network.", "Give a number of 1 or more.")
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"{self.jobs} documents at once are none.", "Give a number of 1 or more.")


@dataclass(frozen=True, slots=True)
class Options:
    """How one document is read.

    Attributes:
        dpi, pages, password, pdf_renderer, max_pixels: See `ocr_doc.page_image.InputOptions`.
        pdf_text: What of a PDF's own text is used: "auto" takes what can be seen on the page and agrees with it, and
            reads the rest; "use" takes all of it as it is, and reads only pages without any; "ignore" reads all pages.
        orientation: Degrees clockwise by which pages are turned to be read, 0, 90, 180 or 270; "auto" finds them
            out for each page.
        min_confidence: In [0, 1]; words below it are left out of the result. 0 leaves out none.
        min_legibility: In [0, 1]; words whose characters are less probable than this, in the geometric mean, are left
            out: specks, rules and show-through that the detector took for text. 0 leaves out none.
        quality: "best" looks at print in doubt more than once and computes in floating point on a CPU, too, which
            takes about twice as long; "fast" looks once, in integers where the weights have such a graph.
        beam_width: Readings kept while a word is decoded; 1 takes the best symbol at each step.
        vocabulary: Whether the words people write decide where the network is in doubt between two readings; not with a
            lexicon. Off, the image alone counts.
        lexicon: Words that the beam search prefers, any iterable; needs a beam width above 1. None for none.
        batch_size: Most word crops that the recogniser takes at once; changes speed and memory, never the text.
        characters: Whether words carry a record for each character.
        fields: Whether a document's fields as a bill are looked for.
        serial: Which words are read character by character, too: "auto" those that look like codes and that the
            recogniser is not sure of; "always" all; "never" none.
        pattern: What codes look like: a template such as "AAAA9999999", a regular expression, or the name of a kind
            of code with a check digit such as "iso6346"; None for anything. See docs/serial.md.

    Raises:
        UsageError: If a value is out of its range.
    """

    dpi: int | None = None
    pages: str | None = None
    password: str | None = None
    pdf_renderer: PdfRenderer = "auto"
    max_pixels: int = DEFAULT_MAX_PIXELS
    pdf_text: PdfText = "auto"
    orientation: Orientation = "auto"
    min_confidence: float = 0.0
    min_legibility: float = 0.4
    vocabulary: bool = True
    quality: Quality = "fast"
    beam_width: int = 1
    lexicon: tuple[str, ...] | None = None
    batch_size: int = 64
    characters: bool = True
    fields: bool = True
    serial: Serial = "auto"
    pattern: str | None = None

    def __post_init__(self) -> None:
        _ = self.input  # its own checks
        if self.pdf_text not in get_args(PdfText):
            known = ", ".join(get_args(PdfText))
            raise UsageError(f"{self.pdf_text!r} is no way to use a PDF's text.", f"Choose one of {known}.")
        if self.orientation not in get_args(Orientation):
            known = ", ".join(map(str, get_args(Orientation)))
            raise UsageError(f"Pages cannot be turned by {self.orientation!r} degrees.", f"Choose one of {known}.")
        if self.serial not in get_args(Serial):
            known = ", ".join(get_args(Serial))
            raise UsageError(f"{self.serial!r} is no way to read serial codes.", f"Choose one of {known}.")
        if self.quality not in get_args(Quality):
            known = ", ".join(get_args(Quality))
            raise UsageError(f"There is no quality {self.quality!r}.", f"Choose one of {known}.")
        if self.pattern is not None:
            if self.serial == "never":
                raise UsageError("A pattern is for serial codes.", "Use --serial auto or always with it.")
            parse_pattern(self.pattern)
        for least in (self.min_confidence, self.min_legibility):
            if not 0.0 <= least <= 1.0:
                raise UsageError(f"A confidence of {least:g} is no probability.", "Give a number in [0, 1].")
        if self.beam_width < 1:
            raise UsageError(f"A beam of {self.beam_width} readings keeps none.", "Give a number of 1 or more.")
        if self.batch_size < 1:
            raise UsageError(f"A batch of {self.batch_size} crops reads none.", "Give a number of 1 or more.")
        if self.lexicon is not None:
            object.__setattr__(self, "lexicon", _words(self.lexicon))
            if self.beam_width == 1:
                raise UsageError("A lexicon needs a beam search.", "Give a beam width (--beam-width) such as 8, too.")

    @property
    def input(self) -> InputOptions:
        """The part that the readers of sources take."""
        layer = self.pdf_text != "ignore"
        return InputOptions(self.dpi, self.pages, self.password, self.pdf_renderer, self.max_pixels, layer)

    def changed(self, **changes: object) -> Options:
        """These options with some values changed.

        Raises:
            UsageError: If there is no such option, or a value is out of its range.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name in (field.name for field in fields(EngineOptions)):
                raise UsageError(f"{name!r} is fixed when the pipeline is made.", f"Use OCRPipeline({name}=...).")
            if name not in known:
                raise UsageError(f"There is no option {name!r}.", f"Options: {', '.join(known)}.")
        try:
            return replace(self, **changes)  # type: ignore[arg-type]  # names are checked above, types by the user
        except TypeError as error:
            raise UsageError(f"An option has a value of the wrong type: {error}.", "See ocr_doc.Options.") from error


def _words(lexicon: Iterable[str]) -> tuple[str, ...]:
    if isinstance(lexicon, str):
        raise UsageError("A lexicon is a list of words, not one string.", "Pass its lines: text.splitlines().")
    return tuple(lexicon)
