"""Tries the checks of a new task once, so that one that cannot work is known before the work begins."""

import asyncio
from collections.abc import Callable, Mapping

from loomkin.errors import LoomkinError
from loomkin.project.jobs import JobTable
from loomkin.project.output import for_model
from loomkin.project.secrets import Redactor
from loomkin.project.shell import Finished, run
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.mail import SYSTEM, Delivery, MailKind
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.records.task import ENDED, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.checks import not_found
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.member import Member
from loomkin.team.team import Team

LONGEST = 60.0
"""Seconds that one check is tried for; whatever takes longer is known only when the task is handed in."""
LINE = 160
_CANNOT = (126, 127)
_OVER = (TaskState.VERIFYING, TaskState.IN_REVIEW, *ENDED)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one check, in words; a `broken` one cannot run as it is."""

    command: str
    words: str
    broken: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the checks of a new task, in words, and whether somebody must change one."""

    words: str = ""
    broken: bool = False


class Trials:
    """Runs what an agent may run without being asked, one check at a time, beside the work.

    `wait` is for how many seconds whoever creates tasks at once waits for that; what is known later comes as
    mail, which wakes nobody unless a check cannot run. What fails once somebody has changed files says
    nothing, and what is handed in is verified anyway.
    """

    def __init__(
        self,
        team: Team,
        board: Board,
        footprints: Footprints,
        workplace: Workplace,
        jobs: JobTable,
        redactor: Redactor,
        supervisor: Supervisor,
        environment: Callable[[str], Mapping[str, str]],
        on: bool,
    ) -> None:
        self._team = team
        self._board = board
        self._footprints = footprints
        self._workplace = workplace
        self._jobs = jobs
        self._redactor = redactor
        self._supervisor = supervisor
        self._environment = environment
        self._on = on
        self.wait = 2.0
        self._until = 0.0
        self._works: dict[str, asyncio.Task[None]] = {}
        self._slot = asyncio.Semaphore(1)
        self._count = 0
        board.listen(self._changed)

    async def of(self, agent: str, task: Task) -> Found:
        """Try the checks of a new task for its creator, who hears now of those that end soon."""
        if not task.checks or not self._on:
            return Found()
        loop = asyncio.get_running_loop()
        if not self._works:
            self._until = loop.time() + self.wait
        told: list[Tried] = []
        work = self._supervisor.start(f"trial of {task.id}", self._try(agent, task, told))
        self._works[task.id] = work
        heard = False
        try:
            done, _ = await asyncio.wait([work], timeout=max(0.0, self._until - loop.time()))
            heard = bool(done)
        finally:
            work.add_done_callback(lambda ended: self._ended(agent, task, () if heard else told))
        return _found(told if heard else [])

    async def _try(self, agent: str, task: Task, told: list[Tried]) -> None:
        """Run one check after the other."""
        member, changes = self._team.member(agent), self._footprints.count
        for command in task.checks:
            environment = self._environment(agent)
            lost = await asyncio.to_thread(not_found, command, environment, self._workplace.root)
            if lost:
                told.append(Tried(command, f"cannot run: there is no program {lost!r} here", broken=True))
                continue
            async with self._slot:
                if changes != self._footprints.count:
                    return
                tried = await self._once(member, command)
            if tried is not None and (tried.broken or changes == self._footprints.count):
                told.append(tried)

    async def _once(self, member: Member, command: str) -> Tried | None:
        """How a check ends; None where it would need a question, or says nothing."""
        runner = member.agent.runner
        use = ToolUse("shell", Access.EXECUTE, str(self._workplace.root), command=command)
        if runner.hooks.wants("PreToolUse", use.tool):
            return None  # a hook may ask the person
        verdict = await runner.gate.decide(use)
        if verdict.decision is Decision.DENY:
            return Tried(command, f"is not permitted to run: {verdict.reason}", broken=True)
        if verdict.decision is not Decision.ALLOW:
            return None
        self._count += 1
        await runner.gate.check(use, f"trial-{self._count}", command, member.agent.scribe)
        try:
            ended = await run(
                command,
                jobs=self._jobs,
                cwd=self._workplace.root,
                env=self._environment(member.name),
                output_dir=self._workplace.outputs,
                timeout=LONGEST,
            )
        except (LoomkinError, OSError):
            return None
        if not isinstance(ended, Finished) or ended.timed_out or ended.left_running:
            await self._jobs.kill(ended.id if isinstance(ended, Finished) else ended.handle)
            return None
        return self._said(command, ended)

    def _said(self, command: str, ended: Finished) -> Tried:
        if ended.code == 0:
            return Tried(command, "passes already")
        text = for_model(ended.output.head, ended.output.tail, missing_lines=ended.output.missing_lines)
        lines = [line.strip() for line in self._redactor.redact(text).splitlines() if line.strip()]
        last = f", last line: {lines[-1][:LINE]}" if lines else ""
        if ended.code in _CANNOT:
            return Tried(command, f"cannot run: exit {ended.code}{last}", broken=True)
        words = f"fails already (expected if the work is to make it pass): exit {ended.code}{last}"
        return Tried(command, words, failed=True)

    def _ended(self, agent: str, task: Task, told: "list[Tried] | tuple[()]") -> None:
        """What nobody waited for goes by mail, where it matters still."""
        self._works.pop(task.id, None)
        now = self._board.task(task.id)
        news = [one for one in told if one.command in now.checks and (one.broken or one.failed)]
        creator = next((one for one in self._team.members if one.name == agent and one.open), None)
        if not news or now.state in _OVER or creator is None:
            return
        found = _found(news)
        kind = MailKind.BLOCKER if found.broken else MailKind.FINDING
        when = Delivery.NEXT_STEP if found.broken else Delivery.DIGEST
        words = f"{task.id} ({task.title}). {found.words}"
        try:
            self._team.room.send(SYSTEM, Letter(agent, words, kind, delivery=when, task=task.id))
        except Undeliverable:
            return

    def _changed(self, fact: Fact) -> None:
        """A task that is handed in or over needs no trial."""
        if isinstance(fact, TaskMoved) and fact.after in _OVER and fact.task in self._works:
            self._works[fact.task].cancel()


def _found(tried: list[Tried]) -> Found:
    if not tried:
        return Found()
    broken = any(one.broken for one in tried)
    lines = [f"- `{one.command}` {one.words}." for one in tried]
    hint = ["Create what is missing first, or change the checks with task_update."] if broken else []
    return Found("\n".join(["Checks, tried once before the work:", *lines, *hint]), broken)
