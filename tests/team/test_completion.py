"""Whatever becomes of a verification, the task goes somewhere."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from loomkin.records.ids import TaskId
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.completion import Completion, Verdict
from loomkin.team.referee import UNDECIDED, PlanError
from loomkin.team.transitions import Verb
from tests.team.test_board import a_board, a_task

DONE = Handoff(done="all of it")


def at_hand() -> Board:
    board, _ = a_board()
    board.add(a_task())
    board.move("t1", Verb.TAKE, "ada")
    return board


async def hand_in(board: Board, verifier: Callable[[Task], Awaitable[Verdict]]) -> Verdict:
    async with Supervisor(lambda name, error: None, 0.0) as supervisor:
        completion = Completion(board, supervisor)
        completion.judge_by(verifier)  # type: ignore[arg-type]
        return await completion.hand_in("ada", "t1", DONE, ())


async def test_a_verifier_that_crashes_leaves_the_decision_to_the_creator() -> None:
    async def broken(task: Task) -> Verdict:
        raise ZeroDivisionError("no checks")

    board = at_hand()
    verdict = await hand_in(board, broken)
    task = board.task("t1")
    assert verdict.undecided
    assert (
        "t1 could not be verified, lead decides: the verification crashed: ZeroDivisionError" in verdict.words
    )
    assert task.state is TaskState.IN_REVIEW
    assert task.reason.startswith(UNDECIDED)
    board.move("t1", Verb.APPROVE, "lead")
    assert board.task("t1").state is TaskState.DONE


async def test_a_verifier_that_is_ended_from_outside_leaves_it_to_the_creator_too() -> None:
    async def ended(task: Task) -> Verdict:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        await asyncio.Event().wait()
        return Verdict(True)

    board = at_hand()
    assert "ended from outside" in (await hand_in(board, ended)).words
    assert board.task("t1").state is TaskState.IN_REVIEW


async def test_an_owner_that_is_interrupted_has_the_task_back_and_no_attempt_is_counted() -> None:
    running = asyncio.Event()
    stopped: list[str] = []

    async def slow(task: Task) -> Verdict:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(task.id)
        return Verdict(True)

    board = at_hand()
    async with asyncio.TaskGroup() as group:
        work = group.create_task(hand_in(board, slow))
        await running.wait()
        assert board.task("t1").state is TaskState.VERIFYING
        work.cancel()
    task = board.task("t1")
    assert (task.state, task.owner, task.attempts) == (TaskState.IN_PROGRESS, "ada", 0)
    assert stopped == [TaskId("t1")]


async def test_three_refusals_fail_a_task_and_given_back_tries_count_with_them() -> None:
    async def no(task: Task) -> Verdict:
        return Verdict(False, "it is wrong")

    board = at_hand()
    board.move("t1", Verb.GIVE_BACK, "ada", "stuck")
    board.move("t1", Verb.TAKE, "ada")
    assert "(attempt 2 of 3)" in (await hand_in(board, no)).words
    assert "t1 has failed" in (await hand_in(board, no)).words
    assert board.task("t1").state is TaskState.FAILED


async def test_a_task_that_is_cancelled_meanwhile_stays_cancelled() -> None:
    board = at_hand()

    async def cancelled(task: Task) -> Verdict:
        board.move("t1", Verb.CANCEL, "lead")
        return Verdict(True)

    verdict = await hand_in(board, cancelled)
    assert (verdict.passed, verdict.words) == (False, "t1 is cancelled now. End your turn.")


async def test_nobody_approves_their_own_work() -> None:
    board, _ = a_board()
    board.add(a_task(needs_review=True))
    board.move("t1", Verb.TAKE, "lead")
    board.hand_off("t1", DONE)
    board.move("t1", Verb.COMPLETE, "lead")
    async with Supervisor(lambda name, error: None, 0.0) as supervisor:
        await Completion(board, supervisor).judge(board.task("t1"))
    with pytest.raises(PlanError, match="somebody else must approve it"):
        board.move("t1", Verb.APPROVE, "lead")


async def test_what_was_said_stands_when_a_refused_task_is_handed_in_again_and_only_for_who_said_it() -> None:
    async def strict(task: Task) -> Verdict:
        assert task.handoff is not None
        return Verdict(task.handoff.open == "nothing", "not yet")

    async with Supervisor(lambda name, error: None, 0.0) as supervisor:
        board = at_hand()
        completion = Completion(board, supervisor)
        completion.judge_by(strict)
        with pytest.raises(PlanError, match="`done` is missing"):
            await completion.hand_in("ada", "t1", Handoff(found="a cause"), ())
        first = Handoff("all of it", changed=("a.py",), open="the rest")
        assert "What you said of it stands" in (await completion.hand_in("ada", "t1", first, ())).words
        board.move("t1", Verb.DECLINE, "ada")
        board.move("t1", Verb.TAKE, "bob")
        with pytest.raises(PlanError, match="`done` is missing"):
            await completion.hand_in("bob", "t1", Handoff(open="nothing"), ())
        board.move("t1", Verb.DECLINE, "bob")
        board.move("t1", Verb.TAKE, "ada")
        assert (await completion.hand_in("ada", "t1", Handoff(open="nothing"), ())).passed
        assert board.task("t1").handoff == Handoff("all of it", changed=("a.py",), open="nothing")
