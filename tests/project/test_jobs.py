import asyncio
import os
from pathlib import Path

import pytest

from loomkin.errors import LoomkinError, NotFoundError, StoreError
from loomkin.project.capture import HEAD_BYTES, TAIL_BYTES, Capture, open_capture
from loomkin.project.environment import child_environment
from loomkin.project.jobs import JOB_LIMIT, Job, JobTable


async def start(jobs: JobTable, folder: Path, command: str) -> Job:
    return await jobs.start(command, cwd=folder, env=child_environment(), output_dir=folder / "outputs")


async def test_jobs_run_side_by_side_and_are_told_apart(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        started = [await start(jobs, tmp_path, f"echo {number}; exit {number}") for number in range(4)]
        states = [await jobs.wait(job.handle, 5) for job in started]
    assert [(state.new, state.code) for state in states] == [(f"{n}\n", n) for n in range(4)]
    assert [state.handle for state in states] == ["out1", "out2", "out3", "out4"]
    assert all(0 < state.seconds < 5 for state in states)


async def test_new_output_is_given_once(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        job = await start(jobs, tmp_path, "echo a; while [ ! -e go ]; do sleep 0.02; done; echo b")
        first = (await jobs.wait(job.handle, 0.2)).new
        assert jobs.poll(job.handle).new == ""
        (tmp_path / "go").touch()
        assert (first, (await jobs.wait(job.handle, 5)).new) == ("a\n", "b\n")
        assert jobs.poll(job.handle).code == 0


async def test_waiting_returns_when_time_is_up(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        job = await start(jobs, tmp_path, "while :; do sleep 0.1; done")
        assert (await jobs.wait(job.handle, 0.05)).code is None
        assert (await jobs.wait(job.handle, -1)).code is None
        assert jobs.running == (job,)
        assert (await jobs.kill(job.handle)).code == -15
        assert (await jobs.kill(job.handle)).code == -15
        assert jobs.running == ()


async def test_the_number_of_running_jobs_is_bounded(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        for _ in range(JOB_LIMIT):
            await start(jobs, tmp_path, "exec sleep 30")
        with pytest.raises(LoomkinError, match="are running already"):
            await start(jobs, tmp_path, "true")
        await jobs.kill("out1")
        await start(jobs, tmp_path, "true")


async def test_two_kills_and_a_cancelled_kill_leave_nothing_behind(tmp_path: Path) -> None:
    async with JobTable() as jobs:
        deaf = asyncio.Event()
        job = await jobs.start(
            "trap '' TERM; echo deaf; while :; do sleep 0.1; done",
            cwd=tmp_path,
            env=child_environment(),
            output_dir=tmp_path / "outputs",
            on_output=lambda _: deaf.set(),
        )
        await deaf.wait()
        async with asyncio.TaskGroup() as group:
            impatient = group.create_task(jobs.kill(job.handle))
            patient = group.create_task(jobs.kill(job.handle))
            await asyncio.sleep(0)
            impatient.cancel()
        assert patient.result().code == -9


async def test_output_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("in the way")
    async with JobTable() as jobs:
        with pytest.raises(StoreError, match="cannot be kept"):
            await start(jobs, tmp_path, "true")
        with pytest.raises(NotFoundError):
            jobs.poll("out1")


def test_a_disk_that_fills_up_ends_the_file_and_not_the_command() -> None:
    capture = Capture(Path("/dev/full"), os.open("/dev/full", os.O_WRONLY))
    capture.write(b"first\n")
    capture.write(b"second\n")
    assert capture.captured().text == "first\nsecond\n"
    assert capture.captured().note == "the file is incomplete: no room left on the disk"
    capture.close()


def test_head_and_tail_account_for_every_byte_and_line(tmp_path: Path) -> None:
    _, capture = open_capture(tmp_path)
    rows = [f"{number:07}\n".encode() for number in range(100_000)]
    for start_row in range(0, len(rows), 777):
        capture.write(b"".join(rows[start_row : start_row + 777]))
        kept = capture.captured()
        assert len(kept.head) + len(kept.tail) + kept.missing_bytes == kept.total_bytes
        assert kept.text.count("\n") + kept.missing_lines == kept.total_bytes // 8
    assert (len(kept.head), len(kept.tail)) == (HEAD_BYTES, TAIL_BYTES)
    text, missing, position = capture.since(kept.total_bytes - 16)
    assert (text, missing, position) == ("0099998\n0099999\n", 0, kept.total_bytes)
    text, missing, _ = capture.since(8)
    assert text.startswith("0000001\n")
    assert len(text) + missing == kept.total_bytes - 8
    assert capture.path.read_bytes() == b"".join(rows)
    capture.close()
