"""The only creator of tasks: each has a name and an owner, and shutdown is bounded."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class Supervisor:
    """Owns long-lived tasks; leaving its context gives them `grace` seconds, then cancels them.

    A task that fails is reported through `on_crash` and touches no other task.
    """

    def __init__(self, on_crash: Callable[[str, BaseException], None], grace: float = 2.0) -> None:
        self._on_crash = on_crash
        self._grace = grace
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop(0.0 if error else self._grace)

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task under this supervisor."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self, grace: float) -> None:
        """Wait up to `grace` seconds for all tasks, then cancel the rest and wait for them."""
        try:
            if self._tasks and grace > 0:
                await asyncio.wait(self._tasks, timeout=grace)
        finally:  # also when the one who stops is cancelled: nothing goes on unowned
            for task in self._tasks:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_crash(task.get_name(), error)
