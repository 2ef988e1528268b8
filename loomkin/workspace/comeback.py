"""Brings the team of an earlier process back as it was; nobody goes on before the person says so."""

from collections.abc import Callable, Mapping

from loomkin.agent.agent import Agent
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.mail import SYSTEM, MailKind, Priority
from loomkin.records.role import Role
from loomkin.store import team as past
from loomkin.store.database import Database
from loomkin.store.team import AgentRow
from loomkin.team.mailroom import Letter
from loomkin.team.member import Member
from loomkin.team.seat import GONE, Maker, Seat
from loomkin.team.team import Team

GO_ON = (
    "loomkin was stopped while you worked, and has been started again. What ran then was interrupted and may "
    "have had effects: look before you repeat it, and go on."
)


@dataclass(frozen=True, slots=True)
class Returned:
    """Who came back, and who was in the middle of something; `lost` are those whose role is no more."""

    names: tuple[str, ...]
    interrupted: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def note(self) -> str:
        """What the person and the session's agent should know; empty where nobody came back."""
        if not self.names and not self.lost:
            return ""
        at_work = f" In the middle of work: {', '.join(self.interrupted)}." if self.interrupted else ""
        lost = f" Not back, for want of their role: {', '.join(self.lost)}." if self.lost else ""
        return f"The team is back: {', '.join(self.names) or 'nobody'}.{at_work}{lost}"


class Comeback:
    """Seats the agents of an earlier process again, with their letters and all that they said."""

    def __init__(self, team: Team, make: Maker, roles: Callable[[], Mapping[str, Role]]) -> None:
        self._team = team
        self._make = make
        self._roles = roles

    async def __call__(self, db: Database, session: str, host: str, interrupted: set[str]) -> Returned:
        """Seat everybody; `interrupted` are those whose turn never ended. They stand still until unpaused."""
        letters = past.mail(db, session)
        self._team.room.restore(letters)
        answered = past.answered_orders(db, session)
        orders = [mail for mail in letters if mail.id in answered]
        self._team.reports.restore(orders, past.reports(db, session))
        names, at_work, lost = [], [], []
        for row in past.members(db, session):
            if row.name == host or row.state in GONE:
                continue
            role = self._roles().get(row.role)
            if role is None:
                lost.append(row.name)
                continue
            member = self._team.reseat(_seat(row, role), await self._agent(row, role))
            names.append(row.name)
            owed = past.unanswered_mail(db, session, row.name)
            member.letters = [mail for mail in letters if mail.id in owed]
            if row.name in interrupted or past.broke_off(db, session, row.name):
                at_work.append(row.name)
                self._go_on(member)
        return Returned(tuple(names), tuple(at_work), tuple(lost))

    async def _agent(self, row: AgentRow, role: Role) -> Agent:
        return await self._make(_seat(row, role))

    def _go_on(self, member: Member) -> None:
        """Tell who was in the middle of something, once."""
        if not any(mail.text == GO_ON for mail in member.box.letters):
            self._team.room.send(SYSTEM, Letter(member.name, GO_ON, MailKind.CONTROL, Priority.HIGH))


def _seat(row: AgentRow, role: Role) -> Seat:
    role = replace(role, tier=row.tier) if row.tier else role
    return Seat(row.name, role, row.team, row.spawner, row.purpose, row.depth, row.budget)
