"""Agents' windows on a real journal, as a crew gives them out, without a model that would answer."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loomkin.agent.transcript import Transcript
from loomkin.agent.view import Shown
from loomkin.agent.window import Load, Room, Window
from loomkin.keepers.shelf import Shelf
from loomkin.llm.accounts import Account
from loomkin.llm.client import ModelClient
from loomkin.llm.estimate import Estimator
from loomkin.llm.lanes import Lanes
from loomkin.llm.metering import Charge, Meter
from loomkin.llm.models import CallerLevel, ModelSpec
from loomkin.llm.registry import open_wire
from loomkin.llm.retry import RetryPolicy
from loomkin.llm.wire import Endpoint, Request
from loomkin.llm.wires import anthropic_messages, ollama_chat, openai_chat
from loomkin.project.secrets import Redactor
from loomkin.records.event import SessionStarted
from loomkin.records.ids import CallId, ModelId, SessionId
from loomkin.records.keeper import FileSeen, Keeper
from loomkin.records.message import Message, Part, Text, ToolCall, ToolResult
from loomkin.runtime.clock import CountingClock
from loomkin.runtime.recorder import Scribe
from loomkin.store import sessions
from loomkin.store.database import Database
from loomkin.store.journal import Journal
from loomkin.store.keepers import window_keepers
from loomkin.tooling.toolbox import Toolbox

HERE = Endpoint("http://127.0.0.1:8080/v1")
SESSION = SessionId("s-1")
SYSTEM = "You are coder."


@dataclass
class Desk:
    """One session; `window` gives an agent's window, `again` the one that a later process would make."""

    database: Database
    journal: Journal
    size: int
    clock: CountingClock = field(default_factory=CountingClock)
    cleared: int = 0
    answer: int = 500
    offload_at: float = 0.7

    def window(
        self, agent: str = "coder", messages: Iterable[Message] = (), keepers: Iterable[Keeper] = ()
    ) -> Window:
        scribe = Scribe(self.journal, SESSION, agent)
        transcript = Transcript(scribe, self.clock, messages, keepers)
        shelf = Shelf(self.journal, lambda name: FileSeen(name, "0" * 12))
        room = Room(self.offload_at, 0.4, lambda: shelf)
        return Window(SYSTEM, transcript, model(self.size, self.answer), Toolbox((), ()), scribe, room)

    # only the first agent's conversation begins anew with /clear
    async def again(self, agent: str = "coder") -> Window:
        await self.journal.flush()
        after = self.cleared if agent == "coder" else 0
        kept = window_keepers(self.database, SESSION, agent, after)
        return self.window(agent, sessions.messages(self.database, SESSION, agent, after), kept)

    async def shown(self, window: Window) -> list[Shown]:
        """What stands in a window, once all of it is written down."""
        await self.journal.flush()
        return window.shown


def model(size: int, answer: int = 500) -> ModelClient:
    """A model of a window, which nobody calls."""
    spec = ModelSpec(
        ModelId("openai/fake"), "openai", "fake", "openai", HERE, size, answer, None, CallerLevel.NATIVE
    )
    meter = Meter(lambda task: Charge((Account("test", 10**12),)))
    return ModelClient([spec], open_wire, meter, Estimator(), RetryPolicy(), Lanes(), Redactor({}))


@asynccontextmanager
async def desk(
    size: int = 6_000, path: Path | None = None, answer: int = 500, offload_at: float = 0.7
) -> AsyncIterator[Desk]:
    """A session in a database of its own."""
    database = Database(path)
    journal = Journal(database, lambda event: None, lambda: 1_700_000_000.0)
    try:
        journal.record(SessionStarted("/project", "openai/fake", "ask"), SESSION)
        yield Desk(database, journal, size, answer=answer, offload_at=offload_at)
        await journal.aclose()
    finally:
        database.close()


def step(
    window: Window, *results: str, text: str = "I look.", tool: str = "file_read", note: str = ""
) -> None:
    """One step of an agent: its words, a call for each result, and the results."""
    transcript, number = window.transcript, len(window.transcript.messages)
    arguments = [json.dumps({"path": f"src/part{number}_{at}.py"}) for at in range(len(results))]
    if tool == "shell":
        arguments = [json.dumps({"command": f"make part{number}_{at}"}) for at in range(len(results))]
    calls: list[Part] = [ToolCall(CallId(f"c{number}_{at}"), tool, one) for at, one in enumerate(arguments)]
    said = transcript.answer([Text(text), *calls] if text else calls, "coder")
    for call, result in zip(said.calls, results, strict=True):
        if note:
            transcript.say(note, "loomkin")
        transcript.add_result(ToolResult(call.id, tool, result, result.startswith("error")))


def words(count: int, word: str = "lorem") -> str:
    """Text of about so many tokens."""
    return " ".join(f"{word}{number}" for number in range(count // 2))


def text_of(load: Load) -> str:
    """All words and results of a request."""
    parts = (part for message in load.messages for part in message.parts)
    return "\n".join(part.text for part in parts if isinstance(part, Text | ToolResult))


def check_wires(load: Load) -> None:
    """Every provider would take the request: sides alternate, each call is answered at once and only once."""
    request = Request("m", SYSTEM, load.messages)
    _check_openai(openai_chat.body(request, HERE)["messages"])
    _check_anthropic(anthropic_messages.body(request)["messages"])
    _check_openai(ollama_chat.body(request)["messages"], by_id=False)


def _check_openai(messages: Any, by_id: bool = True) -> None:
    waiting: list[str] = []
    assert [one["role"] for one in messages[:2]] == ["system", "user"]
    for message in messages:
        if message["role"] == "tool":
            assert waiting, "a result without a call"
            assert not by_id or message["tool_call_id"] == waiting[0]
            waiting.pop(0)
            continue
        assert waiting == [], "a call without its result"
        waiting = [one.get("id", "") for one in message.get("tool_calls", ())]
        assert message.get("content") or waiting
    assert waiting == []


def _check_anthropic(messages: Any) -> None:
    roles = [one["role"] for one in messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)
    waiting: list[str] = []
    for message in messages:
        blocks = message["content"]
        assert blocks
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert answered == waiting
        assert [block["type"] for block in blocks[: len(answered)]] == ["tool_result"] * len(answered)
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
