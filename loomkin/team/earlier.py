"""What an earlier process of the session wrote down about its plan, for those who go on with it."""

from collections.abc import Iterator

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, Fact, FileChanged
from loomkin.records.ids import MailId, TaskId
from loomkin.records.mail import SYSTEM, MailKind, MailState
from loomkin.records.team_event import MailMoved, MailSent, TaskMoved
from loomkin.store import sessions
from loomkin.store.database import Database

KINDS = (FileChanged, TaskMoved, MailSent, MailMoved)
HEARD = (MailState.DELIVERED, MailState.READ)


@dataclass(frozen=True, slots=True)
class Presented:
    """The letter in which an agent was told of a task that it is offered, and whether it has heard it."""

    mail: MailId
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """Moves of tasks, changes of files and letters, oldest first."""

    events: tuple[Event, ...] = ()

    @property
    def facts(self) -> Iterator[Fact]:
        """The same without place and time."""
        return (event.fact for event in self.events)

    def presented(self) -> dict[tuple[str, TaskId], Presented]:
        """The orders of tasks that are offered still, by agent and task."""
        found: dict[tuple[str, TaskId], Presented] = {}
        for fact in self.facts:
            if isinstance(fact, TaskMoved):
                found = {key: value for key, value in found.items() if key[1] != fact.task}
            elif isinstance(fact, MailSent):
                mail = fact.mail
                if mail.task and mail.sender == SYSTEM and mail.kind is MailKind.CONTROL:
                    found.setdefault((mail.to, mail.task), Presented(mail.id))
            elif isinstance(fact, MailMoved):
                _follow(found, fact)
        return found


def _follow(found: dict[tuple[str, TaskId], Presented], fact: MailMoved) -> None:
    for key, one in list(found.items()):
        if one.mail == fact.mail and fact.state in HEARD:
            found[key] = Presented(one.mail, heard=True)
        elif one.mail == fact.mail:
            del found[key]


def read(database: Database, session: str) -> Earlier:
    """The past of a session."""
    events = [event for kind in KINDS for event in sessions.events(database, session, kind.__name__)]
    return Earlier(tuple(sorted(events, key=lambda event: event.seq)))
