"""So many a minute, with waiting in order."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.runtime.ratelimit import TokenBucket


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def ignore(seconds: float) -> None:
    pass


async def test_a_full_bucket_lets_ten_seconds_worth_pass_at_once() -> None:
    clock, waits = Hand(), []
    bucket = TokenBucket(60, clock)
    for _ in range(10):
        await bucket.take(1, waits.append)
    assert waits == []
    assert bucket.wait_for(1) == pytest.approx(1.0)
    clock.at = 0.75
    assert bucket.wait_for(1) == pytest.approx(0.25)
    clock.at = 1.0
    assert bucket.wait_for(1) == pytest.approx(0.0)


async def test_the_bucket_never_holds_more_than_ten_seconds_worth() -> None:
    clock = Hand()
    bucket = TokenBucket(600, clock)
    clock.at = 3600.0
    await bucket.take(100, ignore)
    assert bucket.wait_for(1) == pytest.approx(0.1)


async def test_an_amount_larger_than_the_bucket_passes_when_it_is_full() -> None:
    clock = Hand()
    bucket = TokenBucket(60, clock)
    assert bucket.wait_for(25) == 0.0
    await bucket.take(25, ignore)
    assert bucket.wait_for(25) == pytest.approx(25.0)
    assert bucket.wait_for(1) == pytest.approx(16.0)


async def test_amounts_larger_than_the_bucket_keep_to_the_rate_as_well() -> None:
    clock = Hand()
    bucket = TokenBucket(60_000, clock)
    passed = 0
    for clock.at in range(300):
        if bucket.wait_for(50_000) == 0:
            await bucket.take(50_000, ignore)
            passed += 50_000
    assert 5 * 60_000 - 50_000 <= passed <= 5 * 60_000 + 50_000


async def test_less_than_six_a_minute_still_lets_one_pass() -> None:
    bucket = TokenBucket(1, Hand())
    await bucket.take(1, ignore)
    assert bucket.wait_for(1) == pytest.approx(60.0)


async def test_those_who_wait_are_told_for_how_long_and_pass_in_order() -> None:
    loop = asyncio.get_running_loop()
    bucket = TokenBucket(60_000, loop.time)
    await bucket.take(10_000, ignore)
    passed: list[int] = []
    told: list[float] = []

    async def one(number: int) -> None:
        await bucket.take(10, told.append)
        passed.append(number)

    begun = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(one(number))
    assert passed == [0, 1, 2]
    assert told == sorted(told)
    assert told == pytest.approx([0.01, 0.02, 0.03], abs=0.002)
    assert loop.time() - begun >= 0.028


async def test_one_who_gives_up_takes_nothing_and_lets_the_next_in() -> None:
    clock = Hand()
    bucket = TokenBucket(60, clock)
    await bucket.take(10, ignore)
    waiting = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        waiter = tasks.create_task(bucket.take(10, lambda seconds: waiting.set()))
        await waiting.wait()
        waiter.cancel()
    assert waiter.cancelled()
    clock.at = 10.0
    async with asyncio.timeout(1):
        await bucket.take(10, ignore)


@given(
    st.floats(1, 10_000),
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 1000)), min_size=1, max_size=20),
)
def test_over_any_stretch_no_more_passes_than_rate_and_bucket_allow(
    per_minute: float, steps: list[tuple[float, float]]
) -> None:
    clock = Hand()
    bucket = TokenBucket(per_minute, clock)
    most = max(1.0, per_minute / 6, *(amount for _, amount in steps))
    passed = 0.0
    for pause, amount in steps:
        clock.at += pause
        wait = bucket.wait_for(amount)
        assert wait >= 0
        assert math.isfinite(wait)
        if wait == 0:
            asyncio.run(bucket.take(amount, ignore))
            passed += amount
        assert passed <= most + clock.at * per_minute / 60 + 1e-6 * (1 + passed)
