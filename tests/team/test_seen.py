"""What stands below a report is what was done since the order, and how the last commands ended."""

import json

import pytest

from loomkin.records.event import CallStarted, Event, Fact, FileChanged, MessageAdded
from loomkin.records.ids import CallId, MessageId, SessionId, TaskId
from loomkin.records.mail import SYSTEM
from loomkin.records.message import Message, ToolResult
from loomkin.records.message import Role as Speaker
from loomkin.records.role import Role
from loomkin.records.task import Evidence, TaskState
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.team.seen import Seen

CODER = Role("coder", "writes", ("file_edit", "shell"), "")
TESTER = Role("tester", "runs", ("shell",), "")
READER = Role("reader", "reads", ("file_read",), "")


class Book:
    """An agent's acts, one each second."""

    def __init__(self) -> None:
        self.seen = Seen(lambda command: command == "ls")
        self.events: list[Event] = []
        self.agent = "ann"

    def note(self, fact: Fact) -> None:
        at = len(self.events) + 1
        self.events.append(Event(at, float(at), SessionId("s"), self.agent, "", fact))
        self.seen.happened(self.events[-1])

    def edit(self, path: str, added: int = 1) -> None:
        self.note(FileChanged("c", path, "a", "b", added, 0, ""))

    def ran(self, command: str, text: str = "exit 0", tool: str = "shell", **more: str) -> None:
        call = CallId(f"c{len(self.events)}")
        self.note(CallStarted(call, tool, json.dumps({"command": command, **more})))
        result = ToolResult(call, tool, text)
        self.note(MessageAdded(Message(MessageId("m"), Speaker.USER, (result,), "loomkin", 0.0)))

    def words(self, role: Role = CODER, since: float = 0.0) -> str:
        return self.seen.words("ann", role, since)


def test_only_what_ran_after_the_last_edit_counts_and_each_command_as_it_ended_last():
    book = Book()
    book.ran("pytest -q", "exit 1")
    book.edit("a.py", 2)
    book.edit("b.py")
    book.edit("a.py")
    assert (
        book.words()
        == "loomkin saw: changed a.py +3 -0, b.py +1 -0; only reading after the last edit; not committed."
    )
    book.ran("ls")
    book.ran("pytest -q", "1 failed\nexit 1")
    book.ran("pytest -q", "exit 9 is not the end\n3 passed\nexit 0")
    book.ran("mypy | tail", "exit 0 (of the last command of the pipe)")
    assert (
        "after the last edit: `pytest -q` -> exit 0, "
        "`mypy | tail` -> exit 0 (of the last command of the pipe); not committed."
    ) in book.words()


def test_what_was_done_before_the_order_is_not_told():
    book = Book()
    book.edit("a.py")
    since = len(book.events) + 0.5
    assert book.words(since=since) == "loomkin saw: no file changed; only reading."
    assert book.words(READER, since) == ""
    book.ran("pytest -q", "exit 1")
    assert book.words(TESTER, since) == "loomkin saw: `pytest -q` -> exit 1."


@pytest.mark.parametrize(
    ("command", "tool", "more"),
    [("git add . && git commit -m x", "shell", {}), ("", "git", {"operation": "commit", "args": "-m x"})],
)
def test_a_commit_counts_where_it_came_after_the_last_edit(command: str, tool: str, more: dict[str, str]):
    book = Book()
    book.edit("a.py")
    book.ran(command, tool=tool, **more)
    assert book.words().endswith("; committed.")
    book.edit("a.py")
    assert book.words().endswith("; not committed.")


def test_a_file_that_a_command_wrote_is_an_edit_before_that_commands_end():
    book = Book()
    book.ran("pytest -q")
    book.seen.wrote("ann", "gen.py", float(len(book.events)))
    book.ran("make gen")
    assert book.words() == (
        "loomkin saw: changed gen.py (by a command); after the last edit: `make gen` -> exit 0; "
        "not committed."
    )


def test_numbers_are_net_and_checks_that_passed_come_first():
    book = Book()
    book.note(FileChanged("c", "a.py", "a", "b", 2, 1, "@@ -1 +1,2 @@\n-old\n+one\n+two"))
    book.note(FileChanged("c", "a.py", "b", "c", 1, 2, "@@ -1,2 +1 @@\n-one\n-two\n+old"))
    book.note(FileChanged("c", "a.py", "c", "d", 1, 0, "@@ -1 +1,2 @@\n+three"))
    book.seen.wrote("ann", "b.py", 4.0, (5, 2))
    book.ran("python try.py")
    book.note(TaskMoved(TaskId("t1"), TaskState.OFFERED, TaskState.IN_PROGRESS, "ann", "ann", ""))
    for command, code in (("pytest -q", 1), ("mypy", 0), ("pytest -q", 0)):
        book.note(EvidenceGathered(TaskId("t1"), Evidence(command, code, "", SYSTEM, 1.0)))
    book.note(EvidenceGathered(TaskId("t2"), Evidence("ruff", 0, "", SYSTEM, 1.0)))
    assert book.words() == (
        "loomkin saw: changed a.py +1 -0, b.py +5 -2; after the last edit: checks passed: `pytest -q`, "
        "`mypy`; `python try.py` -> exit 0; not committed."
    )


def test_what_verify_ran_counts_under_its_commands_own_name():
    book = Book()
    book.ran("", "3 passed\n`pytest -q`: exit 0. Kept as evidence for t1.", tool="verify", what="test")
    book.ran("", "`mypy .` failed and passed when it was run again at once: it is flaky.", tool="verify")
    assert book.words(TESTER) == "loomkin saw: `pytest -q` -> exit 0, `mypy .` -> failed and passed."


def test_what_its_team_did_counts_for_who_leads_it_in_the_order_in_which_it_was_done():
    book = Book()
    book.edit("a.py", 2)
    book.agent = "bob"
    book.ran("pytest -q", "exit 1")
    book.edit("b.py")
    book.ran("pytest -q")
    book.agent = "lead"
    book.ran("ls")
    told = book.seen.words("lead", CODER, 0.0, ("ann", "bob", "eve"))
    assert told == (
        "loomkin saw of its team (ann, bob): changed a.py +2 -0, b.py +1 -0; after the last edit: "
        "`pytest -q` -> exit 0; not committed."
    )
    assert book.seen.words("lead", CODER, 0.0) == "loomkin saw: no file changed; only reading."
    since = len(book.events) + 0.5
    assert book.seen.words("lead", READER, since, ("ann", "bob")) == ""


def test_who_goes_on_after_a_restart_has_seen_the_same():
    book, again = Book(), Seen(lambda command: False)
    book.edit("a.py")
    book.ran("pytest -q")
    again.restore(reversed(book.events))
    assert again.words("ann", CODER, 0.0) == book.words()
