"""A place in a team, and what comes to sit in it."""

from enum import StrEnum
from typing import Protocol

from loomkin.agent.agent import Agent
from loomkin.records.dataclass import dataclass
from loomkin.records.role import Role
from loomkin.records.team_event import AgentJoined


class Standing(StrEnum):
    """An agent's lasting state, as it is written down; what it does this second is read from its task."""

    WORKING = "working"
    IDLE = "idle"
    PAUSED = "paused"
    STALLED = "stalled"
    CRASHED = "crashed"
    STOPPED = "stopped"
    DONE = "done"


GONE = frozenset((Standing.STOPPED, Standing.DONE))


@dataclass(frozen=True, slots=True)
class Seat:
    """Who an agent is: `spawner` asked for it, for `purpose`; `budget` is in picodollars."""

    name: str
    role: Role
    team: str
    spawner: str
    purpose: str
    depth: int = 0
    budget: int | None = None

    def joined(self, model: str) -> AgentJoined:
        """The fact that somebody sits here now, who thinks with a model."""
        role, tier = self.role.name, self.role.tier
        who = (self.name, role, self.team, self.spawner)
        return AgentJoined(*who, model, self.purpose, self.budget, self.depth, tier)


class Maker(Protocol):
    """Makes the agent of a seat, with all it said before where it is not new."""

    async def __call__(self, seat: Seat) -> Agent:
        """The agent, ready for its first turn."""
        ...
