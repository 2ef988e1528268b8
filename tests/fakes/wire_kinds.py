"""The wires under test, each with where it finds the fake server and how to read its answer."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from loomkin.llm.registry import open_wire
from loomkin.llm.wire import (
    CallDelta,
    Delta,
    Endpoint,
    Finished,
    Request,
    TextDelta,
    ThinkingDelta,
    Wire,
)
from loomkin.records.ids import MessageId
from loomkin.records.message import Message, Part, Role, Text, ToolSpec
from tests.fakes.model_server import ModelServer
from tests.fakes.threaded import ThreadedModelServer

KEY = "sk-test-0123456789abcdef"
READ = ToolSpec(
    "read",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
# litellm's import alone takes up to seven seconds; one worker pays it once. The warnings are inside it.
LITELLM_MARKS = (
    pytest.mark.slow,
    pytest.mark.xdist_group("litellm"),
    pytest.mark.timeout(60),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Item '.*' on TypedDict class:UserWarning"),
)
Server = ModelServer | ThreadedModelServer


@dataclass(frozen=True, slots=True)
class Kind:
    """One wire; `suffix` ends its base URL, `dialect` is what the server hears."""

    id: str
    wire: str
    dialect: str
    suffix: str = ""
    model: str = "fake-model"

    @property
    def litellm(self) -> bool:
        return self.wire == "litellm"

    def server(self, *steps: Mapping[str, Any], **options: Any) -> Server:
        """A server with a script; on a thread for litellm, whose Ollama part blocks the loop."""
        make: Callable[..., Server] = ThreadedModelServer if self.litellm else ModelServer
        return make(script=steps, **options)

    @asynccontextmanager
    async def wire_to(self, server: Server, **endpoint: Any) -> AsyncIterator[Wire]:
        """An open wire to the server."""
        wire = open_wire(self.wire, Endpoint(server.url + self.suffix, KEY, **endpoint))
        try:
            yield wire
        finally:
            await wire.aclose()

    def request(self, *parts: Part, **fields: Any) -> Request:
        """A small request of this wire's model."""
        messages = fields.pop("messages", (said(Role.USER, *(parts or (Text("hello"),))),))
        return Request(self.model, fields.pop("system", "Be brief."), messages, **fields)


DIRECT = (
    Kind("openai", "openai", "openai", "/v1"),
    Kind("anthropic", "anthropic", "anthropic"),
    Kind("ollama", "ollama", "ollama"),
)
BY_LITELLM = (
    Kind("litellm-openai", "litellm", "openai", "/v1", "openai/fake-model"),
    Kind("litellm-anthropic", "litellm", "anthropic", "", "anthropic/fake-model"),
    Kind("litellm-ollama", "litellm", "ollama", "", "ollama_chat/fake-model"),
)


def said(role: Role, *parts: Part) -> Message:
    """A message; ids and times do not matter to wires."""
    return Message(MessageId("m"), role, parts, "person", 0.0)


@dataclass(slots=True)
class Heard:
    """A whole answer put together from its deltas."""

    deltas: list[Delta] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas if isinstance(delta, TextDelta))

    @property
    def thinking(self) -> str:
        return "".join(delta.text for delta in self.deltas if isinstance(delta, ThinkingDelta))

    @property
    def signature(self) -> str:
        return "".join(delta.signature for delta in self.deltas if isinstance(delta, ThinkingDelta))

    @property
    def calls(self) -> Sequence[tuple[str, str, str]]:
        """Id, name and arguments of each call."""
        found: dict[int, list[str]] = {}
        for delta in self.deltas:
            if isinstance(delta, CallDelta):
                if delta.index not in found:
                    assert delta.name, f"call {delta.index} begins without a name"
                    found[delta.index] = [delta.id, delta.name, ""]
                else:
                    assert not delta.id, "an id comes once"
                    assert not delta.name, "a name comes once"
                found[delta.index][2] += delta.arguments
        return [(identity, name, arguments) for identity, name, arguments in found.values()]

    @property
    def end(self) -> Finished:
        """The one `Finished`, which must be the last delta."""
        ends = [delta for delta in self.deltas if isinstance(delta, Finished)]
        assert len(ends) == 1
        assert self.deltas[-1] is ends[0]
        return ends[0]


async def hear(wire: Wire, request: Request) -> Heard:
    """Send a request and gather the answer."""
    return Heard([delta async for delta in wire.stream(request)])
