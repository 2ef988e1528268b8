"""The process of a server: a group of its own with three pipes, weighed, and ended as a group."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from loomkin.lsp.errors import Unavailable
from loomkin.project.orphans import OrphanWatch
from loomkin.project.shell_process import group_runs

TERM_SECONDS = 2.0
_POLL_SECONDS = 0.02
_TAIL = 4000


class ServerProcess:
    """A running server; what it prints as errors is kept as a tail."""

    def __init__(self, process: asyncio.subprocess.Process, watch: OrphanWatch) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdin, self.stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._process = process
        self._watch = watch
        self._tail = b""
        self.began = time.monotonic()

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    @property
    def last_words(self) -> str:
        """The end of what it printed as errors, in one line."""
        lines = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        return " · ".join(lines[-3:])[-400:]

    async def listen(self) -> None:
        """Read what it prints as errors to the end, keeping the tail."""
        while data := await self._stderr.read(1 << 14):
            self._tail = (self._tail + data)[-_TAIL:]

    async def wait(self) -> int:
        """Wait until it has ended."""
        return await self._process.wait()

    async def end(self) -> None:
        """TERM to the group, KILL after two seconds; returns when nobody is left in it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await self._alive():
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, number)
                await self._gone()
        # by itself it would wait for the end of its pipes, which unread words or a stray child hold open
        self._process._transport.close()  # type: ignore[attr-defined]
        self._watch.remove(self.pid)

    async def _gone(self) -> None:
        until = time.monotonic() + TERM_SECONDS
        while await self._alive():
            if time.monotonic() > until:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _alive(self) -> bool:
        if self._process.returncode is None:
            return True
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return await asyncio.to_thread(group_runs, self.pid)


async def start_process(
    command: tuple[str, ...], folder: Path, environ: Mapping[str, str], watch: OrphanWatch
) -> ServerProcess:
    """Start a server, which ends with loomkin however that ends. Raises Unavailable."""
    await asyncio.to_thread(watch.start)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=folder, env=dict(environ), start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise Unavailable(f"{command[0]} does not start: {error}") from error
    watch.add(process.pid)
    return ServerProcess(process, watch)


def group_bytes(group: int) -> int:
    """Resident bytes of all processes of a group; 0 where the system does not say."""
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        names = []
    if not names:
        return _told_by_ps(group)
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(_pages(name, group) for name in names) * page


def _pages(pid: str, group: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    return int(fields[21]) if len(fields) > 21 and int(fields[2]) == group else 0


def _told_by_ps(group: int) -> int:
    try:
        told = subprocess.run(
            ["ps", "-axo", "pgid=,rss="], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    rows = (line.split() for line in told.splitlines())
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0] == str(group)) * 1024
