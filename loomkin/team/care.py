"""Keeps members alive: restarts those that crash, pokes those that are silent, gives up in the end."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from loomkin.records.dataclass import dataclass
from loomkin.records.mail import SYSTEM, MailKind, Priority
from loomkin.records.team_event import AgentMoved
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.runtime.turnstile import Turnstile
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.member import Member
from loomkin.team.seat import GONE, Maker, Standing


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: the first and the longest pause before a restart, and how many restarts in what time are
    too many; how long a model, a tool and a teammate may be silent."""

    first: float = 0.1
    longest: float = 5.0
    restarts: int = 5
    within: float = 60.0
    model: float = 60.0
    tool: float = 660.0
    teammate: float = 120.0
    look: float = 1.0

    def of(self, state: str) -> float | None:
        """How long that state may last without a sign of life; None where only the person can end it."""
        if state in ("thinking", "starting"):
            return self.model
        if state == "in_tool":
            return self.tool
        return self.teammate if state == "waiting_agent" else None


class Circle(Protocol):
    """The team, as far as care needs it."""

    turnstile: Turnstile

    @property
    def members(self) -> Sequence[Member]:
        """Everybody."""
        ...

    def run(self, member: Member) -> "asyncio.Task[None]":
        """A new task in which the member works."""
        ...

    def lost(self, member: Member, reason: str) -> None:
        """A member will not come back."""
        ...

    def stir(self) -> None:
        """Something changed."""
        ...


class Care:
    """Watches the tasks of a team's members.

    After the supervision of Erlang/OTP: restart with growing pauses, up to an intensity; then give up and
    tell the one who asked for the agent.
    """

    def __init__(
        self,
        circle: Circle,
        make: Maker,
        room: Mailroom,
        scribe: Scribe,
        clock: Clock,
        supervisor: Supervisor,
        patience: Patience,
    ) -> None:
        self._circle = circle
        self._make = make
        self._room = room
        self._scribe = scribe
        self._clock = clock
        self._supervisor = supervisor
        self._patience = patience
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    def start(self, member: Member) -> None:
        """Let a member work, and watch it from now on."""
        task = member.task = self._circle.run(member)
        task.add_done_callback(lambda ended: self._over(member, ended))
        if self._watching is None or self._watching.done():
            self._watching = self._supervisor.start("watchdog", self._watch())

    async def close(self) -> None:
        """End all tasks for good."""
        self._closed = True
        tasks = [one.task for one in self._circle.members if one.task is not None]
        tasks += [self._watching] if self._watching else []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)

    def _over(self, member: Member, ended: "asyncio.Task[None]") -> None:
        if self._closed or member.standing in GONE or member.task is not ended:
            return
        error = None if ended.cancelled() else ended.exception()
        reason = f"{type(error).__name__}: {error}" if error else "its task was ended from outside"
        member.standing, member.error = Standing.CRASHED, reason
        self._scribe.record(AgentMoved(member.name, Standing.CRASHED.value, reason))
        now = self._clock.monotonic()
        member.restarts = [at for at in member.restarts if now - at < self._patience.within]
        if len(member.restarts) >= self._patience.restarts:
            self._give_up(member, reason)
            return
        pause = min(self._patience.longest, self._patience.first * 2 ** len(member.restarts))
        member.restarts.append(now)
        self._supervisor.start(f"restart of {member.name}", self._restart(member, reason, pause))

    async def _restart(self, member: Member, reason: str, pause: float) -> None:
        await asyncio.sleep(pause)
        await self._scribe.flush()
        member.agent = await self._make(member.seat)
        member.agent.steering.attach(member.inbox, self._circle.turnstile)
        member.standing, member.error = Standing.IDLE, ""
        self._scribe.record(AgentMoved(member.name, Standing.IDLE.value, f"restarted after: {reason}"))
        if member.letters:
            self._tell(member.name, MailKind.CONTROL, f"You were restarted: {reason}. {_GO_ON}")
        if len(member.restarts) == 1:
            words = f"{member.name} crashed ({reason}) and was restarted; it goes on with its work."
            self._tell(member.seat.spawner, MailKind.CHAT, words)
        self.start(member)
        self._circle.stir()

    def _give_up(self, member: Member, reason: str) -> None:
        member.standing = Standing.STOPPED
        words = f"{member.name} crashed {self._patience.restarts + 1} times and was given up: {reason}"
        self._scribe.record(AgentMoved(member.name, Standing.STOPPED.value, words))
        self._circle.lost(member, words)

    def _tell(self, to: str, kind: MailKind, text: str) -> None:
        if any(one.name == to and one.open for one in self._circle.members):
            self._room.send(SYSTEM, Letter(to, text, kind, Priority.HIGH))

    async def _watch(self) -> None:
        """Look once a second at those who are at work; nobody at work costs nothing but the look."""
        while True:
            await asyncio.sleep(self._patience.look)
            now = self._clock.monotonic()
            for member in self._circle.members:
                if member.busy and not member.hosted and not member.agent.steering.paused:
                    self._look_at(member, now)

    def _look_at(self, member: Member, now: float) -> None:
        allowed = self._patience.of(member.last.state)
        silent = now - member.sign_of_life
        if allowed is None or silent < allowed:
            return
        if member.standing is not Standing.STALLED:
            member.standing = Standing.STALLED
            member.error = f"silent for {silent:.0f} s while {member.last.state}"
            member.sign_of_life = now
            self._scribe.record(AgentMoved(member.name, Standing.STALLED.value, member.error))
            member.agent.steering.poke()
        elif member.task is not None:
            member.task.cancel()


_GO_ON = "What ran then was interrupted and may have had effects: look before you repeat it, and go on."
