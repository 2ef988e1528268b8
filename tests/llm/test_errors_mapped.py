"""Every exception of the libraries below, and every HTTP status, ends as a leaf of our tree with a mend."""

import asyncio
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loomkin import errors
from loomkin.errors import (
    AuthError,
    BadRequestError,
    ConnectError,
    ContentPolicyError,
    ContextLengthError,
    LoomkinError,
    ModelNotFoundError,
    OverloadedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimeoutExceeded,
    TlsError,
    TransientError,
)
from loomkin.llm import tls
from loomkin.llm.connection_failures import from_transport
from loomkin.llm.failures import from_payload, from_status, retry_after
from loomkin.llm.litellm_failures import Failed
from loomkin.llm.wire import Endpoint
from loomkin.llm.wires.openai_chat import OpenAIChat
from tests.fakes.model_server import ModelServer
from tests.fakes.wire_kinds import BY_LITELLM, DIRECT, KEY, LITELLM_MARKS, Kind, hear

HERE = Endpoint("https://api.example.test/v1", KEY)
LEAVES = {
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ProviderError) and not kind.__subclasses__()
}
direct = pytest.mark.parametrize("kind", DIRECT, ids=lambda kind: kind.id)


def with_litellm(test: Any) -> Any:
    for mark in LITELLM_MARKS:
        test = mark(test)
    return test


def is_leaf(error: LoomkinError) -> bool:
    return type(error) in LEAVES


# --- the HTTP client -------------------------------------------------------------------------------

TRANSPORT = {
    "CloseError": ConnectError,
    "ConnectError": ConnectError,
    "ConnectTimeout": ConnectError,
    "CookieConflict": ProtocolError,
    "DecodingError": ProtocolError,
    "HTTPError": ConnectError,
    "HTTPStatusError": ConnectError,
    "InvalidURL": BadRequestError,
    "LocalProtocolError": BadRequestError,
    "NetworkError": ConnectError,
    "PoolTimeout": TimeoutExceeded,
    "ProtocolError": ProtocolError,
    "ProxyError": ConnectError,
    "ReadError": ConnectError,
    "ReadTimeout": TimeoutExceeded,
    "RemoteProtocolError": ConnectError,
    "RequestError": ConnectError,
    "RequestNotRead": ProtocolError,
    "ResponseNotRead": ProtocolError,
    "SSEError": ProtocolError,
    "StreamClosed": ProtocolError,
    "StreamConsumed": ProtocolError,
    "StreamError": ProtocolError,
    "TimeoutException": TimeoutExceeded,
    "TooManyRedirects": ProtocolError,
    "TransportError": ConnectError,
    "UnsupportedProtocol": BadRequestError,
    "WriteError": ConnectError,
    "WriteTimeout": TimeoutExceeded,
}
IN_THE_MIDDLE = {"CloseError", "ReadError", "RemoteProtocolError", "WriteError"}


def transport_error(kind: type[Exception]) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "the server disconnected")
    return error


def test_every_exception_of_httpx2_has_a_leaf() -> None:
    import httpx2

    theirs = {
        name: kind
        for name, kind in vars(httpx2).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert set(theirs) == set(TRANSPORT), "httpx2 has other exceptions now: map them"
    for name, kind in theirs.items():
        before = from_transport(HERE, transport_error(kind), started=False)
        assert type(before) is TRANSPORT[name], name
        assert "api.example.test" in before.message
        assert before.hint or type(before) is ProviderError, name
        within = from_transport(HERE, transport_error(kind), started=True)
        assert type(within) is (StreamCutError if name in IN_THE_MIDDLE else TRANSPORT[name]), name


def test_words_of_the_http_client_never_show_the_key() -> None:
    import httpx2

    error = from_transport(HERE, httpx2.LocalProtocolError(f"bad header Bearer {KEY}"), started=False)
    assert KEY not in str(error)


# --- litellm ---------------------------------------------------------------------------------------

BY_NAME = {
    "APIConnectionError": ConnectError,
    "APIError": ServerError,
    "APIResponseValidationError": ProtocolError,
    "AuthenticationError": AuthError,
    "BadGatewayError": ServerError,
    "BadRequestError": BadRequestError,
    "BlockedPiiEntityError": ContentPolicyError,
    "BudgetExceededError": BadRequestError,
    "ContentPolicyViolationError": ContentPolicyError,
    "ContextWindowExceededError": ContextLengthError,
    "GuardrailRaisedException": ContentPolicyError,
    "ImageFetchError": BadRequestError,
    "InternalServerError": ServerError,
    "InvalidRequestError": BadRequestError,
    "JSONSchemaValidationError": ProtocolError,
    "LiteLLMUnknownProvider": ModelNotFoundError,
    "MidStreamFallbackError": OverloadedError,
    "MockException": ServerError,
    "ModelNotMappedError": ModelNotFoundError,
    "ModifyResponseException": ContentPolicyError,
    "NotFoundError": ModelNotFoundError,
    "OpenAIError": ServerError,
    "PermissionDeniedError": AuthError,
    "RateLimitError": RateLimitError,
    "RejectedRequestError": BadRequestError,
    "SensitiveDataRouteException": ContentPolicyError,
    "ServiceUnavailableError": OverloadedError,
    "Timeout": TimeoutExceeded,
    "UnprocessableEntityError": BadRequestError,
    "UnsupportedParamsError": BadRequestError,
    "VectorStoreSearchError": BadRequestError,
}


@with_litellm
def test_every_exception_of_litellm_has_a_leaf() -> None:
    from loomkin.llm.wires.litellm_any import load

    theirs = {
        name: kind
        for name, kind in vars(load().exceptions).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert set(theirs) == set(BY_NAME), "litellm has other exceptions now: map them"
    for name, kind in theirs.items():
        error = kind.__new__(kind)
        Exception.__init__(error, "it went wrong")
        for attribute, value in {
            "message": "it went wrong",
            "original_exception": None,
            "num_retries": None,
            "max_retries": None,
        }.items():
            setattr(error, attribute, value)
        ours = Failed(HERE, "some/model", error, started=False).leaf()
        assert type(ours) is BY_NAME[name], name
        assert "some/model" in ours.message
        assert ours.hint, name


@pytest.mark.parametrize(
    "kind", [ValueError, KeyError, TypeError, AttributeError, RuntimeError, OSError, ImportError]
)
def test_what_slips_through_litellm_has_a_leaf_too(kind: type[Exception]) -> None:
    assert is_leaf(Failed(HERE, "some/model", kind("it went wrong"), started=False).leaf())


# --- statuses --------------------------------------------------------------------------------------


def by_status(status: int, words: str = "", **headers: str) -> ProviderError:
    body = f'{{"error": {{"message": "{words}"}}}}'.encode()
    return from_status(HERE, "big-model", status, headers, body)


def test_every_status_has_a_leaf_that_names_host_status_and_model() -> None:
    for status in (*range(100, 200), *range(201, 600)):
        error = by_status(status, "so it is")
        assert is_leaf(error), status
        assert error.status == status
        assert error.message.startswith(f"api.example.test answered {status} for model big-model")
        assert error.hint, status


def test_what_may_pass_by_itself_is_transient_and_the_rest_is_not() -> None:
    transient = {408, 409, 425, 429, *range(500, 600)}
    for status in range(300, 600):
        assert isinstance(by_status(status), TransientError) == (status in transient), status


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "prompt is too long: 208310 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "the request exceeds the available context size, try increasing it",
        "Please reduce the length of the messages or completion.",
        "Input is too long for requested model.",
        "prompt too long; exceeded max context length by 12 tokens",
    ],
)
@pytest.mark.parametrize("status", [400, 413, 500])
def test_a_full_window_is_known_by_the_providers_phrases(words: str, status: int) -> None:
    assert type(by_status(status, words)) is ContextLengthError


@pytest.mark.parametrize(
    ("status", "words", "leaf"),
    [
        (429, "You exceeded your current quota (insufficient_quota)", AuthError),
        (400, "Your credit balance is too low to access the API", AuthError),
        (402, "Insufficient Balance", AuthError),
        (429, "Request too large for gpt-x: Limit 30000, Requested 40000", ContextLengthError),
        (429, "Too many tokens, please wait before trying again", RateLimitError),
        (400, "Model Not Exist", ModelNotFoundError),
        (400, "vendor/foo is not a valid model ID", ModelNotFoundError),
        (400, "flagged by our content management policy", ContentPolicyError),
        (500, "Overloaded", OverloadedError),
        (404, "404 page not found", ModelNotFoundError),
    ],
)
def test_words_decide_where_the_status_is_not_enough(
    status: int, words: str, leaf: type[ProviderError]
) -> None:
    assert type(by_status(status, words)) is leaf


@pytest.mark.parametrize(
    ("payload", "leaf"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, OverloadedError),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, RateLimitError),
        ({"type": "error", "error": {"type": "authentication_error", "message": "x"}}, AuthError),
        ({"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}, BadRequestError),
        ({"error": {"code": 502, "message": "upstream"}}, ServerError),
        ({"error": {"code": "rate_limit_exceeded", "message": "x"}}, RateLimitError),
        ({"error": {"code": "context_length_exceeded", "message": "x"}}, ContextLengthError),
        ({"error": "an error was encountered while running the model"}, ServerError),
        ({"error": 'model "x" not found, try pulling it first'}, ModelNotFoundError),
    ],
)
def test_error_objects_inside_an_answer_have_their_leaf(payload: Any, leaf: type[ProviderError]) -> None:
    assert type(from_payload(HERE, "big-model", payload)) is leaf


def test_secrets_in_the_providers_words_are_blotted_out_and_long_words_cut() -> None:
    error = by_status(401, f"Incorrect API key provided: {KEY}. Also sk-proj-abcdefghijkl. " + "x" * 900)
    assert KEY not in str(error)
    assert "sk-proj" not in str(error)
    assert len(error.message) < 420


def test_a_refused_key_names_the_variable_of_that_provider() -> None:
    openai = from_status(Endpoint("https://api.openai.com/v1", KEY), "m", 401, {}, b"")
    anthropic = from_status(Endpoint("https://api.anthropic.com", KEY), "m", 401, {}, b"")
    named = from_status(Endpoint("https://x.test", KEY, key_variable="MY_KEY"), "m", 401, {}, b"")
    assert "OPENAI_API_KEY" in openai.hint
    assert "ANTHROPIC_API_KEY" in anthropic.hint
    assert "MY_KEY" in named.hint


def test_credentials_in_the_address_are_never_shown() -> None:
    error = from_status(Endpoint("https://me:hunter2@proxy.test/v1"), "m", 404, {}, b"")
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 37.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:40:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 31 Feb 1994 08:40:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_as_seconds_or_as_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, now=784111740.0) == seconds


# --- real sockets ----------------------------------------------------------------------------------


@pytest.fixture
async def closed_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


@direct
async def test_a_refused_connection_asks_whether_the_server_runs(kind: Kind, closed_port: int) -> None:
    wire = kind_at(kind, f"http://127.0.0.1:{closed_port}")
    with pytest.raises(ConnectError) as caught:
        await hear(wire, kind.request())
    assert f"Is the server running at http://127.0.0.1:{closed_port}" in caught.value.hint


def kind_at(kind: Kind, url: str, **fields: Any) -> Any:
    from loomkin.llm.registry import open_wire

    return open_wire(kind.wire, Endpoint(url + kind.suffix, KEY, **fields))


@direct
async def test_an_untrusted_certificate_names_the_mend_and_is_permanent(kind: Kind) -> None:
    async with kind.server({"text": "x"}, tls=True) as server, kind.wire_to(server) as wire:
        with pytest.raises(TlsError) as caught:
            await hear(wire, kind.request())
        assert server.chats == []
    assert "SSL_CERT_FILE" in caught.value.hint
    assert not isinstance(caught.value, TransientError)


@direct
async def test_a_private_authority_is_trusted_through_the_variable(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with kind.server({"text": "safe"}, tls=True) as server:
        assert isinstance(server, ModelServer)
        assert server.authority is not None
        await asyncio.to_thread(server.authority.cert_pem.write_to_path, str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        async with kind.wire_to(server) as wire:
            assert (await hear(wire, kind.request())).text == "safe"


async def test_a_missing_certificate_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(TlsError, match=r"/nowhere/ca\.pem"):
        await hear(OpenAIChat(Endpoint("https://127.0.0.1:9", KEY)), DIRECT[0].request())


async def test_https_to_a_plain_server_says_use_http() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    wire = OpenAIChat(Endpoint(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY))
    with pytest.raises(TlsError, match="use http://"):
        await hear(wire, DIRECT[0].request())
    await wire.aclose()
    server.close()


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "localhost:99", "http://exa mple", "http://[::1", "http://:80", "http://h:x"]
)
async def test_an_address_that_is_none_is_the_persons_to_mend(url: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        await hear(OpenAIChat(Endpoint(url, KEY)), DIRECT[0].request())
    assert "base URL" in caught.value.hint


@pytest.mark.parametrize("key", ["sk-1\n", "sk-ключ", "sk\x00"])
@direct
async def test_a_key_that_cannot_be_sent_is_a_key_error(kind: Kind, key: str) -> None:
    from loomkin.llm.registry import open_wire

    with pytest.raises(AuthError) as caught:
        await hear(open_wire(kind.wire, Endpoint("http://127.0.0.1:9", key)), kind.request())
    assert key not in str(caught.value)


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    step = {"fault": "status", "status": 307, "headers": {"location": "http://evil.test/"}}
    async with DIRECT[0].server(step) as server, DIRECT[0].wire_to(server) as wire:
        with pytest.raises(ProtocolError, match=r"redirects to http://evil\.test/"):
            await hear(wire, DIRECT[0].request())


async def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy.test:1")
    with pytest.raises(BadRequestError, match="proxy"):
        await hear(OpenAIChat(Endpoint("https://api.example.test/v1", KEY)), DIRECT[0].request())


async def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with DIRECT[0].server({"text": "direct"}) as server, DIRECT[0].wire_to(server) as wire:
        assert (await hear(wire, DIRECT[0].request())).text == "direct"


async def test_other_hosts_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DIRECT[0].server({"text": "by proxy"}) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        wire = OpenAIChat(Endpoint("http://models.example.test/v1", KEY))
        with pytest.raises(ModelNotFoundError):  # the fake is no proxy: it knows no absolute address
            await hear(wire, DIRECT[0].request())
        await wire.aclose()
        [entry] = server.server.entries if hasattr(server, "server") else server.entries
    assert entry.headers["host"] == "models.example.test"


def test_a_wire_is_imported_without_the_http_client_or_tls() -> None:
    code = (
        "import sys, loomkin.llm.wires.openai_chat, loomkin.llm.wires.anthropic_messages,"
        "loomkin.llm.wires.ollama_chat, loomkin.llm.wires.litellm_any;"
        "print(*[name for name in ('httpx2', 'httpcore2', 'litellm') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


async def test_plain_http_loads_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "broken.pem"))
    async with DIRECT[0].server({"text": "plain"}) as server, DIRECT[0].wire_to(server) as wire:
        assert (await hear(wire, DIRECT[0].request())).text == "plain"


@with_litellm
@pytest.mark.parametrize("kind", BY_LITELLM[:2], ids=lambda kind: kind.id)
async def test_litellm_tells_tls_and_refused_connections_apart(kind: Kind, closed_port: int) -> None:
    wire = kind_at(kind, f"http://127.0.0.1:{closed_port}")
    with pytest.raises(ConnectError):
        await hear(wire, kind.request())
    await wire.aclose()
    async with kind.server({"text": "x"}, tls=True) as server, kind.wire_to(server) as secure:
        with pytest.raises(TlsError) as caught:
            await hear(secure, kind.request())
    assert "SSL_CERT_FILE" in caught.value.hint


@with_litellm
def test_litellm_is_loaded_without_network_dotenv_or_noise(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://evil.test\n")
    code = (
        "import sys, os; seen = []\n"
        "names = ('socket.getaddrinfo', 'socket.connect')\n"
        "sys.addaudithook(lambda event, arguments: event in names and seen.append(event))\n"
        "from loomkin.llm.wires.litellm_any import load; load()\n"
        "print(seen, os.environ.get('OPENAI_API_BASE'))"
    )
    environment = {**os.environ, "LITELLM_MODE": "DEV"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert run.stdout.strip() == "[] None"
    assert run.stderr == ""


def test_the_context_of_the_process_is_made_once() -> None:
    first = tls.authorities()
    assert tls.authorities() is first
    assert isinstance(first, ssl.SSLContext)
