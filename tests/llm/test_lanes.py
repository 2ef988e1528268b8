"""What agents share of a provider: its gate, its buckets, its connections, and what its answers say."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator

import pytest

from loomkin.errors import RateLimitError
from loomkin.llm.accounts import Account
from loomkin.llm.client import ModelClient
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes, Rate
from loomkin.llm.metering import Charge, Meter
from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.rate_headers import seconds_shut
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.shared import SharedConnections
from loomkin.llm.wire import Delta, Endpoint, Finished, FinishReason, Request, TextDelta, Wire
from loomkin.project.secrets import Redactor
from loomkin.records.event import Fact, ModelRetried, StateChanged
from loomkin.records.ids import MessageId, ModelId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.records.usage import Usage
from loomkin.runtime.recorder import Scribe
from tests.agent.seat import PRICE, Log
from tests.fakes.model_server import ModelServer

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030000"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "7.5"}, 7.5),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2023-11-14T22:13:50Z",
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2023-11-14T22:14:20Z",
            },
            60.0,
        ),
        ({"anthropic-ratelimit-tokens-remaining": "0"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "soon"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2023-99-99T"}, None),
    ],
)
def test_headers_say_how_long_nothing_is_left(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_shut(headers, NOW) == pytest.approx(seconds)


def spec(url: str = "http://127.0.0.1:9/v1") -> ModelSpec:
    level = CallerLevel.NATIVE
    return ModelSpec(ModelId("openai/m"), "openai", "m", "openai", Endpoint(url), 32_000, 1000, PRICE, level)


class Narrow:
    """A provider that takes so many calls in a window of time, and refuses the others."""

    def __init__(self, most: int, window: float) -> None:
        self._most = most
        self._window = window
        self._taken: deque[float] = deque()
        self.refused = 0
        self.early = 0
        self._opens = 0.0

    def open(self, name: str, endpoint: Endpoint) -> Wire:
        return self

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        now = time.monotonic()
        self.early += now < self._opens - 0.001
        await asyncio.sleep(0)
        while self._taken and self._taken[0] <= now - self._window:
            self._taken.popleft()
        if len(self._taken) >= self._most:
            self.refused += 1
            raise RateLimitError("too many", status=429, retry_after=self._window)
        self._taken.append(now)
        yield TextDelta("yes")
        yield Finished(FinishReason.STOP, Usage(10, 1))

    async def aclose(self) -> None:
        pass


def agent_client(provider: Narrow, lanes: Lanes) -> ModelClient:
    """What one of many agents calls with."""
    charge = Charge((Account("session"),))
    return ModelClient(
        [spec()], provider.open, Meter(lambda task: charge), Estimator(), RetryPolicy(), lanes, Redactor({})
    )


async def ask(client: ModelClient, log: Log, name: str) -> str:
    said = (Message(MessageId("m1"), Role.USER, (Text("hello"),), "person", 0.0),)
    scribe = Scribe(log, SessionId("s"), name)
    return (await client.complete("You are x.", said, (), 1000, scribe, "person")).text


async def test_a_hundred_calls_at_once_all_pass_a_provider_that_takes_fifteen_in_a_while() -> None:
    provider, lanes, log = Narrow(15, 0.5), Lanes(), Log()
    clients = [agent_client(provider, lanes) for _ in range(100)]
    answers = await asyncio.gather(*(ask(one, log, f"a{n}") for n, one in enumerate(clients)))
    assert answers == ["yes"] * 100
    assert provider.refused <= 85 + 30, "hardly anybody runs into the limit a second time"
    assert max(fact.attempt for fact in log.of(ModelRetried)) <= 4


async def test_while_the_gate_is_shut_an_agent_that_was_not_refused_waits_too_and_says_so() -> None:
    provider, lanes, log = Narrow(1, 0.3), Lanes(), Log()
    first, second, third = (agent_client(provider, lanes) for _ in range(3))
    await ask(first, log, "a")
    async with asyncio.TaskGroup() as group:
        refused = group.create_task(ask(second, log, "b"))
        await log.until(ModelRetried, 1)
        before = len(log.facts)
        patient = group.create_task(ask(third, log, "c"))
    assert (refused.result(), patient.result()) == ("yes", "yes")
    states = [(one.state, one.detail) for one in log.facts[before:] if isinstance(one, StateChanged)]
    assert ("thinking", "") in states
    assert any(state == "waiting_rate" and float(detail) > 0.1 for state, detail in states)


async def test_what_an_answer_says_of_the_limits_holds_for_everybody() -> None:
    left = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "200ms"}
    lanes, log = Lanes(), Log()
    shared = SharedConnections(lanes.heard)
    lane = lanes.of(spec("http://127.0.0.1:1/v1"))
    shared.hear(Endpoint("http://127.0.0.1:1/v1"), left)
    shared.hear(Endpoint("http://127.0.0.1:2/v1"), {**left, "x-ratelimit-reset-requests": "90s"})
    waits: list[float] = []
    await lane.gate.enter(waits.append)
    assert waits == pytest.approx([0.2], abs=0.05)
    assert log.facts == []


async def test_the_limits_of_the_person_hold_for_all_agents_together() -> None:
    provider, lanes, log = Narrow(100, 1.0), Lanes({"openai": Rate(requests=600)}), Log()
    await lanes.of(spec()).take(1, lambda seconds: None)
    begun = time.monotonic()
    clients = [agent_client(provider, lanes) for _ in range(102)]
    await asyncio.gather(*(ask(one, log, f"a{n}") for n, one in enumerate(clients)))
    assert time.monotonic() - begun >= 0.25, "100 at once, then ten a second"
    assert any(isinstance(fact, StateChanged) and fact.state == "waiting_rate" for fact in log.facts)


async def test_agents_that_call_one_after_the_other_share_a_connection() -> None:
    steps: list[dict[str, object]] = [{"text": "yes", "repeat": True}]
    facts: list[Fact] = []
    async with ModelServer(script=steps) as server:
        lanes = Lanes()
        shared = SharedConnections(lanes.heard)
        charge = Charge((Account("session"),))
        log = Log()
        for number in range(5):
            client = ModelClient(
                [spec(f"{server.url}/v1")],
                shared.open,
                Meter(lambda task: charge),
                Estimator(),
                RetryPolicy(),
                lanes,
                Redactor({}),
            )
            assert await ask(client, log, f"a{number}") == "yes"
            await client.aclose()
        assert server.sockets == 1
        assert len(server.chats) == 5
        await shared.aclose()
    assert facts == []
