"""Lets one through in each round of the event loop, so that many agents never hold it up together."""

import asyncio
from collections import deque


class Turnstile:
    """What follows `await turnstile()` runs alone in its round of the loop, as far as others ask, too.

    The loop runs everything that is ready before it looks at clocks and sockets again: a hundred agents that
    each compute for three milliseconds would keep keys and cancellation waiting for a third of a second.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def __call__(self) -> None:
        """Wait for a round of one's own; at once where nobody else is in this one."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                # the one let through runs in the coming round; the next is let through in the one after it
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
