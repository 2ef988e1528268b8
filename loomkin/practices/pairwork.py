"""Architect and editor: when edits of a plan fail twice, the plan goes back with the failures attached."""

from loomkin.agent.turn import TurnEnd
from loomkin.records.dataclass import dataclass, field
from loomkin.records.event import Event, MessageAdded
from loomkin.records.mail import SYSTEM, Delivery, Mail, MailKind, Priority
from loomkin.records.message import Message
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.team import Team

ARCHITECT = "architect"
EDITS = ("file_edit", "file_patch", "file_write")
MOST = 2
LONGEST = 2000
STOP = (
    "{count} edits in a row failed. Do not try another: end your turn now and say what the plan wants and "
    "what the file really holds. {boss} gets your failures and sends a corrected plan."
)
BACK = (
    "{name} could not carry your plan out: {count} edits in a row failed. Read the file before you correct "
    "the plan.\n\n{failures}"
)


@dataclass(slots=True)
class Editing:
    """The edits of one turn for an architect: calls under way by id, and failures since the last success."""

    boss: str
    calls: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Pairwork(Practice):
    """Watches those who carry out an architect's plan."""

    def __init__(self, team: Team, room: Mailroom) -> None:
        self._team = team
        self._room = room
        self._editing: dict[str, Editing] = {}

    def turn_begins(self, member: Member, letters: list[Mail]) -> None:
        """An editor begins anew with every order."""
        if boss := self._boss(member, letters):
            self._editing[member.name] = Editing(boss)

    def happened(self, event: Event) -> None:
        """An edit that failed counts, one that succeeded ends the count; the second failure is the last."""
        editing = self._editing.get(event.agent)
        if editing is None or not isinstance(event.fact, MessageAdded):
            return
        before = len(editing.failures)
        _note(editing, event.fact.message)
        if before < MOST <= len(editing.failures):
            text = STOP.format(count=len(editing.failures), boss=editing.boss)
            self._room.send(
                SYSTEM, Letter(event.agent, text, MailKind.CONTROL, Priority.HIGH, Delivery.INTERRUPT)
            )

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """What failed goes to the architect, together with the editor's last words."""
        editing = self._editing.pop(member.name, None)
        if editing is None or len(editing.failures) < MOST or not self._is_architect(editing.boss):
            return
        failures = "\n\n".join(editing.failures)
        text = BACK.format(name=member.name, count=len(editing.failures), failures=failures)
        self._room.send(SYSTEM, Letter(editing.boss, text, MailKind.BLOCKER, Priority.HIGH))

    def gone(self, member: Member, reason: str) -> None:
        """Nothing is counted for one who has left."""
        self._editing.pop(member.name, None)

    def _boss(self, member: Member, letters: list[Mail]) -> str:
        """The architect whose order a turn is about."""
        senders = [mail.sender for mail in letters if mail.kind is MailKind.CONTROL]
        return next(filter(self._is_architect, [*senders, member.seat.spawner]), "")

    def _is_architect(self, name: str) -> bool:
        known = (one for one in self._team.members if one.name == name)
        return any(one.open and one.seat.role.name == ARCHITECT for one in known)


def _note(editing: Editing, message: Message) -> None:
    for call in message.calls:
        if call.name in EDITS:
            editing.calls[call.id] = call.arguments
    for result in message.results:
        if result.call_id not in editing.calls:
            continue
        wanted = editing.calls.pop(result.call_id)
        if result.is_error:
            editing.failures.append(f"{result.name} {wanted[:LONGEST]}\nfailed: {result.text[:LONGEST]}")
        else:
            editing.failures.clear()


PRACTICE = Pairwork
