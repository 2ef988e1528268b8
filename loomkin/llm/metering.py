"""Money before and after each call: the worst case is reserved, the true cost is settled."""

import asyncio
from collections.abc import Mapping

from loomkin.errors import LimitError
from loomkin.records.dataclass import dataclass
from loomkin.records.usage import Price, Usage, usd

LEAST_OUTPUT = 512


@dataclass(frozen=True, slots=True)
class Budget:
    """A cap in picodollars, and what was spent under it before this run."""

    name: str
    cap: int
    spent: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room for one call: `max_output` tokens at most, `amount` picodollars, `tokens` in all."""

    max_output: int
    amount: int
    tokens: int


class Meter:
    """Counts what calls cost against every budget that applies.

    A call whose worst case does not fit waits while other calls hold more than they may need; then it is
    asked for with a shorter longest answer, and refused where even that does not fit.
    """

    def __init__(
        self,
        budgets: tuple[Budget, ...],
        call_cap: int | None = None,
        token_cap: int | None = None,
        tokens: int = 0,
    ) -> None:
        self._budgets = budgets
        self._call_cap = call_cap
        self._token_cap = token_cap
        self._tokens = tokens
        self._reserved = 0
        self._reserved_tokens = 0
        self._under_way = 0
        self._freed = asyncio.Event()
        self.cost = 0
        self.unpriced = 0
        self.usage = Usage()
        self.by_model: dict[str, tuple[Usage, int]] = {}

    async def reserve(self, price: Price | None, prompt: int, max_output: int, model: str) -> Reservation:
        """Set money and tokens aside for a call of `prompt` tokens.

        Raises LimitError where a cap does not allow the call, or cannot be kept because the price is unknown.
        """
        while self._under_way:
            best = self._planned(price, prompt, max_output, model, alone=True)
            try:
                planned = self._planned(price, prompt, max_output, model)
            except LimitError:
                planned = None
            if planned is not None and planned.max_output >= best.max_output:
                return self._take(planned)
            self._freed.clear()
            await self._freed.wait()
        return self._take(self._planned(price, prompt, max_output, model))

    def _planned(
        self, price: Price | None, prompt: int, max_output: int, model: str, alone: bool = False
    ) -> Reservation:
        """What a call would get now, or with no other call under way."""
        output = self._output_within_tokens(prompt, max_output, 0 if alone else self._reserved_tokens)
        if price is None:
            self._refuse_unpriced(model)
            return Reservation(output, 0, prompt + output)
        dearest_input = max(price.input, price.cache_write, price.cache_read)
        for name, left in self._rooms(0 if alone else self._reserved).items():
            room = left - prompt * dearest_input
            fitting = room // price.output if price.output else (output if room >= 0 else 0)
            if fitting < min(LEAST_OUTPUT, max_output):
                worst = usd(prompt * dearest_input + max_output * price.output)
                raise LimitError(
                    f"The {name} budget does not allow another call of {model}: "
                    f"${usd(max(left, 0)):.4f} is left, and the call could cost ${worst:.4f}.",
                    limit="budget",
                    hint="Raise --max-budget-usd (or the [budget] setting) and continue with `-c`.",
                )
            output = min(output, fitting)
        return Reservation(output, prompt * dearest_input + output * price.output, prompt + output)

    def count(self, model: str, usage: Usage, price: Price | None) -> int | None:
        """Count what an answer cost, in picodollars; None where unknown."""
        cost = None if price is None else price.cost(usage)
        self.usage += usage
        self.cost += cost or 0
        self.unpriced += cost is None
        known = self.by_model.get(model, (Usage(), 0))
        self.by_model[model] = (known[0] + usage, known[1] + (cost or 0))
        return cost

    def release(self, held: Reservation) -> None:
        """Give the reservation of a call back."""
        self._reserved -= held.amount
        self._reserved_tokens -= held.tokens
        self._under_way -= 1
        self._freed.set()

    def left(self) -> Mapping[str, int]:
        """Picodollars left under each budget."""
        return self._rooms(self._reserved)

    def _take(self, held: Reservation) -> Reservation:
        self._reserved += held.amount
        self._reserved_tokens += held.tokens
        self._under_way += 1
        return held

    def _rooms(self, reserved: int) -> dict[str, int]:
        rooms = {budget.name: budget.cap - budget.spent - self.cost - reserved for budget in self._budgets}
        if self._call_cap is not None:
            rooms["call"] = self._call_cap
        return rooms

    def _output_within_tokens(self, prompt: int, max_output: int, reserved: int) -> int:
        if self._token_cap is None:
            return max_output
        left = self._token_cap - self._tokens - self.usage.total - reserved - prompt
        if left < min(LEAST_OUTPUT, max_output):
            raise LimitError(
                f"The session's token budget is used up: {max(left, 0):,} tokens are left for an answer.",
                limit="budget",
                hint="Raise budget.session_tokens and continue with `-c`.",
            )
        return min(max_output, left)

    def _refuse_unpriced(self, model: str) -> None:
        if not self._rooms(0):
            return
        raise LimitError(
            f"The price of {model} is unknown, so a budget in dollars cannot be kept.",
            limit="budget",
            hint=f'Set models."{model}".input_usd_per_million and output_usd_per_million, '
            "or cap tokens with budget.session_tokens instead.",
        )
