"""The HTTP client of the direct wires: requests and answers in JSON, every failure in our own words."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from loomkin.errors import AuthError, ProtocolError, ProviderError, StreamCutError
from loomkin.llm.connections import Connections
from loomkin.llm.failures import checked_url, from_status, hint_for, host_of, redact, shorten
from loomkin.llm.http_proxies import may_be_proxied
from loomkin.llm.json_body import encode
from loomkin.llm.sse import EventParser, FramingError, LineSplitter
from loomkin.llm.transport import Response, Transport
from loomkin.llm.wire import Endpoint

LONGEST_REFUSAL = 64 * 1024
LONGEST_BODY = 64 * 1024 * 1024
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

    def __init__(self, response: Response, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._chunks = aiter(response)
        self.kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()

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
        """The whole body, a JSON object; raises ProtocolError where it is none or passes 64 MiB."""
        pieces: list[bytes] = []
        room = LONGEST_BODY
        async for chunk in self._chunks:
            pieces.append(chunk)
            room -= len(chunk)
            if room < 0:
                raise unpromised(self._endpoint, "its answer is longer than 64 MiB", b"")
        return self._object(b"".join(pieces))

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
    """The connections to one endpoint; nothing is opened before the first request.

    `transport` stands in for the one that the environment's proxies call for.
    """

    def __init__(self, endpoint: Endpoint, transport: Transport | None = None) -> None:
        self.endpoint = endpoint
        self._transport = transport

    @asynccontextmanager
    async def post(
        self, url: str, payload: Mapping[str, object], headers: Mapping[str, str], model: str
    ) -> AsyncIterator[Answer]:
        """Send a JSON object; inside the context the answer has status 200, leaving it frees the connection.

        Raises ProviderError leaves; `model` is named in them.
        """
        async with self._sent("POST", url, encode(payload), headers) as response:
            if response.status != 200:
                raise await self._refusal(response, model)
            yield Answer(response, self.endpoint)

    async def get(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Fetch a JSON object; raises ProviderError leaves."""
        async with self._sent("GET", url, None, headers) as response:
            if response.status != 200:
                raise await self._refusal(response, "list")
            return await Answer(response, self.endpoint).body()

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        if self._transport is not None:
            await self._transport.aclose()

    @asynccontextmanager
    async def _sent(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> AsyncIterator[Response]:
        if self._transport is None:
            self._transport = transport_to(self.endpoint)
        response = await self._transport.send(method, url, self._headers(headers), content)
        try:
            yield response
        finally:
            await response.aclose()

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        together = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            **headers,
            **self.endpoint.headers,
        }
        for name, value in together.items():
            if not value.isascii() or not value.isprintable():
                hint = "Copy the key again, without line breaks, spaces or quotation marks around it."
                raise AuthError(f"the header {name} holds characters that cannot be sent", hint=hint)
        return together

    async def _refusal(self, response: Response, model: str) -> ProviderError:
        body = await Answer(response, self.endpoint).read(LONGEST_REFUSAL)
        return from_status(self.endpoint, model, response.status, response.headers, body)


def transport_to(endpoint: Endpoint) -> Transport:
    """Connections of our own, or the HTTP library where a proxy of the environment may stand between."""
    if may_be_proxied(endpoint.base_url):
        from loomkin.llm.http_proxied import ProxiedConnections

        return ProxiedConnections(endpoint)
    return Connections(endpoint)
