"""Who may join the team: the spawn gate, the estimate of its cost, and offering the one who is idle."""

from collections.abc import Callable, Mapping

from loomkin.errors import NotFoundError
from loomkin.records.dataclass import dataclass
from loomkin.records.mail import PERSON
from loomkin.records.role import Role
from loomkin.team.member import Member
from loomkin.team.seat import Seat
from loomkin.team.team import Team


@dataclass(frozen=True, slots=True)
class Order:
    """What a spawner wants: somebody of a role, for some work; `fresh` refuses one who is idle already."""

    role: str
    work: str
    name: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Hired:
    """Who does the work, and whether that agent was there before."""

    member: Member
    reused: bool


class Hiring:
    """Spawns agents for agents."""

    def __init__(self, team: Team, roles: Callable[[], Mapping[str, Role]]) -> None:
        self._team = team
        self._roles = roles

    def role(self, name: str) -> Role:
        """The role of that name; NotFoundError names the others."""
        roles = self._roles()
        if name not in roles:
            there = ", ".join(f"{role.name} ({role.description})" for role in roles.values())
            raise NotFoundError(f"There is no role {name!r}.", hint=f"Roles: {there}")
        return roles[name]

    async def hire(self, spawner: str, order: Order) -> Hired:
        """Give the work to an idle agent of the role, or to a new one; raises LimitError, NotFoundError."""
        role = self.role(order.role)
        team = self._boss(spawner).team
        idle = None if order.fresh or order.name else self._team.idle_one(role.name, team, spawner)
        if idle is not None:
            self._team.instruct(spawner, idle.name, order.work)
            return Hired(idle, True)
        seat = self._seat(spawner, role, order.work, order.name)
        return Hired(await self._team.spawn(seat, order.work), False)

    async def recruit(self, spawner: str, role: str, purpose: str) -> Member:
        """A new agent that gets its work from the plan; raises LimitError, NotFoundError."""
        return await self._team.spawn(self._seat(spawner, self.role(role), purpose), "")

    @property
    def roles(self) -> Mapping[str, Role]:
        """All roles as they are now."""
        return self._roles()

    def _seat(self, spawner: str, role: Role, purpose: str, name: str = "") -> Seat:
        boss = self._boss(spawner)
        return Seat(name or self._team.free_name(role), role, boss.team, spawner, purpose, boss.depth + 1)

    def _boss(self, spawner: str) -> Seat:
        """The seat that a new one is below; whom the person hires works in the first agent's team."""
        return self._team.members[0].seat if spawner == PERSON else self._team.member(spawner).seat
