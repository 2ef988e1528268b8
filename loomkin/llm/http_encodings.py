"""Unpacks compressed bodies in pieces of bounded size, for servers that compress without being asked to."""

import zlib
from collections.abc import Iterator

from loomkin.llm.transport import Cut, Undecodable

LARGEST_PIECE = 1024 * 1024
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_BARE_DEFLATE = -15


class Inflater:
    """One body in `encoding`, gzip or deflate; raises Undecodable where it is another one."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in _WINDOW:
            raise Undecodable(f"its answer has the encoding {encoding[:60]!r}, which was not asked for")
        self._name = name
        self._stream = zlib.decompressobj(_WINDOW[name])
        self._begun = False
        self._start = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most 1 MiB; raises Undecodable where the bytes are not in that encoding."""
        if not self._begun:
            data = self._start + data
            if len(data) < 2:  # the frame shows in two bytes
                self._start = data
                return
        try:
            piece = b"" if self._stream.eof else self._inflated(data)
            while piece:
                yield piece
                piece = self._stream.decompress(self._stream.unconsumed_tail, LARGEST_PIECE)
        except zlib.error as error:
            raise Undecodable(f"its answer is not in the encoding {self._name}: {error}") from error

    def end(self) -> None:
        """Take note that the body has ended; raises Cut where something is missing."""
        if (self._begun or self._start) and not self._stream.eof:
            raise Cut("the compressed answer is not whole")

    def _inflated(self, data: bytes) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._stream.decompress(data, LARGEST_PIECE)
        except zlib.error:
            if begun or self._name != "deflate":
                raise
            # many servers send deflate without its frame
            self._stream = zlib.decompressobj(_BARE_DEFLATE)
            return self._stream.decompress(data, LARGEST_PIECE)
