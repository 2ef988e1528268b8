"""How a model calls tools: natively, natively with rescue from text, or by the text protocol."""

import json
from collections.abc import Collection
from typing import Protocol

from loomkin.llm.models import CallerLevel
from loomkin.llm.wire import Request
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.ids import CallId
from loomkin.records.message import Part, Text, Thinking, ToolCall, ToolSpec


@dataclass(frozen=True, slots=True)
class Found:
    """The parts of an answer; `problem` tells the model why a call that it wrote cannot be read."""

    parts: tuple[Part, ...]
    problem: str = ""


class Caller(Protocol):
    """One level; `shows_calls` says that streamed words hold no calls and may be shown as they come."""

    shows_calls: bool

    def shape(self, request: Request) -> Request:
        """The request as a model of this level must get it."""
        ...

    def find_calls(self, parts: tuple[Part, ...], tools: Collection[ToolSpec], truncated: bool) -> "Found":
        """The parts of an answer that has no native calls, with the calls that its words hold."""
        ...


def caller_of(level: CallerLevel) -> Caller:
    """The way of calling for a level."""
    return _CALLERS[level]


class _Native:
    """The provider's own calls and nothing else."""

    shows_calls = True

    def shape(self, request: Request) -> Request:
        return request

    def find_calls(self, parts: tuple[Part, ...], tools: Collection[ToolSpec], truncated: bool) -> "Found":
        return Found(parts)


class _Rescue:
    """The provider's own calls, else one that ends the message as text."""

    shows_calls = True

    def shape(self, request: Request) -> Request:
        return request

    def find_calls(self, parts: tuple[Part, ...], tools: Collection[ToolSpec], truncated: bool) -> "Found":
        text = "\n".join(part.text for part in parts if isinstance(part, Text))
        if not any(mark in text for mark in _MARKS):
            return Found(parts)
        from loomkin.llm.rescue import rescue, strip_reasoning  # heavy: late on purpose

        thoughts = tuple(part for part in parts if isinstance(part, Thinking))
        known = {tool.name: tool for tool in tools}
        found = None if truncated else rescue(text, known, lambda name, said: _fits(known[name], said))
        if found is None:
            thinking, rest = strip_reasoning(text)
            return Found((*thoughts, *_thought(thinking), *((Text(rest),) if rest.strip() else ())))
        calls = tuple(ToolCall(CallId(""), call.name, call.arguments) for call in found.calls)
        words = (Text(found.text),) if found.text.strip() else ()
        return Found((*thoughts, *_thought(found.thinking), *words, *calls))


class _TextProtocol:
    """Calls as fenced blocks in plain text, for models without any tool calling."""

    shows_calls = False

    def shape(self, request: Request) -> Request:
        from loomkin.llm import text_protocol  # heavy: late on purpose

        return replace(
            request,
            system=f"{request.system}\n\n{text_protocol.instructions(request.tools)}",
            messages=text_protocol.encode_history(request.messages),
            tools=(),
            stop=text_protocol.STOP,
        )

    def find_calls(self, parts: tuple[Part, ...], tools: Collection[ToolSpec], truncated: bool) -> "Found":
        text = "\n".join(part.text for part in parts if isinstance(part, Text))
        thoughts = tuple(part for part in parts if isinstance(part, Thinking))
        from loomkin.llm import text_protocol  # heavy: late on purpose

        found = text_protocol.parse(text, truncated=truncated, call_id=CallId(""))
        if found.call is None and found.problem is None:
            return _Rescue().find_calls(parts, tools, truncated)
        words = (Text(found.text),) if found.text else ()
        call = (found.call,) if found.call else ()
        return Found((*thoughts, *_thought(found.thinking), *words, *call), found.problem or "")


def _thought(text: str) -> tuple[Thinking, ...]:
    return (Thinking(text),) if text else ()


def _fits(tool: ToolSpec, arguments: str) -> bool:
    """Whether the arguments are an object with every required and no unknown parameter."""
    try:
        given = json.loads(arguments)
    except ValueError:
        return False
    properties, required = tool.schema.get("properties", {}), tool.schema.get("required", [])
    return (
        isinstance(given, dict)
        and isinstance(properties, dict)
        and isinstance(required, list)
        and set(required) <= set(given) <= set(properties)
    )


_MARKS = ("<", "[", "{", "```", "◁", "think")
"""Without one of these a text holds neither a written call nor reasoning tags."""

_CALLERS: dict[CallerLevel, Caller] = {
    CallerLevel.NATIVE: _Native(),
    CallerLevel.RESCUE: _Rescue(),
    CallerLevel.TEXT: _TextProtocol(),
}
