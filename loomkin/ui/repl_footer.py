"""The last row: mode, model, window, tokens, money, time; the least telling goes first when it is narrow."""

from loomkin.records.dataclass import dataclass
from loomkin.ui.repl_box import cells
from loomkin.ui.state import AgentView
from loomkin.ui.terminal import one_line
from loomkin.ui.theme import clock, count, money

GAP = " · "


@dataclass(frozen=True, slots=True)
class Footing:
    """What the footer tells; `window` in percent or None, `seconds` of the running turn or None."""

    mode: str = ""
    model: str = ""
    window: int | None = None
    tokens: int = 0
    cost: int = 0
    unpriced: int = 0
    seconds: float | None = None
    doing: str = ""
    queued: int = 0
    waiting: int = 0


def footer_text(footing: Footing, width: int) -> str:
    """One line of at most `width` columns."""
    parts = [(weight, text) for weight, text in _parts(footing) if text]
    while parts and cells(GAP.join(text for _, text in parts)) > width:
        parts.remove(min(parts, key=lambda part: part[0]))
    return GAP.join(text for _, text in parts)


def doing(agent: AgentView, now: float) -> str:
    """What an agent does, in a few words; a wait counts down."""
    if agent.streaming:
        return "answering"
    if agent.state == "retrying":
        wait = agent.detail.partition(" in ")[2].partition(" s: ")
        left = max(0.0, agent.since + _seconds(wait[0]) - now)
        return f"retrying in {left:.0f} s ({agent.detail.partition(' in ')[0]}: {wait[2]})"
    if agent.state == "waiting_rate":
        return f"rate limit, {max(0.0, agent.since + _seconds(agent.detail) - now):.0f} s"
    return one_line(f"{agent.state.replace('_', ' ')} {agent.detail}".strip(), 60)


def _parts(footing: Footing) -> list[tuple[int, str]]:
    """Texts in their order, each with its weight: the lightest is left out first."""
    spent = money(footing.cost, footing.unpriced) if footing.tokens else ""
    return [
        (9, f"[{footing.waiting} waiting]" if footing.waiting > 1 else ""),
        (8, footing.mode),
        (7, footing.doing),
        (4, footing.model),
        (3, "" if footing.window is None else f"{footing.window}% of window"),
        (2, f"{count(footing.tokens)} tok" if footing.tokens else ""),
        (5, spent),
        (6, "" if footing.seconds is None else clock(footing.seconds)),
        (9, f"{footing.queued} queued" if footing.queued else ""),
    ]


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
