"""The team grows for the plan within its limits, and says so where it may not."""

import pytest

from tests.scenarios.conftest import Bench, call
from tests.scenarios.team.conftest import asked, last

OPTIONS = ("--team", "default", "--role", "lead")
CREATE = call("task_create", title="write it", description="Please write it.", role="coder")


@pytest.mark.feature("B10")
async def test_an_idle_agent_makes_room_for_one_whose_role_is_needed(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [call("team_spawn", role="tester", work="Look.")]},
            {"text": "It looks."},
            {"calls": [CREATE]},
            {"text": "Given out."},
            {"text": "Written."},
        ],
        "tester": [{"text": "Looked."}],
        "coder": [{"calls": [call("task_complete", task="t1", done="wrote it")]}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "write it", *OPTIONS, environ={"LOOMKIN__TEAM__MAX_AGENTS": "2"})
        assert (done.code, done.out) == (0, "Written.\n"), done.err
        assert "tester was stopped: it was idle, and a coder is needed" in last(server, "lead")


@pytest.mark.feature("B10")
async def test_a_task_that_nobody_may_be_hired_for_is_told_with_the_reason(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [CREATE]},
            {"text": "Given out."},
            {"text": "The limit of agents is in the way."},
        ]
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "write it", *OPTIONS, environ={"LOOMKIN__TEAM__MAX_AGENTS": "1"})
        assert (done.code, done.out) == (0, "The limit of agents is in the way.\n"), done.err
        assert "t1 (write it) is ready: The team has 1 agents" in last(server, "lead")
        assert len(asked(server, "lead")) == 3
