"""The seam to a model: a request goes in, deltas come out."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Protocol

from loomkin.records.dataclass import dataclass, field
from loomkin.records.message import Message, ToolSpec
from loomkin.records.usage import Usage


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is served; `connect` and `silence` are seconds, `headers` are added as they are.

    `key_variable` is where the person puts the key, for error messages.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    connect: float = 15.0
    silence: float = 60.0
    key_variable: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that one model call needs; `model` is the name the provider knows.

    `options` are wire-specific extras from the catalogue or settings (`num_ctx`, `reasoning_effort`…).
    """

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output: int = 8192
    stream: bool = True
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    options: dict[str, object] = field(default_factory=dict)


class FinishReason(StrEnum):
    """Why an answer ended; never branch on it to find tool calls, look at the calls."""

    STOP = "stop"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More reasoning, or the signature that closes it."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class CallDelta:
    """A piece of the `index`-th call: `id` and `name` come once, `arguments` in fragments."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of an answer; `usage` is None where the provider sent none."""

    reason: FinishReason
    usage: Usage | None = None


Delta = TextDelta | ThinkingDelta | CallDelta | Finished


class Wire(Protocol):
    """One way of speaking to a provider.

    `stream` yields deltas and ends with exactly one `Finished`; whatever goes wrong is raised as a
    `ProviderError` leaf. It never retries and never sleeps. Cancelling the consumer closes the
    connection at once.
    """

    def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Send the request and yield the answer as it arrives."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
