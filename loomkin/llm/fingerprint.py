"""What a request asks, as one stable digest, and as lines that a person can compare."""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import zip_longest

from loomkin.llm.wire import Request
from loomkin.records.dataclass import dataclass, field
from loomkin.records.message import Image, Part, Text, Thinking, ToolCall, ToolResult
from loomkin.records.regex import pattern

_SHOWN = 100
_DIGEST = pattern(r" ([0-9a-f]{16}) ")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in short: one digest, and a line for each thing in it (what, its digest, its first words).

    `texts` are the things themselves by digest, as far as they are known.
    """

    fingerprint: str
    outline: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


def asked(request: Request, redact: Callable[[str], str]) -> Asked:
    """System prompt, tools and messages in short; long requests take a while, so call it in a thread.

    Nothing depends on the ids and times of messages, on how calls are named, on signatures or on secrets.
    """
    items = [(label, text, _digest(text)) for label, text in _items(request, redact)]
    whole = _digest("\n".join(f"{label} {digest}" for label, _, digest in items))
    outline = tuple(f"{label} {digest} {_short(text)}" for label, text, digest in items)
    return Asked(whole, outline, {digest: text for _, text, digest in items})


def difference(recorded: Asked, now: Asked) -> str:
    """Both sides at the first place where two requests differ."""
    pairs = zip_longest(recorded.outline, now.outline, fillvalue="(nothing more)")
    before, after = next((pair for pair in pairs if pair[0] != pair[1]), ("(unknown)", "(unknown)"))
    one, other = _known(recorded, before), _known(now, after)
    if one is not None and other is not None:
        at = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))
        start, label = max(0, at - _SHOWN // 3), " ".join(before.split(" ", 3)[:3])
        before, after = (f"{label} …{text[start : start + _SHOWN]!r}" for text in (one, other))
    return f"  recorded: {before}\n  now:      {after}"


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


def _known(side: Asked, line: str) -> str | None:
    """The text of an outline's line, if it is known."""
    found = _DIGEST.search(line)
    return side.texts.get(found[1]) if found else None
