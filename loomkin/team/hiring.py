"""Who may join the team: the spawn gate, the estimate of its cost, and offering the one who is idle."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Protocol

from loomkin.agent.tally import Tally
from loomkin.errors import LimitError, NotFoundError, UsageError
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.records.permission import Access, ToolUse
from loomkin.records.regex import pattern
from loomkin.records.role import Role, Tier
from loomkin.team.mailroom import TEAM
from loomkin.team.matching import changes_files
from loomkin.team.member import Member
from loomkin.team.person_words import with_words
from loomkin.team.seat import GONE, Seat
from loomkin.team.team import Team
from loomkin.tooling.tool import Call

_NAME = pattern(r"[A-Za-z][\w-]{0,39}")


@dataclass(frozen=True, slots=True)
class Order:
    """What a spawner wants: somebody of a role, for some work; `fresh` refuses one who is idle already.

    `tier` is the kind of model, where the role's own does not fit; `team` puts the agent into a team of that
    name, which its own agents will join, too; `budget` is a new one's own, in picodollars.
    """

    role: str
    work: str
    name: str = ""
    fresh: bool = False
    tier: Tier | None = None
    team: str = ""
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Hired:
    """Who does the work, whether that agent was there before, and what a new one will probably cost."""

    member: Member
    reused: bool
    estimate: str = ""


class Office(Protocol):
    """What is known of roles; `tally` counts what each agent has spawned in its turn."""

    tally: Tally

    @property
    def asks(self) -> bool:
        """Whether the person wants to be asked about what writes."""
        ...

    @property
    def roles(self) -> Mapping[str, Role]:
        """All roles as they are now."""
        ...

    def writers(self, role: Role) -> tuple[str, ...]:
        """The tools of a role that may change something."""
        ...

    async def estimate(self, role: Role) -> str:
        """What an agent of the role will probably cost, in a sentence."""
        ...


class Hiring:
    """Spawns agents for agents, and ends them for who spawned them."""

    def __init__(self, team: Team, office: Office) -> None:
        self._team = team
        self._office = office
        self._one_at_a_time = asyncio.Lock()

    def role(self, name: str) -> Role:
        """The role of that name; NotFoundError names the others."""
        roles = self._office.roles
        if name not in roles:
            there = ", ".join(f"{role.name} ({role.description})" for role in roles.values())
            raise NotFoundError(f"There is no role {name!r}.", hint=f"Roles: {there}")
        return roles[name]

    def refuse_regions(self, role: str, regions: Collection[str]) -> None:
        """Raise UsageError where a role that has no tool for changing files is to change some."""
        one = self.role(role)
        if not regions or changes_files(one):
            return
        able = ", ".join(known.name for known in self._office.roles.values() if changes_files(known))
        raise UsageError(
            f"A {role} has no tools that write, so it cannot change {', '.join(regions)}.",
            hint=f"These roles can write: {able}. Leave `regions` out where it is only to read or to run.",
        )

    def use(self, tool: str, call: Call, order: Order, *, planned: bool = False) -> ToolUse:
        """A call that may bring a new agent, as the permission engine sees it.

        Where a person is there who is asked about writing, it is as if it ran something, if the role really
        has tools that may change something, whatever it is called; unless somebody who is there already takes
        the work: an idle one, or for work that is `planned` anybody of the role.
        """
        nothing = ToolUse(tool, Access.NONE, str(call.cwd))
        if order.role not in self._office.roles or not (self._team.attended and self._office.asks):
            return nothing
        there = (one for one in self._team.members if one.open and one.seat.role.name == order.role)
        writers = self._office.writers(self._wanted(order))
        if not writers or (any(there) if planned else self._idle(call.agent, order)):
            return nothing
        can: dict[str, object] = {"role": order.role, "tools": ", ".join(writers)}
        return ToolUse(tool, Access.EXECUTE, str(call.cwd), arguments=can)

    async def preview(self, order: Order) -> str:
        """What the person should know before they let an agent be spawned."""
        role = self._wanted(order)
        can = ", ".join(self._office.writers(role)) or "nothing"
        costs = await self._office.estimate(role)
        return f"{order.work}\n\nTools that may change something: {can}.\n{costs}".rstrip()

    async def hire(self, spawner: str, order: Order) -> Hired:
        """Give the work to an idle agent of the role, or to a new one.

        Raises LimitError, NotFoundError, and UsageError for a name that cannot be.
        """
        async with self._one_at_a_time:
            role = self._wanted(order)
            idle = self._idle(spawner, order)
            if idle is not None:
                self._team.instruct(spawner, idle.name, self._letter(spawner, order.work))
                return Hired(idle, True)
            self._refuse_name(order)
            if order.budget is not None and order.budget <= 0:
                raise UsageError("A budget of nothing pays for no call.", hint="Leave it out for none.")
            if spawner != PERSON and not self._office.tally.one_more(spawner):
                raise LimitError(
                    f"You have spawned {self._office.tally.most} agents in this turn, which is the most.",
                    limit="spawns",
                    hint="Wait for their reports: end your turn, mail wakes you.",
                )
            seat = self._seat(spawner, role, order.work, order.name, order.team)
            seat = replace(seat, budget=order.budget)
            member = await self._team.spawn(seat, self._letter(spawner, order.work))
        return Hired(member, False, await self._office.estimate(role))

    async def dissolve(self, boss: str, names: tuple[str, ...], reason: str, by: str = "") -> list[str]:
        """End agents that `boss` spawned, and those that they spawned, for `by`; one line for each.

        Without names all of them. Raises NotFoundError, and UsageError for those of others.
        """
        mine = [one for one in self._team.members if one.seat.spawner == boss and one.standing not in GONE]
        for name in names:
            if self._team.member(name) not in mine:
                whose = self._team.member(name).seat.spawner
                raise UsageError(f"{name} is not yours to end: {whose} spawned it, or it has gone.")
        told = []
        for member in [one for one in mine if not names or one.name in names]:
            told += await self.dissolve(member.name, (), reason, by or boss)
            doing = member.status().state
            said = " ".join(member.agent.transcript.last_said().split())[:300] if member.busy else ""
            await self._team.stop(member.name, reason, by=by or boss)
            words = f" It said last: {said}" if said else ""
            told.append(f"{member.name} has ended; it was {doing}.{words}")
        return told

    async def recruit(self, spawner: str, role: str, purpose: str) -> Member:
        """A new agent that gets its work from the plan; raises LimitError, NotFoundError."""
        async with self._one_at_a_time:
            return await self._team.spawn(self._seat(spawner, self.role(role), purpose), "")

    @property
    def roles(self) -> Mapping[str, Role]:
        """All roles as they are now."""
        return self._office.roles

    def _seat(self, spawner: str, role: Role, purpose: str, name: str = "", team: str = "") -> Seat:
        boss = self._boss(spawner)
        return Seat(
            name or self._team.free_name(role), role, team or boss.team, spawner, purpose, boss.depth + 1
        )

    def _letter(self, spawner: str, work: str) -> str:
        """The order in full: the session's own agent hands on what the person said, word for word."""
        boss = None if spawner == PERSON else self._team.member(spawner)
        return with_words(work, boss.agent.transcript.messages) if boss and boss.hosted else work

    def _boss(self, spawner: str) -> Seat:
        """The seat that a new one is below; whom the person hires works in the first agent's team."""
        return self._team.members[0].seat if spawner == PERSON else self._team.member(spawner).seat

    def _wanted(self, order: Order) -> Role:
        role = self.role(order.role)
        return replace(role, tier=order.tier) if order.tier else role

    def _idle(self, spawner: str, order: Order) -> Member | None:
        if order.fresh or order.name or order.budget is not None:
            return None
        team = order.team or self._boss(spawner).team
        found = self._team.idle_one(order.role, team, spawner)
        return found if found is None or order.tier in (None, found.seat.role.tier) else None

    def _refuse_name(self, order: Order) -> None:
        name = order.name
        taken = {PERSON, SYSTEM, TEAM, *(one.name for one in self._team.members)}
        taken |= set(self._office.roles) - {order.role}
        if name and (name in taken or not _NAME.fullmatch(name)):
            raise UsageError(
                f"An agent cannot be called {name!r}: that is taken, or no name.",
                hint="Use letters, digits, - and _, beginning with a letter; or leave the name out.",
            )
        if order.team and not _NAME.fullmatch(order.team):
            raise UsageError(
                f"A team cannot be called {order.team!r}.",
                hint="Use letters, digits, - and _, beginning with a letter.",
            )
