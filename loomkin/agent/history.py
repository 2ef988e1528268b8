"""A transcript as providers accept it: every call is followed by exactly one result."""

from collections.abc import Iterable, Sequence

from loomkin.records.message import Message, Part, Role, ToolCall, ToolResult

INTERRUPTED = (
    "Interrupted: loomkin was stopped while this call ran. It may have had effects already; "
    "look before you repeat it."
)


def wire_ready(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation with results directly behind their calls, in call order.

    A call without a result gets one that says so, a result without a call is left out, and so is a
    message without parts.
    """
    results = {
        part.call_id: part
        for message in reversed(messages)
        for part in message.parts
        if isinstance(part, ToolResult)
    }
    ready: list[Message] = []
    for message in messages:
        parts = tuple(part for part in message.parts if not isinstance(part, ToolResult))
        if not parts:
            continue
        ready.append(message if len(parts) == len(message.parts) else _with_parts(message, parts))
        if calls := message.calls:
            answers = tuple(results.get(call.id) or interrupted(call) for call in calls)
            ready.append(Message(message.id, Role.USER, answers, "loomkin", message.at))
    return tuple(ready)


def unanswered(messages: Iterable[Message]) -> list[ToolCall]:
    """The calls that have no result."""
    calls: list[ToolCall] = []
    answered: set[str] = set()
    for message in messages:
        calls.extend(message.calls)
        answered.update(result.call_id for result in message.results)
    return [call for call in calls if call.id not in answered]


def interrupted(call: ToolCall) -> ToolResult:
    """The result of a call whose end nobody saw."""
    return ToolResult(call.id, call.name, INTERRUPTED, is_error=True)


def _with_parts(message: Message, parts: tuple[Part, ...]) -> Message:
    return Message(message.id, message.role, parts, message.sender, message.at)
