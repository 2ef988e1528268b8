"""What each fact of the log says in words, and where these words are cut into passages.

The same fact gives the same passages, whenever: deleting from the index depends on it. A change here needs
another `passages.VERSION`.
"""

import json
from typing import Any

from loomkin.records.codec import to_plain
from loomkin.records.event import Fact
from loomkin.records.regex import pattern
from loomkin.store.packing import unpack

SEARCHED = ("MessageAdded", "AgentReported", "HandedOff")
"""The kinds of facts that can be found."""
ECHOES = ("context_search", "context_read", "context_ask")
"""Tools that say again what was said; they would be found instead of it."""
_KEEPER = '<keeper id="k'
_ALONG = pattern(rf'(?m)^{_KEEPER}\d+" title="')
LENGTH = 2_000
"""Characters of a passage."""
LATEST = LENGTH // 2
"""How far back from its end a passage may be cut at the end of a line."""


def said(fact: Fact) -> str:
    """The words of a fact; empty where it cannot be found."""
    return _said(type(fact).__name__, to_plain(fact))


def said_in(kind: str, stored: str | bytes) -> str:
    """The words of an event as the log has it; a damaged one has none.

    The records are not built anew: that would cost more than all else.
    """
    return read_in(kind, stored)[0]


def read_in(kind: str, stored: str | bytes) -> tuple[str, dict[str, Any]]:
    """The words of an event as the log has it, and its fact; nothing of a damaged one."""
    try:
        plain = json.loads(unpack(stored))
        return _said(kind, plain), plain
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return "", {}


def cuts(text: str) -> list[int]:
    """Where the passages of a text begin: at line beginnings, else between words, else anywhere."""
    starts = []
    start = 0
    while start < len(text):
        starts.append(start)
        if len(text) - start <= LENGTH + LENGTH // 4:  # no crumbs at the end
            break
        ends = (text.rfind(sign, start + LATEST, start + LENGTH) + 1 for sign in "\n ")
        start = next(filter(None, ends), start + LENGTH)
    return starts


def passages(text: str) -> list[tuple[int, str]]:
    """The passages of a text with their beginnings."""
    starts = cuts(text)
    ends = [*starts[1:], len(text)] if starts else []
    return [(start, text[start:end]) for start, end in zip(starts, ends, strict=True)]


def _said(kind: str, plain: dict[str, Any]) -> str:
    match kind:
        case "MessageAdded":
            return "\n".join(filter(None, map(_said_by, plain["message"]["parts"])))
        case "AgentReported":
            return str(plain["text"])
        case "HandedOff":
            return _handoff(plain["handoff"])
    return ""


def _said_by(part: dict[str, Any]) -> str:
    if part.get("name") in ECHOES:
        return ""
    match part["_"]:
        case "Text":
            return _own(part["text"])
        case "Thinking" | "ToolResult":
            return str(part["text"])
        case "ToolCall":
            return f"{part['name']}\n{_arguments(part['arguments'])}"
    return ""


def _own(text: str) -> str:
    """The words without the keepers that went along, which stand behind them: they were said before."""
    along = _ALONG.search(text) if _KEEPER in text else None
    return text[: along.start()].rstrip() if along else text


def _arguments(text: str) -> str:
    """The arguments of a call a line each; in the JSON itself line ends would stick to words."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(plain, dict):
        return text
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else _json(value)}" for name, value in plain.items()
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _handoff(plain: dict[str, Any]) -> str:
    told = (plain[name] for name in ("done", "found", "decided", "open", "evidence"))
    return "\n".join(filter(None, (*told, *plain["changed"])))
