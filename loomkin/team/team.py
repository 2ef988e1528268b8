"""The facade of a team: spawn, talk, pause, stop, and know when all is done."""

import asyncio
from collections.abc import Callable

from loomkin.agent.agent import Agent
from loomkin.agent.turn import Limits, Outcome, TurnEnd
from loomkin.errors import LimitError
from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, StateChanged, TurnEnded, TurnStarted
from loomkin.records.mail import SYSTEM, Delivery, Mail, MailKind, Priority
from loomkin.records.team_event import AgentMoved
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.runtime.turnstile import Turnstile
from loomkin.team.care import Care, Patience
from loomkin.team.mailroom import AgentInbox, Letter, Mailroom
from loomkin.team.member import Member, Worker
from loomkin.team.practice import Practice
from loomkin.team.questions import Questions
from loomkin.team.reports import Reports
from loomkin.team.roster import Roster
from loomkin.team.seat import GONE, Maker, Seat, Standing


@dataclass(frozen=True, slots=True)
class TeamLimits:
    """How large a team may grow, and how long one turn of a member may be."""

    agents: int = 12
    session_agents: int = 100
    depth: int = 2
    turn: Limits = Limits(100)
    patience: Patience = Patience()
    attended: bool = False


class Team(Roster):
    """All agents of a session; the first one is hosted by the session, the others are supervised."""

    def __init__(
        self,
        maker: Maker,
        scribe: Scribe,
        clock: Clock,
        supervisor: Supervisor,
        limits: TeamLimits,
    ) -> None:
        super().__init__(clock)
        self._make = maker
        self._scribe = scribe
        self._supervisor = supervisor
        self._limits = limits
        self._pulse = asyncio.Event()
        self.turnstile = Turnstile()
        self._practices: list[Practice] = []
        self.room = Mailroom(scribe, clock, self.directory, self.address)
        self._care = Care(self, maker, self.room, scribe, clock, supervisor, limits.patience)
        self.questions = Questions(self.room, scribe)
        self.reports = Reports(self.room, self._members, self.questions, scribe, self._practices)
        self.room.listen(self._posted)

    @property
    def attended(self) -> bool:
        """Whether a person is there."""
        return self._limits.attended

    def take(self, event: Event) -> None:
        """Follow what members do; give this to the bus."""
        for practice in self._practices:
            practice.happened(event)
        member = self._members.get(event.agent)
        if member is None:
            return
        fact, now = event.fact, self._clock.monotonic()
        if member.hosted and isinstance(fact, TurnStarted | TurnEnded):
            member.busy = isinstance(fact, TurnStarted)
            if isinstance(fact, TurnEnded):
                self.reports.answer(member, fact.outcome)
        if isinstance(fact, StateChanged):
            member.seen(now, fact.state, fact.detail)
        else:
            member.seen(now)

    def adopt(self, practice: Practice) -> None:
        """Let a way of working hear what happens from now on."""
        self._practices.append(practice)

    def stir(self) -> None:
        """Something changed that may let the session end, or go on."""
        self._pulse.set()

    def host(self, seat: Seat, agent: Agent, *, known: bool = False) -> Member:
        """Let the session's own agent be a member; its turns are taken by the session."""
        return self._seat(seat, agent, hosted=True, known=known)

    def reseat(self, seat: Seat, agent: Agent) -> Member:
        """A member of an earlier process, who stands still until it is unpaused."""
        agent.steering.pause()
        member = self._seat(seat, agent, hosted=False, known=True)
        self._scribe.record(AgentMoved(seat.name, Standing.PAUSED.value, "loomkin was started again"))
        self._care.start(member)
        for practice in self._practices:
            practice.joined(member)
        return member

    async def spawn(self, seat: Seat, order: str) -> Member:
        """A new member at work on `order`, idle where it is empty; raises LimitError for one too many."""
        await self.turnstile()
        self._refuse_growth(seat)
        agent = await self._make(seat)
        member = self._seat(seat, agent, hosted=False)
        self._care.start(member)
        for practice in self._practices:
            practice.joined(member)
        if order:
            self.instruct(seat.spawner, seat.name, order)
        return member

    def instruct(self, sender: str, name: str, work: str) -> None:
        """Give an agent work; its last words on it go to the sender."""
        self.room.send(sender, Letter(name, work, MailKind.CONTROL))

    async def stop(self, name: str, reason: str, *, wakes: bool = True, by: str = "") -> None:
        """End a member; senders of what waits for it and its spawner hear of that, except who did it."""
        member = self.member(name)
        member.standing = Standing.STOPPED
        member.error = reason
        if member.task is not None:
            member.task.cancel()
            await asyncio.wait([member.task], timeout=2.0)
        member.busy = False
        self._scribe.record(AgentMoved(name, Standing.STOPPED.value, reason))
        self.room.close(name, f"{name} was stopped: {reason}", by)
        if member.seat.spawner != by:
            self._tell_spawner(member, f"{name} was stopped: {reason}", wakes)
        for practice in self._practices:
            practice.gone(member, reason)
        self._pulse.set()

    def interrupt(self, name: str, reason: str, hushed: bool = False) -> bool:
        """Stop a member's turn, not the member; False where none runs. A `hushed` report wakes nobody."""
        return self.member(name).interrupt(reason, hushed)

    def pause(self, name: str) -> None:
        """Hold a member at its next checkpoint."""
        self.member(name).agent.steering.pause()
        self._scribe.record(AgentMoved(name, Standing.PAUSED.value))
        self._pulse.set()

    def unpause(self, name: str) -> None:
        """Let a held member go on."""
        member = self.member(name)
        member.agent.steering.resume()
        self._scribe.record(AgentMoved(name, (Standing.WORKING if member.busy else Standing.IDLE).value))
        self._pulse.set()

    def working(self) -> bool:
        """Whether any supervised member works or will, or a practice still has something under way."""
        members = self._members.values()
        if any(one.active for one in members if not one.hosted):
            return True
        if any(practice.pending() for practice in self._practices):
            return True
        moved = [practice.quiet() for practice in self._practices]
        return any(moved) or self._settle(lambda member: True)

    async def close(self) -> None:
        """End every member's task; what they are stays written down."""
        await self._care.close()

    async def news_for(self, host: Member) -> bool:
        """Wait until the host has mail to read, or nobody works any more; True for mail."""
        while True:
            self._pulse.clear()
            if host.box.waits():
                return True
            if not self.working():
                return False
            await self._pulse.wait()

    async def stirred(self, host: Member) -> None:
        """Wait until something changes, or the next letter of the host is due."""
        self._pulse.clear()
        due = min((mail.not_before for mail in host.box.letters), default=0.0)
        try:
            async with asyncio.timeout(max(0.0, due - self._clock.now()) if due else None):
                await self._pulse.wait()
        except TimeoutError:
            return

    def _seat(self, seat: Seat, agent: Agent, hosted: bool, known: bool = False) -> Member:
        box = self.room.box(seat.name)
        inbox = AgentInbox(self.room, box, self._clock.now)
        agent.steering.attach(inbox, self.turnstile)
        member = self._members[seat.name] = Member(seat, agent, box, inbox, hosted)
        inbox.owes = lambda: self.reports.owed_by(member)
        inbox.asked = lambda: any(mail.kind is MailKind.QUESTION for mail in member.letters)
        inbox.rests = lambda: self._rests(member)
        member.seen(self._clock.monotonic(), "starting")
        if known:
            return member
        self._scribe.record(seat.joined(str(agent.model.spec.id)))
        return member

    def run(self, member: Member) -> "asyncio.Task[None]":
        """A new task in which the member works."""
        worker = Worker(member, self._limits.turn, self._began, self._ended)
        return self._supervisor.start(member.name, worker.run())

    def lost(self, member: Member, reason: str) -> None:
        """A member will not come back: its mail goes back, and whoever asked for it is told."""
        member.busy = False
        self.room.close(member.name, reason)
        self._tell_spawner(member, reason)
        for practice in self._practices:
            practice.gone(member, reason)
        self._pulse.set()

    def _tell_spawner(self, member: Member, words: str, wakes: bool = True) -> None:
        spawner = self._members.get(member.seat.spawner)
        if spawner is not None and spawner.open and spawner is not member:
            when = Delivery.NEXT_STEP if wakes else Delivery.DIGEST
            self.room.send(SYSTEM, Letter(spawner.name, words, MailKind.BLOCKER, Priority.HIGH, when))

    def _posted(self, mail: Mail) -> None:
        for practice in self._practices:
            practice.posted(mail)
        self._pulse.set()

    def _began(self, member: Member, letters: list[Mail]) -> None:
        for practice in self._practices:
            practice.turn_begins(member, letters)

    def _ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """A member's turn is over: its last words reach whoever asked, unless more is to come."""
        later = end.outcome is Outcome.DONE and self.goes_on(member)
        known = self.reports.reopened(member, letters)
        member.letters = self.reports.send(member, end, [*letters, *known], later)
        for practice in self._practices:
            practice.turn_ended(member, end, letters)
        self._settle(lambda other: not self.goes_on(other))
        self._pulse.set()

    def goes_on(self, member: Member) -> bool:
        """Whether a member that ended its turn is not done: others still do something for it."""
        return (
            member.box.waits()
            or self.owed(member.name)
            or any(one.active for one in self._members.values() if one.seat.spawner == member.name)
            or any(practice.holds(member) for practice in self._practices)
        )

    def _rests(self, member: Member) -> bool:
        """Whether others do something for a member that has nothing in its own hands."""
        return self.goes_on(member) and not any(one.at_work(member) for one in self._practices)

    def _settle(self, final: Callable[[Member], bool]) -> bool:
        """Let the last words of those who wait reach who asked, where they are `final`; True for any."""
        waiting = [one for one in self._members.values() if one.open and not one.hosted]
        if any(one.agent.steering.paused for one in waiting):
            return False  # whoever is held may still bring the end about
        found = [one for one in waiting if one.letters and not one.active and final(one)]
        for member in found:
            self.reports.settle(member, self.goes_on(member))
        return bool(found)

    def _refuse_growth(self, seat: Seat) -> None:
        living = [one for one in self._members.values() if one.standing not in GONE]
        team = [one for one in living if one.seat.team == seat.team]
        if len(team) >= self._limits.agents or len(living) >= self._limits.session_agents:
            raise LimitError(
                f"The team has {len(team)} agents, and {self._limits.agents} is the most it may have.",
                limit="agents",
                hint="Give the work to somebody who is idle, or raise team.max_agents.",
            )
        if seat.depth > self._limits.depth:
            raise LimitError(
                f"Agents may be spawned {self._limits.depth} levels deep; this would be level {seat.depth}.",
                limit="depth",
                hint="Do it yourself, or ask your spawner to spawn the agent.",
            )
