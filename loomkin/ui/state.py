"""What a screen shows, reduced from events alone; the same events give the same state anywhere."""

from collections.abc import Callable
from typing import Any

from loomkin.records import event as facts
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.event import Event, Fact
from loomkin.records.message import Role
from loomkin.ui.terminal import one_line
from loomkin.ui.theme import SHORT
from loomkin.ui.theme import about as about

KEPT_TEXT = 4000
KEPT_NOTICES = 20


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
    """One agent: `cost` in picodollars, `text` the answer under way or said last, `steps` model calls."""

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


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent asked the person and waits for."""

    call_id: str
    agent: str
    text: str
    options: tuple[str, ...]


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

    def agent(self, name: str) -> AgentView:
        """The agent of that name, as one that has done nothing where it is new."""
        return next((agent for agent in self.agents if agent.name == name), AgentView(name))

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


def reduce(state: ViewState, event: Event) -> ViewState:
    """The state after an event; never raises, and facts that no screen shows change nothing."""
    fact = event.fact
    whole = _WHOLE.get(type(fact))
    if whole is not None:
        state = whole(state, event, fact)
    of_agent = _AGENT.get(type(fact))
    if of_agent is None:
        return state
    return _with_agent(state, of_agent(state.agent(event.agent), event, fact))


def _with_agent(state: ViewState, agent: AgentView) -> ViewState:
    if any(known.name == agent.name for known in state.agents):
        return replace(state, agents=tuple(agent if one.name == agent.name else one for one in state.agents))
    return replace(state, agents=(*state.agents, agent))


def _session_started(state: ViewState, event: Event, fact: facts.SessionStarted) -> ViewState:
    return replace(state, session=event.session, name=fact.name, model=fact.model, mode=fact.mode)


def _noted(state: ViewState, text: str) -> ViewState:
    return replace(state, notices=(*state.notices, one_line(text, 400))[-KEPT_NOTICES:])


def _asked(state: ViewState, event: Event, fact: facts.QuestionAsked) -> ViewState:
    question = Question(fact.call_id, event.agent, fact.question, fact.options)
    return replace(state, pending=(*state.pending, question))


def _answered(state: ViewState, event: Event, fact: facts.QuestionAnswered) -> ViewState:
    return replace(state, pending=tuple(one for one in state.pending if one.call_id != fact.call_id))


def _refused(state: ViewState, event: Event, fact: facts.PermissionDecided) -> ViewState:
    if fact.decision != "deny":
        return state
    return _noted(state, f"not permitted: {fact.tool} {fact.target}: {fact.reason}")


def _turn_started(agent: AgentView, event: Event, fact: facts.TurnStarted) -> AgentView:
    return replace(agent, state="working", detail="", since=event.at, text="", streaming=False)


def _turn_ended(agent: AgentView, event: Event, fact: facts.TurnEnded) -> AgentView:
    return replace(agent, state=fact.outcome, detail=fact.detail, since=event.at, calls=(), streaming=False)


def _state_changed(agent: AgentView, event: Event, fact: facts.StateChanged) -> AgentView:
    if fact.state == "idle" and fact.detail:  # the turn's outcome says more
        return agent
    return replace(agent, state=fact.state, detail=fact.detail, since=event.at)


def _call_started(agent: AgentView, event: Event, fact: facts.CallStarted) -> AgentView:
    call = CallView(fact.call_id, fact.tool, about(fact.arguments), event.at)
    return replace(agent, calls=(*agent.calls, call))


def _call_finished(agent: AgentView, event: Event, fact: facts.CallFinished) -> AgentView:
    return replace(agent, calls=tuple(call for call in agent.calls if call.id != fact.call_id))


def _output_streamed(agent: AgentView, event: Event, fact: facts.OutputStreamed) -> AgentView:
    lines = [line for line in fact.text.splitlines() if line.strip()]
    if not lines:
        return agent
    tail = one_line(lines[-1], SHORT)
    return replace(
        agent,
        calls=tuple(replace(call, tail=tail) if call.id == fact.call_id else call for call in agent.calls),
    )


def _text_streamed(agent: AgentView, event: Event, fact: facts.TextStreamed) -> AgentView:
    text = (agent.text if agent.streaming else "") + fact.text
    return replace(agent, text=text[-KEPT_TEXT:], streaming=True)


def _stream_restarted(agent: AgentView, event: Event, fact: facts.StreamRestarted) -> AgentView:
    return replace(agent, text="", streaming=False)


def _message_added(agent: AgentView, event: Event, fact: facts.MessageAdded) -> AgentView:
    if fact.message.role is not Role.ASSISTANT:
        return agent
    return replace(agent, text=(fact.message.text or agent.text)[-KEPT_TEXT:], streaming=False)


def _usage_recorded(agent: AgentView, event: Event, fact: facts.UsageRecorded) -> AgentView:
    return replace(
        agent,
        steps=agent.steps + 1,
        tokens=agent.tokens + fact.usage.total,
        cost=agent.cost + (fact.cost or 0),
        unpriced=agent.unpriced + (fact.cost is None),
    )


def _retried(agent: AgentView, event: Event, fact: facts.ModelRetried) -> AgentView:
    detail = f"try {fact.attempt} of {fact.attempts} in {fact.wait:.1f} s: {one_line(fact.error, SHORT)}"
    return replace(agent, state="retrying", detail=detail, since=event.at)


_WHOLE: dict[type[Fact], Callable[[ViewState, Event, Any], ViewState]] = {
    facts.SessionStarted: _session_started,
    facts.SessionRenamed: lambda state, event, fact: replace(state, name=fact.name),
    facts.ModelChanged: lambda state, event, fact: replace(state, model=fact.model),
    facts.ModeChanged: lambda state, event, fact: replace(state, mode=fact.mode),
    facts.FileChanged: lambda state, event, fact: replace(state, changed=state.changed + 1),
    facts.NoticeGiven: lambda state, event, fact: _noted(state, fact.text),
    facts.LoopNoticed: lambda state, event, fact: _noted(state, f"repeats itself: {fact.pattern}"),
    facts.PermissionDecided: _refused,
    facts.QuestionAsked: _asked,
    facts.QuestionAnswered: _answered,
}
_AGENT: dict[type[Fact], Callable[[AgentView, Event, Any], AgentView]] = {
    facts.TurnStarted: _turn_started,
    facts.TurnEnded: _turn_ended,
    facts.StateChanged: _state_changed,
    facts.CallStarted: _call_started,
    facts.CallFinished: _call_finished,
    facts.OutputStreamed: _output_streamed,
    facts.TextStreamed: _text_streamed,
    facts.StreamRestarted: _stream_restarted,
    facts.MessageAdded: _message_added,
    facts.UsageRecorded: _usage_recorded,
    facts.ModelRetried: _retried,
}
