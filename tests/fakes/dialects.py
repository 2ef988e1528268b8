"""How each provider spells an answer: whole, and as the events of a stream."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.script import Call, Step, parsed, pieces, thirds

MOMENT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer needs of its request; `length` is the body's size, `serial` never comes twice."""

    body: dict[str, Any]
    length: int
    serial: int

    @property
    def model(self) -> str:
        return str(self.body.get("model", "fake"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's format; `separator` frames an event, `failure` spells an error body."""

    name: str
    content_type: str
    whole: Callable[[Step, Context], dict[str, Any]]
    events: Callable[[Step, Context], Iterator[bytes]]
    failure: Callable[[int, str, str], dict[str, Any]]
    frame: Callable[[object], bytes]


def _sse(value: object, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def _call_id(call: Call, prefix: str, context: Context, index: int) -> dict[str, str]:
    identity = f"{prefix}_{context.serial}_{index}" if call.id is None else call.id
    return {"id": identity} if identity else {}


# --- OpenAI chat completions ---------------------------------------------------------------------


def _openai_usage(step: Step, context: Context) -> dict[str, Any]:
    used = step.used(context.length)
    prompt = used["input"] + used["cache_read"] + used["cache_write"]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": used["output"],
        "total_tokens": prompt + used["output"],
        "prompt_tokens_details": {"cached_tokens": used["cache_read"]},
        "completion_tokens_details": {"reasoning_tokens": used["reasoning"]},
    }


def _openai_finish(step: Step) -> str:
    return step.finish or ("tool_calls" if step.calls else "stop")


def openai_whole(step: Step, context: Context) -> dict[str, Any]:
    """A `chat.completion` object."""
    message: dict[str, Any] = {"role": "assistant", "content": step.text or None}
    if step.thinking:
        message["reasoning_content"] = step.thinking
    if step.calls:
        message["tool_calls"] = [
            {
                **_call_id(call, "call", context, index),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for index, call in enumerate(step.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _openai_finish(step)}
    return {
        "id": f"chatcmpl-{context.serial}",
        "object": "chat.completion",
        "created": 0,
        "model": context.model,
        "choices": [choice],
        "usage": _openai_usage(step, context),
    }


def _openai_deltas(step: Step, context: Context) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in pieces(step.thinking, step.pieces):
        yield {"reasoning_content": piece}
    for piece in pieces(step.text, step.pieces):
        yield {"content": piece}
    for index, call in enumerate(step.calls):
        opening = {**_call_id(call, "call", context, index), "type": "function"}
        yield {"tool_calls": [{"index": index, **opening, "function": {"name": call.name, "arguments": ""}}]}
        for piece in thirds(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def openai_events(step: Step, context: Context) -> Iterator[bytes]:
    """`chat.completion.chunk` events, the usage event when asked for, and `[DONE]`."""
    base = {"id": f"chatcmpl-{context.serial}", "object": "chat.completion.chunk", "created": 0}
    base["model"] = context.model
    for delta in _openai_deltas(step, context):
        yield _sse({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _sse({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": _openai_finish(step)}]})
    if (context.body.get("stream_options") or {}).get("include_usage"):
        yield _sse({**base, "choices": [], "usage": _openai_usage(step, context)})
    yield b"data: [DONE]\n\n"


def openai_failure(status: int, message: str, code: str) -> dict[str, Any]:
    """An OpenAI error body."""
    return {"error": {"message": message, "type": code or "error", "param": None, "code": code or None}}


# --- Anthropic messages --------------------------------------------------------------------------

ANTHROPIC_STOP = {
    "length": "max_tokens",
    "content_filter": "refusal",
    "stop": "end_turn",
    "tool_calls": "tool_use",
}


def _anthropic_finish(step: Step) -> str:
    default = "tool_use" if step.calls else "end_turn"
    return ANTHROPIC_STOP.get(step.finish, step.finish) or default


def _anthropic_usage(step: Step, context: Context) -> dict[str, int]:
    used = step.used(context.length)
    return {
        "input_tokens": used["input"],
        "cache_creation_input_tokens": used["cache_write"],
        "cache_read_input_tokens": used["cache_read"],
        "output_tokens": used["output"],
    }


def _anthropic_blocks(step: Step, context: Context) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if step.thinking:
        signature = step.signature or "c2lnbmF0dXJl"
        blocks.append({"type": "thinking", "thinking": step.thinking, "signature": signature})
    if step.text:
        blocks.append({"type": "text", "text": step.text})
    for index, call in enumerate(step.calls):
        identity = _call_id(call, "toolu", context, index)
        blocks.append({"type": "tool_use", **identity, "name": call.name, "input": parsed(call)})
    return blocks


def anthropic_whole(step: Step, context: Context) -> dict[str, Any]:
    """A `message` object."""
    return {
        "id": f"msg_{context.serial}",
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": _anthropic_blocks(step, context),
        "stop_reason": _anthropic_finish(step),
        "stop_sequence": None,
        "usage": _anthropic_usage(step, context),
    }


def _anthropic_deltas(block: dict[str, Any], step: Step, call: Call | None) -> Iterator[dict[str, str]]:
    if call is not None:
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in thirds(call.arguments):
            yield {"type": "input_json_delta", "partial_json": piece}
    elif block["type"] == "text":
        for piece in pieces(step.text, step.pieces):
            yield {"type": "text_delta", "text": piece}
    else:
        for piece in pieces(step.thinking, step.pieces):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}


def _named(value: dict[str, Any]) -> bytes:
    return _sse(value, value["type"])


def anthropic_events(step: Step, context: Context) -> Iterator[bytes]:
    """`message_start`, a ping, the blocks, `message_delta` and `message_stop`."""
    message = anthropic_whole(step, context)
    usage = message["usage"]
    opening = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _named({"type": "message_start", "message": opening})
    yield _named({"type": "ping"})
    calls = iter(step.calls)
    for index, block in enumerate(message["content"]):
        call = next(calls) if block["type"] == "tool_use" else None
        blank = {"thinking": "", "signature": "", "text": "", "input": {}}
        start = {key: blank.get(key, value) for key, value in block.items()}
        yield _named({"type": "content_block_start", "index": index, "content_block": start})
        for delta in _anthropic_deltas(block, step, call):
            yield _named({"type": "content_block_delta", "index": index, "delta": delta})
        yield _named({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _named(
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": usage["output_tokens"]}}
    )
    yield _named({"type": "message_stop"})


def anthropic_failure(status: int, message: str, code: str) -> dict[str, Any]:
    """An Anthropic error body."""
    return {"type": "error", "error": {"type": code or "api_error", "message": message}}


# --- Ollama chat ---------------------------------------------------------------------------------


def _ollama_message(
    step: Step, context: Context, *, text: str = "", thinking: str = "", calls: bool = False
) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if thinking:
        message["thinking"] = thinking
    if calls and step.calls:
        message["tool_calls"] = [
            {
                **({"id": call.id} if call.id else {}),
                "function": {"name": call.name, "arguments": parsed(call)},
            }
            for call in step.calls
        ]
    return message


def _ollama_end(step: Step, context: Context) -> dict[str, Any]:
    used = step.used(context.length)
    return {
        "done": True,
        "done_reason": step.finish if step.finish == "length" else "stop",
        "total_duration": 1_000_000,
        "prompt_eval_count": used["input"] + used["cache_read"] + used["cache_write"],
        "eval_count": used["output"],
    }


def ollama_whole(step: Step, context: Context) -> dict[str, Any]:
    """A whole chat answer."""
    message = _ollama_message(step, context, text=step.text, thinking=step.thinking, calls=True)
    return {"model": context.model, "created_at": MOMENT, "message": message, **_ollama_end(step, context)}


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def ollama_events(step: Step, context: Context) -> Iterator[bytes]:
    """One JSON line a piece; calls come whole; the last line says `done`."""
    base = {"model": context.model, "created_at": MOMENT}
    messages = [
        _ollama_message(step, context, thinking=piece) for piece in pieces(step.thinking, step.pieces)
    ]
    messages += [_ollama_message(step, context, text=piece) for piece in pieces(step.text, step.pieces)]
    messages += [_ollama_message(step, context, calls=True)] if step.calls else []
    for message in messages:
        yield _line({**base, "message": message, "done": False})
    yield _line({**base, "message": _ollama_message(step, context), **_ollama_end(step, context)})


def ollama_failure(status: int, message: str, code: str) -> dict[str, Any]:
    """An Ollama error body."""
    return {"error": message}


SSE = "text/event-stream; charset=utf-8"
DIALECTS = {
    "/v1/chat/completions": Dialect("openai", SSE, openai_whole, openai_events, openai_failure, _sse),
    "/v1/messages": Dialect("anthropic", SSE, anthropic_whole, anthropic_events, anthropic_failure, _sse),
    "/api/chat": Dialect(
        "ollama", "application/x-ndjson", ollama_whole, ollama_events, ollama_failure, _line
    ),
}
