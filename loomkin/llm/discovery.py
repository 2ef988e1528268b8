"""Finds a model when nobody named one: the environment first, then servers on this machine."""

import asyncio
from collections.abc import Iterator, Mapping

from loomkin.errors import ConfigError, NoModelError, ProviderError
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.models import ModelSettings, base_url_of, default_model, key_of
from loomkin.llm.models_local import HttpProbe
from loomkin.llm.models_providers import PROVIDERS, Provider, is_loopback
from loomkin.records.dataclass import dataclass
from loomkin.records.ids import ModelId

VARIABLE = "LOOMKIN_MODEL"
LOCAL_TIMEOUT = 0.3

# Names of models that work well with tools, best first; what else a server holds comes after, newest first.
_GOOD_LOCAL = ("qwen3-coder", "devstral", "gpt-oss", "qwen3", "glm", "qwen2.5-coder", "mistral", "llama3")
_NOT_CHAT = ("embed", "rerank", "bge-", "minilm", "whisper", "clip")

WAYS_ON = (
    "set a provider's key:            export ANTHROPIC_API_KEY=...  (or OPENAI_API_KEY, GEMINI_API_KEY)",
    "run a model on this machine:     ollama pull qwen3-coder",
    "name a model and its address:    loomkin --model openai/NAME   with OPENAI_BASE_URL=http://...",
)


@dataclass(frozen=True, slots=True)
class Found:
    """The model that was chosen, and why, as a clause for people (`ANTHROPIC_API_KEY is set`)."""

    model: ModelId
    why: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """What was looked for in vain, in order, and the ways on."""

    looked: tuple[str, ...]
    ways: tuple[str, ...] = WAYS_ON

    @property
    def text(self) -> str:
        """Everything a person needs, in lines."""
        looked = "\n".join(f"  - {line}" for line in self.looked)
        ways = "\n".join(f"  {number}. {way}" for number, way in enumerate(self.ways, 1))
        return f"Looked for:\n{looked}\nThree ways to go on:\n{ways}"

    def error(self) -> NoModelError:
        """The error that ends a run which needs a model (exit 41)."""
        return NoModelError("No model is configured and none was found.", hint=self.text)


@dataclass(frozen=True, slots=True)
class _Server:
    provider: str
    title: str
    base_url: str


async def discover(
    environ: Mapping[str, str], settings: ModelSettings, catalogue: Catalogue, probe_http: HttpProbe
) -> Found | Nothing:
    """Look at LOOMKIN_MODEL, then provider keys, then local servers, and take the first.

    Nothing outside this machine is asked unless OLLAMA_HOST names it; each server has 0.3 seconds, all at
    once.
    """
    if named := environ.get(VARIABLE, "").strip():
        return Found(ModelId(named), f"{VARIABLE} is set")
    looked = [f"{VARIABLE} in the environment: not set"]
    if settings.offline:
        looked.append("provider keys: passed over, because --offline allows this machine only")
    else:
        found = await asyncio.to_thread(_by_key, environ, settings, catalogue)
        if found is not None:
            return found
        first = [row.keys[0] for row in PROVIDERS.values() if row.keys and not row.local]
        looked.append(f"provider keys in the environment: none of {', '.join(first)}")
        looked += await asyncio.to_thread(_other_keys, environ, catalogue)
    servers = list(_servers(environ, settings, looked))
    answers = await _ask_all(servers, probe_http)
    for server, (model, said) in zip(servers, answers, strict=True):
        if model:
            return Found(ModelId(f"{server.provider}/{model}"), f"{server.title} at {server.base_url} has it")
        looked.append(f"{server.title} at {server.base_url}: {said}")
    return Nothing(tuple(looked))


def _by_key(environ: Mapping[str, str], settings: ModelSettings, catalogue: Catalogue) -> Found | None:
    for name, row in PROVIDERS.items():
        if row.local:
            continue
        variable, _ = key_of(name, row, environ, settings)
        if variable and not _is_local(name, row, environ, settings):
            return Found(ModelId(f"{name}/{default_model(name, catalogue)}"), f"{variable} is set")
    return None


def _other_keys(environ: Mapping[str, str], catalogue: Catalogue) -> list[str]:
    """Keys of providers that have no model to begin with: a person must name one."""
    ending = "_API_KEY"
    names = {key: key.removesuffix(ending).lower() for key, value in environ.items() if value.strip()}
    return [
        f"{key} is set: name one of its models with --model {name}/NAME"
        for key, name in sorted(names.items())
        if key.endswith(ending) and name and catalogue.knows_provider(name)
    ]


def _is_local(name: str, row: Provider, environ: Mapping[str, str], settings: ModelSettings) -> bool:
    """Whether a provider's address was moved to this machine, where its default need not exist."""
    try:
        return is_loopback(base_url_of(name, row, environ, settings))
    except ConfigError:
        return False


def _servers(environ: Mapping[str, str], settings: ModelSettings, looked: list[str]) -> Iterator[_Server]:
    """Servers to ask, in order; addresses that cannot be asked are noted in `looked`."""
    openai = PROVIDERS["openai"]
    if _is_local("openai", openai, environ, settings):
        yield _Server("openai", "OPENAI_BASE_URL", base_url_of("openai", openai, environ, settings))
    titles = {"ollama": "Ollama", "llamacpp": "llama.cpp", "lmstudio": "LM Studio", "vllm": "vLLM"}
    for name, title in titles.items():
        try:
            url = base_url_of(name, PROVIDERS[name], environ, settings)
        except ConfigError as error:
            looked.append(f"{title}: {error.message}")
            continue
        if settings.offline and not is_loopback(url):
            looked.append(f"{title} at {url}: passed over, because --offline allows this machine only")
        else:
            yield _Server(name, title, url)


async def _ask_all(servers: list[_Server], probe_http: HttpProbe) -> list[tuple[str, str]]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(server, probe_http)) for server in servers]
    return [task.result() for task in tasks]


async def _ask(server: _Server, probe_http: HttpProbe) -> tuple[str, str]:
    """The model to use there, or an empty name and what was seen instead."""
    path = "/api/tags" if server.provider == "ollama" else "/models"
    try:
        answer = await probe_http(server.base_url + path, timeout=LOCAL_TIMEOUT)
    except ProviderError:
        return "", "no answer"
    names = _listed(answer)
    if names is None:
        return "", "something else answers there"
    chat = [name for name in names if not any(word in name.lower() for word in _NOT_CHAT)]
    if not chat:
        return "", "it answers but holds no model to talk to"
    return min(chat, key=_rank), ""


def _listed(answer: object) -> list[str] | None:
    """Names in a list of models, in either of the two common shapes; None when it is no such list."""
    if not isinstance(answer, dict):
        return None
    for field, key in (("models", "name"), ("data", "id")):
        entries = answer.get(field)
        if isinstance(entries, list):
            items = [entry for entry in entries if isinstance(entry, dict)]
            items.sort(key=lambda entry: str(entry.get("modified_at", "")), reverse=True)
            names = [entry.get(key) for entry in items]
            return [name for name in names if isinstance(name, str) and name]
    return None


def _rank(name: str) -> int:
    """The place of a name among the good ones; equal for all others, which keeps the server's order."""
    plain = name.lower().rpartition("/")[2]
    return next((place for place, good in enumerate(_GOOD_LOCAL) if plain.startswith(good)), len(_GOOD_LOCAL))


def describe(found: Found) -> str:
    """One line that says which model and why."""
    return f"Using {found.model}: {found.why}."
