"""Trying a model call again, by hand-made streams and by a real wire."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.errors import (
    AuthError,
    OverloadedError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimeoutExceeded,
    TlsError,
)
from loomkin.llm.retry import RetryNotice, RetryPolicy, with_retry
from loomkin.llm.wire import (
    CallDelta,
    Delta,
    Endpoint,
    Finished,
    FinishReason,
    Request,
    TextDelta,
    ThinkingDelta,
)
from loomkin.llm.wires.openai_chat import OpenAIChat
from tests.fakes.model_server import ModelServer

END = Finished(FinishReason.STOP)
Turn = list[Delta | Exception]


@dataclass
class SteppedClock:
    """A clock that moves only by sleeping."""

    chance: float = 0.5
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return 100.0 + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def random(self) -> float:
        return self.chance


def playing(turns: list[Turn]) -> Callable[[], AsyncIterator[Delta]]:
    """A call that plays one turn after another and fails when they run out."""
    left = iter(turns)

    async def start() -> AsyncIterator[Delta]:
        for item in next(left):
            if isinstance(item, Exception):
                raise item
            yield item

    return start


async def run(
    turns: list[Turn], policy: RetryPolicy | None = None, clock: SteppedClock | None = None
) -> tuple[list[Delta], list[RetryNotice]]:
    notices: list[RetryNotice] = []
    start = playing(turns)
    answer = with_retry(start, policy or RetryPolicy(), clock or SteppedClock(), notices.append)
    return [delta async for delta in answer], notices


async def test_a_good_answer_passes_without_a_wait() -> None:
    assert await run([[TextDelta("a"), END]]) == ([TextDelta("a"), END], [])


async def test_failures_before_the_first_delta_are_tried_again_with_growing_waits() -> None:
    clock = SteppedClock(chance=1.0)
    turns: list[Turn] = [[ServerError("one")], [OverloadedError("two")], [RateLimitError("three")], [END]]
    deltas, notices = await run(turns, clock=clock)
    assert deltas == [END]
    assert clock.slept == [0.5, 1.0, 2.0]
    assert [(notice.attempt, notice.attempts, notice.discard) for notice in notices] == [
        (2, 5, False),
        (3, 5, False),
        (4, 5, False),
    ]
    assert [notice.at for notice in notices] == [100.5, 101.5, 103.5]


async def test_the_last_failure_is_raised_when_attempts_run_out() -> None:
    clock = SteppedClock()
    turns: list[Turn] = [[ServerError(str(number))] for number in range(1, 9)]
    with pytest.raises(ServerError, match="3"):
        await run(turns, RetryPolicy(attempts=3), clock)
    assert len(clock.slept) == 2


@pytest.mark.parametrize("error", [TlsError("cert"), AuthError("key"), ProviderError("odd")])
async def test_permanent_errors_fail_on_the_first_try(error: ProviderError) -> None:
    clock = SteppedClock()
    with pytest.raises(type(error)):
        await run([[error], [END]], clock=clock)
    assert clock.slept == []


@pytest.mark.parametrize(("said", "waited"), [(7.5, 7.5), (0.0, 0.0), (-3.0, 0.0), (86_400.0, 120.0)])
async def test_a_providers_retry_after_is_kept_up_to_a_limit(said: float, waited: float) -> None:
    clock = SteppedClock()
    await run([[RateLimitError("slow", retry_after=said)], [END]], clock=clock)
    assert clock.slept == [waited]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_above_the_cap_nor_under_half_of_its_step(failed: int, chance: float) -> None:
    policy = RetryPolicy()
    wait = policy.wait(failed, None, chance)
    whole = min(policy.cap, policy.base * 2.0 ** min(failed - 1, 60))
    assert whole / 2 <= wait <= whole


@pytest.mark.parametrize("error", [StreamCutError("cut"), ServerError("late"), RateLimitError("late")])
async def test_nothing_but_a_stall_is_tried_again_once_words_were_handed_out(error: ProviderError) -> None:
    with pytest.raises(type(error)):
        await run([[TextDelta("half"), error], [END]])


async def test_a_stall_in_the_first_block_starts_over_once_and_voids_the_words() -> None:
    stalled: Turn = [TextDelta("ha"), TextDelta("lf"), TimeoutExceeded("silent")]
    deltas, notices = await run([stalled, [TextDelta("whole"), END]])
    assert deltas == [TextDelta("ha"), TextDelta("lf"), TextDelta("whole"), END]
    assert [notice.discard for notice in notices] == [True]
    with pytest.raises(TimeoutExceeded):
        await run([stalled, stalled, [END]])


@pytest.mark.parametrize(
    "begun",
    [
        [ThinkingDelta("so"), TextDelta("an")],
        [TextDelta("so"), CallDelta(0, "i", "shell", "{")],
        [CallDelta(0, "i", "shell", "{}"), CallDelta(1, "j", "shell", "{")],
    ],
)
async def test_a_stall_after_a_complete_block_is_never_run_again(begun: list[Delta]) -> None:
    with pytest.raises(TimeoutExceeded):
        await run([[*begun, TimeoutExceeded("silent")], [END]])


async def test_cancelling_passes_through_and_closes_the_stream() -> None:
    closed, begun = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[Delta]:
        try:
            yield TextDelta("a")
            begun.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def consume() -> None:
        async for _ in with_retry(endless, RetryPolicy(), SteppedClock(), lambda notice: None):
            pass

    async with asyncio.TaskGroup() as group:
        task = group.create_task(consume())
        await begun.wait()
        task.cancel()
    assert task.cancelled()
    assert closed.is_set()


async def test_a_consumer_that_stops_early_closes_the_stream_at_once() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[Delta]:
        try:
            while True:
                yield TextDelta("a")
        finally:
            closed.set()

    answer = with_retry(endless, RetryPolicy(), SteppedClock(), lambda notice: None)
    await anext(answer)
    await answer.aclose()  # type: ignore[attr-defined]
    assert closed.is_set()


async def test_a_real_server_that_refuses_twice_answers_at_the_third_try() -> None:
    script = [
        {"fault": "status", "status": 503},
        {"fault": "status", "status": 429, "headers": {"retry-after": "3"}},
        {"text": "at last"},
    ]
    async with ModelServer(script) as server:
        wire = OpenAIChat(Endpoint(f"{server.url}/v1", "k"))
        request = Request("fake-model", "You are ada, the coder.", ())
        clock, notices = SteppedClock(), []
        begun = time.monotonic()
        answer = with_retry(lambda: wire.stream(request), RetryPolicy(), clock, notices.append)
        words = [delta.text async for delta in answer if isinstance(delta, TextDelta)]
        await wire.aclose()
    assert "".join(words) == "at last"
    assert [type(notice.error) for notice in notices] == [OverloadedError, RateLimitError]
    assert clock.slept[1] == 3.0
    assert time.monotonic() - begun < 3
