"""What a request asks, as one stable digest, and as lines that a person can compare."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from loomkin.llm.wire import Request
from loomkin.records.message import Image, Part, Text, Thinking, ToolCall, ToolResult

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in short: one digest, and a line for each thing in it (what, its digest, its first words)."""

    fingerprint: str
    outline: tuple[str, ...]


def asked(request: Request, redact: Callable[[str], str]) -> Asked:
    """System prompt, tools and messages in short; long requests take a while, so call it in a thread.

    Nothing depends on the ids and times of messages, on how calls are named, on signatures or on secrets.
    """
    items = [(label, text, _digest(text)) for label, text in _items(request, redact)]
    whole = _digest("\n".join(f"{label} {digest}" for label, _, digest in items))
    return Asked(whole, tuple(f"{label} {digest} {_short(text)}" for label, text, digest in items))


def _items(request: Request, redact: Callable[[str], str]) -> list[tuple[str, str]]:
    tools = [[tool.name, tool.description, tool.schema] for tool in request.tools]
    items = [("system", redact(request.system)), ("tools", redact(_json(tools)))]
    names: dict[str, str] = {}
    for number, message in enumerate(request.messages, 1):
        parts = [_part(part, names) for part in message.parts]
        items.append((f"message {number} ({message.role.value})", redact(_json(parts))))
    return items


def _part(part: Part, names: dict[str, str]) -> list[object]:
    """A part without what differs from run to run; calls are numbered in order of appearance."""
    if isinstance(part, Text):
        return ["text", part.text]
    if isinstance(part, Thinking):
        return ["thinking", part.text]
    if isinstance(part, Image):
        return ["image", part.media_type, _digest(part.data)]
    if isinstance(part, ToolCall):
        return ["call", names.setdefault(part.id, str(len(names))), part.name, part.arguments]
    if isinstance(part, ToolResult):
        name = names.setdefault(part.call_id, str(len(names)))
        return ["result", name, part.name, part.text, part.is_error]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _short(text: str) -> str:
    flat = " ".join(text[: _SHOWN * 4].split())
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}..."
