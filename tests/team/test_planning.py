"""What agents say about the plan, and what becomes of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loomkin.agent.turn import Limits
from loomkin.errors import NotFoundError
from loomkin.records.mail import MailKind
from loomkin.records.task import Edge, EdgeKind, Handoff, OnFailure, TaskState
from loomkin.team.board import Board
from loomkin.team.mailroom import Letter
from loomkin.team.planning import Blocker, Draft, Move, Planning
from loomkin.team.referee import PlanError
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb
from tests.scenarios.conftest import Bench, call
from tests.team.conftest import at_work, bench, home  # noqa: F401

S = TaskState
LIMITS = Limits(20)
HIRE = [call("team_spawn", role="coder", name=name, work="Look.", fresh=True) for name in ("ada", "bob")]
SCRIPT = {
    "concierge": [{"calls": HIRE}, {"text": "They look.", "repeat": 9}],
    "ada": [{"text": "Looked.", "repeat": 9}],
    "bob": [{"text": "Looked.", "repeat": 9}],
}
Plan = tuple[Planning, Board, Team]


@pytest.fixture
async def plan(bench: Bench, home: Path) -> AsyncIterator[Plan]:  # noqa: F811
    """A plan with two coders who stand still."""
    async with at_work(bench, home, SCRIPT) as (session, company, _):
        await session.send("Hire two.", LIMITS)
        for name in ("ada", "bob"):
            company.team.pause(name)
        yield company.services()[Planning], company.services()[Board], company.team


def draft(title: str = "work", **more: object) -> Draft:
    return Draft(title, f"Please {title}.", "coder", **more)  # type: ignore[arg-type]


def letters(team: Team, name: str) -> str:
    return "\n".join(mail.text for mail in team.member(name).box.letters)


async def test_a_need_is_worded_in_one_of_four_ways(plan: Plan) -> None:
    planning, board, _ = plan
    planning.create("concierge", draft("first"))
    needs = ("t1", "first:blocks", "t1:partial", "t1:schema_ready")
    planning.create("concierge", draft("second", needs=needs, on_failure=OnFailure.WAIT))
    kinds = [(edge.kind, edge.name, edge.on_failure) for edge in board.plan.needs(board.task("t2").id)]
    assert kinds == [
        (EdgeKind.REQUIRES_OUTPUT, "", OnFailure.WAIT),
        (EdgeKind.BLOCKS, "", OnFailure.WAIT),
        (EdgeKind.PARTIAL, "", OnFailure.WAIT),
        (EdgeKind.MILESTONE, "schema_ready", OnFailure.WAIT),
    ]
    with pytest.raises(NotFoundError, match="no agent 'eve'"):
        planning.create("concierge", draft("third", owner="eve"))
    assert len(board.tasks) == 2


@pytest.mark.feature("B8")
async def test_an_offer_moves_a_task_from_whoever_has_it(plan: Plan) -> None:
    planning, _, _ = plan
    planning.create("concierge", draft())
    assert planning.offer("concierge", "t1", "ada", "").owner == "ada"
    assert planning.offer("concierge", "t1", "bob", "").owner == "bob"
    planning.accept("bob", "t1")
    with pytest.raises(PlanError, match="Only its"):
        planning.offer("ada", "t1", "ada", "mine")
    task = planning.offer("concierge", "t1", "ada", "bob is slow")
    assert (task.state, task.owner, task.attempts) == (S.OFFERED, "ada", 1)


@pytest.mark.feature("B8")
async def test_a_counter_proposal_that_is_plain_is_carried_out_and_any_other_is_asked(plan: Plan) -> None:
    planning, board, team = plan
    planning.create("concierge", draft("one"))
    planning.create("concierge", draft("two"))
    planning.offer("concierge", "t1", "ada", "")
    with pytest.raises(NotFoundError, match="no agent or role 'cook'"):
        planning.decline("ada", "t1", "not mine", "cook", "", "")
    told = planning.decline("ada", "t1", "two comes first", "", "two", "merge both")
    assert "waits for the end of t2 (coder, ready)" in told
    assert (board.task("t1").state, board.task("t1").owner) == (S.PROPOSED, "")
    assert "It proposes: merge both" in letters(team, "concierge")
    planning.offer("concierge", "t2", "bob", "")
    planning.decline("bob", "t2", "ada knows it", "ada", "", "")
    assert (board.task("t2").state, board.task("t2").owner) == (S.OFFERED, "ada")
    planning.decline("ada", "t2", "a test", "concierge", "", "")
    assert board.task("t2").owner == "concierge"


@pytest.mark.feature("B3")
async def test_only_who_leads_takes_a_check_away(plan: Plan) -> None:
    planning, board, _ = plan
    planning.create("concierge", draft(checks=("pytest",)))
    planning.update("ada", "t1", "one more", {"checks": ("pytest", "mypy")}, None)
    with pytest.raises(PlanError, match="take a check away"):
        planning.update("ada", "t1", "it fails", {"checks": ("mypy",)}, None)
    planning.update("concierge", "t1", "not needed", {"checks": ("mypy",)}, None)
    assert board.task("t1").checks == ("mypy",)


@pytest.mark.feature("B3")
async def test_a_task_that_was_cancelled_is_reopened_with_other_words(plan: Plan) -> None:
    planning, board, _ = plan
    planning.create("concierge", draft())
    planning.update("concierge", "t1", "not now", {}, Move.CANCEL)
    with pytest.raises(PlanError, match="Reopen it first"):
        planning.update("concierge", "t1", "now", {"title": "new"}, None)
    planning.update("concierge", "t1", "now", {"title": "new"}, Move.REOPEN)
    assert (board.task("t1").state, board.task("t1").title) == (S.READY, "new")


@pytest.mark.feature("B5")
async def test_a_block_names_what_is_missing_and_frees_the_hands(plan: Plan) -> None:
    planning, board, team = plan
    planning.create("concierge", draft("one"))
    planning.create("concierge", draft("two"))
    planning.accept("ada", "t1")
    planning.block("ada", "t1", Blocker.DEPENDENCY, "two must be there", "t2")
    assert board.task("t1").reason == "needs t2 (two, ready)"
    assert board.in_hand("ada") is None
    assert "t1 (one) cannot go on, dependency: two must be there" in letters(team, "concierge")
    planning.accept("ada", "t2")
    planning.block("ada", "t2", Blocker.PERSON, "which port?", "")
    assert board.task("t2").reason == "person: which port?"
    planning.update("concierge", "t2", "port 80", {}, Move.RESUME)
    held = board.in_hand("ada")
    assert held is not None
    assert held.id == "t2"
    assert "t2 (two) goes on: port 80." in letters(team, "ada")


@pytest.mark.feature("B5")
async def test_a_check_that_is_at_fault_goes_to_the_creator_and_the_task_waits_for_the_answer(
    plan: Plan,
) -> None:
    planning, board, team = plan
    planning.create("concierge", draft("one", checks=("pytest --timeout 1",)))
    planning.accept("ada", "t1")
    planning.block("ada", "t1", Blocker.CHECK, "it stops too soon", "")
    assert (board.task("t1").state, board.in_hand("ada")) == (S.WAITING, None)
    told = letters(team, "concierge")
    assert "t1 (one) cannot go on, check: it stops too soon" in told
    assert "task_update(task=t1, checks=...) changes them and ada goes on" in told
    planning.update("concierge", "t1", "more time", {"checks": ("pytest --timeout 9",)}, None)
    assert board.task("t1").state is S.IN_PROGRESS
    assert "t1 (one) goes on: more time." in letters(team, "ada")
    planning.create("ada", draft("two", owner="ada"))
    planning.block("ada", "t1", Blocker.CHECK, "still too soon", "")
    planning.update("concierge", "t1", "it is right", {}, Move.RESUME)
    assert "t1 (one) goes on: it is right." in letters(team, "ada")
    planning.block("ada", "t1", Blocker.PERSON, "why?", "")
    planning.accept("ada", "t2")
    with pytest.raises(PlanError, match="The checks of t2 are yours: change them"):
        planning.block("ada", "t2", Blocker.CHECK, "odd", "")


@pytest.mark.feature("B4")
async def test_letters_about_a_task_that_has_ended_since_are_dropped_or_wake_nobody(plan: Plan) -> None:
    planning, board, team = plan
    planning.create("concierge", draft("one"))
    planning.accept("ada", "t1")
    planning.update("concierge", "t1", "no more", {"checks": ("true",)}, None)
    assert "concierge revised t1 (no more)" in letters(team, "ada")
    team.room.send("ada", Letter("bob", "t1 is slow", MailKind.BLOCKER, task="t1"))
    assert team.member("bob").box.waits()
    board.hand_off("t1", Handoff("did it"))
    board.move("t1", Verb.COMPLETE, "ada")
    board.move("t1", Verb.PASS, "loomkin", role=Actor.VERIFIER)
    assert "t1" not in letters(team, "ada")
    assert "t1 is slow" in letters(team, "bob")
    assert not team.member("bob").box.waits()
    assert "t1 (one) is done" in letters(team, "concierge")


@pytest.mark.feature("B4")
async def test_who_is_at_work_hears_that_the_task_must_wait_and_that_it_goes_on(plan: Plan) -> None:
    planning, board, team = plan
    planning.create("concierge", draft("one"))
    planning.create("concierge", draft("two"))
    planning.accept("ada", "t1")
    planning.depend("concierge", Edge(board.task("t2").id, board.task("t1").id), remove=False)
    assert "t1 (one) needs t2 (two, ready) and has to wait." in letters(team, "ada")
    planning.depend("concierge", Edge(board.task("t2").id, board.task("t1").id), remove=True)
    assert "t1 (one) goes on." in letters(team, "ada")


@pytest.mark.feature("B3")
async def test_where_a_task_stands_is_one_line_of_what_holds_now(plan: Plan) -> None:
    planning, board, _ = plan
    for title in ("one", "two", "three"):
        planning.create("concierge", draft(title, checks=("pytest",)))
    planning.accept("ada", "t1")
    board.hand_off("t1", Handoff("did it"))
    board.move("t1", Verb.COMPLETE, "ada")
    board.move("t1", Verb.REFUSE, "loomkin", "`pytest`: exit 1\n3 failed", role=Actor.VERIFIER)
    task = planning.update("concierge", "t1", "other checks", {"checks": ("true",)}, None)
    assert planning.where(task) == "t1 (one) is in progress with ada."
    for other in ("t2", "t3"):
        task = planning.depend("concierge", Edge(board.task(other).id, task.id), remove=False)
    assert planning.where(task) == (
        "t1 (one) is waiting with ada: it waits for the end of t2 (coder, ready) and the end of t3 "
        "(coder, ready)."
    )
    for other in ("t2", "t3"):
        task = planning.depend("concierge", Edge(board.task(other).id, task.id), remove=True)
    planning.block("ada", "t1", Blocker.PERSON, "which port?\nOr none?", "")
    assert planning.where(board.task("t1")) == "t1 (one) is waiting with ada: person: which port?."
    task = planning.update("concierge", "t1", "not now", {}, Move.CANCEL)
    assert planning.where(task) == "t1 (one) is cancelled with ada: not now."
