"""From settings to the chain of models that a run calls."""

import asyncio
from collections.abc import Mapping

from loomkin.config.load import Loaded
from loomkin.config.paths import Layer, state_home
from loomkin.config.settings import ModelFacts, Settings
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.client import ModelClient, OpenWire
from loomkin.llm.discovery import Nothing, discover
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes, Rate
from loomkin.llm.metering import Meter
from loomkin.llm.models import (
    CallerLevel,
    ModelOverride,
    ModelSettings,
    ModelSpec,
    ProviderSettings,
    resolve,
)
from loomkin.llm.models_local import HttpProbe, measure_local
from loomkin.llm.models_providers import PROVIDERS
from loomkin.llm.remembered import Remembered
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.wire import Endpoint
from loomkin.project.secrets import Redactor
from loomkin.records.dataclass import dataclass, field, replace
from loomkin.records.ids import ModelId
from loomkin.records.role import Tier
from loomkin.records.usage import Price, pico

UNSTREAMED = 10


@dataclass(frozen=True, slots=True)
class Chosen:
    """The models of a run, the one in use first, and why that one."""

    chain: tuple[ModelSpec, ...]
    why: str


class ModelChooser:
    """Finds out how to call a model, asking the settings, the environment and this machine's servers."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        offline: bool,
        catalogue: Catalogue,
        ask: HttpProbe,
        replay: bool = False,
    ) -> None:
        """With `replay` nobody is asked and no key is needed: the answers come from a recording."""
        self._settings = settings
        self._environ = environ
        self._replay = replay
        self._remembered = Remembered(state_home(environ))
        self._known = model_settings(settings, offline)
        self._catalogue = catalogue
        self._ask = ask

    async def choose(self, wanted: str, tier: Tier) -> Chosen:
        """The chain for a model by name, or for a tier where none is named.

        Raises NoModelError with three ways on where nothing is configured and nothing found.
        """
        model = self._settings.model
        if wanted == _RECORDED.id and not self._replay:
            wanted = ""  # a session that was replayed without a model goes on with a real one
        tiers = {Tier.FAST: model.fast, Tier.STRONG: model.strong, Tier.LOCAL: model.local}
        named = wanted or tiers.get(tier, "") or model.default
        why = "as asked for" if wanted else "from the settings"
        if self._replay:
            return Chosen((await asyncio.to_thread(self._recorded, named),), "from a recording")
        if not named:
            found = await discover(self._environ, self._known, self._catalogue, self._ask)
            if isinstance(found, Nothing):
                raise found.error()
            named, why = found.model, found.why
        chain = [await self.spec(name) for name in dict.fromkeys((named, *model.fallback))]
        return Chosen(tuple(chain), why)

    def _recorded(self, named: str) -> ModelSpec:
        if not named:
            return _RECORDED
        keys = {key: "recorded" for row in PROVIDERS.values() for key in row.keys}
        known = replace(self._known, offline=False)
        return resolve(named, {**keys, **self._environ}, known, self._catalogue)

    async def spec(self, name: str) -> ModelSpec:
        """One model, with what its own server says of it where that is on this machine."""
        spec = await asyncio.to_thread(resolve, name, self._environ, self._known, self._catalogue)
        model = self._settings.model
        # without a stream the whole answer is written in silence
        silence = model.silence if model.stream else model.silence * UNSTREAMED
        endpoint = replace(spec.endpoint, silence=silence)
        return await self._measured(replace(spec, endpoint=endpoint))

    async def _measured(self, spec: ModelSpec) -> ModelSpec:
        """The spec with the window that its local server has; Ollama is asked anew, its answer changes."""
        if not spec.local or spec.wire == "ollama":
            return await measure_local(spec, self._known, self._ask)
        name = f"{spec.endpoint.base_url} {spec.id}"
        kept = self._remembered.get(name)
        if kept is not None:
            return replace(spec, window=kept, max_output=max(1, min(spec.max_output, kept // 2)))
        measured = await measure_local(spec, self._known, self._ask)
        self._remembered.put(name, measured.window)
        return measured


_RECORDED = ModelSpec(
    id=ModelId("recorded/model"),
    provider="recorded",
    name="model",
    wire="recorded",
    endpoint=Endpoint(""),
    window=200_000,
    max_output=32_000,
    price=Price(0, 0, 0, 0, "recorded"),
    caller=CallerLevel.NATIVE,
)


def wanted_model(loaded: Loaded, earlier: str) -> str:
    """What was named for this run, else what the session used; settings below a flag come last."""
    origins = loaded.provenance.get("model.default", ())
    named = origins[-1] if origins else None
    if named is not None and named.value and named.layer >= Layer.ENVIRONMENT:
        return str(named.value)
    return earlier


@dataclass(frozen=True, slots=True)
class Reach:
    """How the providers are reached, which all agents of a session share.

    `redactor` takes secrets out of what comes from them; by itself it knows the shapes of tokens alone.
    """

    wires: OpenWire
    lanes: Lanes
    redactor: Redactor = field(default_factory=lambda: Redactor({}))


def build_lanes(settings: Settings) -> Lanes:
    """The lanes to the providers, with the limits that the person set."""
    rows = settings.rate.items()
    return Lanes({name: Rate(row.requests_per_minute, row.tokens_per_minute) for name, row in rows})


def build_client(chosen: Chosen, settings: Settings, reach: Reach, meter: Meter) -> ModelClient:
    """What an agent calls its models with."""
    policy = RetryPolicy(attempts=settings.model.attempts)
    stream = settings.model.stream
    return ModelClient(
        chosen.chain, reach.wires, meter, Estimator(), policy, reach.lanes, reach.redactor, stream
    )


def model_settings(settings: Settings, offline: bool) -> ModelSettings:
    """The part of the settings that choosing a model depends on."""
    return ModelSettings(
        num_ctx=settings.model.num_ctx,
        max_output=settings.model.max_output,
        providers={
            name: ProviderSettings(row.base_url or "", row.api_key_env or "", dict(row.headers or {}))
            for name, row in settings.providers.items()
        },
        models={name: _override(facts) for name, facts in settings.models.items()},
        offline=offline,
    )


def _override(facts: ModelFacts) -> ModelOverride:
    return ModelOverride(
        facts.window,
        facts.max_output,
        _price(facts),
        CallerLevel(facts.caller) if facts.caller else None,
    )


def _price(facts: ModelFacts) -> Price | None:
    if facts.input_usd_per_million is None or facts.output_usd_per_million is None:
        return None
    read, write = facts.cache_read_usd_per_million, facts.cache_write_usd_per_million
    million = (
        facts.input_usd_per_million,
        facts.output_usd_per_million,
        facts.input_usd_per_million if read is None else read,
        facts.input_usd_per_million if write is None else write,
    )
    inward, outward, cached, caching = (pico(rate) // 1_000_000 for rate in million)
    return Price(inward, outward, cached, caching, "settings")
