"""The books of a session: which accounts pay for an agent's calls, and what is left on them."""

from collections.abc import Callable, Mapping

from loomkin.llm.accounts import Account
from loomkin.llm.metering import Charge, Meter
from loomkin.records.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits that the person set, in picodollars and tokens; None is no limit."""

    call: int | None = None
    task: int | None = None
    agent: int | None = None
    team: int | None = None
    session: int | None = None
    day: int | None = None
    session_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What was spent before this run, in picodollars: that day, and in the session by agent, task, team.

    `teams` names the team of each agent that had one.
    """

    day: int = 0
    session: int = 0
    tokens: int = 0
    agents: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[str, int] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)


class Books:
    """Opens accounts when they are first needed; those of the session and the day are always there.

    A sub-agent (`CALLER/ROLE-1`) pays from its caller's accounts, too, for its caller's task. `terms` says
    of a task what it is called and its own budget in picodollars, None for the person's.
    """

    def __init__(self, caps: Caps, before: Before | None = None) -> None:
        self._caps = caps
        self._before = before = before or Before()
        self.session = Account(
            "session", caps.session, before.session, token_cap=caps.session_tokens, tokens=before.tokens
        )
        self.day = Account("day", caps.day, before.day)
        self.agents: dict[str, Account] = {}
        self.tasks: dict[str, Account] = {}
        self.teams: dict[str, Account] = {}
        self._team_of = dict(before.teams)
        self._task_of: dict[str, str] = {}
        self.terms: Callable[[str], tuple[str, int | None]] = lambda task: ("", None)

    def meter(self, agent: str, budget: int | None = None) -> Meter:
        """What counts the calls of an agent; `budget` is its own, at most the person's, in picodollars."""
        account, cap = self.agent(agent), self._caps.agent
        account.given = budget is not None and (cap is None or budget < cap)
        account.allow(budget if account.given else cap)
        return Meter(lambda task: self._charge(agent, task), agent)

    def join(self, agent: str, team: str) -> None:
        """From now on the agent's calls are the team's, and what it spent so far, too."""
        if not self._team_of.get(agent):
            self.team(team).spend(self.agent(agent).spent, 0)
        self._team_of[agent] = team

    def agent(self, name: str) -> Account:
        """An agent's account."""
        if name not in self.agents:
            spent = sum(cost for one, cost in self._before.agents.items() if _is_of(one, name))
            self.agents[name] = Account("agent", self._caps.agent, spent, whose=name)
        return self.agents[name]

    def task(self, identity: str) -> Account:
        """A task's account, with the limit that it has now."""
        if identity not in self.tasks:
            spent = self._before.tasks.get(identity, 0)
            self.tasks[identity] = Account("task", self._caps.task, spent, whose=identity)
        account = self.tasks[identity]
        account.title, budget = self.terms(identity)
        account.allow(self._caps.task if budget is None else budget)
        return account

    def team(self, name: str) -> Account:
        """A team's account."""
        if name not in self.teams:
            agents, team_of = self._before.agents, self._before.teams
            spent = sum(cost for one, cost in agents.items() if team_of.get(caller_of(one)) == name)
            self.teams[name] = Account("team", self._caps.team, spent, whose=name)
        return self.teams[name]

    def left(self) -> Mapping[str, int]:
        """Picodollars left on every account with a cap, by what it is called."""
        accounts = (
            self.session,
            self.day,
            *self.teams.values(),
            *self.agents.values(),
            *self.tasks.values(),
        )
        return {
            f"{one.name} {one.whose}".strip(): one.room(alone=False)
            for one in accounts
            if one.cap is not None
        }

    def _charge(self, agent: str, task: str) -> Charge:
        caller = caller_of(agent)
        task = task or self._task_of.get(caller, "") if agent != caller else task
        self._task_of[agent] = task
        team = self._team_of.get(caller, "")
        accounts = [Account("call", self._caps.call)] if self._caps.call is not None else []
        accounts += [self.task(task)] if task else []
        accounts += [self.agent(name) for name in dict.fromkeys((agent, caller))]
        accounts += [self.team(team)] if team else []
        return Charge((*accounts, self.session, self.day), task)


def caller_of(agent: str) -> str:
    """The agent for whom a sub-agent works, by its name; for all others themselves."""
    return agent.partition("/")[0]


def _is_of(one: str, name: str) -> bool:
    return one == name or caller_of(one) == name
