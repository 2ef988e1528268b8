"""The way of a finished task from its owner's hands to its end: handed in, verified, reviewed."""

import asyncio
from typing import Protocol

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.mail import SYSTEM
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.board_guards import MOST_TRIES
from loomkin.team.referee import UNDECIDED, PlanError
from loomkin.team.transitions import Actor, Verb

REASON_CHARS = 600
STANDS = "What you said of it stands, so give only its id and what is different now."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier found; `by` is its name, `words` are for the owner: what failed, with output.

    An `undecided` one neither passed nor failed: the checks could not be run to an end.
    """

    passed: bool
    words: str = ""
    by: str = SYSTEM
    undecided: bool = False


class Verifier(Protocol):
    """Looks at a task that was handed in: runs its checks, keeps the evidence on the board, and decides."""

    async def __call__(self, task: Task) -> Verdict:
        """The verdict."""
        ...


class Completion:
    """Takes tasks in; the first verifier that does not let one pass decides; without any it passes.

    A verifier runs in a task of its own: if that crashes, the task's creator decides.
    """

    def __init__(self, board: Board, supervisor: Supervisor) -> None:
        self._board = board
        self._supervisor = supervisor
        self._verifiers: list[Verifier] = []
        self.judging: set[str] = set()
        self._said: dict[tuple[str, str], Handoff] = {}

    def judge_by(self, verifier: Verifier) -> None:
        """Let a verifier look at every task that is handed in from now on."""
        self._verifiers.append(verifier)

    async def hand_in(self, agent: str, identity: str, handoff: Handoff, checks: tuple[str, ...]) -> Verdict:
        """Hand a task in for its owner and wait for the verdict; raises PlanError where it is not theirs.

        `checks` are commands to run beside those of the task. What the same agent said of it when it was not
        accepted stands where nothing else is said now.
        """
        board = self._board
        handoff = self._whole(agent, board.task(identity), handoff)
        board.take_up(identity, agent)
        task = board.owned(identity, agent)
        added = tuple(check for check in checks if check not in task.checks)
        if added:
            board.revise(task.id, agent, "more checks", checks=(*task.checks, *added))
        self._said[(task.id, agent)] = handoff
        board.hand_off(task.id, handoff)
        task = board.move(task.id, Verb.COMPLETE, agent)
        return await self.judge(task)

    def _whole(self, agent: str, task: Task, handoff: Handoff) -> Handoff:
        before = self._said.get((task.id, agent), Handoff())
        given = {name: value for name in Handoff.__slots__ if (value := getattr(handoff, name))}
        whole = replace(before, **given)
        if not whole.done:
            raise PlanError(f"Say what was done of {task.id}: `done` is missing.")
        return whole

    async def judge(self, task: Task) -> Verdict:
        """Have a task that was handed in looked at, and move it on; the words say where it is now."""
        verdict = Verdict(True)
        self.judging.add(task.id)
        try:
            for verifier in self._verifiers:
                verdict = await self._ask(verifier, task)
                if not verdict.passed:
                    break
        except asyncio.CancelledError:
            if self._board.task(task.id).state is TaskState.VERIFYING:
                self._move(task, Verb.INTERRUPT, Verdict(False, "its owner was interrupted"))
            raise
        finally:
            self.judging.discard(task.id)
        now = self._board.task(task.id)
        if now.state is not TaskState.VERIFYING:
            return replace(verdict, passed=False, words=f"{task.id} is {now.state} now. End your turn.")
        verb = Verb.DEFER if verdict.undecided else Verb.PASS if verdict.passed else Verb.REFUSE
        self._move(task, verb, verdict)
        return replace(verdict, words=self._told(task, verdict))

    async def _ask(self, verifier: Verifier, task: Task) -> Verdict:
        """The verdict of a verifier; its crash is one, too."""
        work = self._supervisor.start(f"verification of {task.id}", verifier(task))
        try:
            await asyncio.wait([work])
        finally:
            work.cancel()
        if work.cancelled():
            return Verdict(False, "the verification was ended from outside", undecided=True)
        error = work.exception()
        if error is not None:
            words = f"the verification crashed: {type(error).__name__}: {error}"
            return Verdict(False, words, undecided=True)
        return work.result()

    def _move(self, task: Task, verb: Verb, verdict: Verdict) -> None:
        mark = UNDECIDED if verdict.undecided else ""
        reason = f"{mark}{verdict.words}"[:REASON_CHARS]
        self._board.move(task.id, verb, verdict.by, reason, role=Actor.VERIFIER)

    def _told(self, task: Task, verdict: Verdict) -> str:
        now = self._board.task(task.id)
        if now.state is TaskState.DONE:
            return f"{task.id} is accepted. {verdict.words}".strip()
        if verdict.undecided:
            return (
                f"{task.id} could not be verified, {task.creator or 'its creator'} decides: {verdict.words}"
            )
        if now.state is TaskState.IN_REVIEW:
            return f"{verdict.words} {task.id} waits for a review now; the verdict comes as mail.".strip()
        if now.state is TaskState.FAILED:
            return (
                f"{verdict.words}\nThat was attempt {now.attempts} of {MOST_TRIES}: {task.id} has failed, "
                "and its creator decides. End your turn."
            )
        tries = f"(attempt {now.attempts} of {MOST_TRIES})"
        way_out = (
            f"If the check is at fault, task_block(task={task.id}, on=check, reason=...) "
            f"has {task.creator or 'its creator'} change it."
        )
        mend = f"Mend what is yours and call task_complete again. {STANDS} {way_out}"
        return f"{task.id} is not accepted {tries}: {verdict.words}\n{mend}"
