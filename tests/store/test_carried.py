"""All that belongs to a session comes along: keepers, decisions with their edges, kept outputs."""

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import pytest

from loomkin.errors import UsageError
from loomkin.records.decision import DecisionEdge, EdgeType, Node, NodeKind, NodeStatus, Origin, Wording
from loomkin.records.decision_event import DecisionLinked, DecisionLogged, DecisionRevised
from loomkin.records.event import CallFinished, CallStarted, MessageAdded, SessionRenamed
from loomkin.records.ids import CallId, DecisionId, KeeperId, MessageId, SessionId, TaskId
from loomkin.records.keeper import Card, Keeper, KeeperKind, KeeperState
from loomkin.records.keeper_event import KeeperMade, KeeperMoved, KeeperUsed
from loomkin.records.message import Message, Role, Text, ToolCall, ToolResult
from loomkin.records.session_event import Renamed, SessionImported
from loomkin.records.task import Task
from loomkin.records.team_event import TaskAdded
from loomkin.store import decisions, event_log, keepers, outputs, rebuild, sessions, tasks
from loomkin.store.database import Database
from loomkin.store.journal import write
from tests.store.carried import exported, take
from tests.store.facts import event, fill, said

OUTPUT = ".loomkin/outputs/cmd-1.txt"
FRESH = "s-9"


def keeper(number: int, session: str = "s-1") -> KeeperMade:
    messages = (MessageId("m1"), MessageId("m2"))
    card = Card(f"title {number}", files=("a.py",))
    return KeeperMade(
        Keeper(KeeperId(f"k{number}"), KeeperKind.CONTEXT, "coder", SessionId(session), card, messages, 99)
    )


def node(number: int, title: str, session: str = "s-1", prompt: str = "", **more: object) -> Node:
    origin = Origin(agent="coder", session=SessionId(session), prompt=prompt)
    wording = Wording(title, **more)  # type: ignore[arg-type]
    return Node(DecisionId(f"d{number}"), f"ch-{number}", NodeKind.DECISION, wording, origin, 5.0, 5.0)


def edge(start: int, end: int) -> DecisionLinked:
    one = DecisionEdge(f"e-{start}-{end}", f"ch-{start}", f"ch-{end}", EdgeType.REQUIRES, "why", 6.0)
    return DecisionLinked(one, "coder", "act")


def everything(db: Database) -> None:
    """A session with some of all; another one archived its keeper and revised its decision."""
    call = ToolCall(CallId("c1"), "shell", "{}")
    result = ToolResult(CallId("c1"), "shell", f"part; whole output: {OUTPUT}, see k3 and d5")
    use_sqlite = node(5, "Use SQLite", keepers=("k3",))
    foreign = node(4, "Be fast", "s-2", "secret words of another session")
    fill(db, DecisionLogged(foreign, "coder", "act"), session="s-2")
    fill(
        db,
        said("Please"),
        MessageAdded(Message(MessageId("m2"), Role.ASSISTANT, (Text("I run."), call), "coder", 2.0)),
        CallStarted("c1", "shell", "{}"),
        CallFinished("c1", "shell", "ok", 1.0, OUTPUT),
        MessageAdded(Message(MessageId("m3"), Role.USER, (result,), "loomkin", 3.0)),
        keeper(3),
        DecisionLogged(use_sqlite, "coder", "act"),
        edge(5, 4),
        TaskAdded(Task(TaskId("t1"), "Work", goal="d5")),
    )
    after = Wording("Use SQLite", status=NodeStatus.DONE, keepers=("k3",))
    revised = DecisionRevised(DecisionId("d5"), "ch-5", use_sqlite.wording, after, "person", "act")
    uses = (KeeperUsed("k3", "recall"), KeeperMoved("k3", KeeperState.ARCHIVED), revised)
    write(db, [event(one, "s-2") for one in uses])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "cmd-1.txt").write_text("all of it")
    return tmp_path / "here"


def text_of(folder: Path) -> str:
    here = Database(None)
    try:
        everything(here)
        return exported(here, "s-1", folder)
    finally:
        here.close()


def test_in_a_new_repository_all_is_the_same_down_to_the_numbers(folder: Path, tmp_path: Path) -> None:
    here, there = Database(None), Database(None)
    everything(here)
    taken = take(there, exported(here, "s-1", folder), folder=tmp_path / "there")
    assert (taken.renamed, taken.outputs) == ((), 1)
    assert keepers.keepers(there) == keepers.keepers(here)
    assert sessions.messages(there, "s-1") == sessions.messages(here, "s-1")
    nodes, edges = decisions.everything(there)
    known, known_edges = decisions.everything(here)
    assert edges == known_edges
    assert {one.id: one.wording for one in nodes} == {one.id: one.wording for one in known}
    assert (tmp_path / "there" / "cmd-1.txt").read_text() == "all of it"
    assert "secret words" not in exported(there)
    assert rebuild.differences(there) == []
    here.close()
    there.close()


def test_where_numbers_are_taken_all_get_new_ones_words_stay_and_agents_are_told(
    folder: Path, tmp_path: Path
) -> None:
    there = Database(None)
    outside = tmp_path / "there"
    outside.mkdir()
    (outside / "cmd-1.txt").write_text("something else")
    mine = DecisionLogged(node(7, "Mine", "s-0"), "coder", "act")
    fill(there, said("Mine"), keeper(4, "s-0"), mine, session="s-0")
    for name, number in (("keeper", 5), ("decision", 8)):
        there.writer.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"next:{name}", str(number)))
    taken = take(there, text_of(folder), folder=outside)
    new = {one.before: one.now for one in taken.renamed}
    assert new == {"k3": "k5", "d5": "d8", "d4": "d9", OUTPUT: ".loomkin/outputs/cmd-1-2.txt"}
    assert (outside / "cmd-1.txt").read_text() == "something else"
    assert (outside / "cmd-1-2.txt").read_text() == "all of it"
    words = sessions.messages(there, "s-1")
    assert "see k3 and d5" in words[2].results[0].text
    assert "k3 is now k5" in words[-1].text
    assert sessions.calls(there, "s-1")[0].output_id == ".loomkin/outputs/cmd-1-2.txt"
    assert [one.goal for one in tasks.tasks(there, "s-1")] == ["d8"]
    found = decisions.find(there, "d8")
    assert found is not None
    assert (found.status, found.wording.keepers, found.origin.session) == (NodeStatus.DONE, ("k5",), "s-1")
    [line] = keepers.lines(there.reader, there.project, "s-1")
    assert (line.id, line.moved, line.uses) == ("k5", KeeperState.ARCHIVED, 1)
    assert keepers.find(there, "k4").line.moved is None, "another keeper of that number was meant"
    note = next(event_log.facts(there, "s-1", SessionImported))
    assert Renamed("k3", "k5") in note.renamed
    assert rebuild.differences(there) == []
    there.close()


def test_what_is_here_already_comes_once_and_a_copy_shares_its_decisions(folder: Path) -> None:
    there, text = Database(None), text_of(folder)
    first = take(there, text)
    assert take(there, text) == type(first)(first.id, 0, 0)
    copy = take(there, text, iter([FRESH]).__next__, "copy")
    assert copy.id == FRESH
    assert len(decisions.everything(there)[0]) == 2
    assert {one.id for one in keepers.lines(there.reader, there.project)} == {"k3", "k4"}
    assert rebuild.differences(there) == []
    there.close()


def test_a_file_that_two_processes_import_at_once_comes_once(folder: Path, tmp_path: Path) -> None:
    text, ready = text_of(folder), Barrier(2)
    Database(tmp_path / "there.db").close()

    def imported(number: int) -> int:
        there = Database(tmp_path / "there.db")
        try:
            ready.wait(5)
            return take(there, text, lambda: f"s-{number}").events
        finally:
            there.close()

    with ThreadPoolExecutor(2) as pool:
        events = sorted(pool.map(imported, (8, 9)))
    assert events[0] == 0 < events[1]
    there = Database(tmp_path / "there.db")
    assert [row.id for row in sessions.all_sessions(there)] == ["s-1"]
    there.close()


def test_a_session_whose_name_is_taken_gets_another_one_and_a_given_name_is_refused(folder: Path) -> None:
    there, text = Database(None), text_of(folder).replace('"name": ""', '"name": "cache"', 1)
    for session, name in (("s-7", "cache"), ("s-8", "cache-2")):
        fill(there, SessionRenamed(name), session=session)
    with pytest.raises(UsageError, match="s-7 has that name already"):
        take(there, text, name="cache")
    assert take(there, text).named == "cache-3"
    assert sessions.find(there, "cache-3").id == "s-1"
    assert sessions.find(there, "cache").id == "s-7"
    assert rebuild.differences(there) == []
    there.close()


def test_an_output_that_is_too_large_is_named_and_left_out(folder: Path) -> None:
    (folder / "cmd-1.txt").write_bytes(b"x" * (outputs.LARGEST + 1))
    told: list[str] = []
    assert list(outputs.packed(folder, ["cmd-1.txt", "gone.txt"], told.append)) == [
        {"name": "cmd-1.txt", "size": outputs.LARGEST + 1}
    ]
    assert told == [f"output cmd-1.txt has {outputs.LARGEST + 1} bytes", "output gone.txt is gone"]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "x.part", "-rf"])
def test_no_output_gets_out_of_its_folder(folder: Path, tmp_path: Path, name: str) -> None:
    text = text_of(folder).replace('"name": "cmd-1.txt"', f'"name": "{name}"')
    there = Database(None)
    with pytest.raises(UsageError, match="names no output"):
        take(there, text, folder=tmp_path / "there")
    assert not (tmp_path / "there").exists()
    there.close()


@pytest.mark.slow
def test_killed_at_any_moment_an_import_leaves_nothing_and_then_succeeds(tmp_path: Path) -> None:
    noise = random.Random(7)
    here, count = Database(None), 1_500
    fill(here, *(said(noise.randbytes(6_000).hex(), identity=f"m{number}") for number in range(count)))
    (tmp_path / "s.json").write_text(exported(here))
    here.close()
    state = tmp_path / "p" / ".loomkin"
    state.mkdir(parents=True)
    there = Database(state / "loomkin.db")
    command = [sys.executable, "-m", "loomkin", "sessions", "import", str(tmp_path / "s.json")]
    for grown in (0, 1, 3_000_000):  # while it reads, as soon as pages spill, and later
        process = subprocess.Popen([*command, "-C", str(state.parent)], stderr=subprocess.DEVNULL)
        try:
            _wait_for_growth(process, state / "loomkin.db-wal", grown)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL, "it was too fast"
        assert there.rows("SELECT count(*) FROM events")[0][0] == 0
        assert sessions.all_sessions(there) == []
        assert {path.name.partition("-")[0] for path in state.iterdir()} <= {"loomkin.db", ".gitignore"}
    done = subprocess.run([*command, "-C", str(state.parent)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(sessions.messages(there, "s-1")) == count
    there.close()


def _wait_for_growth(process: "subprocess.Popen[bytes]", file: Path, size: int) -> None:
    before = file.stat().st_size
    while size and file.stat().st_size < before + size and process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.005)
