"""Anthropic messages: blocks, thinking with signatures, and cache marks."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from loomkin.llm.calls import CallTracker
from loomkin.llm.failures import from_payload
from loomkin.llm.history import Shaper, Turn, arguments_object, turns
from loomkin.llm.http import Answer, Http, join_url, unpromised
from loomkin.llm.json_body import Written, json_text, written
from loomkin.llm.kept import Kept
from loomkin.llm.promised import promised
from loomkin.llm.transport import Transport
from loomkin.llm.wire import (
    CallDelta,
    Delta,
    Endpoint,
    Finished,
    FinishReason,
    Request,
    TextDelta,
    ThinkingDelta,
)
from loomkin.records.message import Image, Part, Role, Text, Thinking, ToolCall, ToolResult, ToolSpec
from loomkin.records.usage import Usage

NAME = "anthropic"
VERSION = "2023-06-01"
REDACTED = "redacted:"
LEAST_THINKING, LEAST_WORDS = 1024, 512
MARK = {"type": "ephemeral"}
PRIVATE_OPTIONS = {"max_tokens_field", "send_reasoning", "num_ctx", "keep_alive", "think", "thinking_budget"}
REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.CONTENT_FILTER,
}


class AnthropicMessages:
    """The wire to `/v1/messages`.

    Options of a request: `thinking_budget` turns thinking on with so many tokens, fewer where the output
    limit leaves room for fewer; every other option goes into the body as it is. Redacted thinking travels as
    a signature that begins with `redacted:`.
    """

    def __init__(self, endpoint: Endpoint, transport: Transport | None = None) -> None:
        self._endpoint = endpoint
        self._http = Http(endpoint, transport)
        self._shaper = Shaper()
        self._pieces: Kept[Turn, bytes] = Kept()
        self._tools: Kept[ToolSpec, bytes] = Kept()

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Send the request and yield the answer as it arrives; raises ProviderError leaves."""
        key = {"x-api-key": self._endpoint.api_key} if self._endpoint.api_key else {}
        headers = {"anthropic-version": VERSION, **key}
        base = self._endpoint.base_url.rstrip("/")
        path = "/messages" if base.endswith("/v1") else "/v1/messages"
        url = join_url(self._endpoint, path, version="")
        async with self._http.post(url, self.body(request), headers, request.model) as answer:
            reader = _Reader(self._endpoint, request.model)
            if answer.kind == "application/json" or not request.stream:
                whole = await answer.body()
                for delta in promised(self._endpoint, reader.whole(whole), whole):
                    yield delta
                return
            async for _, event in answer.events():
                for delta in promised(self._endpoint, reader.event(event), event):
                    yield delta
                if event.get("type") == "message_stop":
                    break
            await answer.drain()
            for delta in reader.finish(answer):
                yield delta

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    def body(self, request: Request) -> dict[str, object]:
        """The JSON body; what the request before had is not written again, but for what is marked."""
        shaped = self._shaper.turns(request.messages)
        pieces = self._pieces.each(shaped, lambda turn: written(_spoken(turn)))
        for number in _marked(shaped):
            pieces[number] = written(_spoken(shaped[number], marked=True))
        fields = _fields(request, shaped)
        if request.tools:
            front = self._tools.each(request.tools[:-1], lambda spec: written([_tool(spec)]))
            last = written([{**_tool(request.tools[-1]), "cache_control": MARK}])
            fields["tools"] = Written((*front, last))
        return {**fields, "messages": Written((written(_opening(shaped)), *pieces))}


def body(request: Request) -> dict[str, object]:
    """The JSON body; what stays the same from call to call comes first and the messages last."""
    shaped = turns(request.messages)
    return {**_fields(request, shaped), "messages": messages(shaped)}


def _fields(request: Request, shaped: list[Turn]) -> dict[str, object]:
    fields: dict[str, object] = {"model": request.model, "stream": request.stream}
    fields["max_tokens"] = request.max_output
    if request.temperature is not None:
        fields["temperature"] = request.temperature
    if request.stop:
        fields["stop_sequences"] = list(request.stop)
    budget = min(int(str(request.options.get("thinking_budget") or 0)), request.max_output - LEAST_WORDS)
    if budget >= LEAST_THINKING:
        fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
    fields |= {name: value for name, value in request.options.items() if name not in PRIVATE_OPTIONS}
    if listed := tools(request, shaped):
        fields["tools"] = listed
    if request.system.strip():
        fields["system"] = [{"type": "text", "text": request.system, "cache_control": MARK}]
    return fields


def tools(request: Request, shaped: list[Turn]) -> list[dict[str, object]]:
    """The tools, the last one marked; a history with calls needs its tools named even with none on offer."""
    listed = [_tool(spec) for spec in request.tools]
    names = () if listed else dict.fromkeys(call.name for turn in shaped for call in turn.calls)
    listed += [{"name": name, "input_schema": {"type": "object"}} for name in names]
    if listed:
        listed[-1]["cache_control"] = MARK
    return listed


def _tool(spec: ToolSpec) -> dict[str, object]:
    return {"name": spec.name, "description": spec.description, "input_schema": spec.schema}


def messages(shaped: list[Turn]) -> list[dict[str, object]]:
    """The turns as messages; the user's come first, and the last two of them are marked for the cache."""
    marked = _marked(shaped)
    spoken = (one for number, turn in enumerate(shaped) for one in _spoken(turn, marked=number in marked))
    return [*_opening(shaped), *spoken]


def _opening(shaped: list[Turn]) -> list[dict[str, object]]:
    opening: dict[str, object] = {"role": "user", "content": [{"type": "text", "text": "(continued)"}]}
    return [opening] if shaped and shaped[0].role is Role.ASSISTANT else []


def _marked(shaped: list[Turn]) -> list[int]:
    return [number for number, turn in enumerate(shaped) if turn.role is Role.USER][-2:]


def _spoken(turn: Turn, *, marked: bool = False) -> list[dict[str, object]]:
    """The message of a turn; none where nothing in it can be sent."""
    blocks = [block for part in turn.parts if (block := _block(part))]
    if blocks and marked:
        blocks[-1]["cache_control"] = MARK
    return [{"role": turn.role.value, "content": blocks}] if blocks else []


def _block(part: Part) -> dict[str, object]:
    """A part as a block; empty for thinking of another provider, which bears no signature."""
    match part:
        case Text():
            return {"type": "text", "text": part.text.rstrip()}
        case Image():
            source = {"type": "base64", "media_type": part.media_type, "data": part.data}
            return {"type": "image", "source": source}
        case ToolCall():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_object(part)}
        case ToolResult():
            words = part.text if part.text.strip() else "(no output)"
            block: dict[str, object] = {"type": "tool_result", "tool_use_id": part.call_id, "content": words}
            return block | ({"is_error": True} if part.is_error else {})
        case Thinking():
            if part.signature.startswith(REDACTED):
                return {"type": "redacted_thinking", "data": part.signature.removeprefix(REDACTED)}
            if not part.signature:
                return {}
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}


class _Reader:
    """One answer as it is read."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self._endpoint = endpoint
        self._model = model
        self._calls = CallTracker()
        self._arguments: dict[int, str] = {}
        self._reason = ""
        self._counts: dict[str, int] = {}

    def whole(self, body: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of an answer that was not streamed."""
        self._raise_error(body)
        if not isinstance(body.get("content"), list):
            raise unpromised(self._endpoint, "it holds no content", json_text(body).encode())
        for block in body["content"]:
            yield from self._whole_block(block)
        self._reason = str(body.get("stop_reason") or "end_turn")
        self._count(body.get("usage"))
        yield self._finished()

    def event(self, event: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of one event; unknown events are passed over, as the provider asks."""
        match event.get("type"):
            case "content_block_delta":
                yield from self._delta(event.get("index", 0), event.get("delta") or {})
            case "content_block_start":
                yield from self._start(event.get("index", 0), event.get("content_block") or {})
            case "content_block_stop":
                yield from self._stop(event.get("index", 0))
            case "message_start":
                self._count((event.get("message") or {}).get("usage"))
            case "message_delta":
                self._reason = str((event.get("delta") or {}).get("stop_reason") or self._reason)
                self._count(event.get("usage"))
            case _:
                self._raise_error(event)

    def finish(self, answer: Answer) -> Iterator[Delta]:
        """The end of a stream; raises StreamCutError where the provider never said why it ended."""
        if not self._reason:
            raise answer.cut()
        yield from self._calls.bare()
        yield self._finished()

    def _whole_block(self, block: Mapping[str, Any]) -> Iterator[Delta]:
        match block.get("type"):
            case "text":
                if block.get("text"):
                    yield TextDelta(block["text"])
            case "thinking":
                yield ThinkingDelta(block.get("thinking") or "", block.get("signature") or "")
            case "redacted_thinking":
                yield ThinkingDelta("", REDACTED + (block.get("data") or ""))
            case "tool_use":
                arguments = block.get("input")
                text = arguments if isinstance(arguments, str) else json_text(arguments or {})
                yield self._calls.whole(str(block.get("id") or ""), str(block.get("name") or ""), text)

    def _start(self, index: int, block: Mapping[str, Any]) -> Iterator[Delta]:
        if block.get("type") != "tool_use":
            if block.get("text") or block.get("thinking") or block.get("data"):
                yield from self._whole_block(block)
            return
        raw_id, name = str(block.get("id") or ""), str(block.get("name") or "")
        self._arguments[index] = json_text(block["input"]) if block.get("input") else ""
        if piece := self._calls.piece(index, raw_id, name, ""):
            yield piece

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[Delta]:
        match delta.get("type"):
            case "text_delta":
                if delta.get("text"):
                    yield TextDelta(delta["text"])
            case "input_json_delta":
                if piece := self._calls.piece(index, "", "", delta.get("partial_json") or ""):
                    self._arguments[index] = ""
                    yield piece
            case "thinking_delta":
                if delta.get("thinking"):
                    yield ThinkingDelta(delta["thinking"])
            case "signature_delta":
                yield ThinkingDelta("", delta.get("signature") or "")

    def _stop(self, index: int) -> Iterator[CallDelta]:
        """Some servers send the whole input with the start and no fragments."""
        given = self._arguments.pop(index, "")
        if given and (piece := self._calls.piece(index, "", "", given)):
            yield piece

    def _count(self, raw: object) -> None:
        if isinstance(raw, Mapping):
            self._counts |= {name: value for name, value in raw.items() if isinstance(value, int)}

    def _finished(self) -> Finished:
        reason = REASONS.get(self._reason, FinishReason.STOP)
        if self._calls.count and reason is FinishReason.STOP:
            reason = FinishReason.TOOL_CALLS
        return Finished(reason, usage(self._counts) if self._counts else None)

    def _raise_error(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "error" or event.get("error"):
            raise from_payload(self._endpoint, self._model, dict(event))


def usage(counts: Mapping[str, int]) -> Usage:
    """Our counts; the provider's input leaves cached tokens out already, its output holds the thinking."""
    return Usage(
        input=counts.get("input_tokens", 0),
        output=counts.get("output_tokens", 0),
        cache_read=counts.get("cache_read_input_tokens", 0),
        cache_write=counts.get("cache_creation_input_tokens", 0),
    )


WIRE = AnthropicMessages
