"""Counts tokens without a tokenizer: bytes over what the family packs into one, then corrected."""

import json
from collections.abc import Iterable, Mapping

from loomkin.llm.kept import Kept
from loomkin.llm.wire import Request
from loomkin.records.message import Image, Message, Part, Text, Thinking, ToolCall, ToolResult, ToolSpec

# UTF-8 bytes a token over source and prose. OpenAI: measured against o200k on 327 files (median 4.1, JSON
# 3.4). The others are set on the careful side of the vendors' own remarks; each answer's usage corrects them.
_FAMILIES: tuple[tuple[str, float], ...] = (
    ("claude", 3.4),
    ("gpt", 4.0),
    ("gemini", 3.8),
    ("llama", 3.8),
    ("qwen", 3.6),
    ("deepseek", 3.6),
    ("mistral", 3.4),
    ("codestral", 3.4),
    ("devstral", 3.4),
    ("grok", 3.8),
    ("glm", 3.6),
    ("kimi", 3.6),
)
_OTHER = 3.5
_DENSE = 0.85
_PER_MESSAGE = 4
_PER_PART = 3
_PER_TOOL = 12
_PER_IMAGE = 1_500
_LEAST, _MOST = 0.4, 2.5
_WEIGHT = 0.3


class Estimator:
    """Token counts by model, each corrected by what its provider reported (an exponential moving average).

    The weights of the messages and tools that were asked about last are kept, for one family at a time.
    """

    def __init__(self, corrections: Mapping[str, float] | None = None) -> None:
        self._corrections = dict(corrections or {})
        self._messages: Kept[Message, float] = Kept()
        self._tools: Kept[ToolSpec, float] = Kept()

    @property
    def corrections(self) -> Mapping[str, float]:
        """The learned factor of every model, to be kept between sessions."""
        return dict(self._corrections)

    def text(self, model: str, text: str) -> int:
        """Tokens of some words; never less than 1 for words at all."""
        return self._tokens(model, _length(text) / bytes_per_token(model))

    def messages(self, model: str, messages: Iterable[Message]) -> int:
        """Tokens of a piece of transcript."""
        return self._tokens(model, sum(self._weights(model, messages)))

    def each(self, model: str, messages: Iterable[Message]) -> list[int]:
        """Tokens of every message, in their order."""
        factor = self._corrections.get(model, 1.0)
        return [max(1, round(weight * factor)) for weight in self._weights(model, messages)]

    def tools(self, model: str, tools: Iterable[ToolSpec]) -> int:
        """Tokens of tool descriptions."""
        return self._tokens(model, self._tool_weight(model, tools))

    def request(self, model: str, request: Request) -> int:
        """Tokens of everything that a request carries."""
        return self._tokens(model, self._request(model, request))

    def learn(self, model: str, request: Request, reported: int) -> None:
        """Correct the model's factor by the prompt tokens that its provider counted for this request.

        Ignores a count of 0 and keeps the factor within 0.4 to 2.5, so that one odd answer cannot spoil it.
        """
        raw = self._request(model, request)
        if reported <= 0 or raw <= 0:
            return
        seen = min(max(reported / raw, _LEAST), _MOST)
        known = self._corrections.get(model)
        self._corrections[model] = seen if known is None else known + _WEIGHT * (seen - known)

    def _tokens(self, model: str, raw: float) -> int:
        return max(1, round(raw * self._corrections.get(model, 1.0))) if raw > 0 else 0

    def _request(self, model: str, request: Request) -> float:
        system = _length(request.system) / bytes_per_token(model)
        messages = sum(self._weights(model, request.messages))
        return system + self._tool_weight(model, request.tools) + messages

    def _weights(self, model: str, messages: Iterable[Message]) -> list[float]:
        size = bytes_per_token(model)
        return self._messages.each(messages, lambda message: _message(size, message), size)

    def _tool_weight(self, model: str, tools: Iterable[ToolSpec]) -> float:
        size = bytes_per_token(model)
        return sum(self._tools.each(tools, lambda tool: _tool(size, tool), size))


def bytes_per_token(model: str) -> float:
    """UTF-8 bytes that a token of this model holds on average, by its family's name in the id."""
    name = model.lower()
    return next((size for family, size in _FAMILIES if family in name), _OTHER)


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _message(size: float, message: Message) -> float:
    return _PER_MESSAGE + sum(_part(size, part) for part in message.parts)


def _part(size: float, part: Part) -> float:
    if isinstance(part, Image):
        return _PER_IMAGE
    if isinstance(part, ToolCall):
        return _PER_PART + _length(part.name + part.arguments) / (size * _DENSE)
    if isinstance(part, Text | Thinking | ToolResult):
        return _PER_PART + _length(part.text) / size


def _tool(size: float, tool: ToolSpec) -> float:
    schema = json.dumps(tool.schema, ensure_ascii=False, separators=(",", ":"))
    return _PER_TOOL + _length(tool.name + tool.description + schema) / (size * _DENSE)
