"""Which models a role works with: those of its tier where the person named some, else the session's."""

from loomkin.config.settings import ModelSettings
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

    async def of(self, tier: Tier) -> Chosen:
        """The models of a tier; raises NoModelError where the settings name one that cannot be called."""
        name = self._named.get(tier, "")
        if not name:
            return self._first
        if tier not in self._known:
            self._known[tier] = await self._chooser.choose(name, tier)
        return self._known[tier]
