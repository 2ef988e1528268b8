"""Makes the agents of a session: what they share is made once, the rest for each of them."""

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Protocol

from loomkin.agent.agent import Agent, Parts
from loomkin.agent.prompt import system_prompt
from loomkin.agent.transcript import Transcript
from loomkin.llm.client import ModelClient, OpenWire
from loomkin.llm.metering import Meter
from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.project.environment import ChildEnvironment, child_environment
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import CallId, SessionId
from loomkin.records.message import Message, ToolCall
from loomkin.records.role import Role
from loomkin.runtime.recorder import Scribe
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call
from loomkin.tooling.toolbox import Toolbox
from loomkin.workspace.house import House
from loomkin.workspace.models import Chosen, build_client

SOLO = "solo"
MAIN = "main"


class Toolsmith(Protocol):
    """Makes the tools of a role, with the services that they name."""

    def __call__(self, toolbox: Toolbox, role: Role, services: Mapping[type, Any]) -> None:
        """Put every tool of the role into its box."""
        ...


@dataclass(frozen=True, slots=True)
class Berth:
    """Who an agent is: its name, its role, its team, what it said before, and how many turns it took."""

    name: str
    role: Role
    team: str = SOLO
    messages: tuple[Message, ...] = ()
    turns: int = 0


class Crew:
    """Makes agents; the model clients it opened are closed with it."""

    def __init__(
        self,
        house: House,
        session: SessionId,
        gate: Gate,
        denied: frozenset[str],
        wires: OpenWire,
        meter: Meter,
        toolsmith: Toolsmith,
        services: MutableMapping[type, Any],
        found_before: Callable[[tuple[Message, ...]], Any],
    ) -> None:
        self.house = house
        self.session = session
        self.gate = gate
        self._denied = denied
        self._wires = wires
        self._meter = meter
        self._toolsmith = toolsmith
        self._services = services
        self._found_before = found_before
        self._models: list[ModelClient] = []

    def scribe(self, agent: str) -> Scribe:
        """What writes down what that agent does."""
        return Scribe(self.house.journal, self.session, agent)

    def hooks(self, agent: str) -> Hooks:
        """The person's hooks, as that agent runs them."""
        options = self.house.options
        commands = () if options.bare else self.house.loaded.settings.hooks
        return Hooks(commands, self.house.workplace.root, self._environment(agent))

    def agent(self, berth: Berth, chosen: Chosen) -> Agent:
        """An agent ready for its next turn."""
        house, name, role = self.house, berth.name, berth.role
        in_team = berth.team != SOLO
        tools = (*role.tools, *role.team_tools) if in_team else role.tools
        toolbox = Toolbox(tools, (*role.more_tools, *role.team_tools), self._denied)
        own: dict[type, Any] = {Toolbox: toolbox, ChildEnvironment: ChildEnvironment(self._environment(name))}
        self._toolsmith(toolbox, role, ChainMap(own, self._services))
        toolbox.show(self._found_before(berth.messages))
        model = build_client(chosen, house.loaded.settings, self._wires, self._meter)
        self._models.append(model)
        scribe, cwd = self.scribe(name), house.options.cwd

        def call_of(call: ToolCall) -> Call:
            return Call(CallId(call.id), self.session, name, cwd)

        hooks = self.hooks(name)
        runner = Runner(toolbox, self.gate, hooks, house.clock, house.redactor.redact, call_of)
        transcript = Transcript(scribe, house.clock, berth.messages)
        extra = house.options.append_system_prompt
        system = system_prompt(name, role, berth.team, house.workplace.root.name, extra)
        return Agent(Parts(system, model, runner, transcript, hooks, scribe, house.clock), berth.turns)

    async def aclose(self) -> None:
        """Close every connection of every agent."""
        for model in self._models:
            await model.aclose()

    def _environment(self, agent: str) -> dict[str, str]:
        rows = self.house.loaded.settings.providers.values()
        keys = [row.api_key_env for row in rows if row.api_key_env]
        options = self.house.options
        return child_environment(options.environ, session_id=self.session, agent=agent, secret_names=keys)
