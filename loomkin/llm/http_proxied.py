"""Requests through a proxy, by the HTTP library `httpx2`, which is loaded only here."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loomkin.errors import BadRequestError
from loomkin.llm.connection_failures import from_transport
from loomkin.llm.failures import shorten
from loomkin.llm.http_library import load
from loomkin.llm.models_providers import is_loopback
from loomkin.llm.tls import authorities
from loomkin.llm.wire import Endpoint

if TYPE_CHECKING:
    import httpx2

KEEP_ALIVE_SECONDS = 120.0


class ProxiedConnections:
    """The transport of the HTTP library; nothing is opened before the first request."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: httpx2.AsyncClient | None = None
        self._lock = asyncio.Lock()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> "ProxiedResponse":
        """Send a request and wait for the head of its answer; raises ProviderError leaves."""
        client = await self._ready()
        library = load()
        try:
            request = client.build_request(method, url, content=content or b"", headers=dict(headers))
            response = await client.send(request, stream=True)
        except (library.HTTPError, library.InvalidURL, library.CookieConflict, UnicodeError) as error:
            raise from_transport(self._endpoint, error, started=False) from error
        return ProxiedResponse(response, self._endpoint)

    async def aclose(self) -> None:
        """Close every connection; a later request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ready(self) -> "httpx2.AsyncClient":
        if self._client is None:
            async with self._lock:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._opened)
        return self._client

    def _opened(self) -> "httpx2.AsyncClient":
        library = load()
        endpoint = self._endpoint
        try:
            client: httpx2.AsyncClient = library.AsyncClient(
                verify=_trust(endpoint.base_url),
                timeout=library.Timeout(endpoint.silence, connect=endpoint.connect, pool=None),
                limits=library.Limits(
                    max_connections=None, max_keepalive_connections=64, keepalive_expiry=KEEP_ALIVE_SECONDS
                ),
                trust_env=not is_loopback(endpoint.base_url),
                headers={"user-agent": "loomkin"},
            )
        except (ImportError, ValueError) as error:
            hint = "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY: http:// and https:// proxies work."
            raise BadRequestError(
                f"the proxy settings cannot be used: {shorten(str(error))}", hint=hint
            ) from error
        return client


class ProxiedResponse:
    """An answer of the HTTP library."""

    def __init__(self, response: "httpx2.Response", endpoint: Endpoint) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._endpoint = endpoint

    async def __aiter__(self) -> AsyncIterator[bytes]:
        library = load()
        response = self._response
        plain = "content-encoding" not in response.headers
        try:
            async for chunk in response.aiter_raw() if plain else response.aiter_bytes():
                yield chunk
        except (library.HTTPError, library.StreamError) as error:
            raise from_transport(self._endpoint, error, started=True) from error

    async def aclose(self) -> None:
        """Free the connection; it is closed where the answer did not come to its end."""
        await self._response.aclose()


def _trust(url: str) -> ssl.SSLContext:
    if urlsplit(url).scheme == "https":
        return authorities()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for plain http, where none is used
