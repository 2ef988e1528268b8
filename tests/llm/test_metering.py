"""The worst case is set aside, and nobody is refused for what others only might need."""

import asyncio

import pytest

from loomkin.errors import LimitError
from loomkin.llm.accounts import Account
from loomkin.llm.metering import Charge, Meter
from loomkin.records.usage import Price, Usage

PRICE = Price(1, 10, 1, 1, "test")


def meter_of(*accounts: Account) -> Meter:
    """A meter whose calls all these pay for."""
    return Meter(lambda task: Charge(accounts, task))


async def test_a_call_waits_for_what_another_one_gives_back():
    meter = meter_of(Account("session", 15_000))
    first = await meter.reserve(PRICE, 100, 1000, "m")
    async with asyncio.TaskGroup() as group:
        second = group.create_task(meter.reserve(PRICE, 100, 1000, "m"))
        await asyncio.sleep(0)
        assert not second.done()
        meter.release(first)
        meter.count(first, "m", Usage(100, 10), PRICE)
    assert second.result().max_output == 1000
    assert meter.left() == {"session": 15_000 - 200 - 10_100}


async def test_what_does_not_fit_even_alone_is_refused_at_once():
    meter = meter_of(Account("session", 15_000))
    await meter.reserve(PRICE, 100, 1000, "m")
    with pytest.raises(LimitError):
        await meter.reserve(PRICE, 14_000, 1000, "m")


async def test_the_last_money_buys_a_shorter_answer():
    meter = meter_of(Account("session", 8_000))
    assert (await meter.reserve(PRICE, 100, 1000, "m")).max_output == 790


async def test_a_hundred_calls_at_once_share_a_budget_for_a_few():
    meter = meter_of(Account("session", 60_000, token_cap=100_000))
    most = 0
    under_way = 0

    async def call() -> None:
        nonlocal most, under_way
        held = await meter.reserve(PRICE, 100, 1000, "m")
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        meter.release(held)
        meter.count(held, "m", Usage(100, 20), PRICE)

    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(call())
    assert most == 5
    assert meter.cost == 100 * 300


async def test_one_who_gives_up_waiting_holds_nothing():
    meter = meter_of(Account("session", 15_000))
    first = await meter.reserve(PRICE, 100, 1000, "m")
    async with asyncio.TaskGroup() as group:
        waiter = group.create_task(meter.reserve(PRICE, 100, 1000, "m"))
        await asyncio.sleep(0)
        waiter.cancel()
    assert waiter.cancelled()
    meter.release(first)
    assert meter.left() == {"session": 15_000}
