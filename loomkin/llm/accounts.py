"""Accounts: what was spent and is set aside for a call, a task, an agent, a team, the session and the day."""

import asyncio

_MEND = {
    "call": "Raise budget.call_usd and continue with `-c`.",
    "task": "Raise the task's own budget or budget.task_usd, or split the task.",
    "agent": "Raise budget.agent_usd and continue with `-c`, or give the work to another agent.",
    "given": "It was hired with this budget: hire another agent for the rest, with more.",
    "team": "Raise budget.team_usd and continue with `-c`.",
    "session": "Raise --max-budget-usd (or the [budget] setting) and continue with `-c`.",
    "day": "Raise budget.day_usd and continue with `-c`, or go on tomorrow.",
}


class Account:
    """Money in picodollars, and tokens, that were spent or are set aside under one name.

    `cap` and `token_cap` None are no limits; `name` is the kind (task, agent, session...), `whose` tells
    those of one kind apart. A `closed` account allows no call at all; the cap of a `given` one comes from
    whoever hired the agent.
    """

    def __init__(
        self,
        name: str,
        cap: int | None = None,
        spent: int = 0,
        *,
        whose: str = "",
        token_cap: int | None = None,
        tokens: int = 0,
    ) -> None:
        self.name = name
        self.whose = whose
        self.title = ""
        self.cap = cap
        self.token_cap = token_cap
        self.spent = spent
        self.tokens = tokens
        self.reserved = 0
        self.reserved_tokens = 0
        self.closed = False
        self.given = False
        self.waiters: dict[asyncio.Event, None] = {}

    def __str__(self) -> str:
        title = f" ({self.title})" if self.title else ""
        return f"{self.name} budget of {self.whose}{title}" if self.whose else f"{self.name} budget"

    @property
    def mend(self) -> str:
        """What a person does about its limit."""
        return _MEND.get("given" if self.given else self.name, "")

    def room(self, alone: bool) -> int:
        """Picodollars up to the cap, without what others set aside where `alone`; needs a cap."""
        return (self.cap or 0) - self.spent - (0 if alone else self.reserved)

    def token_room(self, alone: bool) -> int:
        """Tokens up to the cap, without what others set aside where `alone`; needs a cap."""
        return (self.token_cap or 0) - self.tokens - (0 if alone else self.reserved_tokens)

    def hold(self, amount: int, tokens: int) -> None:
        """Set aside."""
        self.reserved += amount
        self.reserved_tokens += tokens

    def release(self, amount: int, tokens: int) -> None:
        """Give back what was set aside; whoever waits for it looks again, the first first."""
        self.reserved -= amount
        self.reserved_tokens -= tokens
        self._wake()

    def spend(self, amount: int, tokens: int) -> None:
        """Count what a call cost."""
        self.spent += amount
        self.tokens += tokens

    def allow(self, cap: int | None) -> None:
        """Another limit from now on."""
        if cap != self.cap:
            self.cap = cap
            self._wake()

    def close(self) -> None:
        """Allow nothing any more."""
        self.closed = True
        self._wake()

    def open(self) -> None:
        """Allow again what the cap allows."""
        self.closed = False

    def _wake(self) -> None:
        for waiter in self.waiters:
            waiter.set()
