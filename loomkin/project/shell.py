"""Running one shell command: to its end, to its time limit, or on in the background."""

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from loomkin.project.capture import Captured
from loomkin.project.jobs import Job, JobTable
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

DEFAULT_SECONDS = 120.0
MAX_SECONDS = 600.0
_SLEEP = pattern(r"\s*(?:sleep\s+[\d.]+[smhd]?(?:\s+[\d.]+[smhd]?)*\s*(?:;|&&|\n|$)\s*)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has exited; `code` is negative for the signal that ended it.

    `id` names the whole output, kept at `path`. `timed_out` says that loomkin ended it; `left_running`
    that children of the command go on in the background under the handle `id`.
    """

    id: str
    path: Path
    code: int
    seconds: float
    output: Captured
    timed_out: bool = False
    left_running: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A command that goes on in the background; `handle` is for the job table and names its output."""

    handle: str
    path: Path
    pid: int
    seconds: float
    output: Captured


async def run(
    command: str,
    *,
    jobs: JobTable,
    cwd: Path,
    env: Mapping[str, str],
    output_dir: Path,
    timeout: float = DEFAULT_SECONDS,
    on_output: Callable[[str], None] | None = None,
) -> Finished | Running:
    """Run `bash -c command` (or sh) with closed input, waiting at most `timeout` seconds, 600 at the most.

    After that the command goes on as a job of `jobs`, unless it only sleeps: then it is ended. `on_output`
    gets text as it arrives. Cancelling ends the command and all its children before it returns.
    Raises what `JobTable.start` raises.
    """
    job = await jobs.start(command, cwd=cwd, env=env, output_dir=output_dir, on_output=on_output)
    try:
        state = await jobs.wait(job.handle, min(timeout, MAX_SECONDS))
        if state.code is None and is_only_sleep(command):
            state = await jobs.kill(job.handle)
            return _finished(job, timed_out=True)
    except asyncio.CancelledError:
        await jobs.kill(job.handle)
        raise
    if state.code is None:
        return Running(job.handle, job.path, job.pid, state.seconds, job.captured())
    return _finished(job)


def is_only_sleep(command: str) -> bool:
    """Whether the command does nothing but wait, so that going on with it serves nobody."""
    return _SLEEP.fullmatch(command) is not None


def _finished(job: Job, timed_out: bool = False) -> Finished:
    code = job.code
    return Finished(
        job.handle,
        job.path,
        -9 if code is None else code,
        job.seconds,
        job.captured(),
        timed_out=timed_out,
        left_running=job.left_running,
    )
