"""The fake model server keeps its own promises, in process and as a program."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from loomkin.errors import ServerError
from loomkin.llm.http import Http
from loomkin.llm.registry import open_wire
from loomkin.llm.wire import Endpoint
from tests.fakes.model_server import ModelServer
from tests.fakes.script import ScriptError, Step
from tests.fakes.wire_kinds import DIRECT, KEY, Kind, hear

ROOT = Path(__file__).parents[2]
each = pytest.mark.parametrize("kind", DIRECT, ids=lambda kind: kind.id)


@each
async def test_each_agent_has_its_own_steps_and_the_rest_share_the_default(kind: Kind) -> None:
    script = {"Ada": [{"text": "a1"}, {"text": "a2"}], "default": [{"text": "d1"}]}
    async with ModelServer(script) as server, kind.wire_to(server) as wire:
        ada = kind.request(system="You are Ada, the coder of a team.")
        heard = [await hear(wire, request) for request in (ada, kind.request(), ada)]
        assert [answer.text for answer in heard] == ["a1", "d1", "a2"]
        assert [entry.agent for entry in server.chats] == ["Ada", "default", "Ada"]
        with pytest.raises(ServerError, match="script exhausted: agent Ada asked for step 3 of 2"):
            await hear(wire, ada)


@each
async def test_a_request_that_does_not_match_is_named(kind: Kind) -> None:
    async with ModelServer([{"text": "x", "match": "magic\nword"}]) as server, kind.wire_to(server) as wire:
        with pytest.raises(ServerError, match="script mismatch: step 1"):
            await hear(wire, kind.request())
        assert (await hear(wire, kind.request(system="the magic\nword"))).text == "x"


async def test_a_gate_holds_an_answer_until_it_is_opened() -> None:
    kind = DIRECT[0]
    async with ModelServer([{"text": "late", "wait_for": "go"}]) as server, kind.wire_to(server) as wire:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(hear(wire, kind.request()))
            await server.until(lambda chats: len(chats) == 1)
            assert not waiting.done()
            http = Http(Endpoint(server.url))
            async with http.post(f"{server.url}/_gate/go", {}, {}, ""):
                pass
            await http.aclose()
        assert waiting.result().text == "late"


async def test_the_log_holds_bodies_and_no_keys() -> None:
    kind = DIRECT[0]
    async with ModelServer([{"text": "x", "repeat": True}]) as server, kind.wire_to(server) as wire:
        await hear(wire, kind.request())
        await hear(wire, kind.request())
        await server.until(lambda chats: all(entry.ended for entry in chats))
    assert [entry.body["messages"][1]["content"] for entry in server.entries] == ["hello", "hello"]
    assert server.entries[0].headers["authorization"] == "Bearer ***"
    assert all(entry.ended >= entry.started for entry in server.entries)
    assert not any(entry.closed_early for entry in server.entries)


async def test_usage_is_the_same_for_the_same_request() -> None:
    kind = DIRECT[0]
    async with ModelServer([{"text": "same words", "repeat": 2}]) as server, kind.wire_to(server) as wire:
        first, second = await hear(wire, kind.request()), await hear(wire, kind.request())
    assert first.end.usage == second.end.usage
    assert first.end.usage is not None
    assert first.end.usage.input > 10


@pytest.mark.parametrize("step", [{"txt": "x"}, {"fault": "explode"}])
def test_a_step_with_an_unknown_word_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ScriptError, match="unknown"):
        Step.parse(step)


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.model_server", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


async def test_the_program_prints_its_port_answers_and_writes_its_log(tmp_path: Path) -> None:
    script, log = tmp_path / "script.json", tmp_path / "log.jsonl"
    await asyncio.to_thread(script.write_text, json.dumps([{"text": "from a program"}]))
    async with program("--script", str(script), "--log", str(log), "--models", "a,b") as url:
        wire_kind = DIRECT[1]
        wire = open_wire(wire_kind.wire, Endpoint(url, KEY))
        assert (await hear(wire, wire_kind.request())).text == "from a program"
        http = Http(Endpoint(url))
        listed = await http.get(f"{url}/v1/models", {})
        await http.aclose()
        await wire.aclose()
    assert [model["id"] for model in listed["data"]] == ["a", "b"]
    lines = [json.loads(line) for line in (await asyncio.to_thread(log.read_text)).splitlines()]
    assert lines[0]["path"] == "/v1/messages"
    assert KEY not in json.dumps(lines)


async def test_somebody_else_can_play_the_model_through_a_directory(tmp_path: Path) -> None:
    kind = DIRECT[2]
    async with ModelServer(spool=tmp_path) as server, kind.wire_to(server) as wire:
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(hear(wire, kind.request()))
            await server.until(lambda chats: len(chats) == 1)
            answer = tmp_path / "0000.answer.json"
            await asyncio.to_thread(answer.write_text, json.dumps({"text": "played by hand"}))
        assert waiting.result().text == "played by hand"
    asked = json.loads(await asyncio.to_thread((tmp_path / "0000.request.json").read_text))
    assert asked["path"] == "/api/chat"
    assert asked["body"]["messages"][-1]["content"] == "hello"
