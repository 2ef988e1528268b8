"""How the facts of a team change what a screen shows: who is there, what is planned, what waits."""

from collections.abc import Callable
from typing import Any

from loomkin.records import team_event as facts
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, Fact
from loomkin.records.mail import MailState
from loomkin.records.task import Task
from loomkin.ui.view import AgentView, Queued, TaskView, ViewState


def with_agent(state: ViewState, agent: AgentView) -> ViewState:
    """The state with this agent in the place of the one of its name, or behind all others."""
    if any(known.name == agent.name for known in state.agents):
        return replace(state, agents=tuple(agent if one.name == agent.name else one for one in state.agents))
    return replace(state, agents=(*state.agents, agent))


def _joined(state: ViewState, event: Event, fact: facts.AgentJoined) -> ViewState:
    agent = state.agent(fact.name)
    since = agent.since or event.at
    back = "idle" if agent.state in ("stopped", "done") else agent.state
    return with_agent(state, replace(agent, role=fact.role, since=since, state=back))


def _moved(state: ViewState, event: Event, fact: facts.AgentMoved) -> ViewState:
    agent = state.agent(fact.name)
    if fact.state == "paused":
        return with_agent(state, replace(agent, held=True, since=event.at))
    ended = fact.state in ("crashed", "stopped", "done")
    return with_agent(
        state,
        replace(
            agent,
            state=fact.state,
            detail=fact.reason,
            since=event.at,
            held=False,
            calls=() if ended else agent.calls,
            streaming=agent.streaming and not ended,
            begun=0.0 if ended else agent.begun,
        ),
    )


def _sent(state: ViewState, event: Event, fact: facts.MailSent) -> ViewState:
    if fact.mail.state is not MailState.QUEUED:
        return state
    return replace(state, letters=(*state.letters, Queued(fact.mail.id, fact.mail.to)))


def _mail_moved(state: ViewState, event: Event, fact: facts.MailMoved) -> ViewState:
    return replace(state, letters=tuple(one for one in state.letters if one.id != fact.mail))


def _added(state: ViewState, event: Event, fact: facts.TaskAdded) -> ViewState:
    return replace(state, tasks=(*state.tasks, _view(fact.task)))


def _revised(state: ViewState, event: Event, fact: facts.TaskRevised) -> ViewState:
    changed = tuple(
        replace(one, title=fact.task.title) if one.id == fact.task.id else one for one in state.tasks
    )
    return replace(state, tasks=changed)


def _task_moved(state: ViewState, event: Event, fact: facts.TaskMoved) -> ViewState:
    changed = tuple(
        replace(one, state=fact.after.value, owner=fact.owner) if one.id == fact.task else one
        for one in state.tasks
    )
    return replace(state, tasks=changed)


def _view(task: Task) -> TaskView:
    return TaskView(task.id, task.title, task.state.value, task.owner)


TEAM: dict[type[Fact], Callable[[ViewState, Event, Any], ViewState]] = {
    facts.AgentJoined: _joined,
    facts.AgentMoved: _moved,
    facts.MailSent: _sent,
    facts.MailMoved: _mail_moved,
    facts.TaskAdded: _added,
    facts.TaskRevised: _revised,
    facts.TaskMoved: _task_moved,
}
