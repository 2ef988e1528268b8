"""The place of one server: started when needed, watched, ended when idle or too large, restarted seldom."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loomkin.lsp.errors import Gone, ServerError, Unavailable
from loomkin.lsp.finding import Finder, Found
from loomkin.lsp.process import TERM_SECONDS, ServerProcess, group_bytes, start_process
from loomkin.lsp.server import LanguageServer
from loomkin.project.orphans import OrphanWatch
from loomkin.runtime.supervisor import Supervisor

MOST_STARTS, WITHIN_SECONDS = 3, 600.0
IDLE_SECONDS = 900.0
FIRST_LOOK_SECONDS, LOOK_SECONDS = 1.0, 5.0
LAST_WORDS_SECONDS = 0.3


class Berth:
    """One kind of server for one folder; agents share it, `turn` lets them change its files in turn.

    `wanted` files are to be opened by whoever has the turn next.
    """

    def __init__(
        self,
        found: Found,
        folder: Path,
        finder: Finder,
        environ: Mapping[str, str],
        memory_mb: int,
        watch: OrphanWatch,
        supervisor: Supervisor,
        changed: Callable[[], None],
    ) -> None:
        self.found = found
        self.folder = folder
        self.turn = asyncio.Lock()
        self.server: LanguageServer | None = None
        self.wanted: dict[Path, None] = {}
        self.off = ""
        self.trouble = ""
        self.bytes = 0
        self.starts: deque[float] = deque(maxlen=MOST_STARTS)
        self.restarts = -1
        self._finder = finder
        self._environ = environ
        self._most_bytes = memory_mb << 20
        self._watch = watch
        self._supervisor = supervisor
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._stop = asyncio.Event()
        self._stopped_for = ""
        self._used = time.monotonic()

    @property
    def name(self) -> str:
        """The server's name."""
        return self.found.kind.name

    @property
    def state(self) -> str:
        """`running`, `starting`, `ended` or `off`."""
        if self.off:
            return "off"
        if self.server is not None:
            return "running"
        return "starting" if self._task is not None else "ended"

    async def ready(self) -> LanguageServer:
        """The running server, started now where it is not. Raises Unavailable."""
        self._used = time.monotonic()
        self.wake()
        await self._up.wait()
        if self.server is None:
            raise Unavailable(self.off or self.trouble)
        return self.server

    def wake(self) -> None:
        """Start the server in the background, unless it runs or is off."""
        if self._task is None and not self.off:
            if len(self.starts) == MOST_STARTS and time.monotonic() - self.starts[0] < WITHIN_SECONDS:
                minutes = WITHIN_SECONDS / 60
                self.turn_off(f"it ended {MOST_STARTS} times within {minutes:.0f} minutes: {self.trouble}")
                return
            self.starts.append(time.monotonic())
            self.restarts += 1
            self._up.clear()
            self._stop.clear()
            self._stopped_for = ""
            self._task = self._supervisor.start(f"language server {self.name}", self._live())

    def turn_off(self, why: str) -> None:
        """Not to be started again in this session."""
        self.off = f"{self.name} is off for this session: {why}"
        self._up.set()
        self._changed()

    def revive(self) -> None:
        """Forget what went wrong; the person wants it again."""
        self.off = self.trouble = ""
        self.starts.clear()

    async def stop(self, why: str) -> None:
        """End the server and wait for that, which is bounded."""
        self._stopped_for = why
        self._stop.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def epitaph(self) -> str:
        """Why the server ended that just did, with what it said at last; waits a moment for that."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LAST_WORDS_SECONDS + TERM_SECONDS)
        return self.trouble

    async def _live(self) -> None:
        """One life of the server, from its start to its end."""
        try:
            self.trouble = await self._life()
        except* (ServerError, OSError) as several:
            self.trouble = str(several.exceptions[0])
        finally:
            self.server, self._task, self.bytes = None, None, 0
            self._up.set()
            self._changed()

    async def _life(self) -> str:
        kind, command = self.found.kind, self.found.command
        told = await asyncio.to_thread(self._finder.told, kind)
        process = await start_process(command, self.folder, self._environ, self._watch)
        server = LanguageServer(kind, self.folder, process, *told)
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(_until_gone(server))
                begin, watching = (
                    group.create_task(self._begin(server)),
                    group.create_task(self._watched(server)),
                )
                rest = [group.create_task(process.listen()), group.create_task(process.wait())]
                await asyncio.wait([reading, watching, begin], return_when=asyncio.FIRST_COMPLETED)
                if begin.done() and not begin.result():
                    await asyncio.wait([reading, watching], return_when=asyncio.FIRST_COMPLETED)
                ended = [task.result() for task in (watching, begin, reading) if task.done()]
                why = next((words for words in ended if words), "it ended by itself")
                asked = watching.done()
                if asked:
                    await server.bye()
                else:
                    await asyncio.wait(rest, timeout=LAST_WORDS_SECONDS)
                server.close(why)
                for task in (reading, begin, watching, *rest):
                    task.cancel()
        finally:
            server.close("it was ended")
            await process.end()
        return _epitaph(why, process, asked=asked)

    async def _begin(self, server: LanguageServer) -> str:
        """Why it does not begin, empty where it does."""
        try:
            await server.begin()
        except ServerError as error:
            return f"it does not begin: {error}"
        self.server = server
        self._up.set()
        self._changed()
        return ""

    async def _watched(self, server: LanguageServer) -> str:
        """Why the server must end: it is told to, is idle, or too large."""
        pause = FIRST_LOOK_SECONDS
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._stop.wait()
                    return self._stopped_for
            except TimeoutError:
                self.bytes = await asyncio.to_thread(group_bytes, server.process.pid)
                pause = LOOK_SECONDS
                self._changed()
            if self.bytes > self._most_bytes:
                return f"it used {self.bytes >> 20} MB, `lsp.memory_mb` allows {self._most_bytes >> 20}"
            if time.monotonic() - self._used > IDLE_SECONDS:
                self.starts.clear()
                return "nobody used it"

    def row(self) -> dict[str, Any]:
        """What is known of it, for people."""
        server = self.server
        return {
            "name": self.name,
            "state": self.state,
            "pid": server.process.pid if server else None,
            "folder": str(self.folder),
            "program": self.found.command[0],
            "megabytes": self.bytes >> 20,
            "restarts": max(0, self.restarts),
            "open": len(server.open) if server else 0,
            "trouble": self.off or self.trouble,
        }

    def told(self) -> Iterator[str]:
        """The same in words."""
        row = self.row()
        parts = [f"{self.name} {row['state']}"]
        if self.server is not None:
            parts += [
                f"pid {row['pid']}",
                f"{row['megabytes']} MB",
                f"{row['open']} file{'s' * (row['open'] != 1)} open",
            ]
        parts += [f"restarts {row['restarts']}"] if row["restarts"] else []
        yield f"{', '.join(parts)}, in {row['folder']}"
        if row["trouble"]:
            yield f"  {row['trouble']}"


async def _until_gone(server: LanguageServer) -> str:
    """Listen to the server; why it stopped making sense, if it did."""
    try:
        await server.run()
    except Gone as error:
        return str(error)
    except OSError as error:
        return f"its output broke: {error}"
    return ""


def _epitaph(why: str, process: ServerProcess, *, asked: bool) -> str:
    """Why a server ended, with what it said at last where nobody asked it to end."""
    if asked:
        return why
    code = "" if process.returncode is None else f" (exit code {process.returncode})"
    return f"{why}{code}" + (f": {process.last_words}" if process.last_words else "")
