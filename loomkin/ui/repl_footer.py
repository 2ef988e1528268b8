"""The last rows: one an agent in a team, then mode, model, window, tokens, money, time.

The least telling goes first when it is narrow.
"""

from loomkin.records.dataclass import dataclass
from loomkin.ui.agent_rows import agent_row, chosen
from loomkin.ui.repl_box import cells
from loomkin.ui.theme import clock, count, money
from loomkin.ui.view import ViewState

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


def agent_lines(state: ViewState, now: float, width: int, most: int) -> list[str]:
    """One row an agent, at most `most`; none while one works alone."""
    if len(state.present) < 2:
        return []
    agents, left = chosen(state, most)
    if left:
        agents, left = chosen(state, most - 1)
    lines = [agent_row(agent, state, now, width) for agent in agents]
    return [*lines, f"  and {left} more: /team"] if left else lines


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
