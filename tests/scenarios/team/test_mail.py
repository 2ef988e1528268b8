"""Letters between agents: when they are read, what the sender learns, who waits for whom."""

import asyncio

import pytest

from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked, last

SPAWN = {"calls": [call("team_spawn", role="coder", work="Look at calc.py.")]}


@pytest.mark.feature("B1")
async def test_a_letter_to_a_busy_agent_is_in_its_very_next_request(bench: Bench) -> None:
    script = {
        "concierge": [
            SPAWN,
            {"calls": [call("peer_message", to="coder", text="Leave double() alone.")], "wait_for": "busy"},
            {"text": "Under way."},
            {"text": "Done."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "sent"},
            {"text": "I left it alone."},
        ],
    }
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run("ask", "go", "--team", "default"))
        await server.until(lambda entries: any(entry.agent == "coder" for entry in entries))
        server.release("busy")
        await server.until(lambda entries: sum(entry.agent == "concierge" for entry in entries) == 3)
        server.release("sent")
        done = await running
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        receipt = said(asked(server, "concierge")[2])
        assert "queued for coder (thinking), read before its next step" in receipt
        assert "Leave double() alone." not in said(asked(server, "coder")[0])
        assert "Leave double() alone." in said(asked(server, "coder")[1])


@pytest.mark.feature("B1")
async def test_a_letter_wakes_an_idle_agent_and_a_digest_does_not(bench: Bench) -> None:
    digest = call("peer_message", to="coder", text="By the way.", delivery="digest", priority="low")
    script = {
        "concierge": [
            SPAWN,
            {"text": "Under way."},
            {"calls": [digest]},
            {"calls": [call("peer_message", to="coder", text="Which line?", kind="question")]},
            {"text": "I asked."},
            {"text": "Line 3."},
        ],
        "coder": [{"text": "It adds one."}, {"text": "In line 3."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Line 3.\n"), done.err
        assert len(asked(server, "coder")) == 2
        woken = last(server, "coder")
        assert woken.index("Which line?") < woken.index("By the way.")
        assert "In line 3." in last(server, "concierge")


@pytest.mark.feature("B1")
async def test_an_interrupting_letter_stops_the_step_that_runs(bench: Bench) -> None:
    stop = call("peer_message", to="coder", text="Stop, read test_calc.py.", delivery="interrupt")
    script = {
        "concierge": [SPAWN, {"calls": [stop], "wait_for": "busy"}, {"text": "Told."}, {"text": "Done."}],
        "coder": [{"text": "never", "wait_for": "never"}, {"text": "I read it."}],
    }
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run("ask", "go", "--team", "default"))
        await server.until(lambda entries: any(entry.agent == "coder" for entry in entries))
        server.release("busy")
        done = await running
        assert (done.code, done.out) == (0, "Done.\n"), done.err
        first, second = [entry for entry in server.chats if entry.agent == "coder"]
        assert first.closed_early
        assert "Stop, read test_calc.py." in said(second.body)


@pytest.mark.feature("B1")
async def test_a_letter_that_nobody_can_read_is_an_error_that_its_sender_reads(bench: Bench) -> None:
    script = {
        "concierge": [{"calls": [call("peer_message", to="codr", text="Hi.")]}, {"text": "Nobody there."}]
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert done.code == 0, done.err
        assert "There is no agent, role or team 'codr'." in last(server, "concierge")
        assert "concierge (concierge, " in last(server, "concierge")


@pytest.mark.feature("B1")
async def test_a_question_is_answered_by_a_tool_while_the_other_goes_on(bench: Bench) -> None:
    script = {
        "concierge": [
            SPAWN,
            {"calls": [call("peer_ask", to="coder", question="Which line?")]},
            {"text": "Line 3, it says."},
            {"text": "Line 3."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {"calls": [call("peer_answer", id="m2", answer="Line 3.")], "match": "Which line"},
            {"text": "All looked at."},
        ],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Line 3.\n"), done.err
        assert "coder answers: Line 3." in said(asked(server, "concierge")[2])
        assert "All looked at." in last(server, "concierge")


@pytest.mark.feature("B1")
async def test_last_words_answer_a_question_that_no_tool_answered(bench: Bench) -> None:
    script = {
        "concierge": [
            SPAWN,
            {"text": "Under way."},
            {"calls": [call("peer_ask", to="coder", question="Which line?")]},
            {"text": "Line 3, it says."},
        ],
        "coder": [{"text": "It adds one."}, {"text": "Line 3."}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert (done.code, done.out) == (0, "Line 3, it says.\n"), done.err
        assert "coder answers: Line 3." in last(server, "concierge")


@pytest.mark.feature("B1")
async def test_agents_never_wait_for_each_other(bench: Bench) -> None:
    script = {
        "concierge": [
            SPAWN,
            {"calls": [call("peer_ask", to="coder", question="Which line?")]},
            {"text": "Line 3."},
            {"text": "Line 3."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")], "wait_for": "asked"},
            {"calls": [call("peer_ask", to="concierge", question="Which file?")]},
            {"calls": [call("peer_answer", id="m2", answer="Line 3.")]},
            {"text": "Told."},
        ],
    }
    async with bench.model(script=script) as server, asyncio.TaskGroup() as group:
        running = group.create_task(bench.run("ask", "go", "--team", "default"))
        await server.until(lambda entries: len(entries) >= 3)
        server.release("asked")
        done = await running
        assert done.code == 0, done.err
        refused = said(asked(server, "coder")[2])
        assert "concierge waits for your answer itself, to: Which line?" in refused


@pytest.mark.feature("B1")
async def test_two_agents_that_only_write_to_each_other_are_told_to_stop(bench: Bench) -> None:
    ping = {"calls": [call("peer_message", to="coder", text="And you?")]}
    pong = {"calls": [call("peer_message", to="concierge", text="And you?")]}
    script = {
        "concierge": [SPAWN, *([ping] * 4), {"text": "Enough.", "repeat": True}],
        "coder": [*([pong] * 4), {"text": "Enough.", "repeat": True}],
    }
    async with bench.model(script=script) as server:
        done = await bench.run("ask", "go", "--team", "default")
        assert done.code == 0, done.err
        assert "exchanged more than 6 letters while no task" in last(server, "coder")
        assert "exchanged more than 6 letters while no task" in last(server, "concierge")
