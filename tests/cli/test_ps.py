"""`loomkin ps`: what every agent does, read from the database of another process."""

import os
from pathlib import Path

import pytest

from loomkin.records import team_event as team
from loomkin.records.event import (
    ApprovalAsked,
    CallFinished,
    CallStarted,
    Fact,
    PermissionDecided,
    TurnEnded,
    TurnStarted,
)
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import Mail, MailKind
from loomkin.records.region import Claim, Region
from loomkin.records.task import Task, TaskState
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock, holder
from tests.cli.project import database, loomkin, repository
from tests.store.facts import event, fill, said, used

SESSION = "s-1"


def joined(name: str) -> team.AgentJoined:
    return team.AgentJoined(name, name, "main", "concierge", "fake/model", "Mend mean.")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    monkeypatch.chdir(root)
    return root


def happened(root: Path, *facts: tuple[str, Fact]) -> None:
    """Write what each agent did, a second after the other."""
    with database(root) as db:
        fill(db)
        write(db, [event(fact, SESSION, agent, 100.0 + at) for at, (agent, fact) in enumerate(facts)])


def states(root: Path, *, running: bool = True) -> dict[str, tuple[str, str]]:
    lock = SessionLock(root / ".loomkin", SESSION) if running else None
    try:
        (one,) = loomkin("ps", "--json").json["sessions"]
    finally:
        if lock is not None:
            lock.release()
    assert one["running"] is running
    assert one["process"] == (os.getpid() if running else None)
    return {agent["agent"]: (agent["state"], agent["detail"]) for agent in one["agents"]}


WORK = (
    ("", joined("concierge")),
    ("", joined("coder")),
    ("", joined("tester")),
    ("", joined("lead")),
    ("", joined("researcher")),
    ("concierge", TurnStarted(1, "person")),
    ("concierge", TurnEnded(1, "done", "", 1, 1.0)),
    ("coder", TurnStarted(1, "control from concierge")),
    ("coder", CallStarted("c1", "shell", '{"command": "make"}')),
    ("tester", TurnStarted(1, "control from concierge")),
    ("tester", ApprovalAsked("c1", "shell", "git push", "It talks to others.")),
    ("lead", TurnStarted(1, "control from concierge")),
    ("lead", CallStarted("c1", "peer_ask", '{"to": "coder", "question": "Which?"}')),
    ("", team.AgentMoved("researcher", "paused")),
)


def test_states_are_those_that_are_written_down(root: Path) -> None:
    happened(root, *WORK)
    assert states(root) == {
        "concierge": ("idle", ""),
        "coder": ("in_tool", "shell"),
        "tester": ("waiting_person", "shell git push"),
        "lead": ("waiting_agent", "coder"),
        "researcher": ("paused", ""),
    }


def test_what_a_gone_process_left_open_is_interrupted(root: Path) -> None:
    happened(root, *WORK)
    assert states(root, running=False) == {
        "concierge": ("ended", ""),
        "coder": ("interrupted", "its process ended"),
        "tester": ("interrupted", "its process ended"),
        "lead": ("interrupted", "its process ended"),
        "researcher": ("interrupted", "its process ended"),
    }
    shown = loomkin("ps").out
    assert "its process is gone; `loomkin -c` goes on with it" in shown


def test_an_answered_question_and_a_finished_call_are_over(root: Path) -> None:
    decided = PermissionDecided("c1", "shell", "git push", "allow", "", "", "person", "person")
    more = (
        ("tester", decided),
        ("coder", CallFinished("c1", "shell", "ok", 1.0)),
        ("", team.AgentMoved("researcher", "stalled", "silent for 60 s")),
        ("researcher", TurnStarted(1, "poke")),
        ("", team.AgentMoved("lead", "stopped", "stopped by the person")),
    )
    happened(root, *WORK, *more)
    found = states(root)
    assert found["tester"] == found["coder"] == found["researcher"] == ("thinking", "")
    assert found["lead"] == ("stopped", "stopped by the person")


def test_steps_tokens_money_task_claims_and_mail_are_told(root: Path) -> None:
    claim = Claim("r1", Region("calc.py", "mean"), "coder", "mend it", 1.0)
    happened(
        root,
        ("", joined("coder")),
        ("coder", TurnStarted(1, "mail")),
        ("coder", used(1_500_000_000, tokens=1200)),
        ("coder", used(None, tokens=10)),
        ("", team.TaskAdded(Task(TaskId("t1"), "Mend mean()"))),
        ("", team.TaskMoved(TaskId("t1"), TaskState.READY, TaskState.IN_PROGRESS, "coder", "coder", "")),
        ("", team.RegionClaimed(claim)),
        ("", team.MailSent(Mail(MailId("m1"), "lead", "coder", MailKind.CHAT, "Hi.", 1.0))),
    )
    (agent,) = loomkin("ps", "--json").json["sessions"][0]["agents"]
    assert (agent["steps"], agent["tokens"], agent["usd"], agent["unpriced_calls"]) == (2, 1212, "0.0015", 1)
    assert (agent["task"], agent["task_title"], agent["claims"]) == ("t1", "Mend mean()", ["calc.py:mean"])
    assert agent["letters_waiting"] == 1
    heading, line = loomkin("ps").lines[1:]
    assert heading.split()[:4] == ["AGENT", "ROLE", "STATE", "FOR"]
    assert "$0.0015+?" in line
    assert "t1 Mend mean()" in line


def test_one_agent_alone_is_shown_and_nothing_at_all_is_said(root: Path) -> None:
    assert "no sessions" in loomkin("ps").out
    assert loomkin("ps", "--json").json == {"sessions": []}
    happened(root, ("coder", TurnStarted(1, "person")), ("coder", said("go")))
    assert states(root) == {"coder": ("thinking", "")}


def test_a_lock_file_that_a_dead_process_left_is_no_process(tmp_path: Path) -> None:
    assert holder(tmp_path, SESSION) is None
    (tmp_path / f"{SESSION}.lock").write_text(f"{os.getpid()}\n")
    assert holder(tmp_path, SESSION) is None, "the number was given to another process"
    lock = SessionLock(tmp_path, SESSION)
    assert holder(tmp_path, SESSION) == os.getpid()
    lock.release()
    (tmp_path / f"{SESSION}.lock").write_text("4194304000\n")
    assert holder(tmp_path, SESSION) is None
