"""A team that was killed comes back with its agents, letters and what was owed."""

import asyncio
import os
import signal

import pytest

from loomkin.workspace.comeback import GO_ON
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last


@pytest.mark.feature("A10")
async def test_a_killed_team_comes_back_and_stands_still_until_it_may_go_on(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="researcher", work="Find what mean() does.")]},
            {"calls": [call("team_spawn", role="coder", work="Say what double() does.")]},
            {"text": "Under way.", "repeat": 2},
            {"text": "Welcome back.", "match": "The team is back"},
            {"text": "Done.", "repeat": True},
        ],
        "researcher": [
            {"calls": [call("file_read", path="calc.py")]},
            {"text": "never", "wait_for": "never"},
            {"text": "It adds one."},
        ],
        "coder": [{"text": "It doubles.", "wait_for": "waiting"}],
    }
    async with bench.model(script=script) as server:
        process = await bench.start("ask", "look", "--team", "default", stdin=asyncio.subprocess.DEVNULL)
        await server.until(lambda entries: sum(entry.agent == "concierge" for entry in entries) == 3)
        server.release("waiting")
        await server.until(
            lambda entries: (
                sum(entry.agent == "researcher" for entry in entries) == 2
                and sum(entry.agent == "concierge" for entry in entries) == 4
            )
        )
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        still = await bench.run("ask", "-c", "what now?")
        assert still.code == 0, still.err
        assert "The team is back: researcher, coder. In the middle of work: researcher." in still.err
        assert still.out == "Welcome back.\n"
        assert len(asked(server, "researcher")) == 2
        on = await bench.run("ask", "-c", "go on", "--resume-run")
        assert (on.code, on.out) == (0, "Done.\n"), on.err
        again = asked(server, "researcher")[2]
        assert (
            again["messages"][: len(asked(server, "researcher")[1]["messages"])]
            == (asked(server, "researcher")[1]["messages"])
        )
        assert GO_ON in said(again)
        assert "It adds one." in last(server, "concierge")
        assert len(asked(server, "coder")) == 1
