"""A lead that has specialists cannot write while it has them."""

import asyncio
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from tests.fakes.script import Script
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last
from tests.scenarios.team.test_roles import DONE, WRITING, tools
from tests.team.conftest import at_work, home  # noqa: F401

EDIT = call("file_edit", path="calc.py", old="+ 1", new="")


@pytest.mark.feature("A7")
async def test_a_lead_may_not_write_from_its_first_specialist_to_its_last(bench: Bench) -> None:
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
        assert len({str(body["tools"]) for body in asked(server, "lead")}) == 1, "kept by the cache"
        assert "file_edit is not yours while you have" in said(asked(server, "lead")[2])
        refused = said(asked(server, "lead")[3])
        assert "file_edit is not yours while you have specialists (researcher)" in refused
        assert "end them with team_dissolve" in refused
        assert "researcher has ended; it was idle" in said(asked(server, "lead")[5])
        assert "+ 1" not in bench.root.joinpath("calc.py").read_text()


@pytest.mark.feature("A7")
async def test_a_lead_with_specialists_reads_by_shell_and_proves_by_verify(bench: Bench) -> None:
    commands = ["cat calc.py | head -1", "rm calc.py", "echo x > calc.py", "python -c pass"]
    script = {
        "lead": [
            {"calls": [call("team_spawn", role="researcher", work="Look at calc.py.")]},
            {"calls": [call("shell", command=one) for one in commands]},
            {"calls": [call("verify", command="test -f calc.py"), call("git", operation="status")]},
            DONE,
        ],
        "researcher": [{"text": "It adds one.", "wait_for": "seen"}],
    }
    words = ("ask", "go", "--team", "default", "--role", "lead", "--permission-mode", "yolo")
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run(*words))
        await server.until(lambda entries: sum(entry.agent == "lead" for entry in entries) == 4)
        server.release("seen")
        assert (await running).code == 0
        read, *refused = [said({"messages": [one]}) for one in asked(server, "lead")[2]["messages"][-4:]]
        assert "not yours" not in read
        for command, told in zip(commands[1:], refused, strict=True):
            assert f"`{command}` is not yours while you have specialists (researcher)" in told
            assert "prove things with verify" in told
        proved = said({"messages": asked(server, "lead")[3]["messages"][-2:]})
        assert "exit 0" in proved
        assert "not yours" not in proved


@pytest.mark.feature("A7")
@pytest.mark.feature("B12")
async def test_the_tree_is_not_taken_back_under_those_who_work_in_it(bench: Bench) -> None:
    undoing = ["git stash", "cd . && git checkout -- .", "git reset -q --hard", "bash -c 'git clean -fd'"]
    fine = ["git restore -- calc.py", "git stash list", "git clean -n"]
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Mend calc.py.")]},
            {"calls": [call("shell", command=one) for one in undoing], "wait_for": "begun"},
            {"calls": [call("shell", command=one) for one in fine]},
            {"text": "Waiting."},
            {"calls": [call("shell", command="git stash -q")]},
            DONE,
        ],
        "coder": [{"text": "Mended.", "wait_for": "seen"}],
    }
    words = ("ask", "go", "--team", "default", "--permission-mode", "yolo")
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run(*words))
        await server.until(lambda entries: any(entry.agent == "coder" for entry in entries))
        server.release("begun")
        await server.until(lambda entries: sum(entry.agent == "concierge" for entry in entries) == 4)
        server.release("seen")
        assert (await running).code == 0
        requests = asked(server, "concierge")
        for told in requests[2]["messages"][-4:]:
            assert "would undo changes of others that are not committed: coder is at work" in said(
                {"messages": [told]}
            )
        for told in [*requests[3]["messages"][-3:], *requests[5]["messages"][-1:]]:
            assert "would undo" not in said({"messages": [told]})


@pytest.mark.feature("A7")
@pytest.mark.feature("B12")
async def test_the_tree_is_not_taken_back_over_what_an_idle_one_has_not_committed(bench: Bench) -> None:
    mend = {"path": "calc.py", "old": "return value * 2", "new": "return 2 * value"}
    refused = ["git reset --hard", "git checkout -- .", "git stash -u", "git clean -fd"]
    committed = ["git add . && git commit -qm Mended", "git reset --hard"]
    fine = ["git restore -- test_calc.py", "git clean -fd -- nowhere", "git stash list"]
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="coder", work="Mend calc.py.")]},
            {"text": "Waiting."},
            {"calls": [call("shell", command=one) for one in (*refused, *fine)]},
            {"calls": [call("shell", command=one) for one in committed]},
            {"text": "Committed."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [call("file_edit", **mend), call("file_write", path="new.py", content="x = 1\n")]},
            {"text": "Mended."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--permission-mode", "yolo")
        assert (done.code, done.out) == (0, "Committed.\n"), done.err
        results = [one for one in asked(server, "concierge")[3]["messages"] if one["role"] == "tool"]
        heard = [said({"messages": [one]}) for one in results[-7:]]
        owners = ["calc.py", "calc.py", "calc.py, new.py", "new.py"]
        for words, files in zip(heard[:4], owners, strict=True):
            assert f"would undo changes of others that are not committed: coder ({files})" in words
        assert not [words for words in heard[4:] if "would undo" in words]
        assert "HEAD is now at" in last(server, "concierge")
        assert "return 2 * value" in bench.git("show", "HEAD:calc.py")
        assert bench.git("status", "--short") == ""


@pytest.mark.feature("A7")
async def test_who_gives_out_work_knows_what_each_role_can_do(bench: Bench) -> None:
    bench.write(".loomkin/roles/poet.md", "---\ndescription: Writes verse.\ntools: file_read\n---\nVerse.\n")
    script = {"concierge": [{"calls": [call("team_spawn", role="coder", work="Go.")]}, DONE], "coder": [DONE]}
    async with bench.model(script=script) as server:
        assert (await bench.run("ask", "go", "--team", "default", "--trust")).code == 0
        told = str(asked(server, "concierge")[0]["messages"][0]["content"])
        assert "- poet: Writes verse." in told
        assert "tests are written by a coder" in told
        assert "- orienter:" not in told
        assert "- poet:" not in str(asked(server, "coder")[0]["messages"][0]["content"])


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
