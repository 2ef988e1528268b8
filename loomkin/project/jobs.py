"""Commands as jobs: each in a session of its own, read to the end, and ended with all its children."""

import asyncio
import codecs
import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from loomkin.errors import LoomkinError, NotFoundError
from loomkin.project.capture import FILE_BYTES, Capture, Captured, open_capture
from loomkin.project.orphans import OrphanWatch
from loomkin.project.shell_process import CHUNK_BYTES, ShellProcess, start_shell
from loomkin.records.dataclass import dataclass

DRAIN_SECONDS = 0.5
WATCH_SECONDS = 0.5
JOB_LIMIT = 32


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as its caller sees it: `new` is the output since the last look.

    `code` is None while it runs, negative for the signal that ended it; `missed_bytes` of the new output
    are only in the file at `path`. `left_running` says that children outlived the command.
    """

    handle: str
    command: str
    code: int | None
    seconds: float
    new: str
    missed_bytes: int
    path: Path
    left_running: bool


class Job:
    """One running or ended command; made by `JobTable.start`."""

    def __init__(self, handle: str, command: str, shell: ShellProcess, capture: Capture) -> None:
        self.handle = handle
        self.command = command
        self.left_running = False
        self.seconds = 0.0
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()
        self._shell = shell
        self._capture = capture
        self._stop = asyncio.Event()
        self._began = time.monotonic()
        self._seen = 0

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while the command runs."""
        return self._shell.returncode if self.exited.is_set() else None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group and session."""
        return self._shell.pid

    @property
    def path(self) -> Path:
        """The file with the whole output."""
        return self._capture.path

    def captured(self) -> Captured:
        """The output until now."""
        return self._capture.captured()

    def look(self) -> JobState:
        """The state with the output since the last look."""
        new, missed, self._seen = self._capture.since(self._seen)
        seconds = self.seconds if self.exited.is_set() else time.monotonic() - self._began
        return JobState(
            self.handle, self.command, self.code, seconds, new, missed, self.path, self.left_running
        )

    def stop(self) -> None:
        """Ask the job's owner to end the command with all its children; `closed` says when that is done."""
        self._stop.set()

    async def own(self, on_output: Callable[[str], None] | None) -> None:
        """Stay with the command until it, its children and its output have ended, or `stop` is called.

        Children that outlive the command may go on: they are read until they end too. A cancellation ends
        everything that is left.
        """
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump(on_output))
                stopper = group.create_task(self._end_when_asked(pump))
                await self._shell.wait()
                self.seconds = time.monotonic() - self._began
                await asyncio.wait([pump], timeout=DRAIN_SECONDS)
                self.left_running = await self._shell.alive()
                self.exited.set()
                await asyncio.wait([pump])
                while await self._shell.alive():
                    await asyncio.wait([stopper], timeout=WATCH_SECONDS)
                stopper.cancel()
        finally:
            await self._shell.end()
            self._shell.close()
            self._capture.close()
            self.left_running = False
            self.exited.set()
            self.closed.set()

    async def _end_when_asked(self, pump: asyncio.Task[None]) -> None:
        await self._stop.wait()
        await self._shell.end()
        # A daemon in a session of its own may hold the pipe for ever.
        if not (await asyncio.wait([pump], timeout=DRAIN_SECONDS))[0]:
            pump.cancel()

    async def _pump(self, on_output: Callable[[str], None] | None) -> None:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while data := await self._shell.output.read(CHUNK_BYTES):
            await asyncio.to_thread(self._capture.write, data)
            if on_output is not None and (text := decode(data)):
                on_output(text)


class JobTable:
    """The jobs of one session; leaving its `async with` ends them all and waits for that.

    They end too when loomkin is killed.
    """

    def __init__(self, file_bytes: int = FILE_BYTES) -> None:
        self._file_bytes = file_bytes
        self._jobs: dict[str, Job] = {}
        self._group = asyncio.TaskGroup()
        self._watch = OrphanWatch()

    async def __aenter__(self) -> "JobTable":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for job in self.running:
            job.stop()
        # The body's own error goes on as it is; the group only waits for its jobs.
        try:
            await self._group.__aexit__(None, None, None)
        finally:
            await asyncio.to_thread(self._watch.close)

    @property
    def running(self) -> tuple[Job, ...]:
        """Jobs that have not exited, or whose children still run."""
        return tuple(job for job in self._jobs.values() if not job.closed.is_set())

    def commands(self) -> tuple[str, ...]:
        """The commands that run, by their first lines."""
        return tuple(job.command.strip().partition("\n")[0] for job in self.running)

    async def start(
        self,
        command: str,
        *,
        cwd: Path,
        env: Mapping[str, str],
        output_dir: Path,
        on_output: Callable[[str], None] | None = None,
    ) -> Job:
        """Start a shell command with closed input; its output goes to a new file in `output_dir`.

        Raises NotFoundError for a missing `cwd`, UsageError for a command that the system cannot start,
        LoomkinError for too many jobs, StoreError when the output cannot be kept.
        """
        if len(self.running) >= JOB_LIMIT:
            raise LoomkinError(
                f"{JOB_LIMIT} commands are running already.", hint="End some of them first, then try again."
            )
        handle, capture = await asyncio.to_thread(open_capture, output_dir, self._file_bytes)
        try:
            shell = await start_shell(command, cwd, env, self._watch)
        except BaseException:
            capture.close()
            raise
        job = Job(handle, command, shell, capture)
        self._jobs[handle] = job
        self._group.create_task(job.own(on_output), name=f"job {handle}")
        return job

    def job(self, handle: str) -> Job:
        """The job of that handle. Raises NotFoundError."""
        if handle not in self._jobs:
            known = ", ".join(job.handle for job in self.running) or "none"
            raise NotFoundError(f"There is no command {handle!r} here.", hint=f"Running now: {known}.")
        return self._jobs[handle]

    def poll(self, handle: str) -> JobState:
        """State and new output, at once. Raises NotFoundError."""
        return self.job(handle).look()

    async def wait(self, handle: str, seconds: float) -> JobState:
        """Like `poll`, after waiting up to `seconds` for the command to exit. Raises NotFoundError."""
        job = self.job(handle)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await job.exited.wait()
        return job.look()

    async def kill(self, handle: str) -> JobState:
        """End the command with all its children and wait until they are gone. Raises NotFoundError."""
        job = self.job(handle)
        job.stop()
        await job.closed.wait()
        return job.look()
