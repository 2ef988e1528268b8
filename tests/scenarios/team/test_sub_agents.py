"""Read-only helpers: a window of their own, an end, and last words that always come back."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from loomkin.agent.turn import Limits
from loomkin.store import team
from loomkin.store.database import Database
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.scenarios.team.test_roles import WRITING, tools
from tests.team.conftest import at_work, home  # noqa: F401

LOOK = [{"calls": [call("content_search", pattern=f"word{number}")]} for number in range(25)]


def results_in(body: dict[str, Any]) -> list[str]:
    """The results of calls in a request, oldest first."""
    return [one["content"] for one in body["messages"] if one["role"] == "tool"]


@pytest.mark.feature("A9")
async def test_several_in_one_message_run_side_by_side_and_come_back_in_order(bench: Bench) -> None:
    script = {
        "concierge": [
            {
                "calls": [
                    call("sub_agent", task="Read calc.py."),
                    call("sub_agent", task="Read test_calc.py."),
                ]
            },
            {"text": "Both read."},
        ],
        "concierge/researcher": [{"text": "First: it adds one.", "wait_for": "both"}],
        "concierge/researcher-2": [{"text": "Second: it wants 2.", "wait_for": "both"}],
    }
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run("ask", "go", "--team", "default"))
        await server.until(lambda entries: sum("/" in entry.agent for entry in entries) == 2)
        server.release("both")
        done = await running
        assert (done.code, done.out) == (0, "Both read.\n"), done.err
        results = [
            one["content"] for one in asked(server, "concierge")[1]["messages"] if one["role"] == "tool"
        ]
        assert results == ["First: it adds one.", "Second: it wants 2."]
        order = said(asked(server, "concierge/researcher")[0])
        assert "Read calc.py." in order
        assert "all that concierge gets of your work" in order
        assert "go" not in [one["content"] for one in asked(server, "concierge/researcher")[0]["messages"]]


@pytest.mark.feature("A9")
async def test_a_lone_coder_finds_it_by_searching_and_no_team_grows(bench: Bench) -> None:
    script = {
        "coder": [
            {"calls": [call("tool_search", query="helper that only reads")]},
            {"calls": [call("sub_agent", task="Read calc.py.", role="coder")]},
            {"text": "It adds one."},
        ],
        "coder/coder": [
            {"calls": [call("file_write", path="calc.py", text="x"), call("sub_agent", task="Again.")]},
            {"text": "It adds 1."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--permission-mode", "yolo")
        assert (done.code, done.out) == (0, "It adds one.\n"), done.err
        first, second = asked(server, "coder/coder")
        changing = WRITING - {"shell_output"}
        assert tools(first).isdisjoint({*changing, "sub_agent", "tool_search", "ask_person"})
        assert not [name for name in tools(first) if name.startswith(("team_", "task_", "peer_", "region_"))]
        assert "There is no tool `file_write`" in said(second)
        assert "There is no tool `sub_agent`" in said(second)
        assert "It adds 1." in said(asked(server, "coder")[2])
        spent = (await bench.run("cost", "--by", "agent")).out
        assert "coder/coder" in spent
    database = Database(bench.root / ".loomkin" / "loomkin.db")
    try:
        (session,) = {str(row["session"]) for row in database.rows("SELECT session FROM turns")}
        assert team.members(database, session) == []
        (helper,) = team.agents(database, session)
        assert (helper.name, helper.spawner, helper.state) == ("coder/coder", "coder", "done")
    finally:
        database.close()


@pytest.mark.feature("A9")
async def test_ps_shows_one_with_its_parent_while_it_works_and_as_done_or_stopped_after(bench: Bench) -> None:
    script = {
        "coder": [
            {"calls": [call("tool_search", query="helper that only reads")]},
            {"calls": [call("sub_agent", task="Read calc.py.")]},
            {"calls": [call("sub_agent", task="Read test_calc.py.")]},
            {"text": "It adds one.", "repeat": True},
        ],
        "coder/researcher": [{"text": "It adds 1.", "wait_for": "seen"}],
        "coder/researcher-2": [{"text": "never", "wait_for": "never"}],
    }

    async def shown() -> dict[str, tuple[str, str, str, int]]:
        (session,) = (await bench.run("ps", "--json")).json["sessions"]
        return {
            one["agent"]: (one["role"], one["parent"], one["state"], one["steps"])
            for one in session["agents"]
            if "/" in one["agent"]
        }

    async with bench.model(script=script) as server:
        process = await bench.start("ask", "go", stdin=asyncio.subprocess.DEVNULL)
        await server.until(lambda entries: sum("/" in entry.agent for entry in entries) == 1)
        assert await shown() == {"coder/researcher": ("researcher", "coder", "thinking", 0)}
        server.release("seen")
        await server.until(lambda entries: sum("/" in entry.agent for entry in entries) == 2)
        ended = ("researcher", "coder", "done", 1)
        begun = ("researcher", "coder", "thinking", 0)
        assert await shown() == {"coder/researcher": ended, "coder/researcher-2": begun}
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        again = await bench.run("ask", "-c", "and?")
        assert (again.code, again.out) == (0, "It adds one.\n"), again.err
        stopped = ("researcher", "coder", "stopped", 0)
        assert await shown() == {"coder/researcher": ended, "coder/researcher-2": stopped}


@pytest.mark.feature("A9")
@pytest.mark.parametrize(
    ("end", "told"),
    [
        ([*LOOK, {"text": "So far: it adds one."}], "So far: it adds one."),
        (
            [{"text": "I begin.", **LOOK[0]}, *LOOK[1:], {"calls": LOOK[0]["calls"]}],
            "It did not finish: Stopped: the limit of 25 model calls is reached.\\nIt said last: I begin.",
        ),
        (
            [{"text": "I begin.", **LOOK[0]}, {"fault": "status", "status": 400, "message": "odd"}],
            "It said last: I begin.",
        ),
    ],
    ids=["limit", "limit without an answer", "failure"],
)
async def test_last_words_come_back_from_a_limit_and_from_a_failure(
    bench: Bench, end: list[dict[str, object]], told: str
) -> None:
    script = {
        "concierge": [{"calls": [call("sub_agent", task="Look.")]}, {"text": "Noted."}],
        "concierge/researcher": end,
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Noted.\n"), done.err
        assert told in said(asked(server, "concierge")[1])
        assert "concierge/researcher" in {entry.agent for entry in server.chats}


@pytest.mark.feature("A9")
async def test_one_that_is_stopped_says_so_and_what_it_said_last(bench: Bench, home: Path) -> None:  # noqa: F811
    script = {
        "concierge": [{"calls": [call("sub_agent", task="Look.")]}, {"text": "Noted."}],
        "concierge/researcher": [{"text": "I begin.", **LOOK[0]}, {"text": "never", "wait_for": "never"}],
    }
    async with at_work(bench, home, script) as (session, _, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Look.", Limits(20)))
        await server.until(lambda entries: sum("/" in entry.agent for entry in entries) == 2)
        (helper,) = [one for one in asyncio.all_tasks() if one.get_name() == "concierge/researcher"]
        helper.cancel()
        end = await sending
        assert end.text == "Noted."
        told = said(asked(server, "concierge")[1])
        assert "It was stopped, and did not finish.\\nIt said last: I begin." in told


@pytest.mark.feature("A9")
async def test_the_fifth_in_a_turn_is_refused(bench: Bench) -> None:
    calls = [call("sub_agent", task=f"Look {number}.") for number in range(5)]
    script = {
        "concierge": [{"calls": calls}, {"text": "Noted."}],
        "default": [{"text": "Seen.", "repeat": True}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert done.code == 0, done.err
        results = [
            one["content"] for one in asked(server, "concierge")[1]["messages"] if one["role"] == "tool"
        ]
        assert results[:4] == ["Seen."] * 4
        assert results[4].startswith("You have sent 4 sub-agents out in this turn, which is the most.")


@pytest.mark.feature("A9")
async def test_who_is_stopped_together_with_its_helper_still_hears_what_it_had_said(
    bench: Bench,
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [{"calls": [call("sub_agent", task="Look.")]}, {"text": "Noted."}],
        "concierge/researcher": [{"text": "I begin.", **LOOK[0]}, {"text": "never", "wait_for": "never"}],
    }
    async with at_work(bench, home, script) as (session, _, server):
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(session.send("Look.", Limits(20)))
            await server.until(lambda entries: sum("/" in entry.agent for entry in entries) == 2)
            sending.cancel()
        assert (await session.send("And?", Limits(20))).text == "Noted."
        told = said(asked(server, "concierge")[-1])
        assert "Your sub-agent concierge/researcher was stopped together with your call." in told
        assert "It said last: I begin." in told
