"""Content-Length framing: a stream cut into messages; what is none of them is passed over, within limits."""

import re

from loomkin.lsp.errors import Gone
from loomkin.records.regex import pattern

LARGEST = 32 << 20
"""Bytes of one message; a server that sends more is broken."""

MOST_GARBAGE = 1 << 20
_HEADER = pattern(
    rb"Content-Length:[ \t]*(\d{1,12})[ \t]*\r?\n(?:[A-Za-z-]+:[^\r\n]*\r?\n)*\r?\n", re.IGNORECASE
)
_LONGEST_HEADER = 4096


class Frames:
    """Takes bytes as they come and gives the bodies of whole messages; raises Gone for what has no end."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = -1
        self.garbage = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now."""
        self._buffer += data
        found: list[bytes] = []
        while True:
            if self._wanted < 0 and not self._header():
                return found
            if len(self._buffer) < self._wanted:
                return found
            found.append(bytes(self._buffer[: self._wanted]))
            del self._buffer[: self._wanted]
            self._wanted = -1

    def _header(self) -> bool:
        """Find the next header; what stands before it was no message."""
        found = _HEADER.search(self._buffer)
        if found is None:
            spare = len(self._buffer) - _LONGEST_HEADER
            if spare > 0:
                self._discard(spare)
            return False
        size, end = int(found[1]), found.end()
        self._discard(found.start())
        del self._buffer[: end - found.start()]
        if size > LARGEST:
            raise Gone(f"it sent a message of {size / 1e6:.0f} MB, the limit is {LARGEST / 1e6:.0f} MB")
        self._wanted = size
        return True

    def _discard(self, count: int) -> None:
        del self._buffer[:count]
        self.garbage += count
        if self.garbage > MOST_GARBAGE:
            raise Gone("it prints something else than messages on its output")


def framed(body: bytes) -> bytes:
    """A message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
