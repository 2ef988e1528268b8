"""Asks a server for a small piece of JSON, quickly giving up where nobody listens."""

import asyncio
from urllib.parse import urlsplit

from loomkin.errors import ConnectError, TimeoutExceeded
from loomkin.llm.http import Http
from loomkin.llm.wire import Endpoint

# Loading the HTTP client takes time on a busy machine and is not the server's silence.
_LOADING = 2.0


async def probe_http(url: str, *, body: dict[str, object] | None = None, timeout: float) -> object:
    """GET `url`, or POST `body` to it, and give the JSON object of the answer.

    A closed port is found out before the HTTP client is even loaded. `timeout` is seconds for the
    connection and again for every silence of the answer. Raises a ProviderError leaf for everything that
    goes wrong.
    """
    await _listening(url, timeout)
    http = Http(Endpoint(url, connect=timeout, silence=timeout))
    try:
        async with asyncio.timeout(timeout + _LOADING):
            if body is None:
                return await http.get(url, {})
            async with http.post(url, body, {}, str(body.get("model", ""))) as answer:
                return await answer.body()
    except TimeoutError as error:
        raise TimeoutExceeded(f"{url} did not answer within {timeout:g} s.") from error
    finally:
        await http.aclose()


async def _listening(url: str, timeout: float) -> None:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError) as error:
        raise ConnectError(f"Nobody answers at {parts.hostname}:{port}.") from error
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return
