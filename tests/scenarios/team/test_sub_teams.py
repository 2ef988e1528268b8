"""Teams beside each other: seen, written to, asked, and told apart."""

import re

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last


@pytest.mark.feature("B11")
async def test_a_lead_has_a_team_of_its_own_that_others_see_write_to_and_ask(bench: Bench) -> None:
    spawn_lead = call("team_spawn", role="lead", name="docs-lead", work="Write the docs.", team="docs")
    script = {
        "concierge": [
            {"calls": [spawn_lead]},
            {"calls": [call("team_spawn", role="researcher", name="seeker", work="Ask the docs team.")]},
            {"text": "Both at work.", "repeat": True},
        ],
        "docs-lead": [
            {"calls": [call("team_spawn", role="researcher", name="reader", work="Read calc.py.")]},
            {"text": "Under way.", "repeat": True},
        ],
        "reader": [
            {"text": "I read it.", "wait_for": "asked"},
            {"text": "It has two functions.", "repeat": True},
        ],
        "seeker": [
            {"calls": [call("team_status")], "wait_for": "spawned"},
            {"calls": [call("peer_message", to="team:docs", text="Mention mean().")]},
            {"calls": [call("peer_message", to="researcher", text="Who else reads?")]},
            {"calls": [call("peer_ask", to="reader", question="How many functions?")]},
            {"text": "They have two."},
        ],
    }
    async with bench.model(script=script) as server:
        import asyncio

        async with asyncio.TaskGroup() as group:
            running = group.create_task(bench.run("ask", "document it", "--team", "default"))
            await server.until(lambda entries: any(entry.agent == "reader" for entry in entries))
            server.release("spawned")
            await server.until(lambda entries: sum(entry.agent == "seeker" for entry in entries) == 4)
            server.release("asked")
            done = await running
        assert done.code == 0, done.err
        status = said(asked(server, "seeker")[1])
        assert "Team main (yours)" in status
        assert "Team docs; mail for all of it: team:docs" in status
        # that it thinks is told once the facts before are on disk
        assert re.search("reader, researcher, (thinking|starting)", status)
        receipt = said(asked(server, "seeker")[2])
        assert "queued for docs-lead" in receipt
        assert "queued for reader" in receipt
        assert "queued for concierge" not in receipt
        assert "Mention mean()." in last(server, "docs-lead")
        assert "reader answers: It has two functions." in last(server, "seeker")
        opening = asked(server, "reader")[0]["messages"][0]["content"]
        assert opening.startswith("You are reader, the researcher of team docs in project.")
        assert "They have two." in last(server, "concierge")
