"""Money: what is counted, and that no call is made which a cap might not cover."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, bodies, call

DONE = {"text": "Done."}
PER_MILLION = {"input": "3", "output": "15", "cache_read": "0.3", "cache_write": "3.75"}
"""What claude-sonnet-4-5 costs in dollars by the packaged catalogue."""


def look(number: int, **usage: int) -> dict[str, Any]:
    """A step that reads another line each time and used so many tokens."""
    return {"calls": [call("file_read", path="calc.py", offset=number)], "usage": usage}


def price(*steps: dict[str, Any]) -> Decimal:
    """What the server's usage of these steps costs at the catalogue's prices."""
    used = [(kind, count) for step in steps for kind, count in step["usage"].items()]
    return sum((Decimal(PER_MILLION[kind]) * count for kind, count in used), Decimal(0)) / 1_000_000


async def ask(bench: Bench, *words: str) -> Ended:
    return await bench.run("ask", "go", "--output-format", "json", *words)


async def spent(bench: Bench) -> Decimal:
    """The sum of the ledger."""
    ledger = (await bench.run("cost", "--json")).json
    assert ledger["total"]["unpriced_calls"] == 0
    return Decimal(ledger["total"]["usd"])


def refused_by(ended: Ended, budget: str) -> None:
    assert (ended.code, ended.json["subtype"]) == (53, "error_max_budget_usd"), ended.err
    assert ended.json["terminal_reason"] == "budget_exhausted"
    assert budget in ended.json["errors"][0]


@pytest.mark.feature("B14")
@pytest.mark.parametrize("stream", ["true", "false"])
async def test_the_ledger_is_the_sum_of_what_the_server_counted(bench: Bench, stream: str):
    steps = [
        look(1, input=1234, output=77, cache_write=2111),
        look(2, input=5, output=1, cache_read=2111, cache_write=333),
        look(3, input=1, output=333, cache_read=2444),
        {**DONE, "usage": {"input": 7, "output": 9}},
    ]
    async with bench.model(*steps, wire="anthropic"):
        ended = await ask(bench, "--set", f"model.stream={stream}")
    assert ended.code == 0, ended.err
    assert await spent(bench) == price(*steps) == Decimal("0.0205725")
    assert Decimal(str(ended.json["total_cost_usd"])) == price(*steps)
    assert ended.json["usage"] == {
        **ended.json["usage"],
        "input_tokens": 1247,
        "output_tokens": 420,
        "cache_read_input_tokens": 4555,
        "cache_creation_input_tokens": 2444,
    }
    group = (await bench.run("cost", "--by", "model", "--json")).json["groups"]
    assert [(one["group"], one["calls"]) for one in group] == [("anthropic/claude-sonnet-4-5", 4)]


def check_kept(server: ModelServer, ended: Ended, cap: Decimal) -> None:
    """The cap was kept, and it was nearly used: less was left than a small answer might cost."""
    total = Decimal(str(ended.json["total_cost_usd"]))
    assert cap * Decimal("0.4") < total <= cap
    longest = [body["max_tokens"] for body in bodies(server)]
    assert longest == sorted(longest, reverse=True), "what may be answered shrinks with what is left"
    assert longest[-1] >= 512


@pytest.mark.feature("B14")
async def test_a_dollar_cap_stops_before_the_call_that_could_exceed_it(bench: Bench):
    steps = [look(number, output=500) for number in range(1, 40)]
    async with bench.model(*steps, wire="anthropic") as server:
        ended = await ask(bench, "--max-budget-usd", "0.1")
    refused_by(ended, "The session budget does not allow another call")
    assert "--max-budget-usd" in ended.err
    assert 2 <= len(server.chats) < 40
    check_kept(server, ended, Decimal("0.1"))
    assert await spent(bench) == Decimal(str(ended.json["total_cost_usd"]))


@pytest.mark.feature("B14")
async def test_a_resumed_session_goes_on_counting_and_a_new_one_begins_anew(bench: Bench):
    dear = {**DONE, "usage": {"input": 1000, "output": 6000}}
    cap = ("--max-budget-usd", "0.1")
    async with bench.model(dear, DONE, wire="anthropic") as server:
        first = await ask(bench, *cap)
        resumed = await ask(bench, "-c", *cap)
        assert len(server.chats) == 1
        raised = await ask(bench, "-c", "--max-budget-usd", "0.5")
    assert first.code == 0
    refused_by(resumed, "$0.0070 is left")
    assert resumed.json["total_cost_usd"] == 0
    assert raised.code == 0
    async with bench.model(DONE, wire="anthropic"):
        anew = await ask(bench, *cap)
    assert anew.code == 0


@pytest.mark.feature("B14")
async def test_a_day_budget_of_the_person_holds_over_all_sessions(bench: Bench, own_machine: Path):
    settings = own_machine / ".config/loomkin/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[budget]\nday_usd = 0.1\n")
    dear = {**DONE, "usage": {"input": 1000, "output": 6000}}
    async with bench.model(dear, wire="anthropic") as server:
        first, second = await ask(bench), await ask(bench)
        assert len(server.chats) == 1
    assert first.code == 0
    assert first.json["session_id"] != second.json["session_id"]
    refused_by(second, "The day budget does not allow another call")


@pytest.mark.feature("B14")
async def test_a_call_budget_shortens_the_longest_answer(bench: Bench):
    async with bench.model(DONE, wire="anthropic") as server:
        ended = await ask(bench, "--set", "budget.call_usd=0.05")
    assert ended.code == 0
    assert 512 <= bodies(server)[0]["max_tokens"] <= Decimal("0.05") / 15 * 1_000_000


@pytest.mark.feature("B14")
async def test_a_dollar_cap_is_refused_where_the_price_is_unknown(bench: Bench):
    key = 'models."openai/new-model".'
    far = {
        "OPENAI_BASE_URL": "http://192.0.2.1/v1",
        "OPENAI_API_KEY": "x",
        "LOOMKIN_MODEL": "openai/new-model",
    }
    bench.environ |= far
    ended = await ask(bench, "--max-budget-usd", "5")
    refused_by(ended, "The price of openai/new-model is unknown")
    assert f"Set {key}input_usd_per_million and output_usd_per_million" in ended.err
    assert "budget.session_tokens" in ended.err
    assert ended.json["duration_ms"] < 3000, "nobody was called"


@pytest.mark.feature("B14")
async def test_a_server_on_this_machine_is_free_unless_a_price_is_set(bench: Bench):
    key = 'models."openai/fake-model".'
    prices = [f"{key}input_usd_per_million=3", f"{key}output_usd_per_million=15"]
    used = {**DONE, "usage": {"input": 100, "output": 10}}
    async with bench.model(used, used):
        free = await ask(bench, "--max-budget-usd", "0.001")
        priced = await ask(bench, "--max-budget-usd", "5", "--set", prices[0], "--set", prices[1])
    assert (free.code, free.json["total_cost_usd"]) == (0, 0)
    assert priced.code == 0
    assert await spent(bench) == Decimal(str(priced.json["total_cost_usd"])) == Decimal("0.00045")


@pytest.mark.feature("B14")
async def test_a_token_budget_needs_no_price_and_counts_over_a_resume(bench: Bench):
    cap = ("--set", "budget.session_tokens=20000")
    used = {**DONE, "usage": {"input": 12_000, "output": 5_000}}
    async with bench.model(used, DONE) as server:
        first = await ask(bench, *cap)
        resumed = await ask(bench, "-c", *cap)
        assert len(server.chats) == 1
        anew = await ask(bench, *cap)
    assert (first.code, anew.code) == (0, 0)
    refused_by(resumed, "The session's token budget is used up")
    assert "Raise budget.session_tokens" in resumed.err
