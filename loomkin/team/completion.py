"""The way of a finished task from its owner's hands to its end: handed in, verified, reviewed."""

from typing import Protocol

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.transitions import Actor, Verb


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier found; `by` is its name, `words` are for the owner: what failed, with output."""

    passed: bool
    words: str = ""
    by: str = "loomkin"


class Verifier(Protocol):
    """Looks at a task that was handed in: runs its checks, keeps the evidence on the board, and decides."""

    async def __call__(self, task: Task) -> Verdict:
        """The verdict; an error of its own must be one, too."""
        ...


class Completion:
    """Takes tasks in; the first verifier that refuses decides, and where there is none a task passes."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._verifiers: list[Verifier] = []

    def judge_by(self, verifier: Verifier) -> None:
        """Let a verifier look at every task that is handed in from now on."""
        self._verifiers.append(verifier)

    async def hand_in(self, agent: str, identity: str, handoff: Handoff, checks: tuple[str, ...]) -> Verdict:
        """Hand a task in for its owner and wait for the verdict; raises PlanError where it is not theirs.

        `checks` are commands to run beside those of the task.
        """
        board = self._board
        task = board.owned(identity, agent)
        added = tuple(check for check in checks if check not in task.checks)
        if added:
            board.revise(task.id, agent, "more checks", checks=(*task.checks, *added))
        board.hand_off(task.id, handoff)
        task = board.move(task.id, Verb.COMPLETE, agent)
        return await self.judge(task)

    async def judge(self, task: Task) -> Verdict:
        """Have a task that was handed in looked at, and move it on."""
        verdict = Verdict(True)
        for verifier in self._verifiers:
            verdict = await verifier(task)
            if not verdict.passed:
                break
        if self._board.task(task.id).state is not TaskState.VERIFYING:
            return replace(
                verdict, passed=False, words=f"{task.id} is {self._board.task(task.id).state} now."
            )
        verb = Verb.PASS if verdict.passed else Verb.REFUSE
        self._board.move(task.id, verb, verdict.by, verdict.words[:400], role=Actor.VERIFIER)
        return verdict
