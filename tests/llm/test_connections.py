"""Connections are used again when clean, replaced when they died in the meantime, and closed in time."""

import asyncio

import pytest

from loomkin.errors import ConnectError, StreamCutError, TimeoutExceeded
from loomkin.llm.connections import Connections
from loomkin.llm.transport import Response
from loomkin.llm.wire import Endpoint
from tests.fakes.raw_server import HANG, RESET, RawServer, answering, handling, read_request

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CLOSE = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"


async def fetched(connections: Connections, server: RawServer, content: bytes | None = b"{}") -> bytes:
    response = await connections.send("POST", f"{server.url}/x", {}, content)
    try:
        return await whole(response)
    finally:
        await response.aclose()


async def whole(response: Response) -> bytes:
    return b"".join([piece async for piece in response])


async def test_one_connection_carries_requests_one_after_another() -> None:
    async with answering([OK] * 3) as server:
        connections = Connections(Endpoint(server.url))
        assert [await fetched(connections, server) for _ in range(3)] == [b"{}"] * 3
        await connections.aclose()
    assert server.accepted == 1


async def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    async with answering([OK, OK]) as server:
        connections = Connections(Endpoint(server.url))
        for _ in range(2):
            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(fetched(connections, server))
        await connections.aclose()
    assert server.accepted == 20


@pytest.mark.parametrize(
    "answer",
    [CLOSE, OK + b"\r\n", OK + OK, b"HTTP/1.0 200 OK\r\n\r\n{}"],
    ids=["close", "line", "two", "1.0"],
)
async def test_a_connection_that_is_not_clean_is_not_used_again(answer: bytes) -> None:
    async with answering([answer, OK] if b"1.0" not in answer else [answer]) as server:
        connections = Connections(Endpoint(server.url))
        assert (await fetched(connections, server))[:2] == b"{}"
        assert (await fetched(connections, server))[:2] == b"{}"
        await connections.aclose()
    assert server.accepted == 2


async def test_a_connection_is_closed_when_its_answer_is_left_early() -> None:
    async with answering([HALF, HANG]) as server:
        connections = Connections(Endpoint(server.url))
        response = await connections.send("GET", server.url, {}, None)
        await response.aclose()
        await server.left.wait()
        await connections.aclose()


async def test_an_answer_that_has_come_whole_but_was_not_read_leaves_the_connection_clean() -> None:
    async with answering([OK, OK]) as server:
        connections = Connections(Endpoint(server.url))
        response = await connections.send("GET", server.url, {}, None)
        await response.aclose()
        assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert server.accepted == 1


async def test_a_connection_that_was_idle_too_long_is_not_used_again() -> None:
    async with answering([OK, OK]) as server:
        connections = Connections(Endpoint(server.url), keep_alive=0.0)
        await fetched(connections, server)
        await fetched(connections, server)
        await connections.aclose()
    assert server.accepted == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    async with answering([OK], [OK]) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        await server.left.wait()
        assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert server.accepted == 2


async def closing_on_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The race of keep-alive: the request is on its way while the server closes."""
    await read_request(reader)
    writer.write(OK)
    await reader.readexactly(1)


async def test_a_kept_connection_that_dies_before_a_byte_of_the_answer_is_replaced_once() -> None:
    async with handling(closing_on_the_second) as server:
        connections = Connections(Endpoint(server.url))
        for _ in range(4):
            assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert server.accepted == 4


async def test_several_dead_connections_cost_one_try_only() -> None:
    async with handling(closing_on_the_second) as server:
        connections = Connections(Endpoint(server.url))
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(fetched(connections, server))
        assert server.accepted == 5
        assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert server.accepted == 6


@pytest.mark.parametrize("second", [RESET, b""], ids=["reset", "closed"])
async def test_the_fresh_connection_that_replaced_a_dead_one_is_not_replaced(second: bytes) -> None:
    async with answering([OK, second], [second]) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        with pytest.raises(ConnectError, match="before it answered"):
            await fetched(connections, server)
        await connections.aclose()
    assert server.accepted == 2
    assert len(server.requests) == 3


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", HALF])
async def test_a_request_is_not_sent_again_once_a_byte_of_its_answer_has_come(begun: bytes) -> None:
    async with answering([OK, begun], [OK]) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        with pytest.raises((ConnectError, StreamCutError)):
            await fetched(connections, server)
        await connections.aclose()
    assert len(server.requests) == 2


async def test_a_request_is_not_sent_again_after_silence() -> None:
    async with answering([OK, HANG], [OK]) as server:
        connections = Connections(Endpoint(server.url, silence=0.2))
        await fetched(connections, server)
        with pytest.raises(TimeoutExceeded):
            await fetched(connections, server)
        await connections.aclose()
    assert server.accepted == 1


async def test_what_a_server_says_unasked_ends_the_connection() -> None:
    spoke = asyncio.Event()

    async def timed_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await spoke.wait()
        writer.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        await reader.read()

    async with handling(timed_out) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        spoke.set()
        await server.left.wait()
        assert await fetched(connections, server) == b"{}"
        await connections.aclose()


async def test_cancelling_closes_the_connection_wherever_it_is() -> None:
    for begun in (b"", b"HTTP/1.1 200", HALF):
        async with answering([begun, HANG]) as server:
            connections = Connections(Endpoint(server.url))
            async with asyncio.TaskGroup() as group:
                task = group.create_task(fetched(connections, server))
                await server.heard.wait()
                task.cancel()
            await server.left.wait()
            await connections.aclose()


async def test_closing_all_ends_answers_that_are_still_coming() -> None:
    async with answering([b"HTTP/1.1 200 OK\r\n\r\n{", HANG]) as server:
        connections = Connections(Endpoint(server.url))
        response = await connections.send("GET", server.url, {}, None)
        reading, _ = await asyncio.gather(whole(response), connections.aclose(), return_exceptions=True)
        assert type(reading) is StreamCutError
        await response.aclose()
        await server.left.wait()


async def test_closing_all_does_not_send_a_request_again() -> None:
    async with answering([OK, HANG], [OK]) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        asking, _ = await asyncio.gather(
            fetched(connections, server), connections.aclose(), return_exceptions=True
        )
        assert type(asking) is ConnectError
        await server.left.wait()
    assert server.accepted == 1


async def test_an_answer_that_was_given_up_cannot_be_read_from_the_next_one() -> None:
    async with answering([OK, OK]) as server:
        connections = Connections(Endpoint(server.url))
        first = await connections.send("GET", server.url, {}, None)
        await first.aclose()
        second = await connections.send("GET", server.url, {}, None)
        with pytest.raises(StreamCutError):
            await whole(first)
        assert await whole(second) == b"{}"
        await second.aclose()
        await connections.aclose()
    assert server.accepted == 1


async def test_after_closing_all_a_request_opens_a_new_connection() -> None:
    async with answering([OK, OK]) as server:
        connections = Connections(Endpoint(server.url))
        await fetched(connections, server)
        await connections.aclose()
        await connections.aclose()
        assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert server.accepted == 2


async def test_addresses_of_another_origin_have_their_own_connections() -> None:
    async with answering([OK, OK]) as one, answering([OK, OK]) as other:
        connections = Connections(Endpoint(one.url))
        for server in (one, other, one, other):
            assert await fetched(connections, server) == b"{}"
        await connections.aclose()
    assert (one.accepted, other.accepted) == (1, 1)
