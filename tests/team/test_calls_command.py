"""/calls shows and changes what a paused teammate has planned."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.commands.calls import COMMAND
from loomkin.commands.command import Context
from loomkin.errors import UsageError
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.team.conftest import at_work


async def until(holds: Callable[[], bool]) -> None:
    """Let others run until it holds."""
    for _ in range(100_000):
        if holds():
            return
        await asyncio.sleep(0)


@pytest.mark.feature("A2")
async def test_the_person_leaves_out_a_planned_call_of_a_paused_teammate(
    bench: Bench,
    home: Path,
) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="researcher", work="Read.")]},
            {"text": "Under way."},
            {"text": "Read."},
        ],
        "researcher": [
            {
                "calls": [call("file_read", path="calc.py"), call("file_read", path="test_calc.py")],
                "wait_for": "go",
            },
            {"text": "Read one."},
        ],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Read it.", Limits(20)))
        await server.until(lambda entries: any(entry.agent == "researcher" for entry in entries))
        nothing: Any = None
        context = Context(session, nothing, nothing, nothing, {})
        with pytest.raises(UsageError, match="not paused"):
            await COMMAND.run(context, "researcher skip 1")
        company.team.pause("researcher")
        steering = company.team.member("researcher").agent.steering
        server.release("go")
        async with asyncio.timeout(5):
            await until(lambda: len(steering.review.calls) == 2)
        listed = await COMMAND.run(context, "researcher")
        assert [line.split()[:2] for line in listed.text.splitlines()] == [
            ["1", "file_read"],
            ["2", "file_read"],
        ]
        answer = await COMMAND.run(context, "@researcher skip 2 not the test")
        assert "Skipped by the person: not the test" in answer.text
        await sending  # nobody waits for one who is paused
        company.team.unpause("researcher")
        await server.until(lambda entries: sum(entry.agent == "researcher" for entry in entries) == 2)
        told = said(asked(server, "researcher")[1])
        assert "Skipped by the person: not the test" in told
        assert "return sum(values)" in told
        assert "assert mean" not in told
