"""What of a session's events is kept as decisions, heard on a real bus from a real journal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from loomkin.decisions.answers import open_answers
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Draft
from loomkin.decisions.graph import DecisionGraph
from loomkin.records.decision import Author, EdgeType, Node, NodeKind, Origin
from loomkin.records.event import (
    CallFinished,
    CallStarted,
    Fact,
    MessageAdded,
    PermissionDecided,
    QuestionAnswered,
    QuestionAsked,
    SessionStarted,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.ids import MailId, MessageId, SessionId, TaskId
from loomkin.records.mail import Mail, MailKind
from loomkin.records.message import Message, Role, Text
from loomkin.records.task import Evidence, Task, TaskState
from loomkin.records.team_event import AgentMoved, EvidenceGathered, MailSent, TaskAdded, TaskMoved
from loomkin.runtime.bus import Bus
from loomkin.runtime.clock import SystemClock
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.store import decisions
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.workspace.recording import Recording

SESSION = SessionId("s-1")
STORE = QuestionAsked("c1", "Which store?", ("SQLite", "Redis", "Files"))


class Bench:
    """A session that is listened to."""

    def __init__(self, graph: DecisionGraph, scribe: Scribe, recording: Recording) -> None:
        self.graph = graph
        self.scribe = scribe
        self.recording = recording
        self.clock = SystemClock()

    async def happen(self, *facts: Fact) -> list[Node]:
        """Let facts happen; the nodes that loomkin made of everything so far."""
        for fact in facts:
            self.scribe.record(fact)
        await self.recording.settled()
        everything, _ = decisions.everything(self.graph.database)
        return [node for node in everything if node.origin.author is Author.AUTOMATIC]

    async def goal(self, title: str) -> Node:
        """A goal of the session's agent."""
        draft = Draft(NodeKind.GOAL, title)
        who = Who("coder", SESSION, "coder")
        return (await self.graph.add(draft, Origin(Author.AGENT, "coder", SESSION), who)).node

    def above(self, node: Node) -> set[str]:
        """The nodes that led to one."""
        edges = decisions.edges_of(self.graph.database, [node.change_id])
        return {edge.start for edge in edges if edge.end == node.change_id and edge.type is EdgeType.LEADS_TO}

    def said(self, text: str, sender: str = "person") -> MessageAdded:
        """Words in the agent's conversation."""
        message = Message(MessageId(self.clock.new_id("m")), Role.USER, (Text(text),), sender, 0.0)
        return MessageAdded(message)


@asynccontextmanager
async def listened(root: Path) -> AsyncIterator[Bench]:
    """A session in memory, closed in order."""
    database, clock, bus = Database(None), SystemClock(), Bus()
    journal = Journal(database, bus.publish, clock.now)
    graph = open_answers(database, journal, clock, 50, 14).graph
    scribe = Scribe(journal, SESSION, "coder")
    scribe.record(SessionStarted(str(root), "m", "auto"))
    async with Supervisor(lambda name, error: None) as supervisor:
        recording = Recording(bus, root, scribe, lambda: graph, supervisor)
        yield Bench(graph, scribe, recording)
        await recording.aclose()
    await journal.aclose()
    database.close()


@pytest.mark.feature("C3")
async def test_what_the_person_chose_is_a_decision_that_rejected_the_rest(tmp_path: Path) -> None:
    async with listened(tmp_path) as bench:
        goal = await bench.goal("Store it")
        first, *options = await bench.happen(STORE, QuestionAnswered("c1", "SQLite", False))
        assert (first.kind, first.title) == (NodeKind.DECISION, "SQLite")
        assert first.wording.description == "Asked: Which store?"
        assert {one.title for one in options} == {"Redis", "Files"}
        assert bench.above(first) == {goal.change_id}


@pytest.mark.feature("C3")
async def test_other_answers_are_observations_and_assumptions_are_nothing(tmp_path: Path) -> None:
    async with listened(tmp_path) as bench:
        assert await bench.happen(STORE, QuestionAnswered("c1", "decide yourself", True)) == []
        asked = QuestionAsked("c2", "Go on?", ("yes", "no"))
        nodes = await bench.happen(asked, QuestionAnswered("c2", "yes", False))
        assert [(node.kind, node.title) for node in nodes] == [(NodeKind.OBSERVATION, "The person: yes")]
        asked = QuestionAsked("c3", "Which port?", ())
        nodes = await bench.happen(asked, QuestionAnswered("c3", "5432, as ever", False))
        assert nodes[-1].wording.description == "Asked: Which port?\nAnswer: 5432, as ever"


@pytest.mark.feature("C3")
async def test_words_in_the_middle_of_a_turn_are_kept_verbatim_for_the_goal(tmp_path: Path) -> None:
    async with listened(tmp_path) as bench:
        assert await bench.happen(bench.said("Store it please"), TurnStarted(1, "person")) == []
        goal = await bench.goal("Store it")
        (node,) = await bench.happen(bench.said("use  SQLite,\nnot Redis"))
        assert (node.kind, node.wording.description) == (NodeKind.OBSERVATION, "use  SQLite,\nnot Redis")
        assert bench.above(node) == {goal.change_id}
        kept = await bench.happen(TurnEnded(1, "done", "", 1, 0.1), bench.said("Thanks, now the tests"))
        assert kept == [node]
        denied = PermissionDecided(
            "c1", "shell", "rm -r x", "deny", "move it instead", "", "person", "person"
        )
        assert (await bench.happen(denied))[-1].wording.description == "move it instead (to `rm -r x`)"
        nobody = PermissionDecided(
            "c2", "shell", "rm y", "deny", "the person declined", "", "person", "person"
        )
        assert len(await bench.happen(nobody)) == 2


@pytest.mark.feature("C3")
async def test_a_task_fails_and_is_verified_as_one_outcome_of_its_goal(tmp_path: Path) -> None:
    async with listened(tmp_path) as bench:
        goal = await bench.goal("Ship it")
        task = TaskId("t1")
        red, green = (Evidence("make test", code, "", "loomkin", 0.0) for code in (2, 0))
        added = TaskAdded(Task(task, "Mend it", goal=goal.id))
        (failed,) = await bench.happen(added, EvidenceGathered(task, red))
        assert (failed.title, failed.wording.failed) == ("t1 Mend it is not verified", True)
        moved = TaskMoved(task, TaskState.VERIFYING, TaskState.DONE, "loomkin", "coder", "")
        (passed,) = await bench.happen(EvidenceGathered(task, green), moved)
        assert (passed.change_id, passed.title) == (failed.change_id, "t1 Mend it is verified")
        assert passed.wording.description == "`make test`: exit code 0, by loomkin"
        assert (passed.wording.failed, bench.above(passed)) == (False, {goal.change_id})


@pytest.mark.feature("C3")
async def test_comings_and_goings_calls_and_mail_are_no_decisions(tmp_path: Path) -> None:
    async with listened(tmp_path) as bench:
        mail = Mail(MailId("l1"), "lead", "coder", MailKind.CHAT, "no, use Redis", 0.0)
        unproved = TaskMoved(TaskId("t1"), TaskState.IN_PROGRESS, TaskState.DONE, "coder", "coder", "")
        facts: list[Fact] = [
            TurnStarted(1, "person"),
            AgentMoved("coder", "idle"),
            MailSent(mail),
            bench.said("no, use Redis", "lead"),
            CallStarted("c1", "shell", '{"command": "pytest -q"}'),
            CallFinished("c1", "shell", "ok", 0.1),
            CallStarted("c2", "shell", "not json"),
            CallFinished("c2", "shell", "failed", 0.1),
            TaskAdded(Task(TaskId("t1"), "Mend it")),
            unproved,
            TurnEnded(1, "done", "", 1, 0.1),
        ]
        assert await bench.happen(*facts) == []
