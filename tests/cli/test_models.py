"""`loomkin models`."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.project import Result, loomkin, repository
from tests.fakes.model_server import ModelServer

DEAD = "http://127.0.0.1:9"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = repository(tmp_path / "project")
    monkeypatch.chdir(root)
    for provider in ("llamacpp", "lmstudio", "vllm"):
        loomkin("config", "set", f"providers.{provider}.base_url", DEAD)
    monkeypatch.setenv("OLLAMA_HOST", DEAD)
    return root


@contextmanager
def served(*script: Mapping[str, Any], **more: Any) -> Iterator[ModelServer]:
    """A fake server on a loop of its own, because the command runs a loop too."""
    server = ModelServer(list[Mapping[str, Any]](script), **more)
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(5)
    try:
        yield server
    finally:
        done.set()
        thread.join(5)


def read(*paths: str) -> dict[str, Any]:
    return {"calls": [{"name": "file_read", "arguments": {"path": path}} for path in paths]}


READY: Sequence[dict[str, Any]] = ({"text": "ready"}, read("README.md"), read("a.txt", "b.txt"))


def rows(*words: object) -> dict[str, dict[str, Any]]:
    listed = loomkin("models", *words, "--json")
    assert listed.code == 0, listed.err
    return {row["id"]: row for row in listed.json}


def test_without_keys_and_servers_nothing_can_be_called_and_the_way_on_is_said(project: Path) -> None:
    shown = loomkin("models").out
    assert "No model can be called now" in shown
    assert "more need a key" in shown
    assert f"ollama at {DEAD}: no answer" in shown
    assert rows() == {}


def test_a_key_makes_the_models_of_its_provider_callable(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    listed = rows()
    assert listed
    assert {name.split("/")[0] for name in listed} == {"anthropic"}
    one = next(row for row in listed.values() if row["input_usd_per_million"])
    assert one["ready"] is True
    assert one["key"] == "ANTHROPIC_API_KEY is set"
    assert one["window"] > 1000
    table = loomkin("models")
    assert table.lines[0].split()[:2] == ["MODEL", "WINDOW"]
    assert "sk-very-secret" not in table.out


def test_a_word_finds_models_whose_key_is_not_set(project: Path) -> None:
    found = rows("openai/gpt-5")
    assert found
    assert found["openai/gpt-5"]["ready"] is False
    assert found["openai/gpt-5"]["key"] == "needs OPENAI_API_KEY"
    assert found["openai/gpt-5"]["input_usd_per_million"] == "1.25"
    assert set(rows("OPENAI/GPT-5")) == set(found)
    assert len(rows("--all")) > len(found)
    assert "No known model holds 'zzzz'" in loomkin("models", "zzzz").out


def test_models_of_a_local_server_are_listed_first(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(models=("qwen3-coder", "other")) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        listed = rows("--offline")
    assert set(listed) == {"ollama/qwen3-coder", "ollama/other"}
    assert listed["ollama/other"]["key"] == f"at {server.url}"
    assert listed["ollama/other"]["input_usd_per_million"] == "0"


def test_help_knows_list_and_probe(project: Path) -> None:
    shown = loomkin("models", "--help").out
    assert "list" in shown
    assert "probe" in shown


def probe(server: ModelServer, monkeypatch: pytest.MonkeyPatch, *words: object) -> Result:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    return loomkin("models", "probe", "openai/fake-model", *words)


def test_probing_is_remembered_for_later_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, own_machine: Path
) -> None:
    with served(*READY) as server:
        done = probe(server, monkeypatch)
    assert done.code == 0, done.err
    assert "Verdict: calls tools by itself (native)." in done.out
    file = own_machine / ".config" / "loomkin" / "config.toml"
    assert f'Remembered: models."openai/fake-model".caller = native in {file}' in done.out
    assert loomkin("config", "get", "models.openai/fake-model.caller").out == "native\n"


def test_a_probe_need_not_be_remembered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(*READY) as server:
        done = probe(server, monkeypatch, "--no-save", "--json")
    assert (done.json["caller"], done.json["parallel"], done.json["saved"]) == ("native", True, "")
    assert [check["passed"] for check in done.json["checks"]] == [True, True, True]
    assert loomkin("config", "get", "models.openai/fake-model.caller").out == "\n"


def test_a_model_that_writes_no_calls_is_remembered_as_such(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({"text": "ready"}, {"text": "I cannot."}) as server:
        assert probe(server, monkeypatch).code == 0
    assert loomkin("config", "get", "models.openai/fake-model.caller").out == "text\n"


def test_a_model_that_says_nothing_is_not_judged(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served({"text": ""}, {"text": ""}) as server:
        done = probe(server, monkeypatch)
    assert done.code == 1
    assert "nothing was remembered" in done.out
    assert loomkin("config", "get", "models.openai/fake-model.caller").out == "\n"


def test_a_model_that_nobody_knows_or_reaches_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loomkin("models", "probe", "nonsense").code == 41
    assert loomkin("models", "probe", "anthropic/claude-sonnet-4-5").code == 41
    assert loomkin("models", "probe", "anthropic/claude-sonnet-4-5", "--offline").code == 41
    monkeypatch.setenv("OPENAI_BASE_URL", f"{DEAD}/v1")
    assert loomkin("models", "probe", "openai/fake-model").code == 75
