"""Passages: their kinds, how they merge, what they say of files; and how keepers grow old."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import recall_quality
from loomkin.keepers.passage import Passage, Wanted
from loomkin.keepers.retrieval import Library
from loomkin.keepers.staleness import DAY, State, standing
from loomkin.project.workplace import Workplace
from loomkin.records.event import CallFinished, CallStarted, Event, Fact, MessageAdded, SessionStarted
from loomkin.records.ids import CallId, KeeperId, MessageId, SessionId, TaskId
from loomkin.records.keeper import Card, Keeper, KeeperKind, KeeperState
from loomkin.records.keeper_event import KeeperMade, KeeperMoved, KeeperUsed
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.records.team_event import AgentReported, HandedOff, TaskAdded, TaskMoved
from loomkin.store import erasing
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.keepers import KeeperLine, lines
from loomkin.store.lookup import Common
from loomkin.store.passages import catch_up

SESSION = SessionId("20260101-120000-k3f9")
NOW = 1.8e9
FILLER = "Nothing that matters stands in this line, which is only here to make the text long.\n"


class Log:
    """A repository's log that a test writes line by line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = Database(root / "loomkin.db")
        self.add(SessionStarted(str(root), "m", "ask"))

    def add(self, *facts: Fact, at: float = NOW) -> None:
        write(self.database, [Event(0, at, SESSION, "coder", "", fact) for fact in facts])

    def say(self, identity: str, *parts: Part, sender: str = "coder", at: float = NOW) -> None:
        role = Role.ASSISTANT if sender == "coder" else Role.USER
        self.add(MessageAdded(Message(MessageId(identity), role, parts, sender, at)), at=at)

    def search(self, words: str, **more: object) -> list[Passage]:
        while not catch_up(self.database.writer):
            pass
        work = Workplace(self.root, (), self.root)
        library = Library(
            self.database.project,
            self.database.reader,
            lambda name: work.seen(self.root, name),
            self.root / "outputs",
            NOW,
            Common(),
        )
        return library.search(Wanted(words, **more))  # type: ignore[arg-type]

    def line(self, identity: str = "k1") -> KeeperLine:
        return lines(self.database.reader, self.database.project, identity=identity)[0]

    def keep(self, *messages: str) -> None:
        ids = tuple(map(MessageId, messages))
        keeper = Keeper(KeeperId("k1"), KeeperKind.CONTEXT, "coder", SESSION, Card("the wombat"), ids, 100)
        self.add(KeeperMade(keeper))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path)
    yield made
    made.database.close()


def test_reports_research_failures_and_outputs_are_found_by_their_kind(log: Log) -> None:
    log.say("m_000001", Text("The wombat sleeps."))
    log.say("m_000002", ToolResult(CallId("c1"), "shell", "wombat: ok"), sender="loomkin")
    log.say("m_000003", ToolResult(CallId("c2"), "shell", "wombat: error", is_error=True), sender="loomkin")
    log.add(AgentReported("coder/researcher", "coder", "Wombats dig.", "done"))
    log.add(HandedOff(TaskId("T1"), Handoff(done="the wombat is fed")))
    log.keep("m_000001")

    def found(kind: KeeperKind | None) -> list[str]:
        return sorted(one.text for one in log.search("wombat wombats", kind=kind))

    assert len(found(None)) == 5
    assert found(KeeperKind.CONTEXT) == ["The wombat sleeps."]
    assert found(KeeperKind.OUTPUT) == ["wombat: error", "wombat: ok"]
    assert found(KeeperKind.FAILURE) == ["wombat: error"]
    assert found(KeeperKind.REPORT) == ["Wombats dig.", "the wombat is fed"]
    assert found(KeeperKind.RESEARCH) == ["Wombats dig."]
    assert [one.id for one in log.search("wombat", keeper="k1")] == ["m_000001"]


def test_a_handoff_names_the_owner_of_its_task_where_there_is_one(log: Log) -> None:
    task = Task(TaskId("t1"), "Feed the wombat", state=TaskState.READY)
    handed = [HandedOff(TaskId(name), Handoff(done=f"The wombat is fed in {name}.")) for name in ("t1", "t2")]
    moved = TaskMoved(TaskId("t1"), TaskState.READY, TaskState.DONE, "coder-2", "coder-2", "")
    write(log.database, [Event(0, NOW, SESSION, "", "", fact) for fact in (TaskAdded(task), moved, *handed)])
    assert {one.source for one in log.search("wombat")} == {"handoff of t1 by coder-2", "handoff of t2"}


def test_a_line_deep_in_a_long_output_is_found_where_it_is_kept_whole(log: Log) -> None:
    (log.root / "outputs").mkdir()
    text = FILLER * 400 + "quokka linker said: undefined symbol marsupial_init\n" + FILLER * 400
    (log.root / "outputs" / "out7.txt").write_text(text)
    log.add(CallStarted("c1", "shell", '{"command": "make"}'))
    log.add(CallFinished("c1", "shell", "ok", 1.0, ".loomkin/outputs/out7.txt"))
    (piece,) = log.search("undefined symbol marsupial_init", kind=KeeperKind.OUTPUT)
    assert piece.id == ".loomkin/outputs/out7.txt"
    assert "marsupial_init" in piece.text
    assert len(piece.text) <= 1_200


def test_passages_of_one_message_near_each_other_become_one(log: Log) -> None:
    log.say(
        "m_000001",
        Text(FILLER * 20 + "The wombat digs.\n" + FILLER * 22 + "The wombat bites.\n" + FILLER * 20),
    )
    found = log.search("wombat", width=1_800)
    assert len(found) == 1
    assert found[0].text.count("wombat") == 2
    assert len({one.id for one in found}) == 1


def test_searches_do_not_find_searches(log: Log) -> None:
    log.say("m_000001", Text("The wombat sleeps."))
    log.say("m_000002", ToolCall(CallId("c1"), "context_search", json.dumps({"query": "wombat"})))
    log.say("m_000003", ToolResult(CallId("c1"), "context_search", "a wombat"), sender="loomkin")
    assert [one.id for one in log.search("wombat")] == ["m_000001"]


def test_what_a_fork_took_along_is_found_where_it_was_said(log: Log) -> None:
    (log.root / "den.py").write_text("dug = 0\n")
    read = ToolResult(CallId("c1"), "file_read", "den.py (utf-8, LF, 1 lines, hash 0123456789ab)\nthe wombat")
    told = Message(MessageId("m_000001"), Role.USER, (read,), "loomkin", NOW - 900)
    log.add(MessageAdded(told), at=NOW - 900)
    forks = [SessionId("20260101-130000-aaaa"), SessionId("20260101-140000-bbbb")]
    for fork, parent in zip(forks, [SESSION, *forks], strict=False):
        facts = SessionStarted(str(log.root), "m", "ask", "", parent, 2), MessageAdded(told)
        write(log.database, [Event(0, NOW, fork, "coder", "", fact) for fact in facts])
    (found,) = log.search("wombat")
    assert (found.session, found.at, found.changed) == (SESSION, NOW - 900, ("den.py",))
    erasing.delete(log.database, SESSION)
    (kept,) = log.search("wombat")
    assert kept.session == forks[0], "of a session that was deleted the oldest fork tells"


def test_what_stands_in_the_askers_window_is_left_out(log: Log) -> None:
    log.say("m_000001", Text("The wombat sleeps."))
    log.say("m_000002", Text("The wombat wakes."))
    assert [one.id for one in log.search("wombat", sight=frozenset({"m_000001"}))] == ["m_000002"]


def test_a_keeper_grows_stale_by_time_files_and_votes_and_each_use_begins_anew(log: Log) -> None:
    log.say("m_000001", Text("The wombat sleeps."))
    log.keep("m_000001")

    def state(days: float, changed: int = 0) -> State:
        return standing(log.line(), changed, NOW + days * DAY).state

    assert [state(days) for days in (0, 11, 12, 27, 28, 55, 56)] == [
        State.FRESH, State.FRESH, State.WARM, State.WARM, State.STALE, State.STALE, State.ARCHIVED,
    ]  # fmt: skip
    log.add(KeeperUsed("k1", "feedback", False), at=NOW + 27 * DAY)
    assert (log.line().uses, state(27)) == (0, State.STALE), "no use, and 25 points more"
    log.add(KeeperUsed("k1", "read", True), at=NOW + 60 * DAY)
    assert state(60) is State.FRESH
    assert standing(log.line(), 0, NOW + 90 * DAY).of_idle == pytest.approx(60 * 30 / 35), "a longer span"
    log.add(KeeperMoved("k1", KeeperState.ARCHIVED), at=NOW + 61 * DAY)
    assert state(61) is State.ARCHIVED
    log.add(KeeperUsed("k1", "mention"), at=NOW + 62 * DAY)
    assert state(62) is State.FRESH, "used, so it is back"


def test_an_archived_keepers_passage_is_found_behind_an_equal_one(log: Log) -> None:
    log.say("m_000001", Text("The wombat sleeps here, as ever."))
    log.say("m_000002", Text("The wombat sleeps there, as ever."))
    log.keep("m_000002")
    assert [one.id for one in log.search("wombat sleeps")] == ["m_000002", "m_000001"]
    log.add(KeeperMoved("k1", KeeperState.ARCHIVED))
    found = log.search("wombat sleeps")
    assert [(one.id, one.state) for one in found] == [("m_000001", ""), ("m_000002", "archived")]


def test_the_quality_of_recall_is_measured_by_ids_and_by_words(log: Log, tmp_path: Path) -> None:
    log.say("m_000001", Text("We chose the wombat, because the quokka bites."))
    root = tmp_path / "project"
    (root / ".loomkin").mkdir(parents=True)
    log.database.writer.execute("VACUUM INTO ?", (str(root / ".loomkin" / "loomkin.db"),))
    file = tmp_path / "questions.jsonl"
    file.write_text(
        '{"question": "why not the quokka?", "any_of": ["because the  QUOKKA bites"]}\n'
        '{"question": "what did we choose, the wombat?", "any_of": ["m_000001"]}\n'
        '{"question": "who fed the wombat?", "any_of": ["the keeper did"]}\n'
    )
    asked = list(recall_quality.ask(root, recall_quality.read(file)))
    assert [one.place for one in asked] == [1, 1, 0]
    told = "\n".join(recall_quality.told(asked))
    assert "hit in the first 5: 2 of 3 (67 %)" in told
    assert "missed: who fed the wombat?" in told
