"""Work that is done again whenever something stirs, and calls at set times: one supervised task for both."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from loomkin.runtime.supervisor import Supervisor


class Rounds:
    """Runs `work` once for any number of stirs; nothing runs before the first one.

    `rested` is called each time there is nothing more to do for now.
    """

    def __init__(
        self,
        name: str,
        supervisor: Supervisor,
        work: Callable[[], Awaitable[None]],
        rested: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._supervisor = supervisor
        self._work = work
        self._rested = rested
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._wanted = False
        self._calls: dict[Hashable, tuple[float, Callable[[], None]]] = {}

    @property
    def busy(self) -> bool:
        """Whether work is under way or about to be."""
        return self._wanted and self._task is not None and not self._task.done()

    def stir(self) -> None:
        """Let the work be done once more."""
        self._wanted = True
        self._wake()

    def call_in(self, seconds: float, key: Hashable, call: Callable[[], None]) -> None:
        """Call back in so many seconds, instead of what was to be called for the same key."""
        self._calls[key] = (asyncio.get_running_loop().time() + seconds, call)
        self._wake()

    def drop(self, key: Hashable) -> None:
        """Do not call back for that key."""
        self._calls.pop(key, None)

    def _wake(self) -> None:
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = self._supervisor.start(self._name, self._run())

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            self._ring()
            if self._wanted:
                await self._work()
                self._wanted = self._woken.is_set()
            if not self._wanted:
                self._rested()
            await self._sleep()

    async def _sleep(self) -> None:
        due = min((at for at, _ in self._calls.values()), default=None)
        pause = None if due is None else max(0.0, due - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return

    def _ring(self) -> None:
        now = asyncio.get_running_loop().time()
        for key, (at, call) in list(self._calls.items()):
            if at <= now and self._calls.pop(key, None) is not None:
                call()
