"""Many that are ready at once run one in each round of the loop, in order."""

import asyncio

from loomkin.runtime.turnstile import Turnstile


async def test_those_who_are_ready_together_run_in_rounds_of_their_own() -> None:
    turnstile, rounds, now = Turnstile(), [], 0

    def count() -> None:
        nonlocal now
        now += 1
        if len(rounds) < 20:
            asyncio.get_running_loop().call_soon(count)

    async def pass_through(number: int) -> None:
        await turnstile()
        rounds.append((now, number))

    async with asyncio.TaskGroup() as group:
        asyncio.get_running_loop().call_soon(count)
        for number in range(20):
            group.create_task(pass_through(number))
    assert [number for _, number in rounds] == list(range(20))
    assert len({at for at, _ in rounds}) == 20


async def test_one_alone_does_not_wait() -> None:
    turnstile = Turnstile()
    for _ in range(3):
        async with asyncio.timeout(1):
            await turnstile()
        await asyncio.sleep(0)


async def test_one_who_was_cancelled_holds_up_nobody() -> None:
    turnstile = Turnstile()
    await turnstile()
    async with asyncio.TaskGroup() as group:
        given_up = group.create_task(turnstile())
        patient = group.create_task(turnstile())
        await asyncio.sleep(0)
        given_up.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait([patient])
    assert patient.exception() is None
