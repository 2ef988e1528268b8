"""What each fact of the log says in words, and where these words are cut into passages.

The same fact gives the same passages, whenever: deleting from the index depends on it. A change here needs
another `passages.VERSION`.
"""

import json

from loomkin.records.event import Fact, MessageAdded
from loomkin.records.message import Part, Text, Thinking, ToolCall, ToolResult
from loomkin.records.task import Handoff
from loomkin.records.team_event import AgentReported, HandedOff

SEARCHED = {kind.__name__: kind for kind in (MessageAdded, AgentReported, HandedOff)}
"""The facts that can be found, by the name of their kind."""
LENGTH = 2_000
"""Characters of a passage."""
LATEST = LENGTH // 2
"""How far back from its end a passage may be cut at the end of a line."""


def said(fact: Fact) -> str:
    """The words of a fact; empty where it cannot be found."""
    match fact:
        case MessageAdded(message):
            return "\n".join(filter(None, map(_said_in, message.parts)))
        case AgentReported():
            return fact.text
        case HandedOff():
            return _handoff(fact.handoff)
    return ""


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


def _said_in(part: Part) -> str:
    match part:
        case Text(text) | Thinking(text):
            return text
        case ToolCall():
            return f"{part.name}\n{_arguments(part.arguments)}"
        case ToolResult():
            return part.text
    return ""


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


def _handoff(handoff: Handoff) -> str:
    return "\n".join(
        (handoff.done, handoff.found, *handoff.changed, handoff.decided, handoff.open, handoff.evidence)
    )
