"""The orienter reads the project once, beside the work; what it wrote is in every later first message."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.app import open_house, open_session
from loomkin.records.event import Event, TurnEnded
from loomkin.records.ids import CallId, MessageId
from loomkin.records.message import Message, Role, Text, ToolCall
from loomkin.records.team_event import ProjectSurveyed
from loomkin.workspace.options import Options
from loomkin.workspace.survey import of_use
from tests.fakes.model_server import ModelServer
from tests.scenarios.conftest import Bench, call, environment, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import DONE, WRITING, tools
from tests.team.conftest import Absent, home  # noqa: F401

ON = {"LOOMKIN__TEAM__ORIENT": "true", "LOOMKIN__MODEL__FAST": "openai/fake-fast"}
SECTIONS = "## What\nOne module.\n## Conventions\nTwo blank lines.\n## Traps\nNone."
PAGE = "# calc\nOne module, tested with pytest."
READ = [
    {"calls": [call("directory_list"), call("repo_map"), call("git_read", operation="log")]},
    {"text": PAGE},
]


async def surveyed(bench: Bench, home: Path, script: Mapping[str, Any], gate: str = "") -> ModelServer:  # noqa: F811
    """One request in a session in this process; `gate` opens when the survey is written down."""
    async with ModelServer(script=script) as server:
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment(server, "openai"), **ON}
        options = Options(bench.root, environ, team="default", role="concierge")

        def heard(event: Event) -> None:
            if isinstance(event.fact, ProjectSurveyed):
                server.release(gate)

        async with open_house(options) as house, open_session(house, None, Absent()) as opened:
            house.bus.subscribe(heard)
            await opened.session.send("go", Limits(20))
    return server


@pytest.mark.feature("A8")
async def test_it_reads_once_and_every_later_agent_begins_with_the_page(bench: Bench, home: Path) -> None:  # noqa: F811
    first = await surveyed(
        bench,
        home,
        {
            "concierge": [
                {
                    "calls": [
                        call("decision_log", kind="goal", title="Test calc"),
                        call("team_spawn", role="tester", work="Test it."),
                    ],
                    "wait_for": "page",
                },
                DONE,
            ],
            "orienter": READ,
            "tester": [{"text": "It fails."}],
        },
        "page",
    )
    assert "d1 Test calc, now by concierge\\n" in said(asked(first, "tester")[0]["messages"][1])
    assert "1: def mean(values)" in said(asked(first, "orienter")[-1]), "it is shown the map"
    assert {body["model"] for body in asked(first, "orienter")} == {"fake-fast"}
    assert tools(asked(first, "orienter")[0]).isdisjoint(WRITING)
    assert "the orienter of team main in" in said(asked(first, "orienter")[0])
    assert "First" in said(asked(first, "orienter")[1])
    assert "One module, tested with pytest." in said(asked(first, "tester")[0]["messages"][1])
    assert "One module" not in said(asked(first, "concierge")[0])
    assert "One module" in said(asked(first, "concierge")[-1]), "the host gets it with its next mail"

    second = await surveyed(bench, home, {"concierge": [{"text": "Done."}]})
    assert "One module, tested with pytest." in said(asked(second, "concierge")[0]["messages"][1])
    assert "d1 Test calc\\n" in said(asked(second, "concierge")[0]["messages"][1])
    assert asked(second, "orienter") == []

    bench.git("commit", "-q", "--allow-empty", "-m", "Second")
    third = await surveyed(
        bench, home, {"concierge": [{"text": "Done.", "wait_for": "page"}], "orienter": READ}, "page"
    )
    assert "One module" not in said(asked(third, "concierge")[0])
    assert len(asked(third, "orienter")) == 2


@pytest.mark.feature("A8")
async def test_who_is_at_work_already_gets_the_page_with_its_next_step(bench: Bench, home: Path) -> None:  # noqa: F811
    look = call("file_read", path="calc.py")
    script = {
        "concierge": [{"calls": [call("team_spawn", role="lead", work="Plan it.")]}, DONE],
        "lead": [{"calls": [look], "wait_for": "page"}, {"text": "Planned."}],
        "orienter": READ,
    }
    server = await surveyed(bench, home, script, "page")
    first, second = asked(server, "lead")
    assert ("One module" in said(first)) != ("One module" in said({"messages": second["messages"][2:]}))
    assert "One module" in said(second)


@pytest.mark.feature("A8")
async def test_who_has_read_already_gets_what_reading_does_not_show_before_the_report(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    look, spawn = call("file_read", path="calc.py"), call("team_spawn", role="researcher", work="Look.")
    script = {
        "concierge": [
            {"calls": [look]},
            {"calls": [spawn, call("file_read", path="test_calc.py")], "wait_for": "page"},
            {"calls": [call("peer_ask", to="researcher", text="And?")]},
            {"text": "A researcher looks.", "repeat": True},
        ],
        "researcher": [{"text": "It adds one.", "repeat": True}],
        "orienter": [{"text": SECTIONS}],
    }
    server = await surveyed(bench, home, script, "page")
    told = [one["content"] for one in asked(server, "concierge")[-1]["messages"] if one["role"] == "user"]
    (page,) = (text for text in told if "Written by an orienter" in text)
    assert "## Conventions\nTwo blank lines.\n## Traps\nNone." in page
    assert "One module" not in page
    first = next(at for at, text in enumerate(told) if "It adds one." in text)
    assert told.index(page) <= first
    if told.index(page) == first:
        assert page.index("## Traps") < page.index("It adds one.")


@pytest.mark.feature("A8")
async def test_who_has_ended_its_turn_gets_the_page_with_new_words_and_not_with_a_report(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [
            {"text": "A tester looks.", "calls": [call("team_spawn", role="tester", work="Test it.")]},
            {"text": "It fails."},
            {"text": "Mended."},
        ],
        "tester": [{"calls": [call("shell", command="true")], "wait_for": "page"}, {"text": "It fails."}],
        "orienter": [{"text": PAGE, "wait_for": "idle"}],
    }
    async with ModelServer(script=script) as server:
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment(server, "openai"), **ON}
        options = Options(bench.root, environ, team="default", role="concierge")

        def heard(event: Event) -> None:
            if isinstance(event.fact, TurnEnded) and event.agent == "concierge":
                server.release("idle")
            if isinstance(event.fact, ProjectSurveyed):
                server.release("page")

        async with open_house(options) as house, open_session(house, None, Absent()) as opened:
            house.bus.subscribe(heard)
            await opened.session.send("go", Limits(20))
            await opened.session.send("mend it", Limits(20))
    _, report, again = asked(server, "concierge")
    assert "One module" not in said(report)
    assert "One module" in said(again)


def step(*calls: str) -> Message:
    """A message of an agent with calls of tools."""
    parts = tuple(ToolCall(CallId(name), name, "{}") for name in calls)
    return Message(MessageId("m"), Role.ASSISTANT, parts, "coder", 0.0)


@pytest.mark.feature("A8")
def test_of_the_page_comes_what_an_agent_still_has_use_for() -> None:
    order = Message(MessageId("m"), Role.USER, (Text("Mend it."),), "concierge", 0.0)
    late = "## Conventions\nTwo blank lines.\n## Traps\nNone."
    assert of_use(SECTIONS, [order, step("team_status")], writes=True) == SECTIONS
    assert of_use(SECTIONS, [order, step("file_read")], writes=True) == late
    assert of_use(SECTIONS, [order, step("file_read")], writes=False) == ""
    work = [order, step("shell"), step("file_edit")]
    assert of_use(SECTIONS, work, writes=True) == late
    assert of_use(SECTIONS, [*work, step("shell")], writes=True) == ""
    assert of_use(SECTIONS, [*work, step("shell"), order], writes=True) == late
    assert of_use("No headings.", work, writes=True) == ""


@pytest.mark.feature("A8")
async def test_nobody_waits_for_it_and_it_leaves_no_trace_in_the_answer(bench: Bench) -> None:
    script = {"concierge": [{"text": "Hello."}], "orienter": [{"text": "never", "wait_for": "never"}]}
    async with bench.model(script=script) as server, asyncio.timeout(8.0):
        done = await bench.run("ask", "hi", "--team", "default", environ=ON)
        assert (done.code, done.out, done.err) == (0, "Hello.\n", "")
        assert len(asked(server, "concierge")) == 1


@pytest.mark.feature("A8")
async def test_it_can_be_switched_off_and_is_no_part_of_a_lone_agents_work(bench: Bench) -> None:
    script = {"concierge": [{"text": "Hello."}], "coder": [{"text": "Hello."}]}
    async with bench.model(script=script) as server:
        off = await bench.run("ask", "hi", "--team", "default", "--set", "team.orient=false", environ=ON)
        alone = await bench.run("ask", "hi", environ=ON)
        assert (off.code, alone.code) == (0, 0)
        assert {entry.agent for entry in server.chats} == {"concierge", "coder"}
