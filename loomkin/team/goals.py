"""Which goal of the decision graph a task serves."""

from loomkin.errors import NotFoundError
from loomkin.store import goals as store
from loomkin.store.database import Database


class Goals:
    """Looks goals up for the plan of one session."""

    def __init__(self, database: Database, session: str) -> None:
        self._database = database
        self._session = session

    def named(self, goal: str) -> str:
        """The goal of that id; raises NotFoundError that lists the active ones of the session."""
        wanted = goal.strip().lower()
        if store.titled(self._database, wanted) is None:
            known = ", ".join(identity for identity, _ in store.active(self._database, self._session))
            raise NotFoundError(
                f"There is no goal {goal!r}.", hint=f"Goals of this session: {known or 'none'}."
            )
        return wanted

    def of(self, agent: str) -> str:
        """The one active goal that an agent logged, else the one that the session has; empty for several."""
        there = store.active(self._database, self._session)
        mine = [identity for identity, owner in there if owner == agent] or [
            identity for identity, _ in there
        ]
        return mine[0] if len(mine) == 1 else ""
