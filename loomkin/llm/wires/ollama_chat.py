"""Ollama's native chat: JSON lines, a window that must be asked for, calls that come whole."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from loomkin.llm.calls import CallTracker
from loomkin.llm.failures import checked_url, from_payload
from loomkin.llm.history import Shaper, Turn, arguments_object, turns
from loomkin.llm.http import Answer, Http
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
from loomkin.records.message import Role, Thinking, ToolSpec
from loomkin.records.usage import Usage

NAME = "ollama"
TOP_LEVEL = ("think", "keep_alive", "format")
PRIVATE_OPTIONS = {"max_tokens_field", "send_reasoning", *TOP_LEVEL}


class OllamaChat:
    """The wire to `/api/chat`.

    Options of a request: `think`, `keep_alive` and `format` go to the top of the body, every other one,
    `num_ctx` above all, into its `options`. Without `num_ctx` the server cuts long prompts silently.
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
        url = api_url(self._endpoint, "/api/chat")
        async with self._http.post(url, self.body(request), headers, request.model) as answer:
            reader = _Reader(self._endpoint, request.model)
            if not request.stream:
                whole = await answer.body()
                for delta in promised(self._endpoint, reader.line(whole), whole):
                    yield delta
                yield reader.finish(answer)
                return
            async for line in answer.lines():
                for delta in promised(self._endpoint, reader.line(line), line):
                    yield delta
                if reader.done:
                    break
            await answer.drain()
            yield reader.finish(answer)

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    def body(self, request: Request) -> dict[str, object]:
        """The JSON body; turns and tools that the request before had are not written again."""
        shaped = self._shaper.turns(request.messages)
        pieces = self._pieces.each(shaped, lambda turn: written(_spoken(turn)))
        fields = _fields(request)
        if request.tools:
            fields["tools"] = Written(
                tuple(self._tools.each(request.tools, lambda spec: written([_tool(spec)])))
            )
        return {**fields, "messages": Written((written(_system(request)), *pieces))}


def api_url(endpoint: Endpoint, path: str) -> str:
    """The address of a native path, also where the base URL is that of the OpenAI or the bare `/api` door.

    Raises BadRequestError where the base URL is none.
    """
    checked_url(endpoint)
    base = endpoint.base_url.rstrip("/")
    for tail in ("/v1", "/api"):
        base = base.removesuffix(tail)
    return base + path


def body(request: Request) -> dict[str, object]:
    """The JSON body; what stays the same from call to call comes first and the messages last."""
    return {**_fields(request), "messages": messages(request)}


def _fields(request: Request) -> dict[str, object]:
    options: dict[str, object] = {
        name: value for name, value in request.options.items() if name not in PRIVATE_OPTIONS
    }
    options["num_predict"] = request.max_output
    if request.temperature is not None:
        options["temperature"] = request.temperature
    if request.stop:
        options["stop"] = list(request.stop)
    fields: dict[str, object] = {"model": request.model, "stream": request.stream}
    fields |= {name: request.options[name] for name in TOP_LEVEL if name in request.options}
    fields["options"] = options
    if request.tools:
        fields["tools"] = [_tool(spec) for spec in request.tools]
    return fields


def _tool(spec: ToolSpec) -> dict[str, object]:
    function = {"name": spec.name, "description": spec.description, "parameters": spec.schema}
    return {"type": "function", "function": function}


def messages(request: Request) -> list[dict[str, object]]:
    """The history: system prompt, then turns; each result is a message of its own."""
    spoken = (message for turn in turns(request.messages) for message in _spoken(turn))
    return [*_system(request), *spoken]


def _system(request: Request) -> list[dict[str, object]]:
    return [{"role": "system", "content": request.system}] if request.system.strip() else []


def _spoken(turn: Turn) -> list[dict[str, object]]:
    """The messages of one turn."""
    if turn.role is Role.ASSISTANT:
        return [_assistant(turn)]
    listed: list[dict[str, object]] = [
        {
            "role": "tool",
            "content": result.text or "(no output)",
            "tool_name": result.name,
            "tool_call_id": result.call_id,
        }
        for result in turn.results
    ]
    if turn.text or turn.images:
        pictures = {"images": [image.data for image in turn.images]} if turn.images else {}
        listed.append({"role": "user", "content": turn.text, **pictures})
    return listed


def _assistant(turn: Turn) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": turn.text}
    thoughts = [part.text for part in turn.parts if isinstance(part, Thinking) and part.text]
    if thoughts and turn.calls:
        message["thinking"] = "".join(thoughts)
    if turn.calls:
        message["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": arguments_object(call)}}
            for call in turn.calls
        ]
    return message


class _Reader:
    """One answer as it is read."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self._endpoint = endpoint
        self._model = model
        self._calls = CallTracker()
        self._reason = ""
        self._usage: Usage | None = None
        self.done = False

    def line(self, line: Mapping[str, Any]) -> Iterator[Delta]:
        """The deltas of one line."""
        if line.get("error"):
            raise from_payload(self._endpoint, self._model, dict(line))
        message = line.get("message") or {}
        if message.get("thinking"):
            yield ThinkingDelta(message["thinking"])
        if message.get("content"):
            yield TextDelta(message["content"])
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            arguments = function.get("arguments")
            text = arguments if isinstance(arguments, str) else json_text(arguments or {})
            yield self._calls.whole(str(call.get("id") or ""), str(function.get("name") or ""), text)
        if line.get("done"):
            self.done = True
            self._reason = str(line.get("done_reason") or "stop")
            self._usage = usage(line)

    def finish(self, answer: Answer) -> Finished:
        """The end of an answer; raises StreamCutError where the server never said that it was done."""
        if not self.done:
            raise answer.cut()
        if self._reason == "length":
            return Finished(FinishReason.LENGTH, self._usage)
        return Finished(FinishReason.TOOL_CALLS if self._calls.count else FinishReason.STOP, self._usage)


def usage(line: Mapping[str, Any]) -> Usage | None:
    """Our counts; a prompt that was wholly in the server's cache has no `prompt_eval_count`."""
    if "eval_count" not in line and "prompt_eval_count" not in line:
        return None
    return Usage(input=int(line.get("prompt_eval_count") or 0), output=int(line.get("eval_count") or 0))


WIRE = OllamaChat
