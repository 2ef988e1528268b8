"""Which models a role works with: those of its tier where the person named some, else the session's."""

import asyncio

from loomkin.config.settings import ModelSettings
from loomkin.errors import LoomkinError
from loomkin.llm.models import ModelSpec
from loomkin.records.role import Tier
from loomkin.workspace.models import Chosen, ModelChooser


class Tiers:
    """Finds the models of each tier once; `first` is what the session's own agent has, by `tier`."""

    def __init__(
        self, chooser: ModelChooser, settings: ModelSettings, first: Chosen, tier: Tier, replayed: bool
    ) -> None:
        self._chooser = chooser
        self._first = first
        named = {Tier.FAST: settings.fast, Tier.STRONG: settings.strong, Tier.LOCAL: settings.local}
        if tier is not Tier.DEFAULT and named[tier]:
            named[Tier.DEFAULT] = settings.default
        self._named = {} if replayed else named
        self._known: dict[Tier, Chosen] = {}
        self._looked = asyncio.Lock()
        self._unusable: set[Tier] = set()

    async def of(self, tier: Tier) -> Chosen:
        """The models of a tier; raises NoModelError where the settings name one that cannot be called."""
        name = self._named.get(tier, "")
        if not name:
            return self._first
        if tier not in self._known:
            self._known[tier] = await self._chooser.choose(name, tier)
        return self._known[tier]

    async def prepare(self) -> None:
        """Find the models of all tiers that are named, so that `known` has them; once."""
        async with self._looked:
            for tier in Tier:
                if tier not in self._known and tier not in self._unusable:
                    try:
                        await self.of(tier)
                    except LoomkinError:
                        self._unusable.add(tier)  # whoever needs it hears why from `of`

    def known(self, tier: Tier) -> tuple[ModelSpec, ...]:
        """The chain of a tier, as far as it has been found; empty where it has not."""
        if not self._named.get(tier, ""):
            return self._first.chain
        return self._known[tier].chain if tier in self._known else ()
