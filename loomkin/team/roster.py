"""Who is in a team, who is free, who leads, and who owes whom an answer."""

from collections.abc import Sequence

from loomkin.errors import NotFoundError
from loomkin.records.mail import ASKING, PERSON
from loomkin.records.role import Role
from loomkin.records.usage import usd
from loomkin.runtime.clock import Clock
from loomkin.team.mailroom import Address
from loomkin.team.member import Member

LEAD = "lead"


class Roster:
    """Everybody a session ever had, by name, those who have gone too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._members: dict[str, Member] = {}

    @property
    def members(self) -> tuple[Member, ...]:
        """Everybody, oldest first, those who have gone too."""
        return tuple(self._members.values())

    @property
    def stands_still(self) -> bool:
        """Whether all who could work are paused, as after loomkin was started again."""
        able = [one for one in self._members.values() if one.open and not one.hosted]
        return bool(able) and all(one.agent.steering.paused for one in able)

    def now(self) -> float:
        """The clock by which members' states are timed, in seconds."""
        return self._clock.monotonic()

    def lines(self, reader: str) -> list[str]:
        """Everybody in a line each, as a model reads it."""
        now, told = self._clock.monotonic(), []
        teams = {one.seat.team: None for one in self._members.values() if one.open}
        mine = self._members[reader].seat.team if reader in self._members else ""
        for team in sorted(teams, key=lambda name: name != mine):
            if len(teams) > 1:
                told.append(
                    f"Team {team}{' (yours)' if team == mine else ''}; mail for all of it: team:{team}"
                )
            told += [self._line(one, reader, now) for one in self._members.values() if one.seat.team == team]
        return told

    def _line(self, one: Member, reader: str, now: float) -> str:
        status = one.status()
        doing = f"{status.state} {status.detail}".strip()
        you = " (you)" if one.name == reader else ""
        mail = f", {_letters(len(one.box.letters))}" if one.box.letters else ""
        purpose = f": {' '.join(one.seat.purpose.split())[:100]}" if one.seat.purpose else ""
        since = f" for {max(0.0, now - status.since):.0f} s" if status.since else ""
        budget = "" if one.seat.budget is None else f", may spend ${usd(one.seat.budget):.4f}"
        return f"{one.name}{you}, {one.seat.role.name}, {doing}{since}{mail}{budget}{purpose}"

    def member(self, name: str) -> Member:
        """The member of that name; raises NotFoundError that names the others."""
        if name not in self._members:
            raise NotFoundError(
                f"There is no agent {name!r}.", hint=f"There are: {', '.join(self._members) or 'none'}."
            )
        return self._members[name]

    def leads(self, name: str) -> bool:
        """Whether an agent leads: it is the session's own, or a lead by role."""
        one = self._members.get(name)
        return one is not None and (one.hosted or one.seat.role.name == LEAD)

    def below(self, name: str) -> list[str]:
        """Whom an agent had hired, and whom those had, those who have gone too."""
        found: list[str] = []
        for one in self._members.values():  # who hires was there before
            if one.seat.spawner == name or one.seat.spawner in found:
                found.append(one.name)
        return found

    def reader(self, name: str) -> str:
        """That agent if it reads mail, else a lead, else the session's own agent, else the person."""
        there = [one for one in self._members.values() if one.open]
        found = [one for one in there if one.name == name]
        found += [one for one in there if one.seat.role.name == LEAD]
        found += [one for one in there if one.hosted]
        return found[0].name if found else PERSON

    def directory(self) -> Sequence[Address]:
        """Everybody as mail knows them."""
        return [_address(one) for one in self._members.values()]

    def address(self, name: str) -> Address | None:
        """One member as mail knows it."""
        one = self._members.get(name)
        return None if one is None else _address(one)

    def idle_one(self, role: str, team: str, without: str) -> Member | None:
        """A member of the role and team that has nothing to do."""
        for one in self._members.values():
            there = one.open and one.seat.role.name == role and one.seat.team == team
            if there and one.name != without and not one.hosted and not one.active:
                return one
        return None

    def free_name(self, role: Role) -> str:
        """A name for a new agent of a role: the role's own, then with numbers."""
        number, name = 1, role.name
        while name in self._members:
            number += 1
            name = f"{role.name}-{number}"
        return name

    def owed(self, name: str) -> bool:
        """Whether others still owe an agent an answer or a report."""
        return any(
            mail.sender == name and mail.kind in ASKING and one.active
            for other, one in self._members.items()
            if other != name
            for mail in (*one.letters, *one.box.letters)
        )


def _letters(count: int) -> str:
    return "1 letter waits" if count == 1 else f"{count} letters wait"


def _address(one: Member) -> Address:
    return Address(one.name, one.seat.role.name, one.seat.team, one.status().state, one.open)
