"""Patterns of codes: templates such as AAAA9999999 and regular expressions, as automata that walk over a lattice.

Thompson 1968, "Regular Expression Search Algorithm": an expression becomes states with arrows; the most probable
reading that fits is the cheapest way through pieces and states at once.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field

from ocr_doc.core.errors import UsageError
from ocr_doc.recognizer.check_digits import CHECKS, Check

# What a template's letters stand for; any other sign stands for itself.
TEMPLATE = {"A": string.ascii_uppercase, "a": string.ascii_lowercase, "9": string.digits,
            "X": string.ascii_uppercase + string.digits}  # fmt: skip
_META = frozenset("\\[](){}|?*+^$.")
_PRINTABLE = frozenset(chr(c) for c in range(0x21, 0x7F))
_CLASSES = {
    "d": frozenset(string.digits), "w": frozenset(string.ascii_letters + string.digits + "_"), "s": frozenset(" \t"),
    "D": _PRINTABLE - frozenset(string.digits), "W": _PRINTABLE - frozenset(string.ascii_letters + string.digits + "_"),
    "S": _PRINTABLE,
}  # fmt: skip
_MOST_STATES = 4000
_REMEDY = "See docs/serial.md for what a pattern may hold."
Symbols = frozenset[str]


@dataclass(frozen=True)
class Pattern:
    """What a code may look like.

    Attributes:
        source: As it was given.
        arrows: Of each state: a set of symbols and the state behind them.
        starts: States to begin in.
        finals: States to end in.
        check: Whether a code that fits can be right, or None.
    """

    source: str
    arrows: tuple[tuple[tuple[Symbols, int], ...], ...]
    starts: tuple[int, ...]
    finals: frozenset[int]
    check: Check | None = None

    def fits(self, text: str) -> bool:
        """Whether a text fits from its first to its last character; its check digit is not looked at."""
        states = set(self.starts)
        for character in text:
            states = {target for s in states for symbols, target in self.arrows[s] if character in symbols}
        return bool(states & self.finals)


def parse_pattern(source: str) -> Pattern:
    """The pattern of a template, an expression, or the name of a check.

    In a template A is a capital, a a small letter, 9 a digit, X a capital or digit; other signs are themselves.

    Raises:
        UsageError: If it is empty, no valid expression, or too large.
    """
    check: Check | None = None
    expression = source
    if source.lower() in CHECKS:
        expression, check = CHECKS[source.lower()]
    elif source and not _META & set(source):
        expression = "".join(f"[{TEMPLATE[c]}]" if c in TEMPLATE else re.escape(c) for c in source)
    if not expression:
        raise UsageError("A pattern is empty.", _REMEDY)
    try:
        re.compile(expression)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"{source!r} is no regular expression: {error}.", _REMEDY) from error
    return _Parser(source, expression).pattern(check)


@dataclass
class _Part:
    """A piece of the automaton: its first state, and its last one, which has no arrows yet."""

    start: int
    end: int


@dataclass
class _Parser:
    """Recursive descent over an expression that Python's own parser has found valid."""

    source: str
    text: str
    place: int = 0
    arrows: list[list[tuple[Symbols, int]]] = field(default_factory=list)
    empty: list[list[int]] = field(default_factory=list)  # arrows that take nothing

    def pattern(self, check: Check | None) -> Pattern:
        part = self._either()
        if self.place < len(self.text):
            raise self._unknown(self.text[self.place])
        closed = [self._closure(state) for state in range(len(self.arrows))]
        arrows = tuple(tuple(a for other in sorted(closure) for a in self.arrows[other]) for closure in closed)
        finals = frozenset(state for state, closure in enumerate(closed) if part.end in closure)
        return Pattern(self.source, arrows, (part.start,), finals, check)

    def _closure(self, state: int) -> set[int]:
        found, todo = {state}, [state]
        while todo:
            for other in self.empty[todo.pop()]:
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    def _state(self) -> int:
        if len(self.arrows) >= _MOST_STATES:
            raise UsageError(f"{self.source!r} is too large a pattern.", "Use fewer or smaller repetitions.")
        self.arrows.append([])
        self.empty.append([])
        return len(self.arrows) - 1

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _take(self) -> str:
        self.place += 1
        return self.text[self.place - 1]

    def _either(self) -> _Part:
        parts = [self._row()]
        while self._peek() == "|":
            self._take()
            parts.append(self._row())
        if len(parts) == 1:
            return parts[0]
        whole = _Part(self._state(), self._state())
        for part in parts:
            self.empty[whole.start].append(part.start)
            self.empty[part.end].append(whole.end)
        return whole

    def _row(self) -> _Part:
        start = end = self._state()
        while self._peek() not in ("", "|", ")"):
            if self._peek() in "^$":  # a code is matched as a whole anyway
                self._take()
                continue
            part = self._repeated()
            self.empty[end].append(part.start)
            end = part.end
        return _Part(start, end)

    def _repeated(self) -> _Part:
        begin = self.place
        part = self._atom()
        after = self.place
        low, high = self._count()
        if (low, high) == (1, 1):
            return part
        end = self.place

        def again() -> _Part:
            self.place = begin
            copy = self._atom()
            assert self.place == after
            return copy

        whole = self._repeat(part, again, low, high)
        self.place = end
        return whole

    def _repeat(self, part: _Part, again: Callable[[], _Part], low: int, high: int | None) -> _Part:
        """`low` copies of a part, then up to `high` of them, or any number."""
        start = end = self._state()
        stop = self._state()
        for number in range(max(low, 1) if high is None else high):
            copy = part if number == 0 else again()
            if number >= low:
                self.empty[end].append(stop)
            self.empty[end].append(copy.start)
            if high is None and number == max(low, 1) - 1:
                self.empty[copy.end].append(copy.start)
            end = copy.end
        self.empty[end].append(stop)
        return _Part(start, stop)

    def _count(self) -> tuple[int, int | None]:
        sign = self._peek()
        limits: tuple[int, int | None] = (1, 1)
        if sign in ("?", "*", "+") and sign:
            self._take()
            limits = {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        elif sign == "{" and (found := re.match(r"\{(\d*)(,?)(\d*)\}", self.text[self.place :])):
            self.place += found.end()
            low = int(found[1] or 0)
            limits = (low, int(found[3]) if found[3] else None if found[2] else low)
        if limits != (1, 1) and self._peek() in ("?", "+") and self._peek():
            self._take()  # lazy or possessive: the same codes fit
        return limits

    def _atom(self) -> _Part:
        if self._peek() == "(":
            self._take()
            if self._peek() == "?":
                if self.text[self.place : self.place + 2] != "?:":
                    raise self._unknown("(" + self.text[self.place : self.place + 3])
                self.place += 2
            part = self._either()
            self._take()
            return part
        symbols = self._symbols()
        part = _Part(self._state(), self._state())
        self.arrows[part.start].append((symbols, part.end))
        return part

    def _symbols(self) -> Symbols:
        sign = self._take()
        if sign == ".":
            return _PRINTABLE
        if sign == "\\":
            return self._escaped()
        return self._set() if sign == "[" else frozenset(sign)

    def _escaped(self) -> Symbols:
        sign = self._take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum():
            raise self._unknown("\\" + sign)
        return frozenset(sign)

    def _set(self) -> Symbols:
        inverted = self._peek() == "^"
        if inverted:
            self._take()
        symbols: set[str] = set()
        first = True
        while first or self._peek() != "]":
            first = False
            sign = self._take()
            found = self._escaped() if sign == "\\" else frozenset(sign)
            if self._peek() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", "") and len(found) == 1:
                self._take()
                last = self._take()
                last = next(iter(self._escaped())) if last == "\\" else last
                found = frozenset(chr(c) for c in range(ord(min(found)), ord(last) + 1))
            symbols |= found
        self._take()
        return _PRINTABLE - symbols if inverted else frozenset(symbols)

    def _unknown(self, part: str) -> UsageError:
        return UsageError(f"{self.source!r}: a pattern cannot hold {part!r}.", _REMEDY)
