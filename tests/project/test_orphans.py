import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loomkin.project.environment import child_environment
from loomkin.project.jobs import JobTable
from loomkin.project.orphans import OrphanWatch

TOP = Path(__file__).parents[2]
VICTIM = """\
import asyncio, signal, sys
from pathlib import Path
from loomkin.project.environment import child_environment
from loomkin.project.jobs import JobTable

async def main(folder):
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    async with JobTable() as jobs:
        for command in sys.argv[1:]:
            await jobs.start(command, cwd=folder, env=child_environment(), output_dir=folder / "outputs")
        await asyncio.Event().wait()

asyncio.run(main(Path.cwd()))
"""
COMMANDS = (
    "exec >> alive; echo here; exec sleep 20",
    "exec >> alive; trap '' TERM; echo here; for n in $(seq 200); do sleep 0.1; done",
    "(echo here; exec sleep 20) >> alive & exit",
)


@contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    reaper = threading.Thread(target=process.wait)
    reaper.start()
    try:
        yield process
    finally:
        process.kill()
        reaper.join()


@contextmanager
def watching() -> Iterator[OrphanWatch]:
    watch = OrphanWatch()
    try:
        yield watch
    finally:
        watch.close()


def test_commands_end_when_their_owner_is_killed_whatever_signals_came_before(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    environ = {**os.environ, "PYTHONPATH": str(TOP)}
    command = [sys.executable, "-c", VICTIM, *COMMANDS]
    victim = subprocess.Popen(command, cwd=tmp_path, env=environ, start_new_session=True)
    try:
        with open(tmp_path / "alive", "rb") as alive:
            assert [alive.readline() for _ in COMMANDS] == [b"here\n"] * len(COMMANDS)
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
                os.killpg(victim.pid, number)
            assert alive.read() == b"", "the last command has ended"
    finally:
        victim.kill()
        assert victim.wait() == -signal.SIGKILL


def test_what_is_listed_ends_and_what_is_no_longer_listed_goes_on() -> None:
    with sleeper() as listed, sleeper() as unlisted, sleeper() as never:
        with watching() as watch:
            watch.start()
            for process in (unlisted, listed):
                watch.add(process.pid)
            watch.remove(unlisted.pid)
        assert listed.wait() == -signal.SIGTERM
        assert (unlisted.poll(), never.poll()) == (None, None)


def test_a_watcher_that_was_killed_is_replaced_and_told_everything() -> None:
    with sleeper() as early, sleeper() as late, sleeper() as ended:
        with watching() as watch:
            watch.start()
            watch.add(early.pid)
            watch.add(ended.pid)
            first = watch.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
            watch.remove(ended.pid)
            watch.start()
            watch.add(late.pid)
            assert watch.pid != first
        assert (early.wait(), late.wait()) == (-signal.SIGTERM, -signal.SIGTERM)
        assert ended.poll() is None


def test_nothing_is_started_again_after_the_end() -> None:
    watch = OrphanWatch()
    assert watch.pid is None
    watch.start()
    pid = watch.pid
    assert pid is not None
    watch.close()
    watch.start()
    assert watch.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_commands_do_not_hold_the_pipe_that_tells_of_their_owners_end(tmp_path: Path) -> None:
    look = "n=3; while [ $n -lt 60 ]; do [ -e /dev/fd/$n ] && echo $n; n=$((n + 1)); done; exit 0"
    async with JobTable() as jobs:
        # The second command is the first that could inherit anything from the watcher's start.
        for _ in range(2):
            job = await jobs.start(
                look, cwd=tmp_path, env=child_environment(), output_dir=tmp_path / "outputs"
            )
            state = await jobs.wait(job.handle, 5)
            assert (state.code, state.new) == (0, "")
