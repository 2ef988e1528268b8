"""Reading one large JSON object a member at a time, whatever its layout, without holding all of it."""

import json
from collections.abc import Iterable, Iterator

from loomkin.records.dataclass import dataclass

LARGEST = 64 << 20
"""Characters that a single value may have."""


@dataclass(frozen=True, slots=True)
class Member:
    """A key with its value, or with one item of its list where it is one of those that were asked for."""

    key: str
    value: object
    item: bool = False


def members(text: Iterable[str], listed: frozenset[str]) -> Iterator[Member]:
    """The members of the object in these pieces of text; of lists under `listed` keys each item by itself.

    Raises ValueError where it is none, RecursionError where it is nested too deeply.
    """
    source = _Source(text)
    source.take("{")
    while not source.comes("}"):
        key = source.value()
        if not isinstance(key, str):
            raise ValueError("a key is no text")
        source.take(":")
        if key in listed and source.comes("["):
            source.take("[")
            while not source.comes("]"):
                yield Member(key, source.value(), item=True)
                source.next("]")
            source.take("]")
        else:
            yield Member(key, source.value())
        source.next("}")
    source.take("}")
    if not source.comes(""):
        raise ValueError("something follows it")


class _Source:
    def __init__(self, text: Iterable[str]) -> None:
        self._pieces = iter(text)
        self._buffer = ""
        self._at = 0
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def comes(self, sign: str) -> bool:
        """Whether that is the next sign; empty stands for the end."""
        return self._peek() == sign

    def take(self, sign: str) -> None:
        """Go on behind the sign."""
        if self._peek() != sign:
            raise ValueError(f"{sign!r} is missing")
        self._at += 1

    def next(self, end: str) -> None:
        """Go on behind a comma, unless the end comes."""
        if not self.comes(end):
            self.take(",")
            if self.comes(end):
                raise ValueError("nothing follows a comma")

    def value(self) -> object:
        """The next value."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if not self._grow():
                    raise
                continue
            if end < len(self._buffer) or not self._grow():  # a number may go on in the next piece
                self._at = end
                return value

    def _peek(self) -> str:
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._grow():
                return ""

    def _grow(self) -> bool:
        """Read as much again as is not used yet; False at the end."""
        rest = self._buffer[self._at :]
        if len(rest) > LARGEST:
            raise ValueError(f"a value is longer than {LARGEST >> 20} million characters")
        pieces, more = [rest], 0
        while more <= len(rest):
            piece = next(self._pieces, "")
            if not piece:
                break
            pieces.append(piece)
            more += len(piece)
        self._buffer, self._at = "".join(pieces), 0
        return more > 0


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")
