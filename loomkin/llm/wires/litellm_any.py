"""Every provider without a wire of its own, by litellm: imported at the first request, and only here."""

import asyncio
import gc
import logging
import os
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import aclosing
from functools import lru_cache
from typing import Any

from loomkin.errors import ProtocolError, StreamCutError
from loomkin.llm.failures import host_of
from loomkin.llm.history import turns
from loomkin.llm.litellm_failures import Failed, silent
from loomkin.llm.transport import Transport
from loomkin.llm.wire import Delta, Endpoint, Request, ThinkingDelta
from loomkin.llm.wires.openai_chat import AnswerReader, messages, tool
from loomkin.records.message import Role, Thinking

NAME = "litellm"
PRIVATE_OPTIONS = {"max_tokens_field", "send_reasoning", "keep_alive"}
REDACTED = "redacted:"
_open: set["LitellmAny"] = set()


class LitellmAny:
    """The wire to whatever litellm knows; the request's model is litellm's own name, `provider/model`.

    Options of a request go to litellm as they are; it drops what a provider does not take. It has connections
    of its own, so those of the run are of no use to it.
    """

    def __init__(self, endpoint: Endpoint, transport: Transport | None = None) -> None:
        self._endpoint = endpoint

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Send the request and yield the answer as it arrives; raises ProviderError leaves."""
        litellm = await asyncio.to_thread(load)
        _open.add(self)
        reader = AnswerReader(self._endpoint, request.model)
        calling = litellm.acompletion(**arguments(request, self._endpoint, litellm))
        answer = await self._wait(calling, request, started=False)
        if not request.stream:
            whole = answer.model_dump(exclude_none=True)
            for delta in (*_thoughts(whole, whole=True), *reader.whole(whole)):
                yield delta
            return
        empty = True
        async with aclosing(answer):
            while (chunk := await self._wait(_next(answer), request, started=True)) is not None:
                event = chunk.model_dump(exclude_none=True)
                for delta in (*_thoughts(event, whole=False), *reader.event(event)):
                    empty = False
                    yield delta
        where = host_of(self._endpoint) if self._endpoint.base_url else request.model
        if empty and not reader.spent:
            raise ProtocolError(f"{where} sent an answer without anything in it", hint="Try another model.")
        if not reader.ended:
            raise StreamCutError(f"{where} ended its answer without the closing event", hint="Try again.")
        for delta in reader.finish():
            yield delta

    async def aclose(self) -> None:
        """Release connections: litellm keeps them for all wires together, so the last wire closes them."""
        if self in _open:
            _open.discard(self)
            if not _open:
                litellm = load()
                await litellm.close_litellm_async_clients()
                litellm.in_memory_llm_clients_cache.flush_cache()

    async def _wait(self, work: Coroutine[Any, Any, Any], request: Request, *, started: bool) -> Any:
        """One step of litellm within the silence limit, which not all of its providers keep themselves."""
        try:
            async with asyncio.timeout(self._endpoint.silence):
                return await work
        except TimeoutError as error:
            raise silent(self._endpoint, request.model) from error
        except _failures() as error:
            raise Failed(self._endpoint, request.model, error, started).leaf() from error


async def _next(answer: Any) -> Any:
    return await anext(answer, None)


def arguments(request: Request, endpoint: Endpoint, litellm: Any) -> dict[str, Any]:
    """What litellm is called with; it never retries, and its hook for tool servers is left out."""
    given: dict[str, Any] = {
        "model": request.model,
        "messages": _with_signatures(request),
        "stream": request.stream,
        "max_tokens": request.max_output,
        "timeout": litellm.httpx.Timeout(endpoint.silence, connect=endpoint.connect),
        "max_retries": 0,
        "num_retries": 0,
        "drop_params": True,
        "_skip_mcp_handler": True,
        **{name: value for name, value in request.options.items() if name not in PRIVATE_OPTIONS},
    }
    optional: dict[str, Any] = {
        "stream_options": {"include_usage": True} if request.stream else None,
        "temperature": request.temperature,
        "stop": list(request.stop) or None,
        "tools": [tool(spec) for spec in request.tools] or None,
        "api_base": endpoint.base_url or None,
        "api_key": endpoint.api_key or None,
        "extra_headers": endpoint.headers or None,
    }
    if "claude" in request.model:
        places = ({"role": "system"}, {"index": -1})
        optional["cache_control_injection_points"] = [{"location": "message", **place} for place in places]
    return given | {name: value for name, value in optional.items() if value is not None}


def _with_signatures(request: Request) -> list[dict[str, object]]:
    """The common form of the history, with signed thinking where there is any."""
    listed = messages(request)
    spoken = [turn for turn in turns(request.messages) if turn.role is Role.ASSISTANT]
    answers = [message for message in listed if message["role"] == "assistant"]
    for turn, message in zip(spoken, answers, strict=True):
        blocks = [_thought(part) for part in turn.parts if isinstance(part, Thinking) and part.signature]
        if blocks:
            message["thinking_blocks"] = blocks
    return listed


def _thought(part: Thinking) -> dict[str, str]:
    if part.signature.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": part.signature.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _thoughts(event: dict[str, Any], *, whole: bool) -> Iterator[ThinkingDelta]:
    """Signed thinking, taken out of the event; a stream repeats the text of a block beside its signature."""
    for choice in (event.get("choices") or [])[:1]:
        holder = choice.get("message" if whole else "delta") or {}
        blocks = holder.get("thinking_blocks") or []
        if not any(block.get("signature") or block.get("data") for block in blocks):
            return
        text = holder.pop("reasoning_content", "")
        if text and not whole:
            yield ThinkingDelta(text)
        for block in blocks:
            if block.get("data"):
                yield ThinkingDelta("", REDACTED + block["data"])
            elif whole or block.get("signature"):
                yield ThinkingDelta(
                    block.get("thinking") or "" if whole else "", block.get("signature") or ""
                )


@lru_cache(maxsize=1)
def load() -> Any:
    """litellm, imported so that it asks no network and reads no `.env`; takes seconds: call it in a thread.

    The collector rests meanwhile: it would cost a fifth of the time and stop the loop for 100 ms.
    """
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    collecting = gc.isenabled()
    gc.disable()
    try:
        import litellm  # heavy: late on purpose
    finally:
        if collecting:
            gc.enable()
    warnings.filterwarnings("ignore", module=r"pydantic\.|litellm\.")
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    litellm.drop_params = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)
    return litellm


@lru_cache(maxsize=1)
def _failures() -> tuple[type[Exception], ...]:
    """Everything that litellm raises: its own classes, those it stands on, and what slips through it."""
    exceptions = load().exceptions
    own = [
        kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    beneath = (exceptions.openai.OpenAIError, exceptions.httpx.HTTPError)
    slipped = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, ImportError)
    return (*own, *beneath, *slipped)


WIRE = LitellmAny
