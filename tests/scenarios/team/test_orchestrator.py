"""A lead that has specialists cannot write while it has them."""

import asyncio
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from tests.fakes.script import Script
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import DONE, WRITING, tools
from tests.team.conftest import at_work, home  # noqa: F401

CHANGING = WRITING - {"shell_output"}
EDIT = call("file_edit", path="calc.py", old="+ 1", new="")


@pytest.mark.feature("A7")
async def test_a_leads_writing_tools_go_with_its_first_specialist_and_come_back(bench: Bench) -> None:
    script = {
        "lead": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [call("team_spawn", role="researcher", work="Look at calc.py."), EDIT]},
            {"calls": [EDIT]},
            {"text": "Waiting."},
            {"calls": [call("team_dissolve", agents=["researcher"])]},
            {"calls": [EDIT]},
            {"text": "Mended."},
        ],
        "researcher": [{"text": "It adds one.", "wait_for": "refused"}],
    }
    words = ("ask", "go", "--team", "default", "--role", "lead", "--permission-mode", "edits")
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run(*words))
        await server.until(lambda entries: sum(entry.agent == "lead" for entry in entries) == 4)
        server.release("refused")
        done = await running
        assert (done.code, done.out) == (0, "Mended.\n"), done.err
        shown = [tools(body) & CHANGING for body in asked(server, "lead")]
        assert shown == [CHANGING, CHANGING, set(), set(), set(), CHANGING, CHANGING]
        assert "file_edit is not yours while you have" in said(asked(server, "lead")[2])
        refused = said(asked(server, "lead")[3])
        assert "file_edit is not yours while you have specialists (researcher)" in refused
        assert "end them with team_dissolve" in refused
        assert "researcher has ended; it was idle" in said(asked(server, "lead")[5])
        assert "+ 1" not in bench.root.joinpath("calc.py").read_text()


@pytest.mark.feature("A7")
async def test_a_concierge_is_no_specialist_of_the_lead_that_it_spawned(bench: Bench) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="lead", work="Mend calc.py.")]},
            DONE,
        ],
        "lead": [{"calls": [call("file_read", path="calc.py")]}, {"calls": [EDIT]}, {"text": "Mended."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--permission-mode", "edits")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        assert all(tools(body) >= WRITING for body in asked(server, "lead"))
        assert "+ 1" not in bench.root.joinpath("calc.py").read_text()


@pytest.mark.feature("A7")
async def test_one_can_end_only_those_whom_one_spawned_and_theirs_go_with_them(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [{"calls": [call("team_spawn", role="lead", work="Mend calc.py.")]}, DONE],
        "lead": [{"calls": [call("team_spawn", role="researcher", work="Look at calc.py.")]}, DONE],
        "researcher": [DONE],
    }
    ending = [
        {"calls": [call("team_dissolve", agents=["researcher"])]},
        {"calls": [call("team_dissolve")]},
        {"text": "Ended."},
    ]
    async with at_work(bench, home, script) as (session, company, server):
        assert (await session.send("go", Limits(20))).text == "Done."
        server.steps = Script({"concierge": ending})
        assert (await session.send("end it", Limits(20))).text == "Ended."
        *_, refused, ended = asked(server, "concierge")
        assert "researcher is not yours to end: lead spawned it" in said(refused)
        assert "researcher has ended; it was idle" in said(ended)
        assert "lead has ended; it was idle" in said(ended)
        assert [one.open for one in company.team.members] == [True, False, False]
