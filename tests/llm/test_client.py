"""One model call: each reservation is given back, each token counted, a fallback gets what it can take."""

import asyncio
from pathlib import Path

from loomkin.agent.turn import Outcome
from loomkin.records.event import ModelRetried, StreamRestarted, TextStreamed, ThinkingStreamed, UsageRecorded
from tests.agent.seat import LEFT, seated

LONG = "word " * 60


async def test_thinking_of_a_call_that_is_cancelled_is_counted(tmp_path: Path):
    stalled = {"thinking": LONG, "text": LONG, "fault": "stall", "events": 60}
    async with seated(tmp_path, stalled) as seat:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(seat.ask("go"))
            await seat.log.until(ThinkingStreamed, 50)
            task.cancel()
        assert task.cancelled()
        assert [one.finish for one in seat.log.of(UsageRecorded)] == ["broken"]
        assert seat.log.of(UsageRecorded)[0].usage.output > 40
        assert seat.client.meter.left() == {"test": LEFT - seat.client.meter.cost}


async def test_a_try_that_stalled_is_counted_whatever_the_next_one_brings(tmp_path: Path):
    stalled = {"text": LONG, "fault": "stall", "events": 20}
    refused = {"fault": "status", "status": 400}
    async with seated(tmp_path, stalled, refused, silence=0.2) as seat:
        end = await seat.ask("go")
        assert end.outcome is Outcome.FAILED
        assert [one.finish for one in seat.log.of(UsageRecorded)] == ["broken"]
        assert seat.client.meter.left() == {"test": LEFT - seat.client.meter.cost}
        assert seat.client.meter.cost > 0


async def test_a_fallback_keeps_its_own_limit_and_voids_what_was_shown(tmp_path: Path):
    broken = {"text": LONG, "fault": "stream_error", "events": 5, "code": "overloaded_error"}
    async with seated(tmp_path, broken, {"text": "second"}, fallback=True) as seat:
        end = await seat.ask("go")
    assert (end.outcome, end.text) == (Outcome.DONE, "second")
    assert [entry.body["max_tokens"] for entry in seat.server.chats] == [4096, 1000]
    shown = [type(fact) for fact in seat.log.facts if isinstance(fact, TextStreamed | StreamRestarted)]
    assert shown.index(StreamRestarted) == shown.count(TextStreamed) - 1
    assert len(seat.log.of(UsageRecorded)) == 2


async def test_cancelling_while_a_retry_waits_gives_the_reservation_back(tmp_path: Path):
    busy = {"fault": "status", "status": 429, "headers": {"retry-after": "60"}}
    async with seated(tmp_path, busy) as seat:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(seat.ask("go"))
            await seat.log.until(ModelRetried, 1)
            task.cancel()
        assert task.cancelled()
        assert seat.client.meter.left() == {"test": LEFT}
        assert seat.log.of(UsageRecorded) == []
