"""Who is thought to do a task best."""

from loomkin.records.ids import TaskId
from loomkin.records.role import Role
from loomkin.records.task import Task
from loomkin.store.tasks import TrackRecord
from loomkin.team.matching import Candidate, fits, rank, role_for, success

WORK = ("task_complete",)
CODER = Role("coder", "writes", ("file_edit", "shell"), "", team_tools=WORK)
WRITER = Role("writer", "writes docs", ("file_edit",), "", team_tools=WORK)
READER = Role("reader", "reads", ("file_read",), "", team_tools=WORK)
HOST = Role("host", "talks", ("file_edit", "shell"), "", team_tools=("task_create",))


def task(role: str = "", *checks: str) -> Task:
    return Task(TaskId("t1"), "work", role=role, checks=checks)


def agent(
    name: str, role: Role = CODER, model: str = "a/one", load: int = 0, knows: bool = False
) -> Candidate:
    return Candidate(name, role, model, load, knows)


def test_a_role_that_is_named_is_the_only_one_that_fits() -> None:
    assert fits(task("reader"), READER)
    assert not fits(task("reader"), CODER)


def test_without_a_role_the_tools_decide() -> None:
    assert [fits(task(), role) for role in (CODER, WRITER, READER, HOST)] == [True, True, False, False]
    assert [fits(task("", "pytest"), role) for role in (CODER, WRITER)] == [True, False]


def test_load_counts_more_than_record_and_record_more_than_the_name() -> None:
    records = [TrackRecord("coder", "a/one", 9, 1), TrackRecord("coder", "b/two", 1, 9)]
    both = [agent("ada", model="b/two"), agent("bob", model="a/one")]
    assert [one.name for one in rank(task("coder"), both, records)] == ["bob", "ada"]
    both = [agent("ada", model="b/two"), agent("bob", CODER, "a/one", 2)]
    assert [one.name for one in rank(task("coder"), both, records)] == ["ada", "bob"]
    assert [one.name for one in rank(task("coder"), [agent("bob"), agent("ada")], [])] == ["ada", "bob"]


def test_who_did_what_the_task_builds_on_comes_before_an_equal() -> None:
    both = [agent("ada"), agent("bob", CODER, "a/one", 0, True)]
    best = rank(task("coder"), both, [])[0]
    assert best.name == "bob"
    assert "knows what it builds on" in best.why


def test_one_lucky_task_does_not_outweigh_nine_of_ten() -> None:
    records = [TrackRecord("coder", "a/one", 9, 1), TrackRecord("coder", "b/two", 1, 0)]
    assert success("coder", "a/one", records)[0] > success("coder", "b/two", records)[0]
    assert success("coder", "", records) == (11 / 13, 11)
    assert success("reader", "", records) == (0.5, 0)


def test_the_role_that_did_best_is_hired_and_a_coder_where_nothing_is_known() -> None:
    roles = {role.name: role for role in (WRITER, HOST, CODER, READER)}
    assert role_for(task(), roles, []) is CODER
    assert role_for(task(), roles, [TrackRecord("coder", "a/one", 0, 5)]) is WRITER
    assert role_for(task("reader"), roles, []) is READER
    assert role_for(task("nobody"), roles, []) is None
