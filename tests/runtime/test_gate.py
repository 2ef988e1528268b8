"""A gate shuts for everybody, and lets them through in an orderly way when it opens."""

import asyncio
import itertools

import pytest

from loomkin.runtime.ratelimit import Gate


class Time:
    """Time that jumps to the next moment somebody waits for; `sleep` stands for the loop's."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()

    def __call__(self) -> float:
        return self.loop.time()


def ignore(seconds: float) -> None:
    pass


async def test_an_open_gate_holds_nobody_up() -> None:
    gate = Gate(Time())
    waits: list[float] = []
    for _ in range(1000):
        await gate.enter(waits.append)
    assert waits == []


async def test_nobody_passes_a_shut_gate_and_all_are_told_for_how_long() -> None:
    now = Time()
    gate, begun = Gate(now, lambda: 0.0), now()
    gate.shut(0.1)
    waits: list[float] = []
    passed = await asyncio.gather(*(gate.enter(waits.append) for _ in range(5)))
    assert min(passed) >= begun + 0.1 - 0.001
    assert waits == pytest.approx([0.1] * 5, abs=0.01)


async def test_who_waits_while_it_shuts_again_waits_on() -> None:
    now = Time()
    gate, begun = Gate(now, lambda: 0.0), now()
    gate.shut(0.05)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(gate.enter(ignore))
        await asyncio.sleep(0)
        gate.shut(0.15)
    assert waiting.result() >= begun + 0.15 - 0.001


async def test_after_a_refusal_calls_pass_at_the_pace_that_was_taken_before() -> None:
    now = Time()
    gate = Gate(now, lambda: 0.0)
    entered = [await gate.enter(ignore) for _ in range(100)]
    for moment in entered[3:]:
        gate.refused(moment, 0.05)
    opens = now() + 0.05
    passed = sorted(await asyncio.gather(*(gate.enter(ignore) for _ in range(4))))
    gaps = [after - before for before, after in itertools.pairwise(passed)]
    assert passed[0] >= opens - 0.005
    assert min(gaps) >= 0.25 / 3 - 0.03, "3 in the quarter before were not refused"


async def test_one_who_gives_up_does_not_hold_up_the_others() -> None:
    gate = Gate(Time(), lambda: 0.0)
    gate.shut(0.05)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        one, _ = group.create_task(gate.enter(ignore)), group.create_task(gate.enter(ignore))
        await asyncio.sleep(0)
        one.cancel()


async def test_no_refusal_shuts_it_for_longer_than_two_minutes() -> None:
    told: list[float] = []
    gate = Gate(Time(), lambda: 1.0)
    gate.refused(await gate.enter(ignore), 86_400)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(gate.enter(told.append))
        await asyncio.sleep(0)
        waiting.cancel()
    assert told == pytest.approx([120.0], abs=0.1)
