"""Work that is done again whenever something stirs, and calls at set times."""

import asyncio

from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor


def supervisor() -> Supervisor:
    return Supervisor(lambda name, error: None, 0.0)


async def test_many_stirs_in_one_instant_are_one_round_and_a_stir_meanwhile_is_another() -> None:
    done: list[str] = []
    rested = asyncio.Event()

    async def work() -> None:
        done.append("round")
        if len(done) == 1:
            rounds.stir()
            await asyncio.sleep(0)

    async with supervisor() as owner:
        rounds = Rounds("rounds", owner, work, rested.set)
        assert not rounds.busy
        for _each in range(5):
            rounds.stir()
        assert rounds.busy
        await rested.wait()
        assert done == ["round", "round"]
        assert not rounds.busy


async def test_a_call_comes_at_its_time_and_a_dropped_one_never() -> None:
    rang = asyncio.Event()
    heard: list[str] = []

    async def nothing() -> None:
        return None

    async with supervisor() as owner:
        rounds = Rounds("rounds", owner, nothing)
        rounds.call_in(0.01, "a", lambda: heard.append("a"))
        rounds.call_in(0.02, "b", lambda: heard.append("old"))
        rounds.call_in(0.02, "b", lambda: heard.append("b"))
        rounds.call_in(0.03, "c", rang.set)
        rounds.drop("a")
        assert not rounds.busy
        await asyncio.wait_for(rang.wait(), 5.0)
        assert heard == ["b"]


async def test_rounds_go_on_after_one_that_broke() -> None:
    done: list[str] = []
    rested = asyncio.Event()

    async def work() -> None:
        done.append("round")
        if len(done) == 1:
            raise ValueError("broken")

    broke = asyncio.Event()
    async with Supervisor(lambda name, error: broke.set(), 0.0) as owner:
        rounds = Rounds("rounds", owner, work, rested.set)
        rounds.stir()
        await broke.wait()
        assert not rounds.busy
        rounds.stir()
        await rested.wait()
        assert done == ["round", "round"]
