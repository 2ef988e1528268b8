"""Keeping to a provider's limits: a token bucket, and a gate that shuts for everybody."""

import asyncio
import random
from collections import deque
from collections.abc import Callable

LONGEST = 120.0
REMEMBERED = 60.0
SHORTEST = 0.25
"""Seconds: the longest wait, how long a refusal is remembered, and the least time a pace is taken from."""


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

    def wait_for(self, amount: float) -> float:
        """Seconds until `amount` may pass; for more than the bucket holds, until it is full."""
        now = self._monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self._most) - self._level) / self._rate)

    async def take(self, amount: float, waits: Callable[[float], None]) -> None:
        """Take `amount` when it may pass, after all who came before; `waits` hears for how many seconds."""
        wait = self.wait_for(amount)
        self._level -= amount
        if wait <= 0:
            return
        waits(wait)
        try:
            await asyncio.sleep(wait)
        except asyncio.CancelledError:
            self._level += amount
            raise


class Gate:
    """Shuts for everybody when a provider refuses a call; then lets calls through one after the other.

    The pace after a refusal is what the provider had taken in as much time before: calls that were let
    through and not refused. It holds until a minute went by without another refusal.
    """

    def __init__(self, monotonic: Callable[[], float], chance: Callable[[], float] = random.random) -> None:
        """`chance` gives numbers from 0 to 1, by which waits grow by up to a tenth, gaps by a quarter."""
        self._monotonic = monotonic
        self._chance = chance
        self._opens = 0.0
        self._next = 0.0
        self._pace = 0.0
        self._paced_until = 0.0
        self._epoch = 0
        self._passed: deque[float] = deque()

    async def enter(self, waits: Callable[[float], None]) -> float:
        """Pass when it is one's turn; `waits` hears for how many seconds. Returns the moment of passing."""
        while True:
            now = self._monotonic()
            at, epoch = self._turn(now), self._epoch
            if at > now:
                waits(at - now)
                await asyncio.sleep(at - now)
            if epoch == self._epoch:
                return self._pass()

    def refused(self, entered: float, seconds: float) -> None:
        """A call that had passed at `entered` was refused: nobody else may pass for so many seconds."""
        now, wait = self._monotonic(), min(max(seconds, 0.0), LONGEST)
        if entered in self._passed:
            self._passed.remove(entered)
        taken = sum(moment > now - max(wait, SHORTEST) for moment in self._passed)
        self._pace = max(wait, SHORTEST) / max(1, taken)
        self.shut(wait * (1 + self._chance() / 10))
        self._paced_until = max(self._paced_until, self._opens + REMEMBERED)

    def shut(self, seconds: float) -> None:
        """Let nobody pass for so many seconds; all who wait line up again."""
        opens = self._monotonic() + min(max(seconds, 0.0), LONGEST)
        if opens > self._opens:
            self._opens = self._next = opens
            self._epoch += 1

    def _turn(self, now: float) -> float:
        """When the next one may pass."""
        if now >= max(self._opens, self._next, self._paced_until):
            return now
        at = max(now, self._opens, self._next)
        if now < self._paced_until:
            self._next = at + self._pace * (1 + self._chance() / 4)
        return at

    def _pass(self) -> float:
        now = self._monotonic()
        while self._passed and self._passed[0] < now - REMEMBERED:
            self._passed.popleft()
        self._passed.append(now)
        return now
