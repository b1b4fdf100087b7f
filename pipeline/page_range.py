"""Page ranges as users write them: `1-3,7`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ocr_doc.core.errors import UsageError

# Nine digits are more pages than any document has, and keep absurd numbers out of the arithmetic.
_PART = re.compile(r"\s*([0-9]{0,9})\s*(?:(-)\s*([0-9]{0,9})\s*)?")


@dataclass(frozen=True, slots=True)
class PageRange:
    """Which pages of a document are wanted; numbers start at 1.

    Pages always come in the order of the document and once each, however the range names them.

    Attributes:
        spans: First and last page of each part, both included; a last page of None means to the end.
    """

    spans: tuple[tuple[int, int | None], ...] = ((1, None),)

    @classmethod
    def parse(cls, text: str) -> PageRange:
        """Reads `7`, `1-3`, `5-` (to the end), `-3` (from the start) and lists of these with commas.

        Raises:
            UsageError: If the text is no page range.
        """
        return cls(tuple(_parse_part(part, text) for part in text.split(",")))

    @property
    def last(self) -> int | None:
        """The last page that can be wanted, or None where the range is open to the end."""
        ends = [end for _, end in self.spans if end is not None]
        return max(ends) if len(ends) == len(self.spans) else None

    def __contains__(self, number: int) -> bool:
        return any(first <= number and (last is None or number <= last) for first, last in self.spans)

    def select(self, count: int) -> list[int]:
        """The wanted numbers of a document of `count` pages, ascending."""
        return [number for number in range(1, count + 1) if number in self]

    def __str__(self) -> str:
        return ",".join(str(a) if a == b else f"{a}-{'' if b is None else b}" for a, b in self.spans)


def _parse_part(part: str, text: str) -> tuple[int, int | None]:
    match = _PART.fullmatch(part)
    if match is None or not (match[1] or match[3]):
        raise _bad_range(text, f"{part.strip()!r} is no page number and no range")
    first = int(match[1] or 1)
    last = int(match[3]) if match[3] else (None if match[2] else first)
    if first < 1:
        raise _bad_range(text, "page numbers start at 1")
    if last is not None and last < first:
        raise _bad_range(text, f"{part.strip()!r} ends before it starts")
    return first, last


def _bad_range(text: str, fault: str) -> UsageError:
    return UsageError(f"Bad page range {text!r}: {fault}.", "Write page ranges like --pages 1-3,7 or --pages 5-.")
