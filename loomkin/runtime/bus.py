"""Events to readers: publishing never waits, a slow reader loses only fragments."""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType

from loomkin.records.event import Event

Sink = Callable[[Event], None]


class Bus:
    """Hands each event to all sinks, in order, at once."""

    def __init__(self) -> None:
        self._sinks: list[Sink] = []

    def publish(self, event: Event) -> None:
        """Give the event to every sink."""
        for sink in tuple(self._sinks):
            sink(event)

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Add a sink, which must return at once; the answer removes it."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink) if sink in self._sinks else None

    def feed(self, fragments: int = 512) -> "Feed":
        """A queue for a reader with its own pace; see `Feed`."""
        return Feed(self, fragments)


class Feed:
    """One reader's queue: stored facts are all kept, fragments beyond `fragments` are dropped."""

    def __init__(self, bus: Bus, fragments: int) -> None:
        self._queue: deque[Event] = deque()
        self._fragments = fragments
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._closed = False
        self._leave = bus.subscribe(self._take)

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; what is queued can still be read."""
        self._leave()
        self._closed = True
        self._arrived.set()

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> Event:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        event = self._queue.popleft()
        self._waiting -= not event.fact.stored
        return event

    def _take(self, event: Event) -> None:
        if not event.fact.stored:
            if self._waiting >= self._fragments:
                return
            self._waiting += 1
        self._queue.append(event)
        self._arrived.set()
