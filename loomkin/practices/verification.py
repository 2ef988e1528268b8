"""Proves tasks that are handed in: runs their checks, and on risky changes the project's own."""

import re
from collections.abc import Iterator

from loomkin.config.settings import TeamSettings
from loomkin.project.glob import glob_regex
from loomkin.project.problem import Problem
from loomkin.project.profile import Profiles
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, TurnStarted
from loomkin.records.mail import PERSON, SYSTEM, Delivery, MailKind
from loomkin.records.task import Handoff, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.checks import Checks, Ending, Outcome
from loomkin.team.completion import Completion, Verdict
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.practice import Practice
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb


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
    ) -> None:
        self._team = team
        self._board = board
        self._completion = completion
        self._checks = checks
        self._footprints = footprints
        self._profiles = profiles
        self._workplace = workplace
        self._settings = settings
        self._protected = _patterns(settings.protect)
        completion.judge_by(self)

    def happened(self, event: Event) -> None:
        """An owner goes on whose verification ended with an earlier process: it hands in again."""
        if not isinstance(event.fact, TurnStarted):
            return
        task = self._board.in_hand(event.agent)
        if task and task.state is TaskState.VERIFYING and task.id not in self._completion.judging:
            why = "loomkin was started again while its checks ran"
            self._board.move(task.id, Verb.INTERRUPT, SYSTEM, why, role=Actor.VERIFIER)

    async def __call__(self, task: Task) -> Verdict:
        """Run what must hold for a task, first failure first; the words are for its owner."""
        task, missing = self._with_changes(task)
        guarded = [path for path in self._footprints.paths(task) if self._guards(path)]
        if guarded and not task.needs_review:
            why = f"it changes protected files: {', '.join(guarded)}"
            self._board.revise(task.id, SYSTEM, why, needs_review=True)
        outcomes: list[Outcome] = []
        for command in self._commands(task, bool(guarded)):
            outcome = await self._checks(task.owner, command)
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
        own = list(task.checks)
        changed = bool(self._footprints.paths(task))
        large = self._footprints.lines(task) > self._settings.large_change
        every = self._settings.verify == "all" and changed
        profile = self._profiles.profile()
        if every or large or guarded:
            own.append(profile.command("Test"))
        if every:
            own += [profile.command("Lint"), profile.command("Type check")]
        return list(dict.fromkeys(command for command in own if command))

    def _with_changes(self, task: Task) -> tuple[Task, str]:
        """The task with all changed files in its handoff; of those named, which are not there."""
        handoff = task.handoff or Handoff()
        changed = self._footprints.paths(task)
        if changed != handoff.changed:
            self._board.hand_off(task.id, replace(handoff, changed=changed))
        touched = {step.change.path for step in self._footprints.steps(task)}
        gone = [
            path for path in changed if path not in touched and not (self._workplace.root / path).exists()
        ]
        words = f"Named as changed, but not there: {', '.join(gone)}." if gone else ""
        return self._board.task(task.id), words

    def _guards(self, path: str) -> bool:
        return any(one.fullmatch(path) for one in self._protected)

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


def _patterns(globs: tuple[str, ...]) -> list[re.Pattern[str]]:
    """The globs that can be read; the others protect nothing."""
    found = (glob_regex(glob) for glob in globs)
    return [one for one in found if not isinstance(one, Problem)]


PRACTICE = Verification
