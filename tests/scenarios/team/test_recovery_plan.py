"""What a killed team had agreed on holds for those who come back: tiers, refusals, reviews, reports."""

import asyncio
import os
import signal

import pytest

from loomkin.records.task import TaskState
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, Ended, call, said
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_plan import create, done
from tests.scenarios.team.test_review import APPROVE, REFUSE, tasks
from tests.scenarios.team.test_verification import MEND, READ

NEVER = {"text": "never", "wait_for": "never"}
ALL = ("--permission-mode", "yolo")
LEAD = ("--team", "default", "--role", "lead", *ALL)


async def killed(bench: Bench, server: ModelServer, agent: str, count: int, *words: str) -> None:
    """Run until an agent has asked its model so often, then kill it outright."""
    process = await bench.start("ask", *words, stdin=asyncio.subprocess.DEVNULL)
    await server.until(lambda _: len(asked(server, agent)) == count)
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def resumed(bench: Bench, *flags: str) -> Ended:
    """The rest of it, in another process."""
    ended = await bench.run("ask", "-c", "go on", "--resume-run", *flags)
    assert ended.code == 0, ended.err
    return ended


@pytest.mark.feature("A10")
@pytest.mark.feature("B14")
async def test_an_agent_that_was_hired_with_a_tier_comes_back_with_its_models(bench: Bench) -> None:
    hire = call("team_spawn", role="coder", work="Say what double() does.", name="ann", tier="strong")
    script = {
        "concierge": [{"calls": [hire]}, {"text": "Under way.", "repeat": True}],
        "ann": [NEVER, {"text": "It doubles.", "repeat": True}],
    }
    sets = ("--set", "model.strong=openai/fake-strong")
    async with bench.model(script=script) as server:
        await killed(bench, server, "ann", 1, "look", "--team", "default", *sets)
        await resumed(bench, *sets)
        assert [body["model"] for body in asked(server, "ann")] == ["fake-strong"] * 2
        assert {body["model"] for body in asked(server, "concierge")} == {"fake-model"}


@pytest.mark.feature("A10")
@pytest.mark.feature("B8")
async def test_whoever_declined_a_task_is_not_offered_it_again_after_a_kill(bench: Bench) -> None:
    bench.write(".loomkin.toml", "[team]\nmax_per_role = 2\n")
    decline = {"calls": [call("task_decline", task="t1", reason="it is not for me")]}
    script = {
        "lead": [
            {"calls": [create("write it", "coder")]},
            {"text": "The plan is up."},
            {"text": "Nobody wants it.", "repeat": True},
        ],
        "coder": [decline, {"text": "Nobody asked me again.", "repeat": True}],
        "coder-2": [NEVER, decline, {"text": "Free.", "repeat": True}],
    }
    async with bench.model(script=script) as server:
        await killed(bench, server, "coder-2", 1, "write it", *LEAD)
        before = len(asked(server, "coder"))
        await resumed(bench)
        assert len(asked(server, "coder")) == before
        assert "all 2 agents of the role coder declined it or gave it back" in last(server, "lead")


@pytest.mark.feature("A10")
@pytest.mark.feature("B8")
async def test_a_task_that_was_passed_on_stays_with_whom_it_was_passed_to_after_a_kill(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [create("look", "tester"), create("write it", "coder", needs=["t1"])]},
            {"text": "The plan is up.", "repeat": True},
        ],
        "coder": [
            {"calls": [call("task_decline", task="t2", reason="it is about tests", agent="tester")]},
            {"text": "Nobody asked me again.", "repeat": True},
        ],
        "tester": [
            done("t1", "looked"),
            {**NEVER, "match": "Task t2: write it"},
            done("t2", "wrote it"),
            {"text": "Did both.", "repeat": True},
        ],
    }
    async with bench.model(script=script) as server:
        await killed(bench, server, "tester", 2, "write it", *LEAD)
        before = len(asked(server, "coder"))
        await resumed(bench)
        assert len(asked(server, "coder")) == before
        assert last(server, "tester").count("Task t2: write it") == 1
        assert tasks(bench) == {"t1": TaskState.DONE, "t2": TaskState.DONE}


@pytest.mark.feature("A10")
@pytest.mark.feature("B15")
async def test_a_reviewer_is_told_after_a_kill_what_it_had_found_before(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [create("mend mean", "coder", needs_review=True)]},
            {"text": "The plan is up.", "repeat": True},
        ],
        "coder": [
            READ,
            {"calls": [MEND]},
            done("t1", "mended"),
            {**NEVER, "match": "was not approved by reviewer"},
            done("t1", "mended again"),
            {"text": "Handed in again.", "repeat": True},
        ],
        "reviewer": [
            REFUSE,
            APPROVE,
            {"text": "Said again.", "repeat": True},
        ],
    }
    async with bench.model(script=script) as server:
        await killed(bench, server, "coder", 4, "mend it", "--team", "default", *ALL)
        await resumed(bench, *ALL)
        heard = said(asked(server, "reviewer")[1])
        assert "t1 (mend mean) was mended by coder and waits for your review again." in heard
        assert "You found: calc.py:6 double reads badly." in heard
        assert tasks(bench) == {"t1": TaskState.DONE}


@pytest.mark.feature("A10")
@pytest.mark.feature("B3")
async def test_an_order_that_was_answered_is_answered_again_after_a_kill_once_more_is_known(
    bench: Bench,
) -> None:
    block = call("task_block", task="t1", on="person", reason="which port?")
    resume = call("task_update", task="t1", reason="port 80", move="resume")
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="lead", work="Serve it.")]},
            {"text": "A lead is at it."},
            {**NEVER, "match": "It needs a port"},
            {"calls": [resume]},
            {"text": "It goes on."},
            {"text": "Served.", "repeat": True},
        ],
        "lead": [
            {"calls": [create("serve", "coder")]},
            {"text": "Given out."},
            {"text": "It needs a port.", "repeat": 2},
            {"text": "It listens on 80.", "match": "serves on 80", "repeat": True},
        ],
        "coder": [
            {"calls": [block]},
            {"text": "Blocked."},
            {"calls": [call("task_complete", task="t1", done="serves on 80")]},
            {"text": "Handed in.", "repeat": True},
        ],
    }
    async with bench.model(script=script) as server:
        await killed(bench, server, "concierge", 3, "serve it", "--team", "default", *ALL)
        await resumed(bench, *ALL)
        assert "It listens on 80." in last(server, "concierge")
