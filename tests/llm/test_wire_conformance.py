"""One suite for every wire: the same script, the same answer, the same errors."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from loomkin.errors import (
    AuthError,
    BadRequestError,
    ConnectError,
    ContentPolicyError,
    ContextLengthError,
    ModelNotFoundError,
    OverloadedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimeoutExceeded,
    TransientError,
)
from loomkin.llm.history import CLEAN_ID
from loomkin.llm.wire import Delta, FinishReason, TextDelta, Wire
from loomkin.records.message import Image, Text
from loomkin.records.usage import Usage
from tests.fakes.wire_kinds import BY_LITELLM, DIRECT, KEY, LITELLM_MARKS, READ, Kind, hear

KINDS = [
    *(pytest.param(kind, id=kind.id) for kind in DIRECT),
    *(pytest.param(kind, id=kind.id, marks=LITELLM_MARKS) for kind in BY_LITELLM),
]
every_wire = pytest.mark.parametrize("kind", KINDS)
both_ways = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
WORDS = "one two three four five six"


@every_wire
@both_ways
async def test_text_arrives_whole_and_ends_once(kind: Kind, stream: bool) -> None:
    async with kind.server({"text": WORDS}) as server, kind.wire_to(server) as wire:
        heard = await hear(wire, kind.request(stream=stream))
    assert heard.text == WORDS
    assert heard.calls == []
    assert heard.end.reason is FinishReason.STOP
    if stream:
        assert sum(isinstance(delta, TextDelta) for delta in heard.deltas) > 1


@every_wire
@both_ways
async def test_parallel_calls_keep_order_names_and_arguments(kind: Kind, stream: bool) -> None:
    calls = [
        {"name": "read", "arguments": {"path": "src/ä.py", "lines": [1, 2, {"to": None}]}},
        {"name": "read", "arguments": {"path": "b" * 300}},
        {"name": "status", "arguments": {}},
    ]
    async with kind.server({"text": "I look.", "calls": calls}) as server, kind.wire_to(server) as wire:
        heard = await hear(wire, kind.request(stream=stream, tools=(READ,)))
    assert heard.text == "I look."
    assert [name for _, name, _ in heard.calls] == ["read", "read", "status"]
    assert [_json(arguments) for _, _, arguments in heard.calls] == [call["arguments"] for call in calls]
    identities = [identity for identity, _, _ in heard.calls]
    assert len(set(identities)) == 3
    assert all(CLEAN_ID.fullmatch(identity) for identity in identities)
    assert heard.end.reason is FinishReason.TOOL_CALLS


def _json(text: str) -> Any:
    return json.loads(text)


@every_wire
@both_ways
async def test_missing_doubled_and_overlong_ids_become_clean_and_different(kind: Kind, stream: bool) -> None:
    # litellm falls over an Anthropic block without an id, which Anthropic itself never sends
    missing = "other" if kind.id == "litellm-anthropic" else ""
    ids = [missing, "same", "same", "x" * 90, "bad id!"]
    calls = [{"name": "read", "arguments": {"path": str(n)}, "id": raw} for n, raw in enumerate(ids)]
    async with kind.server({"calls": calls}) as server, kind.wire_to(server) as wire:
        heard = await hear(wire, kind.request(stream=stream, tools=(READ,)))
    identities = [identity for identity, _, _ in heard.calls]
    assert [_json(arguments)["path"] for _, _, arguments in heard.calls] == ["0", "1", "2", "3", "4"]
    assert len(set(identities)) == 5
    assert all(CLEAN_ID.fullmatch(identity) for identity in identities)


@every_wire
@both_ways
async def test_usage_counts_cached_tokens_apart(kind: Kind, stream: bool) -> None:
    used = {"input": 11, "output": 7, "cache_read": 6, "reasoning": 3}
    async with kind.server({"text": "x", "usage": used}) as server, kind.wire_to(server) as wire:
        usage = (await hear(wire, kind.request(stream=stream))).end.usage
    expected = {
        "openai": Usage(input=11, output=7, cache_read=6, reasoning=3),
        "anthropic": Usage(input=11, output=7, cache_read=6),
        "ollama": Usage(input=17, output=7),
    }
    assert usage == expected[kind.dialect]


@every_wire
@both_ways
async def test_reasoning_comes_apart_from_the_answer(kind: Kind, stream: bool) -> None:
    step = {"thinking": "first this then that", "signature": "c2ln", "text": "done"}
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        heard = await hear(wire, kind.request(stream=stream))
    assert heard.thinking == "first this then that"
    assert heard.text == "done"
    assert heard.signature == ("c2ln" if kind.dialect == "anthropic" else "")


@every_wire
async def test_the_output_limit_is_a_reason_of_its_own(kind: Kind) -> None:
    async with kind.server({"text": "cut he", "finish": "length"}) as server, kind.wire_to(server) as wire:
        heard = await hear(wire, kind.request())
    assert heard.end.reason is FinishReason.LENGTH


@every_wire
async def test_images_reach_the_server(kind: Kind) -> None:
    picture = Image("image/png", "aGVsbG8=")
    async with kind.server({"text": "a cat"}) as server, kind.wire_to(server) as wire:
        await hear(wire, kind.request(Text("What is it?"), picture))
        [entry] = server.chats
    sent = entry.body["messages"][-1]
    if kind.dialect == "openai":
        assert sent["content"][1]["image_url"]["url"] == "data:image/png;base64,aGVsbG8="
    elif kind.dialect == "anthropic":
        source = {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}
        assert sent["content"][1]["source"] == source
    else:
        assert sent["images"] == ["aGVsbG8="]


STATUSES: list[tuple[dict[str, Any], type[ProviderError]]] = [
    ({"status": 400, "message": "tools.0 is malformed"}, BadRequestError),
    ({"status": 401, "message": "invalid key"}, AuthError),
    ({"status": 403, "message": "not for you"}, AuthError),
    ({"status": 404, "message": "model 'fake-model' not found"}, ModelNotFoundError),
    ({"status": 400, "message": "prompt is too long: 9 tokens > 5 maximum"}, ContextLengthError),
    ({"status": 400, "message": "refused by our content policy"}, ContentPolicyError),
    ({"status": 429, "message": "slow down"}, RateLimitError),
    ({"status": 500, "message": "it broke"}, ServerError),
    ({"status": 503, "message": "no room"}, OverloadedError),
    ({"status": 529, "message": "Overloaded"}, OverloadedError),
]


@every_wire
@pytest.mark.parametrize(("fault", "leaf"), STATUSES, ids=lambda value: str(value)[:60])
async def test_each_status_has_its_error(
    kind: Kind, fault: dict[str, Any], leaf: type[ProviderError]
) -> None:
    async with kind.server({"fault": "status", **fault}) as server, kind.wire_to(server) as wire:
        with pytest.raises(ProviderError) as caught:
            await hear(wire, kind.request())
        assert len(server.chats) == 1, "a wire never tries again by itself"
    assert type(caught.value) is leaf
    assert f"127.0.0.1:{server.url.rsplit(':', 1)[1]}" in caught.value.message
    assert fault["message"] in caught.value.message
    assert caught.value.hint
    assert KEY not in str(caught.value)


@every_wire
async def test_a_rate_limit_says_how_long_to_wait(kind: Kind) -> None:
    step = {"fault": "status", "status": 429, "headers": {"retry-after": "7"}}
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        with pytest.raises(RateLimitError) as caught:
            await hear(wire, kind.request())
    assert caught.value.retry_after == 7.0


@every_wire
async def test_a_web_page_in_place_of_an_answer_is_shown_as_words(kind: Kind) -> None:
    page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    step = {"fault": "status", "status": 502, "body": page}
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        with pytest.raises(ServerError) as caught:
            await hear(wire, kind.request())
    assert "502 Bad Gateway" in caught.value.message
    assert "<" not in caught.value.message


@every_wire
@both_ways
async def test_a_server_that_stays_silent_times_out(kind: Kind, stream: bool) -> None:
    async with kind.server({"fault": "stall"}) as server, kind.wire_to(server, silence=0.4) as wire:
        with pytest.raises(TimeoutExceeded, match=r"sent no byte for 0\.4 s"):
            await hear(wire, kind.request(stream=stream))
        await server.until(lambda chats: chats[0].closed_early)


@every_wire
async def test_an_answer_that_falls_silent_in_the_middle_times_out(kind: Kind) -> None:
    step = {"fault": "stall", "events": 5, "text": WORDS}
    heard: list[Delta] = []

    async def read(wire: Wire) -> None:
        async for delta in wire.stream(kind.request()):
            heard.append(delta)

    async with kind.server(step) as server, kind.wire_to(server, silence=0.4) as wire:
        with pytest.raises(TimeoutExceeded):
            await read(wire)
        await server.until(lambda chats: chats[0].closed_early)
    assert any(isinstance(delta, TextDelta) for delta in heard)


@every_wire
async def test_a_stream_cut_in_the_middle_is_no_answer(kind: Kind) -> None:
    step = {"fault": "cut", "events": 5, "text": WORDS}
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        with pytest.raises(StreamCutError):
            await hear(wire, kind.request())


@every_wire
async def test_a_whole_answer_cut_in_the_middle_may_be_tried_again(kind: Kind) -> None:
    async with kind.server({"fault": "cut", "text": WORDS}) as server, kind.wire_to(server) as wire:
        with pytest.raises(TransientError):
            await hear(wire, kind.request(stream=False))


@every_wire
@both_ways
@pytest.mark.parametrize("fault", ["garbage", "invalid_json"])
async def test_an_answer_in_no_known_form_breaks_the_protocol(kind: Kind, stream: bool, fault: str) -> None:
    async with kind.server({"fault": fault}) as server, kind.wire_to(server) as wire:
        with pytest.raises(ProtocolError):
            await hear(wire, kind.request(stream=stream))


@every_wire
@both_ways
async def test_a_server_that_hangs_up_may_be_tried_again(kind: Kind, stream: bool) -> None:
    async with kind.server({"fault": "disconnect"}) as server, kind.wire_to(server) as wire:
        with pytest.raises(ConnectError):
            await hear(wire, kind.request(stream=stream))


@every_wire
async def test_an_error_inside_the_stream_has_its_own_leaf(kind: Kind) -> None:
    step = {
        "fault": "stream_error",
        "events": 4,
        "text": WORDS,
        "message": "Overloaded",
        "code": "overloaded_error",
    }
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        with pytest.raises(OverloadedError, match="Overloaded"):
            await hear(wire, kind.request())


@every_wire
async def test_cancelling_the_reader_closes_the_connection_at_once(kind: Kind) -> None:
    step = {"fault": "stall", "events": 5, "text": WORDS}
    begun = asyncio.Event()

    async with kind.server(step) as server, kind.wire_to(server) as wire:

        async def read() -> None:
            async for delta in wire.stream(kind.request()):
                if isinstance(delta, TextDelta):
                    begun.set()

        async with asyncio.TaskGroup() as group:
            reader = group.create_task(read())
            await begun.wait()
            reader.cancel()
        async with asyncio.timeout(5):
            await server.until(lambda chats: chats[0].closed_early)


@every_wire
async def test_a_stream_that_is_closed_early_closes_the_connection(kind: Kind) -> None:
    step = {"fault": "stall", "events": 5, "text": WORDS}
    async with kind.server(step) as server, kind.wire_to(server) as wire:
        stream = wire.stream(kind.request())
        async with aclosing(stream):  # type: ignore[type-var]
            async for delta in stream:
                if isinstance(delta, TextDelta):
                    break
        async with asyncio.timeout(5):
            await server.until(lambda chats: chats[0].closed_early)


@every_wire
async def test_a_wire_works_again_after_a_cancelled_answer(kind: Kind) -> None:
    steps = ({"fault": "stall"}, {"text": "second"})
    async with kind.server(*steps) as server, kind.wire_to(server, silence=30) as wire:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(hear(wire, kind.request()))
            await server.until(lambda chats: len(chats) == 1)
            first.cancel()
        assert (await hear(wire, kind.request())).text == "second"


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in DIRECT])
async def test_answers_one_after_another_use_one_connection(kind: Kind) -> None:
    async with kind.server({"text": WORDS, "repeat": 6}) as server, kind.wire_to(server) as wire:
        for stream in (True, False, True, True, False, True):
            await hear(wire, kind.request(stream=stream))
        assert server.sockets == 1


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in DIRECT])
async def test_many_answers_at_once_do_not_mix(kind: Kind) -> None:
    steps = {f"A{n}": [{"text": f"I am A{n}"}] for n in range(30)}
    async with kind.server() as server, kind.wire_to(server) as wire:
        for agent, queue in steps.items():
            server.steps.add(*queue, agent=agent)  # type: ignore[union-attr]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(hear(wire, kind.request(system=f"You are A{n}, the coder of x.")))
                for n in range(30)
            ]
    assert [task.result().text for task in tasks] == [f"I am A{n}" for n in range(30)]
