"""`loomkin tasks`: the plan of a session from another terminal."""

from pathlib import Path

import pytest

from loomkin.records import team_event as team
from loomkin.records.ids import TaskId
from loomkin.records.task import Evidence, Handoff, Task, TaskState
from loomkin.store.journal import write
from loomkin.store.lock import SessionLock
from tests.cli.project import database, loomkin, repository
from tests.store.facts import event, fill, said


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    with database(root) as db:
        fill(
            db,
            said("go"),
            team.TaskAdded(Task(TaskId("t1"), "Mend mean()", state=TaskState.READY)),
            team.TaskMoved(TaskId("t1"), TaskState.READY, TaskState.DONE, "coder", "coder", ""),
            team.HandedOff(TaskId("t1"), Handoff(done="The mean is right.", changed=("calc.py",))),
        )
    monkeypatch.chdir(root)
    return root


def test_a_task_without_evidence_is_only_claimed_to_be_done(root: Path) -> None:
    assert loomkin("tasks", "list").lines == ["t1   done (claimed)  Mend mean()  (coder)"]
    assert loomkin("tasks", "list", "--json").json[0]["claimed"] is True
    shown = loomkin("tasks", "show", "t1").out
    assert "handoff, done: The mean is right." in shown
    assert "handoff, changed: calc.py" in shown
    proof = team.EvidenceGathered(TaskId("t1"), Evidence("make test", 0, "ok", "loomkin", 1.0))
    with database(root) as db:
        write(db, [event(proof)])
    assert loomkin("tasks", "list").lines == ["t1   done  Mend mean()  (coder)"]


def listed(*words: str) -> list[str]:
    return [task["id"] for task in loomkin("tasks", "list", *words, "--json").json]


def test_only_tasks_in_the_states_asked_for_are_listed(root: Path) -> None:
    loomkin("tasks", "add", "Test it", "--needs", "t1")
    loomkin("tasks", "add", "Write it down", "--needs", "t2")
    assert listed() == ["t1", "t2", "t3"]
    assert listed("--state", "done") == ["t1"]
    assert listed("--state", "ready", "--state", "proposed") == ["t2", "t3"]
    assert [line.split()[0] for line in loomkin("tasks", "list", "--state", "ready").lines] == ["t2"]
    none = loomkin("tasks", "list", "--state", "failed", "--state", "in_progress")
    assert none.out == "No task of s-1 is failed or in progress.\n"


def test_an_unknown_state_is_refused_and_the_states_there_are_named(root: Path) -> None:
    refused = loomkin("tasks", "list", "--state", "ready", "--state", "colour")
    assert refused.code == 2
    assert "--state" in refused.err
    assert all(f"'{word}'" in refused.err for word in ("colour", *TaskState))


def test_a_repository_without_sessions_has_no_tasks_in_any_state(tmp_path: Path) -> None:
    new = repository(tmp_path / "new")
    assert loomkin("tasks", "list", "--state", "done", "-C", new).out.startswith("There are no sessions in ")


def test_tasks_are_added_changed_and_cancelled(root: Path) -> None:
    done = loomkin("tasks", "add", "Test it", "--role", "tester", "--check", "make test", "--needs", "t1")
    assert done.out == "t2 is ready: Test it\n"
    assert loomkin("tasks", "add", "Write it down", "--needs", "t2").out == "t3 is proposed: Write it down\n"
    changed = loomkin("tasks", "edit", "t3", "--priority", "9", "--title", "Write all of it down")
    assert "t3 Write all of it down" in changed.out
    assert "priority: 9" in changed.out
    lines = loomkin("tasks", "list").lines
    assert [line.split()[0] for line in lines] == ["t3", "t2", "t1"]
    assert "needs t2 · priority 9" in lines[0]
    gone = loomkin("tasks", "cancel", "t3", "--reason", "nobody reads it")
    assert gone.out == "t3 is cancelled: Write all of it down\n"
    assert "nobody reads it" in loomkin("tasks", "show", "t3").out
    assert loomkin("sessions", "check").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "X", "--needs", "t9"), "There is no task 't9'"),
        (("add", " "), "A task needs a title"),
        (("edit", "t1"), "Nothing to change was named"),
        (("edit", "t1", "--priority", "12"), "is no priority"),
        (("show", "t7"), "There is no task 't7'"),
        (("cancel", "t1"), "t1 is done"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(root: Path, words: tuple[str, ...], said: str) -> None:
    before = loomkin("tasks", "list").out
    done = loomkin("tasks", *words)
    assert done.code != 0
    assert said in done.err
    assert loomkin("tasks", "list").out == before


def test_the_plan_of_a_session_at_work_is_not_changed_behind_its_back(root: Path) -> None:
    lock = SessionLock(root / ".loomkin", "s-1")
    try:
        done = loomkin("tasks", "add", "Test it")
    finally:
        lock.release()
    assert done.code == 2
    assert "works in session s-1" in done.err
    assert "/tasks" in done.err
    assert len(loomkin("tasks", "list").lines) == 1
