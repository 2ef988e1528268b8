"""The fake model server on a thread of its own, for clients that block the event loop they run on."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.fakes.model_server import Entry, ModelServer


class ThreadedModelServer:
    """A `ModelServer` whose event loop runs in another thread; use `async with`."""

    def __init__(self, **options: Any) -> None:
        self.server = ModelServer(**options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def sockets(self) -> int:
        return self.server.sockets

    @property
    def chats(self) -> list[Entry]:
        return self.server.chats

    async def __aenter__(self) -> Self:
        self._thread.start()
        await self._there(self.server.__aenter__())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._there(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def until(self, holds: Callable[[list[Entry]], bool]) -> None:
        """Wait until the log of requests satisfies `holds`."""
        await self._there(self.server.until(holds))

    async def _there(self, work: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _stop(self) -> None:
        await self.server.__aexit__(None, None, None)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=2)
