"""One member of a team: its seat, its mailbox, its task, and what it does at this moment."""

import asyncio
from collections.abc import Callable

from loomkin.agent.agent import Agent
from loomkin.agent.turn import Limits, Outcome, TurnEnd
from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.mail import Mail, MailKind
from loomkin.runtime.mailbox import Mailbox
from loomkin.team.mailroom import AgentInbox
from loomkin.team.seat import GONE, Seat, Standing


@dataclass(frozen=True, slots=True)
class Status:
    """What a member does: `since` in seconds of the monotonic clock."""

    state: str
    detail: str
    since: float


class Member:
    """Holds what belongs to one agent; `hosted` ones take their turns in the session's own task."""

    def __init__(self, seat: Seat, agent: Agent, box: Mailbox, inbox: AgentInbox, hosted: bool) -> None:
        self.seat = seat
        self.agent = agent
        self.box = box
        self.inbox = inbox
        self.hosted = hosted
        self.task: asyncio.Task[None] | None = None
        self.standing = Standing.IDLE
        self.busy = False
        self.restarts: list[float] = []
        self.error = ""
        self.letters: list[Mail] = []
        inbox.on_taken = self._take
        self.last = Status("starting", "", 0.0)
        self.sign_of_life = 0.0
        self.interrupted = ""
        self.hushed = False

    def _take(self, mail: Mail) -> None:
        """A letter that is heard in a turn wants its answer at the end of it, whenever it came."""
        if all(mail.id != known.id for known in self.letters):
            self.letters.append(mail)

    def answered(self, letter: str) -> None:
        """A question of these letters, which a turn may hold, too, wants no answer any more."""
        self.letters[:] = [
            mail for mail in self.letters if mail.id != letter or mail.kind is not MailKind.QUESTION
        ]

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.seat.name

    @property
    def open(self) -> bool:
        """Whether it reads mail."""
        return self.standing not in GONE

    @property
    def active(self) -> bool:
        """Whether something goes on or is about to: a turn, or a letter that will wake it."""
        if self.standing is Standing.CRASHED:
            return True  # until it is restarted or given up
        return self.open and not self.agent.steering.paused and (self.busy or self.box.waits())

    def interrupt(self, reason: str, hushed: bool) -> bool:
        """Stop the turn that runs, if one does; the report of a `hushed` one wakes nobody."""
        if not self.busy or self.task is None or self.interrupted:
            return False
        self.interrupted, self.hushed = reason, hushed
        self.task.cancel()
        return True

    def seen(self, at: float, state: str = "", detail: str = "") -> None:
        """Take what an event of it said; every event is a sign of life."""
        self.sign_of_life = at
        if state:
            self.last = Status(state, detail, at)
        if self.standing is Standing.STALLED:
            self.standing, self.error = Standing.WORKING, ""

    def status(self) -> Status:
        """What it does, from its task first, then from its last event."""
        last = self.last
        if not self.hosted and self.task is not None and self.task.done() and self.standing not in GONE:
            return Status(Standing.CRASHED, self.error, last.since)
        if self.standing in GONE or self.standing in (Standing.CRASHED, Standing.STALLED):
            return Status(self.standing.value, self.error, last.since)
        if self.agent.steering.paused:
            return Status(Standing.PAUSED, "", last.since)
        return last if self.busy else Status("idle", "", last.since)


class Worker:
    """Sleeps until mail comes, takes a turn over it, and reports how it ended."""

    def __init__(
        self,
        member: Member,
        limits: Limits,
        began: Callable[[Member, list[Mail]], None],
        ended: Callable[[Member, TurnEnd, list[Mail]], None],
    ) -> None:
        self._member = member
        self._limits = limits
        self._began = began
        self._ended = ended

    async def run(self) -> None:
        """Work until cancelled; anything else that ends it is a crash."""
        member = self._member
        while True:
            await member.box.wake()
            await member.agent.steering.held()
            await member.agent.open()
            if not (member.letters or member.box.waits()):
                continue  # while it was held the person took out what had woken it
            # after a crash the letters of the turn that broke off still want their answer
            letters = member.letters = [*member.letters, *member.box.letters]
            member.busy = True
            self._began(member, letters)
            for heard in member.inbox.take(end=True):
                member.agent.transcript.say(heard.text, heard.sender)
            end = await self._turn(member, woke_by(letters))
            if end.outcome is not Outcome.DONE:
                await member.agent.scribe.flush()  # its last calls are known before it reports
            member.busy = False
            self._ended(member, end, letters)
            member.interrupted, member.hushed = "", False

    async def _turn(self, member: Member, woke: str) -> TurnEnd:
        """A turn to its end; one that was interrupted ends here, any other cancellation passes through."""
        try:
            return await member.agent.turn(woke, self._limits)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not member.interrupted or task is None or task.uncancel():
                raise
            return TurnEnd(Outcome.CANCELLED, "", 0, LoomkinError(member.interrupted))


def woke_by(letters: list[Mail]) -> str:
    """What woke an agent, for the ledger: kinds and senders, in at most 80 characters."""
    told = list(dict.fromkeys(f"{mail.kind} from {mail.sender}" for mail in letters))
    return ", ".join(told)[:80] or MailKind.CONTROL.value
