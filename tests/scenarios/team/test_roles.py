"""Roles are files: their tools are all that an agent has, and a changed file counts for its next turn."""

import json
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.records.event import Event, NoticeGiven
from loomkin.workspace.house import House
from tests.fakes.model_server import ModelServer
from tests.fakes.script import Script
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last
from tests.team.conftest import at_work, home  # noqa: F401

DONE = {"text": "Done.", "repeat": True}
WRITING = {"file_write", "file_edit", "file_patch", "shell", "shell_output", "git"}

PLAN = {
    "task_accept",
    "task_complete",
    "task_update",
    "task_offer",
    "rendezvous_ready",
    "verify",
    "region_claim",
}


def tools(body: dict[str, Any]) -> set[str]:
    """The tools that a request shows."""
    return {tool["function"]["name"] for tool in body["tools"]}


def sizes(server: ModelServer, agent: str) -> int:
    """Bytes of the fixed part of an agent's first request: its tools and its system prompt."""
    body = asked(server, agent)[0]
    return len(json.dumps(body["tools"])) + len(body["messages"][0]["content"])


@pytest.mark.feature("A6")
@pytest.mark.parametrize("role", ["researcher", "reviewer", "architect"])
async def test_a_role_that_only_looks_cannot_write_whatever_it_calls(bench: Bench, role: str) -> None:
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role=role, work="Look at calc.py.")]},
            DONE,
        ],
        role: [
            {"calls": [call("file_write", path="calc.py", text="x"), call("shell", command="rm calc.py")]},
            {"calls": [call("tool_search", query="write edit file shell command")]},
            {"calls": [call("git_read", operation="log")]},
            {"text": "It adds one."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--permission-mode", "yolo")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        requests = asked(server, role)
        assert all(tools(body).isdisjoint(WRITING) for body in requests)
        assert "There is no tool `file_write`" in said(requests[1])
        assert "There is no tool `shell`" in said(requests[1])
        assert "First" in said(requests[3])
        assert bench.root.joinpath("calc.py").exists()
        assert "You are one of several agents" in said(requests[0])
        assert "all that concierge, or whoever else ordered it by mail, sees" in said(requests[0])


@pytest.mark.feature("A6")
async def test_an_agent_alone_is_told_nothing_of_teams_and_its_fixed_part_is_small(bench: Bench) -> None:
    async with bench.model({"text": "Hi."}) as server:
        assert (await bench.run("ask", "hi")).code == 0
        body = asked(server, "coder")[0]
        assert "agents at work" not in said(body)
        assert not [name for name in tools(body) if name.startswith(("team_", "peer_", "task_", "sub_"))]
        assert sizes(server, "coder") < 10_000


@pytest.mark.feature("A6")
async def test_who_has_no_task_of_the_plan_is_told_nothing_of_it(bench: Bench) -> None:
    script = {
        "concierge": [{"calls": [call("team_spawn", role="coder", work="Look at mean().")]}, DONE],
        "coder": [
            {"calls": [call("tool_search", query="claim a region of a file")]},
            {"text": "It adds one."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        hosts, mine, found = asked(server, "concierge")[0], *asked(server, "coder")
        assert "Your last message goes to the person." in said(hosts["messages"][0])
        assert "your last message is the report" not in said(hosts["messages"][0])
        assert '<mail id="m1" from="concierge" kind="order">' in mine["messages"][1]["content"]
        assert PLAN.isdisjoint(tools(hosts))
        assert PLAN.isdisjoint(tools(mine))
        assert "region_claim" in tools(found)
        assert sizes(server, "concierge") < 20_500
        assert sizes(server, "coder") < 16_000


@pytest.mark.feature("A6")
async def test_agents_are_told_which_of_the_projects_commands_cannot_run(bench: Bench) -> None:
    bench.write("LOOMKIN.md", "- Test: `nosuchrunner -q`\n- Lint: `git diff --check`\n")
    async with bench.model(script={"concierge": [DONE]}) as server:
        assert (await bench.run("ask", "go", "--team", "default", "--permission-mode", "yolo")).code == 0
        told = asked(server, "concierge")[0]["messages"][1]["content"]
    assert (
        "test `nosuchrunner -q` (LOOMKIN.md) (not installed); lint `git diff --check` (LOOMKIN.md)." in told
    )
    assert "Permissions: every call is allowed unless a rule denies it." in told


@pytest.mark.feature("B1")
async def test_plan_tools_come_with_a_task_and_stay_with_those_who_have_had_one(bench: Bench) -> None:
    finish = {"calls": [call("task_complete", task="t1", done="mended", evidence="read it")]}
    create = call("task_create", title="Mend mean", description="It adds one.", role="coder")
    order = call("team_spawn", role="coder", work="Say what mean() does.")
    script = {
        "concierge": [{"text": "Planned.", "calls": [create]}, {"calls": [order]}, DONE],
        "coder": [finish, {"text": "The mean."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        first, second, *_ = (tools(body) for body in asked(server, "concierge"))
        assert PLAN.isdisjoint(first), "nothing is planned yet"
        assert {"task_update", "task_offer"} <= second, "it made a task"
        before, after = (tools(body) for body in asked(server, "coder"))
        assert {"task_complete", "task_decline", "verify"} <= before
        assert before == after, "the next order comes by mail"
        assert "that is the report" in said(asked(server, "coder")[0]["messages"][1])


@pytest.mark.feature("A6")
async def test_a_role_of_the_persons_own_is_spawned_like_any_other(bench: Bench) -> None:
    bench.write(
        ".loomkin/roles/poet.md",
        "---\ndescription: Writes verse.\ntools: file_read\nteam_tools: peer_message\n---\nOnly verse.\n",
    )
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="poet", work="On calc.py.")]},
            DONE,
        ],
        "poet": [{"text": "Roses."}],
    }
    async with bench.model(script=script) as server:
        untrusted = await bench.run("ask", "go", "--team", "default")
        assert "There is no role 'poet'" in last(server, "concierge")
        assert untrusted.code == 0
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--trust")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        body = asked(server, "poet")[0]
        assert "Only verse." in said(body)
        assert tools(body) == {"file_read", "peer_message"}


@pytest.mark.feature("A6")
async def test_a_roles_limit_of_steps_holds_and_its_spawner_is_told(bench: Bench) -> None:
    bench.write(".loomkin/roles/poet.md", "---\ntools: content_search\nmax_turns: 2\n---\nOnly verse.\n")
    look = [{"calls": [call("content_search", pattern=word)]} for word in ("mean", "double")]
    script = {
        "concierge": [{"calls": [call("team_spawn", role="poet", work="On calc.py.")]}, DONE],
        "poet": look,
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--trust")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        assert len(asked(server, "poet")) == 2
        assert "the limit of 2 model calls is reached" in last(server, "concierge")


@pytest.mark.feature("A6")
async def test_with_solo_no_tool_of_a_team_is_found(bench: Bench) -> None:
    search = {"calls": [call("tool_search", query="helper agent team task plan claim mail web page")]}
    async with bench.model(search, {"text": "Found."}, search, {"text": "Found."}) as server:
        assert (await bench.run("ask", "hi")).code == 0
        assert (await bench.run("ask", "hi", "--solo")).code == 0
        first, second = (tools(asked(server, "coder")[number]) for number in (1, 3))
        of_teams = ("team_", "task_", "peer_", "region_", "sub_")
        assert any(name.startswith(of_teams) for name in first)
        assert not any(name.startswith(of_teams) for name in second)
        assert "web_fetch" in second


@pytest.mark.feature("A12")
async def test_a_role_changed_under_a_running_agent_counts_from_its_next_turn(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    text = "---\ntools: file_read{more}\nteam_tools: peer_message\n---\n{words}\n"
    new = text.format(more=", directory_list", words="Only prose, please.")
    script = {"concierge": [{"calls": [call("team_spawn", role="poet", work="Go.")]}, DONE], "poet": [DONE]}
    path = bench.write(".loomkin/roles/poet.md", text.format(more="", words="Only verse."))
    notices: list[str] = []

    def heard(event: Event) -> None:
        if isinstance(event.fact, NoticeGiven):
            notices.append(event.fact.text)

    async with at_work(bench, home, {}, trust=True) as (session, company, server):
        company.services()[House].bus.subscribe(heard)
        for content in (path.read_text(), new, new.replace("directory_list", "directory_lists"), None):
            if content is not None:
                path.write_text(content)
            server.steps = Script(script)
            assert (await session.send("go", Limits(20))).text == "Done."
        first, second, third, fourth = asked(server, "poet")
    assert "Only verse." in said(first["messages"][0])
    assert "Only prose, please." in said(second["messages"][0])
    assert "Only verse." not in said(second["messages"][0])
    assert tools(second) == {"file_read", "directory_list", "peer_message"}
    assert third["messages"][0] == fourth["messages"][0] == second["messages"][0]
    assert tools(third) == tools(second)
    assert notices == [f"{path}:2: there is no tool directory_lists. The role stays as it was."]
