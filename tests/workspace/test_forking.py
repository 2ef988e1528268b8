"""A fork at any event: the window of then, valid for every provider, and the original untouched."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.agent.history import INTERRUPTED
from loomkin.cli.collected import Collected
from loomkin.records.event import MessageAdded, TurnEnded, TurnStarted
from loomkin.records.ids import CallId, MailId, TaskId
from loomkin.records.mail import Mail, MailKind
from loomkin.records.message import Message, Text, ToolCall
from loomkin.records.task import Edge, Task, TaskState
from loomkin.records.team_event import AgentJoined, EdgeAdded, MailSent, TaskAdded, TaskMoved
from loomkin.runtime.clock import SystemClock
from loomkin.store import rebuild, sessions, spots, tasks
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.team import agents, mail
from loomkin.workspace.forking import STAYED, fork
from loomkin.workspace.opening import Opened
from tests.keepers.desk import SESSION, Desk, check_wires, desk, step
from tests.keepers.test_nothing_lost import clear, deeds, do
from tests.store.facts import event, fill, said

AGENT = "coder"
runs = st.lists(deeds, min_size=3, max_size=14)


def forked(db: Database, at: int) -> tuple[Opened, Collected]:
    row = next(row for row in sessions.all_sessions(db) if row.id == SESSION)
    collected = Collected()
    return fork(db, row, SystemClock(), collected, "", at=at), collected


@settings(max_examples=8, deadline=None)
@given(runs)
def test_a_fork_at_every_event_is_valid_and_has_the_window_of_then(run: list[tuple[str, object]]) -> None:
    asyncio.run(played(run))


async def played(run: list[tuple[str, object]]) -> None:
    async with desk() as table:
        window = table.window(AGENT)
        shown: dict[int, tuple[Message, ...]] = {}
        for number, (deed, size) in enumerate(run):
            if not window.transcript.messages:
                window.transcript.say("<environment>\nthe place\n</environment>", "loomkin")
            if deed == "clear":
                await clear(table, window)
            elif deed != "resume":
                await do(window, deed, size, number)
            await table.journal.flush()
            shown[spots.last_event(table.database, SESSION)] = window.load().messages
        log = sessions.events(table.database, SESSION)
        for one in log:
            check(table, one.seq, shown.get(one.seq))
        opened, collected = forked(table.database, log[len(log) // 2].seq)
        write(table.database, collected.events)
        assert sessions.events(table.database, SESSION) == log
        assert rebuild.differences(table.database) == []
        assert sessions.messages(table.database, opened.id) == list(opened.messages)


def check(table: Desk, at: int, then: tuple[Message, ...] | None) -> None:
    opened, _ = forked(table.database, at)
    load = table.window(AGENT, opened.messages, opened.keepers).load()
    if load.messages:
        check_wires(load)
    calls = [call for message in opened.messages for call in message.calls]
    assert len(calls) == sum(len(message.results) for message in opened.messages)
    if then is not None:
        assert load.messages == then


def test_a_fork_between_a_call_and_its_result_gets_one_that_says_so() -> None:
    async def broken_off() -> None:
        async with desk() as table:
            window = table.window(AGENT)
            window.transcript.say("Go on", "person")
            window.transcript.answer((Text("I look."), ToolCall(CallId("c1"), "shell", "{}")), AGENT)
            await table.journal.flush()
            at = spots.last_event(table.database, SESSION)
            step(window, "late")
            await table.journal.flush()
            opened, _ = forked(table.database, at)
            assert [result.text for one in opened.messages for result in one.results] == [INTERRUPTED]

    asyncio.run(broken_off())


def plan(db: Database) -> None:
    """A team of three at work; t1 is done, t2 is the lead's, t3 another one's, t4 waits for t3."""
    fill(db, session=SESSION)
    joined = [AgentJoined(name, name, "main", "person", "m", "") for name in ("lead", "coder", "tester")]
    moved = [
        TaskMoved(TaskId("t1"), TaskState.VERIFYING, TaskState.DONE, "v", "coder", ""),
        TaskMoved(TaskId("t2"), TaskState.READY, TaskState.IN_PROGRESS, "lead", "lead", ""),
        TaskMoved(TaskId("t3"), TaskState.READY, TaskState.IN_PROGRESS, "coder", "coder", ""),
    ]
    added = [TaskAdded(Task(TaskId(f"t{number}"), f"Task {number}")) for number in range(1, 5)]
    letter = MailSent(Mail(MailId("m_1"), "lead", "coder", MailKind.CHAT, "Hello", 1.0))
    told = [said("Build it", identity="m1"), said("I plan.", "lead", "m2"), said("Working.", "coder", "m3")]
    names = ["lead", "lead", "coder"]
    write(db, [event(one, SESSION, "") for one in (*joined, *added, *moved, letter)])
    write(db, [event(EdgeAdded(Edge(TaskId("t3"), TaskId("t4")), "lead"), SESSION, "")])
    write(db, [event(one, SESSION, name) for one, name in zip(told, names, strict=True)])


def test_of_a_team_the_lead_comes_along_with_the_plan_and_what_others_had_in_hand_is_free() -> None:
    db = Database(None)
    try:
        plan(db)
        before = rebuild.contents(db)
        opened, collected = forked(db, 0)
        write(db, collected.events)
        assert [one.text for one in opened.messages[:2]] == ["Build it", "I plan."]
        assert "You are alone in it: coder, tester" in opened.messages[2].text
        assert "Free again, because their owners stayed there: t3." in opened.messages[2].text
        assert [one.name for one in agents(db, opened.id)] == ["lead"]
        assert mail(db, opened.id) == []
        states = {one.id: (one.state, one.owner, one.reason) for one in tasks.tasks(db, opened.id)}
        assert states["t1"][:2] == (TaskState.DONE, "coder")
        assert states["t2"][:2] == (TaskState.IN_PROGRESS, "lead")
        assert states["t3"] == (TaskState.READY, "", STAYED)
        assert [(one.before, one.after) for one in tasks.edges(db, opened.id)] == [("t3", "t4")]
        after = rebuild.contents(db)
        for table in ("tasks", "agents", "mail", "messages", "edges"):
            assert [row for row in after[table] if SESSION in row] == before[table]
        assert rebuild.differences(db) == []
    finally:
        db.close()


def test_a_fork_after_a_review_is_the_conversation_and_not_the_reviewers() -> None:
    db = Database(None)
    try:
        reviewer = AgentJoined("coder/reviewer", "reviewer", "", "coder", "m", "Review it")
        turn = TurnStarted(1, "person"), TurnEnded(1, "done", "", 1, 1.0)
        told = said("Build it", identity="m1"), said("Built.", "coder", "m2")
        fill(db, *told, *turn, session=SESSION)
        seen = reviewer, said("Review it", identity="m3"), *turn
        write(db, [event(one, SESSION, "coder/reviewer") for one in seen])
        assert spots.own_agent(db, SESSION) == "coder"
        opened, collected = forked(db, spots.event_at(db, SESSION, "turn:1"))
        assert [one.text for one in opened.messages] == ["Build it", "Built."]
        later, and_later = forked(db, 0)
        assert [one.text for one in later.messages] == ["Build it", "Built."]
        write(db, [*collected.events, *and_later.events])
        assert agents(db, opened.id) == agents(db, later.id) == []
    finally:
        db.close()


def test_places_are_named_by_event_message_turn_and_keeper() -> None:
    db = Database(None)
    try:
        told = (
            said("one", identity="m1"), TurnStarted(1, "person"), said("A", "coder", "m2"),
            TurnEnded(1, "done", "", 1, 1.0), said("two", identity="m3"), TurnStarted(2, "person"),
            said("B", "coder", "m4"),
        )  # fmt: skip
        written = fill(db, *told, session=SESSION)
        at = {one.fact.message.id: one.seq for one in written if isinstance(one.fact, MessageAdded)}
        assert spots.event_at(db, SESSION, "m2") == at["m2"]
        assert spots.event_at(db, SESSION, str(at["m3"])) == at["m3"]
        assert spots.event_at(db, SESSION, "turn:1") == at["m2"] + 1
        assert spots.event_at(db, SESSION, "turn:2") == at["m4"], "it never ended"
        assert [one.text for one in forked(db, spots.event_at(db, SESSION, "turn:1"))[0].messages] == [
            "one",
            "A",
        ]
    finally:
        db.close()
