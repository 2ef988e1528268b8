"""Roles are files: their tools are all that an agent has, and a changed file counts for its next turn."""

import json
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last

WRITING = {"file_write", "file_edit", "file_patch", "shell", "shell_output", "git"}


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
            {"text": "Under way."},
            {"text": "Done."},
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
        assert "concierge spawned you" in said(requests[0])


@pytest.mark.feature("A6")
async def test_an_agent_alone_is_told_nothing_of_teams_and_its_fixed_part_is_small(bench: Bench) -> None:
    async with bench.model({"text": "Hi."}) as server:
        assert (await bench.run("ask", "hi")).code == 0
        body = asked(server, "coder")[0]
        assert "agents at work" not in said(body)
        assert not [name for name in tools(body) if name.startswith(("team_", "peer_", "task_", "sub_"))]
        assert sizes(server, "coder") < 9_000


@pytest.mark.feature("A6")
async def test_a_role_of_the_persons_own_is_spawned_like_any_other(bench: Bench) -> None:
    bench.write(
        ".loomkin/roles/poet.md",
        "---\ndescription: Writes verse.\ntools: file_read\nteam_tools: peer_message\n---\nOnly verse.\n",
    )
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="poet", work="On calc.py.")]},
            {"text": "Under way."},
            {"text": "Done."},
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


@pytest.mark.feature("A12")
async def test_a_role_changed_under_a_running_agent_counts_from_its_next_turn(bench: Bench) -> None:
    path = ".loomkin/roles/poet.md"
    text = "---\ntools: file_read{more}\nteam_tools: peer_message\n---\n{words}\n"
    bench.write(path, text.format(more="", words="Only verse."))
    new = text.format(more=", directory_list", words="Only prose, please.")
    broken = new.replace("directory_list", "directory_lists")
    write = "python3 - <<'E'\nopen('{path}', 'w').write({text!r})\nE"
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="poet", work="On calc.py.")]},
            {"text": "Under way."},
            {"calls": [call("shell", command=write.format(path=path, text=new))]},
            {"calls": [call("team_spawn", role="poet", work="Once more.")]},
            {"text": "Under way."},
            {"calls": [call("shell", command=write.format(path=path, text=broken))]},
            {"calls": [call("team_spawn", role="poet", work="And again.")]},
            {"text": "Under way."},
            {"text": "Done."},
        ],
        "poet": [{"text": "Roses."}, {"text": "A rose is a rose."}, {"text": "As before."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default", "--trust", "-v", "--permission-mode", "yolo")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        first, second, third = asked(server, "poet")
        assert "Only verse." in said(first)
        assert "Only verse." not in said(second["messages"][0])
        assert "Only prose, please." in said(second["messages"][0])
        assert tools(second) == {"file_read", "directory_list", "peer_message"}
        assert third["messages"][0] == second["messages"][0]
        assert tools(third) == tools(second)
        assert done.err.count("there is no tool directory_lists. The role stays as it was.") == 1
