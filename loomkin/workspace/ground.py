"""What a team stands on, known before there is one."""

from collections.abc import Awaitable, Callable

from loomkin.agent.agent import Agent
from loomkin.agent.tally import Tally
from loomkin.decisions.desk import Desk
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.permission import Access
from loomkin.records.role import Role
from loomkin.runtime.supervisor import Supervisor
from loomkin.store import sessions
from loomkin.tooling.remembering import Memory
from loomkin.workspace.crew import MAIN, SOLO, Berth, Crew
from loomkin.workspace.git_desk import GitDesk
from loomkin.workspace.tiers import Tiers

LOOKING = (Access.READ, Access.NETWORK)
HARMLESS = (*LOOKING, Access.NONE)


@dataclass(frozen=True, slots=True)
class Ground:
    """Who makes agents, with which models, and how a conversation opens."""

    crew: Crew
    tiers: Tiers
    supervisor: Supervisor
    opening: Callable[[str], Awaitable[str]]
    desk: Desk
    memory: Memory
    given: set[str] = field(default_factory=set)

    @property
    def most_a_turn(self) -> int:
        """How many helpers an agent may have in one turn."""
        return self.crew.house.loaded.settings.team.spawns_per_turn

    def tally(self, most: int) -> Tally:
        """A count for each agent that begins anew with its turn."""
        tally = Tally(most)
        self.crew.house.bus.subscribe(tally.take)
        return tally

    def role(self, name: str) -> Role:
        """The role of that name as it is now; raises NotFoundError."""
        return self.crew.roles.get(name)

    def writers(self, role: Role) -> tuple[str, ...]:
        """The tools of a role that may change something, by what they are, whatever the role is called."""
        return tuple(name for name in role.all_tools if self.crew.toolsmith.access(name) not in HARMLESS)

    async def reader(self, name: str, role: Role) -> Agent:
        """An agent of a role with nothing but its tools that look; opened with what it must know."""
        access = self.crew.toolsmith.access
        tools = tuple(tool for tool in (*role.tools, *role.more_tools) if access(tool) in LOOKING)
        narrow = replace(role, tools=tools, more_tools=(), team_tools=(), plan_tools=())
        company = MAIN if self.crew.house.options.team else ""
        berth = Berth(name, narrow, SOLO, fixed=True, company=company)
        agent = self.crew.agent(berth, await self.tiers.of(role.tier))
        agent.transcript.say(await self.opening(""), "loomkin")
        return agent

    def git(self, agent: str) -> GitDesk:
        """What the person asks of git, at that agent's expense."""
        return GitDesk(self.crew, self.tiers, self, agent)

    def tell(self, name: str, text: str) -> None:
        """Let an agent know something before its next step."""
        agent = self.crew.known(name)
        if agent is not None:
            agent.transcript.say(text, "loomkin")

    def new_name(self, wish: str) -> str:
        """A name that no agent of the session ever had: the one wished for, else with a number."""
        database, session, number, name = self.crew.house.database, self.crew.session, 1, wish
        while name in self.given or sessions.last_turn(database, session, name):
            number += 1
            name = f"{wish}-{number}"
        self.given.add(name)
        return name
