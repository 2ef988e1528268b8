"""What was changed for a task, and how others are shown it."""

import re
from pathlib import Path

import pytest

from loomkin.project.text import sha_of
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, FileChanged
from loomkin.records.ids import SessionId, TaskId
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.team.differences import LARGEST, Differences, Versions
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


def moved(prints: Footprints, before: TaskState, after: TaskState, owner: str = "ada") -> None:
    fact = TaskMoved(TaskId("t1"), before, after, "bob", owner, "why?")
    prints.happened(Event(0, 1.0, SessionId("s"), "bob", "", fact))


def test_what_the_owner_of_a_refused_task_changes_in_its_files_counts_for_it_too() -> None:
    prints = Footprints()
    changed(prints, "a.py")
    changed(prints, "a.py", task="t2")
    moved(prints, TaskState.IN_REVIEW, TaskState.WAITING)
    changed(prints, "a.py", task="t2")
    changed(prints, "a.py", task="t2", agent="eve")
    changed(prints, "b.py", task="t2")
    assert len(prints.steps(TASK)) == 2
    assert prints.paths(TASK) == ("a.py", "by_hand.py")
    moved(prints, TaskState.IN_PROGRESS, TaskState.VERIFYING)
    changed(prints, "a.py", task="t2")
    assert len(prints.steps(TASK)) == 2


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path, (), tmp_path / "outputs")


@pytest.fixture
def kept() -> Versions:
    return Versions()


@pytest.fixture
def prints() -> Footprints:
    return Footprints()


@pytest.fixture
def differences(prints: Footprints, place: Workplace, kept: Versions) -> Differences:
    return Differences(prints, place, kept, lambda text: text.replace("secret", "*****"))


async def test_a_files_whole_difference_is_shown_however_many_changes_it_had(
    prints: Footprints, place: Workplace, kept: Versions, differences: Differences
) -> None:
    kept.keep("a", "one\ntwo\n")
    changed(prints, "a.py", "... 215 more lines of the diff are not shown")
    changed(prints, "a.py", "-x", agent="bob")
    (place.root / "a.py").write_text("one\nsecret\n")
    now = await differences.now(TASK)
    shown = await differences.whole(TASK, now)
    assert "--- a.py (+1 -1, by ada, bob)" in shown
    assert "-two\n+*****" in shown
    assert "not shown" not in shown
    assert "by_hand.py: changed by other means, read it" in shown
    (place.root / "a.py").write_text("one\nthree\n")
    later = differences.since(TASK, now, await differences.now(TASK))
    assert "+three" in later
    assert "-two" not in later


async def test_what_nobody_remembers_is_shown_as_the_tools_told_it(
    prints: Footprints, differences: Differences
) -> None:
    changed(prints, "a.py", "+told")
    shown = await differences.whole(TASK, await differences.now(TASK))
    assert "--- a.py (+3 -1, by ada)\n+told" in shown


async def test_a_long_difference_is_cut_by_file_and_whole_in_a_file(
    prints: Footprints, place: Workplace, kept: Versions, differences: Differences
) -> None:
    kept.keep("a", "")
    sizes = {"a.py": 5000, "b.py": 1, "c.py": 600, "d.py": 3000}
    for name, lines in sizes.items():
        changed(prints, name)
        (place.root / name).write_text("".join(f"{name} {number}\n" for number in range(lines)))
    shown = await differences.whole(TASK, await differences.now(TASK))
    assert len(shown) < MOST_CHARS + 500
    assert "+b.py 0\n" in shown
    assert "+c.py 599\n" in shown
    assert re.search(r"\+a.py \d+\n\.\.\. \d+ more lines of this file\n--- b.py", shown)
    assert "--- d.py" not in shown
    assert shown.endswith(
        "Not or not all shown: a.py (+5000 -0), d.py (+3000 -0). See them before you judge: "
        "git_read diff -- PATH, file_read PATH, or all: file_read outputs/review-t1-1.diff."
    )
    whole = (place.outputs / "review-t1-1.diff").read_text()
    assert "+a.py 4999\n" in whole
    assert "+d.py 2999\n" in whole


async def test_a_difference_that_is_a_little_too_long_is_shown_whole(
    prints: Footprints, place: Workplace, kept: Versions, differences: Differences
) -> None:
    kept.keep("a", "")
    changed(prints, "a.py")
    (place.root / "a.py").write_text("x" * 9 + "\n" + "y" * (MOST_CHARS + 1000))
    assert "more lines" not in await differences.whole(TASK, await differences.now(TASK))


async def test_what_others_changed_in_a_shared_file_is_told_apart_from_the_tasks_own_lines(
    prints: Footprints, place: Workplace, kept: Versions, differences: Differences
) -> None:
    task = replace(TASK, owner="ada", handoff=None)

    def step(before: str, after: str, agent: str, identity: str) -> None:
        kept.keep(sha_of(before.encode()), before)
        shas = (sha_of(before.encode()), sha_of(after.encode()))
        fact = FileChanged(f"c{prints.count}", "doc.md", *shas, 1, 1, "")
        prints.happened(Event(0, 1.0, SessionId("s"), agent, identity, fact))
        (place.root / "doc.md").write_text(after)

    base = "cost\nsessions\ntasks\nwhy\n"
    mine = base.replace("sessions", "sessions --since")
    both = mine.replace("tasks", "tasks --state")
    step(base, mine, "ada", "t1")
    step(mine, both, "bob", "t2")
    shown, count = await differences.now(task), prints.count
    told = await differences.whole(task, shown)
    assert "--- doc.md (+1 -1, by ada; bob +1 -1 in other lines, not shown)" in told
    assert "-sessions\n+sessions --since\n tasks --state\n" in told

    step(both, both + "zebra\n", "bob", "t2")
    assert differences.only_others(task, shown, await differences.now(task), count) == "doc.md by bob"
    (place.root / "doc.md").write_text(both + "zebra\nby nobody known\n")
    assert differences.only_others(task, shown, await differences.now(task), count) == ""
    step(both + "zebra\n", both.replace("--since", "--from") + "zebra\n", "bob", "t2")
    assert differences.only_others(task, shown, await differences.now(task), count) == ""
    shown, count, last = await differences.now(task), prints.count, (place.root / "doc.md").read_text()
    step(last, last + "more\n", "ada", "")
    assert differences.only_others(task, shown, await differences.now(task), count) == "", "her own line"


def test_old_versions_make_room_for_new_ones() -> None:
    kept = Versions()
    for number in range(40):
        kept.keep(str(number), "x" * LARGEST)
    assert (kept.get("0"), kept.get("")) == (None, "")
    assert kept.get("39")


async def test_a_task_without_changes_says_so(differences: Differences) -> None:
    assert await differences.whole(Task(TaskId("t9"), "x"), {}) == "No changed file is known."
