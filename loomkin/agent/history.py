"""A transcript as providers accept it: every call is followed by exactly one result."""

from collections.abc import Iterable, Iterator, Sequence

from loomkin.llm.kept import begins_with
from loomkin.records.message import Message, Role, ToolCall, ToolResult

INTERRUPTED = (
    "Interrupted: loomkin was stopped while this call ran. It may have had effects already; "
    "look before you repeat it."
)


def wire_ready(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The same conversation with results directly behind their calls, in call order.

    A call without a result gets one that says so, a result without a call is left out, and so is a
    message without parts.
    """
    return Readying()(messages)


class Readying:
    """`wire_ready` for a transcript that grows: up to the first call without a result it looks once.

    The front stays the same objects for as long as the messages that come begin with the same ones.
    """

    def __init__(self) -> None:
        self._forget()

    def __call__(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The same as the function `wire_ready`."""
        if not begins_with(messages, self._seen):
            self._forget()
        rest = messages[len(self._seen) :]
        results = {result.call_id: result for one in reversed(rest) for result in one.results}
        ready: list[Message] = []
        unsettled = set[str]()
        heard = set[str]()
        settled = made = 0
        for number, message in enumerate(rest, 1):
            calls = message.calls
            known = (self._results.get(call.id) or results.get(call.id) for call in calls)
            answers = [result or interrupted(call) for call, result in zip(calls, known, strict=True)]
            ready += _separated(message, answers)
            heard.update(result.call_id for result in message.results)
            unsettled.update(call.id for call in calls if call.id not in self._results)
            unsettled -= heard
            if not unsettled:
                settled, made = number, len(ready)
        self._settle(rest[:settled], ready[:made])
        return (*self._ready, *ready[made:])

    def _settle(self, messages: Sequence[Message], ready: list[Message]) -> None:
        self._seen += messages
        self._ready += ready
        for message in messages:
            for result in message.results:
                self._results.setdefault(result.call_id, result)

    def _forget(self) -> None:
        self._seen: list[Message] = []
        self._ready: list[Message] = []
        self._results: dict[str, ToolResult] = {}


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


def _separated(message: Message, answers: list[ToolResult]) -> Iterator[Message]:
    """The message without results, if anything is left of it, and the answers to its calls behind it."""
    parts = tuple(part for part in message.parts if not isinstance(part, ToolResult))
    if parts:
        same = len(parts) == len(message.parts)
        yield message if same else Message(message.id, message.role, parts, message.sender, message.at)
    if answers:
        yield Message(message.id, Role.USER, tuple(answers), "loomkin", message.at)
