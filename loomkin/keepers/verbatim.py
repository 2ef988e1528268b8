"""What was said, word for word, with who said it; and how long ago."""

import time

from loomkin.records.event import MessageAdded
from loomkin.records.message import Message, Part, Text, Thinking, ToolCall, ToolResult
from loomkin.records.team_event import AgentReported, HandedOff
from loomkin.store.recall import Said
from loomkin.store.searchable import said as words_of


def identity(said: Said) -> str:
    """What it is called by: the message's id, or `e` and the number of another event."""
    return said.fact.message.id if isinstance(said.fact, MessageAdded) else f"e{said.seq}"


def source(said: Said) -> str:
    """Who said it."""
    match said.fact:
        case MessageAdded(message):
            return _speaker(message, said.agent)
        case AgentReported(name, to):
            return f"report of {name} to {to}"
        case HandedOff(task):
            return f"handoff of {task} by {said.agent}" if said.agent else f"handoff of {task}"
    return said.agent


def _speaker(message: Message, agent: str) -> str:
    if message.results:
        failed = "failed " if any(result.is_error for result in message.results) else ""
        tools = ", ".join(dict.fromkeys(result.name for result in message.results))
        return f"{failed}result of {tools} for {agent}"
    return message.sender if message.sender in (agent, "person") else f"{message.sender} to {agent}"


def verbatim(said: Said) -> str:
    """All of its words; of a message also what was called."""
    if isinstance(said.fact, MessageAdded):
        return "\n".join(filter(None, map(_part, said.fact.message.parts)))
    return words_of(said.fact)


def _part(part: Part) -> str:
    match part:
        case Text(text) | Thinking(text):
            return text
        case ToolCall(_, name, arguments):
            return f"> {name} {arguments}"
        case ToolResult(_, _, text):
            return text
    return "[a picture]"


def ago(at: float, now: float) -> str:
    """How long ago, roughly; after some days the date."""
    seconds = max(0.0, now - at)
    for most, size, unit in _UNITS:
        if seconds < most:
            return f"{seconds / size:.0f} {unit} ago"
    return time.strftime("%Y-%m-%d", time.localtime(at))


_UNITS = ((90, 1, "s"), (5_400, 60, "min"), (129_600, 3_600, "h"), (1_209_600, 86_400, "days"))
