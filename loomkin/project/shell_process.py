"""A shell in a session of its own: started with closed input, watched as a group, ended as a group."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from loomkin.errors import LoomkinError, NotFoundError, UsageError
from loomkin.project.orphans import OrphanWatch

TERM_SECONDS = 2.0
CHUNK_BYTES = 1 << 17
_POLL_SECONDS = 0.02
# The command begins when it is told to, after its group has been listed; never, if loomkin has died by then.
_WHEN_TOLD = 'read -r _ && exec "$0" -c "$1" </dev/null'


class ShellProcess:
    """The process group of one command; `output` carries what it and its children print."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        output: asyncio.StreamReader,
        transport: asyncio.BaseTransport,
        watch: OrphanWatch,
    ) -> None:
        self.output = output
        self._process = process
        self._transport = transport
        self._watch = watch

    @property
    def pid(self) -> int:
        """The shell's process id, which is also the id of its group and session."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The shell's exit code, negative for a signal."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the shell to exit, whoever still holds its output."""
        return await self._process.wait()

    async def alive(self) -> bool:
        """Whether the shell or any member of its group runs; the dead that nobody reaped do not count."""
        if self._process.returncode is None:
            return True
        return self._signal(0) and await asyncio.to_thread(group_runs, self.pid)

    async def end(self) -> None:
        """TERM to the group, KILL after two seconds; returns when no member is left."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await self.alive():
                self._signal(number)
                await self._gone()

    async def _gone(self) -> None:
        deadline = time.monotonic() + TERM_SECONDS
        while await self.alive():
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Stop reading the output of a group that has ended, and watching for it."""
        self._watch.remove(self.pid)
        self._transport.close()

    def _signal(self, number: int) -> bool:
        """Signal the group; False when nobody is left in it."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


async def start_shell(command: str, cwd: Path, env: Mapping[str, str], watch: OrphanWatch) -> ShellProcess:
    """Start `bash -c command`, or sh where there is no bash, watched from its first moment on.

    Raises NotFoundError for a `cwd` that cannot be entered and UsageError for a command that the system
    does not take.
    """
    _, shell = await asyncio.gather(asyncio.to_thread(watch.start), asyncio.to_thread(_find_shell))
    # Pipes of our own: asyncio's would tie the exit of the process to the end of its output.
    (read_end, write_end), (told, tell) = os.pipe(), os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", _WHEN_TOLD, shell, command,
            stdin=told, stdout=write_end, stderr=write_end,
            cwd=cwd, env=dict(env), start_new_session=True,
        )  # fmt: skip
        watch.add(process.pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(tell, b"\n")
    except (OSError, ValueError) as error:
        os.close(read_end)
        raise await asyncio.to_thread(_not_started, command, cwd, error) from error
    except BaseException:
        os.close(read_end)
        raise
    finally:
        for end in (write_end, told, tell):
            os.close(end)
    output = asyncio.StreamReader(limit=CHUNK_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(read_end, "rb", buffering=0)
    )
    return ShellProcess(process, output, transport, watch)


def _find_shell() -> str:
    return shutil.which("bash") or shutil.which("sh") or "/bin/sh"


def _not_started(command: str, cwd: Path, error: OSError | ValueError) -> LoomkinError:
    if not os.path.isdir(cwd):
        return NotFoundError(f"The folder {cwd} does not exist; nothing was run.", hint="Give another cwd.")
    if isinstance(error, PermissionError) and not os.access(cwd, os.X_OK):
        return NotFoundError(
            f"The folder {cwd} may not be entered; nothing was run.", hint="Give another cwd."
        )
    size = len(command.encode(errors="replace"))
    return UsageError(
        f"The command of {size} bytes could not be started: {error}.",
        hint="Write a long script to a file and run that; a command holds no NUL byte.",
    )


async def group_gone(group: int) -> None:
    """Wait until nothing of a killed group runs, two seconds at most: a kill takes effect a moment later."""
    for _ in range(round(TERM_SECONDS / _POLL_SECONDS)):
        if not await asyncio.to_thread(group_runs, group):
            return
        await asyncio.sleep(_POLL_SECONDS)


def group_runs(group: int) -> bool:
    """Whether a process of the group runs, from /proc; without /proc, yes: a signal has just reached it."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return True
    pids = [name for name in names if name.isdigit()]
    return not pids or any(_runs_in(pid, group) for pid in pids)


def _runs_in(pid: str, group: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name in parentheses may hold anything; state, parent and group follow the last one.
            state, _, its_group = file.read().rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return int(its_group) == group and state not in (b"Z", b"X")
