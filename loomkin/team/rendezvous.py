"""Named points where agents wait for each other, for a time."""

from collections.abc import Sequence

from loomkin.records.dataclass import replace
from loomkin.records.mail import SYSTEM, MailKind
from loomkin.records.team_event import RendezvousChanged
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.rounds import Rounds
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.mailroom import Letter
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.referee import PlanError
from loomkin.team.team import Team

OPEN, MET, TIMED_OUT = "open", "met", "timed_out"


class Meetings(Practice):
    """Keeps the meeting points of a session; a member that has gone is awaited no more."""

    def __init__(self, team: Team, scribe: Scribe, clock: Clock, supervisor: Supervisor) -> None:
        self._team = team
        self._scribe = scribe
        self._clock = clock
        self._known: dict[str, RendezvousChanged] = {}
        self._rounds = Rounds("rendezvous", supervisor, _nothing, team.stir)

    def restore(self, meetings: Sequence[RendezvousChanged]) -> None:
        """Go on with the meeting points of an earlier process."""
        for meeting in meetings:
            self._known[meeting.name] = meeting
            if meeting.state == OPEN:
                self._time(meeting)

    def open(self, name: str, agents: Sequence[str], text: str, seconds: float) -> None:
        """A new meeting point; raises NotFoundError for agents that do not exist, PlanError where it does."""
        if name in self._known and self._known[name].state == OPEN:
            raise PlanError(f"There is a rendezvous {name!r} already.", hint="Take another name.")
        awaited = tuple(dict.fromkeys(self._team.member(agent).name for agent in agents))
        if len(awaited) < 2:
            raise PlanError("A rendezvous needs two agents or more.")
        until = self._clock.now() + seconds
        meeting = RendezvousChanged(name, awaited, (), OPEN, until, text)
        self._put(meeting)
        self._time(meeting)
        others = ", ".join(awaited)
        words = f"Rendezvous {name} of {others}: call rendezvous_ready with {name!r} when you are that far."
        self._tell(awaited, words, MailKind.CHAT)

    def ready(self, name: str, agent: str) -> list[str]:
        """An agent is there; the answer is who is still missing, nobody where all have met."""
        meeting = self._known.get(name)
        if meeting is None or meeting.state != OPEN:
            there = ", ".join(one.name for one in self._known.values() if one.state == OPEN)
            raise PlanError(f"There is no open rendezvous {name!r}.", hint=f"Open: {there or 'none'}.")
        if agent not in meeting.awaited:
            raise PlanError(
                f"{name} awaits {', '.join(meeting.awaited)}, not you.", hint="Go on with your work."
            )
        if agent not in meeting.present:
            meeting = replace(meeting, present=(*meeting.present, agent))
        return self._judge(meeting)

    def waits(self, agent: str) -> bool:
        """Whether an agent is at a meeting point where somebody is missing."""
        return any(one.state == OPEN and agent in one.present for one in self._known.values())

    def holds(self, member: Member) -> bool:
        """Whoever waits at a meeting point is woken when all are there, or it is over."""
        return self.waits(member.name)

    def gone(self, member: Member, reason: str) -> None:
        """Nobody waits for who will not come."""
        for meeting in list(self._known.values()):
            if meeting.state == OPEN and member.name in meeting.awaited:
                awaited = tuple(name for name in meeting.awaited if name != member.name)
                present = tuple(name for name in meeting.present if name != member.name)
                self._judge(replace(meeting, awaited=awaited, present=present))

    def quiet(self) -> bool:
        """Nobody works any more, so nobody will come: those who wait are told at once."""
        waiting = [one for one in self._known.values() if one.state == OPEN and one.present]
        for meeting in waiting:
            self._over(meeting)
        return bool(waiting)

    def _judge(self, meeting: RendezvousChanged) -> list[str]:
        missing = [name for name in meeting.awaited if name not in meeting.present]
        if missing or not meeting.present:
            self._put(meeting)
            return missing
        self._rounds.drop(meeting.name)
        self._put(replace(meeting, state=MET))
        self._tell(meeting.present, f"All are at {meeting.name}. {meeting.text}", MailKind.CONTROL)
        return []

    def _over(self, meeting: RendezvousChanged) -> None:
        self._rounds.drop(meeting.name)
        missing = ", ".join(name for name in meeting.awaited if name not in meeting.present)
        self._put(replace(meeting, state=TIMED_OUT))
        words = f"Rendezvous {meeting.name} is over; missing: {missing}."
        self._tell(meeting.present, f"{words} Go on without them, or say what is open.", MailKind.CONTROL)

    def _time(self, meeting: RendezvousChanged) -> None:
        def over() -> None:
            now = self._known[meeting.name]
            if now.state == OPEN:
                self._over(now)

        self._rounds.call_in(max(0.0, meeting.until - self._clock.now()), meeting.name, over)

    def _put(self, meeting: RendezvousChanged) -> None:
        if self._known.get(meeting.name) != meeting:
            self._known[meeting.name] = meeting
            self._scribe.record(meeting)

    def _tell(self, names: Sequence[str], words: str, kind: MailKind) -> None:
        there = {one.name for one in self._team.members if one.open}
        for name in names:
            if name in there:
                self._team.room.send(SYSTEM, Letter(name, words, kind))


async def _nothing() -> None:
    return None
