"""What hiring must know of a role: its words, what its tools may change, and what it will probably cost."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from loomkin.llm.models import ModelSpec
from loomkin.records.permission import Mode
from loomkin.records.role import Role
from loomkin.records.usage import Usage, usd
from loomkin.store.ledger import used_by_role
from loomkin.workspace.ground import Ground

TYPICAL = Usage(input=200_000, output=8_000)


class Office:
    """Answers for one session."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.tally = ground.tally(ground.most_a_turn)

    @property
    def asks(self) -> bool:
        """Whether the person wants to be asked about what writes."""
        return self._ground.crew.gate.mode is Mode.ASK

    @property
    def roles(self) -> Mapping[str, Role]:
        """All roles as they are now."""
        return self._ground.crew.roles.by_name

    def writers(self, role: Role) -> tuple[str, ...]:
        """The tools of a role that may change something."""
        return self._ground.writers(role)

    async def estimate(self, role: Role) -> str:
        """What an agent of the role will probably cost, in a sentence."""
        database = self._ground.crew.house.database
        chosen = await self._ground.tiers.of(role.tier)
        earlier = used_by_role(database, role.name)
        return estimate(role.name, chosen.chain[0], earlier)


def estimate(role: str, model: ModelSpec, earlier: Sequence[Usage]) -> str:
    """From what earlier agents of the role used here, at the model's price of today.

    An unknown price is said to be unknown; it is never taken for nothing. Where it costs nothing, no words.
    """
    if model.price is None:
        return f"The price of {model.id} is unknown, so nobody can say what it will cost."
    typical = model.price.cost(TYPICAL)
    if not typical:
        return ""
    if not earlier:
        tokens = f"{TYPICAL.input // 1000}k tokens in, {TYPICAL.output // 1000}k out"
        return f"A typical {role} ({tokens}) costs {_money(typical)} with {model.id}."
    cost = sorted(model.price.cost(usage) for usage in earlier)[(len(earlier) - 1) // 2]
    count = "1 earlier agent" if len(earlier) == 1 else f"{len(earlier)} earlier agents"
    return f"Probably {_money(cost)} with {model.id}: the median of {count} of the role {role} here."


def _money(cost: int) -> str:
    if not cost:
        return "nothing"
    return f"about ${usd(cost):.2f}" if usd(cost) >= Decimal("0.01") else "less than $0.01"
