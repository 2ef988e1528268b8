"""The plan keeps to its table whatever is done to it, and is the same when it is read back."""

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.errors import LoomkinError, NotFoundError
from loomkin.records.event import Event, Fact
from loomkin.records.ids import SessionId, TaskId
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.records.task import ENDED, Edge, EdgeKind, Evidence, Handoff, OnFailure, Task, TaskState
from loomkin.records.team_event import EdgeAdded, TaskAdded, TaskMoved
from loomkin.runtime.recorder import Scribe
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD, HOLDS, in_hand
from loomkin.team.edges import cycle, missing
from loomkin.team.orders import proof_words
from loomkin.team.plan import Plan, read
from loomkin.team.referee import PlanError
from loomkin.team.transitions import TRANSITIONS, Actor, Guard, Verb

S = TaskState
SESSION = SessionId("s1")
AGENTS = ("lead", "ada", "bob")
HANDOFF = Handoff(done="all of it")


class Noted:
    """Keeps facts in the order they were recorded."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        self.facts.append(fact)

    async def flush(self) -> None:
        return None

    @property
    def moves(self) -> list[TaskMoved]:
        return [fact for fact in self.facts if isinstance(fact, TaskMoved)]


def a_board() -> tuple[Board, Noted]:
    noted = Noted()
    return Board(Scribe(noted, SESSION), Plan(), lambda name: name == "lead"), noted


def a_task(title: str = "work", **more: object) -> Task:
    return Task(TaskId(""), title, creator="lead", **more)  # type: ignore[arg-type]


def needs(before: str, kind: EdgeKind = EdgeKind.REQUIRES_OUTPUT, name: str = "", **more: OnFailure) -> Edge:
    return Edge(TaskId(before), TaskId(""), kind, name, **more)


def start(board: Board, task: str, agent: str = "ada") -> None:
    board.move(task, Verb.TAKE, agent)


def finish(board: Board, task: str, agent: str = "ada") -> None:
    board.hand_off(task, HANDOFF)
    board.move(task, Verb.COMPLETE, agent)
    board.move(task, Verb.PASS, SYSTEM, role=Actor.VERIFIER)


def fail(board: Board, task: str) -> None:
    board.move(task, Verb.FAIL, "lead", "it cannot be done")


def test_the_table_lets_every_state_be_reached_and_every_open_one_be_left() -> None:
    reached = {row.after for row in TRANSITIONS} | {S.PROPOSED}
    assert reached == set(TaskState)
    assert {row.before for row in TRANSITIONS} == set(TaskState) - {S.DONE}
    assert set(HOLDS) == set(Guard)
    assert {row.verb for row in TRANSITIONS} == set(Verb)


def test_a_task_is_ready_once_nothing_is_missing_and_nobody_can_say_so_for_it() -> None:
    board, _ = a_board()
    board.add(a_task("first"))
    board.add(a_task("second"), [needs("t1")])
    assert [task.state for task in board.tasks] == [S.READY, S.PROPOSED]
    with pytest.raises(PlanError, match="Only its board may say that t2 becomes ready"):
        board.move("t2", Verb.READY, "lead")
    start(board, "t1")
    finish(board, "t1")
    assert board.task("second").state is S.READY


def test_only_a_handoff_completes_a_task_and_only_its_owner_hands_it_in() -> None:
    board, _ = a_board()
    board.add(a_task())
    start(board, "t1")
    with pytest.raises(PlanError, match="only where its handoff says what was done"):
        board.move("t1", Verb.COMPLETE, "ada")
    board.hand_off("t1", Handoff(open="everything"))
    with pytest.raises(PlanError, match="only where its handoff"):
        board.move("t1", Verb.COMPLETE, "ada")
    board.hand_off("t1", HANDOFF)
    with pytest.raises(PlanError, match="Only its owner may say"):
        board.move("t1", Verb.COMPLETE, "bob")
    board.move("t1", Verb.COMPLETE, "ada")
    assert board.task("t1").state is S.VERIFYING


def test_a_task_refused_while_its_owner_is_busy_goes_on_by_itself_or_in_the_place_of_the_other() -> None:
    board, _ = a_board()
    for _ in range(2):
        board.add(a_task(needs_review=True))
    start(board, "t1")
    board.hand_off("t1", HANDOFF)
    board.move("t1", Verb.COMPLETE, "ada")
    board.move("t1", Verb.PASS, SYSTEM, role=Actor.VERIFIER)
    start(board, "t2")
    board.move("t1", Verb.REFUSE, "bob", "why?")
    assert (board.task("t1").state, board.task("t1").reason) == (S.WAITING, "to be mended: why?")
    assert board.take_up("t1", "bob").state is S.WAITING
    assert board.take_up("t1", "ada").state is S.IN_PROGRESS
    assert (board.task("t2").state, board.task("t2").reason) == (S.WAITING, "behind t1 (work)")
    with pytest.raises(PlanError, match=r"t2 waits.\nTake it up again with task_accept first"):
        board.owned("t2", "ada")
    board.move("t1", Verb.COMPLETE, "ada")
    board.move("t1", Verb.PASS, SYSTEM, role=Actor.VERIFIER)
    assert board.task("t2").state is S.IN_PROGRESS
    board.move("t1", Verb.REFUSE, "bob", "still")
    assert board.task("t1").state is S.WAITING
    board.move("t2", Verb.CANCEL, "lead")
    assert (board.task("t1").state, board.task("t1").reason) == (S.IN_PROGRESS, "to be mended: still")


def test_a_done_task_is_claimed_until_a_command_that_succeeded_proves_it() -> None:
    board, _ = a_board()
    board.add(a_task())
    start(board, "t1")
    finish(board, "t1")
    assert board.task("t1").claimed
    board.prove("t1", Evidence("pytest", 1, "1 failed", SYSTEM, 1.0))
    assert board.task("t1").claimed
    board.prove("t1", Evidence("pytest", 0, "1 passed", SYSTEM, 2.0))
    assert not board.task("t1").claimed


def test_a_circle_is_refused_with_its_path_and_leaves_no_task_behind() -> None:
    board, noted = a_board()
    for title, edges in (("a", []), ("b", [needs("t1")]), ("c", [needs("t2")])):
        board.add(a_task(title), edges)
    with pytest.raises(PlanError, match=r"t1 cannot wait for t3.*t1 -> t2 -> t3 -> t1"):
        board.connect(Edge(TaskId("t3"), TaskId("t1")), "lead")
    with pytest.raises(PlanError, match="circle"):
        board.add(a_task("d"), [needs("t3"), Edge(TaskId(""), TaskId("t1"))])
    with pytest.raises(NotFoundError, match="no task 't9'"):
        board.add(a_task("e"), [needs("t9")])
    assert len(board.tasks) == 3
    assert len([fact for fact in noted.facts if isinstance(fact, TaskAdded)]) == 3


def test_a_dependency_added_mid_work_stops_the_task_and_its_end_lets_it_go_on() -> None:
    board, _ = a_board()
    board.add(a_task("work"))
    board.add(a_task("schema"))
    start(board, "t1")
    board.connect(Edge(TaskId("t2"), TaskId("t1")), "ada")
    assert (board.task("t1").state, board.task("t1").owner) == (S.WAITING, "ada")
    assert board.task("t1").reason == "needs t2 (schema, ready)"
    start(board, "t2", "bob")
    finish(board, "t2", "bob")
    assert (board.task("t1").state, board.task("t1").owner) == (S.IN_PROGRESS, "ada")


def test_a_task_that_may_go_on_waits_until_its_owner_has_its_hands_free() -> None:
    board, _ = a_board()
    for title in ("work", "schema", "other"):
        board.add(a_task(title))
    start(board, "t1")
    board.connect(Edge(TaskId("t2"), TaskId("t1")), "ada")
    start(board, "t3")
    start(board, "t2", "bob")
    finish(board, "t2", "bob")
    assert board.task("t1").state is S.WAITING
    finish(board, "t3")
    assert board.task("t1").state is S.IN_PROGRESS


def test_a_milestone_starts_what_waits_for_it_while_the_task_goes_on() -> None:
    board, _ = a_board()
    board.add(a_task("api"))
    board.add(a_task("client"), [needs("t1", EdgeKind.MILESTONE, "schema_ready")])
    start(board, "t1")
    board.reach("t1", "ada", "other_point", "")
    assert board.task("t2").state is S.PROPOSED
    board.reach("t1", "ada", "schema_ready", "see schema.sql")
    assert [task.state for task in board.tasks] == [S.IN_PROGRESS, S.READY]


def test_a_milestone_that_never_came_does_not_hold_anything_back_after_the_end() -> None:
    board, _ = a_board()
    board.add(a_task("api"))
    board.add(a_task("client"), [needs("t1", EdgeKind.MILESTONE, "schema_ready")])
    start(board, "t1")
    finish(board, "t1")
    assert board.task("t2").state is S.READY


def test_partial_results_are_counted_and_start_what_waits_for_one() -> None:
    board, _ = a_board()
    board.add(a_task("list"))
    board.add(a_task("use"), [needs("t1", EdgeKind.PARTIAL)])
    start(board, "t1")
    assert board.publish("t1", "ada", "one", 3) == 1
    assert [task.state for task in board.tasks] == [S.PARTIALLY_AVAILABLE, S.READY]
    assert board.publish("t1", "ada", "two", 3) == 2
    with pytest.raises(PlanError, match="not in your hands"):
        board.publish("t1", "bob", "three", 3)
    finish(board, "t1")
    assert board.task("t1").partials == ("one", "two")


@pytest.mark.parametrize(
    ("policy", "state"),
    [(OnFailure.CANCEL, S.CANCELLED), (OnFailure.WAIT, S.PROPOSED), (OnFailure.REPLAN, S.PROPOSED)],
)
def test_a_failure_does_to_what_waits_what_the_edge_says(policy: OnFailure, state: TaskState) -> None:
    board, _ = a_board()
    board.add(a_task("first"))
    board.add(a_task("second"), [needs("t1", on_failure=policy)])
    board.add(a_task("third"), [needs("t2", on_failure=OnFailure.CANCEL)])
    fail(board, "t1")
    assert board.task("t2").state is state
    assert board.task("t3").state is (S.CANCELLED if state is S.CANCELLED else S.PROPOSED)


def test_a_failed_task_that_is_reopened_frees_what_waited_for_it() -> None:
    board, _ = a_board()
    board.add(a_task("first"))
    board.add(a_task("second"), [needs("t1", on_failure=OnFailure.WAIT)])
    fail(board, "t1")
    board.move("t1", Verb.REOPEN, "lead", "try again")
    assert board.task("t1").state is S.READY
    start(board, "t1")
    finish(board, "t1")
    assert board.task("t2").state is S.READY


def test_the_third_attempt_that_is_given_back_fails_the_task() -> None:
    board, _ = a_board()
    board.add(a_task())
    for attempt, state in ((1, S.READY), (2, S.READY), (3, S.FAILED)):
        start(board, "t1")
        board.move("t1", Verb.GIVE_BACK, SYSTEM, "gone", role=Actor.ASSIGNMENT)
        assert (board.task("t1").attempts, board.task("t1").state) == (attempt, state)
    assert board.task("t1").owner == "ada"


def test_an_urgent_task_lends_its_priority_to_what_it_waits_for_and_takes_it_back() -> None:
    board, _ = a_board()
    board.add(a_task("first", priority=1))
    board.add(a_task("second", priority=2), [needs("t1")])
    board.add(a_task("third", priority=9), [needs("t2")])
    assert board.priorities() == {"t1": 9, "t2": 9, "t3": 9}
    board.revise("t3", "lead", "less urgent", priority=4)
    assert board.priorities() == {"t1": 4, "t2": 4, "t3": 4}
    board.move("t3", Verb.CANCEL, "lead")
    assert board.priorities() == {"t1": 2, "t2": 2, "t3": 4}


def test_an_agent_has_one_task_in_hand_and_the_rest_in_its_queue_by_priority() -> None:
    board, _ = a_board()
    for title, priority in (("a", 5), ("b", 3), ("c", 7)):
        board.add(a_task(title, priority=priority))
    start(board, "t1")
    for task in ("t2", "t3"):
        board.move(task, Verb.OFFER, "lead", owner="ada")
    with pytest.raises(PlanError, match=r"ada works on t1 .*t2 stays in the queue"):
        board.move("t2", Verb.ACCEPT, "ada")
    assert [task.id for task in board.queue("ada")] == ["t3", "t2"]
    finish(board, "t1")
    board.move("t3", Verb.ACCEPT, "ada")
    held = board.in_hand("ada")
    assert held is not None
    assert held.id == "t3"


def test_only_a_lead_the_creator_or_the_person_cancels_the_work_of_others() -> None:
    board, _ = a_board()
    for _each in range(2):
        board.add(Task(TaskId(""), "work", creator="bob"))
    with pytest.raises(PlanError, match="Only its board or lead"):
        board.move("t1", Verb.CANCEL, "ada")
    board.move("t1", Verb.CANCEL, PERSON)
    board.move("t2", Verb.CANCEL, "bob")
    assert {task.state for task in board.tasks} == {S.CANCELLED}


def test_a_task_that_needs_a_review_is_done_once_somebody_else_approves() -> None:
    board, _ = a_board()
    board.add(a_task(needs_review=True))
    start(board, "t1")
    finish(board, "t1")
    assert board.task("t1").state is S.IN_REVIEW
    with pytest.raises(PlanError, match="somebody else must approve it"):
        board.move("t1", Verb.APPROVE, "ada")
    board.move("t1", Verb.REFUSE, "bob", "no test")
    assert board.task("t1").state is S.IN_PROGRESS
    finish(board, "t1")
    board.move("t1", Verb.APPROVE, "bob")
    assert board.task("t1").state is S.DONE


NAMES = ("t1", "t2", "t3", "t4", "t5")
KINDS = ("go", "go", "go", "go", "go", "move", "connect", "disconnect", "hand", "reach", "publish", "revise")


def a_step(chance: Random) -> tuple[object, ...]:
    """Something that somebody may try."""
    kind, task, by = chance.choice((*KINDS, "prove", "add")), chance.choice(NAMES), chance.choice(AGENTS)
    edge = (task, chance.choice(NAMES), chance.choice(list(EdgeKind)))
    more: dict[str, tuple[object, ...]] = {
        "add": (by, chance.random() < 0.3, chance.randrange(10)),
        "connect": (*edge, chance.choice(list(OnFailure))),
        "disconnect": edge,
        "move": (task, chance.choice(list(Verb)), by, chance.choice((None, *Actor))),
        "go": (task, chance.randrange(1000), by),
        "hand": (task,),
        "revise": (task, by, chance.randrange(10)),
        "prove": (task, chance.randrange(2)),
    }
    return (kind, *more.get(kind, (task, by)))


def do(board: Board, step: tuple[object, ...]) -> None:
    match step:
        case ("add", str(by), bool(review), int(priority)):
            task = Task(TaskId(""), "work", creator=by, needs_review=review, priority=priority)
            board.add(task)
        case ("connect", str(before), str(after), EdgeKind() as kind, OnFailure() as policy):
            name = "m" if kind is EdgeKind.MILESTONE else ""
            board.connect(Edge(TaskId(before), TaskId(after), kind, name, policy), "lead")
        case ("disconnect", str(before), str(after), EdgeKind() as kind):
            name = "m" if kind is EdgeKind.MILESTONE else ""
            board.disconnect(Edge(TaskId(before), TaskId(after), kind, name), "lead", "")
        case ("move", str(task_id), Verb() as verb, str(by), role):
            assert role is None or isinstance(role, Actor)
            board.move(task_id, verb, by, "because", role=role, owner="bob" if verb is Verb.OFFER else "")
        case ("go", str(task_id), int(number), str(by)):
            go(board, task_id, number, by)
        case ("hand", str(task_id)):
            board.hand_off(task_id, HANDOFF)
        case ("reach", str(task_id), str(by)):
            board.reach(task_id, by, "m", "a note")
        case ("publish", str(task_id), str(by)):
            board.publish(task_id, by, "a piece", 2)
        case ("revise", str(task_id), str(by), int(priority)):
            board.revise(task_id, by, "", priority=priority)
        case ("prove", str(task_id), int(code)):
            board.prove(task_id, Evidence("true", code, "", SYSTEM, 1.0))


def go(board: Board, identity: str, number: int, by: str) -> None:
    """Do one of the things that the table has for a task as it is, with whoever may."""
    task = board.task(identity)
    ends = number % 8 == 0
    rows = [row for row in TRANSITIONS if row.before is task.state]
    rows = [row for row in rows if ends or row.verb not in (Verb.CANCEL, Verb.FAIL, Verb.WITHDRAW)]
    if not rows:
        return
    row = rows[number % len(rows)]
    if row.verb is Verb.COMPLETE:
        board.hand_off(task.id, HANDOFF)
    actor = row.actors[number % len(row.actors)]
    by = task.owner if actor is Actor.OWNER else by
    board.move(task.id, row.verb, by, "because", role=actor, owner=by if row.verb is Verb.OFFER else "")


def broken_rules(board: Board, noted: Noted) -> Iterator[str]:
    """What is wrong with a plan."""
    plan = board.plan
    legal = {(row.before, row.after) for row in TRANSITIONS}
    states = dict.fromkeys(plan.tasks, S.PROPOSED)
    for move in noted.moves:
        if (move.before, move.after) not in legal or states[move.task] is not move.before:
            yield f"not in the table: {move}"
        states[move.task] = move.after
    if states != {task.id: task.state for task in board.tasks}:
        yield "a state changed without a fact"
    for task in board.tasks:
        lacks = missing(plan.tasks, plan.needs(task.id))
        if lacks and task.state in (S.READY, S.OFFERED, S.IN_PROGRESS, S.PARTIALLY_AVAILABLE):
            yield f"{task.id} goes on without what it needs"
        if not lacks and task.state is S.PROPOSED:
            yield f"{task.id} should be ready"
        if task.state in HELD and not task.owner:
            yield f"{task.id} is in nobody's hands"
        if task.state is S.DONE and not (task.handoff and task.handoff.done):
            yield f"{task.id} is done without a handoff"
        ended_badly = [one for one in lacks if plan.tasks[one.before].state in ENDED]
        if task.state not in ENDED and any(one.on_failure is OnFailure.CANCEL for one in ended_badly):
            yield f"{task.id} should be cancelled"
    for agent in AGENTS:
        if sum(task.owner == agent and task.state in HELD for task in board.tasks) > 1:
            yield f"{agent} has two tasks in hand"
    if any(cycle(edge, [one for one in plan.edges if one is not edge]) for edge in plan.edges):
        yield "there is a circle"
    if len({fact.edge for fact in noted.facts if isinstance(fact, EdgeAdded)}) < len(plan.edges):
        yield "an edge came from nowhere"


# it computes all the time, and the limit counts what others on the machine compute meanwhile, too
@pytest.mark.timeout(60)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_that_is_done_breaks_the_rules_or_loses_a_task(seed: int) -> None:
    chance = Random(seed)
    board, noted = a_board()
    for _each in range(3):
        board.add(a_task())
    for step in [a_step(chance) for _each in range(120)]:
        before = len(board.tasks)
        with suppress(LoomkinError):
            do(board, step)
        assert len(board.tasks) >= before
    assert list(broken_rules(board, noted)) == []
    added = [fact.task.id for fact in noted.facts if isinstance(fact, TaskAdded)]
    assert [task.id for task in board.tasks] == added
    again = read_back(noted.facts)
    assert again.tasks == board.plan.tasks
    assert set(again.edges) == set(board.plan.edges)
    assert {task: pieces for task, pieces in board.plan.pieces.items() if pieces} == again.pieces
    assert again.notes == board.plan.notes
    assert all(in_hand(again, agent) == in_hand(board.plan, agent) for agent in AGENTS)


def read_back(facts: list[Fact]) -> Plan:
    """The plan that a later process reads, after these facts were written down."""
    database = Database(None)
    try:
        write(database, [Event(0, 1.0, SESSION, "", "", fact) for fact in facts])
        return read(database, SESSION)
    finally:
        database.close()


@pytest.mark.feature("B21")
def test_a_check_that_was_taken_away_is_shown_as_withdrawn_and_counts_no_more() -> None:
    board, _ = a_board()
    board.add(a_task(checks=("pytest old", "mypy")))
    start(board, "t1")
    for command, code in (("pytest old", 1), ("mypy", 0)):
        board.prove("t1", Evidence(command, code, "", "loomkin", 1.0))
    board.revise("t1", "lead", "it fails without the work too", checks=("pytest new",))
    finish(board, "t1")
    task = board.task("t1")
    assert task.claimed  # what was taken away proves nothing
    assert proof_words(task) == (
        "run by loomkin: nothing; it is a claim\n"
        "- `pytest old`: withdrawn by lead\n- `mypy`: withdrawn by lead"
    )
    board.prove("t1", Evidence("pytest new", 0, "", "loomkin", 2.0))
    assert not board.task("t1").claimed
    assert "- `pytest new`: exit 0\n" in proof_words(board.task("t1"))


def test_a_check_that_comes_back_counts_again() -> None:
    board, _ = a_board()
    board.add(a_task(checks=("mypy",)))
    board.prove("t1", Evidence("mypy", 0, "", "loomkin", 1.0))
    board.revise("t1", "lead", "no", checks=())
    assert board.task("t1").proofs == ()
    board.revise("t1", "lead", "yes", checks=("mypy",))
    assert board.task("t1").withdrawn == ()
    assert len(board.task("t1").proofs) == 1
