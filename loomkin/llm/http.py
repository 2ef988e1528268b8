"""The HTTP client of the direct wires: made late, trusted once, and every failure in our own words."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from loomkin.errors import AuthError, BadRequestError, ProtocolError, ProviderError, StreamCutError, TlsError
from loomkin.llm.connection_failures import from_transport
from loomkin.llm.failures import checked_url, from_status, hint_for, host_of, redact, shorten
from loomkin.llm.http_library import load
from loomkin.llm.json_body import encode
from loomkin.llm.sse import EventParser, FramingError, LineSplitter
from loomkin.llm.wire import Endpoint

if TYPE_CHECKING:
    import ssl

    import httpx2

LONGEST_REFUSAL = 64 * 1024
KEEP_ALIVE_SECONDS = 120.0
DRAIN_SECONDS = 0.25


def join_url(endpoint: Endpoint, path: str, *, version: str = "/v1") -> str:
    """The address of `path`; a base URL without any path gets `version` first.

    Raises BadRequestError where the base URL is none.
    """
    has_path = checked_url(endpoint).path.strip("/")
    base = endpoint.base_url.rstrip("/")
    return f"{base}{path}" if has_path else f"{base}{version}{path}"


def unpromised(endpoint: Endpoint, what: str, sample: bytes) -> ProtocolError:
    """The error of an answer that is not in the promised form, with the first bytes of it."""
    shown = redact(endpoint, shorten(sample[:120].decode("utf-8", "replace")))
    words = f"{what}: {shown!r}" if shown else what
    hint = hint_for(ProtocolError, endpoint, 0)
    return ProtocolError(f"{host_of(endpoint)} did not answer in the promised form: {words}", hint=hint)


class Answer:
    """An answer with status 200 whose body is still to be read."""

    def __init__(self, response: "httpx2.Response", endpoint: Endpoint) -> None:
        self._response = response
        self._endpoint = endpoint
        self._chunks = self._arriving()
        self.kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def _arriving(self) -> AsyncIterator[bytes]:
        import httpx2  # heavy: late on purpose

        response = self._response
        plain = "content-encoding" not in response.headers
        try:
            async for chunk in response.aiter_raw() if plain else response.aiter_bytes():
                yield chunk
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise from_transport(self._endpoint, error, started=True) from error

    async def read(self, most: int) -> bytes:
        """The body as far as it arrives, up to about `most` bytes; a failure on the way ends it."""
        body = b""
        try:
            async for chunk in self._chunks:
                body += chunk
                if len(body) > most:
                    break
        except ProviderError:
            return body
        return body

    async def drain(self) -> None:
        """Read past the closing event, so that the connection can be used again; waits 0.25 s at most."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                async for _ in self._chunks:
                    pass
        except (TimeoutError, ProviderError):
            return

    async def body(self) -> dict[str, Any]:
        """The whole body, a JSON object; raises ProtocolError where it is none."""
        return self._object(b"".join([chunk async for chunk in self._chunks]))

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Server-sent events as name and JSON object, up to `[DONE]` or the end."""
        parser = EventParser()
        seen = False
        async for chunk in self._chunks:
            for name, payload in self._framed(parser, chunk):
                seen = True
                if payload == b"[DONE]":
                    return
                yield name, self._object(payload)
        for name, payload in parser.end():
            seen = True
            if payload != b"[DONE]":
                yield name, self._object(payload)
        if not seen:
            raise unpromised(self._endpoint, "no event came in its stream", parser.ignored)

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """JSON objects, one a line."""
        splitter = LineSplitter()
        seen = False
        async for chunk in self._chunks:
            for line in self._framed(splitter, chunk):
                if line.strip():
                    seen = True
                    yield self._object(line)
        for line in splitter.end():
            seen = True
            yield self._object(line)
        if not seen:
            raise unpromised(self._endpoint, "its answer was empty", b"")

    def cut(self) -> StreamCutError:
        """The error of an answer that ended without its last event."""
        host = host_of(self._endpoint)
        return StreamCutError(f"{host} ended its answer without the closing event", hint="Try again.")

    def _framed(self, framer: Any, chunk: bytes) -> Any:
        try:
            return framer.feed(chunk)
        except FramingError as error:
            raise unpromised(self._endpoint, str(error), b"") from error

    def _object(self, payload: bytes) -> dict[str, Any]:
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise unpromised(self._endpoint, "this is not valid JSON", payload) from error
        if not isinstance(value, dict):
            raise unpromised(self._endpoint, "this is not a JSON object", payload)
        return value


class Http:
    """The connections to one endpoint; nothing is opened before the first request."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client: httpx2.AsyncClient | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def post(
        self, url: str, payload: Mapping[str, object], headers: Mapping[str, str], model: str
    ) -> AsyncIterator[Answer]:
        """Send a JSON object; inside the context the answer has status 200, leaving it frees the connection.

        Raises ProviderError leaves; `model` is named in them.
        """
        content = encode(payload)
        async with self._sent("POST", url, content, headers) as response:
            if response.status_code != 200:
                raise await self._refusal(response, model)
            yield Answer(response, self.endpoint)

    async def get(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Fetch a JSON object; raises ProviderError leaves."""
        async with self._sent("GET", url, b"", headers) as response:
            if response.status_code != 200:
                raise await self._refusal(response, "list")
            return await Answer(response, self.endpoint).body()

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def _sent(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str]
    ) -> AsyncIterator["httpx2.Response"]:
        client = await self._ready()
        import httpx2  # heavy: late on purpose

        try:
            request = client.build_request(method, url, content=content, headers=self._headers(headers))
            response = await client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.CookieConflict, UnicodeError) as error:
            raise from_transport(self.endpoint, error, started=False) from error
        try:
            yield response
        finally:
            await response.aclose()

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        together = {"content-type": "application/json", **headers, **self.endpoint.headers}
        for name, value in together.items():
            if not value.isascii() or not value.isprintable():
                hint = "Copy the key again, without line breaks, spaces or quotation marks around it."
                raise AuthError(f"the header {name} holds characters that cannot be sent", hint=hint)
        return together

    async def _refusal(self, response: "httpx2.Response", model: str) -> ProviderError:
        body = await Answer(response, self.endpoint).read(LONGEST_REFUSAL)
        return from_status(self.endpoint, model, response.status_code, response.headers, body)

    async def _ready(self) -> "httpx2.AsyncClient":
        if self._client is None:
            async with self._lock:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._open)
        return self._client

    def _open(self) -> "httpx2.AsyncClient":
        library = load()

        endpoint = self.endpoint
        timeout = library.Timeout(endpoint.silence, connect=endpoint.connect, pool=None)
        limits = library.Limits(
            max_connections=None, max_keepalive_connections=64, keepalive_expiry=KEEP_ALIVE_SECONDS
        )
        try:
            client: httpx2.AsyncClient = library.AsyncClient(
                verify=_trust(endpoint.base_url),
                timeout=timeout,
                limits=limits,
                trust_env=not _is_loopback(endpoint.base_url),
                headers={"user-agent": "loomkin"},
            )
            return client
        except OSError as error:
            raise _bad_bundle(error) from error
        except (ImportError, ValueError) as error:
            hint = "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY: http:// and https:// proxies work."
            raise BadRequestError(
                f"the proxy settings cannot be used: {shorten(str(error))}", hint=hint
            ) from error


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _trust(url: str) -> "ssl.SSLContext":
    if urlsplit(url).scheme == "https":
        return _authorities(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    return _nothing_trusted()


@lru_cache(maxsize=4)
def _authorities(cert_file: str, cert_dir: str) -> "ssl.SSLContext":
    """The one context of the process for these two variables; loading it costs about 30 ms."""
    import httpx2  # heavy: late on purpose

    return httpx2.create_ssl_context()


@lru_cache(maxsize=1)
def _nothing_trusted() -> "ssl.SSLContext":
    """A context without authorities, for plain http, where none is used: it costs nothing to make."""
    import ssl  # heavy: late on purpose

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _bad_bundle(error: OSError) -> TlsError:
    file = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or "the system's certificates"
    hint = "Set SSL_CERT_FILE to a readable PEM file, or unset it."
    return TlsError(f"the certificates in {file} cannot be loaded: {shorten(str(error))}", hint=hint)
