"""The money of a team: who pays, who is stopped, which model works, and what the ledger says of it."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from loomkin.llm.catalogue import Catalogue
from loomkin.records.usage import Usage, usd
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, call, said
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_plan import create, done, led

SONNET, HAIKU, OPUS = "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"
TIERS = (f"model.fast=anthropic/{HAIKU}", f"model.strong=anthropic/{OPUS}")
DEAR = {"input": 1000, "output": 6000}


async def ask(bench: Bench, *words: str, sets: tuple[str, ...] = ()) -> Ended:
    """One run of a team whose answer is JSON."""
    flags = [flag for one in ("team.orient=false", *sets) for flag in ("--set", one)]
    return await bench.run(
        "ask", "mend mean()", "--team", "default", "--output-format", "json", *words, *flags
    )


def spawn(role: str, **more: Any) -> dict[str, Any]:
    return call("team_spawn", role=role, work=f"Say what the {role} sees.", **more)


def models(server: ModelServer, agent: str) -> list[str]:
    """The models that an agent's requests were for."""
    return [body["model"] for body in asked(server, agent)]


def price(model: str, *steps: dict[str, Any]) -> Decimal:
    """What the usage of some steps costs at the catalogue's price of a model."""
    facts = Catalogue.packaged().facts(model)
    assert facts is not None
    assert facts.price is not None
    return usd(sum(facts.price.cost(Usage(**step["usage"])) for step in steps))


async def spent(bench: Bench, by: str) -> dict[str, Decimal]:
    """The ledger, by what it is grouped by."""
    groups = (await bench.run("cost", "--by", by, "--json")).json["groups"]
    return {one["group"]: Decimal(one["usd"]) for one in groups}


@pytest.mark.feature("B14")
async def test_the_ledger_of_a_team_is_what_the_server_counted_by_agent_task_model_and_cause(
    bench: Bench,
) -> None:
    def step(number: int, **more: Any) -> dict[str, Any]:
        usage = {"input": 1000 + number, "output": 7 * number, "cache_read": 13, "cache_write": number}
        return {**more, "usage": usage}

    script = {
        "concierge": [
            step(1, calls=[spawn("lead"), spawn("coder", name="ann")]),
            step(2, text="They are at it."),
            step(3, text="All done.", repeat=True),
        ],
        "lead": [
            step(4, calls=[create("mend mean", "tester", checks=["true"])]),
            step(5, text="The plan is up."),
            step(6, text="It is mended."),
        ],
        "ann": [step(7, calls=[call("file_read", path="calc.py")]), step(8, text="It adds one.")],
        "tester": [step(9, **done("t1", "took it away"))],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, "--permission-mode", "yolo", sets=TIERS)
        assert ended.code == 0, ended.err
        calls = Counter(entry.agent for entry in server.chats)
        assert models(server, "tester") == [HAIKU]
        assert {*models(server, "lead"), *models(server, "concierge"), *models(server, "ann")} == {SONNET}
    steps = {name: [*of, *[of[-1]] * (calls[name] - len(of))] for name, of in script.items()}
    by_agent = {name: price(HAIKU if name == "tester" else SONNET, *of) for name, of in steps.items()}
    total = sum(by_agent.values())
    assert await spent(bench, "agent") == by_agent
    assert sum((await spent(bench, "task")).values()) == total
    [task] = [name for name in await spent(bench, "task") if name]
    assert task == f"{ended.json['session_id']} t1 mend mean"
    assert (await spent(bench, "task"))[task] == by_agent["tester"], "handing it in was the last call"
    assert await spent(bench, "model") == {
        f"anthropic/{SONNET}": total - by_agent["tester"],
        f"anthropic/{HAIKU}": by_agent["tester"],
    }
    woke = await spent(bench, "woke")
    assert woke["person"] == price(SONNET, *steps["concierge"][:2])
    assert woke["control from concierge"] == by_agent["ann"] + price(SONNET, *steps["lead"][:2])
    assert sum(woke.values()) == sum((await spent(bench, "session")).values()) == total
    assert Decimal(str(ended.json["total_cost_usd"])) == total


@pytest.mark.feature("B14")
async def test_an_agent_over_its_own_budget_ends_alone_and_its_last_words_say_why(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [spawn("coder")]},
            {"text": "A coder looks."},
            {"text": "The money of the coder is gone."},
        ],
        "coder": [{"text": "I look.", "calls": [call("file_read", path="calc.py")], "usage": DEAR}],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, sets=("budget.agent_usd=0.098",))
        assert (ended.code, ended.json["result"]) == (0, "The money of the coder is gone."), ended.err
        assert len(asked(server, "coder")) == 1
        heard = last(server, "concierge")
        assert "The agent budget of coder does not allow another call of anthropic/claude-sonnet-4-5" in heard
        assert "It said last: I look." in heard


@pytest.mark.feature("B14")
async def test_an_agent_that_is_hired_with_a_budget_ends_there_and_shows_it(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [spawn("coder"), spawn("coder", name="ann", budget_usd=0.098)]},
            {"text": "They look."},
            {"calls": [call("team_status"), spawn("coder", budget_usd=0)]},
            {"text": "Her money is gone.", "repeat": True},
        ],
        "coder": [{"text": "never", "wait_for": "ann ended"}],
        "ann": [{"text": "I look.", "calls": [call("file_read", path="calc.py")], "usage": DEAR}],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        process = await bench.start("ask", "look", "--team", "default")
        await server.until(lambda _: len(asked(server, "concierge")) == 4)
        shown = (await bench.run("ps")).out
        (session,) = (await bench.run("ps", "--json")).json["sessions"]
        server.release("ann ended")
        _, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert len(asked(server, "ann")) == 1
        heard = said(asked(server, "concierge")[2])
        assert "The agent budget of ann does not allow another call of anthropic/claude-sonnet-4-5" in heard
        assert "It said last: I look." in heard
        heard = said(asked(server, "concierge")[3])
        assert "ann, coder, idle" in heard
        assert "may spend $0.0980" in heard
        assert "A budget of nothing pays for no call." in heard
        budgets = {one["agent"]: one["budget_usd"] for one in session["agents"]}
        assert budgets == {"concierge": None, "coder": None, "ann": "0.098"}
        assert "$0.093 of $0.098\n" in shown


@pytest.mark.feature("B14")
@pytest.mark.parametrize("key", ["session", "day", "team"])
async def test_the_budget_of_all_stops_everybody(bench: Bench, key: str) -> None:
    script = {
        "concierge": [{"calls": [spawn("coder")]}, {"text": "A coder looks."}, {"text": "Never."}],
        "coder": [{"calls": [call("file_read", path="calc.py")], "usage": DEAR}, {"text": "It adds one."}],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, sets=(f"budget.{key}_usd=0.13",))
        # whoever reserves first gets the last of the money
        assert len(server.chats) <= 3
    assert (ended.code, ended.json["subtype"]) == (53, "error_max_budget_usd"), ended.err
    assert f"The {key} budget " in ended.json["errors"][0]
    assert "by concierge" in ended.json["errors"][0]


@pytest.mark.feature("B14")
async def test_a_task_over_its_budget_fails_and_whoever_made_it_decides(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder", budget_usd=0.095)]},
            {"text": "The plan is up."},
            {"text": "It was too dear."},
        ],
        "coder": [{"text": "Hm.", "calls": [call("file_read", path="calc.py")], "usage": DEAR}],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench)
        assert ended.code == 0, ended.err
        assert len(asked(server, "coder")) == 1
        assert "The task budget of t1 (mend mean) does not allow another call" in last(server, "lead")
        assert "t1 (mend mean) is failed: " in last(server, "lead")
        assert "found: Hm." in last(server, "lead")


@pytest.mark.feature("B14")
async def test_two_failures_at_a_task_bring_a_stronger_model_until_it_is_done(bench: Bench) -> None:
    mend = "true && test -f mended"
    write = {"calls": [call("file_write", path="mended", content="yes\n")]}
    script = {
        "concierge": led(),
        "lead": [
            {
                "calls": [
                    create("mend mean", "coder", checks=[mend]),
                    create("say it", "coder", needs=["t1"]),
                ]
            },
            {"text": "The plan is up."},
            {"text": "All is mended.", "repeat": True},
        ],
        "coder": [
            done("t1", "mended"),
            done("t1", "really mended"),
            write,
            done("t1", "now it is"),
            done("t2", "said"),
        ],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, "--permission-mode", "yolo", sets=TIERS)
        assert ended.code == 0, ended.err
        assert models(server, "coder") == [SONNET, SONNET, OPUS, OPUS, SONNET]
        told = f"coder goes on with anthropic/{OPUS} (tier strong): 2 failures at t1"
        assert told in last(server, "lead")


@pytest.mark.feature("B14")
async def test_two_turns_that_fail_bring_a_stronger_model_for_the_third(bench: Bench) -> None:
    again: dict[str, Any] = {"calls": [spawn("coder")]}
    nothing: dict[str, Any] = {"text": ""}
    script = {
        "concierge": [*[again, {"text": "It looks."}] * 3, again, {"text": "Again."}, {"text": "All done."}],
        "coder": [*[nothing] * 4, {"text": "Seen."}, {"text": "Seen again."}],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, sets=TIERS)
        assert (ended.code, ended.json["result"]) == (0, "All done."), ended.err
        assert models(server, "coder") == [SONNET] * 4 + [OPUS, SONNET]
        assert "the model answered with nothing, twice" in last(server, "concierge")
        assert f"coder goes on with anthropic/{OPUS}" in last(server, "concierge")
        assert f"coder goes on with anthropic/{SONNET} (tier default): the work is done" in last(
            server, "concierge"
        )


@pytest.mark.feature("B14")
async def test_escalation_is_switched_off_by_its_setting(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder", checks=["test -f mended"])]},
            {"text": "The plan is up."},
            {"text": "All is mended.", "repeat": True},
        ],
        "coder": [
            done("t1", "mended"),
            done("t1", "really mended"),
            {"calls": [call("file_write", path="mended", content="yes\n")]},
            done("t1", "now it is"),
        ],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, "--permission-mode", "yolo", sets=(*TIERS, "team.escalate=false"))
        assert ended.code == 0, ended.err
        assert set(models(server, "coder")) == {SONNET}


@pytest.mark.feature("B14")
async def test_a_model_that_is_named_is_the_default_and_the_tiers_stay(bench: Bench) -> None:
    named = "claude-sonnet-4-0"
    script = {
        "concierge": [
            {"calls": [spawn("researcher"), spawn("coder"), spawn("coder", name="ann", tier="strong")]},
            {"text": "They look."},
            {"text": "Done.", "repeat": True},
        ],
        **{name: [{"text": "Seen."}] for name in ("researcher", "coder", "ann")},
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, "-m", f"anthropic/{named}", sets=TIERS)
        assert ended.code == 0, ended.err
        assert {name: set(models(server, name)) for name in script} == {
            "concierge": {named},
            "researcher": {HAIKU},
            "coder": {named},
            "ann": {OPUS},
        }


@pytest.mark.feature("B14")
async def test_a_tasks_tier_counts_before_its_roles(bench: Bench) -> None:
    script = {
        "concierge": led(),
        "lead": [
            {"calls": [create("mend mean", "coder", tier="fast"), create("say it", "coder", needs=["t1"])]},
            {"text": "The plan is up."},
            {"text": "All is mended.", "repeat": True},
        ],
        "coder": [
            done("t1", "mended"),
            done("t2", "said"),
        ],
    }
    async with bench.model(script=script, wire="anthropic") as server:
        ended = await ask(bench, "--permission-mode", "yolo", sets=TIERS)
        assert ended.code == 0, ended.err
        assert models(server, "coder") == [HAIKU, SONNET]


@pytest.mark.feature("B14")
async def test_what_a_provider_refuses_to_one_agent_holds_for_the_others(bench: Bench) -> None:
    refusal = {"fault": "status", "status": 429, "headers": {"retry-after": "1"}}
    script: dict[str, Any] = {
        "concierge": [
            {"calls": [spawn("coder"), spawn("coder", name="ann")]},
            {"text": "They look."},
            {"text": "Done.", "repeat": True},
        ],
        "coder": [{**refusal, "wait_for": "both"}, {"text": "Seen."}],
        "ann": [{"calls": [call("file_read", path="calc.py")], "wait_for": "refused"}, {"text": "Seen."}],
    }
    async with bench.model(script=script) as server:
        work = await bench.start("ask", "go", "--team", "default", "--set", "team.orient=false")
        await server.until(lambda chats: {"ann", "coder"} <= {entry.agent for entry in chats})
        server.release("both")
        await server.until(lambda chats: any(entry.status == 429 and entry.ended for entry in chats))
        server.release("refused")
        await work.communicate()
        assert work.returncode == 0
        refused = next(entry for entry in server.chats if entry.status == 429)
        others = {"ann", "coder"}  # a letter to the concierge may be on its way in the same instant
        later = [one for one in server.chats if one.started > refused.ended and one.agent in others]
        assert {entry.agent for entry in later} == others
        assert min(entry.started for entry in later) >= refused.ended + 0.9


@pytest.mark.feature("B14")
@pytest.mark.parametrize(("dollars", "team"), [("0.3", False), ("5", True)])
async def test_little_money_keeps_one_agent_alone_and_says_so(bench: Bench, dollars: str, team: bool) -> None:
    search = {"calls": [call("tool_search", query="team_spawn")]}
    async with bench.model(script={"coder": [search, {"text": "Done."}]}, wire="anthropic") as server:
        ended = await bench.run("ask", "go", "-v", "--max-budget-usd", dollars)
        found = said(asked(server, "coder")[1]["messages"][-1:])
    assert ended.code == 0, ended.err
    assert ("One agent works alone: $0.30 is left" in ended.err) is not team
    assert ("Adds a teammate" in found or "team_spawn:" in found) is team, found
