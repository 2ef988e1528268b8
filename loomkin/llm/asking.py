"""One question to a server outside any conversation: which models it has, how large their windows are."""

import asyncio

from loomkin.errors import TimeoutExceeded
from loomkin.llm.http import Http
from loomkin.llm.wire import Endpoint


async def ask_server(url: str, *, body: dict[str, object] | None = None, timeout: float) -> object:
    """The JSON that the server answers to GET, or to POST of `body`, within `timeout` seconds.

    Raises ProviderError leaves, ModelNotFoundError for 404.
    """
    http = Http(Endpoint(url, connect=timeout, silence=timeout))
    try:
        async with asyncio.timeout(timeout):
            if body is None:
                return await http.get(url, {})
            async with http.post(url, body, {}, str(body.get("model", ""))) as answer:
                return await answer.body()
    except TimeoutError as error:
        raise TimeoutExceeded(f"{url} gave no answer within {timeout:g} s") from error
    finally:
        await http.aclose()
