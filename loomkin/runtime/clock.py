"""Time and identifiers, real or counted, so that a replayed run gives the same log."""

import os
import time
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    """Where time and new identifiers come from."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def new_id(self, prefix: str) -> str:
        """An identifier that sorts by the time it was made."""
        ...

    def session_id(self) -> str:
        """A readable session identifier: date, time and four letters."""
        ...


class SystemClock:
    """The machine's own time and randomness."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def new_id(self, prefix: str) -> str:
        """`prefix` and 15 letters: 11 of microseconds, which last until the year 3111, and 4 random."""
        stamp = max(time.time_ns() // 1000, self._last + 1)
        self._last = stamp
        return f"{prefix}_{_base32(stamp, 11)}{_base32(int.from_bytes(os.urandom(4), 'big'), 4)}"

    def session_id(self) -> str:
        """For example `20260131-142530-k3f9`."""
        return time.strftime("%Y%m%d-%H%M%S-") + _base32(int.from_bytes(os.urandom(4), "big"), 4)


class CountingClock:
    """A clock that only moves when asked, for replays: a millisecond a look."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._looks = 0
        self._ids = 0

    def now(self) -> float:
        """Seconds since the epoch, a millisecond later each time."""
        self._looks += 1
        return self._start + self._looks / 1000

    def monotonic(self) -> float:
        """The counted seconds; looking does not move them."""
        return self._looks / 1000

    def new_id(self, prefix: str) -> str:
        """`prefix` and a counter."""
        self._ids += 1
        return f"{prefix}_{_base32(self._ids, 15)}"

    def session_id(self) -> str:
        """A fresh real identifier: two replays may live in one database."""
        return SystemClock().session_id()


def _base32(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        letters.append(_ALPHABET[rest])
    return "".join(reversed(letters))
