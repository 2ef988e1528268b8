"""Proves tasks that are handed in: runs their checks, and on risky changes the project's own."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from loomkin.config.settings import TeamSettings
from loomkin.project.guarded import Guarded
from loomkin.project.profile import Profiles
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact, TurnStarted
from loomkin.records.mail import PERSON, SYSTEM, Delivery, MailKind
from loomkin.records.task import ENDED, Handoff, Task
from loomkin.records.task import TaskState as S
from loomkin.records.team_event import TaskMoved
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.checks import Checks, Ending, Outcome
from loomkin.team.completion import Completion, Verdict
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.practice import Practice
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb

BEFORE = "This check failed the same way before the work began."


class Verification(Practice):
    """Exit codes decide; what could not be run to an end is for the task's creator to decide."""

    def __init__(
        self,
        team: Team,
        board: Board,
        completion: Completion,
        checks: Checks,
        footprints: Footprints,
        profiles: Profiles,
        workplace: Workplace,
        settings: TeamSettings,
        guarded: Guarded,
        supervisor: Supervisor,
    ) -> None:
        self._team = team
        self._board = board
        self._completion = completion
        self._checks = checks
        self._footprints = footprints
        self._profiles = profiles
        self._workplace = workplace
        self._settings = settings
        self._guarded = guarded
        self._supervisor = supervisor
        self._known: asyncio.Task[dict[str, str]] | None = None
        self._resumed = bool(board.tasks)
        completion.judge_by(self)
        board.listen(self._changed)

    def happened(self, event: Event) -> None:
        """An owner goes on whose verification ended with an earlier process: it hands in again."""
        if not isinstance(event.fact, TurnStarted):
            return
        task = self._board.in_hand(event.agent)
        if task and task.state is S.VERIFYING and task.id not in self._completion.judging:
            why = "loomkin was started again while its checks ran"
            self._board.move(task.id, Verb.INTERRUPT, SYSTEM, why, role=Actor.VERIFIER)

    async def __call__(self, task: Task) -> Verdict:
        """Run what must hold for a task, first failure first; the words are for its owner."""
        unexplained = await self._unexplained(task)
        task, missing = self._with_changes(task, unexplained)
        guarded = [path for path in self._footprints.paths(task) if self._guarded.matches(path)]
        if guarded and not task.needs_review:
            why = f"it changes protected files: {', '.join(guarded)}"
            self._board.revise(task.id, SYSTEM, why, needs_review=True)
        outcomes: list[Outcome] = []
        for command in self._commands(task, bool(guarded)):
            outcome = self._compared(task, await self._checks(task.owner, command))
            outcomes.append(outcome)
            if outcome.evidence is not None:
                self._board.prove(task.id, outcome.evidence)
            if outcome.ending is Ending.FLAKY:
                self._tell_of(task, outcome)
            if not outcome.passed:
                break
        return _verdict(outcomes, missing)

    def _commands(self, task: Task, guarded: bool) -> list[str]:
        """The checks of the task, and the project's tests where much, or what is protected, changed."""
        if self._settings.verify == "off":
            return []
        own = [*task.checks, *self._outdated(task)]
        changed = bool(self._footprints.paths(task))
        large = self._footprints.lines(task) > self._settings.large_change
        every = self._settings.verify == "all" and changed
        profile = self._profiles.profile()
        if every or large or guarded:
            own.append(profile.command("Test"))
        if every:
            own += [profile.command("Lint"), profile.command("Type check")]
        return list(dict.fromkeys(command for command in own if command))

    def _compared(self, task: Task, outcome: Outcome) -> Outcome:
        """A failed check, with a word where it failed in the same way before the work."""
        tried = self._board.plan.tried.get(task.id, ())
        if not any(one.mark and (one.command, one.mark) == (outcome.command, outcome.mark) for one in tried):
            return outcome
        first, _, rest = outcome.words.partition("\n")
        return replace(outcome, words=f"{first}\n{BEFORE}\n{rest}")

    def _outdated(self, task: Task) -> list[str]:
        """What its owner had run with success before the last change: it must still hold."""
        last = max((step.at for step in self._footprints.steps(task)), default=0.0)
        runs = {proof.command: proof for proof in task.proofs if proof.by == task.owner}
        return [proof.command for proof in runs.values() if proof.exit_code == 0 and proof.at < last]

    async def _unexplained(self, task: Task) -> list[str]:
        """Protected files that changed since the plan began or since they were approved, by no known edit.

        They count for whatever is handed in next: a command may have written them.
        """
        if not self._guarded:
            return []
        before, now = await (self._known or self._begin()), await asyncio.to_thread(self._guarded.versions)
        found = []
        for path in sorted({*before, *now}):
            if before.get(path) == now.get(path):
                continue
            last = self._footprints.last(path)
            mixed = last is not None and last.change.after not in ("", now.get(path, ""))
            if last is None or mixed or not self._open(last.task, task):
                found.append(path)
        return found

    def _open(self, other: str, task: Task) -> bool:
        """Whether a change belongs to another task, which is still to be judged."""
        return bool(other) and other != task.id and self._board.task(other).state not in ENDED

    def _changed(self, fact: Fact) -> None:
        """Protected files are as they should be when the plan begins, and when they were approved."""
        if not self._guarded:
            return
        if self._known is None:
            self._begin()
        elif isinstance(fact, TaskMoved) and (fact.before, fact.after) == (S.IN_REVIEW, S.DONE):
            handoff = self._board.task(fact.task).handoff
            self._look(self._approved(self._known, handoff.changed if handoff else ()))

    def _begin(self) -> "asyncio.Task[dict[str, str]]":
        """Files that an earlier process may have left changed count as changed."""
        now = self._guarded.committed() if self._resumed else asyncio.to_thread(self._guarded.versions)
        return self._look(now)

    def _look(self, versions: Coroutine[Any, Any, dict[str, str]]) -> "asyncio.Task[dict[str, str]]":
        self._known = self._supervisor.start("versions of protected files", versions)
        return self._known

    async def _approved(
        self, known: "asyncio.Task[dict[str, str]]", paths: tuple[str, ...]
    ) -> dict[str, str]:
        before, now = await known, await asyncio.to_thread(self._guarded.versions)
        new = {path: now[path] for path in paths if path in now}
        return {path: sha for path, sha in before.items() if path not in paths} | new

    def _with_changes(self, task: Task, more: list[str]) -> tuple[Task, str]:
        """The task with all changed files in its handoff; of those named, which are not there."""
        handoff = task.handoff or Handoff()
        changed = tuple(dict.fromkeys((*self._footprints.paths(task), *more)))
        if changed != handoff.changed:
            self._board.hand_off(task.id, replace(handoff, changed=changed))
        touched = {step.change.path for step in self._footprints.steps(task)} | set(more)
        gone = [
            path for path in changed if path not in touched and not (self._workplace.root / path).exists()
        ]
        words = f"Named as changed, but not there: {', '.join(gone)}." if gone else ""
        return self._board.task(task.id), words

    def _tell_of(self, task: Task, outcome: Outcome) -> None:
        """Whoever decides about the task hears of a check that cannot be relied on."""
        reader = self._team.reader(task.creator)
        if reader in (task.owner, PERSON):
            return
        words = f"{task.id} ({task.title}): {outcome.words} It counts as passed."
        letter = Letter(reader, words, MailKind.FINDING, delivery=Delivery.DIGEST, task=task.id)
        try:
            self._team.room.send(SYSTEM, letter)
        except Undeliverable:
            return


def _verdict(outcomes: list[Outcome], missing: str) -> Verdict:
    """What the outcomes together say; the last one decides."""
    said = "\n".join(_lines(outcomes, missing))
    if outcomes and outcomes[-1].undecided:
        return Verdict(False, said, undecided=True)
    return Verdict(all(one.passed for one in outcomes), said)


def _lines(outcomes: list[Outcome], missing: str) -> Iterator[str]:
    bad = [one for one in outcomes if not one.passed]
    for one in bad or outcomes:
        yield one.words if one.words.endswith((".", "\n")) else f"{one.words}."
    if missing:
        yield missing


PRACTICE = Verification
