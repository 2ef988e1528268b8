"""A hundred agents call at once: accounts, ledger rows and the server's own count are the same sum."""

import asyncio
import random
from typing import Any

import pytest

from loomkin.llm.books import Books, Caps
from loomkin.llm.client import ModelClient
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes
from loomkin.llm.metering import OverBudget
from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.shared import SharedConnections
from loomkin.llm.wire import Endpoint
from loomkin.project.secrets import Redactor
from loomkin.records.event import Fact, UsageRecorded
from loomkin.records.ids import MessageId, ModelId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.records.usage import Price, Usage
from loomkin.runtime.recorder import Scribe
from tests.fakes.model_server import ModelServer

PRICE = Price(3_000_001, 15_000_007, 300_003, 3_750_011, "test")
AGENTS, CALLS = 100, 3
SAID = (Message(MessageId("m1"), Role.USER, (Text("hello"),), "person", 0.0),)
KINDS = ("input", "output", "cache_read", "cache_write")


class Rows:
    """The ledger: what was used, by whom, for what."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, UsageRecorded]] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        if isinstance(fact, UsageRecorded):
            self.rows.append((agent, task, fact))

    async def flush(self) -> None:
        pass


def spec(url: str) -> ModelSpec:
    level = CallerLevel.NATIVE
    return ModelSpec(
        ModelId("anthropic/m"), "anthropic", "m", "anthropic", Endpoint(url), 32_000, 2000, PRICE, level
    )


async def work(client: ModelClient, scribe: Scribe) -> None:
    """One agent's calls, each for another task, until the money is gone."""
    for number in range(CALLS):
        scribe.task = f"t{number}" if number else ""
        try:
            await client.complete(f"You are {scribe.agent}, the coder.", SAID, (), 2000, scribe, "person")
        except OverBudget:
            return


@pytest.mark.parametrize("cap", [None, 8 * 10**11])
async def test_all_sums_are_the_same_to_the_picodollar(cap: int | None) -> None:
    chance = random.Random(7)
    # under a cap the server keeps to what it is sent: short prompts, and the shortest longest answer
    most = dict.fromkeys(KINDS, 2000) if cap is None else dict.fromkeys(KINDS, 4) | {"output": 512}
    used = {
        f"a{agent}": [{kind: chance.randrange(most[kind]) for kind in KINDS} for _ in range(CALLS)]
        for agent in range(AGENTS)
    }
    refusal: dict[str, Any] = {"fault": "status", "status": 500}
    script: dict[str, list[dict[str, Any]]] = {}
    for name, each in used.items():
        answers = [{"text": "yes", "usage": usage} for usage in each]
        script[name] = [refusal, *answers] if chance.random() < 0.1 else answers
    rows, lanes, books = Rows(), Lanes(), Books(Caps(session=cap, agent=10**12))
    shared = SharedConnections(lanes.heard)
    async with ModelServer(script=script) as server:
        jobs = []
        for name in used:
            books.join(name, "main")
            client = ModelClient(
                [spec(server.url)],
                shared.open,
                books.meter(name),
                Estimator(),
                RetryPolicy(base=0.01),
                lanes,
                Redactor({}),
            )
            jobs.append(work(client, Scribe(rows, SessionId("s"), name)))
        await asyncio.gather(*jobs)
        answered = [entry.agent for entry in server.chats if entry.status == 200]
        await shared.aclose()
    counted = sum(
        PRICE.cost(Usage(**usage)) for name, each in used.items() for usage in each[: answered.count(name)]
    )
    booked = dict.fromkeys(used, 0)
    tasks: dict[str, int] = {}
    for agent, task, fact in rows.rows:
        assert fact.cost is not None
        booked[agent] += fact.cost
        tasks[task] = tasks.get(task, 0) + fact.cost
    assert counted == sum(booked.values()) == books.session.spent == books.team("main").spent
    assert {name: account.spent for name, account in books.agents.items()} == booked
    assert {name: account.spent for name, account in books.tasks.items()} == {
        name: cost for name, cost in tasks.items() if name
    }
    if cap is None:
        assert len(rows.rows) == len(answered) == AGENTS * CALLS
    else:
        assert books.session.spent <= cap
        assert AGENTS < len(rows.rows) < AGENTS * CALLS
    assert books.session.reserved == 0
