"""An answer under way, as the events of the Anthropic streaming API."""

from typing import Any

from loomkin.records import event as facts
from loomkin.records.event import Fact
from loomkin.records.message import Message, Text, Thinking, ToolCall

Piece = dict[str, Any]


class Partials:
    """The stream events of one message: start, blocks with their deltas, end.

    The arguments of calls come whole at the end, once the call has its identifier.
    """

    def __init__(self, identity: str, model: str) -> None:
        self.id = identity
        self._model = model
        self._started = False
        self._index = -1
        self._open = ""
        self._seen: set[str] = set()

    def more(self, fact: Fact) -> list[Piece]:
        """The events of a fragment; a restart or the turn's end closes what is open."""
        match fact:
            case facts.TextStreamed(text):
                return self._delta("text", text)
            case facts.ThinkingStreamed(text):
                return self._delta("thinking", text)
            case facts.StreamRestarted() | facts.TurnEnded():
                return [*self._close(), {"type": "message_stop"}] if self._started else []
        return []

    def end(self, message: Message, reason: str | None, usage: dict[str, int]) -> list[Piece]:
        """What has not been shown of the whole message yet, and its end."""
        events: list[Piece] = []
        for part in message.parts:
            if isinstance(part, Text) and "text" not in self._seen:
                events += self._delta("text", part.text)
            elif isinstance(part, Thinking) and "thinking" not in self._seen:
                events += self._delta("thinking", part.text)
            elif isinstance(part, ToolCall):
                block = {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}
                delta = {"type": "input_json_delta", "partial_json": part.arguments}
                events += [*self._begin("tool_use", block), self._piece(delta)]
        return [
            *self._start(),
            *events,
            *self._close(),
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": usage,
            },
            {"type": "message_stop"},
        ]

    def _delta(self, kind: str, text: str) -> list[Piece]:
        opening: list[Piece] = []
        if self._open != kind:
            opening = self._begin(kind, {"type": kind, kind: ""})
        self._seen.add(kind)
        return [*opening, self._piece({"type": f"{kind}_delta", kind: text})]

    def _begin(self, kind: str, block: Piece) -> list[Piece]:
        before = [*self._start(), *self._close()]
        self._index += 1
        self._open = kind
        return [*before, {"type": "content_block_start", "index": self._index, "content_block": block}]

    def _piece(self, delta: Piece) -> Piece:
        return {"type": "content_block_delta", "index": self._index, "delta": delta}

    def _close(self) -> list[Piece]:
        if not self._open:
            return []
        self._open = ""
        return [{"type": "content_block_stop", "index": self._index}]

    def _start(self) -> list[Piece]:
        if self._started:
            return []
        self._started = True
        message: Piece = {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        return [{"type": "message_start", "message": message}]
