"""Whatever a server does, the client gives an answer or an error of our own, over both transports."""

import asyncio
import gzip
import json
import socket
import ssl
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from loomkin.errors import (
    BadRequestError,
    ConnectError,
    ContextLengthError,
    LoomkinError,
    ProtocolError,
    ServerError,
    StreamCutError,
    TimeoutExceeded,
    TlsError,
)
from loomkin.llm import tls
from loomkin.llm.connections import Connections, reason_of
from loomkin.llm.http import Http
from loomkin.llm.http_library import load
from loomkin.llm.http_proxied import ProxiedConnections
from loomkin.llm.transport import Transport
from loomkin.llm.wire import Endpoint
from tests.fakes.raw_server import HANG, RESET, RawServer, answering, handling, read_request

Opener = Callable[[Endpoint], Transport]
both = pytest.mark.parametrize("opener", [Connections, ProxiedConnections], ids=["ours", "library"])
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
TRUE = {"ok": True}
BODY = b'{"ok": true}'
LENGTH = b"content-length: 12\r\n"


def deflated(data: bytes, *, bare: bool) -> bytes:
    stream = zlib.compressobj(wbits=-15 if bare else 15)
    return stream.compress(data) + stream.flush()


def packed(encoding: bytes, data: bytes) -> bytes:
    return OK + b"content-encoding: %b\r\ncontent-length: %d\r\n\r\n%b" % (encoding, len(data), data)


async def ask(server: RawServer, opener: Opener = Connections, **limits: float) -> object:
    http = Http(endpoint := Endpoint(server.url, **limits), opener(endpoint))
    try:
        return await http.get(f"{server.url}/v1/models", {})
    finally:
        await http.aclose()


async def refused(server: RawServer, opener: Opener = Connections, **limits: float) -> LoomkinError:
    with pytest.raises(LoomkinError) as caught:
        await ask(server, opener, **limits)
    assert caught.value.hint
    return caught.value


GOOD = {
    "length": OK + LENGTH + b"\r\n" + BODY,
    "chunks": CHUNKED + b'5;x="y"\r\n{"ok"\r\n7\r\n: true}\r\n0\r\nx-trailer: 1\r\n\r\n',
    "to the end": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "to the end of 1.1": OK + b"\r\n" + BODY,
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\na: b\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
    "gzip": packed(b"gzip", gzip.compress(BODY)),
    "deflate": packed(b"deflate", deflated(BODY, bare=False)),
    "bare deflate": packed(b"Deflate", deflated(BODY, bare=True)),
    "identity": packed(b"identity", BODY),
    "bare line feeds": b"HTTP/1.1 200 OK\ncontent-length: 12\n\n" + BODY,
    "more than promised": OK + LENGTH + b"\r\n" + BODY + b"trash",
}  # fmt: skip


@both
@pytest.mark.parametrize("name", GOOD)
async def test_an_answer_is_read_in_every_form(name: str, opener: Opener) -> None:
    async with answering([GOOD[name]]) as server:
        assert await ask(server, opener) == TRUE


BAD: dict[str, tuple[bytes, type[LoomkinError], str]] = {
    "garbage": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", ProtocolError, "does not speak HTTP"),
    "half a head": (OK + b"content-", ConnectError, "before it answered"),
    "nothing": (b"", ConnectError, "before it answered"),
    "cut body": (OK + LENGTH + b'\r\n{"ok"', StreamCutError, "in the middle"),
    "cut chunk": (CHUNKED + b'c\r\n{"ok"', StreamCutError, "in the middle"),
    "no last chunk": (CHUNKED + b"c\r\n" + BODY + b"\r\n", StreamCutError, "in the middle"),
    "bad chunk": (CHUNKED + b"zz\r\n", ProtocolError, "does not speak HTTP"),
    "two lengths": (OK + LENGTH + b"content-length: 13\r\n\r\n", ProtocolError, "does not speak HTTP"),
    "long head": (OK + b"x: " + b"y" * 300_000, ProtocolError, "does not speak HTTP"),
    "redirect": (
        b"HTTP/1.1 302 Found\r\nlocation: http://evil.test/\r\ncontent-length: 0\r\n\r\n",
        ProtocolError,
        "redirects to http://evil.test/",
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", ProtocolError, "answered 204"),
    "not packed": (packed(b"gzip", b"not gzip at all"), ProtocolError, "broke the HTTP protocol"),
    "a refusal": (
        b'HTTP/1.1 500 Oops\r\ncontent-length: 18\r\n\r\n{"error":"it hurt"',
        ServerError,
        "answered 500",
    ),
    "a cut refusal": (b'HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\n{"err', ServerError, "answered 500"),
    "no object": (OK + b"content-length: 2\r\n\r\n[]", ProtocolError, "not a JSON object"),
}


@both
@pytest.mark.parametrize("name", BAD)
async def test_a_broken_answer_has_its_leaf_and_words(name: str, opener: Opener) -> None:
    raw, leaf, words = BAD[name]
    async with answering([raw]) as server:
        error = await refused(server, opener)
    assert type(error) is leaf
    assert words in error.message
    assert f"127.0.0.1:{server.port}" in error.message


@both
async def test_a_reset_is_told_before_and_within_the_answer(opener: Opener) -> None:
    async with answering([RESET]) as server:
        assert type(await refused(server, opener)) is ConnectError
    received = asyncio.Event()

    async def reset_within(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK + b'content-length: 99\r\n\r\n{"a"')
        await received.wait()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with handling(reset_within) as server:
        connections = opener(Endpoint(server.url))
        response = await connections.send("GET", server.url, {}, None)
        received.set()
        with pytest.raises(StreamCutError):
            assert [piece async for piece in response] == []
        await response.aclose()
        await connections.aclose()


@both
@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 2", OK + LENGTH + b'\r\n{"ok"', CHUNKED + b"5"])
async def test_silence_ends_an_answer_wherever_it_is(begun: bytes, opener: Opener) -> None:
    async with answering([begun, HANG]) as server:
        error = await refused(server, opener, silence=0.2)
        await server.left.wait()
    assert type(error) is TimeoutExceeded
    assert "sent no byte for 0.2 s" in error.message


async def test_bytes_now_and_then_are_no_silence() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in GOOD["chunks"]:
            writer.write(bytes([byte]))
            await asyncio.wait({loop.create_future()}, timeout=0.01)

    async with handling(drip) as server:
        assert await ask(server, silence=0.4) == TRUE
    assert loop.time() - began > 0.4


@both
async def test_a_server_that_takes_nothing_is_silent_too(opener: Opener) -> None:
    async with handling(_never_read) as server:
        http = Http(endpoint := Endpoint(server.url, silence=0.3), opener(endpoint))
        with pytest.raises(TimeoutExceeded):
            async with http.post(server.url, {"text": "x" * 30_000_000}, {}, "m"):
                pass
        await http.aclose()


async def _never_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.Event().wait()


async def test_a_large_request_arrives_whole() -> None:
    payload = {"text": "0123456789" * 1_000_000}
    async with answering([OK + LENGTH + b"\r\n" + BODY] * 2) as server:
        http = Http(Endpoint(server.url))
        for _ in range(2):
            async with http.post(server.url, payload, {}, "m") as answer:
                assert await answer.body() == TRUE
        await http.aclose()
    assert server.accepted == 1
    for request in server.requests:
        assert json.loads(request.partition(b"\r\n\r\n")[2]) == payload


async def test_a_refusal_is_heard_while_the_request_is_still_being_sent() -> None:
    async def too_large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await asyncio.Event().wait()

    async with handling(too_large) as server:
        http = Http(Endpoint(server.url))
        with pytest.raises(ContextLengthError):
            async with http.post(server.url, {"text": "x" * 30_000_000}, {}, "m"):
                pass
        assert http._transport._idle == {}  # type: ignore[union-attr]
        await http.aclose()


async def test_an_answer_is_had_without_loading_any_http_library() -> None:
    code = (
        "import asyncio, sys\n"
        "from loomkin.llm.http import Http\n"
        "from loomkin.llm.wire import Endpoint\n"
        "print(asyncio.run(Http(Endpoint(sys.argv[1])).get(sys.argv[1], {})))\n"
        "unwanted = {'httpx2', 'httpcore2', 'h11', 'anyio', 'email', 'http', 'idna', 'truststore', 'zlib'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    async with answering([GOOD["chunks"]]) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, server.url, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
    assert printed.decode().splitlines() == [str(TRUE), "[]"]


# --- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "more", "words"),
    [
        (OK, b"x: y\r\n" * 1000, "headers"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, "without end"),
        (CHUNKED + b"0\r\n", b"x: y\r\n" * 1000, "longer than"),
        (CHUNKED + b"5;", b"x" * 4000, "longer than"),
    ],
)
async def test_a_head_without_end_is_refused(begin: bytes, more: bytes, words: str) -> None:
    async with handling(_endless(begin, more)) as server:
        error = await refused(server)
        await server.left.wait()
    assert type(error) is ProtocolError
    assert words in error.message


def _endless(begin: bytes, more: bytes) -> Callable[..., object]:
    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(begin)
        while True:
            writer.write(more)
            await writer.drain()

    return send  # type: ignore[return-value]


@both
async def test_a_body_without_end_is_refused(opener: Opener) -> None:
    async with handling(_endless(OK + b"\r\n", b" " * 1_000_000)) as server:  # type: ignore[arg-type]
        assert "longer than 64 MiB" in (await refused(server, opener)).message


@both
async def test_a_small_body_that_unpacks_without_end_is_refused(opener: Opener) -> None:
    async with answering([packed(b"gzip", gzip.compress(b" " * 90_000_000, 1))]) as server:
        assert "longer than 64 MiB" in (await refused(server, opener)).message


async def test_what_follows_a_packed_body_is_not_kept() -> None:
    async with answering([packed(b"gzip", gzip.compress(BODY) + b"trash" * 100_000)]) as server:
        assert await ask(server) == TRUE


async def test_a_packed_body_may_come_byte_by_byte_and_must_be_whole() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK + b"content-encoding: deflate\r\n\r\n")
        for byte in deflated(BODY, bare=True):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async with handling(drip) as server:
        assert await ask(server) == TRUE
    for part in (gzip.compress(BODY)[:-9], b"\x1f"):
        async with answering([packed(b"gzip", part)]) as server:
            assert type(await refused(server)) is StreamCutError


async def test_an_encoding_that_was_not_asked_for_is_named() -> None:
    async with answering([packed(b"br", b"xxxx")]) as server:
        error = await refused(server)
    assert type(error) is ProtocolError
    assert "'br'" in error.message


async def test_a_server_is_held_back_while_nobody_reads() -> None:
    sent = 0
    stuck = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_request(reader)
        writer.write(OK + b"\r\n")
        try:
            while True:
                writer.write(b"x" * 100_000)
                async with asyncio.timeout(0.3):
                    await writer.drain()
                sent += 100_000
        finally:
            stuck.set()

    async with handling(flood) as server:
        http = Http(Endpoint(server.url))
        async with http.post(server.url, {}, {}, "m"):
            await stuck.wait()
        await http.aclose()
    assert sent < 20_000_000


# --- connections that do not come about ------------------------------------------------------------


@both
async def test_a_closed_port_is_refused(opener: Opener) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await refused(RawServer(taken.getsockname()[1]), opener)
    assert type(error) is ConnectError
    assert "cannot be reached" in error.message
    assert opener is ProxiedConnections or error.message.endswith("connection refused")


@both
async def test_a_server_that_does_not_accept_ends_in_time(opener: Opener) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        error = await refused(RawServer(deaf.getsockname()[1]), opener, connect=0.2)
        for one in waiting:
            one.close()
    assert type(error) is ConnectError
    assert "did not accept a connection in 0.2 s" in error.message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 9)"), "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 9, 0, 0), "
                 "[Errno 113] Connect call failed ('127.0.0.1', 9)"), "connection refused, no route to host"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (ConnectionResetError(), "it closed the connection during the TLS handshake"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
         "it closed the connection during the TLS handshake"),
        (OSError("something else"), "something else"),
    ],
)  # fmt: skip
def test_why_no_connection_came_about_is_told_without_numbers(error: OSError, words: str) -> None:
    assert reason_of(error) == words


@both
@pytest.mark.parametrize("url", ["http://a..b/", f"http://{'x' * 64}.test/"])
async def test_a_name_that_can_be_no_host_is_the_persons_to_mend(url: str, opener: Opener) -> None:
    http = Http(endpoint := Endpoint(url), opener(endpoint))
    with pytest.raises((BadRequestError, ConnectError)) as caught:
        await http.get(url, {})
    assert opener is ProxiedConnections or type(caught.value) is BadRequestError
    await http.aclose()


async def test_an_extra_header_that_cannot_be_sent_is_the_persons_to_mend() -> None:
    http = Http(Endpoint("http://127.0.0.1:9", headers={"x y": "1"}))
    with pytest.raises(BadRequestError, match="no name of a header"):
        await http.get("http://127.0.0.1:9/", {})


async def test_a_server_that_speaks_first_is_not_http() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        await asyncio.Event().wait()

    async with handling(greet) as server:
        error = await refused(server)
    assert type(error) is ProtocolError
    assert "220 mail.test" in error.message


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
async def test_ipv6_is_spoken() -> None:
    async with answering([GOOD["length"]], host="::1") as server:
        http = Http(Endpoint(url := f"http://[::1]:{server.port}"))
        assert await http.get(url, {}) == TRUE
        await http.aclose()
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


async def test_localhost_is_found_on_whichever_address_it_listens() -> None:
    async with answering([GOOD["length"]]) as server:
        http = Http(Endpoint(url := f"http://localhost:{server.port}"))
        assert await http.get(url, {}) == TRUE
        await http.aclose()
    assert f"Host: localhost:{server.port}\r\n".encode() in server.requests[0]


# --- TLS -------------------------------------------------------------------------------------------


def certified(authority: trustme.CA, name: str = "127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
    begin = datetime(2019, 1, 1, tzinfo=UTC) if expired else None
    authority.issue_cert(name, not_after=until, not_before=begin).configure_cert(context)
    return context


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@both
async def test_a_trusted_server_is_spoken_to(authority: trustme.CA, opener: Opener) -> None:
    for name in ("length", "to the end", "chunks"):
        async with answering([GOOD[name]], tls=certified(authority)) as server:
            assert await ask(server, opener) == TRUE


@both
@pytest.mark.parametrize(
    ("trouble", "words"),
    [("untrusted", "self-signed"), ("another host", "mismatch"), ("expired", "expired")],
)
async def test_a_certificate_that_is_not_right_is_told(
    trouble: str, words: str, authority: trustme.CA, opener: Opener
) -> None:
    context = {
        "untrusted": certified(trustme.CA()),
        "another host": certified(authority, "other.test"),
        "expired": certified(authority, expired=True),
    }[trouble]
    async with answering([GOOD["length"]], tls=context) as server:
        error = await refused(server, opener)
    assert type(error) is TlsError
    assert words in error.message or trouble == "untrusted"
    assert "SSL_CERT_FILE" in error.hint
    assert server.requests == []


@both
async def test_a_handshake_that_does_not_go_on_ends_in_time(opener: Opener) -> None:
    async with answering([HANG]) as server:
        server.secure = True
        error = await refused(server, opener, connect=0.3)
        await server.left.wait()
    assert type(error) is ConnectError
    assert "did not accept a connection in 0.3 s" in error.message


async def test_a_handshake_that_is_cut_says_so(authority: trustme.CA) -> None:
    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(5)

    async with handling(hang_up) as server:
        server.secure = True
        error = await refused(server)
    assert type(error) is ConnectError
    assert "TLS handshake" in error.message


@both
async def test_a_cut_under_tls_is_a_cut(authority: trustme.CA, opener: Opener) -> None:
    for raw in (b"", OK + LENGTH + b'\r\n{"ok"'):
        async with answering([raw], tls=certified(authority)) as server:
            assert type(await refused(server, opener)) in (ConnectError, StreamCutError)


async def test_plain_words_to_a_tls_server_say_what_to_do(authority: trustme.CA) -> None:
    async with answering([GOOD["length"]], tls=certified(authority)) as server:
        server.secure = False
        error = await refused(server)
    assert type(error) in (ProtocolError, ConnectError)


async def test_requests_under_tls_share_a_connection_and_may_be_large(authority: trustme.CA) -> None:
    payload = {"text": "0123456789" * 1_000_000}
    async with answering([GOOD["length"], GOOD["chunks"]], tls=certified(authority)) as server:
        http = Http(Endpoint(server.url))
        for _ in range(2):
            async with http.post(server.url, payload, {}, "m") as answer:
                assert await answer.body() == TRUE
        await http.aclose()
    assert server.accepted == 1
    assert [json.loads(one.partition(b"\r\n\r\n")[2]) for one in server.requests] == [payload] * 2


async def test_a_server_under_tls_that_takes_nothing_is_silent_and_can_be_left(authority: trustme.CA) -> None:
    async with handling(_never_read, tls=certified(authority)) as server:
        http = Http(Endpoint(server.url, silence=0.3))
        with pytest.raises(TimeoutExceeded):
            async with http.post(server.url, {"text": "x" * 30_000_000}, {}, "m"):
                pass
        await http.aclose()


async def test_a_kept_connection_under_tls_that_died_is_replaced(authority: trustme.CA) -> None:
    async with answering([GOOD["length"]], [GOOD["length"]], tls=certified(authority)) as server:
        http = Http(Endpoint(server.url))
        assert [await http.get(server.url, {}) for _ in range(2)] == [TRUE, TRUE]
        await http.aclose()
    assert server.accepted == 2


def test_the_authorities_of_the_system_are_those_that_the_library_trusts(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> None:
    for file, folder in ((str(tmp_path / "ca.pem"), ""), ("", str(tmp_path)), ("", "")):
        monkeypatch.setenv("SSL_CERT_FILE", file)
        monkeypatch.setenv("SSL_CERT_DIR", folder)
        ours, theirs = tls.authorities(), load().create_ssl_context()
        assert ours.cert_store_stats() == theirs.cert_store_stats()
        assert (ours.verify_mode, ours.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert ours.verify_flags == theirs.verify_flags
        assert ours.minimum_version == theirs.minimum_version
