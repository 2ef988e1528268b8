"""Finding a model when nobody named one, with real sockets on loopback."""

import asyncio
import socket
import time
from contextlib import closing

from loomkin.llm.catalogue import Catalogue
from loomkin.llm.discovery import Found, Nothing, describe, discover
from loomkin.llm.discovery_http import probe_http
from loomkin.llm.models import ModelSettings, ProviderSettings
from tests.fakes.model_server import ModelServer

CATALOGUE = Catalogue.packaged()
LOCAL = ("ollama", "llamacpp", "lmstudio", "vllm")


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(offline: bool = False, **urls: str) -> ModelSettings:
    """All local servers at a closed port, except the given ones."""
    closed = f"http://127.0.0.1:{closed_port()}"
    return ModelSettings(
        providers={name: ProviderSettings(urls.get(name, closed)) for name in LOCAL}, offline=offline
    )


async def look(environ: dict[str, str], given: ModelSettings) -> Found | Nothing:
    return await discover(environ, given, CATALOGUE, probe_http)


async def test_a_named_model_comes_first() -> None:
    found = await look({"LOOMKIN_MODEL": "groq/a", "ANTHROPIC_API_KEY": "k"}, settings())
    assert found == Found("groq/a", "LOOMKIN_MODEL is set")


async def test_a_key_in_the_environment_comes_before_local_servers_and_nobody_is_asked() -> None:
    async with ModelServer() as server:
        found = await look({"MISTRAL_API_KEY": "k", "OPENAI_API_KEY": " "}, settings(ollama=server.url))
        assert isinstance(found, Found)
        assert found.model.startswith("mistral/")
        assert describe(found) == f"Using {found.model}: MISTRAL_API_KEY is set."
        assert server.sockets == 0


async def test_each_local_server_is_found_and_named() -> None:
    async with ModelServer(models=("all-minilm-embed", "some-model", "qwen3-coder:30b")) as server:
        for provider in LOCAL:
            url = server.url if provider == "ollama" else f"{server.url}/v1"
            found = await look({}, settings(**{provider: url}))
            assert isinstance(found, Found)
            assert found.model == f"{provider}/qwen3-coder:30b"
            assert url in found.why


async def test_ollama_comes_before_the_other_servers() -> None:
    async with ModelServer() as server:
        found = await look({}, settings(vllm=f"{server.url}/v1", ollama=server.url))
        assert isinstance(found, Found)
        assert found.model == "ollama/fake-model"


async def test_offline_passes_over_keys_and_other_machines() -> None:
    environ = {"ANTHROPIC_API_KEY": "k"}
    async with ModelServer() as server:
        found = await look(environ, settings(offline=True, lmstudio=f"{server.url}/v1"))
        assert isinstance(found, Found)
        assert found.model == "lmstudio/fake-model"
    nothing = await look(environ, settings(offline=True, ollama="http://gpu.example:11434"))
    assert isinstance(nothing, Nothing)
    assert "gpu.example:11434: passed over" in nothing.text
    assert "provider keys: passed over" in nothing.text


async def test_nothing_lists_everything_that_was_looked_for_and_three_ways_on() -> None:
    nothing = await look({}, settings())
    assert isinstance(nothing, Nothing)
    for expected in (
        "LOOMKIN_MODEL",
        "ANTHROPIC_API_KEY",
        "Ollama at",
        "llama.cpp at",
        "LM Studio at",
        "vLLM at",
    ):
        assert expected in nothing.text
    assert nothing.text.count("no answer") == 4
    assert len(nothing.ways) == 3
    error = nothing.error()
    assert error.exit_code == 41
    assert nothing.text in str(error)


async def test_a_key_of_a_provider_without_a_default_is_mentioned_with_how_to_use_it() -> None:
    nothing = await look({"NOVITA_API_KEY": "k", "WEATHER_API_KEY": "k", "_API_KEY": "k"}, settings())
    assert isinstance(nothing, Nothing)
    assert "NOVITA_API_KEY is set: name one of its models with --model novita/NAME" in nothing.looked
    assert "WEATHER" not in nothing.text


async def test_a_server_without_a_model_to_talk_to_is_not_chosen() -> None:
    async with ModelServer(models=("nomic-embed-text",)) as server:
        nothing = await look({}, settings(ollama=server.url))
        assert isinstance(nothing, Nothing)
        assert "holds no model to talk to" in nothing.text


async def test_something_else_on_the_port_is_not_a_model_server() -> None:
    async with ModelServer() as server:
        nothing = await look({}, settings(llamacpp=f"{server.url}/other"))
        assert isinstance(nothing, Nothing)
        assert server.entries[-1].path == "/other/models"


async def test_silent_servers_are_asked_at_once_and_given_up_soon() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await look({}, settings(ollama=url))
        begun = time.monotonic()
        nothing = await look({}, settings(ollama=url, llamacpp=url, lmstudio=url, vllm=url))
        assert isinstance(nothing, Nothing)
        assert time.monotonic() - begun < 1.1


async def test_an_openai_address_on_this_machine_is_asked_for_its_model() -> None:
    async with ModelServer() as server:
        environ = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "k"}
        found = await look(environ, settings())
        assert isinstance(found, Found)
        assert found.model == "openai/fake-model"
        assert "OPENAI_BASE_URL" in found.why


async def test_a_broken_address_is_reported_not_raised() -> None:
    given = settings()
    broken = ModelSettings(providers={name: row for name, row in given.providers.items() if name != "ollama"})
    nothing = await look({"OLLAMA_HOST": "gpu:port"}, broken)
    assert isinstance(nothing, Nothing)
    assert "OLLAMA_HOST is not an address" in nothing.text
