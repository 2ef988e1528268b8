"""Reviews of finished work: who was shown which changes, and a verdict that is about what is there."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum

from loomkin.project.tree import files_digest
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId
from loomkin.records.mail import PERSON, SYSTEM, MailKind, Priority
from loomkin.records.regex import pattern
from loomkin.records.task import Task, TaskState
from loomkin.team.board import Board
from loomkin.team.differences import Differences
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter
from loomkin.team.orders import in_words, proof_words
from loomkin.team.referee import MEND, UNDECIDED, PlanError
from loomkin.team.team import Team
from loomkin.team.transitions import Verb


class Opinion(StrEnum):
    """What a reviewer says of a change."""

    APPROVE = "approve"
    CHANGES = "request_changes"


_APPROVES = pattern(r"(?i)\W*(?:verdict\W+)?(?:i )?approved?\b")


def approves(report: str) -> bool:
    """Whether a reviewer's own words begin with its approval, and do not take it back."""
    return bool(_APPROVES.match(report)) and "changes needed" not in report.lower()


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an opinion: whether it counts, and words for who gave it."""

    counts: bool
    words: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A name for the state of a task's files, and what they held, when somebody was shown it.

    `changes` is how many changes of whatever files were known then.
    """

    digest: str
    texts: Mapping[str, str | None]
    changes: int


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Who refused a task, what was found, and what its files held, None where that was not shown."""

    by: str
    findings: str
    texts: Mapping[str, str | None] | None


class Reviews:
    """Keeps who reviews what; an approval counts only for the files as its reviewer was shown them."""

    def __init__(
        self, team: Team, board: Board, footprints: Footprints, differences: Differences, workplace: Workplace
    ) -> None:
        self._team = team
        self._board = board
        self._footprints = footprints
        self._differences = differences
        self._root = workplace.root
        self._shown: dict[tuple[TaskId, str], _Shown] = {}
        self._refusals: dict[TaskId, _Refusal] = {}
        self.reviewers: dict[TaskId, str] = {}

    async def ask(self, task: Task, reviewer: str) -> None:
        """Send a reviewer what was asked for, what was done, the proof and the diff; raises Undeliverable."""
        shown = self._shown[(task.id, reviewer)] = await self._look(task)
        self.reviewers[task.id] = reviewer
        how = _DECIDE if task.reason.startswith(UNDECIDED) else _REVIEW
        words = f"{await self._request(task, reviewer, shown)}\n{how.format(task=task.id)}"
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
            there = any(one.name == task.owner and one.open for one in self._team.members)
            gone = f"{task.owner} is gone: whoever has {task.id} next gets your findings with it."
            return Answered(
                True, f"{task.owner} has your findings and goes on with {task.id}." if there else gone
            )
        now, key = await self._look(task), (task.id, by)
        shown = self._shown.get(key)
        others = await self._by_others(task, shown, now)
        if shown is None or (shown.digest != now.digest and not others):
            self._shown[key] = now
            return Answered(
                False, f"Your approval of {task.id} does not count: {await self._news(task, shown, now)}"
            )
        self._board.move(task.id, Verb.APPROVE, by, findings)
        self.forget(task.id)
        return Answered(True, f"{task.id} is approved and done.{others}")

    def free(self, agent: str) -> bool:
        """Whether an agent has neither a task in hand nor one to judge."""
        return agent not in self.reviewers.values() and self._board.in_hand(agent) is None

    def refused(self, task: TaskId, by: str, findings: str) -> None:
        """Keep what was found, and how the files were: the next review is of what is different."""
        shown = self._shown.get((task, by))
        texts = None if shown is None else shown.texts
        self._refusals[task] = _Refusal(by, findings.removeprefix(MEND), texts)

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

    async def _request(self, task: Task, reviewer: str, shown: _Shown) -> str:
        undecided = task.reason.startswith(UNDECIDED)
        refusal = self._refusals.get(task.id)
        if refusal is not None and not undecided:
            found = "You found" if refusal.by == reviewer else f"{refusal.by} found"
            head = f"{task.id} ({task.title}) was mended by {task.owner} and waits for your review again."
            parts = [head, f"{found}: {refusal.findings}"]
            if refusal.by == reviewer and refusal.texts is not None:
                diff = self._differences.since(task, refusal.texts, shown.texts)
                parts += [in_words(task.handoff) if task.handoff else "", proof_words(task)]
                parts += [
                    f"What is different since then:\n{diff}" if diff else "No file is different since then."
                ]
                return "\n".join(part for part in parts if part)
        else:
            head = f"{task.id} ({task.title}), done by {task.owner}, "
            head += "could not be verified: " if undecided else "waits for your review."
            parts = [head + task.reason.removeprefix(UNDECIDED) if undecided else head]
        parts += [task.description, in_words(task.handoff) if task.handoff else "", proof_words(task)]
        parts.append(await self._differences.whole(task, shown.texts))
        return "\n".join(part for part in parts if part)

    async def _news(self, task: Task, shown: "_Shown | None", now: _Shown) -> str:
        """What a reviewer has not seen yet."""
        if shown is None:
            diff = await self._differences.whole(task, now.texts)
            return f"you were not shown it. This is it:\n{diff}"
        diff = self._differences.since(task, shown.texts, now.texts)
        diff = diff or f"By other means: read {', '.join(now.texts)} anew."
        return f"its files changed after you were shown them:\n{diff}"

    async def _by_others(self, task: Task, shown: "_Shown | None", now: _Shown) -> str:
        """A notice where only others changed files of a task since, in lines that are not of it."""
        if shown is None or shown.digest == now.digest or shown.texts == now.texts:
            return ""
        found = await asyncio.to_thread(
            self._differences.only_others, task, shown.texts, now.texts, shown.changes
        )
        return f" Since you were shown it other lines changed: {found}." if found else ""

    async def _look(self, task: Task) -> _Shown:
        """The files of a task as they are now; named first: what changes meanwhile was not shown."""
        changes = self._footprints.count
        digest = await asyncio.to_thread(files_digest, self._root, self._footprints.paths(task))
        return _Shown(digest, await self._differences.now(task), changes)


_REVIEW = (
    "Read around the diff, then answer with peer_review(task={task}): approve, or request_changes with your "
    "findings. Tasks that need it wait for you."
)
_DECIDE = (
    "Tasks that need it wait for you. Prove it in another way if you can, then decide: task_update with move "
    "approve, or refuse with the reason; or peer_review."
)
