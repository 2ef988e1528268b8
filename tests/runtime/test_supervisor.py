"""Tasks with an owner: crashes are told, and stopping takes a bounded time."""

import asyncio

import pytest

from loomkin.runtime.supervisor import Supervisor


class Crashes:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, name: str, error: BaseException) -> None:
        self.told.append((name, str(error)))


async def fail(words: str) -> None:
    raise ValueError(words)


async def test_a_crash_is_told_and_touches_no_other_task() -> None:
    crashes, done = Crashes(), asyncio.Event()

    async def go_on() -> str:
        await done.wait()
        return "finished"

    async with Supervisor(crashes) as supervisor:
        other = supervisor.start("other", go_on())
        broken = supervisor.start("broken", fail("boom"))
        await asyncio.wait([broken])
        assert not other.done()
        done.set()
        assert await other == "finished"
    assert crashes.told == [("broken", "boom")]


async def test_leaving_lets_tasks_finish_within_the_grace() -> None:
    crashes, ended, leaving = Crashes(), [], asyncio.Event()

    async def soon() -> None:
        await leaving.wait()
        ended.append("soon")

    async with Supervisor(crashes, grace=5.0) as supervisor:
        supervisor.start("soon", soon())
        asyncio.get_running_loop().call_soon(leaving.set)
        assert ended == []
    assert ended == ["soon"]


async def test_a_crash_at_the_very_end_is_told_before_leaving() -> None:
    crashes = Crashes()
    async with Supervisor(crashes) as supervisor:
        supervisor.start("late", fail("at the end"))
    assert crashes.told == [("late", "at the end")]


async def test_a_task_that_goes_on_is_cancelled_after_the_grace_and_that_is_no_crash() -> None:
    crashes = Crashes()
    begun = asyncio.get_running_loop().time()
    async with Supervisor(crashes, grace=0.02) as supervisor:
        task = supervisor.start("endless", asyncio.Event().wait())
    assert task.cancelled()
    assert crashes.told == []
    assert asyncio.get_running_loop().time() - begun < 1


async def test_a_task_that_refuses_to_end_holds_nobody_up() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    begun = asyncio.get_running_loop().time()
    async with Supervisor(Crashes(), grace=0.02) as supervisor:
        task = supervisor.start("stubborn", stubborn())
        await asyncio.sleep(0)
    assert asyncio.get_running_loop().time() - begun < 1
    assert not task.done()
    release.set()
    await task


async def test_an_error_inside_cancels_at_once_and_passes_through() -> None:
    tasks: list[asyncio.Task[bool]] = []

    async def run() -> None:
        async with Supervisor(Crashes(), grace=60) as supervisor:
            tasks.append(supervisor.start("endless", asyncio.Event().wait()))
            raise KeyError("x")

    with pytest.raises(KeyError):
        await run()
    assert tasks[0].cancelled()


async def test_nothing_goes_on_when_the_one_who_stops_is_cancelled() -> None:
    started: list[asyncio.Task[bool]] = []

    async def run() -> None:
        async with Supervisor(Crashes(), grace=60) as supervisor:
            started.append(supervisor.start("endless", asyncio.Event().wait()))

    async with asyncio.TaskGroup() as tasks:
        runner = tasks.create_task(run())
        for _ in range(3):
            await asyncio.sleep(0)
        runner.cancel()
    assert runner.cancelled()
    await asyncio.wait(started, timeout=1)
    assert started[0].cancelled()
