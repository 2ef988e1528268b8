"""From a model's id to everything needed to call it."""

import asyncio
from dataclasses import replace

import pytest

from loomkin.errors import AuthError, ConfigError, ConnectError, NoModelError
from loomkin.llm.catalogue import Catalogue
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.models import (
    LOCAL_PRICE,
    CallerLevel,
    ModelOverride,
    ModelSettings,
    ModelSpec,
    ProviderSettings,
    default_model,
    resolve,
)
from loomkin.llm.models_local import measure_local
from loomkin.llm.models_providers import PROVIDERS, is_loopback, ollama_url
from loomkin.records.usage import Price
from tests.fakes.model_server import ModelServer

CATALOGUE = Catalogue.packaged()
NONE = ModelSettings()
CLAUDE = "https://api.anthropic.com"
GPT = "https://api.openai.com/v1"
GROQ = "https://api.groq.com/openai/v1"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"
OLLAMA = "http://127.0.0.1:11434"
STUDIO = "http://127.0.0.1:1234/v1"
KEYS = {"ANTHROPIC_API_KEY": "ka", "OPENAI_API_KEY": "ko", "GROQ_API_KEY": "kg", "GEMINI_API_KEY": "ke"}


def spec_of(model: str, environ: dict[str, str] | None = None, settings: ModelSettings = NONE) -> ModelSpec:
    return resolve(model, KEYS if environ is None else environ, settings, CATALOGUE)


@pytest.mark.parametrize(
    ("written", "identity", "wire", "name", "base_url", "key"),
    [
        (
            "anthropic/claude-sonnet-4-5",
            "anthropic/claude-sonnet-4-5",
            "anthropic",
            "claude-sonnet-4-5",
            CLAUDE,
            "ka",
        ),
        ("anthropic:claude-new", "anthropic/claude-new", "anthropic", "claude-new", CLAUDE, "ka"),
        ("OpenAI/gpt-5", "openai/gpt-5", "openai", "gpt-5", GPT, "ko"),
        ("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b", "openai", "openai/gpt-oss-120b", GROQ, "kg"),
        ("google/gemini-2.5-pro", "gemini/gemini-2.5-pro", "openai", "gemini-2.5-pro", GEMINI, "ke"),
        ("ollama/qwen3:8b", "ollama/qwen3:8b", "ollama", "qwen3:8b", OLLAMA, ""),
        ("ollama:qwen3:8b", "ollama/qwen3:8b", "ollama", "qwen3:8b", OLLAMA, ""),
        ("lm-studio/qwen/qwen3", "lmstudio/qwen/qwen3", "openai", "qwen/qwen3", STUDIO, ""),
        ("huggingface/meta/llama", "huggingface/meta/llama", "litellm", "huggingface/meta/llama", "", ""),
        ("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", CLAUDE, "ka"),
        ("gpt-5", "openai/gpt-5", "openai", "gpt-5", GPT, "ko"),
    ],
)
def test_ids_lead_to_their_wire_name_and_address(
    written: str, identity: str, wire: str, name: str, base_url: str, key: str
) -> None:
    spec = spec_of(written)
    assert (spec.id, spec.wire, spec.name) == (identity, wire, name)
    assert (spec.endpoint.base_url, spec.endpoint.api_key) == (base_url, key)


def test_the_key_is_not_shown_when_a_spec_is_printed() -> None:
    spec = spec_of("anthropic/claude-sonnet-4-5", {"ANTHROPIC_API_KEY": "sk-very-secret"})
    assert "sk-very-secret" not in repr(spec)


def test_facts_come_from_the_catalogue() -> None:
    spec = spec_of("anthropic/claude-sonnet-4-5")
    facts = CATALOGUE.facts("claude-sonnet-4-5")
    assert facts is not None
    assert (spec.window, spec.price, spec.vision) == (facts.window, facts.price, facts.vision)
    assert spec.caller is CallerLevel.NATIVE


def test_the_window_ends_where_the_price_does_unless_a_person_widens_it() -> None:
    dearer = next(
        facts
        for facts in CATALOGUE.every()
        if facts.provider == "openai" and 0 < facts.price_up_to < facts.window
    )
    name = f"openai/{dearer.name}"
    assert spec_of(name).window == dearer.price_up_to
    wider = ModelSettings(models={name: ModelOverride(window=dearer.window)})
    assert spec_of(name, settings=wider).window == dearer.window


def test_no_more_output_is_asked_for_than_an_edit_needs_unless_a_person_says_so() -> None:
    assert spec_of("anthropic/claude-sonnet-4-5").max_output == 32_768
    assert (
        spec_of("anthropic/claude-sonnet-4-5", settings=ModelSettings(max_output=50_000)).max_output == 50_000
    )
    assert (
        spec_of("anthropic/claude-sonnet-4-5", settings=ModelSettings(max_output=10**9)).max_output == 64_000
    )


def test_a_small_window_keeps_half_for_the_request() -> None:
    settings = ModelSettings(models={"openai/gpt-5": ModelOverride(window=10_000)})
    assert spec_of("openai/gpt-5", settings=settings).max_output == 5_000


@pytest.mark.parametrize(
    "model", ["anthropic/claude-new", "openrouter/openrouter/auto", "huggingface/meta/llama"]
)
def test_an_unknown_price_is_none_and_never_zero(model: str) -> None:
    assert spec_of(model, KEYS | {"OPENROUTER_API_KEY": "k"}).price is None


def test_a_local_model_costs_nothing_and_says_that_it_is_local() -> None:
    assert spec_of("ollama/llama3.1").price == LOCAL_PRICE
    assert spec_of("openai/my-own", {"OPENAI_BASE_URL": "http://localhost:9/v1"}).price == LOCAL_PRICE
    assert LOCAL_PRICE.source == "local"


def test_a_priced_model_behind_a_local_proxy_keeps_its_price() -> None:
    price = spec_of("openai/gpt-5", {"OPENAI_BASE_URL": "http://localhost:9/v1"}).price
    assert price is not None
    assert price.source == "litellm"


def test_what_a_person_set_for_a_model_counts_most() -> None:
    price = Price(1, 2, 3, 4, "settings")
    override = ModelOverride(5_000, 700, price, CallerLevel.TEXT, {"reasoning_effort": "low"})
    spec = spec_of("openai/gpt-5", settings=ModelSettings(models={"openai/gpt-5": override}))
    assert (spec.window, spec.max_output, spec.price, spec.caller) == (5_000, 700, price, CallerLevel.TEXT)
    assert spec.options == {"reasoning_effort": "low"}


def test_provider_settings_give_address_key_variable_and_headers() -> None:
    given = ProviderSettings("https://gate.example/v1/", "MY_KEY", {"x-team": "a"})
    settings = ModelSettings(
        providers={"openai": given, "house": ProviderSettings("http://house.example/v1")}
    )
    endpoint = spec_of("openai/gpt-5", {"MY_KEY": "k", "OPENAI_API_KEY": "other"}, settings).endpoint
    assert (endpoint.base_url, endpoint.api_key, endpoint.headers) == (
        "https://gate.example/v1",
        "k",
        {"x-team": "a"},
    )
    house = spec_of("house/big", {"HOUSE_API_KEY": "h"}, settings)
    assert (house.wire, house.name, house.endpoint.api_key) == ("openai", "big", "h")


def test_a_provider_without_any_address_is_refused_with_the_setting() -> None:
    settings = ModelSettings(providers={"house": ProviderSettings(headers={"a": "b"})})
    with pytest.raises(ConfigError, match="house/big has no address") as caught:
        spec_of("house/big", settings=settings)
    assert "providers.house.base_url" in caught.value.hint


def test_models_without_chat_completions_go_by_litellm() -> None:
    only_responses = next(
        facts.name for facts in CATALOGUE.every() if facts.mode == "responses" and facts.provider == "openai"
    )
    spec = spec_of(only_responses)
    assert (spec.wire, spec.name) == ("litellm", f"openai/{only_responses}")


def test_addresses_from_the_environment_are_honoured() -> None:
    environ = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1/", "OLLAMA_HOST": "0.0.0.0:2"}
    assert spec_of("anthropic/claude-sonnet-4-5", environ).endpoint.base_url == "http://127.0.0.1:1"
    assert spec_of("ollama/a", environ).endpoint.base_url == "http://127.0.0.1:2"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:11500", "http://127.0.0.1:11500"),
        ("gpu", "http://gpu:11434"),
        (":9", "http://127.0.0.1:9"),
        ("http://gpu", "http://gpu:80"),
        ("https://gpu/ollama/", "https://gpu:443/ollama"),
        ("http://gpu:1234", "http://gpu:1234"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("[::1]:7", "http://[::1]:7"),
        (' "gpu:1" ', "http://gpu:1"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str) -> None:
    assert ollama_url(host) == url


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:3", True),
        ("http://127.evil.example", False),
        ("http://localhost.evil.example", False),
        ("https://api.openai.com", False),
        ("http://[bad", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize("environ", [{"OLLAMA_HOST": "gpu:port"}, {"OLLAMA_HOST": "http://"}])
def test_an_address_that_is_none_is_refused_with_the_variable(environ: dict[str, str]) -> None:
    if environ["OLLAMA_HOST"] == "http://":
        assert spec_of("ollama/a", environ).endpoint.base_url == "http://127.0.0.1:80"
        return
    with pytest.raises(ConfigError, match="OLLAMA_HOST is not an address: gpu:port"):
        spec_of("ollama/a", environ)


def test_a_missing_key_is_refused_with_the_variable_to_set() -> None:
    with pytest.raises(AuthError, match="ANTHROPIC_API_KEY is not set") as caught:
        spec_of("anthropic/claude-sonnet-4-5", {"ANTHROPIC_API_KEY": "  "})
    assert "export ANTHROPIC_API_KEY" in caught.value.hint
    assert caught.value.exit_code == 41


def test_an_own_server_needs_no_key() -> None:
    assert spec_of("openai/x", {"OPENAI_BASE_URL": "http://gate.example/v1"}).endpoint.api_key == ""


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("claude-sonet-4-5", "claude-sonnet-4-5"),
        ("gpt5", "gpt-5"),
        ("nobody/gpt-4o", "gpt-4o"),
        ("", "provider/name"),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest_names(written: str, near: str) -> None:
    with pytest.raises(NoModelError) as caught:
        spec_of(written)
    assert near in caught.value.hint


def test_a_bare_ollama_tag_is_not_taken_for_a_provider() -> None:
    with pytest.raises(NoModelError) as caught:
        spec_of("qwen2.5-coder:7b")
    assert "ollama/qwen2.5-coder:7b" in caught.value.hint


def test_offline_allows_this_machine_only() -> None:
    offline = ModelSettings(offline=True)
    with pytest.raises(NoModelError, match="--offline"):
        spec_of("openai/gpt-5", settings=offline)
    with pytest.raises(NoModelError, match="--offline"):
        spec_of("ollama/a", {"OLLAMA_HOST": "gpu:1"}, offline)
    assert spec_of("ollama/a", settings=offline).local


def test_every_default_model_is_in_the_catalogue_with_tools_and_a_price() -> None:
    for name, row in PROVIDERS.items():
        if row.local or name == "openrouter":
            continue
        chosen = default_model(name, CATALOGUE)
        facts = CATALOGUE.facts(row.prefix + chosen)
        assert facts is not None, name
        assert facts.tools, name
        assert facts.price, name
        assert facts.window >= 100_000, name


async def measured(server: ModelServer, model: str, settings: ModelSettings = NONE) -> ModelSpec:
    provider = model.partition("/")[0]
    url = server.url if provider == "ollama" else f"{server.url}/v1"
    settings = replace(settings, providers={provider: ProviderSettings(url)})
    spec = await asyncio.to_thread(resolve, model, {}, settings, CATALOGUE)
    return await measure_local(spec, settings, probe_http)


async def test_ollama_tells_window_and_abilities_and_is_sent_num_ctx() -> None:
    async with ModelServer(context_length=20_000) as server:
        spec = await measured(server, "ollama/fake-model")
        assert (spec.window, spec.options["num_ctx"], spec.max_output) == (20_000, 20_000, 8_192)
        assert (spec.caller, spec.vision, spec.reasoning) == (CallerLevel.RESCUE, True, True)
        assert server.entries[-1].body == {"model": "fake-model"}


async def test_a_long_window_is_not_taken_whole_unless_asked_for() -> None:
    async with ModelServer(context_length=262_144) as server:
        assert (await measured(server, "ollama/m")).window == 32_768
        assert (await measured(server, "ollama/m", ModelSettings(num_ctx=65_536))).window == 65_536
        assert (await measured(server, "ollama/m", ModelSettings(num_ctx=10**6))).window == 262_144


async def test_an_ollama_model_without_tools_uses_the_text_protocol() -> None:
    async with ModelServer(capabilities=("completion",)) as server:
        assert (await measured(server, "ollama/m")).caller is CallerLevel.TEXT


async def test_ollama_under_8k_is_refused_with_the_exact_fix() -> None:
    async with ModelServer(context_length=4_096) as server:
        with pytest.raises(NoModelError, match="can hold 4096 tokens") as caught:
            await measured(server, "ollama/m")
        assert "ollama pull" in caught.value.hint
    async with ModelServer(context_length=32_768) as server:
        with pytest.raises(NoModelError, match="a window of 4096 tokens") as caught:
            await measured(server, "ollama/m", ModelSettings(num_ctx=4_096))
        assert "loomkin config set model.num_ctx 16384" in caught.value.hint


async def test_a_model_that_ollama_does_not_have_is_refused_with_the_command_that_fetches_it() -> None:
    async with ModelServer() as server:
        settings = ModelSettings(providers={"ollama": ProviderSettings(f"{server.url}/without")})
        spec = await asyncio.to_thread(resolve, "ollama/rare", {}, settings, CATALOGUE)
        with pytest.raises(NoModelError, match="does not have rare") as caught:
            await measure_local(spec, settings, probe_http)
        assert "ollama pull rare" in caught.value.hint


async def test_a_vllm_server_tells_its_window() -> None:
    async with ModelServer(context_length=40_960) as server:
        assert (await measured(server, "vllm/fake-model")).window == 40_960


async def test_a_silent_server_is_an_error_only_for_ollama() -> None:
    async with ModelServer() as server:
        gone = server
    assert (await measured(gone, "llamacpp/m")).window == 32_768
    with pytest.raises(ConnectError):
        await measured(gone, "ollama/m")


async def test_a_remote_model_is_not_asked_anything() -> None:
    spec = await asyncio.to_thread(spec_of, "openai/gpt-5")
    assert await measure_local(spec, NONE, probe_http) is spec
