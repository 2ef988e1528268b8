"""One row an agent: what it does, steps, tokens, money, time; the least telling goes when it is narrow."""

from loomkin.ui.repl_box import cells, wrap
from loomkin.ui.terminal import one_line
from loomkin.ui.theme import clock, count, money
from loomkin.ui.view import AgentView, ViewState

GAP = "  "
BUSY = ("thinking", "in_tool", "working", "answering", "retrying", "waiting_person", "waiting_agent",
        "waiting_money", "waiting_rate", "stalled", "crashed")  # fmt: skip
"""States that are shown first where there is no room for all."""


def is_busy(agent: AgentView) -> bool:
    """Whether an agent is in the middle of something."""
    return agent.shown in BUSY


def chosen(state: ViewState, most: int) -> tuple[list[AgentView], int]:
    """At most `most` agents, the busy before the idle, in the order they came; and how many are left out."""
    there = list(state.present)
    first = sorted(range(len(there)), key=lambda at: (not is_busy(there[at]), at))[:most]
    return [there[at] for at in sorted(first)], max(len(there) - most, 0)


def agent_row(agent: AgentView, state: ViewState, now: float, width: int) -> str:
    """One agent in one line of at most `width` columns; `now` in seconds since the epoch."""
    letters, task = state.mail_of(agent.name), state.task_of(agent.name)
    since = agent.begun or agent.since
    parts = [
        (9, f"● {agent.name}"),
        (8, doing_now(agent, now)),
        (3, f"{task.id} {one_line(task.title, 30)}" if task else ""),
        (7, f"{letters} in its queue" if letters else ""),
        (4, f"step {step_of(agent)}" if step_of(agent) else ""),
        (2, f"{count(agent.tokens)} tok" if agent.tokens else ""),
        (5, money(agent.cost, agent.unpriced) if agent.tokens else ""),
        (6, clock(now - since) if since and now else ""),
    ]
    parts = [part for part in parts if part[1]]
    while len(parts) > 2 and cells(GAP.join(text for _, text in parts)) > width:
        parts.remove(min(parts))
    return wrap(GAP.join(text for _, text in parts), max(width, 1))[0]


def step_of(agent: AgentView) -> int:
    """The model call that is under way, else the last one; 0 before the first."""
    asking = agent.begun > 0 and agent.state in ("working", "thinking", "answering", "retrying")
    return agent.steps + asking


def doing_now(agent: AgentView, now: float) -> str:
    """What an agent does, in a few words; a wait counts down."""
    if agent.shown == "paused":
        return "paused"
    if agent.state in ("waiting_person", "waiting_agent"):
        whom = "you" if agent.state == "waiting_person" else agent.detail or "a teammate"
        return f"waits for {whom}"
    if agent.streaming:
        return "answering"
    if agent.state == "retrying":
        wait = agent.detail.partition(" in ")[2].partition(" s: ")
        left = max(0.0, agent.since + _seconds(wait[0]) - now)
        return f"retrying in {left:.0f} s ({agent.detail.partition(' in ')[0]}: {wait[2]})"
    if agent.state == "waiting_rate":
        return f"rate limit, {max(0.0, agent.since + _seconds(agent.detail) - now):.0f} s"
    if agent.state == "in_tool" and agent.role and agent.calls:
        call = agent.calls[-1]
        return one_line(f"{call.tool} {call.about}", 60)
    if agent.state == "idle":
        return "idle"
    return one_line(f"{agent.state.replace('_', ' ')} {agent.detail}".strip(), 60)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
