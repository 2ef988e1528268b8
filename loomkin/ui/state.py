"""What a screen shows, reduced from events alone; the same events give the same state anywhere."""

from collections.abc import Callable
from typing import Any

from loomkin.records import event as facts
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact
from loomkin.records.message import Role
from loomkin.ui.state_team import TEAM, with_agent
from loomkin.ui.terminal import one_line
from loomkin.ui.theme import SHORT
from loomkin.ui.theme import about as about
from loomkin.ui.view import AgentView as AgentView
from loomkin.ui.view import CallView as CallView
from loomkin.ui.view import Question as Question
from loomkin.ui.view import ViewState as ViewState

KEPT_TEXT = 4000
KEPT_NOTICES = 20


def reduce(state: ViewState, event: Event) -> ViewState:
    """The state after an event; never raises, and facts that no screen shows change nothing."""
    fact = event.fact
    whole = _WHOLE.get(type(fact))
    if whole is not None:
        state = whole(state, event, fact)
    of_agent = _AGENT.get(type(fact))
    if of_agent is None:
        return state
    return with_agent(state, of_agent(state.agent(event.agent), event, fact))


def _session_started(state: ViewState, event: Event, fact: facts.SessionStarted) -> ViewState:
    return replace(state, session=event.session, name=fact.name, model=fact.model, mode=fact.mode)


def _noted(state: ViewState, text: str) -> ViewState:
    return replace(state, notices=(*state.notices, one_line(text, 400))[-KEPT_NOTICES:])


def _asked(state: ViewState, event: Event, fact: facts.QuestionAsked) -> ViewState:
    question = Question(fact.call_id, event.agent, fact.question, fact.options)
    return replace(state, pending=(*state.pending, question))


def _wanted(state: ViewState, event: Event, fact: facts.ApprovalAsked) -> ViewState:
    text = one_line(f"wants {fact.tool} {fact.target}", 400)
    return replace(state, pending=(*state.pending, Question(fact.call_id, event.agent, text, ())))


def _answered(state: ViewState, event: Event, fact: facts.QuestionAnswered) -> ViewState:
    return _settled(state, event.agent, fact.call_id)


def _settled(state: ViewState, agent: str, call_id: str) -> ViewState:
    left = tuple(one for one in state.pending if (one.agent, one.call_id) != (agent, call_id))
    return replace(state, pending=left)


def _over(state: ViewState, event: Event, fact: facts.TurnEnded) -> ViewState:
    return replace(state, pending=tuple(one for one in state.pending if one.agent != event.agent))


def _decided(state: ViewState, event: Event, fact: facts.PermissionDecided) -> ViewState:
    state = _settled(state, event.agent, fact.call_id)
    if fact.decision != "deny":
        return state
    return _noted(state, f"not permitted: {fact.tool} {fact.target}: {fact.reason}")


def _turn_started(agent: AgentView, event: Event, fact: facts.TurnStarted) -> AgentView:
    return replace(
        agent, state="working", detail="", since=event.at, text="", streaming=False, begun=event.at
    )


def _turn_ended(agent: AgentView, event: Event, fact: facts.TurnEnded) -> AgentView:
    # in a team an agent goes on being there when its turn is over
    state = "idle" if agent.role and fact.outcome == "done" else fact.outcome
    return replace(
        agent, state=state, detail=fact.detail, since=event.at, calls=(), streaming=False, begun=0.0
    )


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
    facts.PermissionDecided: _decided,
    facts.ApprovalAsked: _wanted,
    facts.TurnEnded: _over,
    facts.QuestionAsked: _asked,
    facts.QuestionAnswered: _answered,
    **TEAM,
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
