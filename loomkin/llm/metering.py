"""Money before and after each call: the worst case is set aside on all accounts, the true cost settled."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from loomkin.errors import LimitError
from loomkin.llm.accounts import Account
from loomkin.records.dataclass import dataclass
from loomkin.records.usage import Price, Usage, usd

LEAST_OUTPUT = 512


class OverBudget(LimitError):
    """An account does not allow a call; `account` says which."""

    def __init__(self, message: str, account: Account, *, hint: str = "") -> None:
        super().__init__(message, limit="budget", hint=hint)
        self.account = account


@dataclass(frozen=True, slots=True)
class Charge:
    """Who pays for a call: the accounts, narrowest first, and the task that it is made for."""

    accounts: tuple[Account, ...]
    task: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room for one call: `max_output` tokens at most, `amount` picodollars, `tokens` in all."""

    max_output: int
    amount: int
    tokens: int
    charge: Charge


class Meter:
    """Counts what the calls of one agent cost against every account that applies.

    A call whose worst case does not fit waits while other calls hold more than they may need; then it is
    asked for with a shorter longest answer, and refused where even that does not fit.
    """

    def __init__(self, charge: Callable[[str], Charge], agent: str = "") -> None:
        """`charge` names who pays for a call that is made for a task."""
        self._charge = charge
        self._agent = agent
        self.cost = 0
        self.unpriced = 0
        self.usage = Usage()
        self.by_model: dict[str, tuple[Usage, int]] = {}

    async def reserve(
        self,
        price: Price | None,
        prompt: int,
        max_output: int,
        model: str,
        task: str = "",
        waits: Callable[[], None] = lambda: None,
    ) -> Reservation:
        """Set money and tokens aside for a call of `prompt` tokens; `waits` hears that it has to wait.

        Raises OverBudget where an account does not allow the call, or cannot be kept because the price is
        unknown.
        """
        charge = self._charge(task)
        wanted = _Wanted(price, prompt, max_output, model, self._agent, charge)
        freed = asyncio.Event()
        try:
            while True:
                best = wanted.planned(alone=True)
                planned = _allowed(wanted)
                if planned is not None and planned.max_output >= best.max_output:
                    for account in charge.accounts:
                        account.hold(planned.amount, planned.tokens)
                    return planned
                for account in charge.accounts:
                    account.waiters.setdefault(freed)
                waits()
                freed.clear()
                await freed.wait()
        finally:
            for account in charge.accounts:
                account.waiters.pop(freed, None)

    def check(self, held: Reservation) -> None:
        """Raise OverBudget where a broken try used up what its call had set aside for the next one."""
        for account in held.charge.accounts:
            if account.cap is not None and account.room(alone=False) < 0:
                raise OverBudget(
                    f"The {account} is used up, so the call cannot be tried again.",
                    account,
                    hint=account.mend,
                )

    def count(self, held: Reservation, model: str, usage: Usage, price: Price | None) -> int | None:
        """Count what an answer cost, in picodollars; None where unknown."""
        cost = None if price is None else price.cost(usage)
        self.usage += usage
        self.cost += cost or 0
        self.unpriced += cost is None
        known = self.by_model.get(model, (Usage(), 0))
        self.by_model[model] = (known[0] + usage, known[1] + (cost or 0))
        for account in held.charge.accounts:
            account.spend(cost or 0, usage.total)
        return cost

    def release(self, held: Reservation) -> None:
        """Give the reservation of a call back."""
        for account in held.charge.accounts:
            account.release(held.amount, held.tokens)

    def left(self) -> Mapping[str, int]:
        """Picodollars left on each account with a cap, by its name."""
        accounts: Sequence[Account] = self._charge("").accounts
        return {one.name: one.room(alone=False) for one in accounts if one.cap is not None}


def _allowed(wanted: "_Wanted") -> Reservation | None:
    try:
        return wanted.planned(alone=False)
    except OverBudget:
        return None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A call that somebody wants to make."""

    price: Price | None
    prompt: int
    max_output: int
    model: str
    agent: str
    charge: Charge

    def planned(self, alone: bool) -> Reservation:
        """What the call would get now, or with no other call under way; raises OverBudget."""
        output = self.max_output
        for account in self.charge.accounts:
            if account.closed:
                raise self._refused(account, account.room(alone=True))
            if account.token_cap is not None:
                output = min(output, self._output_within_tokens(account, alone))
            if account.cap is not None:
                output = min(output, self._output_within_money(account, alone))
        price = self.price
        amount = 0 if price is None else self.prompt * _dearest(price) + output * price.output
        return Reservation(output, amount, self.prompt + output, self.charge)

    def _output_within_money(self, account: Account, alone: bool) -> int:
        price = self.price
        if price is None:
            raise OverBudget(
                f"The price of {self.model} is unknown, so the {account} cannot be kept.",
                account,
                hint=f'Set models."{self.model}".input_usd_per_million and output_usd_per_million, '
                "or cap tokens with budget.session_tokens instead.",
            )
        left = account.room(alone)
        room = left - self.prompt * _dearest(price)
        fitting = room // price.output if price.output else (self.max_output if room >= 0 else 0)
        if fitting < self._least:
            raise self._refused(account, left)
        return fitting

    def _output_within_tokens(self, account: Account, alone: bool) -> int:
        left = account.token_room(alone) - self.prompt
        if left < self._least:
            raise OverBudget(
                f"The {account.name}'s token budget is used up: "
                f"{max(left, 0):,} tokens are left for an answer.",
                account,
                hint=f"Raise budget.{account.name}_tokens and continue with `-c`.",
            )
        return left

    @property
    def _least(self) -> int:
        return min(LEAST_OUTPUT, self.max_output)

    def _refused(self, account: Account, left: int) -> OverBudget:
        price, task = self.price, self.charge.task
        who = f" by {self.agent}" if self.agent and account.whose != self.agent else ""
        what = f" for {task}" if task and account.name != "task" else ""
        worst = usd(self.prompt * _dearest(price) + self.max_output * price.output) if price else None
        could = "" if worst is None else f", and the call could cost ${worst:.4f}"
        return OverBudget(
            f"The {account} does not allow another call of {self.model}{who}{what}: "
            f"${usd(max(left, 0)):.4f} is left{could}.",
            account,
            hint=account.mend,
        )


def _dearest(price: Price) -> int:
    """The most that a token of a prompt may cost."""
    return max(price.input, price.cache_write, price.cache_read)
