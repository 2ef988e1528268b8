import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loomkin.errors import NotFoundError, UsageError
from loomkin.project.environment import child_environment
from loomkin.project.jobs import JobTable
from loomkin.project.shell import Finished, Running, is_only_sleep, run
from loomkin.project.shell_process import group_runs


@pytest.fixture
async def jobs() -> AsyncIterator[JobTable]:
    async with JobTable() as table:
        yield table


class Shell:
    """Runs commands with the arguments that every test shares."""

    def __init__(self, jobs: JobTable, folder: Path) -> None:
        self.jobs = jobs
        self.folder = folder

    async def __call__(self, command: str, timeout: float = 8, **more: object) -> Finished | Running:
        return await run(
            command,
            jobs=self.jobs,
            cwd=self.folder,
            env=child_environment(),
            output_dir=self.folder / "outputs",
            timeout=timeout,
            **more,  # type: ignore[arg-type]
        )

    async def finished(self, command: str, timeout: float = 8, **more: object) -> Finished:
        result = await self(command, timeout, **more)
        assert isinstance(result, Finished), result
        return result


@pytest.fixture
def shell(jobs: JobTable, tmp_path: Path) -> Shell:
    return Shell(jobs, tmp_path)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Ear:
    """Hears a command; `pid` is the first line that it prints."""

    def __init__(self) -> None:
        self.text = ""
        self._line = asyncio.Event()

    def __call__(self, text: str) -> None:
        self.text += text
        if "\n" in self.text:
            self._line.set()

    async def pid(self) -> int:
        async with asyncio.timeout(5):
            await self._line.wait()
        return int(self.text.split()[0])


async def test_output_code_and_file_of_a_command(shell: Shell) -> None:
    done = await shell.finished("echo out; echo err >&2; pwd; exit 3")
    assert done.code == 3
    assert done.output.text == f"out\nerr\n{shell.folder}\n"
    assert done.path.read_text() == done.output.text
    assert done.id == "out1"
    assert done.path.stat().st_mode & 0o777 == 0o600
    assert (await shell.finished("true")).id == "out2"


async def test_output_ids_go_on_where_an_earlier_session_ended(shell: Shell) -> None:
    (shell.folder / "outputs").mkdir()
    (shell.folder / "outputs" / "out41.txt").write_text("earlier")
    assert (await shell.finished("true")).id == "out42"


async def test_input_is_closed_and_nothing_can_ask_a_terminal(shell: Shell) -> None:
    done = await shell.finished(
        "cat; read -r answer; echo code=$?; (: < /dev/tty) 2>/dev/null || echo no-terminal"
    )
    assert done.output.text == "code=1\nno-terminal\n"


async def test_bash_is_used_and_its_exit_signal_is_a_negative_code(shell: Shell) -> None:
    assert (await shell.finished("[[ -n $BASH_VERSION ]] && echo yes")).output.text == "yes\n"
    assert (await shell.finished("kill -SEGV $$")).code == -11


async def test_output_arrives_while_the_command_runs(shell: Shell) -> None:
    heard: list[str] = []
    await shell.finished("printf 'caf\\xc3'; sleep 0.2; printf '\\xa9\\n'", on_output=heard.append)
    assert "".join(heard) == "café\n"
    assert len(heard) == 2


async def test_a_missing_folder_and_an_impossible_command_are_said(shell: Shell, tmp_path: Path) -> None:
    shell.folder = tmp_path / "gone"
    with pytest.raises(NotFoundError, match="gone does not exist"):
        await run("true", jobs=shell.jobs, cwd=shell.folder, env={}, output_dir=tmp_path / "o")
    shell.folder = tmp_path
    with pytest.raises(UsageError, match="could not be started"):
        await shell("echo " + "x" * 200_000)
    with pytest.raises(UsageError, match="could not be started"):
        await shell("echo \0")
    assert (await shell.finished("echo still fine")).output.text == "still fine\n"


async def test_a_background_child_that_holds_the_output_does_not_delay_the_result(shell: Shell) -> None:
    began = time.monotonic()
    done = await shell.finished("sleep 30 & echo $!")
    assert time.monotonic() - began < 3
    assert (done.code, done.left_running) == (0, True)
    child = int(done.output.text)
    assert lives(child)
    await shell.jobs.kill(done.id)
    assert not lives(child)


async def test_a_server_with_its_output_elsewhere_lives_until_the_session_ends(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        done = await Shell(jobs, tmp_path).finished("nohup sleep 30 > log 2>&1 & echo $!")
        child = int(done.output.text)
        assert done.left_running
        assert lives(child)
        assert [job.handle for job in jobs.running] == [done.id]
    assert not lives(child)


async def test_what_a_child_prints_later_reaches_the_file(shell: Shell) -> None:
    done = await shell.finished("(sleep 1; echo late) & echo early")
    assert done.output.text == "early\n"
    async with asyncio.timeout(5):
        await shell.jobs.job(done.id).closed.wait()
    assert done.path.read_text() == "early\nlate\n"
    assert shell.jobs.poll(done.id).new == "late\n"


async def test_at_the_time_limit_a_command_goes_on_in_the_background(shell: Shell) -> None:
    running = await shell("echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; exit 4", timeout=0.3)
    assert isinstance(running, Running)
    assert running.output.text == "one\n"
    assert lives(running.pid)
    state = shell.jobs.poll(running.handle)
    assert (state.new, state.code) == ("", None)
    (shell.folder / "go").touch()
    state = await shell.jobs.wait(running.handle, 5)
    assert (state.new, state.code) == ("two\n", 4)
    assert shell.jobs.poll(running.handle).new == ""
    assert running.path.read_text() == "one\ntwo\n"


async def test_a_command_that_only_sleeps_is_ended_at_the_limit(shell: Shell) -> None:
    done = await shell.finished("sleep 300", timeout=0.2)
    assert done.timed_out
    assert done.code == -15
    assert not shell.jobs.running


@pytest.mark.parametrize("command", ["sleep 5", " sleep 1m; sleep 2 ", "sleep 1 && sleep 2h"])
def test_sleeping_is_recognised(command: str) -> None:
    assert is_only_sleep(command)


@pytest.mark.parametrize(
    "command", ["sleep 5; make", "make", "sleep 1 & make", "sleep $(x)", "echo sleep 1", ""]
)
def test_work_is_not_taken_for_sleep(command: str) -> None:
    assert not is_only_sleep(command)


async def test_killing_ends_children_that_ignore_the_gentle_signal(shell: Shell) -> None:
    ear = Ear()
    command = "(trap '' TERM; echo $BASHPID; while :; do sleep 0.1; done) & wait"
    running = await shell(command, 0, on_output=ear)
    assert isinstance(running, Running)
    child = await ear.pid()
    began = time.monotonic()
    state = await shell.jobs.kill(running.handle)
    assert 1.5 < time.monotonic() - began < 4.5
    assert state.code == -15
    assert not lives(child)
    assert not await asyncio.to_thread(group_runs, running.pid)


async def test_cancelling_ends_the_whole_group_before_it_returns(shell: Shell) -> None:
    async with asyncio.TaskGroup() as group:
        ear = Ear()
        task = group.create_task(shell("sleep 60 & echo $!; wait", on_output=ear))
        child = await ear.pid()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not lives(child)
        assert not shell.jobs.running


async def test_leaving_the_table_by_an_error_ends_every_job(tmp_path: Path) -> None:
    children: list[int] = []

    async def fail() -> None:
        async with JobTable() as jobs:
            for _ in range(3):
                ear = Ear()
                await Shell(jobs, tmp_path)("sleep 60 & echo $!; wait", 0, on_output=ear)
                children.append(await ear.pid())
            raise ValueError("the body failed")

    with pytest.raises(ValueError, match="the body failed"):
        await fail()
    assert len(children) == 3
    assert not any(lives(child) for child in children)


async def test_cancelling_the_owner_of_the_table_ends_every_job(tmp_path: Path) -> None:
    ear = Ear()

    async def own() -> None:
        async with JobTable() as jobs:
            await Shell(jobs, tmp_path)("sleep 60 & echo $!; wait", 0, on_output=ear)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        owner = group.create_task(own())
        child = await ear.pid()
        owner.cancel()
    assert not lives(child)


async def test_a_daemon_in_its_own_session_does_not_hold_up_the_end(tmp_path: Path) -> None:
    ear = Ear()
    async with JobTable() as jobs:
        await Shell(jobs, tmp_path)("setsid sleep 20 & echo $!; wait", 0, on_output=ear)
        daemon = await ear.pid()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    if lives(daemon):
        os.kill(daemon, 9)


async def test_unknown_handles_are_said_with_the_known_ones(shell: Shell) -> None:
    running = await shell("while :; do sleep 0.1; done", timeout=0)
    assert isinstance(running, Running)
    with pytest.raises(NotFoundError, match="'out9'") as told:
        shell.jobs.poll("out9")
    assert running.handle in told.value.hint


async def flood(shell: Shell, megabytes: int) -> Finished:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = await shell.finished(
        f"echo first; yes 0123456789 | head -c {megabytes}000000; echo; echo last", timeout=60
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
    return done


async def test_a_flood_of_output_is_kept_in_bounded_memory_and_file(tmp_path: Path) -> None:
    async with JobTable(file_bytes=5_000_000) as jobs:
        done = await flood(Shell(jobs, tmp_path), 100)
    assert done.output.total_bytes == 100_000_000 + len("first\n\nlast\n")
    assert done.output.head.startswith("first\n0123456789\n")
    assert done.output.tail.endswith("\nlast\n")
    assert len(done.output.text) < 250_000
    assert done.path.stat().st_size == 5_000_000
    assert done.output.note == "the file holds the first 5 MB only"
    kept = done.output.head.count("\n") + done.output.tail.count("\n")
    assert kept + done.output.missing_lines == 1 + 100_000_000 // 11 + 2


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_half_a_gigabyte_of_output_does_not_fill_the_memory(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        done = await flood(Shell(jobs, tmp_path), 500)
    assert done.output.total_bytes > 500_000_000
    assert done.path.stat().st_size == 64 * 1024 * 1024
