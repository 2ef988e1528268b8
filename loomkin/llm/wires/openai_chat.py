"""OpenAI chat completions, the format that nearly every server speaks."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from loomkin.llm.calls import CallTracker
from loomkin.llm.failures import from_payload
from loomkin.llm.history import Shaper, Turn, arguments_object, turns
from loomkin.llm.http import Http, join_url, unpromised
from loomkin.llm.json_body import Written, json_text, written
from loomkin.llm.kept import Kept
from loomkin.llm.promised import promised
from loomkin.llm.transport import Transport
from loomkin.llm.wire import (
    Delta,
    Endpoint,
    Finished,
    FinishReason,
    Request,
    TextDelta,
    ThinkingDelta,
)
from loomkin.records.message import Image, Role, Thinking, ToolSpec
from loomkin.records.usage import Usage

NAME = "openai"
PRIVATE_OPTIONS = {"max_tokens_field", "send_reasoning", "num_ctx", "keep_alive", "think"}
REASONS = {
    "stop": FinishReason.STOP,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


class OpenAIChat:
    """The wire to `/chat/completions`.

    Options of a request: `max_tokens_field` names the field of the output limit, `send_reasoning` sends
    earlier reasoning back as `reasoning_content`; every other option goes into the body as it is.
    """

    def __init__(self, endpoint: Endpoint, transport: Transport | None = None) -> None:
        self._endpoint = endpoint
        self._http = Http(endpoint, transport)
        self._shaper = Shaper()
        self._pieces: Kept[Turn, bytes] = Kept()
        self._tools: Kept[ToolSpec, bytes] = Kept()

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Send the request and yield the answer as it arrives; raises ProviderError leaves."""
        headers = {"authorization": f"Bearer {self._endpoint.api_key}"} if self._endpoint.api_key else {}
        url = join_url(self._endpoint, "/chat/completions")
        async with self._http.post(url, self.body(request), headers, request.model) as answer:
            reader = AnswerReader(self._endpoint, request.model)
            if answer.kind == "application/json" or not request.stream:
                whole = await answer.body()
                for delta in promised(self._endpoint, reader.whole(whole), whole):
                    yield delta
                return
            async for _, event in answer.events():
                for delta in promised(self._endpoint, reader.event(event), event):
                    yield delta
            await answer.drain()
            if not reader.ended:
                raise answer.cut()
            for delta in reader.finish():
                yield delta

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    def body(self, request: Request) -> dict[str, object]:
        """The JSON body; turns and tools that the request before had are not written again."""
        reasoning = _sends_reasoning(request)
        shaped = self._shaper.turns(request.messages)
        pieces = self._pieces.each(shaped, lambda turn: written(_spoken(turn, reasoning)), reasoning)
        listed = Written((written(_system(request)), *pieces))
        fields = _fields(request, self._endpoint)
        if request.tools:
            fields["tools"] = Written(
                tuple(self._tools.each(request.tools, lambda spec: written([tool(spec)])))
            )
        return {**fields, "messages": listed}


def body(request: Request, endpoint: Endpoint) -> dict[str, object]:
    """The JSON body; what stays the same from call to call comes first and the messages last."""
    return {**_fields(request, endpoint), "messages": messages(request)}


def _fields(request: Request, endpoint: Endpoint) -> dict[str, object]:
    host = urlsplit(endpoint.base_url).hostname or ""
    default = "max_completion_tokens" if host == "api.openai.com" else "max_tokens"
    field = str(request.options.get("max_tokens_field", default))
    fields: dict[str, object] = {"model": request.model, "stream": request.stream}
    if request.stream:
        fields["stream_options"] = {"include_usage": True}
    fields[field] = request.max_output
    if request.temperature is not None:
        fields["temperature"] = request.temperature
    if request.stop:
        fields["stop"] = list(request.stop)
    fields |= {name: value for name, value in request.options.items() if name not in PRIVATE_OPTIONS}
    if request.tools:
        fields["tools"] = [tool(spec) for spec in request.tools]
    return fields


def tool(spec: ToolSpec) -> dict[str, object]:
    """A tool as a function."""
    function = {"name": spec.name, "description": spec.description, "parameters": spec.schema}
    return {"type": "function", "function": function}


def messages(request: Request) -> list[dict[str, object]]:
    """The history: system prompt, then turns; each result is a message of its own."""
    reasoning = _sends_reasoning(request)
    spoken = (message for turn in turns(request.messages) for message in _spoken(turn, reasoning))
    return [*_system(request), *spoken]


def _system(request: Request) -> list[dict[str, object]]:
    return [{"role": "system", "content": request.system}] if request.system.strip() else []


def _sends_reasoning(request: Request) -> bool:
    return bool(request.options.get("send_reasoning"))


def _spoken(turn: Turn, send_reasoning: bool) -> list[dict[str, object]]:
    """The messages of one turn."""
    if turn.role is Role.ASSISTANT:
        return [_assistant(turn, send_reasoning)]
    listed: list[dict[str, object]] = [
        {"role": "tool", "tool_call_id": result.call_id, "content": result.text or "(no output)"}
        for result in turn.results
    ]
    if turn.images:
        pictures = [_picture(image) for image in turn.images]
        words = [{"type": "text", "text": turn.text}] if turn.text else []
        listed.append({"role": "user", "content": [*words, *pictures]})
    elif turn.text:
        listed.append({"role": "user", "content": turn.text})
    return listed


def _picture(image: Image) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": f"data:{image.media_type};base64,{image.data}"}}


def _assistant(turn: Turn, send_reasoning: bool) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": turn.text or None}
    if send_reasoning:
        thoughts = [part.text for part in turn.parts if isinstance(part, Thinking) and part.text]
        message |= {"reasoning_content": "".join(thoughts)} if thoughts else {}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": call.arguments if arguments_object(call) else "{}",
                },
            }
            for call in turn.calls
        ]
    return message


def usage(raw: object) -> Usage | None:
    """Our counts from a `usage` object; cached tokens are taken out of the input."""
    if not isinstance(raw, Mapping):
        return None
    prompt = raw.get("prompt_tokens_details") or {}
    completion = raw.get("completion_tokens_details") or {}
    cached = int(prompt.get("cached_tokens") or raw.get("prompt_cache_hit_tokens") or 0)
    written = int(prompt.get("cache_write_tokens") or raw.get("cache_creation_input_tokens") or 0)
    return Usage(
        input=max(0, int(raw.get("prompt_tokens") or 0) - cached - written),
        output=int(raw.get("completion_tokens") or 0),
        cache_read=cached,
        cache_write=written,
        reasoning=int(completion.get("reasoning_tokens") or 0),
    )


class AnswerReader:
    """One answer as it is read."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self._endpoint = endpoint
        self._model = model
        self._calls = CallTracker()
        self._reason = ""
        self._usage: Usage | None = None

    def whole(self, body: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of an answer that was not streamed."""
        self._raise_error(body)
        for choice in (body.get("choices") or [])[:1]:
            self._raise_error(choice)
            yield from self._delta(choice.get("message") or {}, whole=True)
            self._reason = str(choice.get("finish_reason") or "stop")
        self._usage = usage(body.get("usage"))
        if not self._reason:
            raise unpromised(self._endpoint, "it holds no choices", json_text(body).encode())
        yield self._finished()

    def event(self, event: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of one chunk; chunks without choices carry usage or nothing."""
        self._raise_error(event)
        self._usage = usage(event.get("usage")) or self._usage
        for choice in (event.get("choices") or [])[:1]:
            self._raise_error(choice)
            yield from self._delta(choice.get("delta") or {}, whole=False)
            self._reason = str(choice.get("finish_reason") or self._reason)

    @property
    def ended(self) -> bool:
        """Whether the provider said why the answer ended."""
        return bool(self._reason)

    @property
    def spent(self) -> bool:
        """Whether the provider counted tokens of the answer."""
        return self._usage is not None and self._usage.output > 0

    def finish(self) -> Iterator[Delta]:
        """The last deltas."""
        yield from self._calls.bare()
        yield self._finished()

    def _finished(self) -> Finished:
        reason = REASONS.get(self._reason, FinishReason.STOP)
        if self._calls.count and reason is FinishReason.STOP:
            reason = FinishReason.TOOL_CALLS
        return Finished(reason, self._usage)

    def _raise_error(self, holder: Mapping[str, Any]) -> None:
        if holder.get("error"):
            raise from_payload(self._endpoint, self._model, {"error": holder["error"]})
        if holder.get("object") == "error":
            raise from_payload(self._endpoint, self._model, dict(holder))

    def _delta(self, delta: Mapping[str, Any], *, whole: bool) -> Iterator[Delta]:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if isinstance(thought, str) and thought:
            yield ThinkingDelta(thought)
        if text := content_text(delta.get("content") or delta.get("refusal")):
            yield TextDelta(text)
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            arguments = argument_text(function.get("arguments"))
            raw_id, name = str(call.get("id") or ""), str(function.get("name") or "")
            if whole:
                yield self._calls.whole(raw_id, name, arguments)
            elif piece := self._calls.piece(call.get("index"), raw_id, name, arguments):
                yield piece


def content_text(content: object) -> str:
    """Words of a `content` field: a string, or a list of text parts as some servers send."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def argument_text(arguments: object) -> str:
    """Arguments as JSON text, also where a server sends the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json_text(arguments)


WIRE = OpenAIChat
