"""Unfinished work goes to another agent with what it must know."""

import asyncio

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import DONE


@pytest.mark.feature("B21")
async def test_what_a_coder_hands_over_is_in_the_next_ones_request_and_kept_with_the_task(
    bench: Bench,
) -> None:
    words = {"done": "Read calc.py.", "open": "Mend mean().", "found": "It adds one."}
    over = call("handoff", to="coder", changed=["x.py"], **words)
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Wait for mail.")]},
            {"calls": [call("task_create", title="Look", description="Look.", role="researcher")]},
            DONE,
        ],
        "coder": [{"text": "I wait.", "repeat": True}],
        "researcher": [
            {"calls": [call("handoff", to="codr", done="Nothing.", open="All.")], "wait_for": "idle"},
            {"calls": [over]},
            {"calls": [call("task_decline", task="t1", reason="A coder goes on.")]},
            DONE,
        ],
        "default": [DONE],
    }
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run("ask", "go", "--team", "default"))
        await server.until(lambda entries: any(one.agent == "coder" and one.ended for one in entries))
        server.release("idle")
        done = await running
        assert done.code == 0, done.err
        assert "There is no agent, role or team 'codr'" in said(asked(server, "researcher")[1])
        assert "t1 keeps it, too" in said(asked(server, "researcher")[2])
        told = said(asked(server, "coder")[-1])
        assert "I hand this over to you. It is not done" in told
        assert "done: Read calc.py.\\nchanged: x.py\\nfound: It adds one.\\nopen: Mend mean()." in told
        later = [said(one.body) for one in server.chats if one.agent.startswith("researcher-")]
        assert "An earlier attempt left this:\\ndone: Read calc.py." in later[0]
