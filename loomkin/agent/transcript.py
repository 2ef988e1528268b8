"""The append-only conversation of one agent: every entry is written down as it is added."""

from collections.abc import Iterable

from loomkin.records.event import MessageAdded
from loomkin.records.ids import CallId, MessageId
from loomkin.records.keeper import Keeper
from loomkin.records.message import Message, Part, Role, Text, ToolCall, ToolResult
from loomkin.runtime.clock import Clock
from loomkin.runtime.recorder import Scribe


class Transcript:
    """What was said so far; entries never change or go. `keepers` hold those that left the window."""

    def __init__(
        self, scribe: Scribe, clock: Clock, messages: Iterable[Message] = (), keepers: Iterable[Keeper] = ()
    ) -> None:
        self._scribe = scribe
        self._clock = clock
        self._messages = list(messages)
        self._keepers = tuple(keepers)
        self._call_ids = {call.id for message in self._messages for call in message.calls}

    @property
    def messages(self) -> tuple[Message, ...]:
        """All entries, oldest first."""
        return tuple(self._messages)

    @property
    def keepers(self) -> tuple[Keeper, ...]:
        """All keepers of these entries, oldest first."""
        return self._keepers

    def hold(self, keeper: Keeper) -> None:
        """Entries stand in the window no more: a keeper holds them."""
        self._keepers += (keeper,)

    def say(self, text: str, sender: str, attached: str = "") -> Message:
        """Words to the agent, from the person, loomkin or another agent, and what goes with them."""
        return self._add(Role.USER, (Text(text), *((Text(attached),) if attached else ())), sender)

    def answer(self, parts: Iterable[Part], sender: str) -> Message:
        """The agent's own message; calls get identifiers that were never used before."""
        unique = tuple(self._unique(part) if isinstance(part, ToolCall) else part for part in parts)
        return self._add(Role.ASSISTANT, unique, sender)

    def add_result(self, result: ToolResult) -> None:
        """The one result of a call."""
        self._add(Role.USER, (result,), "loomkin")

    def last_said(self) -> str:
        """The agent's newest words, or nothing."""
        spoken = (message.text for message in reversed(self._messages) if message.role is Role.ASSISTANT)
        return next((text for text in spoken if text.strip()), "")

    def clear(self) -> None:
        """Begin with nothing; what was written down stays."""
        self._messages.clear()
        self._keepers = ()

    def _add(self, role: Role, parts: tuple[Part, ...], sender: str) -> Message:
        message = Message(MessageId(self._clock.new_id("m")), role, parts, sender, self._clock.now())
        self._messages.append(message)
        self._scribe.record(MessageAdded(message))
        return message

    def _unique(self, call: ToolCall) -> ToolCall:
        identity = call.id
        if not identity or identity in self._call_ids:
            identity = CallId(self._clock.new_id("call"))
        self._call_ids.add(identity)
        return ToolCall(identity, call.name, call.arguments)
