"""Which tier is the next stronger one."""

from types import MappingProxyType

import pytest

from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.wire import Endpoint
from loomkin.records.ids import ModelId
from loomkin.records.role import Tier
from loomkin.team.ladder import climb

F, D, S, L = Tier.FAST, Tier.DEFAULT, Tier.STRONG, Tier.LOCAL


class Known:
    """The models of the tiers, by their names."""

    def __init__(self, **names: str) -> None:
        self._names = MappingProxyType(names)

    def known(self, tier: Tier) -> tuple[ModelSpec, ...]:
        name = self._names.get(tier.value, "")
        identity, level = ModelId(f"a/{name}"), CallerLevel.NATIVE
        one = ModelSpec(identity, "a", name, "openai", Endpoint(""), 1000, 100, None, level)
        return (one,) if name else ()


ALL = Known(fast="f", default="d", strong="s", local="l")


@pytest.mark.parametrize(
    ("models", "base", "steps", "tier"),
    [
        (ALL, F, 0, F),
        (ALL, F, 1, D),
        (ALL, F, 2, S),
        (ALL, F, 9, S),
        (ALL, D, 1, S),
        (ALL, S, 1, S),
        (ALL, L, 5, L),
        (Known(fast="d", default="d", strong="s"), F, 1, S),
        (Known(fast="d", default="d", strong="d"), F, 3, F),
        (Known(fast="f", default="d"), D, 1, D),
        (Known(default="d"), F, 1, F),
    ],
)
def test_a_step_leads_to_the_next_tier_with_another_model(
    models: Known, base: Tier, steps: int, tier: Tier
) -> None:
    assert climb(models, base, steps) is tier
