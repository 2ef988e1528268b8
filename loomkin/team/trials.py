"""Tries the checks of a new task once, so that one that cannot work is known before the work begins."""

import asyncio
from collections.abc import Callable, Mapping

from loomkin.errors import LoomkinError
from loomkin.project.jobs import JobTable
from loomkin.project.output import exit_note, for_model
from loomkin.project.secrets import Redactor
from loomkin.project.shell import Finished, run
from loomkin.project.workplace import Workplace
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Fact
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM, Delivery, MailKind
from loomkin.records.permission import Access, Decision, ToolUse
from loomkin.records.task import ENDED, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.board_guards import unmet_words
from loomkin.team.checks import failure_mark, not_found
from loomkin.team.footprints import Footprints
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.member import Member
from loomkin.team.orders import failing_words
from loomkin.team.plan import Tried
from loomkin.team.team import Team

LONGEST = 60.0
"""Seconds that one check is tried for; whatever takes longer is known only when the task is handed in."""
LINE = 160
_CANNOT = (126, 127)
_OVER = (TaskState.VERIFYING, TaskState.IN_REVIEW, *ENDED)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the checks of a new task, in words, and whether somebody must change one."""

    words: str = ""
    broken: bool = False


class Trials:
    """Runs what an agent may run without being asked, one check at a time, beside the work.

    `wait` is for how many seconds whoever creates tasks at once waits for that; what is known later comes as
    mail, which wakes nobody unless a check cannot run. A task that waits for others is tried once it is
    ready, as what they are to make is missing before. What fails once somebody has changed files says
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
        self._later: dict[TaskId, str] = {}
        self._slot = asyncio.Semaphore(1)
        self._count = 0
        board.listen(self._changed)

    async def of(self, agent: str, task: Task) -> Found:
        """Try the checks of a new task for its creator, who hears now of those that end soon."""
        if not task.checks or not self._on:
            return Found()
        if unmet_words(self._board.plan, task.id):
            self._later[task.id] = agent
            return Found()
        loop = asyncio.get_running_loop()
        if not self._works:
            self._until = loop.time() + self.wait
        work, told = self._start(agent, task)
        heard = False
        try:
            done, _ = await asyncio.wait([work], timeout=max(0.0, self._until - loop.time()))
            heard = bool(done)
        finally:
            work.add_done_callback(lambda ended: self._ended(agent, task, told, heard))
        return _found(told if heard else [])

    def _start(self, agent: str, task: Task) -> tuple[asyncio.Task[None], list[Tried]]:
        told: list[Tried] = []
        work = self._supervisor.start(f"trial of {task.id}", self._try(agent, task, told))
        self._works[task.id] = work
        return work, told

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
                self._board.plan.tried.setdefault(task.id, []).append(tried)

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
        note = exit_note(command, ended.code).text
        mark = failure_mark(ended.code, self._redactor.redact(ended.output.text))
        words = f"fails already (expected if the work is to make it pass): {note}{last}"
        return Tried(command, words, failed=True, mark=mark)

    def _ended(self, agent: str, task: Task, told: list[Tried], heard: bool) -> None:
        """What nobody waited for goes by mail, where it matters still; an owner has it in no order yet."""
        self._works.pop(task.id, None)
        now = self._board.task(task.id)
        news = [one for one in told if one.command in now.checks and (one.broken or one.failed)]
        if not news or now.state in _OVER:
            return
        found, words = _found(news), f"{task.id} ({task.title}). "
        if not heard:
            kind = MailKind.BLOCKER if found.broken else MailKind.FINDING
            when = Delivery.NEXT_STEP if found.broken else Delivery.DIGEST
            self._send(Letter(agent, f"{words}{found.words}", kind, delivery=when, task=task.id))
        failing = failing_words(now, told)
        if failing and now.owner not in ("", agent) and now.state is not TaskState.READY:
            kind, when = MailKind.FINDING, Delivery.DIGEST
            self._send(Letter(now.owner, f"{words}{failing}", kind, delivery=when, task=task.id))

    def _send(self, letter: Letter) -> None:
        if not any(one.name == letter.to and one.open for one in self._team.members):
            return
        try:
            self._team.room.send(SYSTEM, letter)
        except Undeliverable:
            return

    def _changed(self, fact: Fact) -> None:
        """A task that is handed in or over needs no trial; one that waited is tried once it is ready."""
        if not isinstance(fact, TaskMoved):
            return
        if fact.after in _OVER and fact.task in self._works:
            self._works[fact.task].cancel()
        if fact.after is TaskState.READY and (agent := self._later.pop(fact.task, "")):
            task = self._board.task(fact.task)
            work, told = self._start(agent, task)
            work.add_done_callback(lambda ended: self._ended(agent, task, told, heard=False))


def _found(tried: list[Tried]) -> Found:
    if not tried:
        return Found()
    broken = any(one.broken for one in tried)
    lines = [f"- `{one.command}` {one.words}." for one in tried]
    hint = ["Create what is missing first, or change the checks with task_update."] if broken else []
    return Found("\n".join(["Checks, tried once before the work:", *lines, *hint]), broken)
