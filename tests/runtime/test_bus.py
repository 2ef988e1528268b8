"""Events to readers: nobody waits, and a slow reader loses only fragments."""

import asyncio

import pytest

from loomkin.records.event import Event, Fact, NoticeGiven, TextStreamed
from loomkin.records.ids import SessionId
from loomkin.runtime.bus import Bus, Feed


def event(fact: Fact) -> Event:
    return Event(0, 0.0, SessionId("s"), "coder", "", fact)


def notice(number: int) -> Event:
    return event(NoticeGiven(str(number)))


async def drained(feed: Feed) -> list[Event]:
    feed.close()
    return [one async for one in feed]


def test_every_sink_gets_every_event_in_order() -> None:
    bus, first, second = Bus(), [], []
    bus.subscribe(first.append)
    bus.subscribe(second.append)
    sent = [notice(number) for number in range(5)]
    for one in sent:
        bus.publish(one)
    assert first == second == sent


def test_a_sink_that_leaves_hears_nothing_more_and_may_leave_twice() -> None:
    bus, heard = Bus(), []
    leave = bus.subscribe(heard.append)
    bus.publish(notice(1))
    leave()
    leave()
    bus.publish(notice(2))
    assert heard == [notice(1)]


def test_a_sink_may_leave_while_it_is_called() -> None:
    bus, heard = Bus(), []
    leave = bus.subscribe(lambda one: (heard.append(("once", one)), leave()))
    bus.subscribe(lambda one: heard.append(("always", one)))
    bus.publish(notice(1))
    bus.publish(notice(2))
    assert heard == [("once", notice(1)), ("always", notice(1)), ("always", notice(2))]


async def test_stored_facts_are_never_dropped_and_fragments_are_bounded() -> None:
    bus = Bus()
    feed = bus.feed(fragments=10)
    for number in range(1000):
        bus.publish(notice(number))
        bus.publish(event(TextStreamed(str(number))))
    got = await drained(feed)
    assert [one for one in got if one.fact.stored] == [notice(number) for number in range(1000)]
    assert [one.fact for one in got if not one.fact.stored] == [TextStreamed(str(n)) for n in range(10)]


async def test_a_reader_that_catches_up_gets_fragments_again() -> None:
    bus = Bus()
    with bus.feed(fragments=2) as feed:
        for number in range(4):
            bus.publish(event(TextStreamed(str(number))))
        assert [(await anext(feed)).fact for _ in range(2)] == [TextStreamed("0"), TextStreamed("1")]
        bus.publish(event(TextStreamed("later")))
        assert (await anext(feed)).fact == TextStreamed("later")


async def test_publishing_wakes_a_reader_that_waits() -> None:
    bus = Bus()
    with bus.feed() as feed:
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(anext(feed))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            bus.publish(notice(1))
        assert reader.result() == notice(1)


async def test_closing_ends_a_reader_that_waits_after_what_is_queued() -> None:
    bus = Bus()
    feed = bus.feed()
    bus.publish(notice(1))

    async def read() -> list[Event]:
        return [one async for one in feed]

    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(read())
        await asyncio.sleep(0)
        feed.close()
        bus.publish(notice(2))
    assert reader.result() == [notice(1)]
    with pytest.raises(StopAsyncIteration):
        await anext(feed)
