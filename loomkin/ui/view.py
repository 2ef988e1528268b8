"""What can be on a screen: agents, tasks, letters, questions; built by `state` from events."""

from loomkin.records.dataclass import dataclass

GONE = ("stopped", "done")
"""States of agents that have left."""

IN_HAND = ("in_progress", "partially_available", "waiting", "verifying", "in_review")
"""States of tasks that somebody works on."""


@dataclass(frozen=True, slots=True)
class CallView:
    """A tool call that runs; `about` is its short argument, `since` the time of its start."""

    id: str
    tool: str
    about: str
    since: float
    tail: str = ""


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent: `cost` in picodollars, `text` the answer under way or said last, `steps` model calls.

    `role` is empty while it works alone; `begun` is when its turn began, 0.0 between turns; `held` is whether
    the person holds it.
    """

    name: str
    state: str = "idle"
    detail: str = ""
    since: float = 0.0
    calls: tuple[CallView, ...] = ()
    steps: int = 0
    tokens: int = 0
    cost: int = 0
    unpriced: int = 0
    text: str = ""
    streaming: bool = False
    role: str = ""
    begun: float = 0.0
    held: bool = False

    @property
    def shown(self) -> str:
        """Its state as a person should read it."""
        return "paused" if self.held and self.state not in GONE else self.state


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent asked the person and waits for: an answer, or a yes to a call."""

    call_id: str
    agent: str
    text: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task of the plan."""

    id: str
    title: str
    state: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter that waits."""

    id: str
    to: str


@dataclass(frozen=True, slots=True)
class ViewState:
    """All that can be on a screen."""

    session: str = ""
    name: str = ""
    model: str = ""
    mode: str = ""
    agents: tuple[AgentView, ...] = ()
    pending: tuple[Question, ...] = ()
    notices: tuple[str, ...] = ()
    changed: int = 0
    tasks: tuple[TaskView, ...] = ()
    letters: tuple[Queued, ...] = ()

    def agent(self, name: str) -> AgentView:
        """The agent of that name, as one that has done nothing where it is new."""
        return next((agent for agent in self.agents if agent.name == name), AgentView(name))

    @property
    def present(self) -> tuple[AgentView, ...]:
        """The agents that have not left; those who have only ever said a word as nobody are none."""
        return tuple(agent for agent in self.agents if agent.state not in GONE and agent.name)

    def mail_of(self, name: str) -> int:
        """How many letters wait for an agent."""
        return sum(letter.to == name for letter in self.letters)

    def task_of(self, name: str) -> TaskView | None:
        """The task that an agent has in hand."""
        return next((task for task in self.tasks if task.owner == name and task.state in IN_HAND), None)

    @property
    def tokens(self) -> int:
        """Tokens of all agents."""
        return sum(agent.tokens for agent in self.agents)

    @property
    def cost(self) -> int:
        """Picodollars of all agents, calls of unknown price left out."""
        return sum(agent.cost for agent in self.agents)

    @property
    def unpriced(self) -> int:
        """Calls whose price is unknown."""
        return sum(agent.unpriced for agent in self.agents)
