"""Texts that agents saw, kept while there is room, to say later which lines of them changed."""

import zlib
from collections import OrderedDict
from threading import Lock

MOST_BYTES = 8_000_000
"""What all texts together take, compressed; the ones used longest ago go first."""


class TextsSeen:
    """Texts by their hash. Safe to use from threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held = 0
        self._texts: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def keep(self, sha: str, text: str) -> None:
        """Keep a text."""
        data = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        with self._lock:
            self._held += len(data) - len(self._texts.pop(sha, b""))
            self._texts[sha] = data
            while self._held > self._most:
                self._held -= len(self._texts.popitem(last=False)[1])

    def get(self, sha: str) -> str | None:
        """A text that is still there; what was empty always is."""
        with self._lock:
            data = self._texts.get(sha)
            if data is None:
                return None
            self._texts.move_to_end(sha)
        return zlib.decompress(data).decode("utf-8", "surrogatepass")
