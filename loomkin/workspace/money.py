"""The books of a run, with what was already spent; and whether the money is enough for a team."""

import time

from loomkin.config.settings import BudgetSettings
from loomkin.llm.books import Before, Books, Caps
from loomkin.records.usage import Price, Usage, pico, usd
from loomkin.store import ledger
from loomkin.store.database import Database

TEAM_CALLS = 40
TYPICAL_CALL = Usage(input=2_000, cache_read=18_000, output=600)
"""What a call of an agent in a team usually uses, and how many such calls a small team makes for one job."""


def build_books(budget: BudgetSettings, db: Database, session: str) -> Books:
    """Books that go on where earlier runs of the session, and of the day, stopped."""
    before = ledger.total(db, session)
    agents: dict[str, int] = {}
    tasks: dict[str, int] = {}
    teams: dict[str, str] = {}
    for part in ledger.spent_by(db, session) if before.calls else ():
        agents[part.agent] = agents.get(part.agent, 0) + part.cost
        tasks[part.task] = tasks.get(part.task, 0) + part.cost
        teams[part.agent] = part.team
    today = ledger.total(db, since=_midnight()).cost if budget.day_usd is not None else 0
    return Books(
        Caps(
            call=_pico(budget.call_usd),
            task=_pico(budget.task_usd),
            agent=_pico(budget.agent_usd),
            team=_pico(budget.team_usd),
            session=_pico(budget.session_usd),
            day=_pico(budget.day_usd),
            session_tokens=budget.session_tokens,
        ),
        Before(today, before.cost, before.usage.total, agents, tasks, teams),
    )


def why_alone(books: Books, price: Price | None) -> str:
    """Why what is left of the session's budget is not enough for a team; empty where it may be.

    The measure: a small team makes 40 calls of 20,000 tokens read, most of them from the provider's cache,
    and 600 written; less than what those cost with the default model is for one agent.
    """
    if books.session.cap is None or price is None:
        return ""
    left, needed = books.session.room(alone=True), TEAM_CALLS * price.cost(TYPICAL_CALL)
    if left >= needed:
        return ""
    return (
        f"One agent works alone: ${usd(max(left, 0)):.2f} is left, and a team of this model usually needs "
        f"${usd(needed):.2f} or more. Use --team default to have one anyway."
    )


def _pico(dollars: float | None) -> int | None:
    return None if dollars is None else pico(dollars)


def _midnight() -> float:
    now = time.localtime()
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
