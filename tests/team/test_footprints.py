"""What was changed for a task, and how others are shown it."""

from loomkin.records.event import Event, FileChanged
from loomkin.records.ids import SessionId, TaskId
from loomkin.records.task import Handoff, Task
from loomkin.team.footprints import MOST_CHARS, Footprints

TASK = Task(TaskId("t1"), "work", handoff=Handoff("did", changed=("by_hand.py",)))


def changed(prints: Footprints, path: str, diff: str = "+x", task: str = "t1", agent: str = "ada") -> None:
    fact = FileChanged("c", path, "a", "b", 3, 1, diff)
    prints.happened(Event(0, 1.0, SessionId("s"), agent, task, fact))


def test_a_task_has_the_changes_made_while_it_was_in_hand_and_what_its_owner_names() -> None:
    prints = Footprints()
    changed(prints, "a.py")
    changed(prints, "b.py", task="t2")
    changed(prints, "a.py", agent="bob")
    prints.wrote("ada", "t1", "made.txt", 2.0)
    assert prints.paths(TASK) == ("a.py", "made.txt", "by_hand.py")
    assert prints.lines(TASK) == 8
    shown = prints.diff(TASK)
    assert shown.index("a.py (+3 -1, by ada)") < shown.index("a.py (+3 -1, by bob)")
    assert "made.txt (+0 -0, by ada)\n(written by a command: read it)" in shown
    assert shown.endswith("Changed by other means, read them: by_hand.py")
    assert "b.py" not in shown
    assert [step.change.path for step in prints.since(2)] == ["a.py", "made.txt"]


def test_long_changes_are_counted_and_left_out() -> None:
    prints = Footprints()
    changed(prints, "a.py", "+" + "x" * MOST_CHARS)
    changed(prints, "b.py", "+small")
    shown = prints.diff(TASK)
    assert "+small" in shown
    assert "1 more changes are too long for here" in shown
    assert len(shown) < MOST_CHARS


def test_a_task_without_changes_says_so() -> None:
    assert Footprints().diff(Task(TaskId("t9"), "x")) == "No changed file is known."
