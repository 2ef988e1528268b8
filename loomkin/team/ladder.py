"""From one tier of models to the next stronger one."""

from typing import Protocol

from loomkin.llm.models import ModelSpec
from loomkin.records.role import Tier

STRONGER = {Tier.FAST: (Tier.DEFAULT, Tier.STRONG), Tier.DEFAULT: (Tier.STRONG,)}
"""What works on this machine stays on it: nothing is stronger than `local`."""


class TierModels(Protocol):
    """The models of each tier."""

    def known(self, tier: Tier) -> tuple[ModelSpec, ...]:
        """The chain of a tier, the model in use first; empty where nobody can be called."""
        ...


def climb(models: TierModels, base: Tier, steps: int) -> Tier:
    """The tier so many models above `base`, or the highest there is; tiers with the same model count once."""
    rung = base
    for tier in STRONGER.get(base, ()):
        if steps <= 0:
            break
        above, here = models.known(tier), models.known(rung)
        if above and here and above[0].id != here[0].id:
            rung, steps = tier, steps - 1
    return rung
