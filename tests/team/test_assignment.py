"""Tasks go to who can do them, and come back from who cannot."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.practices.assignment import Assignment
from loomkin.practices.leasing import Leasing
from loomkin.records.event import Fact
from loomkin.records.mail import Mail
from loomkin.records.task import TaskState
from loomkin.team.board import Board
from loomkin.team.team import Team
from tests.fakes.model_server import Entry
from tests.scenarios.conftest import Bench, call, said
from tests.scenarios.team.conftest import asked
from tests.team.conftest import at_work, bench, home  # noqa: F401

LIMITS = Limits(20)
CREATE = call("task_create", title="write it", description="Please write it.", role="coder")


def done(task: str, words: str) -> dict[str, object]:
    return {"calls": [call("task_complete", task=task, done=words)]}


def times(agent: str, number: int) -> Callable[[list[Entry]], bool]:
    """Whether an agent has asked its model so often."""
    return lambda entries: sum(entry.agent == agent for entry in entries) >= number


async def until(board: Board, holds: Callable[[], bool]) -> None:
    """Wait until the plan is as asked for."""
    changed = asyncio.Event()

    def hear(fact: Fact) -> None:
        changed.set()

    board.listen(hear)
    async with asyncio.timeout(5.0):
        while not holds():
            changed.clear()
            await changed.wait()


@pytest.mark.feature("B3")
async def test_the_task_of_an_agent_that_is_stopped_goes_to_another_with_what_was_done(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [
            {"calls": [CREATE]},
            {"text": "Under way."},
            {"text": "It was stopped."},
            {"text": "Written."},
        ],
        "coder": [
            {"text": "I found the place in calc.py.", "calls": [call("file_read", path="calc.py")]},
            {"text": "never", "wait_for": "never"},
        ],
        "coder-2": [done("t1", "wrote it")],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Write it.", LIMITS))
        await server.until(times("coder", 2))
        await company.team.stop("coder", "the person stopped it")
        assert (await sending).text == "Written."
        task = company.services()[Board].task("t1")
        assert (task.state, task.owner, task.attempts) == (TaskState.DONE, "coder-2", 1)
        first = said(asked(server, "coder-2")[0])
        assert "I found the place in calc.py." in first
        assert "the person stopped it" in first


@pytest.mark.feature("B3")
async def test_a_lease_that_nobody_renews_ends_and_the_late_owner_is_told_whose_it_is(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [{"calls": [CREATE]}, {"text": "Under way."}, {"text": "Written."}],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {**done("t1", "too late"), "wait_for": "late"},
            {"text": "I see."},
        ],
        "coder-2": [
            {**done("t1", "wrote it"), "wait_for": "late owner told"},
        ],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        company.services()[Leasing].lease = 0.3
        sending = group.create_task(session.send("Write it.", LIMITS))
        await server.until(times("coder-2", 1))
        company.services()[Leasing].lease = 60.0
        server.release("late")
        await server.until(times("coder", 3))
        server.release("late owner told")
        assert (await sending).text == "Written."
        assert "t1 is offered with coder-2, not in your hands" in said(asked(server, "coder")[2]) or (
            "t1 is in_progress with coder-2, not in your hands" in said(asked(server, "coder")[2])
        )
        assert company.services()[Board].task("t1").handoff.done == "wrote it"


@pytest.mark.feature("B8")
async def test_an_offer_that_nobody_answers_in_time_counts_as_accepted(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [{"calls": [CREATE]}, {"text": "Under way."}, {"text": "Written."}],
        "coder": [{**done("t1", "wrote it"), "wait_for": "accepted"}],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        services = company.services()
        services[Assignment].silence = 0.05
        sending = group.create_task(session.send("Write it.", LIMITS))
        board: Board = services[Board]
        await until(board, lambda: bool(board.tasks) and board.task("t1").state is TaskState.IN_PROGRESS)
        assert company.team.member("coder").agent.scribe.task == "t1"
        server.release("accepted")
        assert (await sending).text == "Written."
        assert company.team.member("coder").agent.scribe.task == ""


@pytest.mark.feature("B10")
async def test_an_idle_agent_takes_what_waits_unstarted_behind_a_busy_one(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [
            {"calls": [CREATE]},
            {
                "calls": [
                    call("task_create", title="b", description="b", role="coder", owner="coder"),
                    call("task_create", title="c", description="c", role="coder"),
                ],
                "wait_for": "coder at work",
            },
            {"text": "Under way."},
            {"text": "All done."},
        ],
        "coder": [
            {"calls": [call("file_read", path="calc.py")]},
            {**done("t1", "wrote it"), "wait_for": "taken over"},
        ],
        "coder-2": [
            {**done("t3", "c is done"), "wait_for": "three tasks"},
            done("t2", "b is done"),
        ],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Write it.", LIMITS))
        await server.until(times("coder", 2))
        server.release("coder at work")
        await server.until(times("coder-2", 1))
        server.release("three tasks")
        await server.until(times("coder-2", 2))
        server.release("taken over")
        assert (await sending).text == "All done."
        assert company.services()[Board].task("t2").owner == "coder-2"
        assert "Task t2: b" in said(asked(server, "coder-2")[1])
        assert len(asked(server, "coder")) == 2


@pytest.mark.feature("B10")
async def test_ready_tasks_grow_the_team_up_to_the_limit_of_a_role_and_no_further(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    creates = [call("task_create", title=f"n{i}", description="do", role="coder") for i in range(3)]
    script = {
        "concierge": [{"calls": creates}, {"text": "Under way."}, {"text": "All done."}],
        "coder": [{**done("t1", "a"), "wait_for": "two at work"}, done("t3", "c")],
        "coder-2": [{**done("t2", "b"), "wait_for": "first done"}],
    }
    limits = ("team.max_per_role=2",)
    async with (
        at_work(bench, home, script, set_options=limits) as (session, company, server),
        asyncio.TaskGroup() as group,
    ):
        sending = group.create_task(session.send("Do three.", LIMITS))
        await server.until(lambda entries: times("coder", 1)(entries) and times("coder-2", 1)(entries))
        server.release("two at work")
        await server.until(times("coder", 2))
        server.release("first done")
        assert (await sending).text == "All done."
        assert [one.name for one in company.team.members] == ["concierge", "coder", "coder-2"]


@pytest.mark.feature("B15")
async def test_a_task_refused_after_its_owner_left_goes_to_another_with_what_was_found(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    refuse = call("peer_review", task="t1", verdict="request_changes", findings="calc.py:3 adds one.")
    create = call("task_create", title="w", description="Write it.", role="coder", needs_review=True)
    script = {
        "concierge": [{"text": "Under way.", "calls": [create]}, {"text": "Written.", "repeat": True}],
        "coder": [done("t1", "wrote it")],
        "reviewer": [
            {"calls": [refuse], "wait_for": "owner left"},
            {"calls": [call("peer_review", task="t1", verdict="approve")]},
        ],
        "coder-2": [done("t1", "wrote it well")],
    }
    async with at_work(bench, home, script) as (session, company, server), asyncio.TaskGroup() as group:
        sending = group.create_task(session.send("Write it.", LIMITS))
        await server.until(times("reviewer", 1))
        await company.team.stop("coder", "the person stopped it")
        server.release("owner left")
        assert (await sending).text == "Written."
        task = company.services()[Board].task("t1")
        assert (task.state, task.owner) == (TaskState.DONE, "coder-2")
        order = said(asked(server, "coder-2")[0])
        assert "done: wrote it\\nopen: Last said of it: calc.py:3 adds one." in order
        assert "coder is gone: whoever has t1 next gets your findings" in said(asked(server, "reviewer")[1])


@pytest.mark.feature("B10")
async def test_an_agent_that_is_idle_long_leaves_and_one_with_a_task_stays(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [
            {"calls": [CREATE, call("team_spawn", role="tester", work="Look.")]},
            {"text": "Under way."},
            {"text": "Looked."},
            {"text": "Written."},
        ],
        "tester": [{"text": "Nothing there."}],
        "coder": [{**done("t1", "wrote it"), "wait_for": "tester left"}],
    }
    options = ("team.retire_after=1",)
    async with (
        at_work(bench, home, script, set_options=options) as (session, company, server),
        asyncio.TaskGroup() as group,
    ):
        sending = group.create_task(session.send("Write it.", LIMITS))
        team: Team = company.team
        heard: list[Mail] = []
        team.room.listen(heard.append)
        await server.until(times("coder", 1))
        async with asyncio.timeout(5.0):
            while team.member("tester").open:
                await team.stirred(team.member("concierge"))
        server.release("tester left")
        assert (await sending).text == "Written."
        assert team.member("tester").error.startswith("it was idle for 1 s")
        assert team.member("coder").open, team.member("coder").error
        assert not [mail for mail in heard if "was stopped" in mail.text], "it had reported, and owes nothing"


@pytest.mark.feature("B10")
async def test_who_leaves_something_undone_when_it_leaves_wakes_whoever_asked_for_it(
    bench: Bench,  # noqa: F811
    home: Path,  # noqa: F811
) -> None:
    script = {
        "concierge": [
            {"calls": [CREATE, call("team_spawn", role="tester", work="Look.")]},
            {"text": "Under way."},
            {"text": "I look myself.", "repeat": True},
        ],
        "tester": [{"fault": "status", "status": 400, "repeat": True}],
        "coder": [{**done("t1", "wrote it"), "wait_for": "tester left"}],
    }
    options = ("team.retire_after=1",)
    async with (
        at_work(bench, home, script, set_options=options) as (session, _, server),
        asyncio.TaskGroup() as group,
    ):
        sending = group.create_task(session.send("Write it.", LIMITS))
        words = "Left undone: its last turn did not end well. Give it to somebody else"
        await server.until(
            lambda entries: any(words in said(entry.body) for entry in entries if entry.agent == "concierge")
        )
        server.release("tester left")
        await sending
