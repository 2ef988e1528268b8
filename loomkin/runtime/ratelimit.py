"""A token bucket: so many a minute, with waiting in order."""

import asyncio
from collections.abc import Callable


class TokenBucket:
    """Lets `per_minute` units pass each minute; a full bucket holds ten seconds' worth, one unit at least.

    What is larger than the bucket passes when it is full, and leaves a debt that those behind it wait for.
    """

    def __init__(self, per_minute: float, monotonic: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, per_minute / 6)
        self._monotonic = monotonic
        self._level = self._most
        self._at = monotonic()
        self._turn = asyncio.Lock()

    def wait_for(self, amount: float) -> float:
        """Seconds until `amount` may pass; for more than the bucket holds, until it is full."""
        now = self._monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self._most) - self._level) / self._rate)

    async def take(self, amount: float, waits: Callable[[float], None]) -> None:
        """Take `amount` when it may pass; `waits` hears the seconds where it must wait."""
        async with self._turn:
            wait = self.wait_for(amount)
            if wait > 0:
                waits(wait)
                await asyncio.sleep(wait)
                self.wait_for(amount)
            self._level -= amount
