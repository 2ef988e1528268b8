"""The budgets of a run, with what was already spent under each."""

import time

from loomkin.config.settings import BudgetSettings
from loomkin.llm.metering import Budget, Meter
from loomkin.records.usage import pico
from loomkin.store import ledger
from loomkin.store.database import Database


def build_meter(budget: BudgetSettings, db: Database, session: str) -> Meter:
    """A meter that goes on counting where earlier runs of the session, and of the day, stopped."""
    before = ledger.total(db, session)
    budgets = []
    if budget.session_usd is not None:
        budgets.append(Budget("session", pico(budget.session_usd), before.cost))
    if budget.agent_usd is not None:
        budgets.append(Budget("agent", pico(budget.agent_usd), before.cost))
    if budget.day_usd is not None:
        today = ledger.total(db, since=_midnight())
        budgets.append(Budget("day", pico(budget.day_usd), today.cost))
    call = None if budget.call_usd is None else pico(budget.call_usd)
    return Meter(tuple(budgets), call, budget.session_tokens, before.usage.total)


def _midnight() -> float:
    now = time.localtime()
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
