"""Makes the agents of a session: what they share is made once, the rest for each of them."""

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from functools import cached_property
from typing import Any, Protocol, TypeVar

from loomkin.agent.agent import Agent, Parts
from loomkin.agent.prompt import role_words, system_prompt, team_words, window_words
from loomkin.agent.roles import Roles
from loomkin.agent.transcript import Transcript
from loomkin.agent.window import Overflow, Room, Window
from loomkin.llm.books import Books
from loomkin.llm.client import ModelClient
from loomkin.permissions.gate import Gate
from loomkin.permissions.hooks import Hooks
from loomkin.project.environment import ChildEnvironment, child_environment
from loomkin.project.root import Root, find_root
from loomkin.project.sight import Sight
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import CallId, SessionId
from loomkin.records.keeper import Keeper
from loomkin.records.message import Message, ToolCall
from loomkin.records.permission import Access
from loomkin.records.role import Role
from loomkin.runtime.recorder import Scribe
from loomkin.store.known import any_earlier
from loomkin.tooling.freshness import Freshness
from loomkin.tooling.remembering import SIGHT, promised
from loomkin.tooling.runner import Runner
from loomkin.tooling.tool import Call
from loomkin.tooling.toolbox import Toolbox
from loomkin.workspace.experience import Experience
from loomkin.workspace.house import House
from loomkin.workspace.languages import Languages
from loomkin.workspace.models import Chosen, Reach, build_client
from loomkin.workspace.recollection import Recollection

T = TypeVar("T")
SOLO = "solo"
MAIN = "main"
HIRING = frozenset(("team_spawn", "task_create"))


class Toolsmith(Protocol):
    """Makes the tools of a role, with the services that they name."""

    def __call__(self, toolbox: Toolbox, role: Role, services: Mapping[type, Any]) -> None:
        """Put every tool of the role into its box."""
        ...

    @property
    def of_teams(self) -> frozenset[str]:
        """The tools that need other agents."""
        ...

    def access(self, name: str) -> Access:
        """What a tool does to the world."""
        ...


@dataclass(frozen=True, slots=True)
class Berth:
    """Who an agent is: its name, role and team, what it said before, what keepers hold of that, its turns.

    `spawner` is the agent that asked for it; a `fixed` role does not follow its file; `budget` is its own, in
    picodollars; `company` is the team of one that works for it and is no member; `hosted` is the session's.
    """

    name: str
    role: Role
    team: str = SOLO
    messages: tuple[Message, ...] = ()
    turns: int = 0
    spawner: str = ""
    fixed: bool = False
    budget: int | None = None
    company: str = ""
    keepers: tuple[Keeper, ...] = ()
    hosted: bool = False


class Crew:
    """Makes agents; the model clients it opened are closed with it."""

    def __init__(
        self,
        house: House,
        session: SessionId,
        gate: Gate,
        denied: frozenset[str],
        reach: Reach,
        books: Books,
        roles: Roles,
        toolsmith: Toolsmith,
        services: MutableMapping[type, Any],
        found_before: Callable[[tuple[Message, ...]], Any],
        overflow: Callable[[], Overflow],
    ) -> None:
        self.house = house
        self.session = session
        self.gate = gate
        self._denied = denied
        self._reach = reach
        self.books = books
        self.roles = roles
        self.toolsmith = toolsmith
        self._services = services
        self._found_before = found_before
        context = house.loaded.settings.context
        self._room = Room(context.offload_at, context.offload_to, overflow)
        self.recollection = Recollection(house, session)
        self.languages = Languages(house, lambda: self.environment(""))
        self._models: list[ModelClient] = []
        self._agents: dict[str, Agent] = {}
        self.experience: dict[str, Experience] = {}
        if house.options.solo:
            self._denied |= toolsmith.of_teams

    def service(self, kind: type[T]) -> T:
        """What the session's tools share, by its type; raises KeyError."""
        found: T = self._services[kind]
        return found

    def scribe(self, agent: str) -> Scribe:
        """What writes down what that agent does."""
        return Scribe(self.house.journal, self.session, agent)

    def hooks(self, agent: str) -> Hooks:
        """The person's hooks, as that agent runs them."""
        options = self.house.options
        commands = () if options.bare else self.house.loaded.settings.hooks
        return Hooks(commands, self.house.workplace.root, self.environment(agent))

    def agent(self, berth: Berth, chosen: Chosen) -> Agent:
        """An agent ready for its next turn."""
        house, name = self.house, berth.name
        toolbox = Toolbox((), (), self._denied)
        own: dict[type, Any] = {Toolbox: toolbox, ChildEnvironment: ChildEnvironment(self.environment(name))}
        kit = Kit(self, berth, toolbox, ChainMap(own, self._services), chosen.chain[0].window)
        scribe, cwd = self.scribe(name), house.options.cwd
        model = self._model(berth, chosen)
        transcript = Transcript(scribe, house.clock, berth.messages, berth.keepers)
        window = own[Window] = Window(kit.system(), transcript, model, toolbox, scribe, self._room)
        kit.equip()
        toolbox.show(self._found_before(berth.messages))
        if berth.keepers or promised(berth.messages) or (not berth.messages and self.remembers()):
            toolbox.show(SIGHT)

        def call_of(call: ToolCall) -> Call:
            return Call(CallId(call.id), self.session, name, cwd)

        hooks = self.hooks(name)
        runner = Runner(toolbox, self.gate, hooks, house.clock, house.redactor.redact, call_of)
        parts = Parts(window, model, runner, hooks, scribe, house.clock)
        agent = Agent(parts, berth.turns)
        agent.before_turn, agent.most_steps = kit.follow(agent), berth.role.max_turns
        runner.remarks.append(self.recollection.remarks(name))
        runner.lessons = self.experience[name] = Experience(house, scribe)
        runner.files = self._files(name, berth.messages)
        agent.steering.look = runner.files.news
        runner.inspection = self.languages.of(name, lambda: "file_edit" in toolbox.names)
        doubts = self.recollection.notes(name)
        agent.steering.notes = lambda: doubts() + self.languages.notes(name)
        self._agents[name] = agent
        return agent

    def _files(self, agent: str, before: tuple[Message, ...]) -> Freshness:
        """What keeps the agent's knowledge of files fresh."""
        place, sight = self.house.workplace, self.service(Sight)
        return Freshness(sight, agent, self._place, place.shown, self.house.redactor.redact, before)

    @cached_property
    def _place(self) -> Root:
        return find_root(self.house.workplace.root)

    def _model(self, berth: Berth, chosen: Chosen) -> ModelClient:
        if berth.team != SOLO:
            self.books.join(berth.name, berth.team)
        meter = self.books.meter(berth.name, berth.budget)
        model = build_client(chosen, self.house.loaded.settings, self._reach, meter)
        self._models.append(model)
        return model

    def remembers(self) -> bool:
        """Whether there is something to remember; a recording must not depend on what was before it."""
        options = self.house.options
        recorded = options.record is not None or options.replay is not None
        return not recorded and any_earlier(self.house.database, self.session)

    def helper(self, agent: str, chosen: Chosen) -> ModelClient:
        """Another model for an agent's small questions, paid as its own is."""
        known = self.known(agent)
        meter = known.model.meter if known else self.books.meter(agent)
        model = build_client(chosen, self.house.loaded.settings, self._reach, meter)
        self._models.append(model)
        return model

    def known(self, name: str) -> Agent | None:
        """The agent of that name that was made last."""
        return self._agents.get(name)

    def recalled(self, agent: str, text: str, since: float) -> str:
        """What goes along with the person's words: what was decided and what failed of what they speak of."""
        decided = self.recollection.prompt(agent, self.session, text, since)
        return "\n".join(part for part in (decided, *self.experience[agent].prompt(text)) if part)

    async def aclose(self) -> None:
        """Close every connection of every agent, and end the language servers."""
        await self.languages.aclose()
        for model in self._models:
            await model.aclose()

    def environment(self, agent: str) -> dict[str, str]:
        """The variables of the commands that an agent runs."""
        rows = self.house.loaded.settings.providers.values()
        keys = [row.api_key_env for row in rows if row.api_key_env]
        options = self.house.options
        return child_environment(options.environ, session_id=self.session, agent=agent, secret_names=keys)


class Kit:
    """What an agent has by its role: its words and its tools, which follow the role's file."""

    def __init__(
        self, crew: Crew, berth: Berth, toolbox: Toolbox, services: Mapping[type, Any], window: int
    ) -> None:
        self._window = window
        self._crew = crew
        self._berth = berth
        self._toolbox = toolbox
        self._services = services
        self._role = berth.role

    def equip(self) -> None:
        """Put the tools of the role into the box."""
        role, in_team = self._role, self._berth.team != SOLO
        tools = (*role.tools, *role.team_tools) if in_team else role.tools
        self._toolbox.become(tools, (*role.more_tools, *role.team_tools), role.plan_tools)
        self._crew.toolsmith(self._toolbox, role, self._services)

    def system(self) -> str:
        """The fixed first part of the agent's requests."""
        berth, house = self._berth, self._crew.house
        words = [team_words(berth.spawner, hosted=berth.hosted)] if berth.team != SOLO else []
        if berth.team != SOLO and HIRING.intersection((*self._role.tools, *self._role.team_tools)):
            words.append(role_words(self._crew.roles.by_name.values()))
        words += [window_words(self._window), house.options.append_system_prompt]
        team = berth.company or berth.team
        return system_prompt(berth.name, self._role, team, house.workplace.root.name, words)

    def follow(self, agent: Agent) -> Callable[[], None]:
        """What brings the agent up to date with its role's file, at once and cheaply."""

        def look() -> None:
            now = None if self._berth.fixed else self._crew.roles.find(self._role.name)
            if now is None or replace(now, tier=self._role.tier) == self._role:
                return
            self._role = replace(now, tier=self._role.tier)
            self.equip()
            agent.window.system, agent.most_steps = self.system(), now.max_turns

        return look
