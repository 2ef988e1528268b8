"""From a model's id to what calling it takes: wire, address, key, window, price, caller level."""

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from loomkin.errors import AuthError, ConfigError, NoModelError
from loomkin.llm.catalogue import Catalogue, Facts
from loomkin.llm.models_providers import ALIASES, PROVIDERS, Provider, is_loopback, ollama_url
from loomkin.llm.wire import Endpoint
from loomkin.records.dataclass import dataclass, field
from loomkin.records.ids import ModelId
from loomkin.records.usage import Price

UNKNOWN_WINDOW = 128_000
UNKNOWN_LOCAL_WINDOW = 32_768
UNKNOWN_MAX_OUTPUT = 8_192
USUAL_MAX_OUTPUT = 32_768
LOCAL_PRICE = Price(0, 0, 0, 0, source="local")


class CallerLevel(StrEnum):
    """How a model calls tools: by the wire, by the wire or in text, or only in the text protocol."""

    NATIVE = "native"
    RESCUE = "rescue"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a person set for one provider; empty fields leave the default."""

    base_url: str = ""
    api_key_env: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelOverride:
    """What a person set for one model; None leaves what is known."""

    window: int | None = None
    max_output: int | None = None
    price: Price | None = None
    caller: CallerLevel | None = None
    options: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The settings that choosing a model depends on; `num_ctx` and `max_output` are tokens.

    `providers` is by provider name, `models` by id `provider/name`. `offline` allows this machine only.
    """

    num_ctx: int | None = None
    max_output: int | None = None
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    models: Mapping[str, ModelOverride] = field(default_factory=dict)
    offline: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model ready to be called; `name` goes into the request, `window` and `max_output` are tokens.

    `window` is the most that a request may carry, within the part of the model's window that has one
    price. `price` None means unknown, never free.
    """

    id: ModelId
    provider: str
    name: str
    wire: str
    endpoint: Endpoint = field(repr=False)
    window: int
    max_output: int
    price: Price | None
    caller: CallerLevel
    options: dict[str, object] = field(default_factory=dict)
    vision: bool = False
    reasoning: bool = False

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine."""
        return is_loopback(self.endpoint.base_url)


def resolve(
    model_id: str, environ: Mapping[str, str], settings: ModelSettings, catalogue: Catalogue
) -> ModelSpec:
    """Find out how to call a model, from the environment, settings and the catalogue; asks nobody.

    Reads the catalogue's file: call it in a thread. Raises NoModelError (unknown id or provider, or remote
    while offline), AuthError (no key) and ConfigError (an address that is none), each with what to do.
    """
    provider, name = split_id(model_id, settings, catalogue)
    row = PROVIDERS.get(provider) or _unlisted(provider, catalogue)
    identity = ModelId(f"{provider}/{name}")
    endpoint = _endpoint(provider, row, environ, settings)
    if not endpoint.base_url and row.wire == "openai":
        raise ConfigError(
            f"{identity} has no address.",
            hint=f"Set providers.{provider}.base_url to where {provider} answers.",
        )
    loopback = is_loopback(endpoint.base_url)
    if settings.offline and not loopback:
        raise NoModelError(
            f"{identity} is not on this machine, and --offline allows nothing else.",
            hint="Name a local model (`loomkin --model ollama/NAME`) or run without --offline.",
        )
    if not endpoint.api_key and _needs_key(row, endpoint):
        raise AuthError(
            f"{identity} needs a key, and {' or '.join(row.keys)} is not set.",
            hint=f"Set it (`export {row.keys[0]}=...`) or choose another model with --model; "
            "`loomkin models` lists them.",
        )
    facts = _look_up(row, name, catalogue)
    return _spec(identity, row, endpoint, facts, settings)


def split_id(model_id: str, settings: ModelSettings, catalogue: Catalogue) -> tuple[str, str]:
    """The provider and the name in `provider/name`, `provider:name` or a bare name that the catalogue knows.

    Raises NoModelError with the nearest names when no provider can be told.
    """
    text = model_id.strip()
    cut = min((at for at in (text.find("/"), text.find(":")) if at > 0), default=-1)
    head, rest = (text[:cut].lower(), text[cut + 1 :]) if cut > 0 else ("", "")
    provider = ALIASES.get(head, head)
    if provider and rest and (provider in PROVIDERS or provider in settings.providers):
        return provider, rest
    if text and (facts := catalogue.facts(text)) is not None and (cut <= 0 or text[cut] != "/"):
        return _provider_of(facts), text
    if provider and rest and text[cut] == "/" and catalogue.knows_provider(provider):
        return provider, rest
    raise _unknown(text, catalogue)


def default_model(provider: str, catalogue: Catalogue) -> str:
    """The model to begin with at a provider: the first of its defaults that the catalogue knows."""
    row = PROVIDERS[provider]
    known = (name for name in row.defaults if _look_up(row, name, catalogue) is not None)
    return next(known, row.defaults[0])


def key_of(
    provider: str, row: Provider, environ: Mapping[str, str], settings: ModelSettings
) -> tuple[str, str]:
    """The variable that holds a provider's key and its value; both empty when none is set."""
    chosen = settings.providers.get(provider, ProviderSettings()).api_key_env
    for variable in (chosen,) if chosen else row.keys:
        if value := environ.get(variable, "").strip():
            return variable, value
    return "", ""


def base_url_of(provider: str, row: Provider, environ: Mapping[str, str], settings: ModelSettings) -> str:
    """The address of a provider: settings, its variable, its own; raises ConfigError if it is none."""
    said = settings.providers.get(provider, ProviderSettings()).base_url
    source = f"providers.{provider}.base_url"
    if not said and row.base_url_variable:
        said, source = environ.get(row.base_url_variable, "").strip(), row.base_url_variable
    if not said:
        return row.base_url
    try:
        url = ollama_url(said) if provider == "ollama" else said.rstrip("/")
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname:
            return url
    except ValueError:
        pass
    raise ConfigError(f"{source} is not an address: {said}", hint="Write it like http://127.0.0.1:11434.")


def _endpoint(provider: str, row: Provider, environ: Mapping[str, str], settings: ModelSettings) -> Endpoint:
    headers = settings.providers.get(provider, ProviderSettings()).headers
    variable, key = key_of(provider, row, environ, settings)
    chosen = settings.providers.get(provider, ProviderSettings()).api_key_env
    return Endpoint(
        base_url_of(provider, row, environ, settings),
        key,
        dict(headers),
        key_variable=variable or chosen or next(iter(row.keys), ""),
    )


def _needs_key(row: Provider, endpoint: Endpoint) -> bool:
    """A provider's own address wants a key; what stands at another address is its owner's matter."""
    return bool(row.keys) and not row.local and endpoint.base_url == row.base_url and row.wire != "litellm"


def _unlisted(provider: str, catalogue: Catalogue) -> Provider:
    """A provider without a row: litellm knows it, or else it is a person's own, in the common format."""
    key = provider.upper().replace("-", "_").replace(".", "_") + "_API_KEY"
    wire = "litellm" if catalogue.knows_provider(provider) else "openai"
    return Provider(wire, keys=(key,), prefix=f"{provider}/", tag=provider)


def _look_up(row: Provider, name: str, catalogue: Catalogue) -> Facts | None:
    facts = catalogue.facts(row.prefix + name)
    if facts is None and row.prefix:
        facts = catalogue.facts(name)
    if facts is None or not row.tag or not facts.provider.startswith(row.tag):
        return None
    return facts


def _provider_of(facts: Facts) -> str:
    for name, row in PROVIDERS.items():
        if row.tag == facts.provider:
            return name
    return facts.provider


def _unknown(text: str, catalogue: Catalogue) -> NoModelError:
    from difflib import get_close_matches  # heavy: late on purpose

    names = [facts.name for facts in catalogue.every()]
    near = get_close_matches(text, names, n=3, cutoff=0.6) if text else []
    hint = f"Nearest: {', '.join(near)}. " if near else ""
    return NoModelError(
        f"No model is known as {text!r}.",
        hint=f"{hint}Write it as provider/name, e.g. anthropic/claude-sonnet-5-5 or "
        f"ollama/{text or 'qwen3-coder'}; `loomkin models` lists what there is.",
    )


def _spec(
    identity: ModelId, row: Provider, endpoint: Endpoint, facts: Facts | None, settings: ModelSettings
) -> ModelSpec:
    provider, _, name = identity.partition("/")
    # models without chat completions need the bridge to the other format that litellm has
    wire = "litellm" if facts and facts.mode == "responses" else row.wire
    override = settings.models.get(identity, ModelOverride())
    local = is_loopback(endpoint.base_url) or row.local
    options = dict(override.options)
    window = override.window or (_plainly_priced_window(facts) if facts else 0)
    if row.wire == "ollama":
        window = override.window or settings.num_ctx or UNKNOWN_LOCAL_WINDOW
        options["num_ctx"] = window
    window = window or (UNKNOWN_LOCAL_WINDOW if local else UNKNOWN_WINDOW)
    return ModelSpec(
        id=identity,
        provider=provider,
        name=identity if wire == "litellm" else name,
        wire=wire,
        endpoint=endpoint,
        window=window,
        max_output=_max_output(override, settings, facts, window),
        price=override.price or (facts.price if facts else None) or (LOCAL_PRICE if local else None),
        caller=override.caller or (CallerLevel.RESCUE if local else CallerLevel.NATIVE),
        options=options,
        vision=bool(facts and facts.vision),
        reasoning=bool(facts and facts.reasoning),
    )


def _plainly_priced_window(facts: Facts) -> int:
    """The window up to which the price holds; only a person's own setting goes into the dearer part."""
    return min(facts.window, facts.price_up_to) if facts.price_up_to else facts.window


def _max_output(override: ModelOverride, settings: ModelSettings, facts: Facts | None, window: int) -> int:
    """What is asked for: a person's wish within the model's limit; otherwise enough for any edit.

    The worst case of every call is reserved from the budget, so the model's own limit (up to a million) is
    not asked for; and at least half of a small window stays for the request.
    """
    allowed = override.max_output or (facts.max_output if facts else 0)
    wished = override.max_output or settings.max_output
    most = (
        min(wished, allowed)
        if wished and allowed
        else wished or min(allowed or UNKNOWN_MAX_OUTPUT, USUAL_MAX_OUTPUT)
    )
    return max(1, min(most, window // 2))
