"""Reviews of finished work: who was shown which changes, and a verdict that is about what is there."""

import asyncio
from collections.abc import Iterable
from enum import StrEnum

from loomkin.project.tree import files_digest
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON, SYSTEM, Mail, MailKind, Priority
from loomkin.records.task import Task, TaskState
from loomkin.team.board import Board
from loomkin.team.footprints import Footprints, diff_of
from loomkin.team.mailroom import Letter
from loomkin.team.orders import in_words, proof_words
from loomkin.team.referee import UNDECIDED, PlanError
from loomkin.team.team import Team
from loomkin.team.transitions import Verb


class Opinion(StrEnum):
    """What a reviewer says of a change."""

    APPROVE = "approve"
    CHANGES = "request_changes"


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an opinion: whether it counts, and words for who gave it."""

    counts: bool
    words: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """The state of a task's files, and how many changes there were in all, when somebody was shown it."""

    digest: str
    steps: int


class Reviews:
    """Keeps who reviews what; an approval counts only for the files as its reviewer was shown them."""

    def __init__(self, team: Team, board: Board, footprints: Footprints, workplace: Workplace) -> None:
        self._team = team
        self._board = board
        self._footprints = footprints
        self._root = workplace.root
        self._shown: dict[tuple[TaskId, str], _Shown] = {}
        self.reviewers: dict[TaskId, str] = {}

    def restore(self, letters: Iterable[Mail]) -> None:
        """Go on with the reviews of an earlier process; what reviewers were shown must be shown again."""
        for mail in letters:
            if (
                mail.kind is MailKind.REVIEW
                and mail.task
                and self._board.task(mail.task).state is TaskState.IN_REVIEW
            ):
                self.reviewers[mail.task] = mail.to

    async def ask(self, task: Task, reviewer: str) -> None:
        """Send a reviewer what was asked for, what was done, the proof and the diff; raises Undeliverable."""
        self._shown[(task.id, reviewer)] = await self._look(task)
        self.reviewers[task.id] = reviewer
        how = _DECIDE if task.reason.startswith(UNDECIDED) else _REVIEW
        words = f"{self._request(task)}\n{how.format(task=task.id)}"
        self._team.room.send(SYSTEM, Letter(reviewer, words, MailKind.REVIEW, Priority.HIGH, task=task.id))

    async def answer(self, by: str, identity: str, opinion: Opinion, findings: str) -> Answered:
        """Take a verdict; raises PlanError where `by` may not judge the task or it is not in review.

        An approval of files that have changed meanwhile does not count: the words are the diff of today.
        """
        task = self._board.task(identity)
        if task.state is not TaskState.IN_REVIEW:
            raise PlanError(f"{task.id} is {task.state}, not in review: there is nothing to judge.")
        if by == task.owner:
            raise PlanError(f"{task.id} is your own work; somebody else must judge it.")
        if opinion is Opinion.CHANGES:
            if not findings.strip():
                raise PlanError("Say what must be changed: findings are missing.")
            self._board.move(task.id, Verb.REFUSE, by, findings)
            self.forget(task.id)
            return Answered(True, f"{task.owner} has your findings and goes on with {task.id}.")
        now, key = await self._look(task), (task.id, by)
        shown = self._shown.get(key)
        if shown is None or shown.digest != now.digest:
            self._shown[key] = now
            return Answered(False, f"Your approval of {task.id} does not count: {self._news(task, shown)}")
        self._board.move(task.id, Verb.APPROVE, by, findings)
        self.forget(task.id)
        return Answered(True, f"{task.id} is approved and done.")

    def forget(self, task: TaskId) -> None:
        """Nobody reviews a task any more; approvals must be given anew."""
        self.reviewers.pop(task, None)
        for key in [key for key in self._shown if key[0] == task]:
            del self._shown[key]

    def decider(self, task: Task) -> str:
        """Who decides where no reviewer can: the task's creator, a lead, the first agent, the person."""
        there = [one for one in self._team.members if one.open and one.name != task.owner]
        found = [one for one in there if one.name == task.creator]
        found += [one for one in there if self._team.leads(one.name) and not one.hosted]
        found += [one for one in there if one.hosted]
        return found[0].name if found else PERSON

    def _request(self, task: Task) -> str:
        undecided = task.reason.startswith(UNDECIDED)
        head = f"{task.id} ({task.title}), done by {task.owner}, "
        head += "could not be verified: " if undecided else "waits for your review."
        parts = [head + task.reason.removeprefix(UNDECIDED) if undecided else head, task.description]
        parts += [in_words(task.handoff) if task.handoff else "", proof_words(task)]
        parts.append(self._footprints.diff(task))
        return "\n".join(part for part in parts if part)

    def _news(self, task: Task, shown: "_Shown | None") -> str:
        """What a reviewer has not seen yet."""
        if shown is None:
            return f"you were not shown it. This is it:\n{self._footprints.diff(task)}"
        paths = self._footprints.paths(task)
        later = [step for step in self._footprints.since(shown.steps) if step.change.path in paths]
        diff = diff_of(later) or f"By other means: read {', '.join(paths)} anew."
        return f"its files changed after you were shown them:\n{diff}"

    async def _look(self, task: Task) -> "_Shown":
        """The files of a task as they are now."""
        steps = len(self._footprints)
        return _Shown(await asyncio.to_thread(files_digest, self._root, self._footprints.paths(task)), steps)


_REVIEW = (
    "Read around the diff, then answer with peer_review(task={task}): approve, or request_changes with your "
    "findings. Tasks that need it wait for you."
)
_DECIDE = (
    "Tasks that need it wait for you. Prove it in another way if you can, then decide: task_update with move "
    "approve, or refuse with the reason; or peer_review."
)
