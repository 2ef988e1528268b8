"""Runs the commands that prove a task: as its owner would, with a time limit, and keeps how they ended."""

import asyncio
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from loomkin.errors import LoomkinError
from loomkin.project.failure import complaint, fingerprint
from loomkin.project.jobs import JobTable
from loomkin.project.output import exit_note, for_model
from loomkin.project.secrets import Redactor
from loomkin.project.shell import Finished, run
from loomkin.project.tree import tree_name
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import StateChanged
from loomkin.records.mail import SYSTEM
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.records.regex import pattern
from loomkin.records.task import Evidence
from loomkin.runtime.clock import Clock
from loomkin.team.member import Member
from loomkin.team.team import Team
from loomkin.tooling.on_behalf import permit

TOGETHER = 2
KEPT_CHARS = 4000


class Ending(StrEnum):
    """How a check ended; only the first two are a pass."""

    PASSED = "passed"
    FLAKY = "flaky"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    DENIED = "not permitted"
    BROKEN = "could not be run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check; `words` say it to the owner, `evidence` is there where it ran to an end.

    `mark` tells one failure from another.
    """

    command: str
    ending: Ending
    words: str
    evidence: Evidence | None = None
    mark: str = ""

    @property
    def passed(self) -> bool:
        """Whether the exit code says so, if need be the second time."""
        return self.ending in (Ending.PASSED, Ending.FLAKY)

    @property
    def undecided(self) -> bool:
        """Whether it says nothing about the work."""
        return self.ending in (Ending.TIMED_OUT, Ending.DENIED, Ending.BROKEN)


def failure_mark(code: int, text: str) -> str:
    """What tells one failure of a command from another: its code and what it complained of."""
    return f"exit {code}\n{fingerprint(text)}"


def not_found(command: str, environment: Mapping[str, str], root: Path) -> str:
    """The program that a check begins with, if it is plain that there is none of that name."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    while words and _SETS.match(words[0]):
        words = words[1:]
    if not words or not _PLAIN.fullmatch(words[0]) or words[0] in _SHELLS_OWN:
        return ""
    name, path = words[0], environment.get("PATH", "")
    there = os.access(root / name, os.X_OK) if "/" in name else shutil.which(name, path=path) is not None
    return "" if there else name


_SETS = pattern(r"[A-Za-z_]\w*=")
_PLAIN = pattern(r"[\w./+@-]+")
_OWN_WORDS = """
. : [ [[ { ! alias bg break builtin case cd command continue declare echo eval exec exit export false fg for
function getopts hash if jobs kill let local popd printf pushd pwd read readonly return select set shift shopt
source test time times trap true type ulimit umask unalias unset until wait while
"""
_SHELLS_OWN = frozenset(_OWN_WORDS.split())


class Checks:
    """Runs commands under the permissions of an agent; exit codes decide. `limit` in seconds."""

    def __init__(
        self,
        team: Team,
        workplace: Workplace,
        jobs: JobTable,
        redactor: Redactor,
        clock: Clock,
        environment: Callable[[str], Mapping[str, str]],
        limit: float,
    ) -> None:
        self._team = team
        self._workplace = workplace
        self._jobs = jobs
        self._redactor = redactor
        self._clock = clock
        self._environment = environment
        self._limit = limit
        self._slots = asyncio.Semaphore(TOGETHER)
        self._count = 0

    async def __call__(self, agent: str, command: str, *, by: str = SYSTEM) -> Outcome:
        """Ask the agent's gate, run the command in the root, and once more where it failed."""
        member = self._team.member(agent)
        self._count += 1
        scribe = member.agent.scribe
        try:
            use = ToolUse("shell", Access.EXECUTE, str(self._workplace.root), command=command)
            verdict = await permit(member.agent.runner, use, f"check-{self._count}", scribe)
            if verdict.decision is not Decision.ALLOW:
                words = f"not permitted to run: `{command}` ({verdict.reason})"
                return Outcome(command, Ending.DENIED, words)
            return await self.allowed(agent, command, by=by)
        except (LoomkinError, OSError) as error:
            return Outcome(command, Ending.BROKEN, f"`{command}` could not be run: {error}")

    async def allowed(self, agent: str, command: str, *, by: str = SYSTEM) -> Outcome:
        """Run a command that the agent may run, and once more where it failed.

        Raises what starting a process raises.
        """
        member = self._team.member(agent)
        if self._slots.locked():
            member.agent.scribe.record(StateChanged("working", f"other checks run before: {command}"))
        async with self._slots:
            first = await self._once(member, command, by)
            if first.ending is not Ending.FAILED:
                return first
            again = await self._once(member, command, by)
        if again.ending is Ending.FAILED:
            command_line, _, rest = again.words.partition("\n")
            return replace(again, words=f"{command_line}; it failed twice, the second time at once\n{rest}")
        if again.ending is not Ending.PASSED or again.evidence is None:
            return first
        words = f"`{command}` failed and passed when it was run again at once: it is flaky."
        return Outcome(command, Ending.FLAKY, words, replace(again.evidence, flaky=True))

    async def _once(self, member: Member, command: str, by: str) -> Outcome:
        tree = await tree_name(self._workplace.root)
        scribe = member.agent.scribe
        scribe.record(StateChanged("in_tool", f"check: {command}"))
        ended = await run(
            command,
            jobs=self._jobs,
            cwd=self._workplace.root,
            env=self._environment(member.name),
            output_dir=self._workplace.outputs,
            timeout=self._limit,
        )
        whole = self._workplace.shown(ended.path)
        captured = ended.output
        failed = not isinstance(ended, Finished) or ended.timed_out or ended.code != 0
        text = self._redactor.redact(
            for_model(
                captured.head,
                captured.tail,
                missing_lines=captured.missing_lines,
                budget=KEPT_CHARS,
                whole=whole,
                failed=failed,
            )
        )
        if not isinstance(ended, Finished) or ended.timed_out:
            await self._jobs.kill(ended.handle if not isinstance(ended, Finished) else ended.id)
            words = f"`{command}` did not end within {self._limit:g} s and was stopped"
            return Outcome(command, Ending.TIMED_OUT, words)
        if ended.left_running:
            await self._jobs.kill(ended.id)
        proof = Evidence(command, ended.code, text, by, self._clock.now(), tree, whole)
        if ended.code == 0:
            return Outcome(command, Ending.PASSED, f"`{command}`: exit 0", proof)
        said = self._redactor.redact(captured.text)
        words = (
            f"`{command}`: {exit_note(command, ended.code).text}\n{complaint(said)}\nWhole output: {whole}"
        )
        return Outcome(command, Ending.FAILED, words, proof, failure_mark(ended.code, said))
