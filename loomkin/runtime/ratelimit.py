"""A token bucket: so many a minute, with waiting in order."""

import asyncio
from collections.abc import Callable


class TokenBucket:
    """Lets `per_minute` units pass each minute; a full bucket holds ten seconds' worth, one unit at least."""

    def __init__(self, per_minute: float, monotonic: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, per_minute / 6)
        self._monotonic = monotonic
        self._level = self._most
        self._at = monotonic()
        self._turn = asyncio.Lock()

    def wait_for(self, amount: float) -> float:
        """Seconds until `amount` may pass; an amount above the bucket's size counts as a full bucket."""
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
            self._level -= min(amount, self._most)
