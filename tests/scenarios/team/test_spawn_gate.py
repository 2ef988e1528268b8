"""Who may be spawned: by the tools a role really has, within limits, with an estimate of the cost."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.permissions.gate import Answer, Approval
from loomkin.workspace.options import Options
from loomkin.workspace.session import Session
from tests.fakes.model_server import ModelServer
from tests.fakes.script import Script
from tests.scenarios.conftest import Bench, call, environment, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import DONE
from tests.team.conftest import Absent, home  # noqa: F401

PRICE = (
    'models."openai/fake-model".input_usd_per_million=10',
    'models."openai/fake-model".output_usd_per_million=20',
)


class Judge:
    """A person who answers every approval the same way, and remembers what was asked."""

    def __init__(self, allows: bool) -> None:
        self.allows = allows
        self.heard: list[Approval] = []

    async def approve(self, approval: Approval) -> Answer:
        self.heard.append(approval)
        return Answer(self.allows)


@asynccontextmanager
async def attended(
    bench: Bench,
    home: Path,  # noqa: F811
    judge: Judge,
    script: Mapping[str, Any],
) -> AsyncIterator[tuple[Session, ModelServer]]:
    """A session with a person at it."""
    async with ModelServer(script=script) as server:
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment(server, "openai")}
        options = Options(
            bench.root,
            environ,
            set_options=PRICE,
            team="default",
            role="concierge",
            attended=True,
            trust=True,
        )
        async with open_house(options) as house, open_session(house, judge, Absent()) as opened:
            yield opened.session, server


def spawning(role: str, **more: str) -> dict[str, Any]:
    return {"calls": [call("team_spawn", role=role, work="Look at calc.py.", **more)]}


@pytest.mark.feature("B22")
async def test_a_role_that_can_write_needs_approval_whatever_it_is_called(bench: Bench, home: Path) -> None:  # noqa: F811
    bench.write(".loomkin/roles/observer.md", "---\ntools: file_read, file_write\n---\nObserve.\n")
    script = {"concierge": [spawning("observer"), {"text": "Refused."}]}
    judge = Judge(allows=False)
    async with attended(bench, home, judge, script) as (session, server):
        assert (await session.send("go", Limits(20))).text == "Refused."
        (approval,) = judge.heard
        assert approval.use.tool == "team_spawn"
        assert approval.use.arguments == {"role": "observer", "tools": "file_write"}
        assert "Look at calc.py." in approval.preview
        assert "Tools that may change something: file_write." in approval.preview
        assert "A typical observer (200k tokens in, 8k out) costs about $2.16 with openai/fake-model." in (
            approval.preview
        )
        assert "Not permitted: the person declined" in said(asked(server, "concierge")[1])
        assert asked(server, "observer") == []


@pytest.mark.feature("B22")
async def test_a_role_that_only_reads_and_an_idle_agent_need_none(bench: Bench, home: Path) -> None:  # noqa: F811
    judge, idle = Judge(allows=True), {"default": [DONE]}
    orders = (spawning("researcher"), spawning("coder"), spawning("coder"), spawning("coder", name="second"))
    async with attended(bench, home, judge, idle) as (session, server):
        for order in orders:
            server.steps = Script({**idle, "concierge": [order, DONE]})
            assert (await session.send("go", Limits(20))).text == "Done."
        assert [one.use.arguments["role"] for one in judge.heard] == ["coder", "coder"]
        told = said(asked(server, "concierge")[-1])
        assert "coder was idle and takes it." in told
        assert "with openai/fake-model: the median of 1 earlier agent of the role coder here." in told
        assert "Probably about $" in judge.heard[1].preview


@pytest.mark.feature("B22")
async def test_a_task_that_would_bring_an_agent_that_can_write_needs_approval(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    tasks = [
        call("task_create", title=role, description="Look.", role=role) for role in ("researcher", "coder")
    ]
    script = {"concierge": [{"calls": tasks}, DONE], "default": [DONE]}
    judge = Judge(allows=False)
    async with attended(bench, home, judge, script) as (session, server):
        await session.send("go", Limits(20))
        (approval,) = judge.heard
        assert (approval.use.tool, approval.use.arguments["role"]) == ("task_create", "coder")
        assert "Tools that may change something: file_write" in approval.preview
        assert "Not permitted: the person declined" in said(asked(server, "concierge")[1])
        agents = {entry.agent for entry in server.chats}
        assert "researcher" in agents
        assert not any(name.startswith("coder") for name in agents)


@pytest.mark.feature("B22")
async def test_headless_spawns_pass_and_what_costs_nothing_is_not_spoken_of(bench: Bench) -> None:
    script = {
        "concierge": [spawning("coder"), DONE],
        "coder": [{"text": "Seen."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        told = said(asked(server, "concierge")[1])
        assert "coder is at work. Its last words reach you" in told, "what costs nothing is not spoken of"


@pytest.mark.feature("B22")
async def test_the_fifth_agent_of_a_turn_is_refused_and_all_have_names_of_their_own(bench: Bench) -> None:
    five = [call("team_spawn", role="researcher", work=f"Part {number}.") for number in range(5)]
    script = {
        "concierge": [
            {"calls": five},
            {"text": "Under way."},
            {"text": "Done.", "repeat": True},
        ],
        "default": [{"text": "Seen.", "repeat": True, "wait_for": "all"}],
    }
    async with bench.model(script=script) as server:
        server.release("all")
        done = await bench.run("ask", "go", "--team", "default")
        assert done.code == 0, done.err
        told = said(asked(server, "concierge")[1])
        assert told.count("is at work.") == 4
        assert "You have spawned 4 agents in this turn, which is the most." in told
        spawned = {entry.agent for entry in server.chats} - {"concierge"}
        assert spawned == {"researcher", "researcher-2", "researcher-3", "researcher-4"}


@pytest.mark.feature("B22")
async def test_a_name_that_means_somebody_else_is_refused(bench: Bench) -> None:
    names = ("person", "team", "tester", "a b", "concierge")
    script = {
        "concierge": [
            {"calls": [call("team_spawn", role="researcher", work="Look.", name=name) for name in names]},
            {"text": "Nobody."},
        ]
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Nobody.\n"), done.err
        told = said(asked(server, "concierge")[1])
        assert [name for name in names if f"An agent cannot be called '{name}'" in told] == list(names)
