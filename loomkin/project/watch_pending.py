"""What a file system said that may have changed, until it has been quiet for a moment."""

import time
from threading import Condition

from loomkin.records.dataclass import dataclass

QUIET = 0.2
"""Seconds without a change after which those before are looked at; each one extends the wait."""
LONGEST = 2.0
"""Seconds after which they are looked at all the same."""
MOST_PATHS = 5_000
"""Paths that are remembered one by one; with more of them everything is looked at."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What may have changed; with `all`, anything."""

    paths: frozenset[str]
    all: bool


class Pending:
    """Gathers hints from one thread for another."""

    def __init__(self, quiet: float = QUIET, longest: float = LONGEST) -> None:
        self._quiet = quiet
        self._longest = longest
        self._paths: set[str] = set()
        self._all = False
        self._first = 0.0
        self._last = 0.0
        self._closed = False
        self.changed = Condition()

    def hint(self, path: str) -> None:
        """A path may have changed."""
        with self.changed:
            self._touch()
            if not self._all:
                self._paths.add(path)
                if len(self._paths) > MOST_PATHS:
                    self.everything()

    def everything(self) -> None:
        """Changes were lost, or are too many."""
        with self.changed:
            self._touch()
            self._all = True
            self._paths.clear()

    def close(self) -> None:
        """Nobody waits any more."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()

    def is_closed(self) -> bool:
        """Whether the one who waits should end."""
        return self._closed

    def take(self, most: float | None = None) -> Hints | None:
        """All hints, once it has been quiet; None after `most` seconds without any, and when closed."""
        until = None if most is None else time.monotonic() + most
        with self.changed:
            while not self._closed:
                now = time.monotonic()
                if self._first:
                    due = min(self._last + self._quiet, self._first + self._longest)
                    if now >= due:
                        return self._drain()
                    self.changed.wait(due - now)
                elif until is not None and now >= until:
                    return None
                else:
                    self.changed.wait(None if until is None else until - now)
        return None

    def _touch(self) -> None:
        self._last = time.monotonic()
        if not self._first:
            self._first = self._last
            self.changed.notify_all()

    def _drain(self) -> Hints:
        found = Hints(frozenset(self._paths), self._all)
        self._paths.clear()
        self._all, self._first = False, 0.0
        return found
