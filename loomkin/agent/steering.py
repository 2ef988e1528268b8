"""The checkpoint between steps: what the person says meanwhile, and pausing."""

import asyncio
from collections import deque


class Steering:
    """Guidance that goes into the very next model call, and a gate that holds the loop."""

    def __init__(self) -> None:
        self._said: deque[str] = deque()
        self._running = asyncio.Event()
        self._running.set()

    @property
    def paused(self) -> bool:
        """Whether the loop stands at its next checkpoint."""
        return not self._running.is_set()

    @property
    def waiting(self) -> tuple[str, ...]:
        """What has been said and not been delivered yet."""
        return tuple(self._said)

    def say(self, text: str) -> None:
        """Queue guidance."""
        self._said.append(text)

    def take_back(self) -> str | None:
        """The last guidance that has not been delivered, no longer queued."""
        return self._said.pop() if self._said else None

    def pause(self) -> None:
        """Hold the loop at its next checkpoint."""
        self._running.clear()

    def resume(self) -> None:
        """Let the loop go on."""
        self._running.set()

    async def checkpoint(self) -> list[str]:
        """Wait while paused, then take all guidance, oldest first."""
        await self._running.wait()
        said = list(self._said)
        self._said.clear()
        return said
