"""Work that began in a thread is seen to its end, however often its caller is cancelled."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from loomkin.runtime.uncut import cancellations, uncut


class Gate:
    """Work that says when it is inside, and ends when it is let go."""

    def __init__(self) -> None:
        self.inside = Event()
        self.let_go = Event()
        self.done = False

    def work(self, answer: str) -> str:
        self.inside.set()
        assert self.let_go.wait(5)
        self.done = True
        if answer == "fail":
            raise OSError("disk full")
        return answer


async def told(gate: Gate, answer: str, heard: list[str]) -> None:
    before = cancellations()
    try:
        heard.append(await uncut(gate.work, answer))
    except OSError as error:
        heard.append(str(error))
    heard.append(f"{cancellations() - before} owed")


@pytest.mark.parametrize("times", [0, 1, 3])
@pytest.mark.parametrize(("answer", "words"), [("written", "written"), ("fail", "disk full")])
async def test_what_came_of_work_is_known_however_often_the_caller_is_cancelled(
    times: int, answer: str, words: str
) -> None:
    gate, heard = Gate(), list[str]()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(told(gate, answer, heard))
        await asyncio.to_thread(gate.inside.wait, 5)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
        gate.let_go.set()
    assert gate.done
    assert heard == [words, f"{times} owed"]


async def test_work_that_no_thread_was_free_for_never_begins() -> None:
    busy, gate = Gate(), Gate()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    gate.let_go.set()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(uncut(busy.work, "first"))
        await loop.run_in_executor(ThreadPoolExecutor(1), busy.inside.wait)
        second = tasks.create_task(uncut(gate.work, "second"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        assert second.cancelled()
        busy.let_go.set()
    assert first.result() == "first"
    assert await asyncio.to_thread(lambda: gate.done) is False


async def test_a_limit_that_passes_while_the_work_ends_does_not_hide_what_it_did() -> None:
    gate = Gate()
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)
    async with limit:
        limit.reschedule(loop.time())
        loop.call_soon(lambda: loop.call_soon(lambda: loop.call_soon(gate.let_go.set)))
        assert await uncut(gate.work, "written") == "written"
    assert limit.expired()
    assert cancellations() == 0
